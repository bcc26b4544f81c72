"""flipbench bench: what it prints, and what it refuses."""
import json

from cli import Case, flipbench, main

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
            done = flipbench("bench", "infer", "--network", network["name"], "--input", "12x12x1", "--classes",
                             "3", "--seconds", "0.01")
            self.assertEqual(done.returncode, 0, done.stderr)

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
                          ("train", "--input", "3x3"), ("train", "--input", "0x3x3"), ("train", "--batch", "0"),
                          ("train", "--seconds", "nan"), ("train", "--format", "xml")):
            done = flipbench("bench", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)


main()
