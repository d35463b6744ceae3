"""NumPy's ufuncs on arrays of ids: the nodes they build, in NumPy's order of work.

Which loop a ufunc takes (bool, int64, float64) is asked of NumPy itself; loops of other
types, such as float32, are refused, because JavaScript would compute them in float64.

Rounding depends on the order of a sum. NumPy walks through memory, and adds the
innermost axis pairwise: up to seven numbers one by one, longer runs by eight
accumulators in blocks of 128. The same tree is built here, so a sum has the same bits
on the page (sums of 8192 numbers or more apart, which NumPy may cut into buffers).
Products of matrices go from left to right; there NumPy's order is the BLAS library's.
"""

import functools
import math
from string import ascii_letters

import numpy as np
from numpy import asarray, nditer  # a trace replaces some of these for models
from numpy.lib.array_utils import normalize_axis_tuple

from dlbook.compiler import nodes
from dlbook.compiler.nodes import DTYPES, KINDS, active, kind_of, refuse, view_of
from dlbook.compiler.rules import FOLDS, RULES

#: The operation on truth values that stands for a ufunc.
_TRUTH = {
    "add": "logical_or", "multiply": "logical_and", "maximum": "logical_or",
    "minimum": "logical_and", "fmax": "logical_or", "fmin": "logical_and",
    "bitwise_or": "logical_or", "bitwise_and": "logical_and",
    "bitwise_xor": "logical_xor", "invert": "logical_not",
}  # fmt: skip
#: Ufuncs that are written with others, as functions of ids.
FORMULAS = {}
_FEW = 4  # terms up to which a fold is written out
_BY_ZERO = ("remainder", "fmod", "floor_divide")


def symbolic(value):
    """Tell whether a value is an array of ids."""
    return getattr(value, "symbolic", False)


def within(value):
    """Tell whether a value is, or holds in lists, an array of ids."""
    if isinstance(value, (list, tuple)):
        return any(map(within, value))
    return symbolic(value)


def plain(value):
    """Return a symbolic array of constants as numbers, other values as they are."""
    known = nodes.numbers(value.ids) if symbolic(value) else None
    return value if known is None else known


def elements(value):
    """Return a value as an array of ids of one kind."""
    if symbolic(value):
        return value.ids
    if within(value):
        return np.stack(common(value)[0])
    array = asarray(value)
    if array.dtype.kind not in "biuf":
        refuse(f"a constant of type {array.dtype}", "use real numbers")
    if array.dtype.kind in "iu" and array.size and np.abs(array).max() > 2**53:
        whole = int(array.flat[np.abs(array).argmax()])
        refuse(f"the integer {whole}", "JavaScript's numbers are exact up to 2**53")
    return active().const(array, {"b": "b", "f": "f"}.get(array.dtype.kind, "i"))


def apply(op, kind, *arrays):
    """Build a node for an operation on each element of the broadcast arrays."""
    flags = [["readonly"]] * len(arrays) + [["writeonly", "allocate"]]
    types = [None] * len(arrays) + [np.int64]
    made = nditer([*arrays, None], ["zerosize_ok"], flags, types).operands[-1]
    if not made.size:
        return made
    packed, back = nodes.in_memory(made)
    arrays = [
        a if a.shape == made.shape else np.broadcast_to(a, made.shape) for a in arrays
    ]
    views = [view_of(a.transpose(np.argsort(back))) for a in arrays]
    packed[...] = active().add(op, tuple(views), kind, packed.shape)
    return _whole(op, kind, made)


def _whole(op, kind, ids):
    """Take the sign off zeros: integers have no negative zero."""
    signed = kind == "i" and op in ("multiply", *_BY_ZERO)
    return apply("add", "i", ids, elements(0)) if signed else ids


