"""Query strategies as one would write them in NumPy: the side that peer.py measures ours against.

usage: peer_numpy.py STRATEGY FOLDER     writes the inputs to FOLDER as .npy files for ours, then answers
                                         each line "SECONDS" on stdin by selections/s

The sizes are those of the floors; inputs are of no particular meaning. One thread: the caller sets that."""
import os
import statistics
import sys
import time

import numpy as np

try:
    from sklearn.cluster import KMeans
except ImportError:
    KMeans = None
try:
    from scipy.cluster import hierarchy
except ImportError:
    hierarchy = None


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


def clustered(rng, *counts, d=512, groups=200):
    """Embeddings in groups, as a trained network has them: one array for each count."""
    middles = rectified(rng, 1, d) + np.float32(.7) * rng.standard_normal((groups, d), dtype=np.float32)
    for count in counts:
        noise = rng.standard_normal((count, d), dtype=np.float32)
        yield np.maximum(middles[rng.integers(groups, size=count)] + np.float32(.4) * noise, 0)


def represented(rng, count, labeled):
    pool, known = clustered(rng, count, labeled)
    return {"pool-embeddings": pool, "labeled-embeddings": known, **head(rng, 512, 10)}


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.float32(1e-30))


def kmeans(x, k, runs, rng):
    """Labels of the best run: scikit-learn's where there is one, else k-means++ and Lloyd in NumPy."""
    if KMeans is not None:
        return KMeans(k, n_init=runs, max_iter=100, tol=0, random_state=int(rng.integers(2 ** 31))).fit(x).labels_
    best, norm = (np.inf, None), (x * x).sum(1)
    for _ in range(runs):
        nearest, centres = np.full(len(x), np.inf), []
        i = rng.integers(len(x))
        while len(centres) < k:
            centres.append(x[i])
            nearest = np.minimum(nearest, np.maximum(norm + norm[i] - 2 * (x @ x[i]), 0))
            nearest[i] = 0
            i = rng.choice(len(x), p=nearest / nearest.sum())
        centres, label = np.array(centres), None
        for _ in range(100):
            score = x @ centres.T - (centres * centres).sum(1) / 2
            last, label = label, score.argmax(1)
            if last is not None and (label == last).all():
                break
            order = label.argsort(kind="stable")
            held, start = np.unique(label[order], return_index=True)
            centres[held] = np.add.reduceat(x[order], start) / np.diff(start, append=len(x))[:, None]
        inertia = (norm - 2 * score.max(1)).sum()
        best = min(best, (inertia, label), key=lambda result: result[0])
    return best[1]


