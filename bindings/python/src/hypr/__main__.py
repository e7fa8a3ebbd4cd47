"""``python -m hypr``: what a model is, a page about a run, a gateway of a fleet, and every command of the tool."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence

from hypr._gateway_command import add_gateway
from hypr._library import library_version
from hypr.errors import Error


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit status. One of the command line tool takes the place of this process."""
    tool = _tool()
    place = f"is {tool}" if tool else "is not in PATH, nor named by HYPR_TOOL: the Debian package hypr-tools has it"
    parser = argparse.ArgumentParser(
        prog="python -m hypr", description="Looks at models and training runs.",
        epilog=f"Every other command is run by the command line tool hypr, which {place}.")
    parser.add_argument("--version", action="version", version=f"hypr {library_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    info = commands.add_parser("info", help="print what a model file says")
    info.add_argument("model", metavar="MODEL", help="a .hypr file")
    info.set_defaults(run=_info)

    report = commands.add_parser(
        "report", help="write one HTML page about a training run or a stream",
        description="Writes one HTML page, with its pictures inside, about the folder of a training run, or of a stream "
                    "(hypr stream --log, hypr.StreamLog.save): model.hypr, and of log.csv, config.json, stream.csv, "
                    "predictions.npz (hypr.report.save_predictions) what is there.")
    report.add_argument("folder", metavar="RUN", help="the folder of the run")
    report.add_argument("--output", metavar="FILE", help="the page (default: report.html in the folder)")
    report.add_argument("--example", metavar="FILE", help="an .npy file with a sequence [steps, channels] to show")
    report.set_defaults(run=_report)

    add_gateway(commands)

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and not words[0].startswith("-") and words[0] not in commands.choices:
        if tool is None:
            parser.error(f"there is no {words[0]!r} in the Python package, and the command line tool hypr, whose command it may "
                         f"be, {place}")
        os.execv(tool, [tool, *words])
    chosen = parser.parse_args(words)
    try:
        chosen.run(chosen)
    except (Error, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _tool() -> str | None:
    """The command line tool: what HYPR_TOOL names, or else the one in PATH."""
    return shutil.which(os.environ.get("HYPR_TOOL") or "hypr")


def _info(chosen: argparse.Namespace) -> None:
    from hypr._facts import as_text
    from hypr.model import Model
    from hypr.summary import model_facts

    print(as_text(model_facts(Model.load(chosen.model))))


def _report(chosen: argparse.Namespace) -> None:
    import numpy as np

    from hypr.report import write_report

    example = None if chosen.example is None else np.load(chosen.example)
    print(write_report(chosen.folder, chosen.output, example))


if __name__ == "__main__":
    sys.exit(main())
