"""PyTorch on one CPU thread: the cases of the bench as its users write them, spoken to as in bench/protocol.ts."""

import json
import math
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
FUSED = "--fused" in sys.argv
SAMPLE = 1.0
WHOLE = 0.95
ATTEMPTS = 5
LONG = 0.02


def hashed(seed, size):
    """bench/data.ts in numpy: Murmur3's finaliser of seed and position."""
    with np.errstate(over="ignore"):
        h = np.arange(size, dtype=np.uint32) + np.uint32((seed * 0x9E3779B9) & 0xFFFFFFFF)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        return h ^ (h >> np.uint32(16))


def floats(seed, *shape, scale=1.0):
    size = math.prod(shape)
    values = (hashed(seed, size).astype(np.float64) / 2147483648 - 1) * scale
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def labels(seed, size, classes):
    return torch.from_numpy((hashed(seed, size) % np.uint32(classes)).astype(np.int64))


class Lenet(nn.Module):
    """CNNCifar and CNNFashion of the authors' code, and their gates, which end in one sigmoid."""

    def __init__(self, channels, maps, flat, hidden1, hidden2, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, maps, 5)
        self.fc1 = nn.Linear(flat, hidden1)
        self.fc2 = nn.Linear(hidden1, hidden2)
        self.fc3 = nn.Linear(hidden2, outputs)
        self.pool = nn.MaxPool2d(2, 2)
        self.drop = nn.Dropout(0.5)
        self.gate = outputs == 1

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = F.relu(self.fc1(x.flatten(1)))
        x = F.relu(self.fc2(self.drop(x)))
        x = self.fc3(x)
        return torch.sigmoid(x) if self.gate else F.log_softmax(x, dim=1)


