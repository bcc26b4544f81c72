"""What reports write for LaTeX, compiled with pdflatex: labels that hold whatever they hold, both styles."""
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
import unittest

from cli import Case, flipbench, main

PDFLATEX = shutil.which("pdflatex")
if PDFLATEX:  # TeX without pgfplots or Latin Modern is too little
    needed = ("pgfplots.sty", "booktabs.sty", "lmodern.sty")
    if subprocess.run(["kpsewhich", *needed], capture_output=True, check=False).returncode:
        PDFLATEX = None

NASTY = ("<script>alert(1)</script> & 100%s 'q' \"d\" _x_ #1 $x^2$ {a} ~b \\c [1] *z ``u'' --- ,,k é Ł ß α Ω ≤ "
         "漢字 Ж 🙂 " + "long " * 10 + "x" * 60)
SETTING = "[odd] a_setting & its \\\\ name, " + "y" * 190
SHOWN = ("random", NASTY, "*under_score\\", SETTING, "b")
SPEC = r"""flipbench: 1
name: NASTY
trials: 2
reference: full
scores: true
settings:
  - name: SETTING
    dataset: {format: synthetic, generator: blobs, train: 60, test: 30, classes: 3, features: 4}
    network: mlp
    train: {epochs: 2}
    budget: {initial: 6, query: 5, rounds: 3}
  - name: b
    dataset: {format: synthetic, generator: blobs, train: 60, test: 40, classes: 3, features: 4}
    network: mlp
    train: {epochs: 2}
    budget: {initial: 6, query: 5, rounds: 3}
strategies: [random, {use: margin, label: NASTY}, {use: entropy, label: "*under_score\\"}]
"""
CAPTION = re.compile(r"^\f?(Table|Figure) \d+: (.*)", re.MULTILINE)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def setUpModule():
    """One results folder for all tests."""
    global folder, results
    if not PDFLATEX:
        return
    folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
    spec, results = (os.path.join(folder.name, name) for name in ("spec.yaml", "results"))
    with open(spec, "w", encoding="utf-8") as file:
        file.write(SPEC.replace("SETTING", quoted(SETTING)).replace("NASTY", quoted(NASTY)))
    done = flipbench("run", spec, "-o", results)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def tearDownModule():
    if PDFLATEX:
        folder.cleanup()


def plain(text):
    """What a reader of the PDF sees, without the breaks of lines."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def as_set(text):
    """A label as pdflatex sets it: what no font of its has is shown as its code."""
    return "".join(f"U+{ord(c):04X}" if c in "漢字Ж🙂" else c for c in text)


@unittest.skipUnless(PDFLATEX, "pdflatex with pgfplots and lmodern is not installed")
class Latex(Case):
    def setUp(self):
        super().setUp()
        self.report = self.path("report")

    def write_report(self, *arguments):
        done = flipbench("report", results, "-o", self.report, "--only", "latex", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)

    def compile(self, *name):
        """Runs pdflatex twice, as labels and long tables want it; returns the PDF's text, where it can be read."""
        path = os.path.join(self.report, *name)
        for _ in range(2):
            done = subprocess.run([PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", os.path.basename(path)],
                                  cwd=os.path.dirname(path), stdin=subprocess.DEVNULL, capture_output=True,
                                  errors="replace", timeout=300, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:])
        for width in re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide\)", done.stdout):
            self.assertLess(float(width), 5, done.stdout[-4000:])
        self.assertNotIn("Missing character", done.stdout)
        self.assertNotIn("undefined", done.stdout)
        self.assertNotIn("multiply", done.stdout)
        if not shutil.which("pdftotext"):
            return None
        pdf = os.path.splitext(path)[0] + ".pdf"
        return subprocess.run(["pdftotext", pdf, "-"], capture_output=True, encoding="utf-8", check=True).stdout

    def test_all_of_a_report(self):
        self.write_report()
        text = self.compile("latex", "report.tex")
        if text is None:
            self.skipTest("pdftotext is not installed")
        for label in SHOWN:
            self.assertIn(plain(as_set(label)), plain(text))
        self.assertGreater(len(CAPTION.findall(text)), 25)

    def test_the_style_of_the_paper(self):
        self.write_report("--style", "paper", "--title", "As in the paper")
        text = self.compile("latex", "report.tex")
        if text is None:
            self.skipTest("pdftotext is not installed")
        self.assertIn("As in the paper", text)
        self.assertEqual([(kind, caption.split(".")[0]) for kind, caption in CAPTION.findall(text)],
                         [("Table", "Differences to the baseline"), ("Figure", "All steps (LDM paper)"),
                          ("Figure", "Distance to the best"), ("Figure", "Learning curves"), ("Table", "Run times")])

    def test_in_a_document_of_ones_own(self):
        self.write_report("--style", "paper")
        with open(os.path.join(self.report, "mine.tex"), "w", encoding="utf-8") as file:
            file.write("\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{lmodern}\n"
                       "\\usepackage[margin=2cm]{geometry}\n\\input{latex/preamble}\n\\begin{document}\n"
                       "See table \\ref{tab:differences} and figure \\ref{fig:penalty-all}.\n")
            for name in sorted(os.listdir(os.path.join(self.report, "latex"))):
                if name.startswith(("table-", "figure-", "numbers-")):
                    file.write("\\input{latex/%s}\n" % name[:-4])
            file.write("\\end{document}\n")
        text = self.compile("mine.tex")
        if text is not None:
            self.assertRegex(text, r"See table \d and figure \d\.")


main()
