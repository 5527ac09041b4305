"""FedAvg in fluke, whose clients come one after another."""

import time

import torch
import torch.nn.functional as F
from federation import drops, serve
from fluke import FlukeENV
from fluke.algorithms.fedavg import FedAVG
from fluke.client import Client
from fluke.config import OptimizerConfigurator
from fluke.data import FastDataLoader
from fluke.server import Server


class Loss(torch.nn.Module):
    """The negative log-likelihood, heard."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def forward(self, answers, y):
        loss = F.nll_loss(answers, y)
        self.heard.append(loss.detach())
        return loss


class Given(Server):
    """A server that is told whom to ask."""

    cohorts = None

    def get_eligible_clients(self, eligible_perc):
        return [self.clients[client] for client in next(self.cohorts)]


class Clock:
    """Hears when rounds begin and end."""

    def __init__(self):
        self.seconds = []

    def start_round(self, **_):
        self._start = time.perf_counter()

    def end_round(self, **_):
        self.seconds.append(time.perf_counter() - self._start)


def prepare(task, workers):
    torch.set_num_threads(1)
    FlukeENV().set_eval_cfg(server=False, locals=False, pre_fit=False, post_fit=False)
    loss = Loss()
    kind = {"name": task.optimizer, "lr": task.rate}

    def client(index):
        x, y = task.of(index)
        rows = FastDataLoader(x, y, num_labels=10, batch_size=task.batch, shuffle=True)
        how = {"optimizer_cfg": OptimizerConfigurator(kind), "loss_fn": loss, "local_epochs": task.epochs}
        return Client(index, rows, None, persistency=False, **how)

    clients = [client(i) for i in range(task.clients)]
    server = Given(task.net(), None, clients, weighted=True)

    def rounds(cohorts, plain):
        drops(task.reset(server.model), plain)
        for one in {i for cohort in cohorts for i in cohort}:
            clients[one].train_set.shuffle = not plain
        server.cohorts = iter(cohorts)
        clock, losses = Clock(), []
        algorithm = FedAVG(len(clients), None, None, clients=clients, server=server)
        algorithm.attach(clock)
        loss.heard = []
        algorithm.run(len(cohorts), len(cohorts[0]) / len(clients), finalize=False)
        steps = len(loss.heard) // len(cohorts)
        for i in range(len(cohorts)):
            losses.append(task.loss_of_round(torch.stack(loss.heard[i * steps : (i + 1) * steps])))
        return clock.seconds, losses, len(loss.heard)

    return rounds


if __name__ == "__main__":
    serve(prepare)
