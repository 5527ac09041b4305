"""Writes golden/*.json: what PyTorch makes of the same numbers. `pip install torch`, then `python test/nn/golden.py`."""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
here = Path(__file__).parent / "golden"


def wave(n, scale, step):
    """scale * sin(step * i + 1), which the tests can make as well."""
    return scale * torch.sin(step * torch.arange(n, dtype=torch.float64) + 1)


def write(name, value):
    (here / name).write_text(json.dumps(value, indent=1) + "\n")


# optimisers: five steps with the gradients `slopes`, weights after each
def path(make):
    w = torch.tensor([1.0, -2.0, 0.5, 3.0, 0.0], requires_grad=True)
    optimizer = make([w])
    found = []
    for t in range(5):
        w.grad = wave(5, 1.0, 0.7 + t)
        optimizer.step()
        found.append(w.detach().tolist())
    return found


optimizers = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "adam, betas and eps": lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3),
    "adam, weight decay": lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.2),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.2),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd, weight decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.3),
    "sgd, momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd, momentum and dampening": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.4),
    "sgd, nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1),
    "rmsprop, centred": lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-4, centered=True),
    "rmsprop, everything": lambda p: torch.optim.RMSprop(
        p, lr=0.02, alpha=0.8, eps=1e-5, centered=True, momentum=0.7, weight_decay=0.1
    ),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
    "adagrad, everything": lambda p: torch.optim.Adagrad(p, lr=0.2, lr_decay=0.3, eps=1e-4, weight_decay=0.1),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True),
    "amsgrad, everything": lambda p: torch.optim.Adam(
        p, lr=0.05, betas=(0.5, 0.6), eps=1e-3, weight_decay=0.2, amsgrad=True
    ),
    "sgd, everything": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.1),
}
write("optimizers.json", {name: path(make) for name, make in optimizers.items()})


# schedules: what the rate is multiplied by in each of twenty steps
def rates(make):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = make(optimizer)
    found = []
    for t in range(20):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        # a cycle ends with its last step
        if t < 19:
            schedule.step()
    return found


of = torch.optim.lr_scheduler
schedules = {
    "step": lambda o: of.StepLR(o, 3, 0.5),
    "exponential": lambda o: of.ExponentialLR(o, 0.9),
    "linear": lambda o: of.LinearLR(o, 1.0, 0.25, 12),
    "cosine": lambda o: of.CosineAnnealingLR(o, 20, 0.1),
    "one-cycle": lambda o: of.OneCycleLR(o, 1.0, total_steps=20, cycle_momentum=False),
    "one-cycle, everything": lambda o: of.OneCycleLR(
        o, 1.0, total_steps=20, pct_start=0.4, div_factor=10, final_div_factor=5, cycle_momentum=False
    ),
}
write("schedules.json", {name: rates(make) for name, make in schedules.items()})


# networks: the authors' architectures, written from their description
class LeNet(nn.Module):
    def __init__(self, channels, second, flat, one, two, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, second, 5)
        self.fc1 = nn.Linear(flat, one)
        self.fc2 = nn.Linear(one, two)
        self.fc3 = nn.Linear(two, outputs)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = self.fc3(x)
        return x if x.shape[1] == 1 else F.log_softmax(x, 1)


