"""The fleet of watches as an app for SuperLink and SuperNodes: what each of them does is said by its configuration."""

import sys
from functools import cache

from flwr.app import Context, Message
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp

from hypr.flower import client_app, server_app

client = ClientApp()
server = ServerApp()


@cache
def _app(example: str, model: str) -> ClientApp:
    """That of a wearer, whose recordings are on this device alone; in the demo that is a number in the package's data."""
    sys.path.insert(0, example)
    from settings import FEW_ROUNDS, MESSAGE, MESSAGES
    from wearers import Wearer

    return client_app(
        model, lambda context: Wearer(context, int(context.node_config["wearer"]), FEW_ROUNDS.updates, FEW_ROUNDS.batch),
        mods=[MESSAGES[MESSAGE]], **FEW_ROUNDS.options)


def _answer(message: Message, context: Context) -> Message:
    return _app(str(context.run_config["example"]), str(context.run_config["model"]))(message, context)


client.train()(_answer)
client.evaluate()(_answer)


@server.main()
def main(grid: Grid, context: Context) -> None:
    run, clients = context.run_config, int(context.run_config["clients"])
    sys.path.insert(0, str(run["example"]))
    from settings import FEW_ROUNDS

    strategy = FEW_ROUNDS.strategy(min_available_nodes=clients, min_train_nodes=clients)
    server_app(str(run["model"]), str(run["output"]), rounds=int(run["rounds"]), strategy=strategy,
               timeout=float(run["timeout"]), **FEW_ROUNDS.schedule)(grid, context)
