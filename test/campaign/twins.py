"""PyTorch's answer to calls of our ops, one JSON line each way: {name, x, attrs, reached, weights} to {values, gradients}."""

import json
import math
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from torch.nn import functional as F

torch.set_num_threads(1)
D = torch.float64
types = {"f32": D, "i32": torch.int64, "u8": D}


def decoded(value):
    return float(value) if isinstance(value, str) else value


def operand(spec):
    if spec is None:
        return None
    values = [decoded(v) for v in spec["values"]]
    return torch.tensor(values, dtype=types[spec["dtype"]]).reshape(spec["shape"])


def pick(values, labels):
    return values.gather(1, labels.reshape(-1, 1)).reshape(-1)


def mixture(ls, lg, z):
    z = z.reshape(-1, 1)
    return torch.logaddexp(F.logsigmoid(z) + ls, F.logsigmoid(-z) + lg)


def mixture_log(ls, lg, z):
    h = torch.sigmoid(z.reshape(-1, 1))
    return h * ls + (1 - h) * lg


def behind(function):
    """The gradient of a function from its input and the gradient behind it."""

    def gradient(x, g):
        return torch.func.vjp(function, x)[1](g)[0]

    return gradient


def gradient_of(function, which):
    """The gradient of a function of several operands for one of them; the last argument is the gradient behind it."""

    def gradient(*operands):
        *x, g = operands
        return torch.func.vjp(lambda one: function(*x[:which], one, *x[which + 1 :]), x[which])[1](g)[0]

    return gradient


def total(x, a):
    return x.sum(dim=a["axes"], keepdim=a["keep"]) if a["axes"] else x


def matmul(x, y, a):
    return (x.T if a.get("transA") else x) @ (y.T if a.get("transB") else y)


def matmul_stack(x, y, a):
    return (x.mT if a.get("transA") else x) @ (y.mT if a.get("transB") else y)


def relued(y, a):
    return torch.relu(y) if a.get("relu") else y


def conv(x, w, b, a):
    return relued(F.conv2d(x, w, b, stride=a["stride"], padding=a["pad"]), a)


def pool(x, a):
    return relued(F.max_pool2d(x, a["kernel"], a["stride"]), a)


def sliced(x, a):
    picked = torch.arange(a["from"], a["to"], a.get("step") or 1)
    return x.index_select(a["axis"], picked)


def one_hot(labels, columns):
    return F.one_hot(labels, columns).to(D)


def sentences(words, offsets, rows, padding):
    found = [words[offsets[row] : offsets[row + 1]] for row in rows.tolist()]
    longest = max((len(one) for one in found), default=0)
    return torch.stack([F.pad(one, (0, longest - len(one)), value=padding) for one in found])


def normalized(pixels, rows, scale, shift, _):
    each = [1, -1] + [1] * (pixels.dim() - 2)
    return pixels[rows] * scale.reshape(each) + shift.reshape(each)


def run_of(a):
    return tuple(range(a["from"], a["to"]))


def amax(x, a):
    return torch.amax(x, run_of(a), keepdim=True) if run_of(a) else x


def log_sum_exp(x, a):
    return torch.logsumexp(x, run_of(a), keepdim=True) if run_of(a) else x


def cumulated(x, a):
    turned = (lambda t: t.flip(a["axis"])) if a["reverse"] else (lambda t: t)
    return turned(torch.cumsum(turned(x), a["axis"]))


def taken(x, numbers, a):
    shape = a["shape"]
    flat = x.index_select(a["axis"], numbers.reshape(-1))
    return flat.reshape([*shape[: a["axis"]], *numbers.shape, *shape[a["axis"] + 1 :]])


def put(g, numbers, a):
    shape, axis = a["shape"], a["axis"]
    flat = g.reshape([*shape[:axis], numbers.numel(), *shape[axis + 1 :]])
    return torch.zeros(shape, dtype=D).index_add(axis, numbers.reshape(-1), flat)


def lattice(a, sizes):
    axes = [start + step * torch.arange(n) for start, step, n in zip(a["starts"], a["steps"], sizes)]
    return torch.meshgrid(*axes, indexing="ij") if axes else ()


def placed(x, a):
    return torch.full(a["shape"], float(a["value"]), dtype=D).index_put(lattice(a, x.shape), x)


def convolve(x, w, a):
    around = []
    for i in (1, 0):
        reach = (a["output"][i + 2] - 1) * a["stride"][i] + a["dilation"][i] * (w.shape[i + 2] - 1) + 1
        around += [a["before"][i], reach - x.shape[i + 2] - a["before"][i]]
    return F.conv2d(F.pad(x, around), w, None, a["stride"], 0, a["dilation"], a["groups"])


