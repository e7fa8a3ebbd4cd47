"""The client: gets the fleet's parameters, learns on the device, and sends what it has come to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.typing import Mod

from hypr.errors import Error
from hypr.flower._compression import Compression, mods_of
from hypr.flower._gateway import GATEWAY_DEVICES, GATEWAY_FOLDER, GATEWAY_WAIT, Gateway
from hypr.flower._local import Local
from hypr.flower._messages import ARRAYS, BASE, CONFIG, EXAMPLES, METRICS, PROXIMAL, RATE_FACTOR, ROUND, STRUCTURE, UPDATE, refusal
from hypr.flower._shared import SharedTensors, base_of
from hypr.flower._structure import Structure
from hypr.model import Model, checked_model
from hypr.options import SessionOptions, option_names, unknown_option
from hypr.session import Session

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PERSONAL = "hypr.personal"


def client_app(model: Model | str | os.PathLike[str], local: Local | Callable[[Context], Local], *, personal: Iterable[str] = (),
               mods: Iterable[Mod | Compression] = (), **options: Unpack[SessionOptions]) -> ClientApp:
    """A ClientApp of Flower's: one for all devices of a fleet.

    Parameters
    ----------
    model : Model or path
        The network that the server has, too. Its parameters are of consequence only where they are personal.
    local : Local, or callable
        What the device learns from, such as a ``DataSet``; or what gives it for the client's context, which says which device it is
        (``context.node_config``).
    personal : iterable of str
        Tensors that never leave the device, as for ``SharedTensors``. They are kept in the client's state. The server must be told
        the same.
    mods : iterable
        Of training: Flower's, such as ``LocalDpMod``, and ``Compression``; the first comes last.
    **options
        As for ``Session``; what is not given is as the model recommends. But for `schedule`, which is constant: the server says how
        the rate falls from round to round.

    A node that ``python -m hypr gateway`` has started speaks for devices without Python instead, with the same model, personal
    tensors and mods: ``gateway_app``.

    A reply is an error that says what was wrong if the fleet has another structure, or if what the device does is refused; the
    server logs it, and leaves the device out.
    """
    client = Client(model, local, personal, options)
    app = ClientApp()
    app.train(mods=mods_of(mods, client.tensors))(client.train)
    app.evaluate()(client.evaluate)
    return app


class Client:
    """What a client does with a message."""

    def __init__(self, model: Model | str | os.PathLike[str], local: Local | Callable[[Context], Local], personal: Iterable[str],
                 options: SessionOptions) -> None:
        for name in options:
            if name not in option_names():
                raise unknown_option(name, ("personal", "mods"))
        self.model = Model.load(model) if isinstance(model, (str, os.PathLike)) else checked_model(model)
        self.local, self.options = local, options
        self.structure, self.tensors = Structure(self.model), SharedTensors(self.model, personal)
        with Session(self.model, **options) as session:  # refuses options now, not in the first round
            self.rate = float(cast(float, session.options["learning_rate"]))

    def train(self, message: Message, context: Context) -> Message:
        if (gateway := self._gateway(context)) is not None:
            return gateway.train(message, context)
        try:
            config, arrays = message.content.config_records[CONFIG], message.content.array_records[ARRAYS]
            self.structure.check(str(config[STRUCTURE]), "the fleet's model")
            values = self.tensors.values(arrays)
            model = self.tensors.merged(values, context.state.array_records.get(_PERSONAL))
            fitted = self._local(context).fit(model, self._options(config), int(cast(int, config[ROUND])))
        except (Error, ArithmeticError) as error:
            return refusal(message, f"{type(error).__name__}: {error}")
        if self.tensors.personal:
            context.state.array_records[_PERSONAL] = self.tensors.personal_arrays(fitted.parameters)
        return Message(RecordDict({
            ARRAYS: self.tensors.arrays(fitted.parameters),
            METRICS: MetricRecord({EXAMPLES: fitted.examples, **fitted.metrics}),
            UPDATE: ConfigRecord({STRUCTURE: self.structure.fingerprint, BASE: base_of(values)}),
        }), reply_to=message)

    def evaluate(self, message: Message, context: Context) -> Message:
        if self._gateway(context) is not None:
            return refusal(message, "a gateway has no recordings to judge a model on")
        try:
            config, arrays = message.content.config_records[CONFIG], message.content.array_records[ARRAYS]
            self.structure.check(str(config[STRUCTURE]), "the fleet's model")
            model = self.tensors.merged(self.tensors.values(arrays), context.state.array_records.get(_PERSONAL))
            examples, metrics = self._local(context).evaluate(model, self.options)
        except Error as error:
            return refusal(message, f"{type(error).__name__}: {error}")
        return Message(RecordDict({METRICS: MetricRecord({EXAMPLES: examples, **metrics})}), reply_to=message)

    def _gateway(self, context: Context) -> Gateway | None:
        """What the node is, if its configuration says so."""
        config = context.node_config
        if GATEWAY_FOLDER not in config:
            return None
        return Gateway(self.model, str(config[GATEWAY_FOLDER]), int(config[GATEWAY_DEVICES]), float(config[GATEWAY_WAIT]),
                       [tensor.name for tensor in self.tensors.personal])

    def _local(self, context: Context) -> Local:
        return self.local(context) if callable(self.local) else self.local

    def _options(self, config: ConfigRecord) -> SessionOptions:
        """Those of this round: a rate by the server's schedule, and the pull to the fleet's parameters that FedProx asks for."""
        options: dict[str, Any] = {"schedule": "constant", **self.options}
        options["learning_rate"] = self.rate * float(cast(float, config.get(RATE_FACTOR, 1.0)))
        if PROXIMAL in config:
            options["anchor_strength"] = float(cast(float, config[PROXIMAL]))
        return cast(SessionOptions, options)
