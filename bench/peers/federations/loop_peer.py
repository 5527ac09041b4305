"""FedAvg as a plain PyTorch loop: one network, clients one after another, their weights summed."""

import time

import torch
from federation import drops, serve


def prepare(task, workers):
    # its only way to use more than one core
    torch.set_num_threads(workers)
    net = task.net()

    def one(state, cohort, plain):
        losses, total = [], {name: torch.zeros_like(value) for name, value in state.items()}
        for client in cohort:
            net.load_state_dict(state)
            losses += task.train(net, client, plain)
            for name, value in net.state_dict().items():
                total[name] += value
        return {name: value / len(cohort) for name, value in total.items()}, losses

    def rounds(cohorts, plain):
        drops(task.reset(net), plain)
        state = {name: value.clone() for name, value in net.state_dict().items()}
        seconds, heard, steps = [], [], 0
        for cohort in cohorts:
            start = time.perf_counter()
            state, losses = one(state, cohort, plain)
            seconds.append(time.perf_counter() - start)
            heard.append(task.loss_of_round(losses))
            steps += len(losses)
        return seconds, heard, steps

    return rounds


if __name__ == "__main__":
    serve(prepare)
