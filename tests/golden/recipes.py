"""Prints recipes.h: small trainings and learning rates as PyTorch computes them, in double.

    python3 tests/golden/recipes.py > tests/golden/recipes.h       (made with PyTorch 1.13.0)

A training is softmax regression on a few samples, all of them in one batch, so that the order of
the samples does not matter. Initial weights and samples are multiples of 1/64: exact as floats.
"""
import warnings

import torch

SAMPLES, FEATURES, CLASSES, EPOCHS = 9, 5, 3, 12

ADAM = dict(optimizer="NN_ADAM", learning_rate=0.05, beta1=0.9, beta2=0.999, epsilon=1e-7)
ADAMW = dict(ADAM, optimizer="NN_ADAMW")
SGD = dict(optimizer="NN_SGD", learning_rate=0.2)
RMSPROP = dict(optimizer="NN_RMSPROP", learning_rate=0.02, rho=0.9, epsilon=1e-7)
NESTEROV = dict(SGD, momentum=0.9, nesterov=True)
RUNS = {
    "Adam": ADAM,
    "Adam, a large epsilon": dict(ADAM, beta1=0.5, beta2=0.9, epsilon=1e-2),
    "Adam, decay": dict(ADAM, weight_decay=0.1),
    "AdamW": ADAMW,
    "AdamW, decay": dict(ADAMW, weight_decay=0.5),
    "SGD": SGD,
    "SGD, momentum": dict(SGD, momentum=0.9),
    "SGD, momentum, decay": dict(SGD, momentum=0.5, weight_decay=0.1),
    "SGD, Nesterov": NESTEROV,
    "SGD, Nesterov, decay": dict(NESTEROV, weight_decay=0.1),
    "RMSprop": RMSPROP,
    "RMSprop, decay": dict(RMSPROP, rho=0.99, epsilon=1e-3, weight_decay=0.1),
    "SGD, clipped": dict(SGD, clip_norm=0.25),
    "Adam, clipped, decay": dict(ADAM, clip_norm=0.1, weight_decay=0.1),
    "Adam, clipped high": dict(ADAM, clip_norm=100.0),
    "SGD, Nesterov, step": dict(NESTEROV, schedule="NN_STEP", step_epochs=5, step_factor=0.3),
    "AdamW, decay, cosine": dict(ADAMW, weight_decay=0.5, schedule="NN_COSINE"),
    "Adam, one cycle": dict(ADAM, schedule="NN_ONE_CYCLE"),
    "RMSprop, cosine": dict(RMSPROP, schedule="NN_COSINE"),
    "SGD, class weights": dict(SGD, class_weights=[0.5, 2.0, 1.25]),
    "Adam, balanced": dict(ADAM, balanced=True),
    "all at once": dict(NESTEROV, weight_decay=0.01, clip_norm=0.3, schedule="NN_ONE_CYCLE",
                        class_weights=[3.0, 0.25, 1.0]),
}


def inputs():
    """Samples, labels (2, 4 and 3 of them), weights and bias: no pattern, and no randomness."""
    grid = lambda i: ((i * 37 + i * i * 11) % 101 - 50) / 64
    x = [[grid(s * FEATURES + f + 1) for f in range(FEATURES)] for s in range(SAMPLES)]
    w = [[grid(7 * f + 3 * c + 500) for c in range(CLASSES)] for f in range(FEATURES)]
    return x, [0, 1, 2, 1, 2, 1, 0, 1, 2], w, [0.125, 0.0, -0.25]


def make_optimizer(r, parameters):
    lr, decay = r["learning_rate"], r.get("weight_decay", 0.0)
    if r["optimizer"] in ("NN_ADAM", "NN_ADAMW"):
        kind = torch.optim.Adam if r["optimizer"] == "NN_ADAM" else torch.optim.AdamW
        return kind(parameters, lr=lr, betas=(r["beta1"], r["beta2"]), eps=r["epsilon"],
                    weight_decay=decay)
    if r["optimizer"] == "NN_SGD":
        return torch.optim.SGD(parameters, lr=lr, momentum=r.get("momentum", 0.0),
                               nesterov=r.get("nesterov", False), weight_decay=decay)
    return torch.optim.RMSprop(parameters, lr=lr, alpha=r["rho"], eps=r["epsilon"],
                               weight_decay=decay)


def make_schedule(r, optimizer, epochs, steps):
    """A scheduler; all but one-cycle step once an epoch."""
    schedules = torch.optim.lr_scheduler
    if r.get("schedule") == "NN_STEP":
        return schedules.StepLR(optimizer, r["step_epochs"], r["step_factor"])
    if r.get("schedule") == "NN_COSINE":
        return schedules.CosineAnnealingLR(optimizer, epochs)
    if r.get("schedule") == "NN_ONE_CYCLE":
        return schedules.OneCycleLR(optimizer, r["learning_rate"], total_steps=steps,
                                    cycle_momentum=False)
    return schedules.LambdaLR(optimizer, lambda epoch: 1.0)