def cast(array, kind):
    """Return the array converted as ``astype`` would."""
    own = kind_of(array)
    if own == kind or not array.size:
        return array
    if kind == "b":
        return apply("not_equal", "b", array, elements(0.0))
    op = {"b": "number", "i": "same", "f": "int"}[own]
    if op != "same":
        return apply(op, kind, array)
    result = np.zeros_like(array)
    while (left := result == 0).any():  # node by node, so that views stay views
        node = active().at(array[left][0])
        own = left & (array >= node.start) & (array < node.start + node.size)
        if node.op == "const":
            result[own] = apply(op, kind, array[own])
        else:
            whole = apply(op, kind, node.ids.reshape(node.shape))
            result[own] = whole.flat[array[own] - node.start]
    return result


def common(values):
    """Return values as arrays of ids of one kind, the widest of theirs."""
    arrays = [elements(value) for value in values]
    sized = [kind_of(array) for array in arrays if array.size] or ["f"]
    kind = max(sized, key="bif".index)
    return [cast(array, kind) for array in arrays], kind


# Element by element -------------------------------------------------------------------


def elementwise(ufunc, inputs):
    """Return the arrays that a call of the ufunc gives."""
    name = ufunc.__name__
    if not any(name in known for known in (RULES, _TRUTH, FORMULAS)):
        refuse(f"np.{name}", "write it with the basic operations")
    kinds, kind = _loop(ufunc, inputs)
    if name.startswith("logical"):
        kinds = "b" * len(kinds)
    arrays = [cast(elements(x), k) for x, k in zip(inputs, kinds, strict=True)]
    if kind == "b" and name in _TRUTH:
        name = _TRUTH[name]
    elif name in FORMULAS:
        return FORMULAS[name](*arrays)
    if name not in RULES:
        refuse(f"np.{name} on integers", "use truth values or floats")
    if kind == "i" and name == "negative":
        name, arrays = "subtract", [elements(0), *arrays]
    found = apply(name, kind, *arrays)
    if kind == "i" and name in _BY_ZERO:
        by_zero = apply("equal", "b", arrays[1], elements(0))
        found = apply("select", "i", by_zero, elements(0), found)
    return [found]


def _loop(ufunc, inputs):
    """Return the kinds of the loop that NumPy would run: of inputs and output."""
    dtypes = _resolved(ufunc, tuple(map(_loop_type, inputs)))
    for dtype in dtypes:
        if dtype not in KINDS:
            instead = "convert the constants by .astype(np.float64)"
            refuse(f"np.{ufunc.__name__} in {dtype}", instead)
    kinds = [KINDS[dtype] for dtype in dtypes]
    return kinds[: ufunc.nin], kinds[ufunc.nin]


@functools.cache
def _resolved(ufunc, types):
    return ufunc.resolve_dtypes((*types, *[None] * ufunc.nout))


def _loop_type(value):
    if type(value) in (int, float):
        return type(value)
    if within(value):
        return DTYPES[kind_of(elements(value))]
    return asarray(value).dtype


# Reductions ---------------------------------------------------------------------------


