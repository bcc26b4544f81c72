"""Names that hold whatever people write: they come out verbatim in every format, and do nothing there."""
import csv
import html.parser
import io
import json
import os
import re
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree

import browser
from cli import export, flipbench, main

EXPERIMENT = "<script>window.evil=1</script> & 100% _x_ \"d\" 'q' ]]> 漢字"
LABELS = ["<img src=x onerror=\"window.evil=2\">", "]]></svg></script><script>window.evil=3</script>",
          "a|b `c` **d** [e](javascript:evil) # ~f~", "100% & $x_1$ \\input{y} {z} ^~ %s%n", "long " * 40,
          "مرحبا \u202eevil\u202c", "cafe\u0301 👩‍🔬 Ａ", "NA", "-1", "=1+1", "a/b", "a b", "A b",
          "&lt;b&gt;&amp;", ", \"q\""]
SETTINGS = ["x/y", "x y", "</title><script>window.evil=4</script>"]
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # would turn the text that follows


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def spec():
    lines = ["flipbench: 1", "name: " + quoted(EXPERIMENT), "trials: 2", "settings:"]
    for i, name in enumerate(SETTINGS):
        lines += ["  - name: " + quoted(name), "    network: {name: mlp, hidden: [8]}", "    train: {epochs: 1}",
                  "    dataset: {format: synthetic, generator: blobs, train: %d, test: 30, classes: 3,"
                  " features: 4}" % (90 + i), "    budget: {initial: 6, query: 5, rounds: 2}"]
    lines += ["strategies:", "  - random"]
    lines += ["  - {use: probcover, delta: 1.%02d, label: %s}" % (i, quoted(name))
              for i, name in enumerate(LABELS)]
    return "\n".join(lines) + "\n"


def setUpModule():
    global folder, out, report, page
    folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
    file = os.path.join(folder.name, "spec.yaml")
    out, report = (os.path.join(folder.name, name) for name in ("out", "report"))
    page = os.path.join(report, "index.html")
    with open(file, "w", encoding="utf-8") as writer:
        writer.write(spec())
    for arguments in (("run", file, "-o", out), ("report", out, "-o", report)):
        done = flipbench(*arguments)
        if done.returncode != 0:
            raise AssertionError(done.stderr)


def tearDownModule():
    folder.cleanup()


def read(name):
    with open(os.path.join(report, name), encoding="utf-8", newline="") as file:
        return file.read()


def shown(text):
    """As a page shows it."""
    return TURNS.sub("\ufffd", text)


class Reader(html.parser.HTMLParser):
    """The texts, ids and CSV links of a page; what is inside <script> and <style> is no text."""

    def __init__(self):
        super().__init__()
        self.texts, self.ids, self.links, self.scripts, self.raw = set(), [], [], 0, None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.raw = tag if tag in ("script", "style") else None
        self.scripts += tag == "script"
        self.ids += [attributes["id"]] if "id" in attributes else []
        if attributes.get("href", "").startswith("data:"):
            self.links.append(urllib.parse.unquote(attributes["href"].split(",", 1)[1]))
        handlers = [name for name in attributes if name.startswith("on")]
        if handlers or tag == "img":
            raise AssertionError((tag, attributes))

    def handle_endtag(self, tag):
        self.raw = None

    def handle_data(self, data):
        if not self.raw:
            self.texts.add(data)


def cells(line):
    """The cells of a row of Markdown: pipes that are escaped are text."""
    return [re.sub(r"\\([^A-Za-z0-9\s])", r"\1", html.unescape(cell)).strip()
            for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


class Names(unittest.TestCase):
    def test_the_page(self):
        reader = Reader()
        reader.feed(read("index.html"))
        self.assertEqual(reader.scripts, 1)
        for name in (EXPERIMENT, *LABELS, *SETTINGS):
            self.assertIn(shown(name), reader.texts)
        self.assertEqual(len(reader.ids), len(set(reader.ids)))
        columns = {}
        for text in reader.links:
            for row in csv.DictReader(io.StringIO(text)):
                for column, value in row.items():
                    columns.setdefault(column, set()).add(value)
        self.assertEqual(columns["strategy"], {"random", *LABELS})
        self.assertEqual(columns["setting"], set(SETTINGS))

    def test_drawings_are_xml(self):
        drawings = re.findall(r"<svg\b.*?</svg>", read("index.html"), re.S)
        for root, _, names in os.walk(report):
            for name in names:
                if name.endswith(".svg"):
                    drawings.append(read(os.path.relpath(os.path.join(root, name), report)))
        texts = set()
        for drawing in drawings:
            for element in xml.etree.ElementTree.fromstring(drawing.encode()).iter():
                texts.add(element.text)
        self.assertGreater(len(drawings), 10)
        for name in ("NA", "-1", "a b", "A b"):  # long ones are cut
            self.assertIn(name, texts)

    def test_markdown(self):
        lines, found = read("tables.md").split("\n"), set()
        self.assertEqual(lines[0].count("<"), 0)
        width = 0
        for line in lines:
            self.assertNotRegex(re.sub(r"</?u>", "", line), "[<>]")
            if not line.startswith("|"):
                width = 0
                continue
            row = cells(line)
            width = width or len(row)
            self.assertEqual(len(row), width, line)
            found.update(row)
        for name in (*LABELS, *SETTINGS):
            self.assertIn(shown(name).strip(), found)

    def test_exports(self):
        for view in ("rounds", "traces", "cells", "statistics"):
            rows = export(out, view)
            lines = flipbench("export", out, "--what", view, "--format", "jsonl").stdout.splitlines()
            for column, expected in (("setting", SETTINGS), ("strategy", ["random", *LABELS])):
                self.assertEqual({row[column] for row in rows} - {""}, set(expected), view)
                self.assertEqual({json.loads(line)[column] for line in lines} - {None}, set(expected), view)
        self.assertEqual(read("rounds.csv"), flipbench("export", out).stdout)


@unittest.skipUnless(browser.PROGRAM, "chromium is not installed")
class Page(unittest.TestCase):
    def setUp(self):
        self.chromium = browser.Browser()
        self.addCleanup(self.chromium.close)

    def texts(self, selector):
        return self.chromium.run(f"Array.from(document.querySelectorAll('{selector}'), e => e.textContent)")

    def test_a_browser_runs_none_of_it(self):
        for width, height in ((390, 844), (1280, 900)):
            self.chromium.show(width, height)
            self.chromium.open(page)
            self.assertEqual(self.chromium.run("document.scrollingElement.scrollWidth"), width)
            self.assertEqual(self.chromium.run("document.title"), EXPERIMENT + " – flipbench report")
            self.assertEqual(self.texts("h1"), [EXPERIMENT])
            self.assertEqual(self.texts("#curves .legend span"), ["random", *map(shown, LABELS)])
            self.assertEqual(self.texts("#results h3"), SETTINGS)
            for sort in ("#ranking thead th:nth-child(2) button", "#curves .legend .t1"):
                self.chromium.click(sort)
            self.assertEqual(self.texts("#curves select option"), ["all", *SETTINGS])
            self.assertEqual(self.chromium.run("document.scripts.length"), 1)
            self.assertIsNone(self.chromium.run("window.evil"))
            self.assertEqual(self.chromium.faults(), [])
            self.assertEqual([url for url in self.chromium.requests()
                              if not url.startswith(("data:", "blob:")) and url != "file://" + page], [])


main()
