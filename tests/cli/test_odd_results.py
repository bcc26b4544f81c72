"""Reports of results that are not as one wishes: a clear sentence, and a report of what there is."""
import csv
import io
import os
import shutil
import sqlite3

from cli import Case, main

SPEC = """flipbench: 1
name: odd
seed: 3
trials: 3
reference: full
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 80, test: 40, classes: 3, features: 4}
    network: {name: mlp, hidden: [8]}
    train: {epochs: 2}
    budget: {initial: 6, query: 5, rounds: 3}
strategies: [random, entropy, margin]
"""


class Odd(Case):
    def setUp(self):
        super().setUp()
        self.spec, self.out = self.write("spec.yaml", SPEC), self.path("out")
        self.database = os.path.join(self.out, "results.db")

    def run_spec(self, *options):
        self.fine("run", "-q", self.spec, "-o", self.out, *options)

    def change(self, *statements):
        with sqlite3.connect(self.database) as database:
            for statement in statements:
                self.assertGreater(database.execute(statement).rowcount, 0, statement)
        database.close()

    def report(self):
        """The tables of a report, whose statistics can be exported too."""
        self.fine("report", self.out, "-o", self.path("report"))
        with open(self.path("report/tables.md"), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("report/index.html"), encoding="utf-8") as file:
            self.assertIn("</html>", file.read())
        self.assertNotRegex(text, r"\b(nan|inf)\b")
        rows = list(csv.DictReader(io.StringIO(self.fine("export", self.out, "--what", "statistics"))))
        return text, rows

    def rows_of(self, text, title):
        """The rows of a table below a heading."""
        part = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
        return [[cell.strip() for cell in line.split("|")[1:-1]]
                for line in part.splitlines() if line.startswith("| ")][2:]

    def test_no_results(self):
        os.mkdir(self.out)
        for command in (("report", self.out, "-o", self.path("report")), ("export", self.out),
                        ("export", self.out, "--what", "statistics")):
            said = self.refused(*command)
            self.assertIn(self.database + ": there are no results here", said)
            self.assertIn("flipbench run", said)
        said = self.refused("report", self.path("nowhere"), "-o", self.path("report"))
        self.assertIn("there are no results here", said)
        self.assertFalse(os.path.exists(self.path("report")))

    def test_one_trial(self):
        self.run_spec("--set", "trials=1")
        text, rows = self.report()
        self.assertRegex(text, "one trial allows no test|No strategy is better than random")
        self.assertIn("No test could be made: it needs two trials of both strategies.", text)
        self.assertIn("one trial, a test needs two", text)
        self.assertEqual({row["p"] for row in rows if row["test"] == "paired-t"}, {""})
        self.assertEqual({row["low"] for row in rows}, {""})

    def test_one_strategy(self):
        self.run_spec("--set", "strategies=[margin]")
        text, rows = self.report()
        self.assertIn("margin is the only strategy, with an AUBC of", text)
        self.assertIn("there is nothing to compare it with", text)
        self.assertEqual({row["strategy"] for row in rows} - {""}, {"margin", "full-data"})
        self.assertEqual({row["test"] for row in rows if row["p"]}, set())

    def test_all_cells_failed(self):
        self.run_spec()
        self.change("DELETE FROM rounds", "DELETE FROM queries",
                    "INSERT INTO failures(cell, run, round, cause, at)"
                    " SELECT id, 1, 0, 'it broke' || char(10) || '| at <once>', '2025-01-01T00:00:00Z' FROM cells")
        text, rows = self.report()
        self.assertIn("No cell has a finished round, so there is nothing to compare", text)
        self.assertIn("9 of 9 cells are missing, failed or unfinished.", text)
        self.assertIn("3 of 3 networks trained on all labels are missing or failed.", text)
        gaps = [line for line in text.splitlines() if "it broke" in line]
        self.assertEqual(len(gaps), 12)
        self.assertTrue(all("| failed |" in line and r"it broke \| at &lt;once&gt; |" in line
                            for line in gaps), gaps)
        self.assertEqual(rows, [])

    def test_a_reference_that_failed(self):
        self.run_spec()
        self.change("DELETE FROM rounds WHERE cell IN (SELECT id FROM cells WHERE strategy='full-data'"
                    " AND trial=1)",
                    "INSERT INTO failures(cell, run, round, cause, at) SELECT id, 1, 0, 'killed by signal 9',"
                    " '2025-01-01T00:00:00Z' FROM cells WHERE strategy='full-data' AND trial=1")
        text, rows = self.report()
        self.assertIn("1 of 3 networks trained on all labels are missing or failed.", text)
        self.assertIn(["blobs", "all labels", "1", "failed", "–", "killed by signal 9"],
                      self.rows_of(text, "Failures and missing cells"))
        [ceiling] = [row for row in rows if row["strategy"] == "full-data"]
        self.assertEqual((ceiling["trials"], ceiling["trials_expected"]), ("2", "3"))

    def test_curves_of_different_lengths(self):
        self.run_spec()
        self.change("DELETE FROM rounds WHERE round >= 2 AND cell IN"
                    " (SELECT id FROM cells WHERE strategy='margin')",
                    "DELETE FROM rounds WHERE round >= 1 AND cell IN"
                    " (SELECT id FROM cells WHERE strategy='entropy' AND trial=2)",
                    "DELETE FROM queries WHERE (cell, round) NOT IN (SELECT cell, round FROM rounds)")
        text, rows = self.report()
        self.assertIn("4 of 9 cells are missing, failed or unfinished.", text)
        self.assertIn("comparisons use the rounds that both have", text)
        found = {(row["strategy"], row["trials"], row["trials_expected"], row["rounds"])
                 for row in rows if row["measure"] == "aubc_difference"}
        self.assertEqual(found, {("margin", "3", "3", "2"), ("entropy", "2", "3", "4")})
        self.assertEqual({row[2]: row[3:5] for row in self.rows_of(text, "Failures and missing cells")
                          if row[1] == "margin"},
                         {trial: ["unfinished", "2 of 4"] for trial in "012"})

    def test_a_damaged_database(self):
        self.run_spec("--set", "trials=1")
        whole = self.path("whole")
        shutil.copy(self.database, whole)
        with open(whole, "rb") as file:
            content = file.read()
        for damaged in (content[:len(content) // 2], content[:100] + b"x" * 400 + content[500:],
                        b"this is a text\n" * 100, b""):
            with open(self.database, "wb") as file:
                file.write(damaged)
            for command in (("report", self.out, "-o", self.path("report")),
                            ("export", self.out, "--what", "statistics")):
                said = self.refused(*command)
                self.assertIn(self.database + ": ", said)
                self.assertRegex(said, "damaged|not a flipbench results database")
            self.assertFalse(os.path.exists(self.path("report")))


main()
