"""Every strategy chooses the same, bit for bit, under every instruction set and on any number of threads."""
import json
import os
import random
import tempfile

from cli import ROOT, Case, deterministic, flipbench, main, write_npy

ISAS = ("x86-64-v4", "x86-64-v3", "x86-64-v2", "aarch64", "generic")  # the best first
THREADS = (1, 2, 5)
CASE_A = os.path.join(ROOT, "tests", "golden", "case-a")

# Parameters of the strategies that have them: as many passes as there are, and less work elsewhere.
PARAMETERS_OF_SMALL = {"passes": 20, "samples": 200}
PARAMETERS_OF_LARGE = {"passes": 8, "members": 3, "draws": 3, "reference": 700, "samples": 80, "components": 8}
PARAMETERS_OF_RUN = {"passes": 8, "members": 3, "draws": 3, "samples": 400, "components": 8}

SPEC = """flipbench: 1
name: identical
seed: 11
trials: 1
settings:
  - name: glyphs
    dataset: {format: synthetic, generator: glyphs, train: 150, test: 40}
    network:
      layers: [{conv: 8, stride: 2, relu: true}, {dropout: 0.3}, {dense: 16, relu: true}, {dropout: 0.5}, dense]
    train: {epochs: 4, batch: 8, threads: 1}
    budget: {initial: 20, query: 6, rounds: 2, subpool: 60}
strategies: [STRATEGIES]
"""


def usable_isas():
    def refused(isa):
        return flipbench("bench", "strategy", "random", "--n", 2, "--d", 1, "--query", 1, "--seconds", "0.01",
                         FLIPBENCH_ISA=isa).returncode != 0
    return [isa for isa in ISAS if not refused(isa)]


def described_strategies():
    names = [row["name"] for row in json.loads(flipbench("list", "strategies", "--json").stdout)]
    return [json.loads(flipbench("info", "strategy", name, "--json").stdout) for name in names]


def parameters(strategy, values):
    """Those of the values that the strategy takes."""
    taken = {parameter["name"] for parameter in strategy["parameters"]}
    return {name: value for name, value in values.items() if name in taken}


def random_rows(rng, rows, width, scale=1.0):
    return [rng.gauss(0, scale) for _ in range(rows * width)]


def random_probabilities(rng, rows, classes):
    for _ in range(rows):
        weights = [rng.random()**4 for _ in range(classes)]
        yield from (weight / sum(weights) for weight in weights)


def small_arrays():
    names = ("pool-embeddings", "head-weights", "head-bias", "labeled-embeddings", "labeled-labels", "mc-probabilities")
    arrays = {name: os.path.join(CASE_A, name.replace("-", "_") + ".npy") for name in names}
    arrays["ensemble-probabilities"] = arrays["mc-probabilities"]
    return arrays


def large_arrays(folder):
    """So many rows that loops are cut into pieces and products into blocks."""
    rng = random.Random(1)
    n, d, classes, labeled = 3000, 64, 10, 150
    passes, members = PARAMETERS_OF_LARGE["passes"], PARAMETERS_OF_LARGE["members"]
    drawn = {
        "pool-embeddings": ((n, d), [max(0.0, x) for x in random_rows(rng, n, d)]),
        "head-weights": ((d, classes), random_rows(rng, d, classes, d**-0.5)),
        "head-bias": ((classes,), random_rows(rng, 1, classes)),
        "labeled-embeddings": ((labeled, d), [max(0.0, x) for x in random_rows(rng, labeled, d)]),
        "mc-probabilities": ((passes, n, classes), random_probabilities(rng, passes * n, classes)),
        "ensemble-probabilities": ((members, n, classes), random_probabilities(rng, members * n, classes)),
    }
    arrays = {name: os.path.join(folder, name + ".npy") for name in (*drawn, "labeled-labels")}
    for name, (shape, values) in drawn.items():
        write_npy(arrays[name], shape, values)
    write_npy(arrays["labeled-labels"], (labeled,), (i % classes for i in range(labeled)), "i")
    return arrays


class Selections(Case):
    """Two tests for each strategy, which `add_tests` makes."""
    isas = usable_isas()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.small = small_arrays()
        cls.large = large_arrays(folder.name)

    def choose(self, strategy, arrays, query, repeat, values, isa, threads):
        """All that a selection says: the chosen rows, what was recorded, and the scores."""
        self.write("list.csv", "trial,round,id\n" + "".join(f"0,0,{3 * row}\n" for row in range(query)))
        given = parameters(strategy, {"file": self.path("list.csv"), **values})
        words = [word for name, path in arrays.items() for word in ("--" + name, path)]
        words += [word for name, value in given.items() for word in ("--param", f"{name}={value}")]
        scores = self.path("scores.npy")
        if strategy["score"]:
            words += ["--scores", scores]
        chosen = self.fine("select", strategy["id"], *words, "--query", query, "--threads", threads, "--repeat", repeat,
                           "--format", "json", FLIPBENCH_ISA=isa)
        if not strategy["score"]:
            return chosen
        with open(scores, "rb") as file:
            return chosen, file.read()

    def check(self, ways, *what):
        first, *others = ways
        wanted = self.choose(*what, *first)
        for way in others:
            self.assertEqual(self.choose(*what, *way), wanted, f"{way[0]}, {way[1]} threads")

    def test_the_machine_has_the_plain_one(self):
        self.assertIn("generic", self.isas)


def add_tests(strategy):
    name = strategy["id"].replace("-", "_")
    best = Selections.isas[0]

    def small(self):
        ways = [(isa, threads) for isa in self.isas for threads in THREADS]
        self.check(ways, strategy, self.small, 20, 2, PARAMETERS_OF_SMALL)

    def large(self):
        ways = [(best, threads) for threads in THREADS] + [(isa, 2) for isa in self.isas[1:]]
        self.check(ways, strategy, self.large, 40, 1, PARAMETERS_OF_LARGE)

    setattr(Selections, f"test_small_{name}", small)
    setattr(Selections, f"test_large_{name}", large)


class Runs(Case):
    def test_all_strategies(self):
        """Rounds and traces of a run, with services from a network that is trained."""
        first = self.write("first.yaml", SPEC.replace("STRATEGIES", "random"))
        self.fine("run", first, "-o", self.path("first"))
        self.write("traces.csv", self.fine("export", self.path("first"), "--what", "traces"))
        wanted = []
        for strategy in STRATEGIES:
            given = {"use": strategy["id"], **parameters(strategy, {"file": "traces.csv", **PARAMETERS_OF_RUN})}
            wanted.append("{%s}" % ", ".join(f"{name}: {value}" for name, value in given.items()))
        spec = self.write("spec.yaml", SPEC.replace("STRATEGIES", ", ".join(wanted)))
        isas = Selections.isas
        for out, isa, threads in (("one", isas[0], 1), ("other", isas[-1], 2)):
            self.fine("run", spec, "-o", self.path(out), "--set", f"train.threads={threads}", FLIPBENCH_ISA=isa)
        for what in ("rounds", "traces"):
            self.assertEqual(deterministic(self.path("one"), what), deterministic(self.path("other"), what))


STRATEGIES = described_strategies()
for described in STRATEGIES:
    add_tests(described)
main()
