"""Compares what the firmware printed with what this machine did, and prints the table of Tests/firmware/run.

    compare.py FOLDER TARGET...    exit 1 if something is not equal
"""

import re
import struct
import subprocess
import sys
from pathlib import Path

# Learning: a spike that comes a step later by rounding changes all that follows, on every machine.
LEARNED_STEPS = 250
MEGAHERTZ = 168


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


def problems(found, expected, learning):
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
    lines = subprocess.run(["arm-none-eabi-size", "-A", firmware], capture_output=True, text=True, check=True).stdout
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", lines, re.MULTILINE)}


def main():
    folder, targets = Path(sys.argv[1]), sys.argv[2:]
    rows, failed = [], False
    for target in targets:
        for learning in (0, 1):
            what = "learning" if learning else "inference"
            build = folder / f"{target}-{learning}"
            found, expected = read(build / "firmware.out"), read(folder / f"host-{learning}.out")
            wrong = list(problems(found, expected, learning))
            for problem in wrong:
                print(f"error: {target}, {what}: {problem}", file=sys.stderr)
            failed = failed or bool(wrong)
            numbers, size = found[0], sections(build / "firmware")
            memory = [numbers[f"{part}.bytes"] for part in ("model", "options", "session")]
            stack = max(numbers[f"{part}.stack"] for part in ("load", "create", "step"))
            rows.append([
                target, what, f"{size['.text'] + size['.rodata']:,}", f"{sum(memory) + stack:,}", " + ".join(f"{m:,}" for m in memory),
                " / ".join(f"{numbers[f'{part}.stack']:,}" for part in ("load", "create", "step")),
                f"{numbers['step.instructions']:,}", f"{numbers['step.worst']:,}",
                f"{numbers['step.instructions'] / MEGAHERTZ / 1000:.3f}", "no" if wrong else "yes"])
    head = ["target", "", "flash", "RAM", "model + options + session", "stack load / create / step", "instructions", "worst step",
            f"ms at {MEGAHERTZ} MHz", "equal"]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))))
    if failed:
        sys.exit(1)
    print(f"passed: {len(rows)} firmwares give what this machine gives")


main()
