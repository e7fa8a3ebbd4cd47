"""Compares what the firmwares printed with what this machine did, prints the table of Tests/firmware/run, and keeps its figures.

    compare.py FOLDER MODEL WINDOW TARGET...    exit 1 if something is not equal, took another size or time than figures.json
                                               says, or the tool estimates it otherwise

With HYPR_FIRMWARE=update figures.json and the tool's TargetFigures.swift are written anew. Emulation counts instructions exactly:
what differs was compiled otherwise.
"""

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import estimates

MODES = ("inference", "learning", "deferred")
# Learning: a spike that comes a step later by rounding changes all that follows, on every machine.
LEARNED_STEPS = 250
MEGAHERTZ = 168
FIGURES = Path(__file__).parent / "figures.json"
# By how much a figure may be another one before it has to be looked at.
TOLERANCE = {"flash": 0.03, "session": 0.03, "stack": 0.03, "mean": 0.05, "worst": 0.05}
# With deferred learning, the worst step over the mean.
LATEST = 3
# Of examples/cortex-m/adapt.c: all memory, in bytes, and accuracies, in points apart from this machine's. What a recurrent network
# learns amplifies the last digit: between two CPU levels of one machine it is up to 1.6 points apart.
WATCH_MEMORY, WATCH_POINTS = 128 * 1024, {"without": 0.5, "with": 2.5}


def read(path):
    """Numbers by name, outputs by step, messages, and outputs from the state of this machine on."""
    numbers, steps, texts, moved = {}, [], [], []
    for line in path.read_text().splitlines():
        name, _, rest = line.partition(" ")
        if name in ("step", "moved", "loss", "rate"):
            values = [struct.unpack("<f", struct.pack("<I", int(bits)))[0] for bits in rest.split()[1:]]
            if name == "step":
                steps.append(values)
            elif name == "moved":
                moved.append(values)
            else:
                numbers[name] = values[0]
        elif name == "message":
            texts.append(rest)
        elif rest.isdigit():
            numbers[name] = int(rest)
    return numbers, steps, texts, moved


def difference(one, other):
    return max(abs(a - b) / max(1, abs(b)) for row, expected in zip(one, other) for a, b in zip(row, expected))


def unequal(found, expected, learning):
    """What is other than on this machine."""
    (numbers, steps, texts, moved), (host_numbers, host_steps, host_texts, host_moved) = found, expected
    if len(steps) != len(host_steps) or not steps:
        yield f"{len(steps)} steps, expected {len(host_steps)}"
        return
    if learning:
        apart = difference(steps[:LEARNED_STEPS], host_steps[:LEARNED_STEPS])
        if apart > 1e-4:
            yield f"outputs differ by {apart:.2g} in the first {LEARNED_STEPS} steps, expected 1e-4"
    else:
        apart = difference(steps, host_steps)
        if apart > 1e-6:
            yield f"outputs differ by {apart:.2g}, expected 1e-6"
    for name in ("updates", "moved.bytes", "damaged.refused", "damaged.statuses"):
        if numbers[name] != host_numbers[name]:
            yield f"{name} is {numbers[name]}, expected {host_numbers[name]}"
    if abs(numbers["loss"] - host_numbers["loss"]) > 0.02 * host_numbers["loss"]:
        yield f"the mean loss is {numbers['loss']:.4f}, expected {host_numbers['loss']:.4f} to 2 %"
    if len(moved) != len(host_moved) or not moved or difference(moved, host_moved) > 1e-5:
        yield "from the state of this machine it does not go on as this machine does"
    if texts != host_texts:
        yield f"messages differ: {[pair for pair in zip(texts, host_texts) if pair[0] != pair[1]]}"


def sections(firmware):
    """Bytes by section; `size` of this machine reads every processor's files."""
    lines = subprocess.run(["size", "-A", firmware], capture_output=True, text=True, check=True).stdout
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", lines, re.MULTILINE)}


def figures_of(numbers, firmware, own_library):
    """What a firmware takes. Flash is without model and data; nothing is said of it if its library has more than it needs."""
    size = sections(firmware)
    stack = [numbers[f"{part}.stack"] for part in ("load", "create", "step")]
    memory = [numbers[f"{part}.bytes"] for part in ("model", "options", "session")]
    return {
        "flash": size[".text"] + size[".rodata"] if own_library else None, "model": memory[0], "options": memory[1],
        "session": memory[2], "stack": stack, "mean": numbers["step.instructions"], "worst": numbers["step.worst"]}


