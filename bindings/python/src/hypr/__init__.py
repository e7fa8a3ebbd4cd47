"""hypr: recurrent spiking neural networks that keep learning while they run.

>>> model = hypr.ModelBuilder(inputs=4).layer("brf", 36).readout(6).build(seed=0)
>>> session = hypr.Session(model, learning_rate=0.01)
>>> output = session.step([0.1, 0.2, 0.3, 0.4])
>>> session.teach(2)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hypr._library import library_version
from hypr._tensors import TensorInfo
from hypr.errors import (
    BufferTooSmallError,
    DiagnosisWarning,
    Error,
    FileError,
    InvalidArgumentError,
    ModelFileNotFoundError,
    ModelInvalidError,
    ModelUnsupportedError,
    NotFiniteError,
    NotFoundError,
    OutOfMemoryError,
    SizeMismatchError,
    StateMismatchError,
    StoppedError,
    UnknownOptionError,
    UnknownTensorError,
    WrongStateError,
)
from hypr.model import ExemplarInfo, LayerInfo, Model
from hypr.options import OptionInfo, SessionOptions, option_info, option_names
from hypr.session import (
    Diagnosis,
    Finding,
    Guard,
    InputRange,
    LayerActivity,
    MemoryReport,
    MemorySize,
    Rehearsal,
    RehearsalReport,
    Session,
    Statistics,
)

if TYPE_CHECKING:
    from hypr.adaptation import Adaptation, AdaptationPlan, ProfileScore, adaptation_profiles, tune_adaptation
    from hypr.builder import ModelBuilder
    from hypr.checking import Check, check
    from hypr.conditioning import Clip, HighPass, RectifiedDifference, RunningNormalization
    from hypr.description import Exemplar, Surrogate
    from hypr.neurons import NeuronModel, Quantity, neuron_models
    from hypr.quantization import quantize
    from hypr.recording import Recording, record
    from hypr.stream_log import StreamLog, StreamRecord
    from hypr.suggestion import Suggestion, suggest
    from hypr.trainer import EpochRecord, Trainer, TrainingResult

__version__ = library_version()

# Imported when they are first used: the import of hypr itself stays light.
_LAZY = {"Adaptation": "hypr.adaptation", "AdaptationPlan": "hypr.adaptation", "Check": "hypr.checking",
         "Clip": "hypr.conditioning", "EpochRecord": "hypr.trainer", "Exemplar": "hypr.description",
         "HighPass": "hypr.conditioning", "ModelBuilder": "hypr.builder", "NeuronModel": "hypr.neurons",
         "ProfileScore": "hypr.adaptation", "Quantity": "hypr.neurons", "Recording": "hypr.recording",
         "RectifiedDifference": "hypr.conditioning", "RunningNormalization": "hypr.conditioning",
         "StreamLog": "hypr.stream_log", "StreamRecord": "hypr.stream_log",
         "Suggestion": "hypr.suggestion", "Surrogate": "hypr.description", "Trainer": "hypr.trainer",
         "TrainingResult": "hypr.trainer", "adaptation_profiles": "hypr.adaptation", "check": "hypr.checking",
         "neuron_models": "hypr.neurons", "quantize": "hypr.quantization", "record": "hypr.recording", "suggest": "hypr.suggestion",
         "tune_adaptation": "hypr.adaptation"}
_LAZY_MODULES = ("datasets", "flower", "nir", "norse", "plot", "report", "river", "run_folder", "sklearn", "snntorch", "torch")

__all__ = [
    "Adaptation", "AdaptationPlan", "BufferTooSmallError", "Check", "Clip", "Diagnosis", "DiagnosisWarning", "EpochRecord",
    "Error", "Exemplar", "ExemplarInfo", "FileError", "Finding", "Guard", "HighPass", "InputRange", "InvalidArgumentError",
    "LayerActivity", "LayerInfo", "MemoryReport", "MemorySize", "Model", "ModelBuilder", "ModelFileNotFoundError",
    "ModelInvalidError", "ModelUnsupportedError", "NeuronModel", "NotFiniteError", "NotFoundError", "OptionInfo",
    "OutOfMemoryError", "ProfileScore", "Quantity", "Recording", "RectifiedDifference", "Rehearsal", "RehearsalReport",
    "RunningNormalization", "Session", "SessionOptions", "SizeMismatchError", "StateMismatchError", "Statistics",
    "StoppedError", "StreamLog", "StreamRecord", "Suggestion", "Surrogate", "TensorInfo", "Trainer", "TrainingResult",
    "UnknownOptionError", "UnknownTensorError", "WrongStateError", "__version__", "adaptation_profiles", "check", "library_version",
    "neuron_models", "option_info", "option_names", "quantize", "record", "suggest", "tune_adaptation",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name in _LAZY_MODULES:
        return import_module(f"hypr.{name}")
    raise AttributeError(f"module 'hypr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_LAZY_MODULES})
