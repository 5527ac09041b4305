"""First weights that no node decides alone: the form that most declare, and the middle of their values."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

Tensors = dict[str, np.ndarray]
# names and shapes in their order
Form = tuple[tuple[str, tuple[int, ...]], ...]


def form_of(tensors: Tensors) -> Form:
    return tuple((name, tensor.shape) for name, tensor in tensors.items())


def most(offers: Mapping[int, Tensors]) -> Form | None:
    """The form that more than half of the offers have."""
    counts = Counter(form_of(tensors) for tensors in offers.values())
    return next((form for form, count in counts.items() if 2 * count > len(offers)), None)


def agreed(offers: Mapping[int, Tensors], least: int) -> Tensors | None:
    """The weights to start from, or None where others could tip them: more offers may tell.

    Offers that are alike to the bit count from `least` on. Where they differ one more is needed: each value is then the
    middle one (the lower of two), which lies between honest ones as long as fewer than half of the offers are lies.
    """
    form = most(offers)
    if form is None:
        return None
    alike = [offers[node] for node in sorted(offers) if form_of(offers[node]) == form]
    same = all(np.array_equal(alike[0][name], one[name]) for one in alike[1:] for name, _ in form)
    if len(alike) < (least if same else least + 1):
        return None
    return alike[0] if same else {name: middle([one[name] for one in alike]) for name, _ in form}


def middle(tensors: list[np.ndarray]) -> np.ndarray:
    at = (len(tensors) - 1) // 2
    # a copy: what is partitioned is as large as all of them together
    return np.partition(np.stack(tensors), at, axis=0)[at].copy()


def apart(offers: Mapping[int, Tensors], weights: Tensors) -> dict[int, str]:
    """Who offered something else than the weights that were agreed on, and what."""
    form = form_of(weights)
    found = {}
    for node, tensors in sorted(offers.items()):
        if form_of(tensors) != form:
            found[node] = other_form(tensors, weights)
        elif odd := [name for name, _ in form if not np.array_equal(tensors[name], weights[name])]:
            found[node] = f"other values in {', '.join(odd[:3])}"
    return found


def other_form(tensors: Tensors, weights: Tensors) -> str:
    if odd := sorted(set(tensors) ^ set(weights)):
        return f"other tensors than most: {', '.join(odd[:3])}"
    for name, tensor in tensors.items():
        if tensor.shape != weights[name].shape:
            return f"{name} has shape {tensor.shape}, most have {weights[name].shape}"
    return "its tensors in another order than most"
