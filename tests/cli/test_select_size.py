"""What a selection peaks at in memory."""
import os
import random
import subprocess

from cli import PROGRAM, Case, main, write_npy


class Size(Case):
    def peak(self, *arguments):
        """Runs flipbench; its output and its largest memory in bytes."""
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        print(f"# peak {usage.ru_maxrss / 1000:.0f} MB, {usage.ru_utime:.1f} s")
        return output, usage.ru_maxrss * 1024

    def test_ldm_s(self):
        rng = random.Random(0)
        n, d, classes, query = 4000, 512, 10, 400
        write_npy(self.path("p.npy"), (n, d), (max(0.0, rng.gauss(0, 1)) for _ in range(n * d)))
        write_npy(self.path("w.npy"), (d, classes), (rng.gauss(0, d**-0.5) for _ in range(d * classes)))
        write_npy(self.path("b.npy"), (classes,), [0.0] * classes)
        output, peak = self.peak(
            "select", "ldm-s", "--pool-embeddings", self.path("p.npy"), "--head-weights", self.path("w.npy"),
            "--head-bias", self.path("b.npy"), "--query", query, "--seed", 7)
        self.assertEqual(len(set(output.split())), query)
        self.assertLess(peak, 200 * 10**6)

    def test_bench_draws_what_is_asked_for(self):
        """Dropout passes and members, which margin does not ask for, would be 420 MB."""
        _, peak = self.peak("bench", "strategy", "margin", "--n", 100000, "--d", 16, "--seconds", 0.01)
        self.assertLess(peak, 60 * 10**6)

    def test_memory_grows_with_the_embeddings(self):
        """Less than twice as fast, and some numbers a sample."""
        d, sizes, peaks = 128, (100_000, 200_000), []
        for n in sizes:
            _, peak = self.peak("bench", "strategy", "ldm-s", "--n", n, "--d", d, "--query", 10,
                                "--seconds", 0.01, "--param", "draws=1")
            peaks.append(peak)
        each = (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
        print(f"# {each:.0f} bytes a sample, {4 * d} of them its embedding")
        self.assertLess(each, 8 * d + 400)


main()
