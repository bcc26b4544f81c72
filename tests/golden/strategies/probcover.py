"""ProbCover's rule by brute force: python3 probcover.py writes probcover_*.npy here: pool and labelled rows
(n, d), (m, d), the radius, and the rows of the pool chosen while any is uncovered, in order."""
import os

import numpy as np
from sklearn.cluster import KMeans

HERE = os.path.dirname(os.path.abspath(__file__))


def unit(rows):
    rows = rows.astype(np.float64)
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norm > 0, norm, 1)


def distances(x, y):
    return np.linalg.norm(x[:, None] - y[None], axis=2)


def covers(x, y, delta):
    distance = distances(x, y)
    assert (abs(distance - delta) > 1e-6).all(), "too close to call"
    return distance < delta


def find_delta(x, classes):
    label = KMeans(classes, n_init=100, random_state=0).fit(x).labels_
    other = np.where(label[:, None] == label, np.inf, distances(x, x)).min(1)
    for step in range(20, 0, -1):
        assert (abs(other - step / 20) > 1e-5).all(), "too close to call"
        pure = int((other >= step / 20).sum())
        if 100 * pure >= 95 * len(x):
            return step / 20
    return .05


def probcover(pool, labeled, delta, batch):
    uncovered = ~covers(pool, labeled, delta).any(1) if len(labeled) else np.ones(len(pool), bool)
    within, chosen = covers(pool, pool, delta), []
    while len(chosen) < batch and uncovered.any():
        degree = (within & uncovered).sum(1)
        chosen.append(int(degree.argmax()))  # the first of equals
        uncovered &= ~within[chosen[-1]]
    return np.array(chosen, np.int32)


def case(name, pool, labeled, delta, batch, classes=None):
    pool, labeled = pool.astype(np.float32), labeled.astype(np.float32)
    if delta is None:
        delta = find_delta(unit(pool), classes)
    chosen = probcover(unit(pool), unit(labeled), delta, batch)
    for what, array in (("pool", pool), ("labeled", labeled), ("delta", np.array([delta])), ("chosen", chosen)):
        if len(array):
            np.save(os.path.join(HERE, f"probcover_{name}_{what}.npy"), array)
    print(name, delta, len(chosen), chosen.tolist())


def blobs(rng, sizes, d, spreads):
    rows = np.repeat(np.eye(d)[:len(sizes)], sizes, axis=0)
    rows += np.repeat(spreads, sizes)[:, None] * rng.normal(size=rows.shape)
    return rng.permutation(rows * rng.uniform(.3, 9, size=(len(rows), 1)))


rng = np.random.default_rng(5)
scattered = rng.normal(size=(150, 6)) * rng.uniform(.1, 10, size=(150, 1))
scattered[[7, 90]] = 0  # zero rows lie at distance 1 from all others, and at 0 from each other
case("given", scattered, rng.normal(size=(6, 6)), .55, 40)
case("wide", scattered, rng.normal(size=(0, 6)), 1.05, 40)
case("tiny", np.repeat(scattered[:40] + 1e-4 * rng.normal(size=(40, 6)), 3, 0), scattered[:3], .003, 50)
obvious = blobs(rng, [60, 50, 40, 30], 8, [.05, .07, .03, .06])
between = obvious[:6] / np.linalg.norm(obvious[:6], axis=1, keepdims=True) + .7 * np.eye(8)[3]
case("found", np.concatenate([obvious, between]), rng.normal(size=(3, 8)), None, 12, 4)
case("tight", blobs(rng, [40, 50, 60], 6, [.2, .25, .15]), rng.normal(size=(0, 6)), None, 12, 3)
