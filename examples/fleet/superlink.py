"""The fleet on Flower's SuperLink and SuperNodes, on this machine's loopback: the SuperLink is killed in the middle, started
again, and training goes on from the last round's model file. Nothing is encrypted: a fleet of yours needs certificates, as Flower's
documentation says."""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import hypr
from hypr.flower import completed_rounds
from training import MODELS, others, start
from wearers import accuracy, of

HERE = Path(__file__).resolve().parent
HOME = MODELS / "flower"
DATABASE = HOME / "superlink.db"  # which nodes there are outlives the SuperLink
# Nothing leaves this machine: no telemetry, no question for newer versions.
ENVIRONMENT = {**os.environ, "FLWR_HOME": str(HOME), "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1",
               "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Process:
    """A program with a log, and all that it starts; killed at the end."""

    def __init__(self, name, *command):
        self.log = HOME / f"{name}.log"
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([Path(sys.executable).parent / command[0], *map(str, command[1:])], env=ENVIRONMENT,
                                            stdout=log, stderr=log, start_new_session=True)

    def kill(self):
        """At once, with all that it has started, as by a power cut."""
        for number in [self.process.pid, *descendants(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.wait()


def descendants(number):
    """The processes that a process has started, and those that they have started: Flower gives them sessions of their own."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [number]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found[1:]


def superlink(port):
    link = Process("superlink", "flower-superlink", "--insecure", "--host", "127.0.0.1", "--port", port,
                   "--database", DATABASE, "--disable-runtime-dependency-installation")
    wait_for(lambda: answers(port), 60, "the SuperLink does not answer", link.log)
    return link


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(ready, seconds, failure, log):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"error: {failure} after {seconds} s; the last lines of {log}:\n"
                             + "\n".join(log.read_text().splitlines()[-15:]))
        time.sleep(0.5)


def submit(port, settings):
    """Starts a run; the SuperLink does the rest."""
    HOME.joinpath("config.toml").write_text(
        f'[superlink]\ndefault = "loopback"\n\n[superlink.loopback]\naddress = "127.0.0.1:{port}"\ninsecure = true\n')
    words = " ".join(f"{name}={json.dumps(value)}" for name, value in settings.items())
    done = subprocess.run([Path(sys.executable).parent / "flwr", "run", HERE / "deployment", "--run-config", words],
                          env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"error: the run was refused:\n{done.stdout}{done.stderr}")


def rounds_of(path):
    return completed_rounds(hypr.Model.load(path)) if path.exists() else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--left-out", type=int, default=2, help="the wearer who is no client (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="altogether (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=9, help="of the nine other wearers (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=300, help="that may pass until a round is over (default: %(default)s)")
    arguments = parser.parse_args()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    output = MODELS / "superlink.hypr"
    output.unlink(missing_ok=True)
    model = start(arguments.left_out, 0)
    settings = {"example": str(HERE), "model": str(model), "output": str(output), "rounds": arguments.rounds,
                "clients": arguments.clients}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaves no process behind
    begun = time.monotonic()
    port = free_port()
    with ExitStack() as stack:
        link = superlink(port)
        stack.callback(lambda: link.kill())
        for wearer in others(arguments.left_out)[:arguments.clients]:
            node = Process(f"wearer-{wearer}", "flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{port}",
                           "--host", "127.0.0.1", "--port", free_port(), "--node-config", f"wearer={wearer}")
            stack.callback(node.kill)
        submit(port, settings)
        middle = arguments.rounds // 2
        wait_for(lambda: rounds_of(output) >= middle, arguments.seconds * middle, "the first rounds are not over", link.log)
        link.kill()
        reached = rounds_of(output)
        print(f"SuperLink killed after round {reached} ({time.monotonic() - begun:.0f} s)", flush=True)
        link = superlink(port)
        submit(port, settings)
        wait_for(lambda: rounds_of(output) >= arguments.rounds, arguments.seconds * arguments.rounds,
                 "the last rounds are not over", link.log)
        print(f"started again, and went on from round {reached} to round {rounds_of(output)} "
              f"({time.monotonic() - begun:.0f} s)", flush=True)
    trained = hypr.Model.load(output)
    chosen = of(others(arguments.left_out)[:arguments.clients])
    print(f"recognised of the clients' recordings: {accuracy(hypr.Model.load(model), chosen):.1%} before, "
          f"{accuracy(trained, chosen):.1%} after {rounds_of(output)} rounds")


if __name__ == "__main__":
    main()
