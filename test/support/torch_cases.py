"""What PyTorch makes of the same numbers as a test: values, and gradients of the inputs.

Input i of a case is wave(shape, 1.5, 0.37 + 0.11 i), the gradient of the result wave(shape, 1, 0.53); torch.ts makes both
as well. A case is the shapes of its inputs and a function of them.
"""

import json

import torch

torch.set_default_dtype(torch.float64)


def wave(shape, scale, step):
    """scale * sin(step * i + 1)"""
    n = 1
    for size in shape:
        n *= size
    return (scale * torch.sin(step * torch.arange(n, dtype=torch.float64) + 1)).reshape(shape)


def numbers(t):
    return [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]


def write(path, cases):
    found = {}
    for name, (shapes, fn) in cases.items():
        x = [wave(shape, 1.5, 0.37 + 0.11 * i).requires_grad_() for i, shape in enumerate(shapes)]
        y = fn(*x)
        gradients = torch.autograd.grad(y, x, wave(y.shape, 1, 0.53))
        found[name] = {
            "inputs": shapes,
            "shape": list(y.shape),
            "value": numbers(y),
            "gradients": [numbers(g) for g in gradients],
        }
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(case)}" for name, case in found.items())
    path.write_text("{\n" + lines + "\n}\n")
