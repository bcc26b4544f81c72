"""flipbench bench: what it prints, and what it refuses."""
import json
import os

from cli import ROOT, Case, flipbench, main

QUICK = ("--network", "mlp", "--batch", "16", "--seconds", "0.01")


class Networks(Case):
    def test_text(self):
        self.assertRegex(
            self.fine("bench", "train", *QUICK),
            r"^train mlp, portable \([\w-]+\), batch 16: \d+(\.\d+)? images/s \(median of \d+ turns; .* to .*\)\n$")
        self.assertRegex(self.fine("bench", "infer", *QUICK, "--engine", "blas"),
                         r"^infer mlp, blas \([\w-]+\): \d+(\.\d+)? images/s ")

    def test_json(self):
        answer = json.loads(self.fine("bench", "train", *QUICK, "--format", "json"))
        self.assertEqual((answer["what"], answer["network"], answer["engine"], answer["batch"]),
                         ("train", "mlp", "portable", 16))
        self.assertGreater(answer["slowest"], 0)
        self.assertLessEqual(answer["slowest"], answer["images_per_second"])
        self.assertLessEqual(answer["images_per_second"], answer["fastest"])

    def test_every_network(self):
        for network in json.loads(self.fine("list", "networks", "--json")):
            for what in ("train", "infer"):
                self.fine("bench", what, "--network", network["name"], "--input", "6x6x1", "--classes", 3, "--batch",
                          4, "--seconds", "0.01")

    def test_threads(self):
        answer = json.loads(self.fine("bench", "train", *QUICK, "--threads", "2", "--format", "json"))
        self.assertEqual(answer["threads"], 2)

    def test_linear_is_solved(self):
        self.assertRegex(self.fine("bench", "train", "--network", "linear", "--seconds", "0.01"),
                         r"^train linear, .*, \d+ samples to convergence: ")

    def test_dropout_passes(self):
        answer = json.loads(self.fine("bench", "infer", "--network", "s-cnn", "--input", "8x8x1", "--passes", "3",
                                      "--seconds", "0.01", "--format", "json"))
        self.assertEqual(answer["passes"], 3)

    def test_refusals(self):
        for arguments, word in (
                (("train", "--network", "nosuch"), "nosuch"),
                (("train", "--input", "2x2x1"), "2 x 2"),
                (("infer", "--network", "mlp", "--passes", "3"), "dropout")):
            self.assertIn(word, self.refused("bench", *arguments))
        for arguments in ((), ("nosuch",), ("train", "infer"), ("train", "--passes", "3"),
                          ("train", "--input", "3x3"), ("train", "--threads", "0"), ("train", "--input", "0x3x3"), ("train", "--batch", "0"),
                          ("train", "--network", "mlp", "--batch", "2.5", "--seconds", "0.01"), ("train", "--batch", "5000"),
                          ("train", "--network", "mlp", "--classes", "3.5", "--seconds", "0.01"), ("infer", "--passes", "1.5"),
                          ("train", "--seconds", "nan"), ("train", "--format", "xml")):
            done = flipbench("bench", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)


class Strategies(Case):
    def test_text(self):
        self.assertRegex(
            self.fine("bench", "strategy", "ldm-s", "--n", 50, "--d", 4, "--classes", 3, "--query", 5, "--seconds",
                      "0.01"),
            r"^strategy ldm-s \([\w-]+\), n 50, d 4, 3 classes, query 5: [\d.]+ s \(median of \d+; [\d.]+ to [\d.]+\), "
            r"[\d.]+ samples/s\n$")

    def test_json(self):
        answer = json.loads(self.fine("bench", "strategy", "entropy", "--n", 50, "--d", 4, "--query", 5, "--seconds",
                                      "0.05", "--format", "json"))
        self.assertEqual((answer["strategy"], answer["n"], answer["d"], answer["classes"], answer["query"]),
                         ("entropy", 50, 4, 10, 5))
        self.assertGreater(answer["turns"], 1)
        self.assertLessEqual(answer["fastest"], answer["seconds"])
        self.assertLessEqual(answer["seconds"], answer["slowest"])
        self.assertAlmostEqual(answer["samples_per_second"] * answer["seconds"], 50)
        self.assertAlmostEqual(answer["selections_per_second"] * answer["seconds"], 1)
        self.assertEqual(answer["threads"], 1)

    def test_threads(self):
        answer = json.loads(self.fine("bench", "strategy", "entropy", "--n", 50, "--d", 4, "--query", 5, "--seconds",
                                      "0.01", "--threads", 3, "--format", "json"))
        self.assertEqual(answer["threads"], 3)
        done = flipbench("bench", "strategy", "entropy", "--threads", "257")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--threads 257: expected at most 256", done.stderr)

    def test_files(self):
        case = os.path.join(ROOT, "tests", "golden", "case-a")
        files = [word for name in ("pool-embeddings", "head-weights", "head-bias")
                 for word in ("--" + name, os.path.join(case, name.replace("-", "_") + ".npy"))]
        answer = json.loads(self.fine("bench", "strategy", "margin", *files, "--query", "15", "--seconds", "0.01",
                                      "--format", "json"))
        self.assertEqual((answer["n"], answer["d"], answer["classes"]), (300, 16, 5))
        done = flipbench("bench", "strategy", "margin", *files, "--n", "7", "--seconds", "0.01")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--n is the size of an array that is drawn", done.stderr)

    def test_refusals(self):
        for arguments, word in ((("nosuch",), "nosuch"), (("entropy", "--n", "5", "--query", "6"), "1 to 5"),
                                (("entropy", "--param", "nosuch=1"), "nosuch")):
            self.assertIn(word, self.refused("bench", "strategy", *arguments))
        for arguments in ((), ("entropy", "margin"), ("entropy", "--n", "0"), ("entropy", "--classes", "1"),
                          ("entropy", "--pool-embeddings", "p.npy"), ("entropy", "--labeled-labels", "y.npy"),
                          ("entropy", "--seconds", "-1"), ("entropy", "--format", "lines")):
            done = flipbench("bench", "strategy", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
        done = flipbench("bench", "--seconds", "1", "strategy", "ldm")
        self.assertEqual(done.returncode, 2)
        self.assertIn("strategy comes before the options", done.stderr)


main()