def average(x, a):
    return F.avg_pool2d(x, a["kernel"], a["stride"], a["pad"], count_include_pad=a["padded"])


def linear_gradient(function, like, which):
    """The gradient of a function that is linear in the operand it is for: where that is taken makes no difference."""

    def gradient(*operands):
        *x, g = operands
        return torch.func.vjp(lambda one: function(*x[:which], one, *x[which:]), torch.zeros(like, dtype=D))[1](g)[0]

    return gradient


twins = {
    "batchMatmul": lambda x, y, a: matmul_stack(x, y, a),
    "max": amax,
    "logSumExp": log_sum_exp,
    "cumsum": cumulated,
    "take": taken,
    "put": put,
    "strided": lambda x, a: x[lattice(a, a["shape"])] if a["shape"] else x,
    "place": lambda x, a: placed(x, a) if a["shape"] else x,
    "topK": lambda x, k: torch.sort(x, dim=-1, descending=True, stable=True)[1][..., :k],
    "oneHot": lambda labels, classes: one_hot(labels, classes),
    "convolve": convolve,
    "convolveGradInput": lambda g, w, a: linear_gradient(lambda x, w: convolve(x, w, a), a["input"], 0)(w, g),
    "convolveGradWeight": lambda x, g, a: linear_gradient(lambda x, w: convolve(x, w, a), a["weight"], 1)(x, g),
    "avgPool2d": average,
    "avgPool2dGrad": lambda g, a: linear_gradient(lambda x: average(x, a), a["input"], 0)(g),
    "add": lambda a, b, _: a + b,
    "sub": lambda a, b, _: a - b,
    "mul": lambda a, b, _: a * b,
    "div": lambda a, b, _: a / b,
    "pow": lambda a, b, _: torch.pow(a, b),
    "maximum": lambda a, b, _: torch.maximum(a, b),
    "minimum": lambda a, b, _: torch.minimum(a, b),
    "compare": lambda a, b, kind: [torch.lt, torch.le, torch.eq][kind](a, b).to(D),
    "where": lambda c, a, b, _: torch.where(c != 0, a, b),
    "clip": lambda x, a: torch.clamp(x, decoded(a["low"]), decoded(a["high"])),
    "clipGrad": lambda x, g, a: behind(lambda x: torch.clamp(x, decoded(a["low"]), decoded(a["high"])))(x, g),
    "neg": lambda x, _: -x,
    "affine": lambda x, a: a["scale"] * x + a["shift"],
    "copy": lambda x, _: x.clone(),
    "exp": lambda x, _: torch.exp(x),
    "log": lambda x, _: torch.log(x),
    "sqrt": lambda x, _: torch.sqrt(x),
    "square": lambda x, _: x * x,
    "abs": lambda x, _: torch.abs(x),
    "reciprocal": lambda x, _: 1 / x,
    "relu": lambda x, _: torch.relu(x),
    "sigmoid": lambda x, _: torch.sigmoid(x),
    "tanh": lambda x, _: torch.tanh(x),
    "logSigmoid": lambda x, _: F.logsigmoid(x),
    "reluGrad": lambda y, g, _: torch.where(y > 0, g, 0.0),
    "sigmoidGrad": lambda y, g, _: torch.ops.aten.sigmoid_backward(g, y),
    "tanhGrad": lambda y, g, _: torch.ops.aten.tanh_backward(g, y),
    "logSigmoidGrad": lambda x, g, _: g * torch.sigmoid(-x),
    "erf": lambda x, _: torch.erf(x),
    "gelu": lambda x, _: F.gelu(x),
    "geluTanh": lambda x, _: F.gelu(x, approximate="tanh"),
    "silu": lambda x, _: F.silu(x),
    "expm1": lambda x, _: torch.expm1(x),
    "log1p": lambda x, _: torch.log1p(x),
    "sin": lambda x, _: torch.sin(x),
    "cos": lambda x, _: torch.cos(x),
    "elu": lambda x, alpha: F.elu(x, alpha),
    "leakyRelu": lambda x, slope: F.leaky_relu(x, slope),
    "geluGrad": lambda x, g, _: behind(F.gelu)(x, g),
    "geluTanhGrad": lambda x, g, _: behind(lambda x: F.gelu(x, approximate="tanh"))(x, g),
    "siluGrad": lambda x, g, _: behind(F.silu)(x, g),
    "eluGrad": lambda x, g, alpha: behind(lambda x: F.elu(x, alpha))(x, g),
    "leakyReluGrad": lambda x, g, slope: behind(lambda x: F.leaky_relu(x, slope))(x, g),
    "expand": lambda x, shape: x.expand(shape),
    "reshape": lambda x, shape: x.reshape(shape),
    "permute": lambda x, order: x.permute(order) if order else x,
    "slice": sliced,
    "concat": lambda *x: torch.cat(x[:-1], x[-1]),
    "sum": total,
    "argmax": lambda x, axis: torch.argmax(x, axis),
    "matmul": matmul,
    "linear": lambda x, w, b, a: relued(F.linear(x, w, b), a),
    "conv2d": conv,
    "conv2dGradInput": lambda g, w, a: torch.nn.grad.conv2d_input(a["input"], w, g, a["stride"], a["pad"]),
    "conv2dGradWeight": lambda x, g, a: torch.nn.grad.conv2d_weight(x, a["weight"], g, a["stride"], a["pad"]),
    "conv2dGradBias": lambda g, _: g.sum(dim=(0, 2, 3)),
    "maxPool2d": pool,
    "maxPool2dGrad": lambda x, y, g, a: gradient_of(lambda x: pool(x, a), 0)(x, g),
    "softmax": lambda x, _: F.softmax(x, -1),
    "logSoftmax": lambda x, _: F.log_softmax(x, -1),
    "softmaxGrad": lambda y, g, _: torch.ops.aten._softmax_backward_data(g, y, -1, D),
    "logSoftmaxGrad": lambda y, g, _: torch.ops.aten._log_softmax_backward_data(g, y, -1, D),
    "nll": lambda x, labels, _: F.nll_loss(x, labels, reduction="none"),
    "crossEntropy": lambda x, labels, _: F.cross_entropy(x, labels, reduction="none"),
    "nllGrad": lambda labels, g, columns: -one_hot(labels, columns) * g.reshape(-1, 1),
    "crossEntropyGrad": lambda x, labels, g, _: (F.softmax(x, 1) - one_hot(labels, x.shape[1])) * g.reshape(-1, 1),
    "mixture": lambda ls, lg, z, _: mixture(ls, lg, z),
    "mixtureLog": lambda ls, lg, z, _: mixture_log(ls, lg, z),
    "mixtureNll": lambda ls, lg, z, labels, _: -pick(mixture(ls, lg, z), labels),
    "mixtureGrad": lambda ls, lg, z, g, which: gradient_of(mixture, which)(ls, lg, z, g),
    "mixtureLogGrad": lambda ls, lg, z, g, which: gradient_of(mixture_log, which)(ls, lg, z, g),
    "mixtureNllGrad": lambda ls, lg, z, labels, g, which: gradient_of(
        lambda ls, lg, z: -pick(mixture(ls, lg, z), labels), which
    )(ls, lg, z, g),
    "gather": lambda x, rows, _: x[rows],
    "scatterAdd": lambda g, rows, shape: torch.zeros(shape, dtype=D).index_add(0, rows, g),
    "embedding": lambda w, words, _: F.embedding(words, w),
    "embeddingGrad": lambda g, words, shape: torch.zeros(shape, dtype=D).index_add(
        0, words.reshape(-1), g.reshape(-1, shape[1])
    ),
    "gatherInt": lambda labels, rows, _: labels[rows],
    "gatherNormalize": normalized,
    "sentenceRows": sentences,
}


def encoded(t):
    return [v if math.isfinite(v) else repr(float(v)) for v in t.reshape(-1).tolist()]


def answer(call):
    x = [operand(spec) for spec in call["x"]]
    reached = [x[i].requires_grad_() for i in call["reached"]]
    y = twins[call["name"]](*x, call.get("attrs"))
    found = {"shape": list(y.shape), "values": encoded(y), "gradients": []}
    if reached and y.requires_grad and y.numel() > 0:
        weights = torch.tensor(call["weights"][: y.numel()], dtype=D).reshape(y.shape)
        gradients = torch.autograd.grad((y * weights).sum(), reached, allow_unused=True)
        zeros = [torch.zeros_like(one) for one in reached]
        found["gradients"] = [encoded(z if g is None else g) for g, z in zip(gradients, zeros)]
    return found


print(json.dumps({"ready": torch.__version__, "names": sorted(twins)}), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))), flush=True)
    except Exception as error:  # told to who asked
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
