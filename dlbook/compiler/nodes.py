"""The graph of a trace: each node is one operation on arrays, and equal ones are one.

Every element of every node has a number, its *id*, and a node's ids follow each other
in the order of memory. A symbolic array is an array of ids, so that slices, views,
reshaping, joining and writing in place are NumPy's own. Ids of constants are negative
and lead to a pool of numbers. What an operation means stands in
`dlbook.compiler.rules`.
"""

import bisect
import contextlib
import copy
import linecache
import math
import sys
import traceback
from typing import NamedTuple

import numpy as np
from numpy import arange, asarray, broadcast_to, empty, full

from dlbook.compiler.rules import evaluate

__all__ = [
    "DTYPES", "KINDS", "LOST", "NO_FLOAT", "Graph", "Node", "TraceError", "View",
    "active", "composed", "constants", "in_memory", "is_constant", "kind_of", "live",
    "quoted", "refuse", "sources", "spread", "steps_of", "tracing", "view_of",
]  # fmt: skip

DTYPES = {"b": np.dtype(bool), "i": np.dtype(np.int64), "f": np.dtype(np.float64)}
#: The default integer has 32 bits on some platforms, such as WebAssembly.
KINDS = {dtype: kind for kind, dtype in DTYPES.items()} | {np.dtype(np.int32): "i"}
MAX_NODES = 100_000
MAX_CELLS = 4_000_000  # numbers of 8 bytes: a figure's memory stays below 32 MB
_POOL = -(2**30)  # an id fits into 32 bits, NumPy's default integer in WebAssembly
_OPAQUE = ("input", "take")
_WHOLE = ("input", "gather", "scan", "shuffle")
_RECORD = "record the run when the book is built and look it up by np.take"
NO_FLOAT = (
    "float() of a traced value, or storing it in an array of floats,",
    "use NumPy's functions instead of the math module's; collect values in a list and "
    "join them by np.stack, or fill an array that the model makes by np.zeros",
)
LOST = (
    "arithmetic on an array that lost its trace",
    "make arrays of traced values by np.array, np.asarray or np.stack",
)


class TraceError(TypeError):
    """A model cannot be compiled; the message says why and what to write instead."""


class Node:
    """One operation: its name, its parameters, its arguments, and what it gives.

    ``kind`` is ``b``, ``i`` or ``f`` (bool, int64, float64); ``shape`` that of the
    result in the order of memory; ``inner`` the axes over which it is folded; ``start``
    the id of its first element. Arguments are views over ``shape + inner``.
    """

    __slots__ = (
        "args", "inner", "kind", "number", "op", "shape", "size", "start",
        "static",
    )  # fmt: skip

    def __init__(self, op, static, args, kind, shape, inner):
        self.op, self.static, self.args, self.kind = op, static, args, kind
        self.shape, self.inner, self.size = shape, inner, math.prod(shape)


class View(NamedTuple):
    """Elements of a node: the first one's place, and a step for each axis."""

    node: Node
    offset: int
    strides: tuple


