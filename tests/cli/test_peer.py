"""tests/bench/peer.py: how it makes ratios and verdicts of turns, and what it does without peers."""
import json
import os
import subprocess
import sys

from cli import PROGRAM, ROOT, Case, main

SCRIPT = os.path.join(ROOT, "tests", "bench", "peer.py")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(SCRIPT))
import peer  # noqa: E402 - its folder is known only now


class Statistics(Case):
    def test_ratios_are_of_neighbouring_turns(self):
        # the machine slows down by half: the ratio of the medians would be 2.5
        median, low, high = peer.ratio_summary([40, 30, 20, 9], [20, 10, 10, 4])
        self.assertEqual((median, low, high), (2.125, 2, 3))
        self.assertEqual(peer.ratio_summary([6], [4]), (1.5, 1.5, 1.5))

    def test_turns_must_pair(self):
        for ours, theirs in (([], []), ([1, 2], [1])):
            with self.assertRaises(ValueError):
                peer.ratio_summary(ours, theirs)

    def test_a_floor_is_reached_by_the_median(self):
        def row(floor):
            return peer.make_row("train", "images/s", [4, 8, 6], "PyTorch", [2, 2, 2], floor, None)
        self.assertEqual([row(3)["reached"], row(3.1)["reached"], row(None)["reached"]], [True, False, None])
        self.assertEqual((row(3)["ours"], row(3)["peer_speed"]), (6, 2))
        self.assertEqual((row(3)["ratio"], row(3)["ratio_min"], row(3)["ratio_max"]), (3, 2, 4))

    def test_the_table(self):
        rows = [peer.make_row("train mlp", "images/s", [1634567.8], "PyTorch", [222000], 8, 12),
                peer.make_row("strategy ldm", "selections/s", [0.17856], "NumPy", [0.036], 4.5, 8),
                peer.make_row("other", "things/s", [1], "none", [1], None, None)]
        self.assertEqual(peer.format_table(rows).splitlines(), [
            "name          unit          ours     peer     peer's  ratio  range         floor  reached",
            "train mlp     images/s      1634568  PyTorch  222000  7.36   [7.36..7.36]  8      no",
            "strategy ldm  selections/s  0.1786   NumPy    0.036   4.96   [4.96..4.96]  4.5    yes",
            "other         things/s      1        none     1       1.00   [1.00..1.00]  -      -"])


class Command(Case):
    def run_it(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, PROGRAM, *arguments], text=True, capture_output=True)

    def test_without_pytorch_it_says_so(self):
        without = self.write("python", "#!/bin/sh\nexit 1\n")
        os.chmod(without, 0o755)
        done = self.run_it("--python", without, "--only", "train s-cnn", "--json", self.path("rows.json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "skipped: train s-cnn: no interpreter has PyTorch\n")
        with open(self.path("rows.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), {"rows": [], "skipped": [done.stdout.strip()], "failed": []})

    def test_a_peer_that_breaks_is_a_failure(self):
        breaks = self.write("python", '#!/bin/sh\n[ "$1" = -c ] && exit 0\nexit 1\n')
        os.chmod(breaks, 0o755)
        done = self.run_it("--python", breaks, "--only", "train mlp")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "^failed: train mlp: .* ended early\n$")

    def test_turns_alternate(self):
        log = self.path("log")
        fake = self.write("python", f"""#!/bin/sh
[ "$1" = -c ] && exit 0
echo Fake 1
while read -r seconds; do echo "$seconds" >> {log}; echo 1000; done
""")
        os.chmod(fake, 0o755)
        done = self.run_it("--python", fake, "--only", "train mlp", "--rounds", "3", "--seconds", "0.01")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"train mlp  images/s  \d+ +Fake 1  1000 ")
        with open(log, encoding="utf-8") as file:
            self.assertEqual(file.read(), "0.01\n" * 3)


main()
