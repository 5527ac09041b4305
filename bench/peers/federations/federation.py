"""What the peers' federations share: the task of a folder, its network, and the talk with bench/federationRace.ts.

A request is a JSON line on stdin, its answer one on stdout: {"do": "prepare", "folder", "workers"} reads a task;
{"do": "rounds", "cohorts", "plain"} begins from the first weights and answers with seconds and mean training loss of every
round and the number of steps. Plain rounds draw nothing: no dropout, batches in the order of the rows.
"""

import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch_runner import Lenet  # which also chooses one thread


class Scores(nn.Sequential):
    """Layers that end in scores, as log-probabilities."""

    def forward(self, x):
        return F.log_softmax(super().forward(x), dim=1)


def apple():
    """simple_cnn of pfl-research's benchmark for CIFAR-10."""
    features = [nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
    return Scores(*features, nn.Flatten(), nn.Linear(12_544, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))


NETWORKS = {
    "lenetCifar": lambda: Lenet(3, 16, 400, 120, 84, 10),
    "lenetFashion": lambda: Lenet(1, 12, 192, 84, 42, 10),
    "apple": apple,
    "tiny": lambda: Scores(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10)),
}


class Task:
    """Clients' rows, the first weights, and how a client trains."""

    def __init__(self, folder):
        self.folder = folder
        with open(f"{folder}/task.json") as file:
            said = json.load(file)
        self.clients, self.rows, self.epochs, self.batch = (said[key] for key in ("clients", "rows", "epochs", "batch"))
        self.model, self.rate = said["model"], said["rate"]
        self.optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[said["optimizer"]]
        x = torch.from_numpy(np.fromfile(f"{folder}/x.bin", np.uint8 if said["bytes"] else np.float32))
        x = x.float().div_(127.5).sub_(1) if said["bytes"] else x
        self.x = x.reshape(self.clients * self.rows, *said["shape"])
        self.y = torch.from_numpy(np.fromfile(f"{folder}/y.bin", np.uint8)).long()
        self.first = torch.from_numpy(np.fromfile(f"{folder}/weights.bin", np.float32))
        self.batches = -(-self.rows // self.batch)

    def of(self, client):
        """A client's rows and their classes."""
        rows = slice(client * self.rows, (client + 1) * self.rows)
        return self.x[rows], self.y[rows]

    def net(self):
        return self.reset(NETWORKS[self.model]())

    @torch.no_grad()
    def reset(self, net):
        """Gives the network its first weights again."""
        at = 0
        for p in net.parameters():
            p.copy_(self.first[at : at + p.numel()].reshape(p.shape))
            at += p.numel()
        return net

    def loss_of_round(self, losses):
        """Of the losses of a round's steps, client by client: the mean over clients of their last epochs."""
        return float(np.asarray(losses).reshape(-1, self.epochs * self.batches)[:, -self.batches :].mean())

    def train(self, net, client, plain):
        """A client's epochs, as users of PyTorch write them; the losses of its steps."""
        x, y = self.of(client)
        optimizer = self.optimizer(net.parameters(), lr=self.rate)
        losses = []
        for _ in range(self.epochs):
            order = torch.arange(self.rows) if plain else torch.randperm(self.rows)
            for rows in order.split(self.batch):
                optimizer.zero_grad()
                loss = F.nll_loss(net(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return losses


def drops(net, plain):
    """Switches dropout off for plain rounds, and on again."""
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.drawn = getattr(module, "drawn", module.p)
            module.p = 0 if plain else module.drawn
    return net.train()


class Talk:
    """Requests and answers; whatever libraries print goes to stderr."""

    def __init__(self):
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def requests(self):
        for line in sys.stdin:
            yield json.loads(line)

    def answer(self, reply):
        print(json.dumps(reply), file=self._out, flush=True)

    def fail(self, error):
        """Answers with what was at the bottom of an error."""
        while error.__cause__ is not None:
            error = error.__cause__
        self.answer({"error": f"{type(error).__name__}: {error}"[:300]})


def serve(prepare):
    """Answers requests; `prepare` makes of a task and a number of workers what runs rounds of given cohorts."""
    talk = Talk()
    rounds = None
    for request in talk.requests():
        try:
            if request["do"] == "prepare":
                rounds = prepare(Task(request["folder"]), request["workers"])
                talk.answer({})
            else:
                seconds, losses, steps = rounds(request["cohorts"], request["plain"])
                talk.answer({"seconds": seconds, "losses": losses, "steps": steps})
        except Exception as error:
            talk.fail(error)
