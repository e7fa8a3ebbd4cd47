"""The fleet of watches as an app for SuperLink and SuperNodes: what each of them does is said by its configuration."""

import sys
from functools import cache

from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvgM

from hypr.flower import client_app, server_app

client = ClientApp()
server = ServerApp()


@cache
def _app(example: str, model: str) -> ClientApp:
    """That of a wearer, whose recordings are on this device alone; in the demo that is a number in the package's data."""
    sys.path.insert(0, example)
    from training import MESSAGES, Setting
    from wearers import OPTIONS, Wearer

    setting = Setting()
    return client_app(
        model, lambda context: Wearer(context, int(context.node_config["wearer"]), setting.updates, setting.batch),
        mods=[MESSAGES["int8, a third"]], **{**OPTIONS, "learning_rate": setting.learning_rate})


def _answer(message: Message, context: Context) -> Message:
    return _app(str(context.run_config["example"]), str(context.run_config["model"]))(message, context)


client.train()(_answer)
client.evaluate()(_answer)


@server.main()
def main(grid: Grid, context: Context) -> None:
    run, clients = context.run_config, int(context.run_config["clients"])
    strategy = FedAvgM(server_momentum=0.6, min_available_nodes=clients, min_train_nodes=clients, fraction_evaluate=0.0)
    server_app(str(run["model"]), str(run["output"]), rounds=int(run["rounds"]), schedule="cosine", strategy=strategy,
               timeout=float(run["timeout"]))(grid, context)
