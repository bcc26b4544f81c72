"""The networks of `flipbench list networks` in PyTorch: the side that peer.py measures ours against.

usage: peer_torch.py train|infer NETWORK BATCH     answers each line "SECONDS" on stdin by images/s

Tuned: channels-last, optimisers in one kernel where this PyTorch has that for CPUs, no gradient kept in
inference; the caller sets the allocator, the threads and the core. Batches are made before the clock
starts, which favours PyTorch: ours fetches and converts its pixels."""
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class SCnn(nn.Sequential):
    shape, classes = (1, 28, 28), 10

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(.25),
            nn.Flatten(), nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Dropout(.5), nn.Linear(128, 10))


class KCnn(nn.Sequential):
    shape, classes = (3, 32, 32), 10

    def __init__(self):
        def block(channels, filters):
            return [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(),
                    nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(.25)]
        super().__init__(
            *block(3, 32), *block(32, 64), nn.Flatten(), nn.Linear(64 * 8 * 8, 512), nn.ReLU(), nn.Dropout(.5),
            nn.Linear(512, 10))


class Mlp(nn.Sequential):
    shape, classes = (16,), 26

    def __init__(self):
        super().__init__(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 26))


def conv(channels, filters, kernel, stride):
    return nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False)


class BasicBlock(nn.Module):
    """He et al. 2016a: normalised after each convolution."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(conv(channels, filters, 3, stride), nn.BatchNorm2d(filters), nn.ReLU(),
                                  conv(filters, filters, 3, 1), nn.BatchNorm2d(filters))
        self.shortcut = nn.Identity() if channels == filters else nn.Sequential(
            conv(channels, filters, 1, stride), nn.BatchNorm2d(filters))

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


class WideBlock(nn.Module):
    """Zagoruyko & Komodakis 2016: normalised before each convolution, no dropout."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.before = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
        self.body = nn.Sequential(conv(channels, filters, 3, stride), nn.BatchNorm2d(filters), nn.ReLU(),
                                  conv(filters, filters, 3, 1))
        self.shortcut = None if channels == filters else conv(channels, filters, 1, stride)

    def forward(self, x):
        h = self.before(x)
        return self.body(h) + (x if self.shortcut is None else self.shortcut(h))


def stages(block, channels, widths):
    """Two blocks a width; each width but the first halves the image."""
    for index, filters in enumerate(widths):
        yield block(channels, filters, 1 if index == 0 else 2)
        yield block(filters, filters, 1)
        channels = filters


class ResNet18(nn.Sequential):
    shape, classes = (3, 32, 32), 10

    def __init__(self):
        super().__init__(conv(3, 64, 3, 1), nn.BatchNorm2d(64), nn.ReLU(),
                         *stages(BasicBlock, 64, (64, 128, 256, 512)),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Wrn16x8(nn.Sequential):
    shape, classes = (3, 32, 32), 10

    def __init__(self):
        super().__init__(conv(3, 16, 3, 1), *stages(WideBlock, 16, (128, 256, 512)), nn.BatchNorm2d(512),
                         nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


NETWORKS = {"s-cnn": SCnn, "k-cnn": KCnn, "mlp": Mlp, "resnet-18": ResNet18, "wrn-16-8": Wrn16x8}


def make_optimizer(name, network):
    parameters = list(network.parameters())
    if name not in ("s-cnn", "mlp"):
        return torch.optim.RMSprop(parameters, lr=1e-4, alpha=.9, eps=1e-7)
    try:
        return torch.optim.Adam(parameters, lr=1e-3, eps=1e-7, fused=True)
    except (RuntimeError, TypeError):  # an older version: for GPUs only, or not at all
        return torch.optim.Adam(parameters, lr=1e-3, eps=1e-7)


def make_step(what, name, batch):
    """A function that trains on, or evaluates, one batch."""
    network = NETWORKS[name]()
    x = torch.rand((batch, *network.shape))
    y = torch.randint(network.classes, (batch,))
    if x.dim() == 4:
        network = network.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    if what == "infer":
        network.eval()

        def infer():
            with torch.inference_mode():
                network(x)
        return infer
    optimizer = make_optimizer(name, network)

    def train():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(x), y).backward()
        optimizer.step()
    return train


def turn(step, batch, seconds):
    """Images/s: the median over pieces of a tenth of a second or one step, for so many seconds."""
    speeds, begin = [], time.perf_counter()
    while not speeds or time.perf_counter() - begin < seconds:
        steps, first = 0, time.perf_counter()
        while steps == 0 or time.perf_counter() - first < .1:
            step()
            steps += 1
        speeds.append(batch * steps / (time.perf_counter() - first))
    return statistics.median(speeds)


def main():
    what, name, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    step = make_step(what, name, batch)
    step()
    print(f"PyTorch {torch.__version__}", flush=True)
    for line in sys.stdin:
        print(turn(step, batch, float(line)), flush=True)


if __name__ == "__main__":
    main()
