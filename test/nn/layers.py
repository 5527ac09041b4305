"""Writes golden/layers.json: PyTorch's layers and networks with the same weights. `pip install torch`, then `python test/nn/layers.py`.

Parameter i of a case is wave(shape, 0.4, 0.3 + 0.07 i) in PyTorch's order, the input wave(shape, 1.5, 0.37), and the gradient
of the result wave(shape, 1, 0.53). Of each parameter's gradient the product with wave(shape, 1, 0.9) is kept.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

here = Path(__file__).parent
sys.path.append(str(here.parent / "support"))
from torch_cases import numbers, wave  # noqa: E402


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if x.shape[1] != y.shape[1]:
            missing = y.shape[1] - x.shape[1]
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, missing // 2, missing - missing // 2))
        return F.relu(x + y)


class Resnet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = nn.Sequential(Block(width, width))
        self.layer2 = nn.Sequential(Block(width, 2 * width))
        self.layer3 = nn.Sequential(Block(2 * width, 4 * width))
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, x):
        y = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(y.mean((2, 3)))


class Encoder(nn.Module):
    def __init__(self, causal=False, mask=None, **options):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 12, 0, batch_first=True, **options)
        self.causal, self.mask = causal, mask

    def forward(self, x):
        seen = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        return self.layer(x, src_mask=seen, src_key_padding_mask=self.mask, is_causal=self.causal)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.MultiheadAttention(6, 3, batch_first=True)

    def forward(self, x):
        return self.layer(x, x, x, need_weights=False)[0]


class States(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


hidden = torch.tensor([[False, False, False, True], [False, True, False, False]])
cases = {
    "Convolution": ([2, 4, 5, 6], nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), groups=2)),
    "Conv1d": ([2, 3, 9], nn.Conv1d(3, 4, 3, 2, 1)),
    "ConvTranspose2d": ([2, 3, 4, 3], nn.ConvTranspose2d(3, 2, 3, 2, 1, 1)),
    "LayerNorm": ([3, 2, 5], nn.LayerNorm([2, 5])),
    "GroupNorm": ([2, 6, 3], nn.GroupNorm(3, 6)),
    "BatchNorm": ([3, 4, 2, 3], nn.BatchNorm2d(4)),
    "Lstm, two layers, both directions": ([2, 5, 3], States(nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True))),
    "Gru, two layers": ([2, 5, 3], States(nn.GRU(3, 4, 2, batch_first=True))),
    "MultiHeadAttention": ([2, 5, 6], Attention()),
    "TransformerLayer": ([2, 4, 8], Encoder(activation="gelu", norm_first=True)),
    "TransformerLayer, causal": ([2, 4, 8], Encoder(True, activation="gelu", norm_first=True)),
    "TransformerLayer, norms behind, masked": ([2, 4, 8], Encoder(mask=hidden, activation="relu")),
    "resnet": ([2, 3, 8, 8], Resnet(4, 5)),
}

found = {}
for name, (shape, net) in cases.items():
    parameters = list(net.parameters())
    for i, p in enumerate(parameters):
        with torch.no_grad():
            p.copy_(wave(p.shape, 0.4, 0.3 + 0.07 * i))
    x = wave(shape, 1.5, 0.37).requires_grad_()
    y = net(x)
    gradients = torch.autograd.grad(y, [x, *parameters], wave(y.shape, 1, 0.53))
    found[name] = {
        "input": shape,
        "shape": list(y.shape),
        "value": numbers(y),
        "gradient": numbers(gradients[0]),
        "parameters": [numbers((g * wave(g.shape, 1, 0.9)).sum())[0] for g in gradients[1:]],
    }

lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(case)}" for name, case in found.items())
(here / "golden" / "layers.json").write_text("{\n" + lines + "\n}\n")
