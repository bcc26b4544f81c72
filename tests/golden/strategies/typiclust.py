"""TypiClust's rule by brute force on groups so far apart that k-means has one answer: python3 typiclust.py
writes typiclust_*.npy here: pool, labelled rows (n, d), (m, d) and the chosen rows of the pool, in order."""
import os

import numpy as np
from sklearn.cluster import KMeans

HERE = os.path.dirname(os.path.abspath(__file__))


def groups(rng, sizes, d, spread):
    """Rows around random directions, shuffled and of any length."""
    middles = np.linalg.qr(rng.normal(size=(d, d)))[0][:len(sizes)]
    rows = np.repeat(middles, sizes, axis=0)
    rows = rows + spread * rng.normal(size=rows.shape) * rng.uniform(.3, 1, size=(len(rows), 1))
    rows *= rng.uniform(.5, 20, size=(len(rows), 1))
    return rng.permutation(rows).astype(np.float32)


def unit(rows):
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def typiclust(pool, labeled, batch):
    rows, n = unit(np.concatenate([pool, labeled])), len(pool)
    cluster = KMeans(min(len(labeled) + batch, 500), n_init=100, random_state=0).fit(rows).labels_
    turns = []
    for c in range(cluster.max() + 1):
        members = np.flatnonzero(cluster == c)
        distance = np.linalg.norm(rows[members][:, None] - rows[members][None], axis=2)
        count = min(20, max(1, len(members) // 2))
        nearest = np.sort(distance, axis=1)[:, 1:1 + count]
        typicality = 1 / (nearest.sum(axis=1) / max(1, nearest.shape[1]) + 1e-5)
        order = [i for i in np.argsort(-typicality, kind="stable") if members[i] < n]
        steps = np.diff(-np.log(typicality[order[:batch]]))  # mutual neighbours tie exactly
        assert ((steps == 0) | (steps > 1e-5)).all(), "too close to call"
        turns.append((len(members) <= 5, int((members >= n).sum()), -len(members), members[order].tolist()))
    turns.sort()
    chosen = []
    large = [turn for turn in turns if not turn[0]] or turns
    while len(chosen) < batch:
        assert any(turn[3] for turn in large)
        for turn in large:
            if turn[3] and len(chosen) < batch:
                chosen.append(turn[3].pop(0))
    return np.array(chosen, np.int32)


def case(name, seed, sizes, d, labeled_count):
    rng = np.random.default_rng(seed)
    rows = groups(rng, sizes, d, .001)
    labeled, pool = rows[:labeled_count], rows[labeled_count:]
    batch = len(sizes) - labeled_count
    chosen = typiclust(pool, labeled, batch)
    for what, array in (("pool", pool), ("labeled", labeled), ("chosen", chosen)):
        if len(array):
            np.save(os.path.join(HERE, f"typiclust_{name}_{what}.npy"), array)
    print(name, chosen.tolist())


case("few", 1, [60, 45, 31, 17, 9, 6, 5, 3, 2, 1], 12, 3)
case("none", 2, [40, 22, 8, 7, 4, 3, 3], 8, 0)
case("wide", 3, [300, 150, 20, 15, 4], 5, 1)
case("small", 4, [5, 5, 4, 3, 3, 2, 1], 9, 2)
