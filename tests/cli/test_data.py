"""Data sets from files, and files that say which samples are the test set, validation and initial labels."""
import os
import random

from cli import Case, deterministic, export, main

SPEC = """flipbench: 1
name: data
trials: 2
settings:
  - name: s
    dataset: {format: libsvm, file: data.libsvm, test: {ids: test.txt}, standardize: train}
    validation: {ids: validation.txt}
    network: {name: mlp, hidden: [8]}
    train: {epochs: 3, keep: best-validation}
    budget: {initial: {ids: initial.txt}, query: 7, rounds: all}
strategies: [random, margin]
"""

TEST, VALIDATION, INITIAL = range(0, 20), range(20, 25), [90, 30, 60, 31]


def lines(values):
    return "".join(f"{value}\n" for value in values)


class Files(Case):
    def setUp(self):
        super().setUp()
        numbers = random.Random(3)
        rows = []
        for i in range(100):
            label = numbers.choice((-1, 1, 5))
            rows.append(f"{label} 1:{label + numbers.random():.4f} 3:{numbers.random():.4f}")
        self.write("data.libsvm", lines(rows))
        self.write("test.txt", lines(TEST))
        self.write("validation.txt", lines(VALIDATION))
        self.write("initial.txt", lines(INITIAL))
        self.spec = self.write("spec.yaml", SPEC)

    def test_roles_are_those_of_the_files_and_the_pool_runs_empty(self):
        out = self.path("out")
        self.fine("run", self.spec, "-o", out)
        counts, queried = {}, {}
        for row in export(out, "rounds"):
            self.assertEqual(row["validation_labels"], "5")
            counts.setdefault((row["strategy"], row["trial"]), []).append(int(row["labeled"]))
        for row in export(out, "traces"):
            queried.setdefault((row["strategy"], row["trial"]), []).append(int(row["sample"]))
        self.assertEqual(len(counts), 4)
        pool = set(range(100)) - set(TEST) - set(VALIDATION) - set(INITIAL)
        for cell, labeled in counts.items():
            self.assertEqual(labeled, [*range(4, 75, 7), 75])  # 71 in the pool: ten sevens and one
            self.assertEqual(sorted(queried[cell]), sorted(pool))

    def test_one_batch_may_be_larger_than_the_pool_when_all_is_asked_for(self):
        self.fine("run", self.spec, "-o", self.path("out"), "--set", "budget.query=500")
        labeled = {row["labeled"] for row in export(self.path("out"), "rounds")}
        self.assertEqual(labeled, {"4", "75"})
        self.assertIn("only 71 samples are unlabelled",
                      self.refused("check", self.spec, "--set", "budget.query=72",
                                   "--set", "budget.rounds=1"))

    def test_a_run_extended_to_all_is_the_whole_one(self):
        out, whole = self.path("out"), self.path("whole")
        self.fine("run", self.spec, "-o", whole)
        self.fine("run", self.spec, "-o", out, "--set", "budget.rounds=10")
        self.fine("run", self.spec, "-o", out)
        for what in ("rounds", "traces"):
            self.assertEqual(deterministic(out, what), deterministic(whole, what))

    def test_a_list_is_known_by_its_content(self):
        out = self.path("out")
        self.fine("run", self.spec, "-o", out)
        os.rename(self.path("initial.txt"), self.path("first.txt"))
        self.write("first.txt", "# another order\r\n" + "\r\n".join("60 31 30 90".split()))
        moved = self.write("spec.yaml", SPEC.replace("initial.txt", "first.txt"))
        self.assertIn("0 rounds computed", self.fine("run", moved, "-o", out))
        self.write("first.txt", lines([90, 30, 60, 32]))
        self.assertIn("differ in budget", self.refused("run", moved, "-o", out))

    def test_resolved_specs_run_from_elsewhere(self):
        one, two = self.path("one"), self.path("two")
        self.fine("run", self.spec, "-o", one)
        self.fine("run", os.path.join(one, "resolved.yaml"), "-o", two)
        for what in ("rounds", "traces"):
            self.assertEqual(deterministic(one, what), deterministic(two, what))

    def test_mistakes_in_lists_have_their_line(self):
        for name, content, words in (
                ("test.txt", "5\n100\n", "test.txt:2:1: there is no sample 100"),
                ("validation.txt", "5\n", "validation.txt:1: sample 5 is to be in the validation set"),
                ("initial.txt", "40\n41\n40\n", "initial.txt:3: sample 40 is repeated"),
                ("initial.txt", "forty\n", "initial.txt:1:1: expected the position"),
                ("data.libsvm", "1 1:0\n1 1:x\n", "data.libsvm:2:5: expected a number")):
            with open(self.path(name), encoding="utf-8") as file:
                good = file.read()
            self.write(name, content)
            sentence = self.refused("check", self.spec)
            self.assertIn(words, sentence)
            self.assertIn("spec.yaml:5:5: ", sentence)
            self.write(name, good)

    def test_files_that_are_no_plain_text_are_told_so(self):
        for start, words in ((b"\x1f\x8b\x08", "unpack it with gunzip"),
                             (b"\xef\xbb\xbf1 1:2\n", "byte order mark")):
            for name in ("data.libsvm", "initial.txt"):
                with open(self.path(name), "rb") as file:
                    before = file.read()
                with open(self.path(name), "wb") as file:
                    file.write(start + before)
                said = self.refused("check", self.spec)
                self.assertIn(name + ": the file", said)
                self.assertIn(words, said)
                with open(self.path(name), "wb") as file:
                    file.write(before)

    def test_nothing_is_asked_for_in_no_rounds(self):
        """A pool smaller than the query is fine as long as nothing is queried."""
        self.write("initial.txt", lines(range(25, 100)))
        self.fine("run", self.spec, "-o", self.path("out"), "--set", "budget.rounds=0")
        said = self.refused("check", self.spec, "--set", "budget.rounds=1")
        self.assertIn("only 0 samples are unlabelled", said)

    def test_augmentation_is_checked_against_the_samples(self):
        said = self.refused("check", self.spec, "--set", "train.augment.crop=2")
        self.assertIn("train.augment.crop is 2, but the samples are 1 x 1", said)
        said = self.refused("check", self.spec, "--set", "train.augment.flip=true")
        self.assertIn("train.augment.flip is for images", said)
        images = ("--set", "dataset={format: synthetic, generator: glyphs, train: 200}")
        self.fine("check", self.spec, *images, "--set", "train.augment={crop: 27, flip: true}")
        said = self.refused("check", self.spec, *images, "--set", "train.augment.crop=28")
        self.assertIn("crop is 28, but the samples are 28 x 28", said)

    def test_a_network_too_large_for_a_warm_start_is_refused_before_training(self):
        large = ("--set", "network={name: mlp, hidden: [8000, 6500]}")
        self.fine("check", self.spec, *large)
        said = self.refused("check", self.spec, *large, "--set", "train.start=warm")
        self.assertIn("'start: warm' stores the network's 52", said)

    def test_a_standardized_set_is_another_one(self):
        out = self.path("out")
        self.fine("run", self.spec, "-o", out)
        self.assertIn("differ in dataset", self.refused("run", self.spec, "-o", out, "--set",
                                                        "dataset.standardize=none"))


main()
