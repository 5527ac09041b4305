"""Differential privacy at the server: what one reply may change is bounded, and the noise is made for that bound."""

import math
import os
from collections.abc import Iterable
from logging import INFO

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common.logger import log
from flwr.serverapp import Grid

from .strategy import ForgivingFedAvg


class PrivateFedAvg(ForgivingFedAvg):
    """FedAvg with fixed clipping and central Gaussian noise, towards everybody but the server.

    Every update is clipped to `clipping_norm` over all tensors, by name, and weighs the same, so the update of one client
    changes the average of the n that answered by at most clipping_norm / n. The noise on it has the standard deviation
    noise_multiplier * clipping_norm / n. (Flower's wrapper clips before it looks at replies, weighs by what clients say of
    themselves, and divides by the number that was configured.) Metrics are not hidden.
    """

    def __init__(self, noise_multiplier: float, clipping_norm: float, **options: object) -> None:
        super().__init__(**options)
        for name, value in (("dp-noise-multiplier", noise_multiplier), ("dp-clipping-norm", clipping_norm)):
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name}: got {value}, expected a finite number above 0")
        self.noise_multiplier = noise_multiplier
        self.clipping_norm = clipping_norm
        self.base: dict[str, np.ndarray] = {}

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        self.base = {name: array.numpy().astype(np.float64) for name, array in arrays.items()}
        return super().configure_train(server_round, arrays, config, grid)

    def average(
        self, server_round: int, replies: list[Message]
    ) -> tuple[dict[str, np.ndarray] | None, MetricRecord | None]:
        answered = [reply for reply in replies if not reply.has_error()]
        for reply in answered:
            record = next(iter(reply.content.array_records.values()))
            for name, value in self.clipped(record).items():
                record[name] = Array(value)
            next(iter(reply.content.metric_records.values()))[self.weighted_by_key] = 1
        arrays, metrics = super().average(server_round, replies)
        if arrays is None:
            return None, metrics
        deviation = self.noise_multiplier * self.clipping_norm / len(answered)
        log(INFO, "noise of deviation %.3g on the average of %d updates", deviation, len(answered))
        return {name: value + gaussian(value.shape, deviation) for name, value in arrays.items()}, metrics

    def clipped(self, record: ArrayRecord) -> dict[str, np.ndarray]:
        """A reply's tensors in double precision, no further from the model than the clipping norm."""
        update = {name: array.numpy().astype(np.float64) - self.base[name] for name, array in record.items()}
        length = math.sqrt(sum(float(np.square(value).sum()) for value in update.values()))
        scale = 1.0 if length <= self.clipping_norm else self.clipping_norm / length
        return {name: self.base[name] + scale * value for name, value in update.items()}


def gaussian(shape: tuple[int, ...], deviation: float) -> np.ndarray:
    """Gaussian noise from the system's cryptographic source: Box-Muller on 53-bit uniforms."""
    count = math.prod(shape)
    words = np.frombuffer(os.urandom(16 * count), dtype="<u8").reshape(2, count) >> 11
    first, second = words.astype(np.float64) / 2.0**53
    return (deviation * np.sqrt(-2.0 * np.log1p(-first)) * np.cos(2.0 * np.pi * second)).reshape(shape)
