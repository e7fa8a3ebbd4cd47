"""Pictures of networks and their learning, with matplotlib.

Every function draws into the Axes `ax`, or into a new figure, and returns the Axes: ``ax.figure.savefig("raster.png")``.
Colours are those of Okabe and Ito, and maps from viridis, cividis or PuOr: all can be told apart without red and green.
"""

from hypr.plot._style import COLOURS
from hypr.plot.activity import membrane, raster, readout, traces
from hypr.plot.learning import confusion_matrix, learning_curves, read_log, stream_accuracy
from hypr.plot.live import LivePlot
from hypr.plot.parameters import distribution, eligibility_map, gradient_map, weight_map
from hypr.plot.stream import class_accuracy, gauge, latency, spike_rates

__all__ = [
    "COLOURS", "LivePlot", "class_accuracy", "confusion_matrix", "distribution", "eligibility_map", "gauge", "gradient_map",
    "latency", "learning_curves", "membrane", "raster", "read_log", "readout", "spike_rates", "stream_accuracy", "traces",
    "weight_map",
]
