"""Secure aggregation: the server learns the sum of all updates, and no device's own (SecAgg+, Bell et al. 2020, as Flower has it).

Flower's SecAgg+ speaks the messages of its older interface, with arrays that have no names; here they are translated. What travels
is one array, the difference from the fleet's parameters.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from logging import WARNING
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.clientapp import ClientApp
from flwr.common import Code, FitRes, Parameters, Scalar, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.common.logger import log
from flwr.compat.common import recorddict_compat
from flwr.server import LegacyContext, ServerConfig
from flwr.server.client_proxy import ClientProxy
from flwr.server.strategy import FedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow
from flwr.serverapp import Grid, ServerApp

from hypr._arrays import FloatArray
from hypr.errors import InvalidArgumentError, NotFiniteError, StateMismatchError
from hypr.flower._client import Client
from hypr.flower._continuing import model_parameters
from hypr.flower._local import Local
from hypr.flower._messages import ARRAYS, CONFIG, EXAMPLES, METRICS, RATE_FACTOR, ROUND, STRUCTURE
from hypr.flower._server import ModelSaver, Schedule, rate_factor, resumed
from hypr.flower._shared import SharedTensors
from hypr.flower._structure import Structure
from hypr.model import Model
from hypr.options import SessionOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

_MOST_EXAMPLES, _CLIPPING = "most-examples", "clipping-range"


def secure_client_app(model: Model | str | os.PathLike[str], local: Local | Callable[[Context], Local], *,
                      personal: Iterable[str] = (), **options: Unpack[SessionOptions]) -> ClientApp:
    """As ``client_app``, for a fleet of ``secure_server_app``. Because the server cannot look at what single clients send, they
    look at it themselves: what is not finite, or beyond what can be encoded, is not sent."""
    client = Client(model, local, personal, options)

    def train(message: Message, context: Context) -> Message:
        fit = recorddict_compat.recorddict_to_fitins(message.content, keep_input=True)
        base = parameters_to_ndarrays(fit.parameters)[0].astype(np.float32)
        content = RecordDict({ARRAYS: client.tensors.record(base), CONFIG: ConfigRecord(dict(fit.config))})
        reply = client.train(Message(content, metadata=message.metadata), context)
        if reply.has_error():
            raise StateMismatchError(reply.error.reason or "the client has refused")
        difference = client.tensors.values(reply.content.array_records[ARRAYS]) - base
        examples = min(int(reply.content.metric_records[METRICS][EXAMPLES]), int(fit.config[_MOST_EXAMPLES]))
        _check(difference, examples / float(fit.config[_MOST_EXAMPLES]), float(fit.config[_CLIPPING]))
        result = FitRes(Status(Code.OK, ""), ndarrays_to_parameters([difference]), examples, {})
        return Message(recorddict_compat.fitres_to_recorddict(result, keep_input=True), reply_to=message)

    app = ClientApp()
    app.train(mods=[secaggplus_mod])(train)
    return app


def secure_server_app(model: str | os.PathLike[str], output: str | os.PathLike[str], *, rounds: int,
                      schedule: Schedule = "constant", personal: Iterable[str] = (), num_shares: int | float = 1.0,
                      reconstruction_threshold: int | float = 0.5, most_examples: int = 1000, clipping_range: float = 8.0,
                      timeout: float | None = 3600.0) -> ServerApp:
    """As ``server_app`` with FedAvg, but that updates are summed in secret; clients run ``secure_client_app``.

    Parameters
    ----------
    num_shares, reconstruction_threshold
        Of Flower's ``SecAggPlusWorkflow``: among how many neighbours a client's secrets are shared, and how many of them, or which
        part, must stay for a round to come to a result when others drop out.
    most_examples : int
        The most that a client's weight may be; clients keep to it.
    clipping_range : float
        The most that a parameter may change in a round, weighted by examples / most_examples. It is encoded in 22 bits.
    """
    if rounds < 1:
        raise InvalidArgumentError(f"rounds is {rounds}, expected 1 or more")
    first, factor = Model.load(model), rate_factor(schedule, rounds)
    tensors = SharedTensors(first, personal)

    def main(grid: Grid, context: Context) -> None:
        saver = ModelSaver(tensors, output)
        current, done = resumed(first, saver.path)
        if done >= rounds:
            return
        text = Structure(first).text

        def config(server_round: int) -> dict[str, Scalar]:
            number = server_round + done
            return {STRUCTURE: text, ROUND: number, RATE_FACTOR: factor(number), _MOST_EXAMPLES: most_examples,
                    _CLIPPING: clipping_range}

        strategy = _SummedDifferences(tensors, tensors.of(model_parameters(current)),
                                      lambda number, values: saver.save(number + done, values), on_fit_config_fn=config)
        workflow = SecAggPlusWorkflow(num_shares, reconstruction_threshold, max_weight=float(most_examples),
                                      clipping_range=clipping_range, timeout=timeout)
        legacy = LegacyContext(context, ServerConfig(num_rounds=rounds - done), strategy)
        DefaultWorkflow(fit_workflow=workflow)(grid, legacy)

    app = ServerApp()
    app.main()(main)
    return app


class _SummedDifferences(FedAvg):
    """Adds the mean difference to the parameters, and saves them."""

    def __init__(self, tensors: SharedTensors, values: FloatArray, save: Callable[[int, FloatArray], None],
                 **settings: Any) -> None:
        super().__init__(initial_parameters=ndarrays_to_parameters([values]), fraction_evaluate=0.0, **settings)
        self.tensors, self.values, self.save = tensors, values, save

    def aggregate_fit(self, server_round: int, results: list[tuple[ClientProxy, FitRes]],
                      failures: list[Any]) -> tuple[Parameters | None, dict[str, Scalar]]:
        if results:
            # Of every client Flower gives the same array here: the mean.
            mean = parameters_to_ndarrays(results[0][1].parameters)[0].astype(np.float32)
            if np.isfinite(mean).all():
                self.values = self.tensors.within_bounds(self.values + mean)
            else:
                log(WARNING, "round %d: the mean is not finite, and not used", server_round)
        self.save(server_round, self.values)
        return ndarrays_to_parameters([self.values]), {}


def _check(difference: FloatArray, ratio: float, clipping_range: float) -> None:
    if not ratio > 0:
        raise InvalidArgumentError("nothing was taught")
    if not np.isfinite(difference).all():
        raise NotFiniteError("the difference has numbers that are not finite")
    largest = float(np.abs(difference).max()) * ratio
    if largest > clipping_range:
        raise InvalidArgumentError(f"a parameter changed by {largest:g} (weighted), expected at most the clipping range, "
                                   f"{clipping_range:g}")
