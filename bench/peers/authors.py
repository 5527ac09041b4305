"""The units of work of the authors' script for CIFAR-10, timed one by one on one PyTorch thread.

After main_fed.py, ClientUpdate.py and test_model.py of github edvinli/federated-learning-mixture (February 2021): what they
do per client and round, written anew so that a part can be timed. Images go through torchvision's transforms one by one in
a DataLoader, batches are of ten, validation and tests of one, as there.

    python authors.py FOLDER SECONDS

FOLDER has CIFAR-10's binary batches; every unit is repeated for about SECONDS. Prints a JSON object: seconds per unit.
"""

import copy
import json
import sys
import time

import numpy as np
import torch
import torch.nn as nn
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torch_runner import Lenet  # which also chooses one thread
from torchvision import transforms

torch.manual_seed(1)


class Cifar(Dataset):
    """What torchvision's CIFAR10 keeps and gives: bytes by row, an image through the transform per item."""

    def __init__(self, paths, transform):
        records = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 3073) for path in paths])
        self.targets = records[:, 0].tolist()
        self.data = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.transform = transform

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index])), self.targets[index]


class Split(Dataset):
    def __init__(self, dataset, rows):
        self.dataset, self.rows = dataset, list(rows)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, item):
        return self.dataset[self.rows[item]]


def expert():
    return Lenet(3, 16, 400, 120, 84, 10)


def gate():
    return Lenet(3, 16, 400, 120, 84, 1)


loss_of = nn.NLLLoss()


def train_epoch(net, optimizer, loader):
    net.train()
    total = []
    for images, labels in loader:
        net.zero_grad()
        loss = loss_of(net(images), labels)
        loss.backward()
        optimizer.step()
        total.append(loss.item())
    return sum(total) / len(total)


def mixture_epoch(local, general, gates, optimizer, loader):
    for net in (local, general, gates):
        net.train()
    total = []
    for images, labels in loader:
        for net in (local, general, gates):
            net.zero_grad()
        h = gates(images)
        loss = loss_of(h * local(images) + (1 - h) * general(images), labels)
        loss.backward()
        optimizer.step()
        total.append(loss.item())
    return sum(total) / len(total)


def evaluate(answer, loader):
    loss, correct = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            scores = answer(images)
            loss += loss_of(scores, labels).item()
            correct += scores.argmax(1).eq(labels).sum().item()
    return loss / len(loader), correct / len(loader)


def alone(net):
    net.eval()
    return net


def mixed(local, general, gates):
    for net in (local, general, gates):
        net.eval()

    def answer(images):
        h = gates(images)
        return h * local(images) + (1 - h) * general(images)

    return answer


def seconds_of(unit, budget):
    unit()
    times = []
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        unit()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main(folder, budget):
    normalize = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    transform = transforms.Compose([transforms.ToTensor(), normalize])
    train = Cifar([f"{folder}/data_batch_{i}.bin" for i in range(1, 6)], transform)
    test = Cifar([f"{folder}/test_batch.bin"], transform)
    order = np.random.default_rng(1).permutation(len(train))

    def rows(at, count):
        return Split(train, order[at : at + count])

    own = [DataLoader(rows(100 * k, 100), batch_size=10, shuffle=True) for k in range(5)]
    held = DataLoader(rows(1000, 200), batch_size=1)
    local_test = DataLoader(Split(test, range(200)), batch_size=1)
    global_test = DataLoader(Split(test, range(1000)), batch_size=1)
    glob, local, gates = expert(), expert(), gate()
    tuning = torch.optim.Adam(local.parameters(), lr=5e-5)
    mixing = torch.optim.Adam([*local.parameters(), *gates.parameters()], lr=1e-5)

    def round_():
        states = []
        for loader in own:
            net = copy.deepcopy(glob)
            optimizer = torch.optim.Adam(net.parameters(), lr=5e-5)
            for _ in range(3):
                train_epoch(net, optimizer, loader)
            states.append(copy.deepcopy(net.state_dict()))
        average = {name: sum(state[name] for state in states) / len(states) for name in states[0]}
        glob.load_state_dict(average)

    units = {
        "round": round_,
        "validation": lambda: evaluate(alone(local), held),
        "epoch": lambda: train_epoch(local, tuning, own[0]),
        "mixtureEpoch": lambda: mixture_epoch(local, glob, gates, mixing, own[0]),
        "mixtureValidation": lambda: evaluate(mixed(local, glob, gates), held),
        "test": lambda: [evaluate(alone(local), loader) for loader in (local_test, global_test)],
        "mixtureTest": lambda: [evaluate(mixed(local, glob, gates), loader) for loader in (local_test, global_test)],
    }
    found = {name: seconds_of(unit, budget) for name, unit in units.items()}
    print(json.dumps({"torch": torch.__version__, "seconds": found}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
