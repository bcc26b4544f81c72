"""flipbench select ldm-s at n = 4000, d = 512, C = 10, query 400 peaks under 200 MB of memory."""
import os
import random
import subprocess

from cli import PROGRAM, Case, main, write_npy

LIMIT = 200 * 10**6


class Size(Case):
    def test_peak_memory(self):
        rng = random.Random(0)
        n, d, classes, query = 4000, 512, 10, 400
        write_npy(self.path("p.npy"), (n, d), (max(0.0, rng.gauss(0, 1)) for _ in range(n * d)))
        write_npy(self.path("w.npy"), (d, classes), (rng.gauss(0, d**-0.5) for _ in range(d * classes)))
        write_npy(self.path("b.npy"), (classes,), [0.0] * classes)
        process = subprocess.Popen(
            [PROGRAM, "select", "ldm-s", "--pool-embeddings", self.path("p.npy"), "--head-weights",
             self.path("w.npy"), "--head-bias", self.path("b.npy"), "--query", str(query), "--seed", "7"],
            stdout=subprocess.PIPE, text=True)
        chosen = process.stdout.read().split()
        _, status, usage = os.wait4(process.pid, 0)
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(len(set(chosen)), query)
        print(f"# peak {usage.ru_maxrss / 1000:.0f} MB, {usage.ru_utime:.1f} s")
        self.assertLess(usage.ru_maxrss * 1024, LIMIT)


main()
