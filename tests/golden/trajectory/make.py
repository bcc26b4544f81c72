#!/usr/bin/env python3
"""Makes trajectory.json: what PyTorch, in double precision, computes for the trainings of test_trajectory.c.

usage: make.py > trajectory.json     (needs PyTorch and NumPy; takes a minute)

Both sides start from the same weights, samples, order of samples and dropout masks, all made from the bits of
flipbench's counter-based streams (core/base/stream.h), and take 20 steps, one batch an epoch. The differences
are then those of float and double. Everything is drawn in flipbench's layouts: images in NHWC, convolution
weights (kernel, kernel, channels, filters), dense weights (inputs, units) with inputs in the order (row, column,
channel)."""
import hashlib
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

STEPS, CLASSES, SEED = 20, 10, 20


# ---- streams -------------------------------------------------------------------------------------

def sub_stream(key, axis, value):
    """fb_stream_sub: the first 64 bits of a SHA-256."""
    text = key.to_bytes(8, "little") + axis.encode() + b"\0" + value.to_bytes(8, "little")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def philox(key, draw, blocks):
    """Philox 4x32-10 (Salmon et al. 2011): (blocks, 4) words for the counters (block, draw)."""
    low, mask = np.uint64(32), np.uint64(0xffffffff)
    block = np.arange(blocks, dtype=np.uint64)
    c = [block & mask, block >> low, np.full(blocks, draw & 0xffffffff, np.uint64),
         np.full(blocks, draw >> 32, np.uint64)]
    k = [key & 0xffffffff, key >> 32]
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> low) ^ c[1] ^ np.uint64(k[0]), b & mask, (a >> low) ^ c[3] ^ np.uint64(k[1]), a & mask]
        k = [(k[0] + 0x9E3779B9) & 0xffffffff, (k[1] + 0xBB67AE85) & 0xffffffff]
    return np.stack(c, 1)


def bits(key, draw, count):
    """fb_stream_bits from element 0."""
    return philox(key, draw, (count + 3) // 4).reshape(-1)[:count]


def permutation(key, draw, count):
    """fb_stream_permutation."""
    words = [int(word) for word in bits(key, draw, 2 * count)]
    order = list(range(count))
    for i in range(count, 1, -1):
        uniform = words[2 * i - 2] | words[2 * i - 1] << 32
        j = uniform * i >> 64
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def uniform(key, count):
    """float32 in [-1, 1), exact."""
    return (bits(key, 0, count) >> np.uint64(8)).astype(np.float32) * np.float32(2 ** -23) - np.float32(1)


# ---- networks: lists of layers as in nn_layer_spec --------------------------------------------------

def conv(size, kernel=3, **more):
    return {"kind": "conv", "size": size, "kernel": kernel, **more}


def dense(size, **more):
    return {"kind": "dense", "size": size, **more}


def dropout(rate):
    return {"kind": "dropout", "rate": rate}


MAX_POOL, NORM, NORM_RELU = {"kind": "max pool"}, {"kind": "norm"}, {"kind": "norm", "relu": True}


def same(size, kernel=3, stride=1):
    return conv(size, kernel, same=True, no_bias=True, stride=stride)


def add(other):
    return {"kind": "add", "other": other, "relu": True}


NETWORKS = {
    "s-cnn": {
        "input": (28, 28, 1), "batch": 32,
        "optimizer": lambda p: torch.optim.Adam(p, lr=1e-3, betas=(.9, .999), eps=1e-7),
        "layers": [conv(32, relu=True), conv(64, relu=True), MAX_POOL, dropout(.25), dense(128, relu=True),
                   dropout(.5), dense(CLASSES)]},
    "k-cnn": {
        "input": (32, 32, 3), "batch": 16,
        "optimizer": lambda p: torch.optim.RMSprop(p, lr=1e-4, alpha=.9, eps=1e-7),
        "layers": [conv(32, same=True, relu=True), conv(32, same=True, relu=True), MAX_POOL, dropout(.25),
                   conv(64, same=True, relu=True), conv(64, same=True, relu=True), MAX_POOL, dropout(.25),
                   dense(512, relu=True), dropout(.5), dense(CLASSES)]},
    # `from` and `other`: k is the output of layer k - 1, as in nn_layer_spec
    "small-resnet": {
        "input": (16, 16, 3), "batch": 16,
        "optimizer": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=.9, weight_decay=5e-4),
        "layers": [same(16), NORM_RELU,                                      # 0, 1
                   same(16), NORM_RELU, same(16), NORM, add(other=2),        # 2 .. 6: identity
                   same(32, stride=2), NORM_RELU, same(32), NORM,            # 7 .. 10
                   {**same(32, kernel=1, stride=2), "from": 7}, NORM,        # 11, 12: projection
                   add(other=11),                                            # 13
                   {"kind": "global pool"}, dense(CLASSES)]},
}


# ---- one training -----------------------------------------------------------------------------------

def rounded(value):
    return float(f"{value.item():.12g}")


