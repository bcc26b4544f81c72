#!/usr/bin/env python3
"""flipbench beside what one would otherwise use, in alternating turns on the same core.

usage: peer.py FLIPBENCH [--python PATH]... [--only NAME]... [--rounds N] [--seconds S] [--core K] [--json FILE]

A machine's speed drifts, so only ratios of neighbouring turns count: for each round, ours and then each peer
run for some seconds on one core with one thread, and the median of the rounds' ratios is held against the
floor. The peers are PyTorch (peer_torch.py) and NumPy (peer_numpy.py) of every interpreter named that has
them; without --python, those of /usr/bin/python3 and of the python3 on PATH. Where n workers on n cores are
measured, the peer is one worker of ours. The exit status is 0 whatever the ratios, 1 when something failed
to run."""
import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))

# PyTorch's buffers stay in the process instead of being returned and faulted in again at every step.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
               "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000",
               "MALLOC_TOP_PAD_": "268435456"}


# ---- numbers -------------------------------------------------------------------------------------

def ratio_summary(ours, peer):
    """(median, smallest, largest) of the ratios of turns that ran beside each other."""
    if not ours or len(ours) != len(peer):
        raise ValueError(f"{len(ours)} turns of ours, {len(peer)} of the peer's")
    ratios = [a / b for a, b in zip(ours, peer)]
    return statistics.median(ratios), min(ratios), max(ratios)


def make_row(name, unit, ours, peer_label, peer, floor, stretch):
    """One line of the answer from the speeds of the turns; `reached` is None without a floor."""
    median, low, high = ratio_summary(ours, peer)
    return {"name": name, "unit": unit, "ours": statistics.median(ours), "peer": peer_label,
            "peer_speed": statistics.median(peer), "ratio": median, "ratio_min": low, "ratio_max": high,
            "floor": floor, "stretch": stretch, "reached": None if floor is None else median >= floor}


def number(value):
    """About four digits."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def format_table(rows):
    """The rows as aligned text with a header."""
    lines = [("name", "unit", "ours", "peer", "peer's", "ratio", "range", "floor", "reached")]
    for row in rows:
        lines.append((
            row["name"], row["unit"], number(row["ours"]), row["peer"], number(row["peer_speed"]),
            f"{row['ratio']:.2f}", f"[{row['ratio_min']:.2f}..{row['ratio_max']:.2f}]",
            "-" if row["floor"] is None else f"{row['floor']:g}",
            {None: "-", True: "yes", False: "no"}[row["reached"]]))
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


# ---- sides: something that runs for some seconds and says how fast it was -------------------------

def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


class Program:
    """flipbench bench, started anew for each turn, on one core or once on each of several."""
    label = "flipbench"

    def __init__(self, flipbench, arguments, field, cores):
        self.command = [flipbench, "bench", *arguments, "--format", "json"]
        self.field, self.cores = field, cores

    def turn(self, seconds):
        command = [*self.command, "--seconds", str(seconds)]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(core),
                                    env={**os.environ, **ENVIRONMENT}) for core in self.cores]
        answers = [process.communicate()[0] for process in running]
        if any(process.returncode for process in running):
            raise RuntimeError(f"{' '.join(command)} failed")
        return sum(json.loads(answer)[self.field] for answer in answers)

    def close(self):
        pass


class Script:
    """A Python peer, started once; it waits while others have their turn."""

    def __init__(self, python, script, arguments, core):
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, script), *map(str, arguments)], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=pinned(core), env={**os.environ, **ENVIRONMENT})
        self.label = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self.process.args)} ended early")
        return line.strip()

    def turn(self, seconds):
        print(seconds, file=self.process.stdin, flush=True)
        return float(self.answer())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Run:
    """flipbench run with so many workers: cells a second, the start and the data included."""
    CELLS = 4
    SPEC = f"""flipbench: 1
name: workers
trials: {CELLS}
settings:
  - name: glyphs
    dataset: {{format: synthetic, generator: glyphs, train: 3000, test: 100}}
    network: s-cnn
    train: {{epochs: 2}}
    budget: {{initial: 2000, query: 10, rounds: 1, subpool: 100}}