def class_weights(r, labels):
    if r.get("balanced"):
        counts = [labels.count(c) for c in range(CLASSES)]
        return torch.tensor([len(labels) / (CLASSES * n) for n in counts], dtype=torch.float64)
    if "class_weights" in r:
        return torch.tensor(r["class_weights"], dtype=torch.float64)
    return None


def train(r):
    """Loss of each epoch before its step, and the weights and bias at the end."""
    x, labels, w, b = inputs()
    x, y = torch.tensor(x, dtype=torch.float64), torch.tensor(labels)
    parameters = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in (w, b)]
    loss_of = torch.nn.CrossEntropyLoss(weight=class_weights(r, labels))
    optimizer = make_optimizer(r, parameters)
    schedule = make_schedule(r, optimizer, EPOCHS, EPOCHS)
    losses = []
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        loss = loss_of(x @ parameters[0] + parameters[1], y)
        loss.backward()
        if "clip_norm" in r:
            torch.nn.utils.clip_grad_norm_(parameters, r["clip_norm"])
        optimizer.step()
        if epoch + 1 < EPOCHS:
            schedule.step()
        losses.append(loss.item())
    return losses, parameters[0].flatten().tolist(), parameters[1].tolist()


def rates(r, epochs, steps):
    """The learning rate of each of so many epochs, or steps for one-cycle."""
    optimizer = make_optimizer(r, [torch.zeros(1, requires_grad=True)])
    schedule = make_schedule(r, optimizer, epochs, steps)
    count = steps if r["schedule"] == "NN_ONE_CYCLE" else epochs
    out = []
    for i in range(count):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if i + 1 < count:
            schedule.step()
    return out


def numbers(values, suffix=""):
    text, line = "", "       "
    for v in values:
        item = " " + repr(float(v)) + suffix + ","
        if len(line) + len(item) > 100:
            text, line = text + line + "\n", "       "
        line += item
    return "{\n" + text + line + "\n    }"


def recipe(r):
    parts = []
    for key, value in r.items():
        if key == "class_weights":
            value = "(const double[]){%s}" % ", ".join(map(repr, value))
            parts.append(".class_weight_count = %d" % CLASSES)
        elif isinstance(value, bool):
            value = "true"
        parts.append(".%s = %s" % (key, value))
    lines, line = [], "    {"
    for part in parts:
        if len(line) + len(part) > 96:
            lines.append(line)
            line = "     "
        line += part + ", "
    lines.append(line.rstrip(" ,") + "},")
    return "\n".join(l.rstrip() for l in lines)


def main():
    warnings.simplefilter("ignore")
    x, labels, w, b = inputs()
    print("/* recipes.h - made by recipes.py: PyTorch's trainings and learning rates in double. */")
    print("#ifndef FB_GOLDEN_RECIPES_H\n#define FB_GOLDEN_RECIPES_H\n\n#include \"nn.h\"\n")
    print("enum {\n    GOLDEN_SAMPLES = %d,\n    GOLDEN_FEATURES = %d,\n    GOLDEN_CLASSES = %d,\n"
          "    GOLDEN_EPOCHS = %d\n};\n" % (SAMPLES, FEATURES, CLASSES, EPOCHS))
    for name, size, values in (
            ("X", "GOLDEN_SAMPLES * GOLDEN_FEATURES", sum(x, [])),
            ("W", "GOLDEN_FEATURES * GOLDEN_CLASSES", sum(w, [])),
            ("B", "GOLDEN_CLASSES", b)):
        print("static const float GOLDEN_%s[%s] = %s;\n" % (name, size, numbers(values, "f")))
    print("static const uint32_t GOLDEN_Y[GOLDEN_SAMPLES] = {%s};\n"
          % ", ".join(map(str, labels)))

    print("typedef struct golden_run {\n    const char *name;\n    nn_recipe recipe; /* batch, "
          "epochs and keep are left out */\n    double losses[GOLDEN_EPOCHS];\n"
          "    double weights[GOLDEN_FEATURES * GOLDEN_CLASSES], bias[GOLDEN_CLASSES];\n"
          "} golden_run;\n\nstatic const golden_run GOLDEN_RUNS[] = {")
    for name, r in RUNS.items():
        losses, weights, bias = train(r)
        print("    {\"%s\",\n%s\n    %s,\n    %s,\n    %s},"
              % (name, recipe(r), numbers(losses), numbers(weights), numbers(bias)))
    print("};\n")

    print("/* The rate of each epoch, of one-cycle each step. */\ntypedef struct golden_rates {\n"
          "    nn_recipe recipe;\n    size_t count;\n    double rates[40];\n} golden_rates;\n\n"
          "static const golden_rates GOLDEN_RATES[] = {")
    for r, count in ([(dict(SGD, schedule="NN_STEP", step_epochs=e, step_factor=f), 12)
                      for e, f in ((1, 0.5), (5, 0.1), (30, 0.1))]
                     + [(dict(SGD, schedule="NN_COSINE"), n) for n in (1, 2, 7, 40)]
                     + [(dict(SGD, schedule="NN_ONE_CYCLE"), n) for n in (1, 2, 3, 4, 10, 37)]):
        print("    {\n%s\n    %d,\n    %s},"
              % (recipe(r), count, numbers(rates(r, count, count))))
    print("};\n\n#endif")


main()
