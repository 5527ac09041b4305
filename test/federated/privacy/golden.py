"""Writes golden.json: epsilons of Google's dp-accounting over a grid, for the accountants here to be held against.

    python -m venv venv && venv/bin/pip install dp-accounting==0.6.0 && venv/bin/python golden.py

Where losses are narrower than its default grid its answers are bounds far above the truth, so there the grid is finer.
"""

import json
import math
import os

import dp_accounting as dp
from dp_accounting import rdp
from dp_accounting.pld import PLDAccountant

CLIENTS = 1_000_000

# whole ones: its series for others does not converge everywhere, and it leaves those out
ORDERS = [*range(2, 64), 128, 256, 512, 1024]


def grid():
    for sigma in (0.6, 0.8, 1.0, 2.0, 5.0):
        for q in (0.001, 0.01, 0.1, 0.5):
            for rounds in (1, 30, 300, 3000):
                for delta in (1e-5, 1e-8):
                    if q >= 0.5 and rounds > 300 or q >= 0.1 and rounds > 300 and sigma < 1:
                        continue
                    yield sigma, q, rounds, delta
    for sigma in (0.7, 1.3, 3.0, 20.0, 50.0):
        for q, rounds in ((0.02, 100), (0.2, 50), (0.05, 1000), (1.0, 10), (1.0, 100)):
            for delta in (1e-5, 1e-7):
                if not (q == 1.0 and sigma < 3):
                    yield sigma, q, rounds, delta


def interval(sigma, q):
    variance = min(q * q * math.expm1(1 / sigma**2), 1 / sigma**2)
    return min(1e-4, max(1e-6, math.sqrt(variance) / 50))


def pld(sigma, q, rounds, delta):
    accountant = PLDAccountant(value_discretization_interval=interval(sigma, q))
    event = dp.GaussianDpEvent(sigma)
    accountant.compose(event if q == 1 else dp.PoissonSampledDpEvent(q, event), rounds)
    return accountant.get_epsilon(delta)


def poisson(sigma, q, rounds, delta):
    accountant = rdp.RdpAccountant(orders=ORDERS)
    accountant.compose(dp.PoissonSampledDpEvent(q, dp.GaussianDpEvent(sigma)), rounds)
    return accountant.get_epsilon(delta)


def fixed(sigma, q, rounds, delta):
    accountant = rdp.RdpAccountant(orders=ORDERS, neighboring_relation=dp.NeighboringRelation.REPLACE_ONE)
    event = dp.SampledWithoutReplacementDpEvent(CLIENTS, round(q * CLIENTS), dp.GaussianDpEvent(sigma))
    accountant.compose(event, rounds)
    return accountant.get_epsilon(delta)


rows = [
    [sigma, q, rounds, delta] + [f(sigma, q, rounds, delta) for f in (pld, poisson, fixed)]
    for sigma, q, rounds, delta in grid()
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as file:
    file.write("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")
print(len(rows), "rows")
