"""What is installed is what a plugin's author needs: headers that compile alone, a kit that links, pkg-config."""
import os
import re

from cli import ROOT, main
from installed import InstalledCase

STRICT = ("-Wall", "-Wextra", "-pedantic", "-Werror")
SHARED = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden")
CASE = os.path.join(ROOT, "tests", "golden", "case-a")
ARRAYS = [word for name in ("pool-embeddings", "head-weights", "head-bias")
          for word in ("--" + name, os.path.join(CASE, name.replace("-", "_") + ".npy"))]

CXX_PLUGIN = """#include <flipbench/kit.h>

static int create(const fb_host *host, const fb_value *, void **ret_instance)
{
    return kit_create(host, nullptr, ret_instance);
}

static int select_largest(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_instance *self = static_cast<kit_instance *>(instance);
    kit_matrix p;
    int rc = kit_get_matrix(self->host, "probabilities", 0, &p);
    if (rc == FB_PLUGIN_OK)
        rc = kit_scores_alloc(self, round);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < p.rows; i++)
        self->scores[i] = kit_entropy(kit_row(&p, i), p.columns);
    return kit_select_top(self->host, round, self->scores, KIT_LARGEST_FIRST, ret_ids);
}

static fb_strategy describe()
{
    fb_strategy s = {};
    s.struct_size = sizeof s;
    s.id = s.label = "outside";
    s.algo_version = 1;
    s.rule = "The largest entropy.";
    s.citation = "-";
    s.create = create;
    s.select = select_largest;
    s.destroy = kit_destroy;
    return s;
}

static const fb_strategy strategy = describe();

FB_PLUGIN_ONE(strategy);
"""


class Install(InstalledCase):
    def header(self, name):
        with open(os.path.join(self.prefix, "include", "flipbench", name), encoding="utf-8") as file:
            return file.read()

    def test_everything_is_there_and_nothing_else(self):
        kit = {name for name in os.listdir(os.path.join(ROOT, "strategies", "kit"))
               if re.fullmatch(r"kit.*\.h", name)}
        headers = set(os.listdir(os.path.join(self.prefix, "include", "flipbench")))
        self.assertEqual(headers, kit | {"strategy.h"})
        for name in kit - {"kit.h"}:
            self.assertIn(f'#include "{name}"', self.header("kit.h"))
        sources = {name[:-2] + ".so" for name in os.listdir(os.path.join(ROOT, "strategies")) if name.endswith(".c")}
        plugins = set(os.listdir(self.plugins))
        self.assertLessEqual({"ldm-s.so", "margin.so", "random.so"}, plugins)
        self.assertEqual(plugins, sources)
        self.assertTrue(os.path.isfile(os.path.join(self.prefix, "share", "licenses", "flipbench", "0BSD.txt")))

    def test_pkg_config_tells_the_version_and_the_places(self):
        self.assertEqual("flipbench " + self.output("pkg-config", "--modversion", "flipbench-kit"),
                         self.output("flipbench", "--version"))
        variable = {name: self.output("pkg-config", "--variable=" + name, "flipbench").strip()
                    for name in ("plugindir", "abi_major", "abi_minor")}
        self.assertEqual(variable["plugindir"], self.plugins)
        for name in ("abi_major", "abi_minor"):
            self.assertRegex(self.header("strategy.h"), rf"#define FLIPBENCH_{name.upper()} {variable[name]}\b")

    def test_each_header_compiles_alone(self):
        flags = self.output("pkg-config", "--cflags", "flipbench").split()
        for name in sorted(os.listdir(os.path.join(self.prefix, "include", "flipbench"))):
            text = f"#include <flipbench/{name}>\n#include <flipbench/{name}>\nextern int one;\nint one = 1;\n"
            for source in ("header.c", "header.cc"):
                self.write(source, text)
            for compiler in self.compilers("gcc", "clang"):
                for standard in ("c11", "c17"):
                    self.output(compiler, "-std=" + standard, *STRICT, *flags, "-fsyntax-only", "header.c")
            for compiler in self.compilers("g++", "clang++"):
                self.output(compiler, "-std=c++17", *STRICT, *flags, "-fsyntax-only", "header.cc")

    def select(self, strategy, *more, **environment):
        return self.output("flipbench", "select", strategy, *ARRAYS, "--query", "15", *more, **environment)

    def check_plugin(self, compile_command):
        """Builds a strategy that selects by entropy and is called outside; holds it against ours."""
        self.output(*compile_command, *SHARED, *STRICT, *self.output("pkg-config", "--cflags", "flipbench-kit").split(),
                    "-o", "outside.so", *self.output("pkg-config", "--libs", "flipbench-kit").split())
        self.assertEqual(self.exported("outside.so"), ["flipbench_plugin"])
        self.assertRegex(self.output("flipbench", "list", "strategies", "--plugin", "outside.so"), r"(?m)^outside ")
        for isa in ({}, {"FLIPBENCH_ISA": "generic"}):
            self.assertEqual(self.select("outside", "--plugin", "outside.so", **isa), self.select("entropy"))

    def test_a_plugin_in_c_links_with_the_kit(self):
        """One of our own strategies, built outside of the tree."""
        with open(os.path.join(ROOT, "strategies", "entropy.c"), encoding="utf-8") as file:
            text = re.sub(r'#include "(kit\w*\.h)"', r"#include <flipbench/\1>", file.read())
        self.write("outside.c", text.replace('.id = "entropy"', '.id = "outside"'))
        for compiler in self.compilers("gcc", "clang"):
            self.check_plugin([compiler, "-std=c11", "outside.c"])

    def test_a_plugin_in_cxx_links_with_the_kit(self):
        self.write("outside.cc", CXX_PLUGIN)
        for compiler in self.compilers("g++", "clang++"):
            self.check_plugin([compiler, "-std=c++17", "outside.cc"])

    def test_strategies_export_one_symbol(self):
        for name in os.listdir(self.plugins):
            self.assertEqual(self.exported(os.path.join(self.plugins, name)), ["flipbench_plugin"], name)


main()
