"""The graph of a trace: each node is one operation on arrays, and equal ones are one.

Every element of every node has a number, its *id*; a node's ids follow each other in
the order of memory. A symbolic array is an array of ids, so that slices, views,
reshaping, joining and writing in place are NumPy's own. Constants have negative ids.
"""

import bisect
import contextlib
import linecache
import math
import sys
import traceback
from typing import NamedTuple

import numpy as np
from numpy import arange, asarray, broadcast_to, empty, full

from dlbook.compiler.rules import evaluate

DTYPES = {"b": np.dtype(bool), "i": np.dtype(np.int64), "f": np.dtype(np.float64)}
#: The default integer has 32 bits on some platforms, such as WebAssembly.
KINDS = {dtype: kind for kind, dtype in DTYPES.items()} | {np.dtype(np.int32): "i"}
MAX_NODES = 100_000
MAX_CELLS = 4_000_000  # numbers of 8 bytes: a figure's memory stays below 32 MB
#: Where the ids of constants begin; an id fits into 32 bits.
_POOLS = {"b": -(2**31), "i": -3 * 2**29, "f": -(2**30)}
_RECORD = "record the run when the book is built and look it up by np.take"


class TraceError(TypeError):
    """A model cannot be compiled; the message says why and what to write instead."""


class Node:
    """One operation: its name, parameters and arguments, and what it gives.

    ``kind`` is ``b``, ``i`` or ``f`` (bool, int64, float64); ``inner`` the axes over
    which it is folded; ``start`` the id of its first element. Arguments are views over
    ``shape + inner``; those of a "gather" are runs, of the lengths in ``static``.
    """

    def __init__(self, op, args, kind, shape, inner, static, start):
        self.op, self.static, self.args, self.kind = op, static, args, kind
        self.shape, self.inner, self.size = shape, inner, math.prod(shape)
        self.start = start

    @property
    def ids(self):
        """The ids of the elements, in a row."""
        return arange(self.start, self.start + self.size, dtype=np.int64)


class View(NamedTuple):
    """Elements of a node: the first one's place, and a step for each axis."""

    node: Node
    offset: int
    strides: tuple


class Graph:
    """The nodes of one trace, arguments first; constants stand in a pool by kind."""

    def __init__(self, name):
        self.name, self.refusal = name, None
        self.nodes, self._starts, self._table = [], [], {}
        self.end, self.cells = 1, 0  # the id 0 stands for a zero of any kind
        self._pools = [
            Node("const", (), kind, (0,), (), (), start)
            for kind, start in _POOLS.items()
        ]
        for pool in self._pools:
            pool.data = empty(0)

    def add(self, op, args, kind, shape, inner=(), static=()):
        """Return the ids of an operation; it is computed if all is constant."""
        if op not in ("input", "take", "gather"):
            if all(view.node.op == "const" for view in args):
                values = [v.node.data[spread(v, shape + inner)] for v in args]
                return self.const(evaluate(op, static, values, len(inner)), kind)
        merged = args, shape, inner
        if op not in ("input", "gather", "scan", "shuffle"):
            merged = _merged(*merged)
        return self._node(op, *merged, kind, static).ids.reshape(shape)

    def _node(self, op, args, shape, inner, kind, static):
        key = (op, args, shape, inner, kind, static)
        node = self._table.get(key)
        if node is None:
            node = Node(op, args, kind, shape, inner, static, self.end)
            self._table[key] = node
            self._starts.append(self.end)
            self.nodes.append(node)
            self.end, self.cells = self.end + node.size, self.cells + node.size
            self._check()
        return node

    @property
    def size(self):
        """How many nodes and constants there are."""
        return len(self.nodes), *(pool.size for pool in self._pools)

    def _check(self):
        if len(self.nodes) > MAX_NODES:
            refuse(f"unrolling to more than {MAX_NODES} operations", _RECORD)
        if self.cells > MAX_CELLS:
            most = max(self.nodes, key=lambda node: node.size)
            shape = " x ".join(map(str, most.shape)) or "1"
            refuse(
                f"a program on more than {MAX_CELLS} numbers (the largest array: "
                f"{most.op!r} of {shape})",
                _RECORD,
            )

    def const(self, array, kind):
        """Return the ids of constants; along an axis where all are one, one id."""
        array = asarray(array, np.float64) + (-0.0 if kind == "f" else 0.0)
        packed, back = in_memory(np.where(np.isnan(array), np.nan, array))
        bits = np.ascontiguousarray(packed).view(np.int64).reshape(packed.shape)
        for k in range(bits.ndim if bits.size else 0):
            first = bits.take([0], k)
            bits = first if (bits == first).all() else bits
        pool = self._pools[list(_POOLS).index(kind)]
        key = (kind, bits.tobytes())
        start, end = self._table.get(key), pool.size + bits.size
        if start is None:
            start = self._table[key] = pool.start + pool.size
            if end > MAX_CELLS:
                refuse(f"tables of {end} numbers", "show fewer of them")
            if end > len(pool.data):
                pool.data = np.append(pool.data, empty(2 * end))
            pool.data[pool.size : end] = bits.view(np.float64).reshape(-1)
            pool.size = end
        ids = empty(packed.shape, np.int64)
        ids[...] = arange(start, start + bits.size).reshape(bits.shape)
        return ids.transpose(back)

    def at(self, number):
        """Return the node that an id belongs to."""
        if number < 0:
            return self._pools[bisect.bisect_right(list(_POOLS.values()), number) - 1]
        return self.nodes[bisect.bisect_right(self._starts, number) - 1]

    def gather(self, ids):
        """Return the node that copies elements into a row."""
        runs, lengths, k, row, size = [], [], 0, ids.tolist(), ids.size
        while k < size:
            node, end = self.at(row[k]), k + 1
            step = row[end] - row[k] if end < size else 0
            while end < size and row[end] == row[k] + step * (end - k):
                if not 0 <= row[end] - node.start < node.size:
                    break
                end += 1
            runs.append(View(node, row[k] - node.start, (step if end > k + 1 else 0,)))
            lengths.append(end - k)
            k = end
        kind = self.at(row[0]).kind if row else "f"
        return self._node("gather", tuple(runs), ids.shape, (), kind, tuple(lengths))


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
    args = tuple(
        view._replace(strides=tuple(steps[j] for *_, steps in kept))
        for j, view in enumerate(args)
    )
    sizes = [tuple(n for n, inside, _ in kept if inside == k) for k in (False, True)]
    return args, *sizes