def reduce(ufunc, array, axis=0, dtype=None, keepdims=False, initial=None):
    """Return ``ufunc.reduce`` of an array."""
    array, op = _prepared(ufunc, "reduce", array, dtype)
    kind, ndim = kind_of(array), array.ndim
    axes = normalize_axis_tuple(range(ndim) if axis is None else axis, ndim)
    rows, run = _rows(array, axes)
    *lead, n = rows.shape
    paired = op == "add" and run > 1 and n and (n >= 8 or initial is not None)
    if paired:  # each run by itself, and then their sums one after another
        rows = rows.reshape(*lead, n // run, run)
        rows = folded("pair" if run >= 8 else "add", kind, [rows], 1)
    if initial is not None:
        first = np.broadcast_to(cast(elements(initial), kind), (*lead, 1))
        rows = np.concatenate([first, rows], axis=-1)
    done = paired and rows.shape[-1] == 1
    result = rows[..., 0] if done else folded(op, kind, [rows], 1)
    return np.expand_dims(result, axes) if keepdims else result


def accumulate(ufunc, array, axis=0, dtype=None):
    """Return ``ufunc.accumulate`` of an array."""
    array, op = _prepared(ufunc, "accumulate", array, dtype)
    rows, kind = np.moveaxis(array, axis, -1), kind_of(array)
    if not rows.size or rows.shape[-1] == 1:
        return array.copy()
    args = (view_of(np.ascontiguousarray(rows)),)
    ids = active().add("scan", args, kind, rows.shape, static=op)
    return np.moveaxis(_whole(op, kind, ids), -1, axis)


def _prepared(ufunc, method, array, dtype):
    """Return an array converted as NumPy does, and the operation for its kind.

    Truth values are counted, other kinds are kept.
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
    op = _TRUTH.get(name, name) if kind == "b" else name
    if op not in FOLDS:
        refuse(f"np.{name}.{method}", "write a sum, a product or a running sum")
    return cast(array, kind), op


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


def folded(op, kind, arrays, inner):
    """Build a node that folds the last axes of arrays, or of their product."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    outer, inside = shape[: len(shape) - inner], shape[len(shape) - inner :]
    if not math.prod(inside):
        empty = elements({"multiply": 1, "logical_and": 1}.get(op, 0))
        return np.broadcast_to(cast(empty, kind), outer).copy()
    if not math.prod(outer):
        return np.zeros(outer, np.int64)
    if math.prod(inside) <= _FEW and op in RULES:  # written out, the terms nowhere
        graph, cells = active(), active().cells + math.prod(outer)
        both = functools.partial(apply, "multiply", kind)
        parts = [np.broadcast_to(array, shape) for array in arrays]
        terms = [
            functools.reduce(both, [part[..., *place] for part in parts])
            for place in np.ndindex(inside)
        ]
        if op == "add":
            terms = [cast(elements(0), kind), *terms]
        result = functools.reduce(functools.partial(apply, op, kind), terms)
        graph.cells = min(graph.cells, cells)
        return result
    views = tuple(view_of(np.broadcast_to(array, shape)) for array in arrays)
    return _whole(op, kind, active().add(op, views, kind, outer, inside))


# Products -----------------------------------------------------------------------------

_SUBSCRIPTS = {
    "matvec": "...ij,...j->...i", "vecmat": "...i,...ij->...j",
    "vecdot": "...i,...i->...",
}  # fmt: skip


def matrix_ufunc(ufunc, inputs):
    """Return the product that a generalised ufunc (matmul and its kin) gives."""
    subscripts = _SUBSCRIPTS.get(ufunc.__name__)
    if ufunc is np.matmul:
        rows, columns = (np.ndim(x) > 1 for x in inputs)
        batch, row, column = "..." * (rows or columns), "i" * rows, "k" * columns
        left, right = batch * rows + row, batch * columns
        subscripts = f"{left}j,{right}j{column}->{batch}{row}{column}"
    if subscripts is None:
        refuse(f"np.{ufunc.__name__}", "write a product and a sum")
    return contract(subscripts, *inputs)


def contract(subscripts, *values):
    """Return ``np.einsum(subscripts, *values)``, sums from left to right."""
    arrays, kind = common(values)
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    free = "".join(sorted(set(ascii_letters) - set(subscripts)))
    parts, most = left.split(","), 0
    for k, (part, array) in enumerate(zip(parts, arrays, strict=True)):
        dots = array.ndim - len(part.replace("...", ""))
        parts[k] = part.replace("...", free[len(free) - dots :])
        most = max(most, dots)
    if not arrow:
        single = (x for x in sorted(left) if x.isalpha() and left.count(x) == 1)
        output = "..." + "".join(single)
    output = output.replace("...", free[len(free) - most :])
    labels = "".join(dict.fromkeys(output + "".join(parts)))
    for k, part in enumerate(parts):  # a repeated label is a diagonal
        own = "".join(x for x in labels if x in part)
        view = np.einsum(f"{part}->{own}", arrays[k])
        arrays[k] = view[tuple(slice(None) if x in own else None for x in labels)]
    if len(labels) == len(output):
        return functools.reduce(functools.partial(apply, "multiply", kind), arrays)
    op, inner = "logical_or" if kind == "b" else "add", len(labels) - len(output)
    return _whole("multiply", kind, folded(op, kind, arrays, inner))