class Typiclust:
    """The most typical sample of each cluster in turn, those with the fewest labels first (Hacohen 2022)."""
    query = 400

    @staticmethod
    def inputs(rng):
        return represented(rng, 4000, 100)

    @staticmethod
    def select(inputs, rng):
        n = len(inputs["pool-embeddings"])
        x = unit(np.concatenate([inputs["pool-embeddings"], inputs["labeled-embeddings"]]))
        k = min(len(x) - n + Typiclust.query, 500)
        label = kmeans(x, k, 1, rng)
        size, labels = np.bincount(label, minlength=k), np.bincount(label[n:], minlength=k)
        clusters = [c for c in np.lexsort((-size, labels)) if size[c] > 5]
        order, chosen = {}, []
        while len(chosen) < Typiclust.query:
            for c in clusters:
                if c not in order:
                    members = np.flatnonzero(label == c)
                    norm = (x[members] ** 2).sum(1)
                    distance = np.sqrt(np.maximum(norm[:, None] + norm - 2 * (x[members] @ x[members].T), 0))
                    count = min(20, max(1, len(members) // 2))
                    mean = np.sort(distance, axis=1)[:, 1:1 + count].mean(1)
                    order[c] = [i for i in members[mean.argsort(kind="stable")] if i < n]
                if order[c] and len(chosen) < Typiclust.query:
                    chosen.append(order[c].pop(0))
        return chosen


class Probcover:
    """Greedy cover by balls, whose radius is that of 95 % pure ones (Yehuda 2022)."""
    query = 400

    @staticmethod
    def inputs(rng):
        return represented(rng, 4000, 100)

    @staticmethod
    def select(inputs, rng):
        x, known = unit(inputs["pool-embeddings"]), unit(inputs["labeled-embeddings"])
        label = kmeans(x, 10, 10, rng)
        square = np.float32(2) - np.float32(2) * (x @ x.T)
        other = np.where(label[:, None] == label, np.float32(np.inf), square).min(1)
        deltas = [step / 20 for step in range(20, 0, -1)]
        delta = next((delta for delta in deltas if (other >= delta ** 2).mean() >= .95), deltas[-1])
        covers = square < delta ** 2
        covered = (2 - 2 * (x @ known.T) < delta ** 2).any(1)
        degree, chosen = covers[:, ~covered].sum(1), []
        while len(chosen) < Probcover.query and degree.max() > 0:
            i = int(degree.argmax())
            fresh = covers[i] & ~covered
            degree = degree - covers[fresh].sum(0)
            covered |= fresh
            chosen.append(i)
        rest = np.setdiff1d(np.arange(len(x)), chosen)
        return chosen + rng.choice(rest, Probcover.query - len(chosen), replace=False).tolist()


class ClusterMargin:
    """The smallest margins, one from each average-linkage cluster in turn (Citovsky 2021)."""
    query = 400

    @staticmethod
    def inputs(rng):
        return {"pool-embeddings": next(clustered(rng, 20000)), **head(rng, 512, 10)}

    @staticmethod
    def chain(distance):
        """Merges (height, from, into) of average linkage by chains of nearest neighbours; changes its input."""
        size, chain, merges = np.ones(len(distance)), [], []
        np.fill_diagonal(distance, np.inf)
        while len(merges) < len(distance) - 1:
            chain = chain or [int(np.flatnonzero(size)[0])]
            a, b = chain[-1], int(distance[chain[-1]].argmin())
            if len(chain) < 2 or distance[a, b] < distance[a, chain[-2]]:
                chain.append(b)
                continue
            b = chain[-2]
            del chain[-2:]
            merges.append((distance[a, b], a, b))
            mean = (size[a] * distance[a] + size[b] * distance[b]) / (size[a] + size[b])
            mean[[a, b]] = np.inf
            distance[b], distance[:, b] = mean, mean
            distance[a], distance[:, a] = np.inf, np.inf
            size[b], size[a] = size[a] + size[b], 0
        return merges

    @staticmethod
    def cut(x, count):
        """The cluster of each row: SciPy's where there is one."""
        if hierarchy is not None:
            return hierarchy.fcluster(hierarchy.linkage(x, "average"), count, "maxclust")
        norm, label = (x * x).sum(1), np.arange(len(x))
        merges = ClusterMargin.chain(np.sqrt(np.maximum(norm[:, None] + norm - 2 * (x @ x.T), 0)))
        for _, a, b in sorted(merges)[:len(x) - count]:
            label[label == label[a]] = label[b]
        return np.unique(label, return_inverse=True)[1]

    @staticmethod
    def select(inputs, rng):
        del rng
        top = np.sort(np.partition(probabilities(inputs), -2)[:, -2:], axis=1)
        candidates = (top[:, 1] - top[:, 0]).argsort(kind="stable")[:10 * ClusterMargin.query]
        label = ClusterMargin.cut(inputs["pool-embeddings"][candidates], ClusterMargin.query)
        groups = sorted(([*candidates[label == c]] for c in np.unique(label)), key=len)
        chosen = []
        while len(chosen) < ClusterMargin.query:
            for group in groups:
                if group and len(chosen) < ClusterMargin.query:
                    chosen.append(group.pop(0))
        return chosen


def entropy(p):
    return -(p * np.log(np.maximum(p, np.float32(1e-38)))).sum(-1)


class Ranked:
    """By one number: the largest scores of what the samples' probabilities are."""
    query = 10
    passes = 0

    def inputs(self, rng):
        arrays = {"pool-embeddings": rectified(rng, 4000, 512), **head(rng, 512, 10)}
        if self.passes:
            logits = rng.standard_normal((self.passes, 4000, 10), dtype=np.float32)
            arrays["mc-probabilities"] = np.stack([softmax(of_pass) for of_pass in logits])
        return arrays

    def select(self, inputs, rng):
        del rng
        p = inputs["mc-probabilities"] if self.passes else probabilities(inputs)
        return np.argsort(-self.scores(p), kind="stable")[:self.query]


class Entropy(Ranked):
    @staticmethod
    def scores(p):
        return entropy(p)


class Margin(Ranked):
    @staticmethod
    def scores(p):
        two = np.partition(p, -2, axis=1)
        return two[:, -2] - two[:, -1]


class LeastConfidence(Ranked):
    @staticmethod
    def scores(p):
        return -p.max(1)


class BaldGiven(Ranked):
    """BALD's scores, the passes being there (Houlsby 2011)."""
    passes = 100

    @staticmethod
    def scores(p):
        return entropy(p.mean(0)) - entropy(p).mean(0)


class MeanStd(Ranked):
    passes = 100

    @staticmethod
    def scores(p):
        return p.std(0).mean(1)


class VarRatio(Ranked):
    """Ties are left to the order of the samples, which spares this side an entropy."""
    passes = 100

    @staticmethod
    def scores(p):
        labels = p.argmax(2)
        return -np.max([(labels == c).sum(0) for c in range(p.shape[2])], axis=0)


class BatchBald(Ranked):
    """Greedy joint mutual information, all candidates in every step; more than 10,000 configurations of the labels
    chosen so far are drawn (Kirsch 2019)."""
    query, passes, samples = 6, 100, 10000

    def inputs(self, rng):
        arrays = super().inputs(rng)
        return {**arrays, "pool-embeddings": arrays["pool-embeddings"][:1000],
                "mc-probabilities": np.ascontiguousarray(arrays["mc-probabilities"][:, :1000])}

    @staticmethod
    def draw(p, each, rng):
        """(configurations, passes): p(labels | pass) of `each` configurations drawn from each pass; p (chosen, passes,
        classes)."""
        passes = p.shape[1]
        likelihood = np.ones((passes * each, passes), np.float32)
        for of_one in p:
            cumulated = np.repeat(of_one.cumsum(1), each, axis=0)
            labels = (rng.random((passes * each, 1)) * cumulated[:, -1:] >= cumulated).sum(1)
            likelihood *= of_one.T[np.minimum(labels, p.shape[2] - 1)]
        return likelihood

    def select(self, inputs, rng):
        p = inputs["mc-probabilities"].transpose(1, 0, 2)
        n, passes, classes = p.shape
        conditional, chosen = entropy(p).mean(1), []
        likelihood, drawn = np.ones((1, passes), np.float32), False
        while True:
            scores = np.empty(n, np.float32)
            weight = 1 / (likelihood.mean(1) * len(likelihood))[:, None, None] if drawn else np.float32(1)
            for first in range(0, n, 25):
                joint = np.tensordot(likelihood, p[first:first + 25], (1, 1)) / passes
                terms = joint * np.log(np.maximum(joint, np.float32(1e-38)))
                scores[first:first + 25] = -(terms * weight).sum((0, 2))
            scores -= conditional
            scores[chosen] = -np.inf
            chosen.append(int(scores.argmax()))
            if len(chosen) == self.query:
                return chosen
            drawn = classes ** len(chosen) > self.samples
            if drawn:
                likelihood = self.draw(p[chosen], self.samples // passes, rng)
            else:
                likelihood = (likelihood[:, None] * p[chosen[-1]].T).reshape(-1, passes)


STRATEGIES = {"entropy": Entropy(), "margin": Margin(), "least-confidence": LeastConfidence(),
              "bald-given": BaldGiven(), "mean-std": MeanStd(), "var-ratio": VarRatio(), "batch-bald": BatchBald(),
              "ldm": Ldm, "badge": Badge, "coreset": Coreset, "bald": Bald, "bait": Bait,
              "typiclust": Typiclust, "probcover": Probcover, "cluster-margin": ClusterMargin}


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
