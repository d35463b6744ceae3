"""The graph of a trace: each node is one operation on arrays, and equal ones are one.

Every element of every node has a number, its *id*; a node's ids follow each other in
the order of memory. A symbolic array is an array of ids, so that slices, views,
reshaping, joining and writing in place are NumPy's own. The first node is the list of
all constants; the first of these is zero, so that what NumPy fills with 0 is right.
"""

import bisect
import contextlib
import linecache
import math
import sys
import traceback
from typing import NamedTuple

import numpy as np
from numpy import arange, asarray, broadcast_to, empty

from dlbook.compiler.rules import evaluate

MAX_NODES = 100_000
MAX_CELLS = 4_000_000  # numbers of 8 bytes: a figure's memory stays below 32 MB
_FIRST = 2**32  # the first id that stands for no constant
_RECORD = "record the run when the book is built and look it up by np.take"


class TraceError(TypeError):
    """A model cannot be compiled; the message says why and what to write instead."""


class Node:
    """One operation: its name, parameters and arguments, and what it gives.

    ``inner`` are the axes over which it is folded, ``start`` is the id of its first
    element. Arguments are views over ``shape + inner``; those of a "gather" are runs.
    """

    def __init__(self, op, args, shape, inner, static, start):
        self.op, self.args, self.static, self.start = op, args, static, start
        self.shape, self.inner, self.size = shape, inner, math.prod(shape)

    @property
    def ids(self):
        """The ids of the elements."""
        ids = arange(self.start, self.start + self.size, dtype=np.int64)
        return ids.reshape(self.shape)


class View(NamedTuple):
    """Elements of a node: the first one's place, and each axis's step and length."""

    node: Node
    offset: int
    strides: tuple
    shape: tuple


class Graph:
    """The nodes of one trace, arguments first."""

    def __init__(self, name):
        self.name, self.refusal = name, None
        self.constants = Node("const", (), (0,), (), (), 0)
        self.constants.data = empty(0)
        self.nodes, self._starts, self._table = [self.constants], [0], {}
        self.end, self.cells = _FIRST, 0
        self.const(0.0)

    def add(self, op, args, shape, inner=(), static=()):
        """Return the ids of an operation; it is computed if all is constant."""
        if op not in ("input", "take"):
            if all(view.node is self.constants for view in args):
                values = [self.constants.data[spread(view)] for view in args]
                return self.const(evaluate(op, static, values, len(inner)))
        merged = args, shape, inner
        if op not in ("input", "scan", "shuffle"):
            merged = _merged(*merged)
        return self._node(op, *merged, static).ids.reshape(shape)

    def _node(self, *operation):
        node = self._table.get(operation)
        if node is None:
            node = self._table[operation] = Node(*operation, self.end)
            self._starts.append(self.end)
            self.nodes.append(node)
            self.end, self.cells = self.end + node.size, self.cells + node.size
            if len(self.nodes) > MAX_NODES:
                refuse(f"unrolling to more than {MAX_NODES} operations", _RECORD)
            if self.cells > MAX_CELLS:
                most = max(self.nodes[1:], key=lambda node: node.size)
                shape = " x ".join(map(str, most.shape)) or "1"
                refuse(
                    f"a program on more than {MAX_CELLS} numbers (the largest array: "
                    f"{most.op!r} of {shape})",
                    _RECORD,
                )
        return node

    def const(self, array):
        """Return the ids of constants; along an axis where all are one, one id."""
        array = asarray(array, np.float64)
        order = in_memory(array)
        packed = np.where(np.isnan(array), np.nan, array).transpose(order)
        bits = np.ascontiguousarray(packed).view(np.int64).reshape(packed.shape)
        for k in range(bits.ndim if bits.size else 0):
            first = bits.take([0], k)
            bits = first if (bits == first).all() else bits
        pool, key = self.constants, bits.tobytes()
        start, end = self._table.get(key), pool.size + bits.size
        if start is None:
            start = self._table[key] = pool.size
            if end > MAX_CELLS:
                refuse(f"tables of {end} numbers", "show fewer of them")
            if end > len(pool.data):
                pool.data = np.append(pool.data, empty(2 * end))
            pool.data[pool.size : end] = bits.view(np.float64).reshape(-1)
            pool.size = end
        ids = empty(packed.shape, np.int64)
        ids[...] = arange(start, start + bits.size).reshape(bits.shape)
        return ids.transpose(np.argsort(order))

    def numbers(self, ids):
        """Return the numbers that constant elements stand for, or None."""
        return None if ids.max(initial=0) >= _FIRST else self.constants.data[ids]

    def at(self, number):
        """Return the node that an id belongs to."""
        return self.nodes[bisect.bisect_right(self._starts, number) - 1]

    def gather(self, ids):
        """Return the node that copies elements into a row."""
        runs, k, row, size = [], 0, ids.tolist(), ids.size
        turns = [*(np.flatnonzero(np.diff(ids, 2)) + 2).tolist(), size]
        while k < size:
            node, end, step = self.at(row[k]), k + 1, 0
            if end < size:
                step = row[end] - row[k]
                last = node.start + (node.size - 1) * (step > 0)
                left = (last - row[k]) // step if step else size
                end = min(turns[bisect.bisect_right(turns, end)], end + left)
            if end == k + 2 and step != 1:  # a run may begin with the second
                end = k + 1
            steps = (step if end > k + 1 else 0,)
            runs.append(View(node, row[k] - node.start, steps, (end - k,)))
            k = end
        return self._node("gather", tuple(runs), ids.shape, (), ())


