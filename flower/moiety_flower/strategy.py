"""Flower's FedAvg, made to survive bad replies: one client that deviates costs its own reply, not the run."""

from collections.abc import Iterable
from logging import WARNING

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common.logger import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg


class ForgivingFedAvg(FedAvg):
    """FedAvg over the replies that fit the model, with rounds that may start after a checkpoint."""

    def __init__(self, first_round: int = 0, **options: object) -> None:
        super().__init__(**options)
        self.first_round = first_round
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
        arrays, metrics = super().aggregate_train(server_round, self.sound(replies, with_arrays=True))
        if arrays is not None:
            arrays = ArrayRecord({name: Array(array.numpy().astype(np.float32)) for name, array in arrays.items()})
        return arrays, metrics

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
        weight = next(iter(content.metric_records.values())).get(self.weighted_by_key)
        if not isinstance(weight, int | float) or not np.isfinite(weight) or weight <= 0:
            return f"{self.weighted_by_key} is {weight}, expected a number above 0"
        if not with_arrays:
            return None
        if len(content.array_records) != 1:
            return f"{len(content.array_records)} array records, expected 1"
        arrays = next(iter(content.array_records.values()))
        if set(arrays) != set(self.model):
            odd = sorted(set(arrays) ^ set(self.model))[:3]
            return f"other tensors than the model's: {', '.join(odd)}"
        for name, shape in self.model.items():
            try:
                values = arrays[name].numpy()
            except (ValueError, TypeError) as error:
                return f"{name} cannot be read: {error}"
            if values.shape != shape:
                return f"{name} has shape {values.shape}, expected {shape}"
            if not np.isfinite(values).all():
                return f"{name} has values that are not finite"
        return None
