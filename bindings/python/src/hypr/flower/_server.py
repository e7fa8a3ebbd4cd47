"""The server: a model file in, a better one out after every round."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from logging import INFO
from math import cos, pi
from pathlib import Path
from typing import Literal

from flwr.app import ArrayRecord, Context, MetricRecord
from flwr.common.logger import log
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg, Strategy

from hypr._arrays import FloatArray
from hypr._files import replace_file
from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError
from hypr.flower._continuing import model_parameters
from hypr.flower._moments import load_moments, remove_old, save_moments
from hypr.flower._replies import CheckedStrategy
from hypr.flower._server_rate import ServerRate
from hypr.flower._shared import SharedTensors
from hypr.flower._structure import Structure
from hypr.model import Model

ROUNDS_ENTRY = "federated rounds"
Schedule = Literal["constant", "linear", "cosine"]
Scheduled = Literal["clients", "server"]


def server_app(model: str | os.PathLike[str], output: str | os.PathLike[str], *, rounds: int, strategy: Strategy | None = None,
               schedule: Schedule = "constant", scheduled: Scheduled = "clients", personal: Iterable[str] = (),
               most_examples: int | None = None,
               evaluate: Callable[[Model], Mapping[str, float]] | None = None, timeout: float = 3600.0,
               report: Callable[[int, CheckedStrategy], None] | None = None) -> ServerApp:
    """A ServerApp of Flower's that trains a model file on a fleet.

    After every round `output` is replaced, at once: it is a model file like `model`, with the rounds that were made in its metadata
    (``completed_rounds``). If it is there when the app starts, training goes on from it, so a server that was killed is started
    again as it was. What FedAdam and the like remember lies beside it, in ``OUTPUT.round-N.npz``.

    Parameters
    ----------
    model : path
        What training begins with: network, parameters, and the options that it recommends.
    output : path
    rounds : int
        Altogether, with those before a restart.
    strategy : Strategy, optional
        Flower's, by default FedAvg() of all clients. What it is given is checked before: ``CheckedStrategy``.
    schedule : {"constant", "linear", "cosine"}
        How the learning rate falls to 0 from round to round.
    scheduled : {"clients", "server"}
        Whose: that of the clients; or the server's, which is `eta` of FedAdam and the like. How far these go does not depend on
        how far the clients went.
    personal : iterable of str
        As the clients have it.
    most_examples : int, optional
        The most that a client's weight may be.
    evaluate : callable, optional
        Is given the model after each round, and returns what is to be logged of it.
    timeout : float
        Seconds that a round waits for replies; who comes later is left out.
    report : callable, optional
        Is given every round and its checked strategy, when the round was saved.

    Raises
    ------
    StructureMismatchError
        When the app runs: `output` is there, but is another network.
    """
    if rounds < 1:
        raise InvalidArgumentError(f"rounds is {rounds}, expected 1 or more")
    if scheduled not in ("clients", "server"):
        raise InvalidArgumentError(f"scheduled is {scheduled!r}, expected 'clients' or 'server'")
    factor = rate_factor(schedule, rounds)
    first = Model.load(model)
    tensors = SharedTensors(first, personal)
    inner, path = FedAvg() if strategy is None else strategy, Path(output)
    server_rate = ServerRate(inner, factor) if scheduled == "server" else None
    clients_factor = factor if server_rate is None else None

    def main(grid: Grid, context: Context) -> None:
        saver = ModelSaver(tensors, path)
        current, done = resumed(first, path)
        if done:
            log(INFO, "going on from %s after round %d", path, done)
            load_moments(inner, path, done)
        if done >= rounds:
            log(INFO, "%s has all %d rounds already", path, rounds)
            return

        def save(server_round: int, values: FloatArray) -> None:
            save_moments(inner, path, server_round)  # first: a model file without them would not go on as it was
            saver.save(server_round, values)
            remove_old(path, server_round)
            if report is not None:
                report(server_round, checked)

        def judged(_: int, arrays: ArrayRecord) -> MetricRecord | None:
            return None if evaluate is None else MetricRecord(dict(evaluate(tensors.merged(tensors.values(arrays)))))

        checked = CheckedStrategy(inner, tensors, done=done, most_examples=most_examples, rate_factor=clients_factor,
                                  server_rate=server_rate, save=save)
        checked.start(grid, tensors.arrays(model_parameters(current)), rounds - done, timeout,
                      evaluate_fn=None if evaluate is None else judged)

    app = ServerApp()
    app.main()(main)
    return app


def completed_rounds(model: Model) -> int:
    """How many rounds a model file has been through; 0 if it is not a fleet's."""
    text = model.metadata.get(ROUNDS_ENTRY, "0")
    return int(text) if text.isdecimal() else 0


def resumed(first: Model, path: Path) -> tuple[Model, int]:
    """What to go on from, and how many rounds it has."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return first, 0
    model = Model.load(path)
    Structure(first).check(Structure(model).text, str(path))
    return model, completed_rounds(model)


class ModelSaver:
    """Writes the fleet's model file, with how many rounds it has."""

    def __init__(self, tensors: SharedTensors, path: str | os.PathLike[str]) -> None:
        self.tensors, self.path = tensors, Path(path)

    def save(self, server_round: int, values: FloatArray) -> None:
        """The shared parameters [sum of sizes]; the others stay as the model that training began with has them."""
        model = self.tensors.merged(values)
        numbered = ModelBuilder.from_model(model).metadata(**{ROUNDS_ENTRY: str(server_round)}).build()
        replace_file(self.path, numbered.data)


def rate_factor(schedule: Schedule, rounds: int) -> Callable[[int], float]:
    """By the round, from 1; the last one still learns."""
    if schedule == "constant":
        return lambda server_round: 1.0
    if schedule == "linear":
        return lambda server_round: 1 - (server_round - 1) / rounds
    if schedule == "cosine":
        return lambda server_round: 0.5 + 0.5 * cos(pi * (server_round - 1) / rounds)
    raise InvalidArgumentError(f"schedule is {schedule!r}, expected 'constant', 'linear' or 'cosine'")