def _merged(args, shape, inner):
    """Join axes over which all views move as if they were one; drop those of one."""
    kept, outer = [], len(shape)  # (size, whether folded, each view's step)
    for k, n in enumerate(shape + inner):
        steps = [view.strides[k] for view in args]
        if n == 1:
            continue
        if kept and kept[-1][1:] == (k >= outer, [step * n for step in steps]):
            n *= kept.pop()[0]
        kept.append((n, k >= outer, steps))
    if inner and not any(inside for _, inside, _ in kept):
        kept.append((1, True, [0] * len(args)))
    sizes = tuple(n for n, *_ in kept)
    args = tuple(
        view._replace(strides=tuple(steps[j] for *_, steps in kept), shape=sizes)
        for j, view in enumerate(args)
    )
    outer = sum(not inside for _, inside, _ in kept)
    return args, sizes[:outer], sizes[outer:]


def spread(view):
    """Return the places of all elements of a view."""
    shape = view.shape
    result = asarray(view.offset, np.int64)
    for k, (step, n) in enumerate(zip(view.strides, shape, strict=True)):
        if step and n > 1:
            steps = arange(0, n * step, step, dtype=np.int64)
            result = result + steps.reshape((n,) + (1,) * (len(shape) - 1 - k))
    return result if result.shape == shape else broadcast_to(result, shape)


def in_memory(array):
    """Return the order in which an array's axes stand in memory."""
    return sorted(range(array.ndim), key=lambda k: -abs(array.strides[k]))


def _moving(array):
    """Return an array without what it only repeats along an axis."""
    return array[tuple(slice(0, None if s else 1) for s in array.strides)]


def view_of(ids):
    """Return ids as a view of one node; what is no view is gathered first."""
    view = _affine(ids)
    if view is None:
        order, graph = in_memory(ids), active()
        packed = ids.transpose(order)
        once = _moving(packed)
        row = once.reshape(-1)
        known = graph.numbers(row)
        row = graph.gather(row).ids if known is None else graph.const(known)
        row = broadcast_to(row.reshape(once.shape), packed.shape)
        view = _affine(row.transpose(np.argsort(order)))
    return view


def _affine(ids):
    """Return ids as a view of one node, or None."""
    if not ids.size:
        return View(active().constants, 0, (0,) * ids.ndim, ids.shape)
    once = _moving(ids)
    node = active().at(int(once.flat[0]))
    places = once - node.start
    if once.size == 1:
        return View(node, int(places.flat[0]), (0,) * ids.ndim, ids.shape)
    inside = places.min() >= 0 and places.max() < node.size
    view = _line(node, places) if inside else None
    return view and view._replace(shape=ids.shape)


def _line(node, places):
    """Return places as a view of a node, or None if they are not evenly spaced."""
    first, strides = int(places[(0,) * places.ndim]), []
    for k, n in enumerate(places.shape):
        after = (0,) * k + (min(n - 1, 1),) + (0,) * (places.ndim - k - 1)
        strides.append(int(places[after]) - first)
    view = View(node, first, tuple(strides), places.shape)
    return view if (spread(view) == places).all() else None


def composed(view, place):
    """Return an argument of a view's node as the view's reader sees it, or None."""
    return _line(place.node, spread(place).reshape(-1)[spread(view)])


def live(*results):
    """Return nodes and all that they depend on, arguments first, no constants."""
    stack, seen = list(results), set(results)
    while stack:
        new = {view.node for view in stack.pop().args} - seen
        seen |= new
        stack += new
    return sorted((n for n in seen if n.op != "const"), key=lambda n: n.start)


_graphs = []


@contextlib.contextmanager
def tracing(graph):
    """Let operations on symbols go into this graph until the block ends."""
    _graphs.append(graph)
    try:
        yield graph
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
    refusal = TraceError(
        f"figure {graph.name!r}: {operation} cannot be compiled{quoted(error)}; "
        f"{instead}"
    )
    graph.refusal = graph.refusal or refusal
    raise refusal from error


def quoted(error=None):
    """Return the model's line under way, or the one that raised, in brackets."""
    steps = [] if error is None else traceback.walk_tb(error.__traceback__)
    frames = [*reversed(list(steps)), *traceback.walk_stack(sys._getframe())]
    for frame, number in frames:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(("dlbook.compiler.", "numpy")):
            code = linecache.getline(frame.f_code.co_filename, number).strip()
            return f" ({code})" if code else ""
