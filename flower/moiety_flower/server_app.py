"""A federation from its first weights to a published generalist, on Flower's FedAvg; or the relay of another's rounds."""

import os
import time
from logging import INFO, WARNING
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, RecordDict
from flwr.common.logger import log
from flwr.serverapp import Grid, ServerApp

from . import safetensors
from .privacy import PrivateFedAvg
from .publish import load_key, public_key, publish, write
from .relay import relay
from .strategy import ForgivingFedAvg, short

# long, for slow clients: one that misses it waits for ever; one that is gone is given up by the SuperLink itself
FAREWELL_SECONDS = 600

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Rounds of FedAvg; after each a checkpoint and a publication; at the end a farewell with the final weights."""
    config = context.run_config
    if driver := str(config["driver"]):
        relay(grid, driver, str(config["driver-token"]))
        return
    out = Path(str(config["out"]) or os.environ.get("MOIETY_OUT", "moiety-out")).expanduser().absolute()
    key = load_key(Path(str(config["signing-key"]) or out / "publisher.key").expanduser())
    log(INFO, "publishing to %s, clients pull with --key %s", out / "public", public_key(key))

    first_round, tensors = starting_point(grid, config, out)
    least = int(config["min-nodes"])
    evaluates = float(config["fraction-evaluate"]) > 0
    options = {
        "first_round": first_round,
        "most_examples": float(config["max-examples"]),
        "fraction_train": float(config["fraction-train"]),
        "fraction_evaluate": float(config["fraction-evaluate"]),
        "min_train_nodes": least,
        "min_evaluate_nodes": least if evaluates else 0,
        "min_available_nodes": least,
    }
    noise, norm = float(config["dp-noise-multiplier"]), float(config["dp-clipping-norm"])
    # 0 is off; whatever else it is must hold
    strategy = ForgivingFedAvg(**options) if noise == 0 else PrivateFedAvg(noise, norm, **options)

    def keep(server_round: int, arrays: ArrayRecord) -> None:
        number = first_round + server_round
        model = {name: array.numpy() for name, array in arrays.items()}
        checkpoints = out / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        write(checkpoints / f"round-{number:05}.safetensors", safetensors.encode(model, {"round": str(number)}))
        publish(out / "public", model, number, key)

    rounds = int(config["rounds"]) - first_round
    initial = ArrayRecord({name: Array(tensor) for name, tensor in tensors.items()})
    result = strategy.start(
        grid, initial, num_rounds=max(rounds, 0), timeout=float(config["round-timeout"]), evaluate_fn=keep
    )
    # result.arrays is empty if no round succeeded
    final = result.arrays if len(result.arrays) > 0 else initial
    farewell(grid, final, first_round + max(rounds, 0))


def starting_point(grid: Grid, config: dict, out: Path) -> tuple[int, dict[str, np.ndarray]]:
    """The round that is already done and its weights: a checkpoint, a file, or the first node that offers some."""
    checkpoints = sorted((out / "checkpoints").glob("round-*.safetensors"))
    if config["resume"] and checkpoints:
        tensors, metadata = safetensors.decode(checkpoints[-1].read_bytes())
        log(INFO, "resuming after round %s", metadata["round"])
        return int(metadata["round"]), finite(checkpoints[-1], tensors)
    if path := str(config["weights"]):
        return 0, finite(path, safetensors.decode(Path(path).expanduser().read_bytes())[0])
    log(INFO, "asking the nodes for weights to start from")
    while True:
        for node in sorted(grid.get_node_ids()):
            question = Message(RecordDict({"config": ConfigRecord({"server-round": 0})}), node, "query.initial")
            for reply in grid.send_and_receive([question], timeout=60):
                if (tensors := offered(reply)) is not None:
                    return 0, tensors
        time.sleep(1)


def finite(path: object, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors of a file, if every value is finite."""
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(f"weights: {name} in {path} has values that are not finite")
    return tensors


def offered(reply: Message) -> dict[str, np.ndarray] | None:
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


def farewell(grid: Grid, arrays: ArrayRecord, final_round: int) -> None:
    """Tells every node that it may leave, and gives it the final generalist. Other kinds of nodes answer with an error."""
    content = RecordDict({"arrays": arrays, "config": ConfigRecord({"server-round": final_round})})
    messages = [Message(content, node, "query.farewell") for node in grid.get_node_ids()]
    replies = list(grid.send_and_receive(messages, timeout=FAREWELL_SECONDS))
    log(INFO, "said farewell to %d nodes after round %d", len(replies), final_round)
