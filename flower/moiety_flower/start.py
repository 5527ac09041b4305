"""What a federation starts from: a checkpoint, a file, or weights that several nodes agree on."""

import time
from collections import Counter
from logging import INFO, WARNING
from pathlib import Path

import numpy as np
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.logger import log
from flwr.serverapp import Grid

from . import safetensors
from .agreement import Tensors, agreed, apart
from .strategy import short

# nodes that are asked at once: each answers with a whole model, and of so many three may lie
ASKED = 7
ANSWER_SECONDS = 60


def starting_point(grid: Grid, config: dict, out: Path) -> tuple[int, Tensors]:
    """The round that is already done and its weights."""
    checkpoints = sorted((out / "checkpoints").glob("round-*.safetensors"))
    if config["resume"] and checkpoints:
        tensors, metadata = safetensors.decode(checkpoints[-1].read_bytes())
        log(INFO, "resuming after round %s", metadata["round"])
        return int(metadata["round"]), finite(checkpoints[-1], tensors)
    if path := str(config["weights"]):
        return 0, finite(path, safetensors.decode(Path(path).expanduser().read_bytes())[0])
    return 0, first_weights(grid, int(config["min-nodes"]))


def first_weights(grid: Grid, min_nodes: int, pause: float = 1) -> Tensors:
    """Asks nodes until more than half of those that offer weights agree: two at least, unless one is enough for a round."""
    log(INFO, "asking the nodes for weights to start from")
    least = min(max(min_nodes, 1), 2)
    offers: dict[int, Tensors] = {}
    asked: Counter[int] = Counter()
    told: set[int] = set()
    while True:
        online = set(grid.get_node_ids())
        # who left has no say: one that comes back under other numbers would be heard several times
        offers = {node: tensors for node, tensors in offers.items() if node in online}
        silent = sorted(online - set(offers), key=lambda node: (asked[node], node))[:ASKED]
        if len(online) >= min_nodes and silent:
            asked.update(silent)
            content = RecordDict({"config": ConfigRecord({"server-round": 0})})
            questions = [Message(content, node, "query.initial") for node in silent]
            for reply in grid.send_and_receive(questions, timeout=ANSWER_SECONDS):
                if (tensors := offered(reply)) is not None:
                    offers[reply.metadata.src_node_id] = tensors
            if (weights := agreed(offers, least)) is not None:
                tell(offers, weights)
                return weights
            if offers and set(offers) != told:
                told = set(offers)
                text = "no weights to start from yet: nodes %s offer some, and too few agree; more nodes, or weights=FILE"
                log(WARNING, text, ", ".join(map(str, sorted(told))))
        time.sleep(pause)


def tell(offers: dict[int, Tensors], weights: Tensors) -> None:
    """Names who offered something else; where most did, for each drew its own, one line says so."""
    others = apart(offers, weights)
    values = [node for node, how in others.items() if how.startswith("other values")]
    if 2 * len(values) >= len(offers):
        log(INFO, "starting from the middle of what %d nodes offer", len(offers))
        others = {node: how for node, how in others.items() if node not in values}
    for node, how in others.items():
        log(WARNING, "not starting from the weights of node %d: %s", node, short(how))


def finite(path: object, tensors: Tensors) -> Tensors:
    """The tensors of a file, if every value is finite."""
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(f"weights: {name} in {path} has values that are not finite")
    return tensors


def offered(reply: Message) -> Tensors | None:
    """The weights that a node offers to start from, if they are weights."""
    if reply.has_error() or not reply.content.array_records:
        return None
    node = reply.metadata.src_node_id
    try:
        record = next(iter(reply.content.array_records.values()))
        with np.errstate(over="ignore"):
            tensors = {name: array.numpy().astype(np.float32) for name, array in record.items()}
    except Exception as error:  # noqa: BLE001 - whatever a foreign array does to its reader
        log(WARNING, "the weights of node %d cannot be read: %s", node, short(error))
        return None
    if not tensors or not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        log(WARNING, "the weights of node %d are not finite, or none", node)
        return None
    return tensors