class Mlp(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.fc1 = nn.Linear(784, 200)
        self.fc2 = nn.Linear(200, outputs)
        self.drop = nn.Dropout(0.5)
        self.gate = outputs == 1

    def forward(self, x):
        x = self.fc2(F.relu(self.drop(self.fc1(x))))
        return torch.sigmoid(x) if self.gate else F.log_softmax(x, dim=1)


class Rnn(nn.Module):
    """RNNTextClassifier and RNNGate: the last states of both directions, without packing."""

    def __init__(self, outputs):
        super().__init__()
        self.embedding = nn.Embedding(10_002, 100)
        self.rnn = nn.LSTM(100, 64, batch_first=True, bidirectional=True)
        self.top = nn.Linear(128, outputs)
        self.gate = outputs == 1

    def forward(self, x):
        _, (h, _) = self.rnn(self.embedding(x))
        x = self.top(torch.cat([h[0], h[1]], dim=1))
        return torch.sigmoid(x) if self.gate else F.log_softmax(x, dim=1)


INPUTS = {"lenetCifar": (3, 32, 32), "lenetFashion": (1, 28, 28), "mlp": (784,), "bilstm": (40,)}


def model(name, seed, outputs=None):
    outputs = outputs or (4 if name == "bilstm" else 10)
    if name == "lenetCifar":
        net = Lenet(3, 16, 400, 120, 84, outputs)
    elif name == "lenetFashion":
        net = Lenet(1, 12, 192, 84, 42, outputs)
    elif name == "mlp":
        net = Mlp(outputs)
    else:
        net = Rnn(outputs)
    fan_in = 1
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            if p.dim() > 1:
                fan_in = p.numel() // p.shape[0]
            p.copy_(floats(seed + i, *p.shape, scale=1 / math.sqrt(fan_in)))
    return net


def batch(task):
    size, shape = task["batch"], INPUTS[task["model"]]
    if task["model"] == "bilstm":
        return labels(1001, size * shape[0], 10_002).reshape(size, *shape), labels(1002, size, 4)
    return floats(1001, size, *shape), labels(1002, size, 10)


def adam(parameters, lr):
    return torch.optim.Adam(parameters, lr=lr, fused=True if FUSED else None)


def trainer(task, lr, train):
    net = model(task["model"], 1)
    net.train(train)
    x, y = batch(task)
    optimizer = adam(net.parameters(), lr)
    nll = nn.NLLLoss()

    def step():
        optimizer.zero_grad()
        loss = nll(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def mixture_trainer(task, lr, train, likelihood):
    """The authors' loop (ClientUpdate.train_mix): log-probabilities mixed, the generalist's gradients computed and unused."""
    name = task["model"]
    specialist, gate, generalist = model(name, 1), model(name, 101, 1), model(name, 201)
    for net in (specialist, gate, generalist):
        net.train(train)
    x, y = batch(task)
    optimizer = adam(list(specialist.parameters()) + list(gate.parameters()), lr)
    nll = nn.NLLLoss()

    def step():
        for net in (specialist, gate, generalist):
            net.zero_grad()
        ls, lg, h = specialist(x), generalist(x), gate(x)
        if likelihood:
            mixed = torch.logaddexp(torch.log(h) + ls, torch.log(1 - h) + lg)
        else:
            mixed = h * ls + (1 - h) * lg
        loss = nll(mixed, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def pooled(task):
    x = floats(1, task["batch"], task["channels"], task["size"], task["size"])
    window = ([2, 2], [2, 2], [0, 0], [1, 1], False)
    y, indices = torch.ops.aten.max_pool2d_with_indices(x, *window)
    y = F.relu(y)
    g = floats(2, *y.shape)
    if task["op"] == "maxPoolRelu":
        run = lambda: F.relu(F.max_pool2d(x, 2))
    else:

        def run():
            through = torch.ops.aten.threshold_backward(g, y, 0)
            return torch.ops.aten.max_pool2d_with_indices_backward(through, x, *window, indices)

    return run, run


def adam_step(task):
    def made():
        w = nn.Parameter(floats(1, task["size"]))
        w.grad = floats(2, task["size"])
        return w, adam([w], 1e-3)

    w, optimizer = made()

    def check():
        checked, once = made()
        once.step()
        return checked

    return optimizer.step, check


def convolution(task):
    n, ic, size, oc, k = (task[key] for key in ("batch", "ic", "size", "oc", "kernel"))
    out = size - k + 1
    x, w, b, y = floats(1, n, ic, size, size), floats(2, oc, ic, k, k), floats(3, oc), floats(4, n, oc, out, out)
    kind = task["op"].split(".")[1]
    if kind == "forward":
        run = lambda: F.conv2d(x, w, b)
    else:
        wanted = [kind == "gradInput", kind == "gradWeight", False]
        at = 0 if kind == "gradInput" else 1
        backward = torch.ops.aten.convolution_backward
        run = lambda: backward(y, x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, wanted)[at]
    return run, run


def matmul(task):
    m, n, k = task["m"], task["n"], task["k"]
    a = floats(1, k, m).t() if task["transA"] else floats(1, m, k)
    b = floats(2, n, k).t() if task["transB"] else floats(2, k, n)
    run = lambda: torch.matmul(a, b)
    return run, run


def elementwise(task):
    rows, cols = task["rows"], task["cols"]
    x, other = floats(1, rows, cols, scale=4), floats(2, rows, cols, scale=4)
    run = {
        "softmax": lambda: torch.softmax(x, 1),
        "logSoftmax": lambda: torch.log_softmax(x, 1),
        "exp": lambda: torch.exp(x),
        "sigmoid": lambda: torch.sigmoid(x),
        "relu": lambda: torch.relu(x),
        "add": lambda: x + other,
        "mul": lambda: x * other,
        "sum": lambda: x.sum(),
        "sumRows": lambda: x.sum(1),
        "sumColumns": lambda: x.sum(0),
        "dropout": lambda: F.dropout(x, 0.5, True),
    }[task["op"]]
    return run, run


def cross_entropy(task):
    rows, cols = task["rows"], task["cols"]
    x, y = floats(1, rows, cols, scale=4), labels(2, rows, cols)
    run = lambda: F.cross_entropy(x, y, reduction="none")
    return run, run


def without_gradients(made):
    run, check = made
    guard = torch.no_grad()
    return guard(run), guard(check)


def training(task):
    checked = trainer(task, 1e-3, False)
    return trainer(task, 1e-6, True), lambda: [checked() for _ in range(4)]


def mixture_training(task):
    # timed is the authors' loop, whatever the method; checked is the method
    checked = mixture_trainer(task, 1e-3, False, task["generalist"] == "stored")
    return mixture_trainer(task, 1e-6, True, False), lambda: [checked() for _ in range(4)]


def inference(task):
    net = model(task["model"], 1).eval()
    x, _ = batch(task)
    run = lambda: net(x)
    return run, run


def mixture_inference(task):
    name = task["model"]
    specialist, gate, generalist = (net.eval() for net in (model(name, 1), model(name, 101, 1), model(name, 201)))
    x, _ = batch(task)

    def run():
        h = gate(x)
        return torch.log(h * torch.exp(specialist(x)) + (1 - h) * torch.exp(generalist(x)))

    return run, run


def prepare(task):
    op = task["op"]
    if op == "step":
        return training(task)
    if op == "mixture":
        return mixture_training(task)
    if op == "adam":
        return adam_step(task)
    makers = {
        "matmul": matmul,
        "infer": inference,
        "inferMixture": mixture_inference,
        "crossEntropy": cross_entropy,
        "maxPoolRelu": pooled,
        "maxPoolReluGrad": pooled,
    }
    maker = makers.get(op) or (convolution if op.startswith("conv2d.") else elementwise)
    return without_gradients(maker(task))


def spread(result):
    values = result.detach().reshape(-1).tolist() if isinstance(result, torch.Tensor) else result
    count = min(256, len(values))
    return [values[i * len(values) // count] for i in range(count)]


def sample(run, calls):
    """Milliseconds per call, as bench/sample.ts takes them."""
    for attempt in range(1, ATTEMPTS + 1):
        cpu, start = time.process_time(), time.perf_counter()
        for _ in range(calls):
            run()
        spent, used = time.perf_counter() - start, time.process_time() - cpu
        if used >= WHOLE * spent:
            return spent * 1000 / calls
        if spent > LONG or attempt == ATTEMPTS:
            return used * 1000 / calls


def warm(run):
    calls, best, began = 1, math.inf, time.perf_counter()
    while time.perf_counter() - began < 0.25:
        best = min(best, sample(run, calls))
        calls = max(1, min(100_000, round(SAMPLE / max(best, 1e-5))))
    return calls


def burst(run, calls, milliseconds):
    samples, spent = [], 0
    while spent < milliseconds:
        samples.append(sample(run, calls))
        spent += samples[-1] * calls
    return samples


def main():
    run = check = calls = None
    for line in sys.stdin:
        request = json.loads(line)
        reply = {}
        try:
            if request["do"] == "prepare":
                run, check = prepare(request["task"])
            elif request["do"] == "check":
                reply = {"check": spread(check())}
            elif request["do"] == "warm":
                calls = warm(run)
            elif request["do"] == "burst":
                reply = {"samples": burst(run, calls, request["milliseconds"])}
        except Exception as error:  # whatever a library throws is the answer
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(reply), flush=True)


main()
