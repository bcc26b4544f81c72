"""Query strategies as one would write them in NumPy: the side that peer.py measures ours against.

usage: peer_numpy.py STRATEGY FOLDER     writes the inputs to FOLDER as .npy files for ours, then answers
                                         each line "SECONDS" on stdin by selections/s

The sizes are those of the floors; inputs are of no particular meaning. One thread: the caller sets that."""
import os
import statistics
import sys
import time

import numpy as np


def rectified(rng, *shape):
    """Embeddings as a ReLU leaves them."""
    return np.maximum(rng.standard_normal(shape, dtype=np.float32), 0)


def head(rng, d, classes):
    weights = rng.standard_normal((d, classes), dtype=np.float32) / np.float32(d ** .5)
    return {"head-weights": weights, "head-bias": np.zeros(classes, np.float32)}


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def probabilities(inputs):
    return softmax(inputs["pool-embeddings"] @ inputs["head-weights"] + inputs["head-bias"])


class Ldm:
    """The least disagree metric of all samples, by perturbed heads (Cho 2024); the smallest are chosen."""
    query = 400

    @staticmethod
    def inputs(rng):
        return {"pool-embeddings": rectified(rng, 4000, 512), **head(rng, 512, 10)}

    @staticmethod
    def select(inputs, rng):
        x, w, b = (inputs[name] for name in ("pool-embeddings", "head-weights", "head-bias"))
        label = (x @ w + b).argmax(1)
        least = np.ones(len(x), np.float32)
        for k in range(51):
            sd, idle = np.float32(10 ** (-5 + k / 10)), 0
            while idle < 10:
                noisy_w = w + sd * rng.standard_normal(w.shape, dtype=np.float32)
                noisy_b = b + sd * rng.standard_normal(b.shape, dtype=np.float32)
                flipped = (x @ noisy_w + noisy_b).argmax(1) != label
                share = np.float32(flipped.mean())
                lower = flipped & (least > share)
                least[lower] = share
                idle = 0 if lower.any() else idle + 1
        return np.argsort(least, kind="stable")[:Ldm.query]


class Badge:
    """k-means++ on gradient embeddings a (x) h, kept as their two factors (Ash 2020)."""
    query = 400

    @staticmethod
    def inputs(rng):
        return {"pool-embeddings": rectified(rng, 4000, 512), **head(rng, 512, 10)}

    @staticmethod
    def select(inputs, rng):
        h, a = inputs["pool-embeddings"], -probabilities(inputs)
        a[np.arange(len(a)), a.argmin(1)] += 1
        norm = (a * a).sum(1) * (h * h).sum(1)
        nearest = np.full(len(h), np.inf, np.float32)
        chosen = [int(norm.argmax())]
        while len(chosen) < Badge.query:
            i = chosen[-1]
            distance = np.maximum(norm + norm[i] - 2 * (a @ a[i]) * (h @ h[i]), 0)
            nearest = np.minimum(nearest, distance)
            nearest[i] = 0
            chance = nearest.astype(np.float64)
            chosen.append(int(rng.choice(len(h), p=chance / chance.sum())))
        return chosen


