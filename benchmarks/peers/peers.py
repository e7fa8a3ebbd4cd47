"""Measures hypr against JAX and PyTorch: the same networks and data, on one core, one after the other.

Learning, with a target at every step: hypr with windows of 100 steps and an update after each, against the same
algorithm in JAX with dense arrays, and against backpropagation through time in JAX and in PyTorch (once over the whole
sequence, then one update). Inference: hypr called once a step, against one step called once a sample in JAX and in
PyTorch. Before that, it is checked that all of them compute the same.

Every number is the median over several runs, in which hypr and the others take turns.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
LEARNING = ("jax_hypr", "jax_bptt", "torch_bptt")
OTHERS = (*LEARNING, "jax_step", "torch_step")


def parse() -> argparse.Namespace:
    description, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=description, epilog=more,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--bench", type=Path, default=ROOT / "build/bench/bench", metavar="PROGRAM", help="(default: build/bench/bench)")
    add("--models", type=Path, default=ROOT / "build/models/bench", metavar="FOLDER",
        help="(default: build/models/bench)")
    add("--only", default="", metavar="TEXT", help="networks whose name, such as brf/4-36-6, contains this")
    add("--runs", type=int, default=5, metavar="N", help="(default: %(default)s)")
    add("--core", type=int, default=max(os.sched_getaffinity(0)), metavar="N", help="to run on (default: the last)")
    add("--json", action="store_true", help="print one JSON object instead of the table")
    return parser.parse_args()


def run_bench(arguments: argparse.Namespace, only: str, *more) -> list[dict]:
    """What the program says about the networks whose names contain `only`."""
    command = [arguments.bench, "--json", "--only", only, *more, arguments.models]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        raise SystemExit(f"{arguments.bench} failed with status {result.returncode}")
    return json.loads(result.stdout)["networks"]


def say(text: str) -> None:
    """For whoever waits; results alone go to the standard output."""
    print(text, file=sys.stderr, flush=True)


def measure(arguments: argparse.Namespace, folder: Path, network: dict) -> dict:
    from checks import check  # JAX and PyTorch look at the cores they may use when they are loaded
    from opponents import Opponents
    from saved import load_case

    opponents = Opponents(load_case(folder, network["neuron"], network["net"]))
    name = opponents.case.name
    say(f"{name}: {check(opponents)}")
    runs = []
    for index in range(arguments.runs):
        own = next(one for one in run_bench(arguments, name) if (one["neuron"], one["net"]) == tuple(name.split("/")))
        runs.append({"hypr_learning": own["learning"]["100"], "hypr_step": own["inference_step"],
                     **opponents.measure()})
    times = {key: median(run[key] for run in runs) for key in runs[0]}
    ratios = {key: times[key] / times["hypr_learning" if key in LEARNING else "hypr_step"] for key in OTHERS}
    return {"neuron": network["neuron"], "net": network["net"], "spike_rate": network["spike_rate"],
            "microseconds": times, "ratios": ratios}


COLUMNS = [  # key, and two lines of heading
    ("hypr_learning", "learning:", "hypr"), ("jax_hypr", "JAX", "HYPR"), ("jax_bptt", "JAX", "BPTT"),
    ("torch_bptt", "PyTorch", "BPTT"),
    ("hypr_step", "inference:", "hypr"), ("jax_step", "JAX", "step"), ("torch_step", "PyTorch", "step")]


def print_table(results: list[dict]) -> None:
    def line(name, spikes, cells):
        columns = (f"{time:>11}{ratio:>8}" if key in OTHERS else f"{time:>11}"
                   for (key, *_), (time, ratio) in zip(COLUMNS, cells))
        print(f"{name:<20}{spikes:>7}{''.join(columns)}".rstrip())

    print("microseconds per step, and how many times those of hypr; each the median of several runs on one core\n")
    line("", "", [(above, "") for _, above, _ in COLUMNS])
    line("network", "spikes", [(below, "") for _, _, below in COLUMNS])
    for result in results:
        times, ratios = result["microseconds"], result["ratios"]
        line(f"{result['neuron']}/{result['net']}", f"{100 * result['spike_rate']:.1f} %",
             [(f"{times[key]:.2f}", f"{ratios[key]:.1f}x" if key in ratios else "") for key, *_ in COLUMNS])


def main() -> None:
    arguments = parse()
    os.sched_setaffinity(0, {arguments.core})  # and all that is started from here
    with TemporaryDirectory() as folder:
        networks = run_bench(arguments, arguments.only, "--save", folder)
        results = [measure(arguments, Path(folder), network) for network in networks]
    if arguments.json:
        print(json.dumps({"runs": arguments.runs, "networks": results}, indent=1))
    else:
        print_table(results)


if __name__ == "__main__":
    main()
