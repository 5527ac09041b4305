"""FedAvg in pfl-research's simulation; with two workers in two processes that it joins by PyTorch's gloo.

    python pfl_peer.py WORKERS
"""

import os
import socket
import subprocess
import sys
import time
import types

WORKERS = int(sys.argv[1])
RANK = int(os.environ.get("PFL_WORKER_RANK", "0"))


def free_port():
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


# pfl joins its processes while it is imported, so the second one is started before
if WORKERS > 1 and RANK == 0:
    os.environ["PFL_WORKER_ADDRESSES"] = ",".join(f"localhost:{free_port()}" for _ in range(WORKERS))
    os.environ["PFL_WORKER_RANK"] = "0"
    for rank in range(1, WORKERS):
        subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), str(WORKERS)],
            env={**os.environ, "PFL_WORKER_RANK": str(rank)},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )

import torch
import torch.nn.functional as F
from federation import Task, drops, serve
from pfl.aggregate.simulate import SimulatedBackend
from pfl.aggregate.weighting import WeightByDatapoints
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.callback.base import TrainingProcessCallback
from pfl.data.dataset import Dataset
from pfl.data.federated_dataset import FederatedDataset
from pfl.hyperparam import NNTrainHyperParams
from pfl.model.pytorch import PyTorchModel


class Rounds(TrainingProcessCallback):
    """Says whose turn it is in a round, and notes when it ends and what was lost."""

    def __init__(self, task, cohorts, plain):
        self.task, self.cohorts, self.plain = task, cohorts, plain
        self.seconds, self.losses, self.steps, self._heard = [], [], 0, []
        self.begin()

    def begin(self):
        self._at, self._start = 0, time.perf_counter()

    def user(self):
        # of an odd cohort one more is drawn than there are, as pfl draws for all workers at once
        cohort = self.cohorts[len(self.seconds)]
        self._at += 1
        return cohort[min(self._at, len(cohort)) - 1]

    def hear(self, loss):
        if self.plain:
            self._heard.append(loss.item())

    def after_central_iteration(self, aggregate_metrics, model, *, central_iteration):
        self.seconds.append(time.perf_counter() - self._start)
        if self.plain:
            per_client = self.task.epochs * self.task.batches
            clients = len(self._heard) // per_client
            loss = self.task.loss_of_round(self._heard) if clients else 0
            found = torch.tensor([loss * clients, clients, len(self._heard)], dtype=torch.float64)
            if WORKERS > 1:
                torch.distributed.all_reduce(found)
            self.losses.append(float(found[0] / found[1]))
            self.steps += int(found[2])
            self._heard = []
        self.begin()
        return super().after_central_iteration(aggregate_metrics, model, central_iteration=central_iteration)


def prepare(task, workers=WORKERS):
    together({"do": "prepare", "folder": task.folder})
    torch.set_num_threads(1)
    net = task.net()
    now = None

    def loss(self, x, y):
        value = F.nll_loss(self.train()(x), y)
        now.hear(value)
        return value

    net.loss = types.MethodType(loss, net)
    net.metrics = types.MethodType(lambda self, x, y: {}, net)
    users = FederatedDataset(lambda client: Dataset(raw_data=task.of(client)), lambda: now.user())
    backend = SimulatedBackend(training_data=users, val_data=users, postprocessors=[WeightByDatapoints()])
    model = PyTorchModel(net, task.optimizer, torch.optim.SGD(net.parameters(), lr=1.0))
    how = NNTrainHyperParams(
        local_batch_size=task.batch, local_num_epochs=task.epochs, local_learning_rate=task.rate
    )

    def rounds(cohorts, plain):
        nonlocal now
        together({"do": "rounds", "cohorts": cohorts, "plain": plain})
        drops(task.reset(net), plain)
        now = Rounds(task, cohorts, plain)
        # it evaluates in its first round whatever it is told, which is why nobody's first round counts
        what = NNAlgorithmParams(
            central_num_iterations=len(cohorts),
            evaluation_frequency=1_000_000,
            train_cohort_size=len(cohorts[0]),
            val_cohort_size=None,
        )
        FederatedAveraging().run(what, backend, model, how, callbacks=[now], send_metrics_to_platform=False)
        return now.seconds, now.losses, now.steps

    return rounds


def together(request):
    """What the first process is asked, the others are; None ends them."""
    if WORKERS > 1 and RANK == 0:
        torch.distributed.broadcast_object_list([request], src=0)


def follow():
    rounds = None
    while True:
        said = [None]
        torch.distributed.broadcast_object_list(said, src=0)
        (request,) = said
        if request is None:
            return
        if request["do"] == "prepare":
            rounds = prepare(Task(request["folder"]))
        else:
            rounds(request["cohorts"], request["plain"])


if __name__ == "__main__":
    if RANK == 0:
        serve(prepare)
        together(None)
    else:
        follow()
