"""The strategy replay: a recorded run again, and what becomes of results when its file changes."""
import csv
import io
import unittest

from cli import Case, export, flipbench, main

SPEC = """flipbench: 1
name: recorded
seed: 5
trials: 2
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 400, test: 200, classes: 4, features: 6}
    network: mlp
    train: {epochs: 3}
    budget: {initial: 8, query: 6, rounds: 3, subpool: 100}
  - name: glyphs
    dataset: {format: synthetic, generator: glyphs, train: 200, test: 50}
    network: {name: mlp, hidden: [8]}
    train: {epochs: 1}
    budget: {initial: 10, query: 5, rounds: 2, subpool: 40}
strategies: STRATEGIES
"""
RECORDED = "[entropy, {use: ldm, stop: 2, label: 'LDM, short'}]"
NUMBERS = ("labeled", "accuracy", "balanced_accuracy", "macro_f1", "loss", "selected_sha256")
CHOICE = ("trial", "round", "rank", "sample", "label")


class Replay(Case):
    def record(self):
        """Runs the spec; writes its traces to a file, whose rows it returns."""
        self.fine("run", self.write("recorded.yaml", SPEC.replace("STRATEGIES", RECORDED)),
                  "-o", self.path("recorded"))
        text = self.fine("export", self.path("recorded"), "--what", "traces")
        self.write("traces.csv", text)
        return list(csv.DictReader(io.StringIO(text)))

    def spec(self, setting, parameters):
        """The spec with one setting and the strategy replay."""
        parts = SPEC.replace("STRATEGIES", f"[{{use: replay, {parameters}}}]").split("  - name: ")
        kept = [part for part in parts[1:] if part.startswith(setting)]
        tail = parts[-1][parts[-1].index("strategies:"):]
        text = parts[0] + "  - name: " + kept[0].split("strategies:")[0] + tail
        return self.write("replayed.yaml", text)

    def of(self, directory, what, setting, strategy, names):
        return [[row[name] for name in names] for row in export(directory, what)
                if row["setting"] == setting and row["strategy"] == strategy]

    def test_a_recorded_run_comes_again(self):
        self.record()
        for setting, strategy in (("blobs", "entropy"), ("blobs", "LDM, short"), ("glyphs", "entropy")):
            spec = self.spec(setting, f"file: traces.csv, setting: {setting}, strategy: '{strategy}'")
            out = self.path("again " + setting + strategy)
            self.fine("run", spec, "-o", out)
            for what, names in (("rounds", NUMBERS), ("traces", CHOICE)):
                wanted = self.of(self.path("recorded"), what, setting, strategy, names)
                self.assertTrue(wanted)
                self.assertEqual(self.of(out, what, setting, "replay", names), wanted)

    def test_a_plain_list_does_too(self):
        rows = [row for row in self.record() if (row["setting"], row["strategy"]) == ("blobs", "entropy")]
        self.write("list.csv", "trial,round,id\n" +
                   "".join(f"{row['trial']},{row['round']},{row['sample']}\n" for row in rows))
        self.fine("run", self.spec("blobs", "file: list.csv"), "-o", self.path("again"))
        self.assertEqual(self.of(self.path("again"), "traces", "blobs", "replay", CHOICE),
                         [[row[name] for name in CHOICE] for row in rows])

    def test_the_content_is_what_counts(self):
        rows = self.record()
        spec = self.spec("blobs", "file: traces.csv, setting: blobs, strategy: entropy")
        out = self.path("again")
        self.fine("run", spec, "-o", out)
        identity = export(out, "cells")[0]["identity"]
        self.assertRegex(identity, r'"file":"sha256:[0-9a-f]{64}"')
        self.assertNotIn("traces.csv", identity)
        before = export(out, "rounds")
        self.fine("run", spec, "-o", out)  # finished already
        self.assertEqual(export(out, "rounds"), before)
        keys = [cell["key"] for cell in export(out, "cells")]

        with open(self.path("traces.csv"), encoding="utf-8") as file:
            text = file.read()
        self.write("traces.csv", text + text.splitlines()[-1].replace(rows[-1]["trial"], "9", 1) + "\n")
        sentence = self.refused("run", spec, "-o", out)
        self.assertIn("stored here from another experiment: they differ in params", sentence)
        self.assertIn("sha256:", sentence)
        self.write("other.csv", text)  # another name does not matter
        spec = self.spec("blobs", "file: other.csv, setting: blobs, strategy: entropy")
        self.fine("run", spec, "-o", self.path("renamed"))
        self.assertEqual([cell["key"] for cell in export(self.path("renamed"), "cells")], keys)

    def test_refused_before_anything_runs(self):
        self.assertIn("give its path as the parameter 'file'",
                      self.refused("check", self.spec("blobs", "setting: blobs")))
        self.assertRegex(self.refused("check", self.spec("blobs", "file: none.csv")),
                         r"replayed.yaml:\d+:\d+: .*/none.csv")

    def test_a_faulty_line_is_named(self):
        self.write("list.csv", "trial,round,id\n0,0,12\n0,0,x\n")
        spec = self.spec("blobs", "file: list.csv")
        done = flipbench("run", spec, "-o", self.path("out"), "--trials", "0:1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("list.csv:3: 'x' is no number of a sample", done.stderr)


if __name__ == "__main__":
    main()
