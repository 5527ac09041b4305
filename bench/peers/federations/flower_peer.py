"""FedAvg in Flower's simulation, whose workers are actors of Ray."""

import os
import time

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import torch
from federation import Talk, Task, drops
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation


class Given(FedAvg):
    """FedAvg that is told whom to ask, and notes when rounds end."""

    def __init__(self, folder, cohorts, plain):
        super().__init__(fraction_evaluate=0.0)
        self.folder, self.cohorts, self.plain, self.seconds = folder, cohorts, plain, []

    def configure_train(self, server_round, arrays, config, grid):
        self._start = time.perf_counter()
        nodes = list(grid.get_node_ids())
        for client in self.cohorts[server_round - 1]:
            asked = ConfigRecord({"folder": self.folder, "client": client, "plain": self.plain})
            yield Message(RecordDict({"arrays": arrays, "config": asked}), dst_node_id=nodes[client], message_type="train")

    def aggregate_train(self, server_round, replies):
        found = super().aggregate_train(server_round, replies)
        self.seconds.append(time.perf_counter() - self._start)
        if found[0] is None:
            raise RuntimeError(f"no client answered: {[reply.error for reply in replies if reply.has_error()][:1]}")
        return found


def client_app():
    app = ClientApp()

    @app.train()
    def train(message, context):
        # an actor reads a task once
        import federation

        asked = message.content["config"]
        kept = vars(federation).setdefault("kept", {})
        if kept.get("folder") != asked["folder"]:
            task = federation.Task(asked["folder"])
            kept.update(folder=asked["folder"], task=task, net=task.net())
            torch.set_num_threads(1)
        task, net = kept["task"], kept["net"]
        net.load_state_dict(message.content["arrays"].to_torch_state_dict())
        losses = task.train(federation.drops(net, asked["plain"]), asked["client"], asked["plain"])
        metrics = {"loss": task.loss_of_round(losses), "steps": len(losses), "num-examples": task.rows}
        answer = {"arrays": ArrayRecord(net.state_dict()), "metrics": MetricRecord(metrics)}
        return Message(RecordDict(answer), reply_to=message)

    return app


def simulate(talk, requests, folder, workers):
    """One simulation: answers requests until another task comes, which it gives back."""
    task = Task(folder)
    app = ServerApp()
    after = None

    @app.main()
    def main(grid, context):
        nonlocal after
        net = task.net()
        talk.answer({})
        for request in requests:
            if request["do"] == "prepare":
                after = request
                return
            cohorts, plain = request["cohorts"], request["plain"]
            strategy = Given(folder, cohorts, plain)
            first = ArrayRecord(drops(task.reset(net), plain).state_dict())
            found = strategy.start(grid, first, num_rounds=len(cohorts), timeout=600)
            heard = [found.train_metrics_clientapp[i + 1] for i in range(len(cohorts))]
            steps = sum(round(one["steps"] * len(cohort)) for one, cohort in zip(heard, cohorts))
            talk.answer({"seconds": strategy.seconds, "losses": [one["loss"] for one in heard], "steps": steps})

    init = {"num_cpus": workers, "include_dashboard": False}
    resources = {"num_cpus": 1, "num_gpus": 0.0}
    run_simulation(
        app, client_app(), task.clients, backend_config={"init_args": init, "client_resources": resources}
    )
    return after


def serve():
    talk = Talk()
    requests = talk.requests()
    request = next(requests, None)
    while request is not None:
        try:
            if request["do"] != "prepare":
                raise RuntimeError("no simulation runs")
            request = simulate(talk, requests, request["folder"], request["workers"])
        except Exception as error:
            talk.fail(error)
            request = next(requests, None)


if __name__ == "__main__":
    serve()
