"""What is looked at before replies are averaged, around any strategy of Flower's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from logging import WARNING
from math import isfinite
from typing import cast

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common.logger import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Strategy

from hypr._arrays import FloatArray
from hypr.errors import Error, NotFiniteError, StateMismatchError
from hypr.flower._messages import ARRAYS, BASE, DIFFERENCE, DIFFERENCE_TYPE, EXAMPLES, METRICS, RATE_FACTOR, STRUCTURE, UPDATE
from hypr.flower._shared import SharedTensors, base_of
from hypr.flower._structure import Structure
from hypr.flower._updates import UpdateReader


class CheckedStrategy(Strategy):
    """A strategy that is given only replies which can be averaged. All others are logged with the reason and left out: of another
    structure or base, with a tensor missing or of another shape, with numbers that are not finite, damaged, or without examples.
    Differences become parameters before the strategy sees them.

    What cannot be seen is an update that is well-formed and wrong: give a robust strategy, such as Flower's ``MultiKrum`` or
    ``FedTrimmedAvg``.

    Parameters
    ----------
    strategy : Strategy
        Such as ``FedAvg``, ``FedProx``, ``FedAdam``, or one of those around another that bring differential privacy.
    tensors : SharedTensors
    done : int
        Rounds before this run, which a restarted server does not count again.
    most_examples : int, optional
        The most that a client's weight may be: one that says more counts as that.
    rate_factor : callable, optional
        What the clients' learning rate is multiplied by in a round.
    server_rate : callable, optional
        Is given every round before it begins, and sets the strategy's own learning rate.
    save : callable, optional
        Is given every round, and the parameters [sum of sizes] that it came to.

    Attributes
    ----------
    dropped : dict of str
        Of the last round: reasons by the number of the node.
    bytes_received : int
        In the content of the last round's replies, as Flower's ``message_size_mod`` counts.
    """

    def __init__(self, strategy: Strategy, tensors: SharedTensors, *, done: int = 0, most_examples: int | None = None,
                 rate_factor: Callable[[int], float] | None = None, server_rate: Callable[[int], None] | None = None,
                 save: Callable[[int, FloatArray], None] | None = None) -> None:
        self.strategy, self.tensors, self.structure = strategy, tensors, Structure(tensors.model)
        self.done, self.most_examples, self.rate_factor, self.save = done, most_examples, rate_factor, save
        self.server_rate = server_rate
        self.dropped: dict[int, str] = {}
        self.bytes_received = 0
        self._base, self._values = "", np.empty(0, np.float32)
        self._reader = UpdateReader(tensors, tensors.model)
        self._metrics: set[str] = set()

    def summary(self) -> None:
        self.strategy.summary()

    def configure_train(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        server_round += self.done
        # The strategy's average may be float64: what clients get is what their differences are from.
        self._values = self.tensors.values(arrays)
        self._base = base_of(self._values)
        self._reader = UpdateReader(self.tensors, self.tensors.merged(self._values))
        extended = self._config(config)
        extended[BASE] = self._base
        if self.rate_factor is not None:
            extended[RATE_FACTOR] = float(self.rate_factor(server_round))
        if self.server_rate is not None:
            self.server_rate(server_round)
        messages: Iterable[Message] = self.strategy.configure_train(server_round, self.tensors.record(self._values), extended, grid)
        return messages

    def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> tuple[ArrayRecord | None, MetricRecord | None]:
        server_round += self.done
        self.dropped, self.bytes_received, self._metrics = {}, 0, set()
        kept = [reply for reply in replies if self._is_good(reply)]
        arrays, metrics = self.strategy.aggregate_train(server_round, kept) if kept else (None, None)
        try:
            values = self._values if arrays is None else self.tensors.within_bounds(self.tensors.values(arrays))
            self.tensors.merged(values)  # is a network
        except Error as error:
            log(WARNING, "round %d: the strategy's result is not used: %s", server_round, error)
            values = self._values
        if self.save is not None:
            self.save(server_round, values)
        return self.tensors.record(values), metrics

    def configure_evaluate(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        messages: Iterable[Message] = self.strategy.configure_evaluate(server_round + self.done, arrays, self._config(config), grid)
        return messages

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        kept = []
        for reply in replies:
            if reply.has_error():
                log(WARNING, "evaluation of node %d is left out: %s", reply.metadata.src_node_id, reply.error.reason)
            elif _finite(reply.content.metric_records.get(METRICS, MetricRecord())):
                kept.append(reply)
            else:
                log(WARNING, "evaluation of node %d is left out: metrics that are not finite", reply.metadata.src_node_id)
        return self.strategy.aggregate_evaluate(server_round + self.done, kept) if kept else None

    def _config(self, config: ConfigRecord) -> ConfigRecord:
        extended = ConfigRecord(dict(config))
        extended[STRUCTURE] = self.structure.text
        return extended

    def _is_good(self, reply: Message) -> bool:
        """Whether a reply can be averaged; its content becomes what a strategy expects."""
        node = reply.metadata.src_node_id
        try:
            if reply.has_error():
                raise StateMismatchError(reply.error.reason or f"error {reply.error.code}")
            self.bytes_received += sum(record.count_bytes() for record in reply.content.values())
            self._check(reply)
        except Exception as error:  # noqa: BLE001: whatever a stranger sends must not end the round
            self.dropped[node] = str(error)
            log(WARNING, "the update of node %d is left out: %s", node, error)
            return False
        return True

    def _check(self, reply: Message) -> None:
        content = reply.content
        for name, records in ((ARRAYS, content.array_records), (METRICS, content.metric_records), (UPDATE, content.config_records)):
            if name not in records:
                raise StateMismatchError(f"there is no record {name!r} in the reply")
        update, metrics = content.config_records[UPDATE], content.metric_records[METRICS]
        self._check_origin(str(update.get(STRUCTURE)), str(update.get(BASE)))
        self._check_metrics(metrics)
        arrays = content.array_records[ARRAYS]
        if set(arrays) == {DIFFERENCE} and arrays[DIFFERENCE].stype == DIFFERENCE_TYPE:
            values = self._reader.values(arrays[DIFFERENCE].data)
        else:
            values = self.tensors.values(arrays)
        # A strategy wants one record of arrays and one of metrics, whatever else a client has sent.
        content.clear()
        content.array_records[ARRAYS], content.metric_records[METRICS] = self.tensors.record(values), metrics

    def _check_origin(self, structure: str, base: str) -> None:
        if structure != self.structure.fingerprint:
            raise StateMismatchError(f"another structure: {structure}, expected {self.structure.fingerprint}")
        if base != self._base:
            raise StateMismatchError(f"a stale update: its base is {base}, expected {self._base}")

    def _check_metrics(self, metrics: MetricRecord) -> None:
        examples = metrics.get(EXAMPLES)
        if not isinstance(examples, (int, float)) or not isfinite(examples) or examples <= 0:
            raise NotFiniteError(f"{EXAMPLES} is {examples}, expected a number above 0")
        if not _finite(metrics):
            raise NotFiniteError("metrics that are not finite")
        # Flower refuses the whole round if one client has other metrics.
        self._metrics = self._metrics or set(metrics)
        if set(metrics) != self._metrics:
            raise StateMismatchError(f"other metrics: {', '.join(sorted(metrics))}, expected {', '.join(sorted(self._metrics))}")
        if self.most_examples is not None:
            metrics[EXAMPLES] = min(examples, self.most_examples)


def _finite(metrics: MetricRecord) -> bool:
    return all(np.isfinite(cast(float, value)).all() for value in metrics.values())
