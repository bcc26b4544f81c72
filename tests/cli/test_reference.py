"""`reference: full`: one network a setting and trial, trained on everything."""
from cli import Case, deterministic, export, flipbench, main

SPEC = """flipbench: 1
name: ceilings
seed: 7
trials: 2
reference: full
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 300, test: 100, classes: 4, features: 6}
    network: {name: mlp, hidden: [16]}
    validation: 20
    train: {epochs: 4, start: warm}
    budget: {initial: 8, query: 8, rounds: 2, subpool: 100}
  - name: moons
    dataset: {format: synthetic, generator: two-moons, train: 200, test: 50}
    network: {name: mlp, hidden: [16]}
    train: {epochs: 2}
    budget: {initial: 8, query: 8, rounds: 2}
    reference: none
strategies: [random, entropy]
"""
LABEL = "full-data"


class Reference(Case):
    def setUp(self):
        super().setUp()
        self.spec = self.write("spec.yaml", SPEC)
        self.out = self.path("out")

    def references(self):
        return [row for row in export(self.out, "rounds") if row["strategy"] == LABEL]

    def test_one_round_on_everything(self):
        self.fine("run", self.spec, "-o", self.out)
        rows = self.references()
        self.assertEqual([(row["setting"], row["trial"], row["round"], row["labeled"], row["selected_sha256"])
                          for row in rows],
                         [("blobs", "0", "0", "280", ""), ("blobs", "1", "0", "280", "")])
        self.assertEqual({row["params"] for row in rows}, {'{"reference":"full"}'})
        self.assertNotIn(LABEL, {row["strategy"] for row in export(self.out, "traces")})
        self.assertIn("0 rounds computed", self.fine("run", self.spec, "-o", self.out))

    def test_it_is_round_0_with_all_labels(self):
        """A run whose initial labels are everything comes to the same numbers."""
        everything = ("--set", "budget.rounds=0", "--set", "settings.0.budget.initial=280")
        self.fine("run", self.spec, "-o", self.out, "--set", "settings.0.budget.rounds=1")
        self.fine("run", self.spec, "-o", self.path("all"), *everything, "--set", "reference=none")
        numbers = ("labeled", "accuracy", "loss", "macro_f1", "validation_accuracy")
        expected = [[row[name] for name in numbers] for row in export(self.path("all"), "rounds")
                    if row["setting"] == "blobs" and row["strategy"] == "random"]
        self.assertEqual([[row[name] for name in numbers] for row in self.references()], expected)

    def test_it_can_be_added_later_and_changes_nothing_else(self):
        self.fine("run", self.spec, "-o", self.out, "--set", "reference=none")
        before = deterministic(self.out, "rounds")
        self.assertIn("2 rounds computed", self.fine("run", self.spec, "-o", self.out, "-j", 1))
        after = deterministic(self.out, "rounds")
        self.assertNotEqual(before, after)
        self.assertEqual(before, "".join(line for line in after.splitlines(True) if LABEL not in line))

    def test_plans_count_it(self):
        self.assertIn("10 cells: 2 settings x 2 strategies x 2 trials, and 2 references",
                      self.fine("check", self.spec))
        self.assertIn("full-data\ttrial 1\t1 rounds\t280 to 280 labels",
                      self.fine("run", self.spec, "--dry-run"))

    def test_its_failure_costs_it_alone(self):
        """Training on everything takes longer than the limit, which the rounds of strategies keep."""
        slow = ("--set", "settings.0.dataset.train=60000", "--set", "train.epochs=3000", "--set",
                "limits.seconds=4", "--set", "trials=1")
        done = flipbench("run", self.spec, "-o", self.out, *slow)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("4 of 5 cells complete, 1 failed", done.stdout)
        [cell] = [row for row in export(self.out, "cells") if row["strategy"] == LABEL]
        self.assertIn("not finished within 4 s", cell["failure"])
        self.assertEqual(cell["finished_rounds"], "0")
        self.fine("report", self.out, "-o", self.path("report"))

    def test_reports_have_its_rows(self):
        self.fine("run", self.spec, "-o", self.out)
        self.fine("report", self.out, "-o", self.path("report"))
        with open(self.path("report/rounds.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.fine("export", self.out))


main()
