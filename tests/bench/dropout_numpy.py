"""The peer of bench_dropout: Monte-Carlo dropout of S-CNN's dense layers in NumPy, on one thread.

usage: OPENBLAS_NUM_THREADS=1 python3 dropout_numpy.py [PASSES]      (default 5)

First with a mask for each sample, as a framework's dropout layer draws it, then with one mask a pass."""
import sys
import time

import numpy as np

SAMPLES, WIDTH, HIDDEN, CLASSES = 4000, 9216, 128, 10
rng = np.random.default_rng(0)
x = np.maximum(rng.standard_normal((SAMPLES, WIDTH), dtype=np.float32), 0)
w1 = (rng.standard_normal((WIDTH, HIDDEN)) / 96).astype(np.float32)
w2 = (rng.standard_normal((HIDDEN, CLASSES)) / 11).astype(np.float32)


def mask(shape, rate):
    return (rng.random(shape, dtype=np.float32) >= rate) * np.float32(1 / (1 - rate))


def probabilities(hidden):
    logits = np.maximum(hidden, 0) @ w2
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def a_mask_a_sample():
    hidden = (x * mask(x.shape, 0.25)) @ w1
    return probabilities(hidden * mask(hidden.shape, 0.5))


def a_mask_a_pass():
    hidden = x @ (mask((WIDTH, 1), 0.25) * w1)
    return probabilities(hidden * mask(HIDDEN, 0.5))


passes = int(sys.argv[1]) if len(sys.argv) > 1 else 5
for way in (a_mask_a_sample, a_mask_a_pass):
    way()
    begin = time.perf_counter()
    for _ in range(passes):
        way()
    seconds = time.perf_counter() - begin
    print(f"{way.__name__}: {passes} passes in {seconds:.2f} s, {passes / seconds:.1f} passes/s")
