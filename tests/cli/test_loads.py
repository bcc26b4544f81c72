"""Exports load as they are, with what docs/results.md says, in pandas, R and DuckDB, where these are there."""
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from cli import export, flipbench, main

LABELS = ["NA", "caf\u00e9, \"q\" 漢字 | ;", "None"]
SPEC = """flipbench: 1
name: loads
trials: 3
scores: true
settings:
  - name: "blobs, 'plain'"
    dataset: {format: synthetic, generator: blobs, train: 80, test: 40, classes: 3, features: 4}
    network: {name: mlp, hidden: [8]}
    train: {epochs: 2}
    budget: {initial: 6, query: 5, rounds: 2}
strategies: [random, {use: entropy, label: %s}, {use: margin, label: %s}, {use: least-confidence, label: %s}]
""" % tuple(json.dumps(label, ensure_ascii=False) for label in LABELS)
VIEWS = ("rounds", "traces", "cells", "statistics", "scores")


def setUpModule():
    global folder
    folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
    with open(path("spec.yaml"), "w", encoding="utf-8") as file:
        file.write(SPEC)
    done = flipbench("run", "-q", path("spec.yaml"), "-o", path("out"))
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    for view in VIEWS:
        for form in ("csv", "jsonl"):
            done = flipbench("export", path("out"), "--what", view, "--format", form)
            with open(path(f"{view}.{form}"), "w", encoding="utf-8", newline="") as file:
                file.write(done.stdout)


def tearDownModule():
    folder.cleanup()


def path(name):
    return os.path.join(folder.name, name)


def expected():
    """view -> (rows, labels in order, sum of the numbers in one column)."""
    columns = {"rounds": "accuracy", "traces": "sample", "cells": "planned_rounds", "statistics": "value",
               "scores": "score"}
    found = {}
    for view, column in columns.items():
        rows = export(path("out"), view)
        found[view] = (column, len(rows), [row["strategy"] for row in rows],
                       sum(float(row[column]) for row in rows if row[column]))
    return found


class Loads(unittest.TestCase):
    @unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed")
    def test_pandas(self):
        import pandas
        for view, (column, count, labels, total) in expected().items():
            frames = (pandas.read_csv(path(view + ".csv"), keep_default_na=False, na_values=[""]),
                      pandas.read_json(path(view + ".jsonl"), lines=True, precise_float=True))
            for frame in frames:
                self.assertEqual(len(frame), count, view)
                self.assertEqual(list(frame["strategy"].fillna("")), labels, view)
                self.assertTrue(pandas.api.types.is_numeric_dtype(frame[column]), view)
                self.assertAlmostEqual(float(frame[column].sum()) / total, 1, 12)
        frame = frames[0]
        self.assertEqual(list(frame.columns), list(frames[1].columns))

    @unittest.skipUnless(shutil.which("Rscript"), "R is not installed")
    def test_r(self):
        for view, (column, count, labels, total) in expected().items():
            script = f"""d <- read.csv("{path(view + '.csv')}", na.strings = "", encoding = "UTF-8")
                stopifnot(nrow(d) == {count}, is.numeric(d${column}))
                cat(sprintf("%.17g", sum(d${column}, na.rm = TRUE)), "\\n")
                s <- ifelse(is.na(d$strategy), "", d$strategy)
                writeLines(enc2utf8(s), useBytes = TRUE)"""
            done = subprocess.run(["Rscript", "--vanilla", "-e", script], capture_output=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = done.stdout.decode().split("\n")
            self.assertAlmostEqual(float(lines[0]) / total, 1, 12)
            self.assertEqual(lines[1:-1], labels)

    @unittest.skipUnless(importlib.util.find_spec("duckdb"), "DuckDB is not installed")
    def test_duckdb(self):
        import duckdb
        for view, (column, count, labels, total) in expected().items():
            for form in ("csv", "jsonl"):
                [found] = duckdb.sql(f"SELECT count(*), sum({column}) FROM '{path(view)}.{form}'").fetchall()
                self.assertEqual(found[0], count, view)
                self.assertAlmostEqual(found[1] / total, 1, 12)
                rows = duckdb.sql(f"SELECT coalesce(strategy, '') FROM '{path(view)}.{form}'").fetchall()
                self.assertEqual([row[0] for row in rows], labels, view)


main()
