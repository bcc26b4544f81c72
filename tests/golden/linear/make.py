"""Writes cases.txt: logistic regressions and the optimum that scikit-learn finds for each.

    python3 make.py > cases.txt        (made with scikit-learn 1.9.1, NumPy 2.4.6)

A case is a line `case NAME COUNT FEATURES CLASSES C`, COUNT lines `LABEL WEIGHT FEATURES...`, then
a line of FEATURES + 1 numbers for each class: its weights and its intercept, `nan` for a class that
scikit-learn left out. Two classes: the one logit w, as columns -w/2 and w/2. The largest component
of the gradient at each optimum goes to the standard error.
"""
import sys
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("ignore")  # where rounding stops it; the gradient is printed instead


def gradient(x, y, s, c, w, b, present):
    """The objective's gradient at scikit-learn's solution: how good the reference is."""
    if len(present) == 2:
        residual = 1 / (1 + np.exp(-(x @ w[0] + b[0]))) - (y == present[1])
        residual = residual[:, None]
    else:
        z = x @ w.T + b
        p = np.exp(z - z.max(axis=1, keepdims=True))
        residual = p / p.sum(axis=1, keepdims=True) - (y[:, None] == present)
    residual = c * s[:, None] * residual
    return max(np.abs(residual.T @ x + w).max(), np.abs(residual.sum(axis=0)).max())


def case(name, x, y, classes, c, s=None):
    s = np.ones(len(y)) if s is None else s
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=100000)
    model.fit(x, y, sample_weight=s)
    w, b, present = model.coef_, model.intercept_, model.classes_
    print(f"{name:12} gradient {gradient(x, y, s, c, w, b, present):.1e}", file=sys.stderr)
    head = np.full((classes, x.shape[1] + 1), np.nan)
    rows = np.column_stack([w, b])
    head[present] = rows[0] * np.array([[-0.5], [0.5]]) if len(present) == 2 else rows
    if len(present) > 2:  # what rounding has left of sums that are 0 at the optimum
        head[present] -= head[present].mean(axis=0)
    print("case", name, len(y), x.shape[1], classes, repr(float(c)))
    for row, label, weight in zip(x, y, s):
        print(label, repr(float(weight)), *(repr(float(v)) for v in row))
    for row in head:
        print(*(repr(float(v)) for v in row))


def clouds(seed, count, features, classes, distance):
    """Normal clouds round random centres, rounded so that the file stays small."""
    random = np.random.default_rng(seed)
    y = np.arange(count) % classes
    centres = distance * random.standard_normal((classes, features))
    x = np.round(centres[y] + random.standard_normal((count, features)), 2)
    return x, y


def main():
    for c in (0.01, 1, 100):
        case(f"two-{c}", *clouds(1, 40, 3, 2, 0.5), 2, c)
        case(f"three-{c}", *clouds(2, 45, 4, 3, 0.7), 3, c)
        case(f"ten-{c}", *clouds(3, 80, 5, 10, 1.0), 10, c)
    case("one-feature", *clouds(4, 25, 1, 2, 0.5), 2, 1)
    case("wide", *clouds(5, 60, 50, 10, 0.6), 10, 1)
    case("separable", *clouds(6, 30, 2, 3, 20.0), 3, 100)
    case("separable-two", *clouds(7, 20, 2, 2, 10.0), 2, 100)

    x, y = clouds(8, 60, 3, 3, 0.7)
    case("absent", x, np.array([1, 3, 6])[y], 8, 1)
    x, y = clouds(9, 30, 3, 2, 0.7)
    case("absent-two", x, np.array([0, 2])[y], 3, 1)
    case("duplicates", np.repeat(x, 3, axis=0), np.repeat(y, 3), 2, 1)
    case("weights", x, y, 2, 1, np.round(np.random.default_rng(10).uniform(0, 3, 30), 2))
    x, y = clouds(11, 40, 4, 3, 0.7)
    case("scales", x * [1e-3, 1, 1e3, 1e5] + [0, 10, 0, 1e5], y, 3, 1)
    x, y = clouds(12, 60, 3, 2, 0.5)
    case("imbalanced", x, (np.arange(60) == 7).astype(int), 2, 1)


main()