strategies: [random]
"""

    def __init__(self, flipbench, workers, folder):
        self.flipbench, self.workers, self.folder = flipbench, workers, folder
        self.label = f"{workers} worker{'s' if workers > 1 else ''}"
        self.spec = os.path.join(folder, "spec.yaml")
        with open(self.spec, "w", encoding="utf-8") as file:
            file.write(self.SPEC)

    def turn(self, seconds):
        del seconds  # a run takes as long as it takes
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            begin = time.monotonic()
            subprocess.run([self.flipbench, "run", self.spec, "-o", os.path.join(out, "run"),
                            f"-j{self.workers}"], check=True, stdout=subprocess.DEVNULL)
            return self.CELLS / (time.monotonic() - begin)

    def close(self):
        pass


# ---- what is measured ----------------------------------------------------------------------------

@dataclass
class Measurement:
    name: str
    floor: float
    stretch: float
    needs: tuple      # ("networks" or "strategies", name): what flipbench must offer
    unit: str
    open_sides: object  # function of (context, folder) to [ours, peer, ...]
    rounds: int = 0   # at most; 0: as many as asked for


@dataclass
class Context:
    flipbench: str
    torch: list   # interpreters
    numpy: list
    cores: list   # the last one does the one-core work

    @property
    def core(self):
        return self.cores[-1]


def network(what, name, batch, floor, stretch, rounds=0):
    def open_sides(context, folder):
        del folder
        ours = Program(context.flipbench, [what, "--network", name, "--batch", str(batch)],
                       "images_per_second", [context.core])
        return [ours] + [Script(python, "peer_torch.py", [what, name, batch], context.core)
                         for python in context.torch]
    return Measurement(f"{what} {name}", floor, stretch, ("networks", name), "images/s", open_sides, rounds)


def workers(name):
    def open_sides(context, folder):
        del folder
        arguments = ["train", "--network", name]
        one = Program(context.flipbench, arguments, "images_per_second", [context.core])
        one.label = "1 worker"
        return [Program(context.flipbench, arguments, "images_per_second", context.cores), one]
    return Measurement(f"workers {name}", None, None, ("networks", name), "images/s", open_sides)


def run_workers():
    def open_sides(context, folder):
        return [Run(context.flipbench, len(context.cores), folder), Run(context.flipbench, 1, folder)]
    return Measurement("workers run", None, None, ("networks", "s-cnn"), "cells/s", open_sides, 3)


def strategy(name, query, floor, stretch, options=(), rounds=3, peer=None):
    """Ours selects from the arrays that the peer has written."""
    peer = peer or name

    def open_sides(context, folder):
        peers = [Script(python, "peer_numpy.py", [peer, folder], context.core)
                 for python in context.numpy[:1]]
        files = [word for option in ("pool-embeddings", "head-weights", "head-bias", *options)
                 for word in (f"--{option}", os.path.join(folder, option + ".npy"))]
        ours = Program(context.flipbench, ["strategy", name, "--query", str(query), *files],
                       "selections_per_second", [context.core])
        return [ours, *peers]
    return Measurement(f"strategy {peer}", floor, stretch, ("strategies", name), "selections/s", open_sides,
                       rounds)


def dropout_passes():
    """4,000 samples through 100 passes; ours in images/s, the peer's passes over its 4,000 converted to it."""
    samples, passes = 4000, 100

    class Passes(Script):
        def turn(self, seconds):
            return super().turn(seconds) * samples / passes

    def open_sides(context, folder):
        ours = Program(context.flipbench, ["infer", "--network", "s-cnn", "--batch", str(samples),
                                           "--passes", str(passes)],
                       "images_per_second", [context.core])
        return [ours] + [Passes(python, "peer_numpy.py", ["bald", folder], context.core)
                         for python in context.numpy[:1]]
    return Measurement("strategy bald", 10, 30, ("networks", "s-cnn"), "images/s", open_sides, 3)


# Floors and stretches: see docs/performance.md.
MEASUREMENTS = [
    network("train", "s-cnn", 32, 3, 4.5),
    network("train", "k-cnn", 64, 2.5, 3.8),
    network("train", "mlp", 64, 8, 12),
    network("infer", "s-cnn", 256, 3, 4),
    network("infer", "k-cnn", 256, 2, 3),
    workers("s-cnn"),
    workers("k-cnn"),
    run_workers(),
    *(strategy(name, 10, 1, None) for name in ("entropy", "margin", "least-confidence")),
    *(strategy(name, 10, 1, None, ["mc-probabilities"]) for name in ("mean-std", "var-ratio")),
    strategy("bald", 10, 1, None, ["mc-probabilities"], peer="bald-given"),
    strategy("batch-bald", 6, 1, None, ["mc-probabilities"]),
    strategy("ldm", 400, 4.5, 8),
    strategy("badge", 400, 1.5, 4),
    strategy("coreset", 400, 3, 5, ["labeled-embeddings"]),
    dropout_passes(),
    strategy("bait", 10, 20, 100, ["labeled-embeddings", "labeled-labels"]),
    strategy("typiclust", 400, 1, None, ["labeled-embeddings"]),
    strategy("probcover", 400, 1, None, ["labeled-embeddings"]),
    strategy("cluster-margin", 400, 1, None),
    network("train", "resnet-18", 128, 1.3, 1.8, rounds=3),
    network("train", "wrn-16-8", 128, 1.3, 1.8, rounds=3),
]


