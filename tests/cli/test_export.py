"""flipbench export: every view in both formats, documented column by column."""
import csv
import io
import json
import os
import re
import sqlite3

from cli import ROOT, Case, export, flipbench, main

SPEC = """flipbench: 1
name: exports
seed: 5
trials: 3
reference: full
settings:
  - name: 'blobs, "plain"'
    dataset: {format: synthetic, generator: blobs, train: 200, test: 100, classes: 4, features: 6}
    network: {name: mlp, hidden: [16]}
    train: {epochs: 3}
    budget: {initial: 8, query: 8, rounds: 2, subpool: 50}
strategies: [random, {use: entropy, label: "Entropie <b> %"}]
scores: true
"""
VIEWS = ("rounds", "traces", "cells", "statistics", "scores", "records", "runs")
STARTS_WITH_A_CELL = ("rounds", "traces", "scores", "records")


def documented():
    """View -> [(column, type)], from docs/results.md."""
    with open(os.path.join(ROOT, "docs/results.md"), encoding="utf-8") as file:
        parts = re.split(r"^### ", file.read(), flags=re.M)
    tables = {}
    for part in parts[1:]:
        columns = []
        for names, kind in re.findall(r"^\| (`[^|]*`) \| (\w+\??) \|", part, re.M):
            columns += [(name, kind) for name in re.findall(r"`(\w+)`", names)]
        tables[part.split("\n", 1)[0]] = columns
    cell = tables.pop("What rows of a cell begin with")
    return {view: (cell if view in STARTS_WITH_A_CELL else []) + columns
            for view, columns in tables.items()}


class Export(Case):
    def setUp(self):
        super().setUp()
        self.out = self.path("out")
        self.fine("run", self.write("spec.yaml", SPEC), "-o", self.out)

    def lines(self, view):
        return [json.loads(line) for line in
                self.fine("export", self.out, "--what", view, "--format", "jsonl").splitlines()]

    def test_every_column_is_documented(self):
        tables = documented()
        self.assertEqual(sorted(tables), sorted(VIEWS))
        for view in VIEWS:
            header = self.fine("export", self.out, "--what", view).splitlines()[0].split(",")
            self.assertEqual(header, [name for name, _ in tables[view]], view)

    def test_values_have_the_documented_types(self):
        kinds = {"text": str, "integer": int, "number": (int, float)}
        for view, columns in documented().items():
            for row in self.lines(view):
                for name, kind in columns:
                    if row[name] is None:
                        self.assertTrue(kind.endswith("?"), f"{view}.{name} is missing")
                    else:
                        self.assertIsInstance(row[name], kinds[kind.rstrip("?")], f"{view}.{name}")

    def test_formats_agree(self):
        for view in VIEWS:
            rows, lines = export(self.out, view), self.lines(view)
            self.assertEqual(len(rows), len(lines))
            for row, line in zip(rows, lines):
                self.assertEqual(list(row), list(line))
                for name, value in line.items():
                    if isinstance(value, (int, float)):
                        self.assertEqual(float(row[name]), value)
                    else:
                        self.assertEqual(row[name], value or "")

    def test_there_is_no_nan(self):
        for view in VIEWS:
            for row in export(self.out, view):
                for value in row.values():
                    self.assertNotIn(value.lower().lstrip("-"), ("nan", "inf", "infinity"))

    def test_statistics_are_those_of_the_rounds(self):
        rounds, rows = export(self.out, "rounds"), export(self.out, "statistics")

        def aubc(strategy, trial):
            curve = [(int(r["labeled"]), float(r["accuracy"])) for r in rounds
                     if r["strategy"] == strategy and r["trial"] == trial]
            area = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in zip(curve, curve[1:]))
            return area / (curve[-1][0] - curve[0][0])

        def find(**wanted):
            [row] = [r for r in rows if all(r[name] == value for name, value in wanted.items())]
            return row

        label, setting = "Entropie <b> %", 'blobs, "plain"'
        trials = ("0", "1", "2")
        found = find(setting=setting, strategy="random", measure="aubc")
        self.assertAlmostEqual(float(found["value"]), sum(aubc("random", t) for t in trials) / 3, 12)
        found = find(setting=setting, strategy=label, measure="aubc_difference", test="paired-t")
        differences = [aubc(label, t) - aubc("random", t) for t in trials]
        mean = sum(differences) / 3
        sd = (sum((d - mean) ** 2 for d in differences) / 2) ** 0.5
        self.assertAlmostEqual(float(found["value"]), mean, 12)
        self.assertAlmostEqual(float(found["sd"]), sd, 12)
        half = 4.302652729911275 * sd / 3 ** 0.5  # t of .975 with 2 degrees of freedom
        self.assertAlmostEqual(float(found["high"]), mean + half, 9)
        self.assertAlmostEqual(float(found["low"]), mean - half, 9)
        self.assertEqual((found["against"], found["correction"], found["trials"], found["trials_expected"],
                          found["rounds"]), ("random", "holm", "3", "3", "3"))
        self.assertEqual(found["p"], found["p_corrected"])  # one test alone
        found = find(strategy="full-data", measure="final_accuracy")
        full = [float(r["accuracy"]) for r in rounds if r["strategy"] == "full-data"]
        self.assertAlmostEqual(float(found["value"]), sum(full) / 3, 12)
        ranks = {r["strategy"]: r["value"] for r in rows if r["measure"] == "rank"}
        self.assertEqual(sorted(ranks.values()), ["1", "2"])

    def test_empty_views_have_a_header(self):
        with sqlite3.connect(os.path.join(self.out, "results.db")) as database:
            for table in ("queries", "scores", "records", "states", "rounds", "failures", "cells", "runs"):
                database.execute(f"DELETE FROM {table}")
        for view in VIEWS:
            text = self.fine("export", self.out, "--what", view)
            self.assertEqual(next(csv.reader(io.StringIO(text))), [name for name, _ in documented()[view]])
            self.assertEqual(text.count("\n"), 1)
            self.assertEqual(self.fine("export", self.out, "--what", view, "--format", "jsonl"), "")

    def test_unknown_words(self):
        for option in ("--what", "--format"):
            done = flipbench("export", self.out, option, "nothing")
            self.assertEqual(done.returncode, 2)
            self.assertIn("expected", done.stderr)


main()