class MLP(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.fc1 = nn.Linear(784, 200)
        self.fc2 = nn.Linear(200, outputs)

    def forward(self, x):
        x = self.fc2(F.relu(self.fc1(x.flatten(1))))
        return x if x.shape[1] == 1 else F.log_softmax(x, 1)


def network(net, shape):
    n = 0
    for parameter in net.parameters():
        size = parameter.numel()
        with torch.no_grad():
            parameter.copy_((0.1 * torch.sin(0.3 * torch.arange(n, n + size) + 1)).reshape(parameter.shape))
        n += size
    x = wave(3 * torch.Size(shape).numel(), 1.0, 0.05).reshape(3, *shape)
    y = net(x)
    loss = F.nll_loss(y, torch.tensor([7, 0, 3])) if y.shape[1] > 1 else y.square().mean()
    loss.backward()
    return {
        "shape": shape,
        "count": n,
        "output": y.flatten().tolist(),
        "loss": loss.item(),
        "parameters": [
            {
                "name": name,
                "shape": list(p.shape),
                "norm": p.grad.norm().item(),
                "first": p.grad.flatten()[:3].tolist(),
                "last": p.grad.flatten()[-1].item(),
            }
            for name, p in net.named_parameters()
        ],
    }


cifar, fashion = [3, 32, 32], [1, 28, 28]
write(
    "networks.json",
    {
        "lenetCifar": network(LeNet(3, 16, 400, 120, 84, 10), cifar),
        "lenetCifarGate": network(LeNet(3, 16, 400, 120, 84, 1), cifar),
        "lenetFashion": network(LeNet(1, 12, 192, 84, 42, 10), fashion),
        "lenetFashionGate": network(LeNet(1, 12, 192, 84, 42, 1), fashion),
        "mlp": network(MLP(10), fashion),
        "mlpGate": network(MLP(1), fashion),
    },
)


# the authors' text classifier, small: sentences as they are (packed), or filled up with word 1 that is read like any other
class TextClassifier(nn.Module):
    def __init__(self, words, width, hidden, outputs):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.rnn = nn.LSTM(width, hidden, bidirectional=True)
        self.top_layer = nn.Linear(2 * hidden, outputs)

    def forward(self, words, lengths=None):
        x = self.embedding(words)
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        else:
            x = x.transpose(0, 1)
        _, (state, _) = self.rnn(x)
        return F.log_softmax(self.top_layer(torch.cat([state[0], state[1]], 1)), 1)


def text(packed):
    net = TextClassifier(12, 4, 3, 3)
    n = 0
    for parameter in net.parameters():
        size = parameter.numel()
        with torch.no_grad():
            parameter.copy_(torch.sin(0.3 * torch.arange(n, n + size) + 1).reshape(parameter.shape))
        n += size
    sentences = [[4, 2, 9, 2], [5], [3, 10, 3, 3, 7, 6], [8, 2]]
    longest = max(map(len, sentences))
    words = torch.tensor([s + [1] * (longest - len(s)) for s in sentences])
    lengths = torch.tensor([len(s) for s in sentences]) if packed else None
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    losses = []
    # the last steps do not reach every row of the embedding again
    for part in [slice(0, 4), slice(0, 2), slice(1, 4)]:
        optimizer.zero_grad()
        y = net(words[part], lengths[part] if packed else None)
        loss = F.nll_loss(y, torch.tensor([2, 0, 1, 2])[part])
        loss.backward()
        losses.append(loss.item())
        if len(losses) == 1:
            output = y.flatten().tolist()
            gradients = {name: p.grad.flatten().tolist() for name, p in net.named_parameters()}
        optimizer.step()
    return {
        "sentences": sentences,
        "output": output,
        "gradients": gradients,
        "losses": losses,
        "embedding": net.embedding.weight.flatten().tolist(),
    }


write("text.json", {"packed": text(True), "padded": text(False)})

# losses with their gradients
def loss(make, *inputs):
    for x in inputs:
        x.requires_grad_(True)
    value = make(*inputs)
    value.sum().backward()
    return {"value": value.detach().flatten().tolist(), "gradients": [x.grad.flatten().tolist() for x in inputs]}


labels = torch.tensor([2, 0, 4])


def experts():
    return (
        wave(15, 3.0, 0.9).reshape(3, 5).log_softmax(1).detach(),
        wave(15, 2.0, 1.7).reshape(3, 5).log_softmax(1).detach(),
        wave(3, 2.0, 2.1).detach(),
    )


def probability(ls, lg, z):
    h = torch.sigmoid(z)[:, None]
    return F.nll_loss(torch.log(h * ls.exp() + (1 - h) * lg.exp()), labels, reduction="none")


def linear(ls, lg, z):
    h = torch.sigmoid(z)[:, None]
    return F.nll_loss(h * ls + (1 - h) * lg, labels, reduction="none")


logits = wave(15, 3.0, 0.9).reshape(3, 5)
write(
    "losses.json",
    {
        "nll": loss(lambda x: F.nll_loss(x, labels, reduction="none"), logits.clone()),
        "crossEntropy": loss(lambda x: F.cross_entropy(x, labels, reduction="none"), logits.clone()),
        "logSoftmax": loss(lambda x: x.log_softmax(1).square(), logits.clone()),
        "mixtureNll": loss(probability, *experts()),
        "mixtureLog": loss(linear, *experts()),
        "experts": [x.flatten().tolist() for x in experts()],
    },
)
