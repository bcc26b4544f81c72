"""What the README shows, done as a reader would: its spec is valid, its plugin builds and runs."""
import os
import re
import shutil
import subprocess
import unittest

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

    def test_the_header_compiles_alone(self):
        source = self.write("header.c", "#include <flipbench/strategy.h>\nint one = 1;\n")
        shutil.copy(source, self.path("header.cc"))
        for command in (["cc", "-std=c11"], ["cc", "-std=c17"], ["c++", "-std=c++17"]):
            if not shutil.which(command[0]):
                continue
            name = "header.cc" if "++" in command[0] else "header.c"
            subprocess.run([*command, "-Wall", "-Wextra", "-pedantic", "-Werror", "-I",
                            os.path.join(ROOT, "include"), "-c", self.path(name), "-o",
                            self.path("header.o")], check=True)


@unittest.skipUnless(os.environ.get("FLIPBENCH_BUILD"), "FLIPBENCH_BUILD is not set")
class Install(Case):
    def test_an_installed_program_finds_its_plugins(self):
        subprocess.run(["meson", "install", "-C", os.environ["FLIPBENCH_BUILD"], "--no-rebuild",
                        "--destdir", self.folder], check=True, capture_output=True)
        found = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                found[name] = os.path.join(folder, name)
        for name in ("flipbench", "ldm-s.so", "random.so", "strategy.h", "flipbench.pc"):
            self.assertIn(name, found)
        self.assertNotIn("crash_select.so", found)
        with open(found["flipbench.pc"], encoding="utf-8") as file:
            self.assertIn("plugindir=", file.read())
        symbols = subprocess.run(["nm", "-D", "--defined-only", found["ldm-s.so"]], check=True, text=True,
                                 capture_output=True).stdout.split()
        self.assertEqual([word for word in symbols[2::3] if not word.startswith("__")],
                         ["flipbench_plugin"])


main()