def changed(found, known):
    """Figures that are out of tolerance."""
    for name, tolerance in TOLERANCE.items():
        if found[name] is None:
            continue
        if known.get(name) is None:
            yield f"figures.json has no {name}: make firmware-figures writes it"
            continue
        pairs = zip(found[name], known[name]) if name == "stack" else [(found[name], known[name])]
        for value, before in pairs:
            if abs(value - before) > tolerance * before:
                yield f"{name} is {value:,}, figures.json has {before:,} to {tolerance:.0%}"


def watch(folder, target):
    """Of the watch's demo: its figures, and what is wrong with them."""
    def entries(path):
        return [int(value) for value in re.findall(r"  recognised (\d+)|  samples of the test (\d+)", path.read_text())
                for value in value if value]
    firmware = folder / f"{target}-examples" / "adapt"
    text = firmware.with_suffix(".out").read_text()
    found, expected = entries(firmware.with_suffix(".out")), entries(folder / "host-adapt.out")
    shares, host = ([100 * numbers[place + 1] / numbers[place] for place in (0, 2)] for numbers in (found, expected))
    size = sections(firmware)
    memory = size[".data"] + size[".bss"] + int(re.search(r"bytes of stack (\d+)", text)[1])
    wrong = [f"{name} learning {one:.2f} % are recognised, here {other:.2f} %"
             for name, one, other in zip(("without", "with"), shares, host) if abs(one - other) > WATCH_POINTS[name]]
    if memory > WATCH_MEMORY:
        wrong.append(f"takes {memory:,} bytes of memory, expected {WATCH_MEMORY:,}")
    if shares[1] < shares[0] + 5:
        wrong.append("does not learn")
    return {"memory": memory, "shares": shares, "host": host}, wrong


def learned(folder, target):
    """What is wrong with examples/cortex-m/learn.c: it ends better than it began."""
    text = (folder / f"{target}-examples" / "learn.out").read_text()
    shares = [int(share) for share in re.findall(r"percent recognised (\d+)", text)]
    return [] if len(shares) == 6 and shares[-1] >= shares[0] + 20 else [f"recognised {shares} percent"]


def table(rows):
    head = ["target", "", "flash", "RAM", "model + options + session", "stack load / create / step", "instructions",
            "worst step", f"ms at {MEGAHERTZ} MHz", "worst", "equal"]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths)))
        for row in [head, *rows])


def main():
    folder, model, window, targets = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    update = os.environ.get("HYPR_FIRMWARE") == "update"
    rows, problems, taken = [], [], {}
    for target in targets:
        for mode in MODES:
            firmware = folder / f"{target}-{mode}"
            found = read(firmware.with_suffix(".out"))
            wrong = list(unequal(found, read(folder / f"host-{mode}.out"), mode != "inference"))
            own_library = mode != "inference" or (folder / f"{target}-0/libhypr.a").exists()
            figures = figures_of(found[0], firmware, own_library)
            if mode == "deferred" and figures["worst"] > LATEST * figures["mean"]:
                wrong.append(f"the worst step takes {figures['worst']:,} instructions, the mean is {figures['mean']:,}")
            taken[target, mode] = figures
            place = known.setdefault(target, {}).setdefault(mode, {})
            # Recorded are those of libraries that have what the program needs, and no more.
            drifted = [] if update or not own_library else list(changed(figures, place))
            if update and own_library:
                place.update({name: value for name, value in figures.items() if value is not None})
            problems += [f"{target}, {mode}: {problem}" for problem in wrong + drifted]
            memory = [figures[part] for part in ("model", "options", "session")]
            rows.append([
                target, mode, f"{figures['flash']:,}" if own_library else "-", f"{sum(memory) + max(figures['stack']):,}",
                " + ".join(f"{m:,}" for m in memory), " / ".join(f"{s:,}" for s in figures["stack"]), f"{figures['mean']:,}",
                f"{figures['worst']:,}", f"{figures['mean'] / MEGAHERTZ / 1000:.3f}", f"{figures['worst'] / MEGAHERTZ / 1000:.2f}",
                "no" if wrong else "yes"])
    print(table(rows))
    for target in targets:
        if not (folder / f"{target}-examples").exists():
            continue
        figures, wrong = watch(folder, target)
        print(f"the watch on {target}: {figures['shares'][0]:.1f} % without learning, {figures['shares'][1]:.1f} % with it (here "
              f"{figures['host'][0]:.1f} % and {figures['host'][1]:.1f} %), {figures['memory']:,} bytes of memory in all")
        problems += [f"{target}, adapt: {problem}" for problem in wrong]
        problems += [f"{target}, learn: {problem}" for problem in learned(folder, target)]
    if update:
        FIGURES.write_text(json.dumps(known, indent=1) + "\n")
        estimates.write(folder, taken, targets)
        print(estimates.table(folder, targets[0]))
    else:
        problems += estimates.compare(folder, taken, targets, model, window)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"passed: {len(rows)} firmwares give what this machine gives")


main()
