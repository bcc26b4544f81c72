"""What a run and a selection give to strategies: ensembles, feature files, representations."""
import os
import shutil

from cli import BROKEN, Case, deterministic, export, flipbench, main, write_npy

SPEC = """flipbench: 1
name: services
seed: 3
trials: 1
settings:
  - name: glyphs
    dataset: {format: synthetic, generator: glyphs, train: 120, test: 20}
    network: s-cnn
    train: {epochs: 1}
    budget: {initial: 10, query: 5, rounds: 3, subpool: 30}
strategies:
  - {use: services, members: 3, passes: 9, representation: network}
"""
PLUGIN = os.path.join(BROKEN, "services.so")
FEATURES = "settings.0.features="
KIND = "strategies=[{use: services, members: 3, passes: 9, representation: %s}]"


class Run(Case):
    def setUp(self):
        super().setUp()
        self.spec = self.write("spec.yaml", SPEC)
        self.features = self.path("features.npy")
        write_npy(self.features, (120, 3), (float(j or i) for i in range(120) for j in range(3)))

    def run_spec(self, out, *more):
        return self.fine("run", self.spec, "-o", self.path(out), "--plugin", PLUGIN, *more)

    def records(self, out):
        return {(row["round"], row["name"]): row["value"] for row in export(self.path(out), "records")}

    def test_every_service_and_the_same_after_a_stop(self):
        """The plugin checks what it gets; an ensemble that is trained after a stop is the same."""
        self.run_spec("whole")
        self.run_spec("parts", "--set", "budget.rounds=1")
        self.run_spec("parts", "--set", "budget.rounds=2")
        self.run_spec("parts")
        records = self.records("whole")
        self.assertIn(("2", "ensemble_probabilities"), records)
        self.assertNotEqual(records["0", "ensemble_probabilities"],
                            records["1", "ensemble_probabilities"])
        self.assertEqual(records, self.records("parts"))
        for what in ("rounds", "traces"):
            self.assertEqual(deterministic(self.path("whole"), what),
                             deterministic(self.path("parts"), what))

    def test_members_count_as_service_time(self):
        self.run_spec("out", "--set", "train.epochs=4")
        row = export(self.path("out"), "rounds")[0]
        self.assertGreater(float(row["service_seconds"]), float(row["train_seconds"]))
        self.assertLess(float(row["query_seconds"]), float(row["service_seconds"]))

    def test_loops_have_the_trainers_threads(self):
        spec = ("run", self.spec, "--plugin", os.path.join(BROKEN, "loop.so"), "--set", "strategies=[loop]", "-o")
        for out, cut, more in (("one", False, ()), ("two", True, ("--set", "settings.0.train.threads=2"))):
            self.fine(*spec, self.path(out), *more)
            self.assertEqual(float(self.records(out)["0", "pieces"]) > 1, cut)

    def test_representations(self):
        for kind, more in (("inputs", ()), ("features", ("--set", FEATURES + self.features))):
            self.run_spec(kind, "--set", KIND % kind, *more)
        records = self.records("features")
        self.assertNotEqual(records["0", "representation"], self.records("inputs")["0", "representation"])

    def test_features_are_part_of_the_identity(self):
        """By their content: the same numbers under another name are the same cells."""
        with_features = ("run", self.spec, "-o", self.path("out"), "--plugin", PLUGIN, "--set")
        self.run_spec("plain")
        self.run_spec("out", "--set", FEATURES + self.features)
        copy = self.path("copy.npy")
        shutil.copy(self.features, copy)
        self.assertIn("0 rounds computed", self.fine(*with_features, FEATURES + copy))
        write_npy(copy, (120, 3), [1.0] * 360)
        self.assertIn("they differ in features", self.refused(*with_features, FEATURES + copy))
        for out, named in (("plain", False), ("out", True)):
            [cell] = export(self.path(out), "cells")
            self.assertEqual('"features":' in cell["identity"], named)

    def test_feature_files_are_checked(self):
        def reason(*more):
            return self.refused("run", self.spec, "-o", self.path("out"), "--plugin", PLUGIN, *more)

        said = reason("--set", KIND % "features")
        self.assertIn("setting 'glyphs' names no feature file", said)
        said = reason("--set", FEATURES + self.path("none.npy"))
        self.assertIn("none.npy", said)
        write_npy(self.features, (119, 3), [0.0] * 357)
        said = reason("--set", FEATURES + self.features)
        self.assertIn("features.npy has the shape (119, 3); expected (120, width)", said)
        write_npy(self.features, (120, 3), [0.0] * 350 + [float("nan")] + [0.0] * 9)
        said = reason("--set", FEATURES + self.features)
        self.assertIn("features.npy holds nan in row 116, column 2", said)

    def test_an_ensemble_of_one_optimum_is_refused(self):
        said = self.refused("run", self.spec, "-o", self.path("out"), "--plugin", PLUGIN, "--set",
                            "settings.0.network=linear", "--set", "settings.0.train={}")
        self.assertIn("'services' needs networks that differ", said)

    def test_the_time_limit_holds_for_members_too(self):
        fast = ("--set", "settings.0.network=mlp", "--set", "limits.seconds=4", "--set",
                "train.epochs=300", "--set", "strategies=[{use: services, members: 100, passes: 0}]")
        done = flipbench("run", self.spec, "-o", self.path("out"), "--plugin", PLUGIN, *fast)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        [cell] = export(self.path("out"), "cells")
        self.assertIn("not finished within 4 s", cell["failure"])
        self.assertIn("phase 'ensemble'", cell["failure"])


