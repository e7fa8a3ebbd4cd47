"""The server's own learning rate, from round to round."""

from __future__ import annotations

from collections.abc import Callable

from flwr.serverapp.strategy import Strategy
from flwr.serverapp.strategy.fedopt import FedOpt

from hypr.errors import InvalidArgumentError
from hypr.flower._moments import nested


class ServerRate:
    """Sets `eta` of FedAdam, FedYogi or FedAdagrad, also of one inside of another strategy.

    Parameters
    ----------
    strategy : Strategy
    factor : callable
        What `eta` is multiplied by, by the round from 1.

    Raises
    ------
    InvalidArgumentError
        The strategy has no learning rate of its own.
    """

    def __init__(self, strategy: Strategy, factor: Callable[[int], float]) -> None:
        found = [inner for inner in nested(strategy) if isinstance(inner, FedOpt)]
        if not found:
            raise InvalidArgumentError(f"{type(strategy).__name__} has no learning rate that the server could let fall: expected "
                                       "FedAdam, FedYogi or FedAdagrad, or scheduled=\"clients\"")
        self.strategy, self.factor = found[0], factor
        self.rate = float(self.strategy.eta)

    def __call__(self, server_round: int) -> None:
        self.strategy.eta = self.rate * self.factor(server_round)
