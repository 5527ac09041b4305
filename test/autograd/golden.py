"""Writes golden/ops.json: what PyTorch makes of the same numbers. `pip install torch`, then `python test/autograd/golden.py`."""

import sys
from pathlib import Path

import torch
from torch.nn import functional as F

here = Path(__file__).parent
sys.path.append(str(here.parent / "support"))
from torch_cases import write  # noqa: E402

keep = torch.tensor([[True, True, False, True, True], [True, False, True, True, False]])


def attend(mask=None, causal=False):
    seen = None if mask is None else mask[:, None, None, :]
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, seen, is_causal=causal)


def recurrent(kind, gates, reverse=False, states=0):
    """All of y, then the last states, from x[3, 2, 4], weights of width 3 and as many first states."""
    net = kind(4, 3, bidirectional=reverse)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]

    def run(x, wx, wh, bx, bh, *first):
        given = dict(zip(names, [wx, wh, bx, bh]))
        if reverse:
            # the other direction's answers are cut off
            given |= {f"{name}_reverse": value for name, value in given.items()}
        start = [f[None].repeat(1 + reverse, 1, 1) for f in first]
        start = (start[0] if gates == 3 else tuple(start)) if start else None
        y, last = torch.func.functional_call(net, given, (x, start))
        last = [last] if gates == 3 else last
        side = 3 if reverse else 0
        return torch.cat([y[..., side : side + 3].reshape(6, 3), *[s[-1] for s in last]])

    shapes = [[3, 2, 4], [gates * 3, 4], [gates * 3, 3], [gates * 3], [gates * 3]]
    return shapes + [[2, 3]] * states, run


