"""The server's strategies over replies of every kind: bounds that are measured, and nobody who ends a round.

Run by dp.ts with Flower's Python; prints one line for each check, exits with 1 where one fails.
"""

import itertools
import logging
import random
import sys

import numpy as np
from flwr.app import Array, ArrayRecord, Error, Message, MetricRecord, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from moiety_flower.privacy import PrivateFedAvg, gaussian
from moiety_flower.strategy import ForgivingFedAvg

TaskIdentity._task_id = TaskIdentity._run_id = TaskIdentity._node_id = 1
logging.disable(logging.CRITICAL)

SHAPES = {"w": (2, 3), "b": (3,)}
CLIP = 1.0
failed = 0


def check(name, holds, *told):
    global failed
    failed += not holds
    print("ok  " if holds else "FAIL", name, *([] if holds else told))


def reply(node, arrays, metrics, names=("arrays", "metrics")):
    content = RecordDict()
    if arrays is not None:
        content[names[0]] = ArrayRecord({k: Array(np.asarray(v)) for k, v in arrays.items()})
    if metrics is not None:
        content[names[1]] = MetricRecord(metrics)
    message = Message(content=content, dst_node_id=1, message_type="train")
    message.metadata._src_node_id = node
    return message


def model(value=0.0, **other):
    return {k: np.full(shape, value, np.float32) for k, shape in SHAPES.items()} | other


def honest(node, value=1.0, examples=10):
    return reply(node, model(value), {"num-examples": examples, "loss": 0.5})


def fresh(private, noise=1e-9, base=0.0):
    options = {"min_train_nodes": 4, "min_available_nodes": 4, "min_evaluate_nodes": 0, "fraction_evaluate": 0.0}
    strategy = PrivateFedAvg(noise, CLIP, **options) if private else ForgivingFedAvg(**options)
    strategy.model = dict(SHAPES)
    if private:
        strategy.base = {k: np.full(shape, base) for k, shape in SHAPES.items()}
    return strategy


def averaged(private, replies, **options):
    arrays, metrics = fresh(private, **options).aggregate_train(1, replies)
    return None if arrays is None else np.concatenate([arrays[k].numpy().ravel() for k in SHAPES]), metrics


def error():
    message = Message(Error(code=2, reason="\x1b[2Jboom"), reply_to=honest(1))
    return message


nan, inf = float("nan"), float("inf")
BAD = {
    "NaN": lambda: reply(1, model(b=np.array([nan, 0, 0], np.float32)), {"num-examples": 10, "loss": 0.5}),
    "infinity": lambda: reply(1, model(-inf), {"num-examples": 10, "loss": 0.5}),
    "a double beyond single floats": lambda: reply(1, model(b=np.full(3, 1e300)), {"num-examples": 10, "loss": 0.5}),
    "another shape": lambda: reply(1, model(b=np.zeros(4, np.float32)), {"num-examples": 10, "loss": 0.5}),
    "more tensors": lambda: reply(1, model(gate=np.zeros(1, np.float32)), {"num-examples": 10, "loss": 0.5}),
    "no tensors": lambda: reply(1, {}, {"num-examples": 10, "loss": 0.5}),
    "no arrays": lambda: reply(1, None, {"num-examples": 10, "loss": 0.5}),
    "integers": lambda: reply(1, model(b=np.zeros(3, np.int64)), {"num-examples": 10, "loss": 0.5}),
    "text": lambda: reply(1, model(b=np.array(["x", "y", "z"])), {"num-examples": 10, "loss": 0.5}),
    "no metrics": lambda: reply(1, model(), None),
    "no count": lambda: reply(1, model(), {"loss": 0.5}),
    "a list for a count": lambda: reply(1, model(), {"num-examples": [10, 10], "loss": 0.5}),
    "a list for a loss": lambda: reply(1, model(), {"num-examples": 10, "loss": [0.5]}),
    "a loss that is none": lambda: reply(1, model(), {"num-examples": 10, "loss": nan}),
    "an error": error,
} | {
    f"count {count}": lambda count=count: reply(1, model(), {"num-examples": count, "loss": 0.5})
    for count in (0, -25, nan, inf, 1e308, 10_000_001, 2**63 - 1)
}
for (name, bad), private in itertools.product(BAD.items(), (False, True)):
    expected = averaged(private, [honest(i) for i in (2, 3, 4)])
    try:
        found = averaged(private, [bad(), *(honest(i) for i in (2, 3, 4))])
        same = np.allclose(found[0], expected[0], atol=1e-6) and dict(found[1]) == dict(expected[1])
        check(f"{name}, {'private' if private else 'plain'}: the average of the others", same, found)
    except Exception as raised:  # noqa: BLE001
        check(f"{name}: no end to the round", False, type(raised).__name__, raised)
