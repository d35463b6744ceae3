"""Compile a NumPy function: run it once on symbols and keep what it computes."""

import contextlib
from dataclasses import dataclass

import numpy as np

from dlbook.live import functions  # noqa: F401  (registers NumPy's functions)
from dlbook.live.arithmetic import elements
from dlbook.live.javascript import emit
from dlbook.live.nodes import Graph, TraceError, _graphs
from dlbook.live.rules import RULES
from dlbook.live.symbolic import FUNCTIONS, wrap

__all__ = ["Program", "TraceError", "trace"]


@dataclass(frozen=True)
class Program:
    """A compiled model."""

    name: str
    inputs: list
    outputs: dict
    offsets: dict
    nodes: tuple
    defaults: dict

    def replay(self, values):
        """Evaluate the compiled formulas in Python."""
        values = np.asarray(values, dtype=np.float64)
        memory = {}
        with np.errstate(all="ignore"):
            for node in self._live():
                if node.op == "input":
                    memory[node] = values[..., node.static]
                elif node.op == "const":
                    memory[node] = np.float64(node.static)
                else:
                    args = [memory[a] for a in node.args]
                    memory[node] = RULES[node.op].python(node.static, *args)
        lead = values.shape[:-1]
        result = {}
        for name, shape in self.outputs.items():
            start = self.offsets[name]
            parts = self.nodes[start : start + int(np.prod(shape))]
            stacked = [np.broadcast_to(memory[n], lead) for n in parts]
            result[name] = np.stack(stacked, -1).reshape(lead + shape)
        return result

    def _live(self):
        seen, stack = set(), list(self.nodes)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(node.args)
        return sorted(seen, key=lambda node: node.id)

    def javascript(self, names=None):
        """Return the source of a JavaScript function expression."""
        names = list(self.outputs) if names is None else list(names)
        nodes = []
        for name in names:
            start = self.offsets[name]
            nodes += self.nodes[start : start + int(np.prod(self.outputs[name]))]
        return emit(nodes)


def trace(function, inputs, *, name="figure"):
    """Compile a NumPy function."""
    defaults = {
        key: np.array(v, dtype=np.int64 if np.asarray(v).dtype.kind in "iub" else float)
        for key, v in inputs.items()
    }
    graph = Graph(name)
    _graphs.append(graph)
    try:
        with _patched():
            arguments, ids = _arguments(graph, defaults)
            outputs = _as_dict(function(**arguments), name)
        arrays = {key: elements(value) for key, value in outputs.items()}
    finally:
        _graphs.pop()
    if graph.refusal:
        raise graph.refusal
    shapes = {key: value.shape for key, value in arrays.items()}
    offsets, nodes = {}, []
    for key, value in arrays.items():
        offsets[key] = len(nodes)
        nodes += list(value.flat)
    return Program(name, ids, shapes, offsets, tuple(nodes), defaults)


def _arguments(graph, defaults):
    arguments, ids = {}, []
    for key, value in defaults.items():
        array = np.empty(value.shape, dtype=object)
        for place in np.ndindex(value.shape):
            node = graph._append("input", len(ids), (), "f")
            ids.append(key + "".join(str(k + 1) for k in place))
            if value.dtype.kind == "i":
                half = graph.node("add", (node, graph.const(0.5, "f")), "f")
                node = graph.node("floor", (half,), "i")
            array[place] = node
        arguments[key] = wrap(array)
    return arguments, ids


def _as_dict(result, name):
    if hasattr(result, "_asdict"):
        result = result._asdict()
    if not isinstance(result, dict):
        raise TraceError(f"figure {name!r}: the model must return a dict")
    return result


@contextlib.contextmanager
def _patched():
    originals = {n: getattr(np, n) for n in ("array", "asarray", "asanyarray")}

    def patch(original):
        def patched(value, *args, **kwargs):
            if getattr(value, "symbolic", False):
                return value
            if isinstance(value, (list, tuple)) and _has_symbolic(value):
                return wrap(elements(value))
            return original(value, *args, **kwargs)

        return patched

    take = np.take

    def patched_take(a, indices, axis=None, out=None, mode="raise"):
        if getattr(indices, "symbolic", False):
            return FUNCTIONS[take](a, indices, axis, out, mode)
        return take(a, indices, axis, out, mode)

    for key, original in originals.items():
        setattr(np, key, patch(original))
    originals["take"] = take
    np.take = patched_take
    try:
        yield
    finally:
        for key, original in originals.items():
            setattr(np, key, original)


def _has_symbolic(value):
    if isinstance(value, (list, tuple)):
        return any(map(_has_symbolic, value))
    return getattr(value, "symbolic", False)
