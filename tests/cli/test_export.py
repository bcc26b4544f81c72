"""flipbench export: every view in both formats, documented column by column."""
import csv
import io
import json
import math
import os
import re
import sqlite3
import subprocess

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
    train: {epochs: 30}
    budget: {initial: 8, query: 8, rounds: 2, subpool: 50}
strategies: [random, {use: entropy, label: "Entropie <b> %"}]
scores: true
"""
VIEWS = ("rounds", "traces", "cells", "statistics", "scores", "records", "runs")
MAKE_RESULTS = os.environ["FLIPBENCH_MAKE_RESULTS"]
STARTS_WITH_A_CELL = ("rounds", "traces", "scores", "records")


def documented():
    """View -> [(column, type)], from docs/results.md."""
    with open(os.path.join(ROOT, "docs/results.md"), encoding="utf-8") as file:
        exports = re.split(r"^## ", file.read(), flags=re.M)[1]
    parts = re.split(r"^### ", exports, flags=re.M)
    tables = {}
    for part in parts[1:]:
        columns = []
        for names, kind in re.findall(r"^\| (`[^|]*`) \| (\w+\??) \|", part, re.M):
            columns += [(name, kind) for name in re.findall(r"`(\w+)`", names)]
        tables[part.split("\n", 1)[0]] = columns
    cell = tables.pop("What rows of a cell begin with")
    return {view: (cell if view in STARTS_WITH_A_CELL else []) + columns
            for view, columns in tables.items()}


def documented_words(title):
    """The names in the first column of the table of docs/results.md that is headed so."""
    with open(os.path.join(ROOT, "docs/results.md"), encoding="utf-8") as file:
        table = re.search(rf"^\| {title} \| meaning \|\n((?:\|.*\n)+)", file.read(), re.M).group(1)
    return {name for line in table.splitlines() for name in re.findall(r"`(\w[\w-]*)`", line.split("|")[1])}


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
        gains = {r["strategy"]: float(r["value"]) for r in rows if r["measure"] == "normalized_gain_iqm"}
        self.assertEqual(set(gains), {"random", label})
        for strategy, gain in gains.items():
            better = sum(other > gain for other in gains.values())
            self.assertEqual(find(strategy=strategy, measure="rank")["value"], str(1 + better))

    def test_statistics_are_those_of_the_traces(self):
        traces, rounds = export(self.out, "traces"), export(self.out, "rounds")
        rows, label = export(self.out, "statistics"), "Entropie <b> %"

        def find(measure, strategy=label, **wanted):
            [row] = [r for r in rows if r["measure"] == measure and r["strategy"] == strategy and
                     all(r[name] == value for name, value in wanted.items())]
            return float(row["value"]), row

        def asked(strategy, trial, what="sample"):
            return [row[what] for row in traces if row["strategy"] == strategy and row["trial"] == trial]

        def jaccard(a, b):
            return len(set(a) & set(b)) / len(set(a) | set(b))

        def last(strategy, trial):
            return [float(row["accuracy"]) for row in rounds
                    if row["strategy"] == strategy and row["trial"] == trial][-1]

        trials = ("0", "1", "2")
        value, row = find("jaccard", "random", against=label)
        self.assertAlmostEqual(value, sum(jaccard(asked("random", t), asked(label, t)) for t in trials) / 3, 12)
        self.assertEqual((row["setting"], row["trials"]), ("", "3"))
        value, _ = find("jaccard", label, against=label)
        pairs = (("0", "1"), ("0", "2"), ("1", "2"))
        self.assertAlmostEqual(value, sum(jaccard(asked(label, t), asked(label, u)) for t, u in pairs) / 3, 12)
        entropies = []
        for trial in trials:
            labels = asked(label, trial, "label")
            shares = [labels.count(name) / len(labels) for name in set(labels)]
            entropies.append(-sum(share * math.log(share, 4) for share in shares))
        value, row = find("class_balance")
        self.assertAlmostEqual(value, sum(entropies) / 3, 9)
        self.assertEqual((row["rounds"], row["trials"]), ("2", "3"))
        differences = [last(label, t) - last("random", t) for t in trials]
        value, row = find("final_accuracy_difference", test="paired-t")
        self.assertAlmostEqual(value, sum(differences) / 3, 12)
        target, _ = find("target_accuracy", "random")
        self.assertAlmostEqual(target, sum(last("random", t) for t in trials) / 3, 12)
        reached = []
        for trial in trials:
            curve = [(int(r["labeled"]), float(r["accuracy"])) for r in rounds
                     if r["strategy"] == label and r["trial"] == trial]
            reached.append(min([x for x, y in curve if y >= target - 1e-12], default=math.inf))
        value = [r for r in rows if r["measure"] == "labels_to_target" and r["strategy"] == label][0]["value"]
        median = sorted(reached)[1]
        self.assertEqual(value, "" if math.isinf(median) else str(median))
        self.assertAlmostEqual(find("target_share")[0], sum(map(math.isfinite, reached)) / 3, 12)

    def test_the_initial_step_counts_when_asked_for(self):
        def difference():
            [row] = [r for r in export(self.out, "statistics") if r["measure"] == "accuracy_difference"]
            return float(row["value"])

        before = difference()
        self.assertIn("0 rounds computed", self.fine("run", self.path("spec.yaml"), "-o", self.out, "--set",
                                                     "report.include_initial=true"))
        self.assertAlmostEqual(difference(), before * 2 / 3, 12)  # of three steps one has no difference
        self.fine("report", self.out, "-o", self.path("report"))
        with open(self.path("report/tables.md"), encoding="utf-8") as file:
            self.assertIn("over all steps, the initial one among them", file.read())

    def test_every_statistic_is_documented(self):
        """Six data sets, ten trials, scores and references: every measure there is."""
        out = self.path("made")
        subprocess.run([MAKE_RESULTS, out, "6", "4", "10", "6", "30"], check=True, stdout=subprocess.DEVNULL)
        rows = export(out, "statistics")
        local, overall = documented_words("in one setting"), documented_words("over all settings")
        tests = documented_words("test")
        self.assertEqual({r["measure"] for r in rows if r["setting"]}, local - {"pair_aubc_difference"})
        costs = {name for name in local if name.endswith(("_seconds", "_bytes"))}
        self.assertEqual({r["measure"] for r in rows if not r["setting"]},
                         (overall | costs) - {"gain_mean", "gain_iqm"})
        self.assertEqual({r["test"] for r in rows if r["test"]}, tests - {"sign-flip-drawn", "wilcoxon-normal"})
        self.assertEqual({r["interval"] for r in rows}, {"", "student", "bca", "percentile"})
        for row in rows:
            self.assertEqual(bool(row["low"]), bool(row["interval"]), row)
            self.assertEqual(bool(row["sided"]), row["test"] not in ("", "bayesian-signed-rank"), row)
            self.assertFalse(row["p"] and not row["test"], row)
            self.assertEqual(bool(row["p_corrected"]), bool(row["correction"]), row)
            if not row["measure"].endswith("_chance"):
                self.assertTrue(row["trials"] and row["trials_expected"], row)
        # Of six data sets that rank alike, and of settings that all have ten trials.
        self.assertEqual({r["datasets"] for r in rows if r["measure"] == "mean_rank"}, {"6"})
        self.assertEqual({r["trials"] for r in rows if r["measure"] == "penalty_all"}, {"60"})
        column = [float(r["value"]) for r in rows if r["measure"] == "penalty_all" and r["against"] == "random"]
        [mean] = [float(r["value"]) for r in rows
                  if r["measure"] == "penalty_all_mean" and r["strategy"] == "random"]
        self.assertAlmostEqual(mean, sum(column) / 4, 12)

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
