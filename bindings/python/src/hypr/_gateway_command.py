"""``python -m hypr gateway``: a node of a fleet that speaks Flower for devices which have the C library alone."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypr._optional import require

_DESCRIPTION = """\
Runs a SuperNode of Flower's that stands for many devices which have the C library and no Python. What they share with it is a
folder, or whatever brings files there: in every round it puts the fleet's model into FOLDER/fleet.hypr, and takes what devices hand
over, FOLDER/updates/NAME.bin (hypr_session_get_update). It sends on their mean. An update that is damaged, stale or of another
network is renamed to NAME.refused, and the reason is logged.

The network, and what stays on devices, come with the app that the SuperLink runs: hypr.flower.client_app.
"""


def add_gateway(commands: Any) -> None:
    """The command, with its arguments."""
    parser = commands.add_parser("gateway", help="speak Flower for devices without Python", description=_DESCRIPTION,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", help="that devices share with the gateway; it is made if it is not there")
    parser.add_argument("--superlink", metavar="ADDRESS", required=True, help="host:port of the SuperLink")
    parser.add_argument("--devices", type=_at_least(int, 1), required=True, metavar="N",
                        help="a round ends when so many updates have come")
    parser.add_argument("--wait", type=_at_least(float, 0), default=60.0, metavar="SECONDS",
                        help="or after so long, with those that have (default: %(default)g)")
    secret = parser.add_mutually_exclusive_group(required=True)
    secret.add_argument("--root-certificates", metavar="FILE", help="of who has signed the SuperLink's certificate")
    secret.add_argument("--insecure", action="store_true", help="talk without encryption: on one machine")
    parser.add_argument("--supernode", nargs=argparse.REMAINDER, default=[], metavar="ARGUMENT",
                        help="all that follows is for flower-supernode, such as --host and --port of its own")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> None:
    """The SuperNode takes the place of this process."""
    require("flwr", "python -m hypr gateway")
    program = shutil.which("flower-supernode", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        raise FileNotFoundError("there is no program flower-supernode beside this Python, nor in PATH")
    Path(chosen.folder).mkdir(parents=True, exist_ok=True)
    os.execv(program, [program, *supernode_arguments(chosen)])


def supernode_arguments(chosen: argparse.Namespace) -> Sequence[str]:
    """What flower-supernode is told."""
    from hypr.flower._gateway import GATEWAY_DEVICES, GATEWAY_FOLDER, GATEWAY_WAIT

    config = {GATEWAY_FOLDER: os.path.abspath(chosen.folder), GATEWAY_DEVICES: chosen.devices, GATEWAY_WAIT: chosen.wait}
    words = " ".join(f"{name}={json.dumps(value)}" for name, value in config.items())
    secret = ["--insecure"] if chosen.insecure else ["--root-certificates", chosen.root_certificates]
    return ["--superlink", chosen.superlink, *secret, "--node-config", words, *chosen.supernode]


def _at_least(kind: type[int] | type[float], least: int) -> Any:
    def number(text: str) -> float:
        value = kind(text)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"is {text}, expected {least} or more")
        return value

    number.__name__ = "number"
    return number
