"""A client that speaks for devices without Python: they are given a model file, and give one back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from logging import INFO, WARNING
from pathlib import Path
from typing import cast

import numpy as np
from flwr.app import ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.typing import Mod
from flwr.common.logger import log

from hypr._arrays import FloatArray
from hypr._files import replace_file
from hypr.errors import Error, InvalidArgumentError
from hypr.flower._compression import Compression, mods_of
from hypr.flower._messages import ARRAYS, BASE, CONFIG, EXAMPLES, METRICS, ROUND, STRUCTURE, UPDATE, refusal
from hypr.flower._shared import SharedTensors, base_of
from hypr.flower._structure import Structure
from hypr.flower._updates import UpdateReader
from hypr.model import Model, checked_model

# Of a node's configuration, if it is a gateway.
GATEWAY_FOLDER, GATEWAY_DEVICES, GATEWAY_WAIT = "gateway-folder", "gateway-devices", "gateway-wait"
FLEET_FILE, UPDATES = "fleet.hypr", "updates"


def gateway_app(model: Model | str | os.PathLike[str], folder: str | os.PathLike[str], *, devices: int, wait: float = 60.0,
                personal: Iterable[str] = (), mods: Iterable[Mod | Compression] = ()) -> ClientApp:
    """A ClientApp for many devices that have the C library and no Python, and share a folder with the gateway, or have their files
    brought there by whatever transports them.

    In every round the gateway puts the fleet's model into ``folder/fleet.hypr``. A device loads it, learns, and hands over what has
    changed (``hypr_session_get_update``) as ``folder/updates/NAME.bin``. The gateway takes those of this model, and sends the server
    their mean; its weight is how many they are. A file that is damaged, of another structure or stale stays, renamed to
    ``NAME.refused``, and the reason is logged.

    Parameters
    ----------
    model : Model or path
        The network that the server has, too.
    folder : path
    devices : int
        A round ends when so many updates have come,
    wait : float
        or after so many seconds, with those that have.
    personal, mods
        As for ``client_app``. Personal tensors are those that ``fleet.hypr`` has from `model`; devices keep their own.
    """
    gateway = Gateway(model, folder, devices, wait, personal)
    app = ClientApp()
    app.train(mods=mods_of(mods, gateway.tensors))(gateway.train)
    return app


class Gateway:
    """What it does with a message."""

    def __init__(self, model: Model | str | os.PathLike[str], folder: str | os.PathLike[str], devices: int, wait: float,
                 personal: Iterable[str]) -> None:
        if devices < 1:
            raise InvalidArgumentError(f"devices is {devices}, expected 1 or more")
        self.model = Model.load(model) if isinstance(model, (str, os.PathLike)) else checked_model(model)
        self.structure, self.tensors = Structure(self.model), SharedTensors(self.model, personal)
        self.folder, self.devices, self.wait = Path(folder), devices, wait

    def train(self, message: Message, context: Context) -> Message:
        config, arrays = message.content.config_records[CONFIG], message.content.array_records[ARRAYS]
        try:
            self.structure.check(str(config[STRUCTURE]), "the fleet's model")
            values = self.tensors.values(arrays)
            model = self.tensors.merged(values)
            self._offer(model, int(cast(int, config[ROUND])))
        except Error as error:
            return refusal(message, f"{type(error).__name__}: {error}")
        updates = self._collect(UpdateReader(self.tensors, model))
        if not updates:
            return refusal(message, f"no device has brought an update in {self.wait:g} s")
        mean = np.stack(updates).mean(axis=0, dtype=np.float64).astype(np.float32)
        return Message(RecordDict({
            ARRAYS: self.tensors.record(mean),
            METRICS: MetricRecord({EXAMPLES: len(updates)}),
            UPDATE: ConfigRecord({STRUCTURE: self.structure.fingerprint, BASE: base_of(values)}),
        }), reply_to=message)

    def _offer(self, model: Model, server_round: int) -> None:
        (self.folder / UPDATES).mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / FLEET_FILE, model.data)
        log(INFO, "round %d: %s waits for devices", server_round, self.folder / FLEET_FILE)

    def _collect(self, reader: UpdateReader) -> list[FloatArray]:
        """The shared parameters of the devices, one each."""
        found: list[FloatArray] = []
        end = time.monotonic() + self.wait
        while True:
            # What is still being written has another name, or a dot in front.
            for path in sorted((self.folder / UPDATES).glob("[!.]*.bin")):
                if len(found) == self.devices:
                    break
                try:
                    data = path.read_bytes()
                    path.unlink()
                except OSError:
                    continue  # somebody took it back
                try:
                    found.append(reader.values(data))
                except Error as error:
                    log(WARNING, "the update %s is refused: %s", path, error)
                    path.with_suffix(".refused").write_bytes(data)
            if len(found) == self.devices or time.monotonic() >= end:
                return found
            time.sleep(min(0.1, self.wait))