class Training:
    def __init__(self, name, network):
        self.layers, self.shape, self.batch = network["layers"], network["input"], network["batch"]
        self.key = sub_stream(SEED, name, 0)
        self.tensors = []   # a dictionary a layer: what is trained
        self.running = []   # (mean, variance) of a batch norm, otherwise None
        self.initialize()
        self.optimizer = network["optimizer"]([t for layer in self.tensors for t in layer.values()])
        count = int(np.prod(self.shape))
        x = uniform(sub_stream(self.key, "inputs", 0), self.batch * count)
        self.x = torch.tensor(x.reshape(self.batch, *self.shape), dtype=torch.float64)
        labels = bits(sub_stream(self.key, "labels", 0), 0, self.batch) % np.uint64(CLASSES)
        self.labels = torch.tensor(labels.astype(np.int64))

    def tensor(self, what, index, shape, scale, offset=0.0):
        values = uniform(sub_stream(self.key, what, index), int(np.prod(shape))) * np.float32(scale)
        values = (values + np.float32(offset)).reshape(shape)
        return torch.tensor(values, dtype=torch.float64, requires_grad=True)

    def initialize(self):
        """Weights uniform in +-sqrt(1.5 / inputs of a unit), biases in +-0.1, batch norm's scales in 1 +- 0.1:
        small enough for losses that fall smoothly, so that rounding does not grow much."""
        shapes = [self.shape]  # of output number k
        for index, layer in enumerate(self.layers):
            height, width, channels = shapes[layer.get("from", 0) or index]
            tensors, running = {}, None
            if layer["kind"] in ("conv", "dense"):
                kernel, size = layer.get("kernel"), layer["size"]
                shape = (kernel, kernel, channels, size) if kernel else (height * width * channels, size)
                fan_in = int(np.prod(shape[:-1]))
                tensors["weights"] = self.tensor("weights", index, shape, np.sqrt(1.5 / fan_in))
                if not layer.get("no_bias"):
                    tensors["bias"] = self.tensor("bias", index, (size,), .1)
            elif layer["kind"] == "norm":
                tensors["weights"] = self.tensor("weights", index, (channels,), .1, 1)
                tensors["bias"] = self.tensor("bias", index, (channels,), .1)
                running = (torch.zeros(channels, dtype=torch.float64), torch.ones(channels, dtype=torch.float64))
            self.tensors.append(tensors)
            self.running.append(running)
            shapes.append(self.shape_after(layer, height, width, channels))

    @staticmethod
    def shape_after(layer, height, width, channels):
        kind, stride = layer["kind"], layer.get("stride", 1)
        if kind == "conv":
            lost = 0 if layer.get("same") else layer["kernel"] - 1
            return ((height - lost - 1) // stride + 1, (width - lost - 1) // stride + 1, layer["size"])
        return {"dense": (1, 1, layer.get("size")), "max pool": (height // 2, width // 2, channels),
                "global pool": (1, 1, channels)}.get(kind, (height, width, channels))

    def mask(self, index, rate, step, shape):
        """dropout_draw: an element is kept if its bits are at least rate * 2^32."""
        key = sub_stream(sub_stream(self.key, "dropout", 0), "layer", index)
        kept = bits(key, step, int(np.prod(shape))) >= np.uint64(np.ceil(rate * 2 ** 32))
        return torch.tensor(kept.reshape(shape), dtype=torch.float64) / (1 - rate)

    def apply(self, index, layer, step, x, outputs):
        """One layer on x, images in NHWC."""
        kind, t = layer["kind"], self.tensors[index]
        nchw = x.permute(0, 3, 1, 2)
        if kind == "conv":
            y = F.conv2d(nchw, t["weights"].permute(3, 2, 0, 1), t.get("bias"), layer.get("stride", 1),
                         layer["kernel"] // 2 if layer.get("same") else 0).permute(0, 2, 3, 1)
        elif kind == "dense":
            y = (x.flatten(1) @ t["weights"] + t["bias"])[:, None, None, :]
        elif kind == "max pool":
            y = F.max_pool2d(nchw, 2).permute(0, 2, 3, 1)
        elif kind == "global pool":
            y = x.mean((1, 2), keepdim=True)
        elif kind == "norm":
            y = F.batch_norm(nchw, *self.running[index], t["weights"], t["bias"], training=True, momentum=.1,
                             eps=1e-5).permute(0, 2, 3, 1)
        elif kind == "add":
            y = x + outputs[layer["other"]]
        else:
            y = x * self.mask(index, layer["rate"], step, x.shape)
        return F.relu(y) if layer.get("relu") else y

    def step(self, step):
        order = permutation(sub_stream(self.key, "batches", 0), step, self.batch)
        outputs = [self.x[order]]
        for index, layer in enumerate(self.layers):
            outputs.append(self.apply(index, layer, step, outputs[layer.get("from", 0) or index], outputs))
        loss = F.cross_entropy(outputs[-1].flatten(1), self.labels[order])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return rounded(loss)

    def run(self):
        """The losses before each step; after the last one each tensor's norm, and that of its change. Twelve
        digits are more than the order of PyTorch's sums changes."""
        before = [{name: t.detach().clone() for name, t in layer.items()} for layer in self.tensors]
        losses = [self.step(step) for step in range(STEPS)]
        tensors = []
        for index, layer in enumerate(self.tensors):
            for name, t in layer.items():
                tensors.append({"layer": index, "tensor": name, "norm": rounded(t.norm()),
                                "change": rounded((t - before[index][name]).norm())})
            for name, t in zip(("mean", "variance"), self.running[index] or ()):
                start = 0.0 if name == "mean" else 1.0
                tensors.append({"layer": index, "tensor": name, "norm": rounded(t.norm()),
                                "change": rounded((t - start).norm())})
        return {"losses": losses, "tensors": tensors}


def as_text(answer):
    """JSON, a tensor a line."""
    parts = []
    for name, training in answer.items():
        tensors = ",\n".join(f"   {json.dumps(tensor)}" for tensor in training["tensors"])
        parts.append(f'  "{name}": {{\n  "losses": {json.dumps(training["losses"])},\n'
                     f'  "tensors": [\n{tensors}]}}')
    return "{\n" + ",\n".join(parts) + "}\n"


def main():
    torch.set_num_threads(1)
    sys.stdout.write(as_text({name: Training(name, network).run() for name, network in NETWORKS.items()}))


if __name__ == "__main__":
    main()
