"""Strategies choose the same, and give the same scores to the bit, under every instruction set and number of threads;
what is not drawn is what others chose (tests/golden)."""
import os

from cli import ROOT, Case, flipbench, main

GOLDEN = os.path.join(ROOT, "tests", "golden")
ISAS = ("x86-64-v4", "x86-64-v3", "x86-64-v2", "aarch64", "generic")

# (strategy, what it is given besides the head, the file with the answer or "", whether it gives scores)
PASSES = ("--mc-probabilities", "mc_probabilities.npy", "--param", "passes=20")
CHOICES = (
    ("entropy", (), "entropy_top", True),
    ("margin", (), "margin_top", True),
    ("least-confidence", (), "least_confidence_top", True),
    ("bald", PASSES, "bald_top", True),
    ("mean-std", PASSES, "", True),
    ("var-ratio", PASSES, "", True),
    ("ensemble", ("--ensemble-probabilities", "mc_probabilities.npy", "--param", "members=20"), "", True),
    ("batch-bald", PASSES + ("--param", "samples=200"), "", False),
)


def integers(path):
    """The numbers of an .npy file of int32."""
    with open(path, "rb") as file:
        data = file.read()
    start = 10 + int.from_bytes(data[8:10], "little")
    if b"'<i4'" not in data[:start]:
        raise AssertionError(f"{path} does not hold int32")
    return [int.from_bytes(data[at:at + 4], "little") for at in range(start, len(data), 4)]


class Isa(Case):
    def choose(self, case, choice, isa, threads):
        """(rows, the bytes of the scores), or None where this machine lacks the instruction set."""
        strategy, given, answer, scored = choice
        folder = os.path.join(GOLDEN, case)
        files = [word for option in ("pool-embeddings", "head-weights", "head-bias")
                 for word in (f"--{option}", os.path.join(folder, option.replace("-", "_") + ".npy"))]
        more = [os.path.join(folder, word) if word.endswith(".npy") else word for word in given]
        out = ["--scores", self.path("scores.npy")] if scored else []
        query = len(integers(os.path.join(folder, answer + ".npy"))) if answer else 12
        done = flipbench("select", strategy, *files, *more, *out, "--query", query, "--threads", threads,
                         FLIPBENCH_ISA=isa)
        if done.returncode != 0 and "FLIPBENCH_ISA" in done.stderr:
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [int(line) for line in done.stdout.split()]
        if not scored:
            return rows, b""
        with open(self.path("scores.npy"), "rb") as file:
            return rows, file.read()

    def test_answers_do_not_depend_on_the_machine(self):
        for case in ("case-a", "case-c"):
            for choice in CHOICES:
                found = {isa: self.choose(case, choice, isa, 1) for isa in ISAS}
                first, *others = [answer for answer in found.values() if answer]
                self.assertGreaterEqual(len(others), 1, found)
                for answer in [*others, self.choose(case, choice, "generic", 3)]:
                    self.assertEqual(answer, first, (case, choice))
                if choice[2]:
                    self.assertEqual(first[0], integers(os.path.join(GOLDEN, case, choice[2] + ".npy")), choice)


main()
