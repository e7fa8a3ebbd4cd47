"""What is measured of one learner on one task."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """`accuracy` as a share, `seconds` of one core for training, `memory` in bytes, `spikes` per neuron and step."""

    learner: str
    accuracy: float
    seconds: float
    parameters: int
    memory: int | None = None
    spikes: float | None = None
