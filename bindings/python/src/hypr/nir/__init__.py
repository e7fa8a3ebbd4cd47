"""Networks from and to NIR, the Neuromorphic Intermediate Representation (Pedersen et al. 2024, arXiv 2311.14641).

NIR describes neurons by differential equations in seconds, potentials and currents; simulators turn them into steps in
several ways, and a file does not say in which: it has to be told, best by the dialect, the library that wrote the graph.
``read`` and ``from_graph`` make a network of hypr from a graph, ``write`` and ``to_graph`` go the other way. Needs the package
``nir``.

>>> builder = hypr.nir.read("trained.nir", dialect="snntorch")
>>> session = hypr.Session(builder.build(), learning_rate=0.001)
>>> hypr.nir.write(model, "model.nir")
"""

from hypr.nir._export import to_graph, write
from hypr.nir._import import from_graph, read

__all__ = ["from_graph", "read", "to_graph", "write"]
