"""flipbench new-strategy: what it writes builds against the installed kit, passes its tests and selects."""
import os
import re

from cli import ROOT, main
from installed import InstalledCase

CASE = os.path.join(ROOT, "tests", "golden", "case-a")
ARRAYS = [word for name in ("pool-embeddings", "head-weights", "head-bias")
          for word in ("--" + name, os.path.join(CASE, name.replace("-", "_") + ".npy"))]


class NewStrategy(InstalledCase):
    def new(self, name="my-rule", *more):
        return self.output("flipbench", "new-strategy", name, *more)

    def refused(self, *arguments):
        done = self.command("flipbench", "new-strategy", *arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr

    def files(self, folder):
        return {os.path.relpath(os.path.join(path, name), self.path(folder))
                for path, _, names in os.walk(self.path(folder)) for name in names}

    def select(self, *more):
        return self.output("flipbench", "select", "my-rule", *ARRAYS, "--query", "15", "--seed", "4", *more).split()

    def test_the_next_steps_it_names_work(self):
        """The project builds without a warning, with every compiler, and its tests pass."""
        self.needs_command("check-plugin")
        said = self.new()
        steps = [line.split("#")[0].strip() for line in said.splitlines() if line.startswith("  ")]
        self.assertEqual(steps, ["cd my-rule", "meson setup build", "meson test -C build"])
        for compiler in self.compilers("gcc", "clang"):
            script = "\n".join(steps).replace("build", "build-" + compiler)
            self.output("sh", "-euc", script.replace("setup", "setup --werror"), CC=compiler)
            plugin = self.path(f"my-rule/build-{compiler}/my-rule.so")
            self.assertEqual(self.exported(plugin), ["flipbench_plugin"])

    def test_what_it_writes(self):
        self.new("rule-2", "-o", "some/where/else")
        files = self.files("some/where/else")
        self.assertEqual(files, {".github/workflows/ci.yml", ".gitignore", "README.md", "meson.build",
                                 "meson_options.txt", "rule-2.c", "test_rule.c"})
        for name in files:
            with open(os.path.join(self.path("some/where/else"), name), encoding="utf-8") as file:
                text = file.read()
            self.assertIsNone(re.search("@[A-Z]+@", text), name)
            self.assertLessEqual(max(map(len, text.splitlines())), 120, name)
        with open(self.path("some/where/else/rule-2.c"), encoding="utf-8") as file:
            text = file.read()
        for word in ('.id = "rule-2"', '.label = "Rule 2"', "FB_PLUGIN_ONE(rule_2_strategy)"):
            self.assertIn(word, text)

    def test_it_selects_as_its_rule_says(self):
        """The same for the same seed and any threads; with a high power, mostly the doubtful ones."""
        self.new()
        self.output("sh", "-euc", "cd my-rule; meson setup build; ninja -C build")
        plugin = ("--plugin", "my-rule/build/my-rule.so")
        chosen = self.select(*plugin)
        self.assertEqual(len(set(chosen)), 15)
        self.assertEqual(chosen, self.select(*plugin, "--threads", "3"))
        self.assertNotEqual(chosen, self.select(*plugin, "--seed", "5"))
        top = self.output("flipbench", "select", "margin", *ARRAYS, "--query", "60").split()
        self.assertGreater(len(set(self.select(*plugin, "--param", "power=40")) & set(top)), len(set(chosen) & set(top)))

    def test_it_installs_for_the_user_or_for_all(self):
        self.new()
        for where, folder in (("user", self.path("data/flipbench/plugins")), ("system", self.plugins)):
            self.output("sh", "-euc", f"cd my-rule; meson setup build-{where} -Dplugins={where}; "
                        f"meson install -C build-{where}")
            installed = os.path.join(folder, "my-rule.so")
            self.addCleanup(lambda path=installed: os.path.exists(path) and os.remove(path))
            self.assertIn(installed, self.output("flipbench", "info", "strategy", "my-rule"))
            self.assertIn("there is a strategy my-rule already, in " + installed,
                          self.refused("my-rule", "-o", "again"))
            os.remove(installed)

    def test_names_and_folders_are_checked(self):
        for name in ("My-rule", "2nd", "my_rule", "my rule", "", "a/b", "x" * 64):
            self.assertIn(f"'{name}' cannot be a strategy's name", self.refused(name))
        self.assertIn("there is a strategy margin already", self.refused("margin"))
        os.mkdir(self.path("full"))
        self.write("full/file", "kept")
        self.assertIn("full is there and not empty", self.refused("my-rule", "-o", "full"))
        self.assertIn("full/file cannot be made a project", self.refused("my-rule", "-o", "full/file"))
        self.assertEqual(self.files("."), {"full/file"})
        self.assertIn("one strategy at a time", self.refused("a", "b"))
        self.assertIn("name is missing", self.refused())
        os.mkdir(self.path("empty"))
        self.new("my-rule", "-o", "empty")


main()