def spread(view, shape):
    """Return the places of all elements of a view."""
    result = full((1,) * len(shape), view.offset, np.int64)
    for k, (step, n) in enumerate(zip(view.strides, shape, strict=True)):
        if step and n > 1:
            steps = arange(0, n * step, step, dtype=np.int64)
            result = result + steps.reshape((n,) + (1,) * (len(shape) - 1 - k))
    return result if result.shape == shape else broadcast_to(result, shape)


def numbers(ids):
    """Return the numbers that constant elements stand for, in NumPy's type, or None."""
    if ids.size and ids.max() >= 0:
        return None
    pool = active().at(ids.flat[0] if ids.size else -1)
    return pool.data[ids - pool.start].astype(DTYPES[pool.kind])


def kind_of(ids):
    """Return the kind of the elements: b, i or f (f if there are none)."""
    return active().at(ids.flat[0]).kind if ids.size else "f"


def in_memory(array):
    """Return an array with its axes in the order of memory, and the order back."""
    order = sorted(range(array.ndim), key=lambda k: -abs(array.strides[k]))
    return array.transpose(order), np.argsort(order)


def _moving(array):
    """Return an array without what it only repeats along an axis."""
    return array[tuple(slice(0, None if s else 1) for s in array.strides)]


def view_of(ids):
    """Return ids as a view of one node; what is no view is gathered first."""
    view = _affine(ids)
    if view is None:
        packed, back = in_memory(ids)
        flat = _moving(packed).reshape(-1)
        known = numbers(flat)
        if known is None:
            row = active().gather(flat).ids
        else:
            row = active().const(known, kind_of(flat))
        row = row.reshape(_moving(packed).shape)
        view = _affine(broadcast_to(row, packed.shape).transpose(back))
    return view


def _affine(ids):
    """Return ids as a view of one node, or None."""
    if not ids.size:
        return View(active().at(-1), 0, (0,) * ids.ndim)
    ids = _moving(ids)
    node = active().at(int(ids.flat[0]))
    if ids.size == 1:
        return View(node, int(ids.flat[0]) - node.start, (0,) * ids.ndim)
    places = ids - node.start
    inside = places.min() >= 0 and places.max() < node.size
    return _line(node, places) if inside else None


def _line(node, places):
    """Return places as a view of a node, or None if they are not evenly spaced."""
    first, strides = int(places[(0,) * places.ndim]), []
    for k, n in enumerate(places.shape):
        after = (0,) * k + (min(n - 1, 1),) + (0,) * (places.ndim - k - 1)
        strides.append(int(places[after]) - first)
    view = View(node, first, tuple(strides))
    return view if np.array_equal(spread(view, places.shape), places) else None


def composed(view, space, place):
    """Return a node's own argument as a view over its reader's axes, or None.

    ``view`` is what the reader, with the axes ``space``, takes of the node.
    """
    places = spread(place, view.node.shape).reshape(-1)
    return _line(place.node, places[spread(view, space)])


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