for private in (False, True):
    odd = [reply(1, model(1.0), {"num-examples": 10, "loss": 0.5}, ("fitres", "m")), *(honest(i) for i in (2, 3, 4))]
    check("records of other names are the same reply", averaged(private, odd)[0] is not None)
    check("no reply at all changes nothing", averaged(private, [error()])[0] is None)

# what one client can do: the largest move over many tries, tensors in either order, counts as it likes
rng = random.Random(1)
noise = np.random.default_rng(1)
worst = 0.0
for _ in range(300):
    n = rng.randint(1, 8)
    base = 10.0 ** rng.randint(-3, 6)
    others = [
        {k: (base + noise.normal(0, 10.0 ** rng.randint(-4, 4), shape)).astype(np.float32) for k, shape in SHAPES.items()}
        for _ in range(n - 1)
    ]
    scale = 10.0 ** rng.randint(-3, 30)
    mine = {k: (base + noise.normal(0, scale, shape)).astype(np.float32) for k, shape in SHAPES.items()}
    if rng.random() < 0.5:
        mine = dict(reversed(mine.items()))
    around = [reply(i + 2, other, {"num-examples": rng.randint(1, 9), "loss": 0.5}) for i, other in enumerate(others)]
    strategy = fresh(True, base=base)
    checked = strategy.sound([reply(1, mine, {"num-examples": rng.choice([1, 10_000_000]), "loss": 0.5}), *around], True)
    strategy.noise_multiplier = 1e-300
    with_it, _ = strategy.average(1, checked)
    clipped = [next(iter(one.content.array_records.values())) for one in checked]
    rest = {k: sum(one[k].numpy() for one in clipped if one is not clipped[0]) for k in SHAPES}
    moved = sum(np.square(with_it[k] - (rest[k] + base) / n).sum() for k in SHAPES) ** 0.5
    worst = max(worst, moved * n / CLIP)
check(f"one of n moves the average by at most clip / n (largest seen: {worst:.6f} of it)", 0.9 < worst <= 1 + 1e-6)

for asked, answered in ((4, 4), (4, 3), (4, 1), (4, 8)):
    strategy = fresh(True, noise=2.0)
    strategy.model = {"w": (100, 200)}
    strategy.base = {"w": np.zeros((100, 200))}
    arrays, _ = strategy.aggregate_train(
        1, [reply(i, {"w": np.zeros((100, 200), np.float32)}, {"num-examples": 10}) for i in range(answered)]
    )
    ratio = arrays["w"].numpy().std() / (2.0 * CLIP / answered)
    check(f"noise for the {answered} that answered of {asked}", abs(ratio - 1) < 0.03, ratio)

drawn = gaussian((200_000,), 3.0)
check("noise is Gaussian", abs(drawn.mean()) < 0.05 and abs(drawn.std() / 3 - 1) < 0.01, drawn.mean(), drawn.std())
check("beyond two sigma 4.55 %", abs((np.abs(drawn) > 6).mean() - 0.0455) < 0.003)
check("no two draws alike", not np.array_equal(gaussian((9,), 1.0), gaussian((9,), 1.0)))
for wrong in ((-1.0, 1.0), (nan, 1.0), (1.0, 0.0), (1.0, inf), (1.0, nan)):
    try:
        PrivateFedAvg(*wrong)
        check(f"settings {wrong} are refused", False)
    except ValueError as refused:
        check(f"settings {wrong} are refused", "expected a finite number above 0" in str(refused), refused)
sys.exit(failed > 0)
