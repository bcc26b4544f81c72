"""The source keeps to the design's rules of who may include what."""
import os
import re

from cli import ROOT, Case, main

BOXES = ("core", "datasets", "harness", "include", "reports", "strategies")
# A system header, and the files that may include it.
ONLY_IN = {
    "yaml.h": r"^harness/yaml_\w+\.c$",
    "dlfcn.h": r"^harness/plugin\.c$",
    "sqlite3.h": r"^harness/store_sqlite\.h$",
    "cblas.h": r"^core/nn/engine_blas\.c$",
}


def includes():
    """(file, included name) of every #include in the product's source."""
    for box in BOXES:
        for folder, _, names in os.walk(os.path.join(ROOT, box)):
            for name in sorted(names):
                if not name.endswith((".c", ".h")):
                    continue
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    for found in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', file.read(), re.M):
                        yield os.path.relpath(path, ROOT), found


class Layout(Case):
    def test_no_include_climbs_out_of_its_folder(self):
        found = [pair for pair in includes() if ".." in pair[1]]
        self.assertEqual(found, [])

    def test_libraries_stay_in_their_files(self):
        seen = set()
        for path, name in includes():
            if name in ONLY_IN:
                seen.add(name)
                self.assertRegex(path, ONLY_IN[name])
            if name.startswith("gsl/"):
                self.assertRegex(path, r"^reports/|^harness/main\.c$")
        self.assertEqual(seen, set(ONLY_IN))

    def test_strategies_need_the_kit_only(self):
        ours = {os.path.basename(path) for path, _ in includes()}
        allowed = {"flipbench/strategy.h", "kernels.h"}
        for path, name in includes():
            if path.startswith("strategies/") and name in ours:
                self.assertTrue(name in allowed or os.path.exists(
                    os.path.join(ROOT, "strategies", "kit", name)) or os.path.exists(
                    os.path.join(os.path.dirname(os.path.join(ROOT, path)), name)) or os.path.exists(
                    os.path.join(ROOT, "strategies", "ldm", name)), (path, name))


main()
