"""flipbench as a user has it: installed into a folder of the test's own, found by PATH and pkg-config."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from cli import Case

BUILD = os.environ["FLIPBENCH_BUILD"]


def build_option(name):
    with open(os.path.join(BUILD, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as file:
        return next(option["value"] for option in json.load(file) if option["name"] == name)


class InstalledCase(Case):
    """Tests that share one installation: self.prefix holds it, self.environment finds it."""

    @classmethod
    def setUpClass(cls):
        root = tempfile.TemporaryDirectory(prefix="flipbench-install-")
        cls.addClassCleanup(root.cleanup)
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root.name], check=True,
                       capture_output=True)
        cls.prefix = root.name + build_option("prefix")
        libraries = os.path.join(cls.prefix, build_option("libdir"))
        cls.plugins = os.path.join(libraries, "flipbench", "plugins")
        pkg_config = os.path.join(libraries, "pkgconfig")
        for name in os.listdir(pkg_config):  # the files lie elsewhere than they were made for
            path = os.path.join(pkg_config, name)
            with open(path, encoding="utf-8") as file:
                text = re.sub("^prefix=.*", "prefix=" + cls.prefix, file.read(), flags=re.M)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        cls.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("FLIPBENCH", "MESON"))},
            "PATH": os.path.join(cls.prefix, "bin") + ":" + os.environ["PATH"],
            "PKG_CONFIG_PATH": pkg_config,
        }

    def setUp(self):
        if build_option("b_sanitize") != "none":
            self.skipTest("what is built with a sanitizer is not for plugins that are not")
        super().setUp()
        self.environment = {**self.environment, "HOME": self.folder, "XDG_DATA_HOME": self.path("data")}

    def command(self, *arguments, **environment):
        """Runs a program in the test's folder to its end; returns the finished process with its output."""
        return subprocess.run([str(argument) for argument in arguments], text=True, timeout=300, cwd=self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**self.environment, **environment})

    def output(self, *arguments, **environment):
        """The same, and expects success; returns its standard output."""
        done = self.command(*arguments, **environment)
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def needs_command(self, name):
        if name not in self.output("flipbench", "--help"):
            self.skipTest(f"this flipbench has no command {name}")

    def compilers(self, *names):
        """Those of the named compilers that are there; the first one must be."""
        self.assertTrue(shutil.which(names[0]), f"no {names[0]}")
        return [name for name in names if shutil.which(name)]

    def exported(self, plugin):
        """The names that a shared object defines for others, without the linker's own."""
        symbols = self.output("nm", "-D", "--defined-only", plugin).split()[2::3]
        return [name for name in symbols if not name.startswith("__")]
