"""Flower's FedAvg, made to survive bad replies: one client that deviates costs its own reply, not the run."""

import math
from collections.abc import Iterable
from logging import WARNING

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common.logger import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg


class ForgivingFedAvg(FedAvg):
    """FedAvg over the replies that fit the model, with rounds that may start after a checkpoint.

    A reply counts if it holds the model's tensors with finite values, a count of examples from above 0 to `most_examples`
    (a client says of itself what it weighs), and metrics that are finite numbers. What does not is left out and named.
    """

    def __init__(self, first_round: int = 0, most_examples: float = 10_000_000, **options: object) -> None:
        super().__init__(**options)
        if not most_examples >= 1:
            raise ValueError(f"max-examples: got {most_examples}, expected 1 or more")
        self.first_round = first_round
        self.most_examples = most_examples
        self.model: dict[str, tuple[int, ...]] = {}

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        self.model = {name: tuple(array.shape) for name, array in arrays.items()}
        return super().configure_train(server_round + self.first_round, arrays, config, grid)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        return super().configure_evaluate(server_round + self.first_round, arrays, config, grid)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        arrays, metrics = self.average(server_round, self.sound(replies, with_arrays=True))
        if arrays is None:
            return None, metrics
        return ArrayRecord({name: Array(value.astype(np.float32)) for name, value in arrays.items()}), metrics

    def average(
        self, server_round: int, replies: list[Message]
    ) -> tuple[dict[str, np.ndarray] | None, MetricRecord | None]:
        """The average of replies that were looked at, in double precision."""
        arrays, metrics = super().aggregate_train(server_round, replies)
        if arrays is None:
            return None, metrics
        return {name: np.asarray(array.numpy(), dtype=np.float64) for name, array in arrays.items()}, metrics

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        return super().aggregate_evaluate(server_round, self.sound(replies, with_arrays=False))

    def sound(self, replies: Iterable[Message], with_arrays: bool) -> list[Message]:
        """The replies that can be averaged, and the error replies (FedAvg logs those); one line for each dropped one."""
        kept, errors = [], []
        for reply in replies:
            if reply.has_error():
                errors.append(reply)
            elif fault := self.fault(reply, with_arrays):
                log(WARNING, "dropped the reply of node %d: %s", reply.metadata.src_node_id, fault)
            else:
                named(reply)
                kept.append(reply)
        # metrics that only some clients report cannot be averaged, and would end the run
        records = [next(iter(reply.content.metric_records.values())) for reply in kept]
        common = set.intersection(*(set(record) for record in records)) if records else set()
        for record in records:
            for key in set(record) - common:
                del record[key]
        # replies arrive in any order; sums in one order are easier to repeat
        kept.sort(key=lambda reply: reply.metadata.src_node_id)
        return kept + errors

    def fault(self, reply: Message, with_arrays: bool) -> str | None:
        """What is wrong with a reply, if anything."""
        content = reply.content
        if len(content.metric_records) != 1:
            return f"{len(content.metric_records)} metric records, expected 1"
        metrics = next(iter(content.metric_records.values()))
        weight = metrics.get(self.weighted_by_key)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= self.most_examples:
            return f"{self.weighted_by_key} is {short(weight)}, expected a number above 0, at most {self.most_examples:g}"
        for key, value in metrics.items():
            if isinstance(value, list) or not math.isfinite(value):
                return f"{short(key)} is {short(value)}, expected a finite number"
        if not with_arrays:
            return None
        if len(content.array_records) != 1:
            return f"{len(content.array_records)} array records, expected 1"
        arrays = next(iter(content.array_records.values()))
        if set(arrays) != set(self.model):
            odd = sorted(set(arrays) ^ set(self.model))[:3]
            return f"other tensors than the model's: {', '.join(short(name) for name in odd)}"
        for name, shape in self.model.items():
            try:
                values = arrays[name].numpy()
            except Exception as error:  # noqa: BLE001 - whatever a foreign array does to its reader
                return f"{name} cannot be read: {short(error)}"
            if values.dtype.kind != "f":
                return f"{name} has elements of type {values.dtype}, expected floats"
            if values.shape != shape:
                return f"{name} has shape {values.shape}, expected {shape}"
            with np.errstate(over="ignore"):
                values = values.astype(np.float32)
            if not np.isfinite(values).all():
                return f"{name} has values that are not finite"
        return None


def named(reply: Message) -> None:
    """Gives a reply's records the names that all have: Flower takes other names for another reply."""
    content = reply.content
    arrays, metrics = list(content.array_records.values()), list(content.metric_records.values())
    for name in list(content):
        del content[name]
    for name, records in (("arrays", arrays), ("metrics", metrics)):
        if records:
            content[name] = records[0]


def short(value: object) -> str:
    """What somebody else says, in few printable characters."""
    return "".join(c if c.isprintable() else " " for c in str(value)[:80])
