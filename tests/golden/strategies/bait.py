"""BAIT (Ash 2021) recomputed from its definition, for tests/test_bait.c.

usage: bait.py     writes bait_*.npy beside this file

Nothing is updated: each step forms M anew from explicit (C, C d) factors of everything taken, and takes or
drops the sample after which tr[F M^-1] is smallest; where the matrices are small enough the published trace
formula has to give the same choice. A case whose best two choices are closer than rounding would be no
reference, and is refused."""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

# name: n, d, classes, labelled, batch, components (0: all), lambda, factor of the head
CASES = [
    (40, 6, 4, 7, 5, 0, 1, 1),
    (40, 6, 4, 7, 5, 0, 0.01, 1),
    (30, 5, 3, 12, 4, 0, 0.01, 2),
    (25, 8, 2, 0, 6, 0, 1, 1),        # nothing labelled, two classes
    (9, 4, 5, 3, 6, 0, 1, 1),         # the forward steps end at n
    (33, 4, 12, 5, 3, 0, 0.1, 1),
    (60, 20, 3, 10, 5, 5, 1, 1),      # principal axes
    (60, 20, 3, 0, 10, 7, 0.01, 1),
    (50, 6, 5, 12, 8, 0, 0.01, 40),   # probabilities of almost 0 and 1
    (17, 3, 4, 12, 1, 0, 1, 1),
    (60, 10, 4, 12, 20, 0, 0.5, 3),
]
WIDTH, CLASSES, POOL, LABELED = 20, 12, 60, 12


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def factors(h, p):
    """x (samples, C, C d): row k is sqrt(p_k) (e_k - p) (x) h."""
    x = np.empty((len(h), p.shape[1], p.shape[1] * h.shape[1]))
    for i in range(len(h)):
        for k in range(p.shape[1]):
            x[i, k] = np.sqrt(p[i, k]) * np.kron(np.eye(p.shape[1])[k] - p[i], h[i])
    return x


def total(x):
    return sum((one.T @ one for one in x), np.zeros((x.shape[2], x.shape[2])))


def best(values, sign, slack):
    """The index of the smallest of sign * values, clearly smaller than the next."""
    order = np.argsort(sign * values, kind="stable")
    if len(order) > 1:
        gap = abs(values[order[1]] - values[order[0]])
        assert gap > slack, f"a gap of {gap:g} is within rounding of {slack:g}"
    return order[0]


def formula(x, inverse, fisher, sign):
    inner = np.linalg.inv(sign * np.eye(len(x)) + x @ inverse @ x.T)
    return np.trace(x @ inverse @ fisher @ inverse @ x.T @ inner)


def choose(h, p, known_h, known_p, batch, lam):
    x, known = factors(h, p), factors(known_h, known_p)
    n, labeled = len(x), len(known)
    fisher = (total(x) + total(known)) / (n + labeled)
    base = lam * np.eye(x.shape[2]) + total(known) / (labeled + batch)
    x = x * np.sqrt(batch / (labeled + batch))
    chosen = []
    while len(chosen) < min(2 * batch, n):
        matrix = base + total(x[chosen])
        rest = [i for i in range(n) if i not in chosen]
        after = np.array([np.trace(fisher @ np.linalg.inv(matrix + x[i].T @ x[i])) for i in rest])
        before = np.trace(fisher @ np.linalg.inv(matrix))
        scores = np.array([formula(x[i], np.linalg.inv(matrix), fisher, 1) for i in rest])
        assert np.allclose(before - after, scores, rtol=1e-6, atol=1e-9 * before)
        chosen.append(rest[best(after, 1, 1e-6 * (before - after).max())])
    while len(chosen) > batch:
        matrix = base + total(x[chosen])
        before = np.trace(fisher @ np.linalg.inv(matrix))
        after = np.array([np.trace(fisher @ np.linalg.inv(matrix - x[i].T @ x[i])) for i in chosen])
        scores = np.array([formula(x[i], np.linalg.inv(matrix), fisher, -1) for i in chosen])
        assert np.allclose(after - before, -scores, rtol=1e-5, atol=1e-8 * before)
        del chosen[best(after, 1, 1e-6 * (after - before).max())]
    return chosen


def main():
    rng = np.random.default_rng(21)
    pool = np.maximum(rng.standard_normal((POOL, WIDTH)) + 0.3, 0).astype(np.float32)
    labeled = np.maximum(rng.standard_normal((LABELED, WIDTH)) + 0.3, 0).astype(np.float32)
    weights = (rng.standard_normal((WIDTH, CLASSES)) * 0.7).astype(np.float32)
    bias = (rng.standard_normal(CLASSES) * 0.3).astype(np.float32)
    ids = np.full((len(CASES), 2 * WIDTH), -1)
    for case, (n, d, classes, known, batch, components, lam, factor) in enumerate(CASES):
        h, known_h = (part.astype(np.float64) for part in (pool[:n, :d], labeled[:known, :d]))
        head = weights[:d, :classes].astype(np.float64) * factor
        p, known_p = (softmax(part @ head + bias[:classes]) for part in (h, known_h))
        if components:
            axes = np.linalg.svd(h, full_matrices=False)[2][:components].T
            h, known_h = h @ axes, known_h @ axes
        ids[case, :batch] = choose(h, p, known_h, known_p, batch, lam)
        print(case, ids[case, :batch])
    arrays = {"pool": pool, "labeled": labeled, "weights": weights, "bias": bias,
              "cases": np.array(CASES, np.float64), "ids": ids}
    for name, array in arrays.items():
        np.save(os.path.join(HERE, f"bait_{name}.npy"), array)


if __name__ == "__main__":
    main()
