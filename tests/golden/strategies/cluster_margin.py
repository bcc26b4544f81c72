"""Cluster-Margin by SciPy's average linkage: python3 cluster_margin.py writes cluster_margin_*.npy here:
embeddings (n, d), probabilities (n, C) and the chosen rows, in order."""
import os

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

HERE = os.path.dirname(os.path.abspath(__file__))


def cluster_margin(embeddings, probabilities, batch):
    top = np.sort(probabilities.astype(np.float64), axis=1)
    candidates = (top[:, -1] - top[:, -2]).argsort(kind="stable")[:10 * batch]
    count = -(-len(candidates) // 10)
    merges = linkage(embeddings[candidates].astype(np.float64), method="average")
    assert np.diff(merges[:, 2]).min() > -1e-12
    cut = len(candidates) - count
    assert count == 1 or merges[cut, 2] - merges[cut - 1, 2] > 1e-5, "too close to call"
    label = fcluster(merges, count, criterion="maxclust")
    assert label.max() == count
    groups = [candidates[label == c].tolist() for c in range(1, count + 1)]
    place = {row: at for at, row in enumerate(candidates)}
    groups.sort(key=lambda group: (len(group), place[group[0]]))
    chosen = []
    while len(chosen) < batch:
        for group in groups:
            if group and len(chosen) < batch:
                chosen.append(group.pop(0))
    return np.array(chosen, np.int32)


def case(name, seed, n, d, classes, batch, offset=0.):
    rng = np.random.default_rng(seed)
    middles = 2 * rng.normal(size=(6, d))
    embeddings = (offset + middles[rng.integers(6, size=n)] + rng.normal(size=(n, d))).astype(np.float32)
    logits = rng.normal(size=(n, classes))
    probabilities = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    chosen = cluster_margin(embeddings, probabilities, batch)
    for what, array in (("embeddings", embeddings), ("probabilities", probabilities), ("chosen", chosen)):
        np.save(os.path.join(HERE, f"cluster_margin_{name}_{what}.npy"), array)
    print(name, chosen.tolist())


case("part", 1, 150, 5, 4, 9)
case("most", 2, 95, 3, 3, 10)
case("twice", 3, 64, 4, 5, 23)
case("wide", 4, 400, 12, 3, 25, offset=30)
case("one", 5, 10, 3, 2, 1)
