"""``python -m hypr``: what a model is, and a page about a training run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hypr._library import library_version
from hypr.errors import Error


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m hypr", description="Looks at models and training runs.")
    parser.add_argument("--version", action="version", version=f"hypr {library_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    info = commands.add_parser("info", help="print what a model file says")
    info.add_argument("model", metavar="MODEL", help="a .hypr file")
    info.set_defaults(run=_info)

    report = commands.add_parser(
        "report", help="write one HTML page about a training run",
        description="Writes one HTML page, with its pictures inside, about the folder of a training run: model.hypr, and if "
                    "they are there log.csv, config.json and predictions.npz (hypr.report.save_predictions).")
    report.add_argument("folder", metavar="RUN", help="the folder of the run")
    report.add_argument("--output", metavar="FILE", help="the page (default: report.html in the folder)")
    report.add_argument("--example", metavar="FILE", help="an .npy file with a sequence [steps, channels] to show")
    report.set_defaults(run=_report)

    chosen = parser.parse_args(arguments)
    try:
        chosen.run(chosen)
    except (Error, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _info(chosen: argparse.Namespace) -> None:
    from hypr.model import Model
    from hypr.summary import as_text, model_facts

    print(as_text(model_facts(Model.load(chosen.model))))


def _report(chosen: argparse.Namespace) -> None:
    import numpy as np

    from hypr.report import write_report

    example = None if chosen.example is None else np.load(chosen.example)
    print(write_report(chosen.folder, chosen.output, example))


if __name__ == "__main__":
    sys.exit(main())
