"""k-means of scikit-learn on overlapping blobs: python3 kmeans.py writes kmeans_*.npy here.

rows (240, 6); start, 7 of them, and labels and inertia where Lloyd's iteration ends from there; best, the
smallest inertia of 50 runs of k-means++ with k = 7."""
import os

import numpy as np
from sklearn.cluster import KMeans

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, array):
    np.save(os.path.join(HERE, f"kmeans_{name}.npy"), array)


rng = np.random.default_rng(11)
middles = rng.normal(size=(8, 6)) * 1.5
rows = (middles[rng.integers(8, size=240)] + rng.normal(size=(240, 6))).astype(np.float32)
start = rows[[3, 40, 77, 110, 151, 188, 230]]
given = KMeans(7, init=start, n_init=1, tol=0, algorithm="lloyd", max_iter=300).fit(rows.astype(np.float64))
best = KMeans(7, n_init=50, tol=0, random_state=0, max_iter=300).fit(rows.astype(np.float64))
save("rows", rows)
save("start", start)
save("labels", given.labels_.astype(np.int32))
save("inertia", np.array([given.inertia_]))
save("best", np.array([best.inertia_]))
print(given.n_iter_, given.inertia_, best.inertia_)
