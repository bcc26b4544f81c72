"""flipbench report: the files it writes, which of them, and what becomes of older ones."""
import csv
import ctypes
import hashlib
import html
import os
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from cli import Case, flipbench, main

HELP = flipbench("report", "--help").stdout
RSVG = "librsvg-2.so.2"


def writes_pdf():
    """Whether flipbench was built to open the library, and that is there to be opened."""
    try:
        ctypes.CDLL(RSVG)
    except OSError:
        return False
    with open(os.environ["FLIPBENCH"], "rb") as program:
        return RSVG.encode() in program.read()


WRITES_PDF = writes_pdf()
NASTY = "<script> & 100 % 'q' \"d\" _x_ \\ 漢字 " + "long " * 35
SPEC = """flipbench: 1
name: files
trials: 3
reference: full
settings:
  - name: "a, <b> & 'c'"
    dataset: {format: synthetic, generator: blobs, train: 90, test: 40, classes: 3, features: 4}
    network: mlp
    train: {epochs: 2}
    budget: {initial: 6, query: 5, rounds: 3}
  - name: other
    dataset: {format: synthetic, generator: blobs, train: 80, test: 40, classes: 4, features: 3}
    network: mlp
    train: {epochs: 2}
    budget: {initial: 8, query: 5, rounds: 3}
strategies:
  - random
  - {use: entropy, label: NASTY}
  - margin
""".replace("NASTY", '"' + NASTY.replace("\\", "\\\\").replace('"', '\\"') + '"')
SVG = "{http://www.w3.org/2000/svg}"


