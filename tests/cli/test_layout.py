"""The source keeps to the design's rules of who may include what."""
import os
import re

from cli import ROOT, Case, main

BOXES = ("core", "datasets", "harness", "include", "reports", "strategies")
# A system header, and the files that may include it.
ONLY_IN = {
    "yaml.h": r"^harness/spec/yaml_\w+\.c$",
    "dlfcn.h": r"^(harness/plugins/plugin|reports/pdf_rsvg)\.c$",
    "sqlite3.h": r"^harness/store/store_sqlite\.h$",
    "cblas.h": r"^core/nn/engine_blas\.c$",
    "librsvg/rsvg.h": r"^reports/pdf_rsvg\.c$",
    "cairo-pdf.h": r"^reports/pdf_rsvg\.c$",
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
                self.assertRegex(path, r"^reports/|^harness/commands/main\.c$")
        self.assertEqual(seen, set(ONLY_IN))

    def test_strategies_stand_on_the_kit_alone(self):
        ours = {os.path.basename(path): os.path.dirname(path) for path, _ in includes()}
        for path, name in includes():
            folder = ours.get(os.path.basename(name), "")
            if path.startswith("strategies/") and folder:
                self.assertRegex(folder, r"^(strategies(/\w+)?|include/flipbench|core/kernels)$",
                                 f"{path} includes {name}")


main()