class Graph:
    """The nodes of one trace, arguments first."""

    def __init__(self, name):
        self.name = name
        self.nodes, self._starts, self._table = [], [], {}
        self.end = 1  # the id 0 stands for a zero of any kind
        self._constants, self._places = [], []
        self.pool = empty(1024)
        self.filled = 0
        self.refusal = None

    def node(self, op, args, kind, shape, inner=(), static=()):
        """Return the node of this operation; it is computed if all is constant."""
        if op not in _OPAQUE and all(view.node.op == "const" for view in args):
            values = self.values(args, shape + inner)
            return self.const(evaluate(op, static, values, len(inner)), kind)
        if op not in _WHOLE and (shape or inner):
            args, shape, inner = _merged(args, shape, inner)
        key = (op, static, args, kind, shape, inner)
        found = self._table.get(key)
        if found is None:
            found = self._table[key] = Node(*key[:2], args, kind, shape, inner)
            self._number(found)
        return found

    def branch(self):
        """Return a copy that can grow on its own."""
        new = copy.copy(self)
        for name in ("nodes", "_starts", "_table", "_constants", "_places", "pool"):
            setattr(new, name, getattr(self, name).copy())
        return new

    def _number(self, node):
        node.number, node.start = len(self.nodes), self.end
        self.nodes.append(node)
        self._starts.append(node.start)
        self.end += node.size
        if len(self.nodes) > MAX_NODES:
            refuse(f"unrolling to more than {MAX_NODES} operations", _RECORD)
        if self.end > MAX_CELLS:
            most = max(self.nodes, key=lambda node: node.size)
            shape = " x ".join(map(str, most.shape)) or "1"
            refuse(
                f"a program on more than {MAX_CELLS} numbers (the largest array: "
                f"{most.op!r} of {shape})",
                _RECORD,
            )

    def values(self, args, shape):
        """Return the arrays that views of constants stand for."""
        return [
            self.pool[spread(v, shape) - _POOL + v.node.start] for v in args
        ]  # fmt: skip

    def const(self, array, kind):
        """Return the node of a constant, its elements in the order given."""
        array = asarray(array, dtype=np.float64)
        if array.size > 1 and _uniform(array):
            array = array.reshape(-1)[0]
        array = array + 0.0 if kind != "f" else array
        array = np.where(np.isnan(array), np.nan, array)
        key = (array.tobytes(), array.shape, kind)
        found = self._table.get(key)
        if found is None:
            shape = array.shape if array.size != 1 else ()
            found = self._table[key] = Node("const", None, (), kind, shape, ())
            found.start, found.number = self.filled + _POOL, len(self._constants)
            self._constants.append(found)
            self._places.append(found.start)
            self.filled += found.size
            if self.filled > MAX_CELLS:
                refuse(f"tables of {self.filled} numbers", "show fewer of them")
            if self.filled > len(self.pool):
                self.pool = np.concatenate([self.pool, empty(2 * self.filled)])
            self.pool[self.filled - found.size : self.filled] = array.reshape(-1)
        return found

    def ids(self, node, shape=None):
        """Return the ids of a node; those of a uniform constant fill ``shape``."""
        if node.op == "const" and node.size == 1 and shape is not None:
            return full(shape, node.start, np.int64)
        ids = arange(node.start, node.start + node.size, dtype=np.int64)
        return ids.reshape(node.shape if shape is None else shape)

    def at(self, number):
        """Return the node that an id belongs to."""
        if number < 0:
            return self._constants[bisect.bisect_right(self._places, number) - 1]
        return self.nodes[bisect.bisect_right(self._starts, number) - 1]

    def first(self, node):
        """Return where a constant's numbers begin in the pool."""
        return node.start - _POOL

    def data(self, node):
        """Return a constant's numbers in a row."""
        start = self.first(node)
        return self.pool[start : start + node.size]

    def lookup(self, ids):
        """Return the numbers of constants by their ids."""
        return self.pool[ids - _POOL]


def _uniform(array):
    bits = np.ascontiguousarray(array).reshape(-1).view(np.int64)
    return bool((bits == bits[0]).all())


def _merged(args, shape, inner):
    """Join axes over which all views move as if they were one; drop those of one."""
    kept, outer, space = [], len(shape), shape + inner
    for k, n in enumerate(space):
        if n == 1:
            continue
        before = kept[-1][0] if kept else k
        if (
            kept
            and (before < outer) == (k < outer)
            and all(v.strides[before] == v.strides[k] * n for v in args)
        ):
            kept[-1] = (k, kept[-1][1] * n)
        else:
            kept.append((k, n))
    args = tuple(v._replace(strides=tuple(v.strides[k] for k, _ in kept)) for v in args)
    shape = tuple(n for k, n in kept if k < outer)
    inside = tuple(n for k, n in kept if k >= outer)
    if inner and not inside:
        inside = (1,)
        args = tuple(v._replace(strides=(*v.strides, 0)) for v in args)
    return args, shape, inside


def spread(view, shape):
    """Return the places of all elements of a view."""
    result = full((1,) * len(shape), view.offset, np.int64)
    for k, (step, n) in enumerate(zip(view.strides, shape, strict=True)):
        if step and n > 1:
            steps = arange(0, n * step, step, dtype=np.int64)
            result = result + steps.reshape((n,) + (1,) * (len(shape) - 1 - k))
    return result if result.shape == shape else broadcast_to(result, shape)


def is_constant(ids):
    """Tell whether all elements are constants."""
    return not ids.size or ids.max() < 0


def constants(ids):
    """Return the numbers that constant elements stand for, in NumPy's type."""
    graph = active()
    return graph.lookup(ids).astype(DTYPES[kind_of(ids)])


