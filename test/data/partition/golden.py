"""Writes golden/numpy.json: what NumPy draws where PFLlib and Flower's niid_bench part their data by it.
`pip install numpy`, then `python test/data/partition/golden.py`."""

import hashlib
import json
from pathlib import Path

import numpy as np


def labels_of(rows, classes):
    """Labels that the tests can make as well."""
    return np.array([(7 * i + i // 13 + i * i // 100) % classes for i in range(rows)])


def dealt(labels, clients, alpha, least, shuffle, dirichlet):
    while True:
        hands = [[] for _ in range(clients)]
        for c in range(labels.max() + 1):
            rows = np.flatnonzero(labels == c)
            shuffle(rows)
            share = dirichlet(np.full(clients, alpha))
            share = share * [len(hand) < len(labels) / clients for hand in hands]
            share = share / share.sum()
            cuts = (np.cumsum(share) * len(rows)).astype(int)[:-1]
            for hand, part in zip(hands, np.split(rows, cuts)):
                hand.extend(part)
        if min(len(hand) for hand in hands) >= least:
            return hands


def pfllib(labels, clients, split, alpha=0.1, classes=2, balance=False, seed=1, least=1):
    np.random.seed(seed)
    count = labels.max() + 1
    if split == "dir":
        hands = dealt(labels, clients, alpha, least, np.random.shuffle, np.random.dirichlet)
    else:
        each = count if split == "iid" else classes
        hands, room = [[] for _ in range(clients)], [each] * clients
        for c in range(count):
            rows = np.flatnonzero(labels == c)
            holding = [i for i in range(clients) if room[i] > 0][: int(np.ceil((clients / count) * each))]
            even = len(rows) / len(holding)
            n = len(holding) - 1
            sizes = [int(even)] * n if balance else np.random.randint(max(even / 10, least / count), even, n).tolist()
            for i, part in zip(holding, np.split(rows, np.cumsum(sizes).astype(int))):
                hands[i].extend(part)
                room[i] -= 1
    parts = []
    for hand in hands:
        # what scikit-learn's train_test_split draws
        order = np.random.permutation(len(hand))
        test = len(hand) - int(0.75 * len(hand))
        rows = np.array(hand)[order]
        parts.append((rows[test:], rows[:test]))
    return parts


def niid_bench(labels, clients, split, alpha=0.5, classes=2, seed=42):
    random = np.random.default_rng(seed)
    if split == "iid":
        return np.array_split(random.choice(len(labels), len(labels), replace=False), clients)
    if split == "dirichlet":
        return dealt(labels, clients, alpha, 10, random.shuffle, random.dirichlet)
    count = labels.max() + 1
    own = []
    for i in range(clients):
        mine = [i % count]
        while len(mine) < classes:
            c = random.choice(count, 1)[0]
            if c not in mine:
                mine.append(c)
        own.append(mine)
    hands = [[] for _ in range(clients)]
    for c in range(count):
        rows = np.flatnonzero(labels == c)
        random.shuffle(rows)
        holding = [i for i in range(clients) if c in own[i]]
        for i, part in zip(holding, np.array_split(rows, len(holding))):
            hands[i].extend(part)
    return hands


def told(lists):
    flat = np.concatenate([np.asarray(rows) for rows in lists]).astype("<i4")
    return {"sizes": [len(rows) for rows in lists], "sha256": hashlib.sha256(flat.tobytes()).hexdigest()}


cases = []
for rows, classes, options in [
    (4000, 10, dict(clients=7, split="dir", alpha=0.3, seed=5)),
    (4000, 10, dict(clients=20, split="dir", least=40)),
    (900, 3, dict(clients=40, split="dir", alpha=1.0, seed=9)),
    (5000, 7, dict(clients=150, split="dir", alpha=0.5, seed=2)),
    (4000, 10, dict(clients=20, split="pat")),
    (4000, 10, dict(clients=10, split="pat", classes=3, seed=4)),
    (4000, 10, dict(clients=20, split="pat", balance=True)),
    (3000, 5, dict(clients=6, split="iid", seed=123456789)),
]:
    parts = pfllib(labels_of(rows, classes), **options)
    flat = [part for both in parts for part in both]
    cases.append({"tool": "pfllib", "rows": rows, "classes": classes, "options": options, **told(flat)})
for rows, classes, options in [
    (3000, 10, dict(clients=7, split="iid")),
    (12000, 10, dict(clients=7, split="iid", seed=0)),
    (4000, 10, dict(clients=10, split="dirichlet")),
    (4000, 10, dict(clients=9, split="dirichlet", alpha=0.1, seed=3)),
    (6000, 4, dict(clients=30, split="dirichlet", alpha=1.0, seed=4294967295)),
    (4000, 10, dict(clients=10, split="label-quantity", classes=3)),
    (4000, 6, dict(clients=25, split="label-quantity", classes=2, seed=8)),
]:
    hands = niid_bench(labels_of(rows, classes), **options)
    cases.append({"tool": "niid_bench", "rows": rows, "classes": classes, "options": options, **told(hands)})

lines = ",\n".join(json.dumps(case) for case in cases)
(Path(__file__).parent / "golden" / "numpy.json").write_text(f"[\n{lines}\n]\n")
