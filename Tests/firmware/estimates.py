"""What `hypr info --target` says of a network, against what it took."""

import json
import os
import subprocess
from pathlib import Path

FIGURES = Path(__file__).parents[2] / "Sources/HyprToolKit/Targets/TargetFigures.swift"
# An estimate's distance from what was measured, at most.
TOLERANCE = {"flash": 0.1, "session": 0.1, "stack": 0.1, "instructionsPerStep": 0.35, "instructionsOfWorstStep": 0.35}
# A target's costs are fitted to these names of Target.Cost.
RUNNING, LESSON = ("step", "stepPerNeuron"), ("learningPerNeuron", "window", "windowPerNeuron", "windowPerParameter")


def asked(model, window, *more):
    arguments = [os.environ["HYPR_TOOL"], "info", model, "--json", "--option", f"window={window}", *more]
    return json.loads(subprocess.run(arguments, capture_output=True, text=True, check=True).stdout)


def measured(folder, target):
    """Of each run of cost.c: model, window, and its numbers."""
    for path in sorted((folder / "cost").glob(f"{target}-*.out")):
        name, window = path.stem[len(target) + 1:].rsplit("-", 1)
        numbers = {key: int(value) for key, value in (line.split() for line in path.read_text().splitlines())}
        yield folder / "cost" / f"{name}.hypr", int(window), numbers


def compare(folder, taken, targets, model, window):
    """Sentences about estimates that are too far off."""
    found = []

    def look(what, estimate, real):
        for name, value in real.items():
            if value is not None and abs(estimate[name] - value) > TOLERANCE[name] * value:
                found.append(f"{what}: the tool estimates {name} as {estimate[name]:,}, measured {value:,}")

    for target in targets:
        estimate = asked(model, window, "--target", target)["targetEstimate"]
        for kind, mode in (("running", "inference"), ("learning", "learning")):
            figures = taken[target, mode]
            look(f"{target}, {mode}", estimate[kind], {
                # A library that learns takes more stack than one that only runs, which the estimate is for.
                "flash": figures["flash"], "session": figures["session"],
                "stack": None if figures["flash"] is None else max(figures["stack"]),
                "instructionsPerStep": figures["mean"], "instructionsOfWorstStep": figures["worst"]})
        for path, steps, numbers in measured(folder, target):
            estimate = asked(path, steps, "--target", target)["targetEstimate"]
            for kind in ("running", "learning"):
                look(f"{target}, {path.stem}, window {steps}, {kind}", estimate[kind], {
                    "session": numbers[f"{kind}.bytes"], "instructionsPerStep": numbers[f"{kind}.mean"],
                    "instructionsOfWorstStep": numbers[f"{kind}.worst"]})
    return found


def table(folder, target):
    """What cost.c measured, as docs/microcontrollers.md has it."""
    lines = [f"| on {target}: inputs, neurons, outputs | window | session: running, learning | instructions of a step: running, "
             "learning | longest step |", "|---|---|---|---|---|"]
    for path, window, numbers in measured(folder, target):
        facts = asked(path, window)
        layer, = facts["layers"]
        lines.append(f"| {facts['input']['size']} – {layer['size']} {layer['neuron']} – {facts['outputs']} | {window} | "
                     f"{numbers['running.bytes']:,}, {numbers['learning.bytes']:,} | "
                     f"{numbers['running.mean']:,}, {numbers['learning.mean']:,} | {numbers['learning.worst']:,} |")
    return "\n".join(lines)


def fit(rows, values):
    """Numbers whose products with each row come nearest to the values, in parts of these: the normal equations."""
    rows = [[number / value for number in row] for row, value in zip(rows, values)]
    count = len(rows[0])
    equations = [[sum(row[i] * row[j] for row in rows) for j in range(count)] + [sum(row[i] for row in rows)] for i in range(count)]
    for i in range(count):
        equations[i:] = sorted(equations[i:], key=lambda equation: -abs(equation[i]))
        for j in range(count):
            if j != i:
                factor = equations[j][i] / equations[i][i]
                equations[j] = [one - factor * other for one, other in zip(equations[j], equations[i])]
    return [equation[count] / equation[i] for i, equation in enumerate(equations)]


def costs(folder, target):
    running, lessons = ([], []), ([], [])
    for path, window, numbers in measured(folder, target):
        facts = asked(path, window)
        neurons, parameters = sum(layer["size"] for layer in facts["layers"]) + facts["outputs"], facts["parameterCount"]
        running[0].append([1, neurons])
        running[1].append(numbers["running.mean"])
        lessons[0].append([neurons, 1 / window, neurons / window, parameters / window])
        lessons[1].append(numbers["learning.mean"] - numbers["running.mean"])
    return dict(zip(RUNNING + LESSON, [round(number) for number in fit(*running) + fit(*lessons)]))


def write(folder, taken, targets):
    def number(value):
        return f"{value:_}"

    lines = ["// Written by `make firmware-figures`, which measures in an emulator.", "extension Target {", "  static let all = ["]
    for target in targets:
        firmware = [f"Firmware(flash: {number(taken[target, mode]['flash'])}, stack: {number(max(taken[target, mode]['stack']))})"
                    for mode in ("inference", "learning")]
        cost = [f"{name}: {number(value)}" for name, value in costs(folder, target).items()]
        lines += ["    Target(", f'      name: "{target}", running: {firmware[0]}, learning: {firmware[1]},', "      cost: Cost(",
                  f"        {', '.join(cost)})),"]
    FIGURES.write_text("\n".join([*lines, "  ]", "}"]) + "\n")
