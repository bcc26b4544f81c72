#!/usr/bin/env python3
"""BatchBALD by brute force: entropies of the joint distribution of a whole batch's labels, every configuration in its
place, for case-a's 20 passes. Writes beside this file

batch_bald_order.npy   the greedy batch of 6, in order
batch_bald_gains.npy   what each row would add to the mutual information of the first 5
batch_bald_sd.npy      the standard deviation, over configurations of those 5, of what that is the mean of: a mean
                       over m configurations drawn has a standard error of at most this over the root of m
"""
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
P = np.load(os.path.join(HERE, "..", "case-a", "mc_probabilities.npy")).astype(np.float64).transpose(1, 0, 2)
BATCH = 6


def entropy(p):
    return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1)


def joint(rows):
    """(passes, configurations): p(configuration | pass)."""
    out = np.ones((P.shape[1], 1))
    for row in rows:
        out = (out[:, :, None] * P[row][:, None, :]).reshape(len(out), -1)
    return out


def information(rows):
    """Between the labels of the rows and the pass."""
    return entropy(joint(rows).mean(0)) - entropy(P[rows]).mean(1).sum()


def spread(rows, row):
    """The standard deviation over configurations y of H(label | y) - sum of p(pass | y) H(label | pass)."""
    given = joint(rows)
    share = given.mean(0)
    belief = given / given.sum(0)
    each = entropy(belief.T @ P[row]) - belief.T @ entropy(P[row])
    return np.sqrt(max(share @ each**2 - (share @ each)**2, 0))


chosen = []
while len(chosen) < BATCH:
    before = information(chosen) if chosen else 0
    gains = np.array([information(chosen + [row]) - before for row in range(len(P))])
    if len(chosen) == BATCH - 1:
        np.save(os.path.join(HERE, "batch_bald_gains.npy"), gains)
        np.save(os.path.join(HERE, "batch_bald_sd.npy"), [spread(chosen, row) for row in range(len(P))])
    gains[chosen] = -np.inf
    first, second = np.sort(gains)[::-1][:2]
    if not first - second > 1e-5:
        raise SystemExit(f"choice {len(chosen)}: two samples differ by {first - second}")
    chosen.append(int(gains.argmax()))
np.save(os.path.join(HERE, "batch_bald_order.npy"), np.array(chosen, np.int32))
