"""Regenerates golden/*.safetensors and golden/online/*.safetensors. Nothing is written unless every net passes every check.

    python oracle/make_golden.py
    python oracle/make_golden.py --only NAME ...    # these nets alone; the other files stay as they are
"""

import argparse
from pathlib import Path

import numpy as np

from checks import CheckFailed, Report, check_all
from float64 import jax
from golden_file import flat, metadata_of, serialize, tensors_of
from golden_nets import Draw, GoldenNet, all_golden_nets, firing_rates_and_margins, first_well_conditioned_draw
from hypr import CREDITS, hypr_gradient, record
from losses import LOSSES
from network import bptt_gradient, loss_signals, starts_of_windows
from online import LEARNING_RATE, NETS, WINDOW, online_changes

GOLDEN = Path(__file__).parent / "golden"
LARGEST_TOTAL = 9_500_000  # bytes


def cross_entropy_gradients(golden: GoldenNet, drawn: Draw, hypr: dict) -> dict:
    arguments = (golden.network, drawn.parameters, drawn.inputs, drawn.targets)
    bptt = {"bptt": bptt_gradient(*arguments), "local_bptt": bptt_gradient(*arguments, detach_recurrent=True)}
    return jax.tree.map(np.asarray, bptt) | {
        kind.removeprefix("cross_entropy/"): gradient for kind, gradient in hypr.items()
        if kind.startswith("cross_entropy/")}


def hypr_gradients(golden: GoldenNet, drawn: Draw) -> dict:
    """By <loss>/<credit>/<lambda>. Only lambda = T for a loss that is not causal, and for credit `spatial` with the
    losses but the cross-entropy for which lambda makes no difference."""
    network = golden.network
    recording = record(network, drawn.parameters, drawn.inputs)
    gradients = {}
    for window in golden.windows:
        starts = starts_of_windows(golden.steps, window)
        all_signals = jax.tree.map(np.asarray, loss_signals(network, recording.traces, drawn.targets, starts))
        for loss, signals in all_signals.items():
            for credit in CREDITS:
                is_repetition = credit == "spatial" and loss not in ("cross_entropy", "spike_rate")
                if window == golden.steps or LOSSES[loss].is_causal and not is_repetition:
                    gradients[f"{loss}/{credit}/{window}"] = hypr_gradient(recording, signals, window, credit)
    return gradients


def make(golden: GoldenNet, report: Report) -> bytes:
    drawn = first_well_conditioned_draw(golden)
    hypr = hypr_gradients(golden, drawn)
    gradients = cross_entropy_gradients(golden, drawn, hypr)
    loss_gradients = {kind: gradient for kind, gradient in hypr.items() if not kind.startswith("cross_entropy/")}
    check_all(report, golden, drawn, gradients, loss_gradients)
    content = serialize(tensors_of(golden, drawn, gradients, loss_gradients), metadata_of(golden, drawn))
    rates, margins = firing_rates_and_margins(golden, drawn)
    spikes = f"firing rates {', '.join(f'{rate:.3f}' for rate in rates)}, smallest margin {min(margins):.4f}, " \
        if rates else ""
    print(f"{golden.name}: seed {drawn.seed}, {spikes}{len(content)} bytes", flush=True)
    return content


def make_online(golden: GoldenNet) -> bytes:
    drawn = first_well_conditioned_draw(golden)
    changes = {f"change/{kind}": flat(golden.network, change)
               for kind, change in online_changes(golden.network, drawn, NETS[golden.name]).items()}
    return serialize(changes, {"window": str(WINDOW), "learning_rate": str(LEARNING_RATE),
                                "hidden_rate": str(NETS[golden.name])})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", metavar="NAME")
    only = parser.parse_args().only
    nets = [golden for golden in all_golden_nets() if only is None or golden.name in only]
    report, contents = Report(), {}
    for golden in nets:
        try:
            contents[f"{golden.name}.safetensors"] = make(golden, report)
            if golden.name in NETS:
                contents[f"online/{golden.name}.safetensors"] = make_online(golden)
        except CheckFailed as failure:
            raise SystemExit(f"FAILED, nothing written. {failure}") from failure
        jax.clear_caches()

    total = sum(map(len, contents.values()))
    if total > LARGEST_TOTAL:
        raise SystemExit(f"FAILED, nothing written. The files take {total} bytes, more than {LARGEST_TOTAL}")
    (GOLDEN / "online").mkdir(parents=True, exist_ok=True)
    for stale in set(GOLDEN.rglob("*.safetensors")) - {GOLDEN / name for name in contents}:
        if only is None:
            stale.unlink()
    for name, content in contents.items():
        (GOLDEN / name).write_bytes(content)
    for check, error in report.largest.items():
        print(f"{check}: largest relative error {error:.1e}")
    print(f"{len(contents)} files, {total} bytes")


if __name__ == "__main__":
    main()
