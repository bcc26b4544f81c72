"""What the README shows, done as a reader would: its spec is valid, its plugin builds and runs."""
import os
import re
import shutil
import subprocess

from cli import ROOT, Case, export, main

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
    README = file.read()


def block(language, having):
    """The fenced block of a language that contains a text."""
    for text in re.findall(rf"```{language}\n(.*?)```", README, re.S):
        if having in text:
            return text
    raise AssertionError(f"the README has no {language} block with {having!r}")


SPEC = """flipbench: 1
name: readme
trials: 1
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 300, test: 100, classes: 3, features: 4}
    network: mlp
    train: {epochs: 5}
    budget: {initial: 6, query: 5, rounds: 2}
strategies: [random, least-confident]
"""


class Readme(Case):
    def test_the_spec_is_valid(self):
        spec = self.write("spec.yaml", block("yaml", "fashion-scnn"))
        if not os.path.isdir("/usr/share/datasets/fashion-mnist"):
            self.skipTest("dataset-fashion-mnist is not installed")
        self.assertIn("ok, 15 cells", self.fine("check", spec))

    def compile(self, *more):
        compiler = shutil.which("cc")
        self.assertTrue(compiler, "no C compiler")
        source = self.write("least_confident.c", block("c", "least-confident"))
        plugin = self.path("least_confident.so")
        subprocess.run([compiler, "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                        "-fvisibility=hidden", "-I", os.path.join(ROOT, "include"), *more, source,
                        "-o", plugin], check=True)
        return plugin

    def test_the_plugin_runs(self):
        spec = self.write("spec.yaml", SPEC)
        out = self.path("out")
        self.fine("run", spec, "-o", out, "--plugin", self.compile())
        rows = [row for row in export(out, "traces") if row["strategy"] == "least-confident"]
        self.assertEqual(len(rows), 10)

    def test_the_plugin_passes_its_checks(self):
        self.assertIn("20 checks: 20 passed", self.fine("check-plugin", self.compile()))


main()
