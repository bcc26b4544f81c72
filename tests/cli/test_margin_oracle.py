"""Published learning curves of margin sampling, reproduced at every point (tests/golden/margin-oracle)."""
import csv
import os

from cli import ROOT, Case, export, main

ORACLE = os.path.join(ROOT, "tests", "golden", "margin-oracle")

SETTING = """  - name: {name}
    dataset: {{format: libsvm, file: {oracle}/{data}.libsvm, test: {{ids: {oracle}/{name}-test.txt}},
              standardize: train}}
    validation: 0
    network: linear
    train: {{C: 1}}
    budget: {{initial: {{ids: {oracle}/{name}-initial.txt}}, query: 1, rounds: all}}
"""

NAMES = ("appendicitis-0", "haberman-0", "haberman-2")


def published(name):
    """({labelled count: test samples predicted right}, test samples). The curves' accuracies are means of so many
    right or wrong answers, some with another last digit than the quotient."""
    with open(os.path.join(ORACLE, name + "-test.txt"), encoding="utf-8") as file:
        tests = len(file.read().split())
    with open(os.path.join(ORACLE, name + "-curve.csv"), encoding="utf-8") as file:
        return {int(row["labeled"]): right(row, tests) for row in csv.DictReader(file)}, tests


def right(row, tests):
    count = float(row["accuracy"]) * tests
    if not abs(count - round(count)) < 1e-9:
        raise AssertionError(f"{row} is no share of {tests} samples")
    return round(count)


class Margin(Case):
    def test_published_curves(self):
        text = "flipbench: 1\nname: margin-oracle\nseed: 0\ntrials: 1\nsettings:\n"
        for name in NAMES:
            text += SETTING.format(name=name, data=name.split("-")[0], oracle=ORACLE)
        spec = self.write("spec.yaml", text + "strategies: [margin]\n")
        self.fine("run", spec, "-o", self.path("out"))
        rows = export(self.path("out"), "rounds")
        for name in NAMES:
            curve, tests = published(name)
            found = {int(row["labeled"]): right(row, tests) for row in rows if row["setting"] == name}
            self.assertGreater(len(curve), 40)
            self.assertEqual(found, curve, name)


main()