class Select(Case):
    N, M, D, CLASSES, MEMBERS = 12, 4, 3, 2, 3

    def setUp(self):
        super().setUp()
        n, m, d, classes = self.N, self.M, self.D, self.CLASSES
        for name, shape, values in (
                ("p", (n, d), [i / 7 for i in range(n * d)]),
                ("w", (d, classes), [0.1 * i for i in range(d * classes)]),
                ("b", (classes,), [0.0, 0.5]),
                ("l", (m, d), [i / 5 for i in range(m * d)]),
                ("members", (self.MEMBERS, n, classes), [0.5] * (self.MEMBERS * n * classes)),
                ("x", (n, 2), [float(i // 2) for i in range(2 * n)]),
                ("lx", (m, 2), [float(n + i // 2) for i in range(2 * m)])):
            write_npy(self.path(name + ".npy"), shape, values)

    def options(self, **files):
        return [word for name, file in files.items()
                for word in ("--" + name.replace("_", "-"), self.path(file + ".npy"))]

    def select(self, *more, **files):
        files = {"pool_embeddings": "p", "head_weights": "w", "head_bias": "b",
                 "labeled_embeddings": "l", **files}
        return ("select", "ask", "--plugin", os.path.join(BROKEN, "ask.so"), "--query", "1",
                *self.options(**files), *more)

    def test_files_stand_for_services(self):
        stack = ("--param", "service=ensemble_probabilities")
        said = self.fine(*self.select(*stack, "--param", "count=2", "--format", "json",
                                      ensemble_probabilities="members"))
        self.assertIn('"shape_0": 2.0', said)
        said = self.fine(*self.select(*stack, "--format", "json", ensemble_probabilities="members"))
        self.assertIn('"shape_0": 3.0', said)
        for service, rows, first in (("representation", 12, 0), ("labeled_representation", 4, 12)):
            said = self.fine(*self.select("--param", "service=" + service, "--param", "kind=features",
                                          "--format", "json", representation="x",
                                          labeled_representation="lx"))
            self.assertIn(f'"shape_0": {rows}.0', said)
            self.assertIn(f'"first": {first}.0', said)

    def test_threads_of_loops(self):
        for threads, pieces in ((1, 1), (2, 16), (100, 100)):  # of at least 10 items of 1000
            said = self.fine("select", "loop", "--plugin", os.path.join(BROKEN, "loop.so"), "--query", 1, "--threads",
                             threads, "--format", "json",
                             *self.options(pool_embeddings="p", head_weights="w", head_bias="b"))
            self.assertIn(f'"pieces": {pieces}.0', said)

    def test_missing_files_are_named(self):
        def reason(service, *more, **files):
            return self.refused(*self.select("--param", "service=" + service, *more, **files))

        self.assertIn("--ensemble-probabilities FILE.npy", reason("ensemble_probabilities"))
        self.assertIn("members.npy has 3; ask for fewer with --param members=3",
                      reason("ensemble_probabilities", "--param", "count=4",
                             ensemble_probabilities="members"))
        inputs = ("--param", "kind=inputs")
        self.assertIn("samples by their inputs; give them with --representation FILE.npy",
                      reason("representation", *inputs))
        self.assertIn("--labeled-representation FILE.npy",
                      reason("labeled_representation", *inputs, representation="x"))
        self.assertIn("network, inputs or features, not ''", reason("representation"))

    def test_shapes_are_checked(self):
        def reason(**files):
            return self.refused(*self.select(**files))

        self.assertIn("members.npy has the shape (3, 12, 2); expected (12, width)",
                      reason(representation="members"))
        self.assertIn("p.npy has the shape (12, 3); expected (members, 12, 2)",
                      reason(ensemble_probabilities="p"))
        self.assertIn("l.npy has the shape (4, 3); expected (4, 2), as wide as",
                      reason(representation="x", labeled_representation="l"))
        self.assertIn("needs --representation", reason(labeled_representation="lx"))

    def test_stacks_hold_probabilities(self):
        n, classes = self.N, self.CLASSES
        for odd, text in (([0.5, 0.4], "do not add up to 1"), ([1.2, -0.2], "are negative")):
            values = [0.25, 0.75] * (2 * n - 1) + odd
            write_npy(self.path("odd.npy"), (2, n, classes), values)
            for option in ("ensemble_probabilities", "mc_probabilities"):
                self.assertIn(f"odd.npy holds numbers that {text} in row 11 of layer 1; expected probabilities",
                              self.refused(*self.select(**{option: "odd"})))


main()
