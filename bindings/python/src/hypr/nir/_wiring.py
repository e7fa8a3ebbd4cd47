"""How a NIR graph is wired: subgraphs dissolved, and the one way from the input to the output followed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from hypr.errors import ModelUnsupportedError

LINEAR = ("Affine", "Linear", "Scale")
NEURONS = ("CubaLI", "CubaLIF", "IF", "LI", "LIF", "Threshold")
SUPPORTED = f"supported are {', '.join(LINEAR)}, Flatten, {', '.join(NEURONS)}, and subgraphs of them"


class Stop(NamedTuple):
    """A node on the way from the input to the output.

    `loop` are the nodes through which its own output comes back to it, in this order; None without such a loop, and empty
    where an edge leads straight back.
    """

    path: str
    node: Any
    loop: list[str] | None


class Wiring:
    """The nodes of a graph and its subgraphs by path, such as ``"rnn.lif"``, and the edges between them.

    Raises
    ------
    ModelUnsupportedError
        There are edges from or to nowhere, edges that are there twice, or not one input and one output.
    """

    def __init__(self, graph: Any) -> None:
        self.nodes: dict[str, Any] = {}
        self._edges: list[tuple[str, str]] = []
        self.input, self.output = self._add(graph, "")
        for path in [path for path, node in self.nodes.items() if kind(node) in ("Input", "Output")]:
            if path not in (self.input, self.output):
                self._bridge(path)

    def way(self) -> list[Stop]:
        """From the input to the output, both included.

        Raises
        ------
        ModelUnsupportedError
            The graph is not a chain of layers, each with at most one loop over linear nodes.
        """
        stops = [Stop(self.input, self.nodes[self.input], None)]
        passed = {self.input}
        while stops[-1].path != self.output:
            previous = stops[-1]
            back = {previous.path if not previous.loop else previous.loop[0]} if previous.loop is not None else set()
            onward = [target for target in self._targets(previous.path) if target not in back]
            if len(onward) != 1:
                raise ModelUnsupportedError(
                    f"the output of {previous.path} goes to {_listing(onward)}, expected one node: layers are a chain")
            path = onward[0]
            loop = self._loop(path, previous.path)
            stops.append(Stop(path, self.nodes[path], loop))
            passed.update((path, *(loop or ())))
        if aside := [path for path in self.nodes if path not in passed]:
            raise ModelUnsupportedError(f"{_listing(aside)}: not on the way from the input to the output")
        return stops

    def _loop(self, path: str, previous: str) -> list[str] | None:
        others = [source for source in self._sources(path) if source != previous]
        if not others:
            return None
        reason = (f"{path} has several inputs, from {_listing([previous, *others])}; supported is one, and for neurons one loop "
                  "from their own output back through Affine, Linear or Scale")
        if len(others) > 1 or kind(self.nodes[path]) not in NEURONS:
            raise ModelUnsupportedError(reason)
        loop: list[str] = []
        place = others[0]
        while place != path:
            if kind(self.nodes[place]) not in LINEAR:
                raise ModelUnsupportedError(f"{reason}; here the way back leads to {place}")
            sources = self._sources(place)
            onward = self._targets(place)
            if len(sources) != 1 or len(onward) != 1 or place in loop:
                raise ModelUnsupportedError(
                    f"{reason}; here {place} is between {_listing(sources)} and {_listing(onward)}")
            loop.insert(0, place)
            place = sources[0]
        return loop

    def _sources(self, path: str) -> list[str]:
        return [source for source, target in self._edges if target == path]

    def _targets(self, path: str) -> list[str]:
        return [target for source, target in self._edges if source == path]

    def _add(self, graph: Any, prefix: str) -> tuple[str, str]:
        """Adds all nodes of a graph; the paths of its input and its output."""
        ends: dict[str, tuple[str, str]] = {}
        for name, node in graph.nodes.items():
            path = f"{prefix}{name}"
            if kind(node) == "NIRGraph":
                ends[name] = self._add(node, f"{path}.")
                continue
            if kind(node) not in (*LINEAR, *NEURONS, "Flatten", "Input", "Output"):
                raise ModelUnsupportedError(f"{path} is of type {kind(node)}; {SUPPORTED}")
            if path in self.nodes:
                raise ModelUnsupportedError(f"there are two nodes {path}")
            self.nodes[path] = node
            ends[name] = path, path
        edges = [(str(source), str(target)) for source, target in graph.edges]
        for source, target in edges:
            if source not in ends or target not in ends:
                raise ModelUnsupportedError(f"the edge from {prefix}{source} to {prefix}{target} has no node at one of its ends")
            if edges.count((source, target)) > 1:
                raise ModelUnsupportedError(f"there are two edges from {prefix}{source} to {prefix}{target}")
            self._edges.append((ends[source][1], ends[target][0]))
        return self._only(graph, "Input", prefix), self._only(graph, "Output", prefix)

    def _only(self, graph: Any, wanted: str, prefix: str) -> str:
        found = [f"{prefix}{name}" for name, node in graph.nodes.items() if kind(node) == wanted]
        if len(found) != 1:
            where = f"the subgraph {prefix[:-1]}" if prefix else "the graph"
            raise ModelUnsupportedError(f"{where} has {len(found)} nodes of type {wanted}, expected one")
        return found[0]

    def _bridge(self, path: str) -> None:
        """Removes the input or output of a subgraph: what comes goes on to where it leads."""
        sources, targets = self._sources(path), self._targets(path)
        self._edges = [edge for edge in self._edges if path not in edge]
        self._edges += [(source, target) for source in sources for target in targets]
        del self.nodes[path]


def kind(node: Any) -> str:
    """The type of a node by NIR's name for it."""
    return type(node).__name__


def _listing(paths: Iterable[str]) -> str:
    return " and ".join(paths) or "nowhere"
