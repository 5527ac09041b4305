"""A federation from its first weights to a published generalist, on Flower's FedAvg; or the relay of another's rounds."""

import os
from logging import INFO
from pathlib import Path

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, RecordDict
from flwr.common.logger import log
from flwr.serverapp import Grid, ServerApp

from . import safetensors
from .privacy import PrivateFedAvg
from .publish import load_key, public_key, publish, write
from .relay import relay
from .start import starting_point
from .strategy import ForgivingFedAvg

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


def farewell(grid: Grid, arrays: ArrayRecord, final_round: int) -> None:
    """Tells every node that it may leave, and gives it the final generalist. Other kinds of nodes answer with an error."""
    content = RecordDict({"arrays": arrays, "config": ConfigRecord({"server-round": final_round})})
    messages = [Message(content, node, "query.farewell") for node in grid.get_node_ids()]
    replies = list(grid.send_and_receive(messages, timeout=FAREWELL_SECONDS))
    log(INFO, "said farewell to %d nodes after round %d", len(replies), final_round)