# shapes of the inputs, and the function
cases = {
    # products, softmaxes, reductions
    "matmul of stacks": ([[2, 1, 3, 4], [5, 4, 2]], torch.matmul),
    "matmul of stacks, both transposed": ([[2, 4, 3], [2, 2, 4]], lambda a, b: a.mT @ b.mT),
    "softmax over axis 1": ([[2, 5, 3]], lambda x: x.softmax(1)),
    "logSoftmax over axis 0": ([[4, 3]], lambda x: x.log_softmax(0)),
    "logSumExp over axes 0 and 2": ([[2, 3, 4]], lambda x: x.logsumexp((0, 2))),
    "max over axis 1": ([[3, 5, 2]], lambda x: x.amax(1)),
    "min over all": ([[3, 5]], lambda x: x.amin()),
    "variance over axis 0": ([[6, 3]], lambda x: x.var(0)),
    "prod over axis 1": ([[3, 5]], lambda x: x.prod(1)),
    "cumsum over axis 0": ([[4, 3]], lambda x: x.cumsum(0)),
    # activations
    "erf": ([[13]], torch.erf),
    "gelu": ([[13]], F.gelu),
    "gelu, tanh": ([[13]], lambda x: F.gelu(x, approximate="tanh")),
    "silu": ([[13]], F.silu),
    "softplus": ([[13]], F.softplus),
    "elu": ([[13]], lambda x: F.elu(x, 0.7)),
    "leakyRelu": ([[13]], lambda x: F.leaky_relu(x, 0.2)),
    "sin and cos": ([[13]], lambda x: (40 * x).sin() + (30 * x).cos()),
    "log1p and expm1": ([[13]], lambda x: (0.5 * x).log1p() + x.expm1()),
    "pow": ([[3, 4], [4]], lambda a, b: a.abs().pow(b)),
    "clip": ([[13]], lambda x: x.clamp(-0.5, 1)),
    # parts
    "pad": ([[2, 3]], lambda x: F.pad(x, (1, 2, 0, 1), value=-2)),
    "slice with steps": ([[3, 9]], lambda x: x[:, 1:8:3]),
    "take over axis 1": ([[2, 5, 2]], lambda x: x[:, [4, 0, 4]]),
    "takeAlong axis 1": ([[2, 4]], lambda x: x.gather(1, torch.tensor([[3, 0, 0], [1, 2, 1]]))),
    "topK": ([[3, 6]], lambda x: x.topk(2).values),
    # normalisation
    "layerNorm": ([[4, 6], [6], [6]], lambda x, w, b: F.layer_norm(x, [6], w, b)),
    "layerNorm over two axes": ([[3, 2, 5], [2, 5], [2, 5]], lambda x, w, b: F.layer_norm(x, [2, 5], w, b)),
    "groupNorm": ([[2, 6, 3, 3], [6], [6]], lambda x, w, b: F.group_norm(x, 3, w, b)),
    "instanceNorm": ([[2, 3, 4, 5], [3], [3]], lambda x, w, b: F.instance_norm(x, weight=w, bias=b)),
    "batchNorm of planes": ([[3, 4, 2, 3], [4], [4]], lambda x, w, b: F.batch_norm(x, None, None, w, b, True)),
    "batchNorm of columns": ([[7, 5], [5], [5]], lambda x, w, b: F.batch_norm(x, None, None, w, b, True)),
    "batchNorm in evaluation": (
        [[3, 4, 5], [4], [4]],
        lambda x, w, b: F.batch_norm(x, torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([0.5, 1, 1.5, 2]), w, b),
    ),
    # planes
    "avgPool2d": ([[2, 2, 5, 7]], lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 1))),
    "avgPool2d without its padding": ([[1, 2, 5, 6]], lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    "adaptiveAvgPool2d": ([[1, 2, 7, 5]], lambda x: F.adaptive_avg_pool2d(x, (3, 2))),
    "maxPool2d, padded": ([[2, 2, 5, 6]], lambda x: F.max_pool2d(x, 3, 2, 1)),
    "adaptiveAvgPool2d to one": ([[2, 3, 4, 6]], lambda x: F.adaptive_avg_pool2d(x, 1)),
    "convolve, sizes of their own": (
        [[2, 3, 7, 8], [4, 3, 2, 3], [4]],
        lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (2, 1)),
    ),
    "convolve, same": ([[1, 2, 5, 6], [3, 2, 2, 4], [3]], lambda x, w, b: F.conv2d(x, w, b, padding="same")),
    "convolve, groups": ([[2, 4, 6, 5], [6, 2, 3, 3], [6]], lambda x, w, b: F.conv2d(x, w, b, 2, 1, 1, 2)),
    "convolve, depthwise": ([[2, 4, 6, 5], [4, 1, 3, 3], [4]], lambda x, w, b: F.conv2d(x, w, b, 1, 1, 1, 4)),
    "convolve, one axis": ([[2, 3, 11], [4, 3, 3], [4]], lambda x, w, b: F.conv1d(x, w, b, 2, 1, 2)),
    "convolveTransposed": (
        [[2, 4, 3, 4], [4, 3, 3, 2], [3]],
        lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), 1, (1, 2)),
    ),
    "convolveTransposed, groups": (
        [[1, 4, 3, 3], [4, 2, 3, 3], [4]],
        lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 0, 0, 2, 2),
    ),
    "convolveTransposed, one axis": ([[2, 3, 5], [3, 2, 4], [2]], lambda x, w, b: F.conv_transpose1d(x, w, b, 3, 1)),
    # sequences
    "attention": ([[2, 3, 4, 6], [2, 3, 5, 6], [2, 3, 5, 4]], attend()),
    "attention, causal": ([[2, 1, 5, 3], [2, 1, 5, 3], [2, 1, 5, 2]], attend(causal=True)),
    "attention, masked": ([[2, 2, 4, 3], [2, 2, 5, 3], [2, 2, 5, 3]], attend(keep)),
    "lstmSequence": recurrent(torch.nn.LSTM, 4),
    "lstmSequence, reverse, from given states": recurrent(torch.nn.LSTM, 4, True, 2),
    "gruSequence": recurrent(torch.nn.GRU, 3),
    "gruSequence, reverse, from a given state": recurrent(torch.nn.GRU, 3, True, 1),
}

write(here / "golden" / "ops.json", cases)