class Coreset:
    """k-centre greedy: the farthest from all that is labelled or chosen (Sener & Savarese 2018)."""
    query = 400

    @staticmethod
    def inputs(rng):
        return {"pool-embeddings": rectified(rng, 40000, 512),
                "labeled-embeddings": rectified(rng, 10000, 512), **head(rng, 512, 10)}

    @staticmethod
    def select(inputs, rng):
        del rng
        pool, labeled = inputs["pool-embeddings"], inputs["labeled-embeddings"]
        norm = (pool * pool).sum(1)
        nearest = np.full(len(pool), np.inf, np.float32)
        for part in np.split(labeled, len(labeled) // 1000):
            distance = norm[:, None] + (part * part).sum(1) - 2 * (pool @ part.T)
            nearest = np.minimum(nearest, distance.min(1))
        chosen = []
        while len(chosen) < Coreset.query:
            i = int(nearest.argmax())
            chosen.append(i)
            nearest = np.minimum(nearest, norm + norm[i] - 2 * (pool @ pool[i]))
            nearest[i] = -1
        return chosen


class Bald:
    """100 dropout passes of S-CNN's dense layers, 9216 -> 128 -> 10, rates .25 and .5, over 4000 samples. A turn
    is one pass; ours does the convolutions too (see peer.py)."""
    query = 1

    @staticmethod
    def inputs(rng):
        return {"x": rectified(rng, 4000, 9216),
                "hidden": rng.standard_normal((9216, 128), dtype=np.float32) / np.float32(96),
                "head": rng.standard_normal((128, 10), dtype=np.float32) / np.float32(11)}

    @staticmethod
    def select(inputs, rng):
        x = inputs["x"]
        hidden = x * ((rng.random(x.shape, dtype=np.float32) >= .25) * np.float32(1 / .75)) @ inputs["hidden"]
        hidden = np.maximum(hidden, 0)
        hidden *= (rng.random(hidden.shape, dtype=np.float32) >= .5) * np.float32(2)
        p = softmax(hidden @ inputs["head"])
        return p, -(p * np.log(p + 1e-10)).sum(1)


class Bait:
    """Greedy choice by the trace of Fisher information matrices, forward to 2B and back to B (Ash 2021)."""
    query = 10

    @staticmethod
    def inputs(rng):
        return {"pool-embeddings": rectified(rng, 1000, 64), "labeled-embeddings": rectified(rng, 50, 64),
                "labeled-labels": np.arange(50) % 10, **head(rng, 64, 10)}

    @staticmethod
    def factors(h, inputs):
        """(samples, classes * d, classes): column k is sqrt(p_k) (e_k - p) (x) h."""
        p = softmax(h @ inputs["head-weights"] + inputs["head-bias"]).astype(np.float64)
        a = np.sqrt(p)[:, None, :] * (np.eye(p.shape[1]) - p[:, :, None])
        return np.einsum("nck,nd->ncdk", a, h).reshape(len(h), -1, p.shape[1])

    @staticmethod
    def traces(x, inverse, fisher, sign):
        """tr[x' M^-1 F M^-1 x (sign I + x' M^-1 x)^-1] of each sample, and the two factors of the update."""
        mx = inverse @ x
        inner = np.linalg.inv(sign * np.eye(x.shape[2]) + np.swapaxes(x, 1, 2) @ mx)
        return np.einsum("nab,nba->n", np.swapaxes(mx, 1, 2) @ (fisher @ mx), inner), mx, inner

    @staticmethod
    def select(inputs, rng):
        del rng
        x = Bait.factors(inputs["pool-embeddings"], inputs)
        known = Bait.factors(inputs["labeled-embeddings"], inputs)
        share = len(known) / (len(known) + Bait.query)
        information = np.einsum("nak,nbk->ab", known, known, optimize=True) / len(known)
        fisher = (np.einsum("nak,nbk->ab", x, x, optimize=True) + information * len(known)) / (len(x) + len(known))
        inverse = np.linalg.inv(np.eye(x.shape[1]) + information * share)
        x = x * np.sqrt(Bait.query / (len(known) + Bait.query))
        chosen = []
        while len(chosen) < 2 * Bait.query:
            trace, mx, inner = Bait.traces(x, inverse, fisher, 1)
            trace[chosen] = -np.inf
            i = int(trace.argmax())
            chosen.append(i)
            inverse = inverse - mx[i] @ inner[i] @ mx[i].T
        while len(chosen) > Bait.query:
            trace, mx, inner = Bait.traces(x[chosen], inverse, fisher, -1)
            i = int(trace.argmax())  # negative numbers: the cost of leaving this one out is smallest
            inverse = inverse - mx[i] @ inner[i] @ mx[i].T
            del chosen[i]
        return chosen


STRATEGIES = {"ldm": Ldm, "badge": Badge, "coreset": Coreset, "bald": Bald, "bait": Bait}


def turn(strategy, inputs, rng, seconds):
    """Selections/s: the median for so many seconds, one selection at least."""
    speeds, begin = [], time.perf_counter()
    while not speeds or time.perf_counter() - begin < seconds:
        first = time.perf_counter()
        strategy.select(inputs, rng)
        speeds.append(1 / (time.perf_counter() - first))
    return statistics.median(speeds)


def main():
    strategy, folder = STRATEGIES[sys.argv[1]], sys.argv[2]
    rng = np.random.default_rng(0)
    inputs = strategy.inputs(rng)
    for name, array in inputs.items():
        np.save(os.path.join(folder, name + ".npy"), array)
    print(f"NumPy {np.__version__}", flush=True)
    for line in sys.stdin:
        print(turn(strategy, inputs, rng, float(line)), flush=True)


if __name__ == "__main__":
    main()
