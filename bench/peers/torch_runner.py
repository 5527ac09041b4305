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


class Block(nn.Module):
    """A residual block with the shortcut of zeros (He et al. 2015, option A)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        missing = y.shape[1] - x.shape[1]
        if missing:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, missing // 2, missing - missing // 2))
        return F.relu(x + y)


class Transformer(nn.Module):
    def __init__(self, words, length, width=128, layers=2, heads=4):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(length, width)
        layer = lambda: nn.TransformerEncoderLayer(width, heads, 4 * width, 0, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.ModuleList([layer() for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.top = nn.Linear(width, words)

    def forward(self, x):
        steps = x.shape[1]
        y = self.words(x) + self.places.weight[:steps]
        seen = nn.Transformer.generate_square_subsequent_mask(steps)
        for layer in self.layers:
            y = layer(y, src_mask=seen, is_causal=True)
        return self.top(self.norm(y)).flatten(0, 1)


class States(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(64, 128, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


def resnet20():
    stage = lambda inputs, outputs: [Block(inputs, outputs), Block(outputs, outputs), Block(outputs, outputs)]
    first = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    last = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    return nn.Sequential(*first, *stage(16, 16), *stage(16, 32), *stage(32, 64), *last)


def normalised():
    part = lambda inputs, outputs: [
        nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
    return nn.Sequential(*part(3, 16), *part(16, 32), nn.Flatten(), nn.Linear(2048, 10))


def wide():
    features = [nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(12_544, 128), nn.ReLU(), nn.Linear(128, 10))


# network, shape of its input, words it is of, classes of its labels
NETWORKS = {
    "resnet20": (resnet20, (32, 3, 32, 32), None, 10),
    "transformer": (lambda: Transformer(100, 64), (16, 64), 100, 100),
    "lstm": (States, (32, 64, 64), None, None),
    "normalised": (normalised, (32, 3, 32, 32), None, 10),
    "wide": (wide, (10, 3, 32, 32), None, 10),
}

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


def vocabulary_trainer(name, lr):
    make, shape, words, classes = NETWORKS[name]
    net = make()
    fan_in = 1
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            if p.dim() > 1:
                fan_in = p.numel() // p.shape[0]
            p.copy_(floats(1 + i, *p.shape, scale=1 / math.sqrt(fan_in)))
    size = math.prod(shape)
    x = labels(1001, size, words).reshape(shape) if words else floats(1001, *shape)
    y = labels(1002, size if words else shape[0], classes) if classes else None
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)

    def step():
        optimizer.zero_grad()
        loss = net(x).square().mean() if y is None else F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def vocabulary(task):
    name = task["op"].split(".")[1]
    if name == "step":
        checked = vocabulary_trainer(task["network"], 0.05)
        return vocabulary_trainer(task["network"], 1e-6), lambda: [checked() for _ in range(4)]
    fn = {
        "gelu": F.gelu,
        "silu": F.silu,
        "erf": torch.erf,
        "softmaxFirst": lambda x: x.softmax(0),
        "logSumExp": lambda x: x.logsumexp(1),
        "layerNorm": lambda x, w, b: F.layer_norm(x, w.shape, w, b),
        "batchNorm": lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
        "attention": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        "depthwise": lambda x, w: F.conv2d(x, w, None, 1, 1, 1, x.shape[1]),
        "grouped": lambda x, w: F.conv2d(x, w, None, 1, 1, 1, 4),
    }[name]
    both = task["both"]
    x = [floats(1 + i, *shape, scale=2).requires_grad_(both) for i, shape in enumerate(json.loads(task["shapes"]))]
    if not both:
        return without_gradients((lambda: fn(*x), lambda: fn(*x)))
    g = floats(9, *fn(*x).shape)
    run = lambda: torch.autograd.grad(fn(*x), x, g)[0]
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
    if op.startswith("vocabulary."):
        return vocabulary(task)
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


if __name__ == "__main__":
    main()
