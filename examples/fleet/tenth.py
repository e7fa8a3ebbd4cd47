"""What the tenth wearer's watch makes of a network: in blocks, one exercise after the other, with rehearsal, also at rest."""

import numpy as np

from wearers import adaptation, of, recordings

REHEARSAL = {"rehearsal_bytes": 65536}
REST = 2000  # windows that are rehearsed when the calibration is over


def before_and_after(model, wearer, orders):
    """Percent of the test samples that are recognised, without learning and after it: means over random orders of exercises."""
    streams = [recordings.stream(of({wearer}), blocks=True, seed=order) for order in range(orders)]
    before = [adaptation.recognised(model, stream)[0].mean() for stream in streams]
    after = [adaptation.recognised(model, stream, True, REST, **REHEARSAL)[0].mean() for stream in streams]
    return 100 * np.mean(before), 100 * np.mean(after)