def offered(flipbench, kind):
    """Names that flipbench list gives."""
    done = subprocess.run([flipbench, "list", kind, "--json"], check=True, capture_output=True, text=True)
    return {entry.get("id", entry.get("name")) for entry in json.loads(done.stdout)}


def measure(measurement, context, rounds, seconds):
    """Rows: ours beside each peer."""
    rounds = min(rounds, measurement.rounds or rounds)
    with tempfile.TemporaryDirectory(prefix="flipbench-peer-") as folder, contextlib.ExitStack() as stack:
        sides = measurement.open_sides(context, folder)
        for side in sides:
            stack.callback(side.close)
        speeds = [[] for _ in sides]
        for _ in range(rounds):
            for side, turns in zip(sides, speeds):
                turns.append(side.turn(seconds))
    floor, stretch = measurement.floor, measurement.stretch
    if measurement.name.startswith("workers"):
        floor, stretch = .9 * len(context.cores), .97 * len(context.cores)
    return [make_row(measurement.name, measurement.unit, speeds[0], side.label, turns, floor, stretch)
            for side, turns in zip(sides[1:], speeds[1:])]


# ---- the command ---------------------------------------------------------------------------------

def imports(python, module):
    return subprocess.run([python, "-c", f"import {module}"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def default_pythons():
    found = ["/usr/bin/python3", shutil.which("python3")]
    return list({os.path.realpath(path): path for path in found if path and os.path.exists(path)}.values())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("flipbench", help="the program, of a release build")
    parser.add_argument("--python", action="append", metavar="PATH", help="an interpreter with the peers")
    parser.add_argument("--only", action="append", metavar="NAME", help="measurements whose names contain this")
    parser.add_argument("--rounds", type=int, default=5, help="at most so many (default 5)")
    parser.add_argument("--seconds", type=float, default=1.5, help="a turn (default 1.5)")
    parser.add_argument("--core", type=int, help="the core for one-core work (default: the last one)")
    parser.add_argument("--json", metavar="FILE", help="write the rows there too")
    return parser.parse_args()


def make_context(arguments):
    pythons = arguments.python or default_pythons()
    cores = sorted(os.sched_getaffinity(0))
    if arguments.core is not None:
        cores = [core for core in cores if core != arguments.core] + [arguments.core]
    return Context(os.path.abspath(arguments.flipbench),
                   [python for python in pythons if imports(python, "torch")],
                   [python for python in pythons if imports(python, "numpy")], cores)


def lacking(measurement, context, known):
    """Why a measurement cannot be made here; "" when it can."""
    kind, name = measurement.needs
    if name not in known[kind]:
        return f"flipbench has no {name}"
    if measurement.name.startswith("workers"):
        return "" if len(context.cores) > 1 else "one core only"
    if measurement.name.startswith("strategy"):
        return "" if context.numpy else "no interpreter has NumPy"
    return "" if context.torch else "no interpreter has PyTorch"


def main():
    arguments = parse_arguments()
    context = make_context(arguments)
    known = {kind: offered(context.flipbench, kind) for kind in ("networks", "strategies")}
    rows, skipped, failed = [], [], []
    for measurement in MEASUREMENTS:
        if arguments.only and not any(word in measurement.name for word in arguments.only):
            continue
        reason = lacking(measurement, context, known)
        if reason:
            skipped.append(f"skipped: {measurement.name}: {reason}")
            continue
        print(f"measuring {measurement.name}", file=sys.stderr, flush=True)
        try:
            rows += measure(measurement, context, arguments.rounds, arguments.seconds)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            failed.append(f"failed: {measurement.name}: {error}")
    for line in [format_table(rows)] * bool(rows) + skipped + failed:
        print(line)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"rows": rows, "skipped": skipped, "failed": failed}, file, indent=1)
            file.write("\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