def listing(folder):
    """Path below the folder -> content, of every file."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                found[os.path.relpath(os.path.join(at, name), folder)] = file.read()
    return found


def setUpModule():
    """One run for all tests."""
    global results, folder
    folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
    results, spec = (os.path.join(folder.name, name) for name in ("results", "spec.yaml"))
    with open(spec, "w", encoding="utf-8") as file:
        file.write(SPEC)
    done = flipbench("run", spec, "-o", results)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def tearDownModule():
    folder.cleanup()


class ReportFiles(Case):
    def setUp(self):
        super().setUp()
        self.report = self.path("report")

    def write_report(self, *options):
        self.fine("report", results, "-o", self.report, *options)
        return listing(self.report)

    def test_everything_is_on_the_list(self):
        files = self.write_report()
        listed = dict(reversed(line.split("  ", 1)) for line in
                      files.pop("report.sha256").decode().splitlines())
        self.assertEqual(listed, {name: hashlib.sha256(content).hexdigest()
                                  for name, content in files.items()})
        self.assertLess({"index.html", "tables.md", "rounds.csv", "statistics.csv"}, set(files))
        figures = {}
        for name in files:
            if name.startswith("figures/"):
                stem, kind = os.path.splitext(name)
                figures.setdefault(stem, set()).add(kind)
        kinds = {".svg", ".csv", ".pdf"} if WRITES_PDF else {".svg", ".csv"}
        self.assertGreater(len(figures), 10)
        for stem, found in figures.items():
            self.assertEqual(found, kinds, stem)
        self.assertEqual(self.write_report(), {**files, "report.sha256": self.read("report.sha256")})

    def read(self, name):
        with open(os.path.join(self.report, name), "rb") as file:
            return file.read()

    def test_parts(self):
        parts = {"html": {"index.html"}, "tables": {"tables.md"}, "csv": {"rounds.csv", "statistics.csv"}}
        whole = self.write_report()
        for part, names in parts.items():
            self.assertIn(part, HELP)
            shutil.rmtree(self.report)
            files = self.write_report("--only", part)
            self.assertEqual(set(files), names | {"report.sha256"})
            for name in names:
                self.assertEqual(files[name], whole[name])
        os.utime(os.path.join(self.report, "rounds.csv"), (1, 1))
        self.write_report("--only", "figures,html,latex")
        self.assertEqual(os.stat(os.path.join(self.report, "rounds.csv")).st_mtime, 1)
        self.assertEqual(listing(self.report), {name: content for name, content in whole.items()
                                                if name not in ("tables.md", "report.sha256")}
                         | {"report.sha256": self.read("report.sha256")})

    def test_unknown_part(self):
        for wrong in ("pdf", "html,", "", "html, csv"):
            done = flipbench("report", results, "-o", self.report, "--only", wrong)
            self.assertEqual(done.returncode, 2)
            self.assertIn("its parts are html, tables, csv", done.stderr)
        self.assertFalse(os.path.exists(self.report))

    def test_title(self):
        files = self.write_report("--title", NASTY, "--only", "html,tables")
        page = files["index.html"].decode()
        shown = html.escape(NASTY).replace("&#x27;", "&#39;")
        self.assertTrue(f"<title>{shown} \u2013 flipbench report</title>" in page)
        self.assertTrue(f"<h1>{shown}</h1>" in page)
        self.assertTrue("name: files" in page)  # the spec is shown as it is
        self.assertFalse(b"<script>" in files["tables.md"])
        self.assertTrue(files["tables.md"].startswith(b"# &lt;script&gt; &amp; 100 % 'q'"))

    def test_statistics_are_those_of_export(self):
        files = self.write_report("--only", "csv")
        self.assertEqual(files["statistics.csv"].decode(),
                         self.fine("export", results, "--what", "statistics"))
        self.assertEqual(files["rounds.csv"].decode(), self.fine("export", results))

    def test_drawings_stand_alone(self):
        for name, content in self.write_report("--only", "figures").items():
            if not name.endswith(".svg"):
                continue
            root = xml.etree.ElementTree.fromstring(content)
            self.assertEqual(root.tag, SVG + "svg")
            left, top, width, height = map(float, root.get("viewBox").split())
            self.assertEqual((root.get("width"), root.get("height")), (f"{width:.0f}", f"{height:.0f}"))
            self.assertTrue(root.find(SVG + "title").text and root.find(SVG + "desc").text)
            self.assertIn("font-family", root.attrib)
            for element in root.iter():
                self.assertNotIn(element.tag, (SVG + "script", SVG + "style", SVG + "image"))
                for key, value in element.attrib.items():
                    self.assertNotRegex(key, "^on|href")
                    self.assertNotIn("var(", value)
                if element.tag == SVG + "text" and "<script>" in element.text:
                    self.assertRegex(element.text, "^<script>.*\u2026.*long $")
                    self.assertLess(13 * 0.6 * len(element.text), 160)

    def test_numbers_of_figures(self):
        files = self.write_report("--only", "figures")
        rows = list(csv.DictReader(files["figures/curve-0.csv"].decode().splitlines()))
        self.assertEqual({row["strategy"] for row in rows}, {"random", "margin", NASTY})
        rounds = [row for row in csv.DictReader(self.fine("export", results).splitlines())
                  if row["strategy"] == "margin" and row["setting"] == rows[0]["setting"]]
        for row in (row for row in rows if row["strategy"] == "margin"):
            found = [float(r["accuracy"]) for r in rounds if r["labeled"] == row["labeled"]]
            self.assertAlmostEqual(float(row["accuracy"]), sum(found) / 3, 12)

    @unittest.skipUnless(WRITES_PDF, "librsvg is missing")
    def test_pdf(self):
        for name, content in self.write_report("--only", "figures").items():
            if name.endswith(".pdf"):
                self.assertTrue(content.startswith(b"%PDF-"))
                self.assertNotIn(b"/CreationDate", content)
                self.assertNotIn(b"/Image", content)  # no part of it is pixels
                self.assertIn(b"/FontFile", content)

    @unittest.skipUnless(WRITES_PDF and shutil.which("pdftotext"), "librsvg or pdftotext is missing")
    def test_text_of_a_pdf(self):
        self.write_report("--only", "figures")
        text = subprocess.run(["pdftotext", os.path.join(self.report, "figures/curve-0.pdf"), "-"],
                              check=True, capture_output=True, text=True).stdout
        for words in ("Test accuracy, %", "Labelled samples", "random", "margin", "<script>"):
            self.assertIn(words, text)

    @unittest.skipIf(WRITES_PDF, "librsvg is there")
    def test_no_pdf(self):
        self.assertTrue(b"librsvg is missing" in self.write_report()["tables.md"])

    def test_what_an_older_report_left(self):
        more = self.path("more.yaml")
        first = SPEC.index("  - name: other")
        with open(more, "w", encoding="utf-8") as file:
            file.write(SPEC[:first] + SPEC[SPEC.index("strategies:"):])
        self.fine("run", more, "-o", self.path("one"))
        self.write_report()
        figures = os.path.join(self.report, "figures")
        for name in ("notes.txt", "curve-7.svg"):
            shutil.copy(more, os.path.join(figures, name))
        self.fine("report", self.path("one"), "-o", self.report)
        left = set(os.listdir(figures))
        self.assertLess({"curve-0.svg", "notes.txt", "curve-7.svg"}, left)
        self.assertEqual({name for name in left if "-1." in name}, set())

    def test_a_list_of_the_users(self):
        os.mkdir(self.report)
        self.write("report/report.sha256", "mine\n")
        said = self.refused("report", results, "-o", self.report)
        self.assertIn("report.sha256: expected the list of a report's files", said)
        self.assertEqual(set(listing(self.report)), {"report.sha256"})


main()
