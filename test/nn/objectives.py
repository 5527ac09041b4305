"""Writes golden/objectives.json: PyTorch's losses of the same numbers. `pip install torch`, then `python test/nn/objectives.py`."""

import sys
from pathlib import Path

import torch
from torch.nn import functional as F

here = Path(__file__).parent
sys.path.append(str(here.parent / "support"))
from torch_cases import write  # noqa: E402

labels = torch.tensor([2, 0, 4, 1])
ignored = torch.tensor([2, -100, 4, 1])
weight = torch.tensor([0.5, 1, 2, 0.25, 1.5])
signs = torch.tensor([1.0, -1, -1, 1])
soft = torch.softmax(torch.arange(20.0).reshape(4, 5) * 0.37 % 2, 1)
hard = torch.tensor([[0, 0.25, 0.75, 0], [1, 0, 0, 0]])
binary = torch.tensor([[0.0, 1, 0.5], [1, 0, 0.25]])


def cross(**options):
    return lambda x: F.cross_entropy(x, options.pop("target", labels), **options)


one = lambda **options: ([[4, 5]], cross(**options))

cases = {
    "squared": ([[2, 3], [2, 3]], F.mse_loss),
    "squared, summed": ([[2, 3], [2, 3]], lambda y, t: F.mse_loss(y, t, reduction="sum")),
    "absolute": ([[2, 3], [2, 3]], F.l1_loss),
    "huber": ([[3, 4], [3, 4]], lambda y, t: F.huber_loss(y, t, delta=0.7)),
    "huber, each": ([[3, 4], [3, 4]], lambda y, t: F.huber_loss(y, t, delta=0.7, reduction="none")),
    "binary": ([[2, 3]], lambda z: F.binary_cross_entropy_with_logits(z, binary)),
    "binary, weighted": (
        [[2, 3]],
        lambda z: F.binary_cross_entropy_with_logits(z, binary, pos_weight=torch.tensor([3.0])),
    ),
    "classes": one(),
    "classes, ignored": one(target=ignored),
    "classes, weights": one(weight=weight),
    "classes, smoothed": one(label_smoothing=0.2),
    "classes, all of it": one(target=ignored, weight=weight, label_smoothing=0.2),
    "classes, all of it, each": one(target=ignored, weight=weight, label_smoothing=0.2, reduction="none"),
    "classes, all of it, summed": one(target=ignored, weight=weight, label_smoothing=0.2, reduction="sum"),
    "probabilities": one(target=soft),
    "probabilities, weights, smoothed": one(target=soft, weight=weight, label_smoothing=0.1),
    "divergence": ([[2, 4]], lambda x: F.kl_div(x.log_softmax(1), hard, reduction="batchmean")),
    "cosine": ([[3, 4], [3, 4]], F.cosine_similarity),
    "embedding": ([[4, 3], [4, 3]], lambda a, b: F.cosine_embedding_loss(a, b, signs, margin=0.1)),
    "triplet": ([[3, 4], [3, 4], [3, 4]], lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=2)),
}
write(here / "golden" / "objectives.json", cases)
