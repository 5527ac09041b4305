"""What a federation starts from when nodes are asked: no node decides it alone.

Run by dp.ts with Flower's Python; prints one line for each check, exits with 1 where one fails.
"""

import logging
import random
import sys

import numpy as np
from flwr.app import Array, ArrayRecord, Error, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from moiety_flower.agreement import agreed, apart
from moiety_flower.start import ASKED, first_weights

TaskIdentity._task_id = TaskIdentity._run_id = TaskIdentity._node_id = 1
failed = 0
said = []


class Told(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


logger = logging.getLogger("flwr")
logger.handlers[:] = [Told()]
logger.propagate = False


def check(name, holds, *told):
    global failed
    failed += not holds
    print("ok  " if holds else "FAIL", name, *([] if holds else told))


def small(value=0.0):
    return {"w": np.full((2, 3), value, np.float32), "b": np.full(3, value, np.float32)}


def drawn(seed):
    noise = np.random.default_rng(seed)
    return {name: noise.normal(0, 0.1, one.shape).astype(np.float32) for name, one in small().items()}


def same(one, other):
    return one is not None and list(one) == list(other) and all(np.array_equal(one[k], other[k]) for k in one)


nan = float("nan")
LIES = {
    "another shape": lambda: {"w": np.zeros((3, 2), np.float32), "b": np.zeros(3, np.float32)},
    "more tensors": lambda: small() | {"gate": np.zeros(1, np.float32)},
    "fewer tensors": lambda: {"w": np.zeros((2, 3), np.float32)},
    "another order": lambda: dict(reversed(small().items())),
    "one number": lambda: {"w": np.float32(1), "b": np.zeros(3, np.float32)},
    "huge values": lambda: small(3e38),
    "other values": lambda: drawn(99),
    "values that are none": lambda: small(nan),
    "values beyond single floats": lambda: {"w": np.full((2, 3), 1e300), "b": np.zeros(3)},
    "text": lambda: {"w": np.array(["x"]), "b": np.array(["y"])},
    "nothing": lambda: {},
    "an error": lambda: None,
}


class Grid:
    """Nodes that offer weights, the lowest number first; `later` come online one by one."""

    def __init__(self, offers, later=()):
        self.offers, self.later, self.asked, self.looks = dict(offers), list(later), [], 0

    def get_node_ids(self):
        self.looks += 1
        if self.looks > 100:
            raise RuntimeError(f"no weights from {self.offers}")
        if self.looks > 1 and self.later:
            self.offers.update([self.later.pop(0)])
        return list(self.offers)

    def send_and_receive(self, messages, timeout):
        for message in messages:
            node = message.metadata.dst_node_id
            self.asked.append(node)
            tensors = self.offers[node]
            if tensors is None:
                yield Message(Error(code=2, reason="boom"), reply_to=message)
                continue
            arrays = ArrayRecord({name: Array(np.asarray(one)) for name, one in tensors.items()})
            reply = Message(RecordDict({"arrays": arrays}), reply_to=message)
            reply.metadata._src_node_id = node
            yield reply


def started(offers, least=2, later=()):
    said.clear()
    return first_weights(Grid(offers, later), least, pause=0)


# the liar has the lowest number, as one that was asked alone had
for name, lie in LIES.items():
    check(f"{name}: the others' weights", same(started({1: lie(), 2: drawn(1), 3: drawn(1)}), drawn(1)), said)
    if name not in ("an error", "nothing"):
        check(f"{name}: the liar is named", any("node 1" in line for line in said), said)
    found = started({1: lie(), 2: drawn(1)}, later=[(3, drawn(1))])
    check(f"{name}: a liar and one other wait for a third", same(found, drawn(1)), said)
    found = started({1: lie()}, later=[(2, drawn(1)), (3, drawn(1))])
    check(f"{name}: a liar alone does not begin", same(found, drawn(1)), said)
started({1: small(), 2: drawn(1)}, later=[(3, drawn(1))])
check("why it waits is said, with what settles it", "nodes 1, 2 offer some, and too few agree" in str(said) and "weights=FILE" in str(said), said)
check("where one node is enough for a round, it is enough for its start", same(started({5: drawn(1)}, 1), drawn(1)))

grid = Grid({node: small() for node in range(100)})
check("of many only some are asked", same(first_weights(grid, 2, pause=0), small()) and len(grid.asked) == ASKED)
grid = Grid({node: None if node < 50 else small() for node in range(60)})
check("who has none to offer is passed over", same(first_weights(grid, 2, pause=0), small()), len(grid.asked))

# any lies by fewer than half, whoever has the lowest numbers: honest ones with the same weights are the result to the bit, and of
# honest ones that drew their own every value lies between two of theirs
rng = random.Random(1)
worst = None
for attempt in range(400):
    alike = rng.random() < 0.5
    # of three with one liar two are left, and where these differ nothing tells who is who
    count = rng.randint(3 if alike else 5, ASKED)
    liars = set(rng.sample(range(count), rng.randint(0, (count - 1) // 2)))
    honest = {node: drawn(0 if alike else 1 + node) for node in range(count) if node not in liars}
    one_lie = rng.choice(list(LIES.values()))
    offers = {node: honest[node] if node in honest else rng.choice([one_lie, rng.choice(list(LIES.values()))])() for node in range(count)}
    found = started(offers)
    if alike:
        holds = same(found, drawn(0))
    else:
        holds = list(found) == list(small()) and all(
            (np.min([h[k] for h in honest.values()], axis=0) <= found[k]).all()
            and (found[k] <= np.max([h[k] for h in honest.values()], axis=0)).all()
            for k in found
        )
    if not holds and worst is None:
        worst = (attempt, alike, sorted(liars), offers)
check("fewer than half cannot choose, over 400 crowds", worst is None, worst)

check("two that differ are not enough", agreed({1: drawn(1), 2: drawn(2)}, 2) is None)
check("no form with more than half, no weights", agreed({1: small(), 2: small(), 3: {}, 4: {}}, 2) is None)
check("nobody is apart where all agree", apart({1: small(), 2: small()}, small()) == {})
sys.exit(failed > 0)
