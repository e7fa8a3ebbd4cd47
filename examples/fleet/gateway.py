"""A device in C that is part of a fleet: a SuperLink, a gateway (python -m hypr gateway), and behind it examples/c/fleet_device.c,
which learns the stream of a wearer and hands over a kilobyte a round. All of it on this machine's loopback, without encryption."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import hypr
from superlink import HERE, HOME, Process, free_port, rounds_of, submit, superlink, wait_for
from training import MODELS

WATCH = HERE.parent / "watch"
DEVICE = os.environ.get("HYPR_FLEET_DEVICE", HERE.parents[1] / "build" / "examples" / "fleet_device")


def follow(folder, seen):
    """What a device does in its pauses: if there is another model, it learns, and hands over what has changed. Returns the time of
    the model that it has seen."""
    model = folder / "fleet.hypr"
    if not model.exists() or model.stat().st_mtime_ns == seen:
        return seen
    seen = model.stat().st_mtime_ns
    command = [DEVICE, model, WATCH / "wearer-2.stream", folder / "updates" / "watch-2.bin", folder / "watch-2.residual"]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=300, help="that may pass until a round is over (default: %(default)s)")
    arguments = parser.parse_args()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    model, output, folder = WATCH / "without-wearer-2.hypr", MODELS / "gateway.hypr", HOME / "gateway"
    output.unlink(missing_ok=True)
    port, begun, seen = free_port(), time.monotonic(), 0
    with ExitStack() as stack:
        link = superlink(port)
        stack.callback(link.kill)
        gateway = Process("gateway", Path(sys.executable).name, "-m", "hypr", "gateway", folder, "--devices", 1,
                          "--wait", arguments.seconds, "--superlink", f"127.0.0.1:{port}", "--insecure",
                          "--supernode", "--host", "127.0.0.1", "--port", free_port())
        stack.callback(gateway.kill)
        submit(port, {"example": str(HERE), "model": str(model), "output": str(output), "rounds": arguments.rounds, "clients": 1,
                      "timeout": arguments.seconds})

        def over():
            nonlocal seen
            seen = follow(folder, seen)
            return rounds_of(output) >= arguments.rounds

        wait_for(over, arguments.seconds * arguments.rounds, "the rounds are not over", gateway.log)
    before, after = hypr.Model.load(model), hypr.Model.load(output)
    moved = sum((values != after.parameters[name]).sum() for name, values in before.parameters.items())
    print(f"{arguments.rounds} rounds in {time.monotonic() - begun:.0f} s; "
          f"{moved} of {before.parameter_count} parameters have changed")


if __name__ == "__main__":
    main()
