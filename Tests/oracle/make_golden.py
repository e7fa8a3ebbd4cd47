"""Regenerates golden/*.safetensors. Nothing is written unless every net passes every check.

    python Tests/oracle/make_golden.py
"""

from pathlib import Path

import numpy as np

from checks import CheckFailed, Report, check_all
from float64 import jax
from golden_file import metadata_of, serialize, tensors_of
from golden_nets import Draw, GoldenNet, all_golden_nets, firing_rates_and_margins, first_well_conditioned_draw
from hypr import hypr_gradient
from network import bptt_gradient

GOLDEN = Path(__file__).parent / "golden"
LARGEST_TOTAL = 2_500_000  # bytes


def all_gradients(golden: GoldenNet, drawn: Draw) -> dict:
    arguments = (golden.network, drawn.parameters, drawn.inputs, drawn.labels)
    gradients = {"bptt": bptt_gradient(*arguments), "local_bptt": bptt_gradient(*arguments, detach_recurrent=True)}
    for credit in ("window", "spatial", "recurrent"):
        for window in golden.windows:
            gradients[f"{credit}/{window}"] = hypr_gradient(*arguments, window, credit)
    return jax.tree.map(np.asarray, gradients)


def main():
    report, contents = Report(), {}
    for golden in all_golden_nets():
        drawn = first_well_conditioned_draw(golden)
        gradients = all_gradients(golden, drawn)
        try:
            check_all(report, golden, drawn, gradients)
        except CheckFailed as failure:
            raise SystemExit(f"FAILED, nothing written. {failure}") from failure
        content = serialize(tensors_of(golden, drawn, gradients), metadata_of(golden, drawn))
        contents[f"{golden.name}.safetensors"] = content
        rates, margins = firing_rates_and_margins(golden, drawn)
        print(f"{golden.name}: seed {drawn.seed}, firing rates {', '.join(f'{rate:.3f}' for rate in rates)}, "
              f"smallest margin {min(margins):.4f}, {len(content)} bytes", flush=True)
        jax.clear_caches()

    total = sum(map(len, contents.values()))
    if total > LARGEST_TOTAL:
        raise SystemExit(f"FAILED, nothing written. The files take {total} bytes, more than {LARGEST_TOTAL}")
    GOLDEN.mkdir(exist_ok=True)
    for stale in set(GOLDEN.glob("*.safetensors")) - {GOLDEN / name for name in contents}:
        stale.unlink()
    for name, content in contents.items():
        (GOLDEN / name).write_bytes(content)
    for check, error in report.largest.items():
        print(f"{check}: largest relative error {error:.1e}")
    print(f"{len(contents)} files, {total} bytes")


if __name__ == "__main__":
    main()
