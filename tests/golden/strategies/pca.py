"""Principal axes by NumPy's singular value decomposition, for tests/test_kit_linear.c.

usage: pca.py     writes pca_*.npy beside this file

Axes have their entry of the largest magnitude positive; variances are mean squares along them, about the mean
and about the origin."""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def axes(x):
    _, values, rows = np.linalg.svd(x, full_matrices=False)
    largest = np.abs(rows).argmax(1)
    rows *= np.sign(rows[np.arange(len(rows)), largest])[:, None]
    return rows, values ** 2 / len(x)


def main():
    rng = np.random.default_rng(11)
    mixing = rng.standard_normal((12, 12)) * 0.8 ** np.arange(12)
    x = (rng.standard_normal((90, 12)) @ mixing + rng.standard_normal(12)).astype(np.float32)
    double = x.astype(np.float64)
    arrays = {"x": x}
    arrays["centred_axes"], arrays["centred_variances"] = axes(double - double.mean(0))
    arrays["origin_axes"], arrays["origin_variances"] = axes(double)
    for name, array in arrays.items():
        np.save(os.path.join(HERE, f"pca_{name}.npy"), array)


if __name__ == "__main__":
    main()
