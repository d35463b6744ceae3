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

from dlbook.compiler.arithmetic import TRUTH, apply, cast, elements, whole
from dlbook.compiler.nodes import KINDS, active, kind_of, refuse, view_of
from dlbook.compiler.rules import FOLDS

__all__ = ["accumulate", "folded", "reduce"]


def reduce(ufunc, array, axis=0, dtype=None, keepdims=False, initial=None):
    """Return ``ufunc.reduce`` of an array of nodes."""
    array, op = _prepared(ufunc, "reduce", array, dtype)
    kind = kind_of(array)
    rows, run = _rows(array, _axes(array, axis))
    first = None if initial is None else cast(elements(initial), kind)
    if op == "add":
        result = _summed(rows, run, kind, first)
    else:
        result = folded(op, kind, (rows,), 1)
        if first is not None:
            result = apply(op, kind, first, result)
    if not keepdims:
        return result
    axes = _axes(array, axis)
    return result.reshape([1 if k in axes else n for k, n in enumerate(array.shape)])


def accumulate(ufunc, array, axis=0, dtype=None):
    """Return ``ufunc.accumulate`` of an array of nodes."""
    array, op = _prepared(ufunc, "accumulate", array, dtype)
    rows, kind = np.moveaxis(array, axis, -1), kind_of(array)
    if not rows.size or rows.shape[-1] == 1:
        return array.copy()
    args = (view_of(np.ascontiguousarray(rows)),)
    ids = active().add("scan", args, kind, rows.shape, static=op)
    return np.moveaxis(whole(op, kind, ids), -1, axis)


def _prepared(ufunc, method, array, dtype):
    """Convert as NumPy does: truth values are counted, other kinds are kept.

    Returns the array and the operation for its kind.
    """
    name, array = ufunc.__name__, elements(array)
    kind = kind_of(array)
    if name.startswith("logical"):
        kind = "b"
    elif dtype is not None:
        if np.dtype(dtype) not in KINDS:
            refuse(f"dtype={np.dtype(dtype)}", "leave it away")
        kind = KINDS[np.dtype(dtype)]
    elif kind == "b" and name in ("add", "multiply"):
        kind = "i"
    op = TRUTH.get(name, name) if kind == "b" else name
    if op not in FOLDS:
        refuse(f"np.{name}.{method}", "write a sum, a product or a running sum")
    return cast(array, kind), op


def _summed(rows, run, kind, first):
    """Add up rows as NumPy does: runs pairwise, their sums one after another."""
    *lead, n = rows.shape
    if n and run > 1 and (n >= 8 or first is not None):
        op = "pair" if run >= 8 else "add"
        rows = folded(op, kind, (rows.reshape(*lead, n // run, run),), 1)
        if n == run and first is None:
            return rows[..., 0]
    if first is not None:
        start = np.broadcast_to(first, (*lead, 1))
        rows = np.concatenate([start, rows], axis=-1)
    return folded("add", kind, (rows,), 1)


def folded(op, kind, arrays, inner):
    """Build a node that folds the last axes of arrays, or of their product."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    outer, inside = shape[: len(shape) - inner], shape[len(shape) - inner :]
    if not math.prod(inside):
        empty = elements({"multiply": 1, "logical_and": 1}.get(op, 0))
        return np.broadcast_to(cast(empty, kind), outer).copy()
    if not math.prod(outer):
        return np.zeros(outer, np.int64)
    arrays = [np.broadcast_to(array, shape) for array in arrays]
    views = tuple(map(view_of, arrays))
    return whole(op, kind, active().add(op, views, kind, outer, inside))


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
