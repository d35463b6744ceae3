"""Scalar formulas: hash-consed nodes, built while a model runs on symbols.

A node is one operation on numbers. Equal operations on equal arguments are one and
the same node, so common subexpressions cost nothing, and operations on constants are
carried out at once. What an operation means stands in `dlbook.live.rules`.
"""

import contextlib
import linecache
import struct
import sys
import traceback

import numpy as np

from dlbook.live.rules import RULES

__all__ = [
    "DTYPES", "NO_FLOAT", "Graph", "Node", "TraceError", "active", "live", "quoted",
    "refuse", "tracing",
]  # fmt: skip

DTYPES = {"b": np.dtype(bool), "i": np.dtype(np.int64), "f": np.dtype(np.float64)}
MAX_NODES = 400_000
NO_FLOAT = (
    "float() of a traced value, or storing it in an array of floats,",
    "use NumPy's functions instead of the math module's; collect values in a list and "
    "join them by np.stack, or fill np.zeros_like of a traced array",
)


class TraceError(TypeError):
    """A model cannot be compiled; the message says why and what to write instead."""


class Node:
    """One operation: its name, its parameters, its arguments, the kind of its result.

    ``kind`` is ``b``, ``i`` or ``f`` (bool, int64, float64). A node is a formula and
    not a number, so whatever asks for the number is refused.
    """

    __slots__ = ("args", "id", "kind", "op", "static")

    def __init__(self, number, op, static, args, kind):
        self.id = number
        self.op = op
        self.static = static
        self.args = args
        self.kind = kind

    def __repr__(self):
        return f"<traced {self.op}>"

    def __float__(self):
        refuse(*NO_FLOAT)

    def _lost(self, *_):
        refuse(
            "arithmetic on an array that lost its trace",
            "make arrays of traced values by np.array, np.asarray or np.stack",
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _lost
    __truediv__ = __rtruediv__ = __matmul__ = __rmatmul__ = __pow__ = __rpow__ = _lost
    __neg__ = __abs__ = __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _lost
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __invert__ = _lost


class Graph:
    """The nodes of one trace, each once, numbered so that arguments come first."""

    def __init__(self, name):
        self.name = name
        self.nodes = []
        self.table = {}
        self.inputs = 0
        self.refusal = None

    def node(self, op, args, kind, static=()):
        """Return the node of this operation; fold it if its arguments are constant."""
        key = (op, static, args, kind)
        found = self.table.get(key)
        if found is None:
            if args and all(arg.op == "const" for arg in args):
                values = [np.float64(arg.static) for arg in args]
                with np.errstate(all="ignore"):
                    found = self.const(RULES[op].python(static, *values), kind)
            else:
                found = self._append(op, static, args, kind)
            self.table[key] = found
        return found

    def const(self, value, kind):
        """Return the node of a constant."""
        value = float(value)
        key = (struct.pack("<d", value) if value == value else "nan", kind)
        found = self.table.get(key)
        if found is None:
            found = self.table[key] = self._append("const", value, (), kind)
        return found

    def input(self):
        """Return the node of the next input."""
        self.inputs += 1
        return self._append("input", self.inputs - 1, (), "f")

    def _append(self, op, static, args, kind):
        if len(self.nodes) >= MAX_NODES:
            refuse(
                f"unrolling to more than {MAX_NODES} operations",
                "record the run when the book is built and look it up by np.take",
            )
        node = Node(len(self.nodes), op, static, args, kind)
        self.nodes.append(node)
        return node


_graphs = []


@contextlib.contextmanager
def tracing(graph):
    """Let operations on symbols go into this graph until the block ends."""
    _graphs.append(graph)
    try:
        yield
    finally:
        _graphs.remove(graph)


def active():
    """Return the graph of the trace under way."""
    if not _graphs:
        raise TraceError("a traced value was used after its trace had ended")
    return _graphs[-1]


def live(nodes):
    """Return the nodes that these depend on, themselves included, arguments first."""
    seen, stack = set(), list(nodes)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return sorted(seen, key=lambda node: node.id)


def refuse(operation, instead, error=None):
    """Raise `TraceError`; it stands even if the model swallows the exception.

    The message quotes the line of the model that asked for what is refused, or the
    line in which the model raised ``error``.
    """
    graph = active()
    line = quoted(error)
    refusal = TraceError(
        f"figure {graph.name!r}: {operation} cannot be compiled{line}; {instead}"
    )
    graph.refusal = graph.refusal or refusal
    raise refusal from error


def quoted(error=None):
    """Return the model's line under way, or the one that raised, in brackets."""
    steps = [] if error is None else traceback.walk_tb(error.__traceback__)
    frames = [*reversed(list(steps)), *_frames(sys._getframe(1))]
    frame, number = next(
        (frame, number)
        for frame, number in frames
        if not frame.f_globals.get("__name__", "").startswith(("dlbook.live.", "numpy"))
    )
    code = linecache.getline(frame.f_code.co_filename, number).strip()
    return f" ({code})" if code else ""


def _frames(frame):
    while frame is not None:
        yield frame, frame.f_lineno
        frame = frame.f_back
