#!/usr/bin/env python3
"""Scores and orders of the strategies that rank by one number, by NumPy from the rules, for case-a's predictions:
its 20 passes, and the first five of them as an ensemble. Writes NAME_scores.npy and NAME_order.npy (all rows, the
first choice first) beside this file."""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PASSES = np.load(os.path.join(HERE, "..", "case-a", "mc_probabilities.npy")).astype(np.float64)


def entropy(p):
    return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1)


def bald(p):
    return entropy(p.mean(0)) - entropy(p).mean(0)


def mean_std(p):
    return p.std(0).mean(1)


def variation_ratio(p):
    labels = p.argmax(2)
    votes = np.stack([(labels == c).sum(0) for c in range(p.shape[2])])
    return 1 - votes.max(0) / len(p)


def save(name, scores, *ties):
    """Largest first, then by the larger of the ties, then by row; what decides must not be a matter of rounding."""
    keys = np.stack([scores, *ties])
    order = np.lexsort([-key for key in keys[::-1]])
    steps = np.abs(np.diff(keys[:, order], axis=1)).max(0)
    if not steps.min() > 1e-9:
        raise SystemExit(f"{name}: two samples differ by {steps.min()}")
    np.save(os.path.join(HERE, name + "_scores.npy"), scores)
    np.save(os.path.join(HERE, name + "_order.npy"), order.astype(np.int32))


save("bald", bald(PASSES))
save("mean_std", mean_std(PASSES))
save("var_ratio", variation_ratio(PASSES), entropy(PASSES.mean(0)))
save("ensemble", variation_ratio(PASSES[:5]), entropy(PASSES[:5].mean(0)))