def kind_of(ids):
    """Return the kind of the elements: b, i or f (f if there are none)."""
    return active().at(ids.flat[0]).kind if ids.size else "f"


def in_memory(array):
    """Return an array with its axes in the order of memory, and the order back."""
    order = sorted(range(array.ndim), key=lambda k: -abs(array.strides[k]))
    return array.transpose(order), np.argsort(order)


def view_of(ids):
    """Return ids as a view of one node; what is no view is gathered first."""
    graph = active()
    if not ids.ndim:
        node = graph.at(int(ids))
        return View(node, int(ids) - node.start, ())
    view = _affine(graph, ids)
    if view is not None:
        return view
    packed, back = in_memory(ids)
    shape = packed.shape
    row = tuple(slice(0, 1) if step == 0 else slice(None) for step in packed.strides)
    packed = np.ascontiguousarray(packed[row])
    flat = packed.reshape(-1)
    if is_constant(flat):
        node = graph.const(graph.lookup(flat), kind_of(flat))
    else:
        args = tuple(View(node, 0, (0,)) for node in sources(graph, flat))
        node = graph.node("gather", args, kind_of(flat), (flat.size,),
                          static=flat.tobytes())  # fmt: skip
    new = broadcast_to(graph.ids(node, packed.shape), shape)
    return _affine(graph, new.transpose(back))


def sources(graph, ids):
    """Return the nodes that some ids belong to."""
    found, rest = [], np.sort(ids, axis=None)
    while rest.size:
        node = graph.at(int(rest[0]))
        found.append(node)
        rest = rest[np.searchsorted(rest, node.start + node.size) :]
    return found


def live(graph, ids):
    """Return the nodes that some elements depend on, arguments first, no constants."""
    stack = sources(graph, ids)
    seen = set(stack)
    while stack:
        for view in stack.pop().args:
            if view.node not in seen:
                seen.add(view.node)
                stack.append(view.node)
    return sorted((n for n in seen if n.op != "const"), key=lambda n: n.number)


def steps_of(shape):
    """Return the steps between neighbours of a contiguous array along its axes."""
    steps, step = [], 1
    for n in reversed(shape):
        steps.insert(0, step)
        step *= n
    return tuple(steps)


def composed(view, space, place):
    """Return a node's own argument as a view over the axes of the node's reader.

    ``view`` is what the reader, with the axes ``space``, takes of the node; ``place``
    is an argument of the node. None if that is no view.
    """
    shape = view.node.shape
    if space == shape and not view.offset and view.strides == steps_of(shape):
        return place
    if not any(place.strides):
        return place._replace(strides=(0,) * len(space))
    places = spread(place, shape).reshape(-1)[spread(view, space)]
    offset, strides = _line(places)
    found = View(place.node, offset, strides)
    return found if np.array_equal(spread(found, space), places) else None


def _line(ids):
    """Return the first of some ids, and the step along each axis."""
    first, strides = int(ids[(0,) * ids.ndim]), []
    for k, n in enumerate(ids.shape):
        if n == 1 or ids.strides[k] == 0:
            strides.append(0)
        else:
            strides.append(
                int(ids[(0,) * k + (1,) + (0,) * (ids.ndim - k - 1)]) - first
            )
    return first, tuple(strides)


def _affine(graph, ids):
    """Return ids as a view of one node, or None."""
    if not ids.size:
        return View(graph.const(0.0, "f"), 0, (0,) * ids.ndim)
    first, strides = _line(ids)
    node = graph.at(first)
    view = View(node, first - node.start, strides)
    still = tuple(slice(0, 1) if step == 0 else slice(None) for step in ids.strides)
    base = ids[still]
    if base.size == node.size and base.flags.c_contiguous and node.size > 1:
        row = base.reshape(-1)  # the whole node, most often
        if row[-1] - first == node.size - 1 and (np.diff(row) == 1).all():
            return view
    if base.size > 1:
        wanted = spread(view, base.shape)
        if wanted.min() < 0 or wanted.max() >= node.size:
            return None
        if not np.array_equal(wanted + node.start, base):
            return None
    return view


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
        if not frame.f_globals.get("__name__", "").startswith(
            ("dlbook.compiler.", "numpy")
        )
    )
    code = linecache.getline(frame.f_code.co_filename, number).strip()
    return f" ({code})" if code else ""


def _frames(frame):
    while frame is not None:
        yield frame, frame.f_lineno
        frame = frame.f_back
