"""Measures the example: a network as `hypr train --suggest` makes it, with a sensor that was mounted anew, before and after two
labelled minutes; and one that gets the samples as they are. Only the command line tool is used.

    python measure.py [--seeds 5] [--folder build/machine] [--tool build/bin/hypr]
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import record

PROJECT = Path(__file__).resolve().parents[2]
COLUMNS = ("--label", "mode", "--time", "time")


def measure(tool, folder, seed, minutes=10):
    """Accuracies of one seed by model and recording, and what `hypr check` says of the raw network with the moved sensor."""
    folder.mkdir(parents=True, exist_ok=True)
    record.write_all(folder, seed, minutes)

    def hypr(*arguments, status=0, standard_input=None):
        done = subprocess.run([tool, *map(str, arguments)], cwd=folder, stdin=standard_input, capture_output=True, text=True)
        if done.returncode != status:
            sys.exit(f"{tool} {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def accuracy(model, recording):
        return json.loads(hypr("eval", model, "--csv", recording, *COLUMNS, "--json"))["stepAccuracy"]

    def adapted(model):
        name = f"adapted-{model}"
        with open(folder / "calibration.csv") as samples:
            hypr("stream", model, "--learn", *COLUMNS, "--out", name, "--force", standard_input=samples)
        return name

    training = ("--csv", "training.csv", *COLUMNS, "--validation-split", "0.2", "--force", "--shuffle-seed", seed)
    hypr("train", "--suggest", *training, "--tune-adaptation", "--out", "machine.hypr")
    hypr("create", "fresh.hypr", "--csv", "training.csv", *COLUMNS, "--layer", "se_adlif:32", "--seed", seed, "--force")
    hypr("train", "fresh.hypr", *training, "--online", "--out", "raw.hypr")
    # Another day, with the sensor where it was.
    record.write(folder / "first.csv", *record.recording(seed + 1000, "training", 5))
    figures = {("machine.hypr", "first"): accuracy("machine.hypr", "first.csv")}
    for model in ("machine.hypr", "raw.hypr"):
        figures[model, "moved"] = accuracy(model, "test.csv")
        figures[model, "adapted"] = accuracy(adapted(model), "test.csv")
    found = subprocess.run([tool, "check", "raw.hypr", "--csv", "test.csv", *COLUMNS], cwd=folder, capture_output=True, text=True)
    return figures, found.stdout.splitlines()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="how many machines, mountings and networks (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=PROJECT / "build" / "machine", help="where files go (default: %(default)s)")
    parser.add_argument("--tool", default=os.environ.get("HYPR_TOOL", PROJECT / "build" / "bin" / "hypr"),
                        help="the command line tool (default: %(default)s)")
    options = parser.parse_args()
    print("| seed | first mounting | sensor moved | after two labelled minutes | raw: sensor moved | after two labelled minutes |")
    print("|---|---:|---:|---:|---:|---:|")
    rows = []
    for seed in range(options.seeds):
        figures, finding = measure(Path(options.tool).resolve(), options.folder / str(seed), seed)
        rows.append(figures.values())
        print(f"| {seed} | " + " | ".join(f"{value:.1%}" for value in rows[-1]) + " |", flush=True)
    means = [sum(column) / len(rows) for column in zip(*rows)]
    print("| **mean** | " + " | ".join(f"**{value:.1%}**" for value in means) + " |")
    print(f"\nhypr check, of the raw network with the moved sensor: {finding}")


if __name__ == "__main__":
    main()
