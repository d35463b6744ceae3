"""Sums and other reductions, in the order in which NumPy carries them out.

Rounding depends on the order of a sum. NumPy walks through memory, and adds the
innermost axis pairwise: up to seven numbers one by one, longer runs by eight
accumulators in blocks of 128. The same tree is built here, so a sum has the same bits
on the page (sums of 8192 numbers or more apart, which NumPy may cut into buffers).
Matrix products go from left to right; there NumPy's order is the BLAS library's own and
differs between machines.
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from dlbook.live.arithmetic import apply, boxed, cast, elements, kind_of
from dlbook.live.nodes import active, refuse

__all__ = ["accumulate", "fold", "reduce", "total"]

_FOLDS = {
    "add": "sum", "multiply": "mul", "maximum": "max", "minimum": "min",
    "logical_and": "and", "logical_or": "or", "bitwise_and": "and",
    "bitwise_or": "or",
}  # fmt: skip
_CHAINS = {
    "add": "add", "multiply": "mul", "maximum": "max", "minimum": "min",
    "fmax": "fmax", "fmin": "fmin", "logaddexp": "logaddexp", "hypot": "hypot",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip
_EMPTY = {"sum": 0, "mul": 1, "and": 1, "or": 0}
_TRUTH = {
    "sum": "or", "add": "or", "mul": "and", "max": "or", "min": "and", "fmax": "or",
    "fmin": "and",
}  # fmt: skip


def reduce(ufunc, array, axis=0, dtype=None, keepdims=False, initial=None):
    """Return ``ufunc.reduce`` of an array of nodes."""
    name = ufunc.__name__
    initial = None if initial is np._NoValue else initial
    array = _prepared(name, elements(array), dtype)
    if name in _FOLDS:
        return fold(_FOLDS[name], array, axis, keepdims, initial)
    if name not in _CHAINS or initial is not None:
        refuse(f"np.{name}.reduce", "write it as a sum, a product or a maximum")
    rows = _rows(array, _axes(array, axis))[0]
    return _shaped(_chain(name, rows)[..., -1], array, axis, keepdims)


def accumulate(ufunc, array, axis=0, dtype=None):
    """Return ``ufunc.accumulate`` of an array of nodes."""
    name = ufunc.__name__
    if name not in _CHAINS:
        refuse(f"np.{name}.accumulate", "write it as a running sum or product")
    array = _prepared(name, elements(array), dtype)
    return np.moveaxis(_chain(name, np.moveaxis(array, axis, -1)), -1, axis)


def _prepared(name, array, dtype):
    """Convert as NumPy does: truth values are counted, other kinds are kept."""
    kind = kind_of(array)
    if name.startswith("logical"):
        kind = "b"
    elif dtype is not None:
        kind = np.dtype(dtype).kind
        if np.dtype(dtype) not in (np.float64, np.int64, np.bool_):
            refuse(f"dtype={np.dtype(dtype)}", "leave it away")
    elif kind == "b" and name in ("add", "multiply"):
        kind = "i"
    return cast(array, kind)


def _chain(name, rows):
    op, kind = _CHAINS[name], kind_of(rows)
    if kind == "b":
        op = _TRUTH.get(op, op)
    columns = [rows[..., 0]] if rows.shape[-1] else []
    for k in range(1, rows.shape[-1]):
        columns.append(apply(op, kind, columns[-1], rows[..., k]))
    return np.stack(columns, axis=-1) if columns else rows


def fold(op, array, axis=None, keepdims=False, initial=None):
    """Reduce axes by an operation that takes any number of arguments."""
    kind = kind_of(array)
    axes = _axes(array, axis)
    if kind == "b":
        op = _TRUTH.get(op, op)
    rows, run = _rows(array, axes)
    flat = rows.reshape(math.prod(rows.shape[:-1]), rows.shape[-1])
    first = [] if initial is None else [cast(elements(initial), kind)[()]]
    nodes = [_folded(op, kind, _blocks(op, row, run, first)) for row in flat]
    return _shaped(boxed(nodes, rows.shape[:-1]), array, axis, keepdims)


def total(op, kind, nodes):
    """Return the node of one fold."""
    return _folded(op, kind, list(nodes))


def _folded(op, kind, nodes):
    graph = active()
    if not nodes:
        return graph.const(_EMPTY[op], kind)
    if len(nodes) == 1 and op != "sum":
        return nodes[0]
    result = graph.node(op, tuple(nodes), kind)
    if op == "mul" and kind == "i":
        result = graph.node("add", (result, graph.const(0, "i")), "i")
    return result


def _axes(array, axis):
    if axis is None:
        return tuple(range(array.ndim))
    return normalize_axis_tuple(axis, array.ndim)


def _rows(array, axes):
    """Return the reduced elements along the last axis, and the pairwise run's length.

    The elements stand in NumPy's order: reduced axes sorted by their strides, the run
    those inside of all axes that are kept.
    """
    steps = [abs(step) for step in array.strides]
    inner = sorted(axes, key=lambda k: -steps[k])
    kept = [k for k in range(array.ndim) if k not in axes]
    shape = [array.shape[k] for k in kept]
    count = math.prod(array.shape[k] for k in inner)
    rows = array.transpose(kept + inner).reshape([*shape, count])
    bound = min((steps[k] for k in kept if array.shape[k] > 1), default=np.inf)
    return rows, math.prod(array.shape[k] for k in inner if steps[k] < bound)


def _blocks(op, row, run, first):
    """Return the terms of a fold; the blocks of a sum are added pairwise."""
    nodes = list(row)
    if op != "sum" or (run >= len(nodes) < 8 and not first):
        return first + nodes
    return first + [_pairwise(nodes[k : k + run]) for k in range(0, len(nodes), run)]


def _pairwise(nodes):
    n = len(nodes)
    if n < 8:
        return _add(nodes)
    if n > 128:
        half = n // 2 - n // 2 % 8
        return _add([_pairwise(nodes[:half]), _pairwise(nodes[half:])])
    whole = n - n % 8
    r = [_add(nodes[k:whole:8]) for k in range(8)]
    left = _add([_add(r[0:2]), _add(r[2:4])])
    right = _add([_add(r[4:6]), _add(r[6:8])])
    return _add([_add([left, right]), *nodes[whole:]])


def _add(nodes):
    if len(nodes) == 1:
        return nodes[0]
    return active().node("add", tuple(nodes), nodes[0].kind)


def _shaped(result, array, axis, keepdims):
    if not keepdims:
        return result
    axes = _axes(array, axis)
    return result.reshape([1 if k in axes else n for k, n in enumerate(array.shape)])
