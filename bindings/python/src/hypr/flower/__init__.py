"""Fleets: devices that learn from each other without showing each other their recordings, on Flower (https://flower.ai).

Flower brings server, transport and strategies; here are the client, what travels, and what is checked before anything is averaged.
Needs the package ``flwr``: pip install "hypr[flower]".

>>> app = hypr.flower.client_app("watch.hypr", lambda context: hypr.flower.DataSet(x, y), learning_rate=0.01)  # on every device
>>> app = hypr.flower.server_app("watch.hypr", "fleet.hypr", rounds=20)                                       # in one place
"""

from hypr._optional import require

require("flwr", "hypr.flower")

from hypr.flower._client import client_app
from hypr.flower._compression import Compression
from hypr.flower._continuing import go_on, keep
from hypr.flower._gateway import gateway_app
from hypr.flower._grid import LocalGrid
from hypr.flower._local import DataSet, Fitted, Local, Stream
from hypr.flower._replies import CheckedStrategy
from hypr.flower._secure import secure_client_app, secure_server_app
from hypr.flower._server import completed_rounds, server_app
from hypr.flower._shared import SharedTensors
from hypr.flower._structure import Structure, StructureMismatchError

__all__ = [
    "CheckedStrategy", "Compression", "DataSet", "Fitted", "Local", "LocalGrid", "SharedTensors",
    "Stream", "Structure", "StructureMismatchError", "client_app", "completed_rounds", "gateway_app", "go_on", "keep",
    "secure_client_app", "secure_server_app", "server_app",
]
