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
import re

import numpy as np
from numpy._core.einsumfunc import _parse_einsum_input
from numpy.lib.array_utils import normalize_axis_tuple

from dlbook.compiler.nodes import active, refuse, view_of
from dlbook.compiler.rules import FOLDS, RULES

from dlbook.compiler.symbolic import (  # isort: skip
    KINDS, METHODS, apply, cast, common, plain, symbolic, symbols, unsigned, within,
    wrap,
)  # fmt: skip

#: The operation on truth values that stands for a ufunc.
_TRUTH = {
    "add": "logical_or", "multiply": "logical_and", "maximum": "logical_or",
    "minimum": "logical_and", "fmax": "logical_or", "fmin": "logical_and",
    "bitwise_or": "logical_or", "bitwise_and": "logical_and",
    "bitwise_xor": "logical_xor", "invert": "logical_not",
}  # fmt: skip
_FEW = 4  # terms up to which a fold is written out

# Element by element -------------------------------------------------------------------


def _elementwise(ufunc, *inputs):
    """Return what a call of the ufunc gives."""
    name = ufunc.__name__
    if not any(name in known for known in (RULES, _TRUTH, _FORMULAS)):
        refuse(f"np.{name}", "write it with the basic operations")
    *kinds, kind = _loop(ufunc, inputs)
    if name.startswith("logical"):
        kinds = "b" * len(kinds)
    arrays = [cast(x, k) for x, k in zip(inputs, kinds, strict=False)]
    if kind == "b":
        name = _TRUTH.get(name, name)
    if name in _FORMULAS:
        return _FORMULAS[name](*arrays)
    if name not in RULES:
        refuse(f"np.{name} on integers", "use truth values or floats")
    if kind == "i" and name == "negative":
        return 0 - arrays[0]
    found = apply(name, kind, *arrays)
    if kind == "i" and name in ("remainder", "fmod", "floor_divide"):
        return np.where(arrays[1] == 0, 0, found)
    return found


def _loop(ufunc, inputs):
    """Return the kinds of the loop that NumPy would run: of inputs and output."""
    kinds = []
    for dtype in _resolved(ufunc, tuple(map(_loop_type, inputs))):
        if dtype not in KINDS:
            instead = "convert the constants by .astype(np.float64)"
            refuse(f"np.{ufunc.__name__} in {dtype}", instead)
        kinds.append(KINDS[dtype])
    return kinds[: ufunc.nin + 1]


@functools.cache
def _resolved(ufunc, types):
    return ufunc.resolve_dtypes((*types, *[None] * ufunc.nout))


def _loop_type(value):
    if type(value) in (int, float):
        return type(value)
    return (value if symbolic(value) else np.asarray(value)).dtype


_LN2 = np.log(2.0)
_EASY = {0.5: np.sqrt, 1: np.copy, 2: np.square, -1: np.reciprocal}


def _power(x, exponent):
    base, exponent, whole = plain(x), plain(exponent), x.kind == "i"
    if not symbolic(exponent) and np.ndim(exponent) == 0:
        if whole and exponent > 64:
            refuse("an integer power above 64", "make the base a float")
        if whole:
            return functools.reduce(np.multiply, [x] * int(exponent), x * 0 + 1)
        if float(exponent) in _EASY:
            return _EASY[float(exponent)](x)
    elif whole:
        refuse("an integer to a traced integer power", "make the base a float")
    fixed = np.abs(exponent) < np.inf if not symbolic(exponent) else np.abs(base) != 1
    plainly = not symbolic(fixed) and np.all(fixed)
    return apply("power" if plainly else "pow", "f", x, exponent)


def _reciprocal(x):
    if x.kind != "f":
        refuse("np.reciprocal of integers", "make them floats")
    return 1.0 / x


#: Ufuncs that are written with others.
_FORMULAS = {
    "positive": np.copy,
    "conjugate": np.copy,
    "square": lambda x: x * x,
    "reciprocal": _reciprocal,
    "power": _power,
    "float_power": _power,
    "exp2": lambda x: 2.0**x,
    **dict.fromkeys(("deg2rad", "radians"), lambda x: x * (np.pi / 180)),
    **dict.fromkeys(("rad2deg", "degrees"), lambda x: x * (180 / np.pi)),
    "isinf": lambda x: np.abs(x) == np.inf,
    "isfinite": lambda x: np.abs(x) < np.inf,
    "signbit": lambda x: (x < 0) | (1 / x < 0),
    "heaviside": lambda x, middle: np.where(
        np.isnan(x), x, np.where(x == 0, middle, x > 0)
    ),
    "logaddexp2": lambda a, b: np.logaddexp(a * _LN2, b * _LN2) / _LN2,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "divmod": lambda a, b: (a // b, a % b),
}

# Reductions ---------------------------------------------------------------------------


def _reduce(ufunc, array, axis=0, dtype=None, keepdims=False, initial=None):
    array, op = _prepared(ufunc, "reduce", array, dtype)
    axes = normalize_axis_tuple(range(array.ndim) if axis is None else axis, array.ndim)
    rows, run = _rows(array, axes)
    *lead, n = rows.shape
    paired = op == "add" and run > 1 and n and (n >= 8 or initial is not None)
    if paired:  # each run by itself, and then their sums one after another
        rows = rows.reshape(*lead, n // run, run)
        rows = folded("pair" if run >= 8 else "add", [rows], 1)
    if initial is not None:
        first = np.broadcast_to(cast(initial, array.kind), (*lead, 1))
        rows = np.concatenate([first, rows], axis=-1)
    done = paired and rows.shape[-1] == 1
    result = rows[..., 0] if done else folded(op, [rows], 1)
    return np.expand_dims(result, axes) if keepdims else result


def _accumulate(ufunc, array, axis=0, dtype=None):
    array, op = _prepared(ufunc, "accumulate", array, dtype)
    rows = np.ascontiguousarray(np.moveaxis(array, axis, -1))
    if not rows.size or rows.shape[-1] == 1:
        return array.copy()
    ids = active().add("scan", (view_of(rows.ids),), rows.shape, static=op)
    return np.moveaxis(unsigned(op, wrap(ids, array.kind)), -1, axis)


def _prepared(ufunc, method, array, dtype):
    """Return an array converted as NumPy does, and the operation for its kind.

    Truth values are counted, other kinds are kept.
    """
    name, array = ufunc.__name__, symbols(array)
    kind = array.kind
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
    rows = array.transpose(kept + inner)
    rows = rows.reshape(*rows.shape[: len(kept)], math.prod(rows.shape[len(kept) :]))
    bound = min((steps[k] for k in kept if array.shape[k] > 1), default=np.inf)
    return rows, math.prod(array.shape[k] for k in inner if steps[k] < bound)


def folded(op, arrays, inner, kind=None):
    """Build a node that folds the last axes of arrays, or of their product."""
    arrays, kind = np.broadcast_arrays(*arrays), kind or arrays[0].kind
    shape = arrays[0].shape
    outer, inside = shape[: len(shape) - inner], shape[len(shape) - inner :]
    if not math.prod(inside):
        return np.full_like(arrays[0], op in ("multiply", "logical_and"), shape=outer)
    if not math.prod(outer):
        return wrap(np.empty(outer, np.int64), kind)
    if math.prod(inside) <= _FEW and op in RULES:  # written out, the terms nowhere
        graph, cells = active(), active().cells + math.prod(outer)
        both = functools.partial(apply, "multiply", kind)
        terms = [
            functools.reduce(both, [array[..., *place] for array in arrays])
            for place in np.ndindex(inside)
        ]
        terms = [cast(0, kind), *terms] if op == "add" else terms
        result = functools.reduce(functools.partial(apply, op, kind), terms)
        graph.cells = min(graph.cells, cells)
        return result
    views = tuple(view_of(array.ids) for array in arrays)
    return unsigned(op, wrap(active().add(op, views, outer, inside), kind))


# Products -----------------------------------------------------------------------------


def _matrix(ufunc, *inputs):
    """Return the product that a generalised ufunc (matmul and its kin) gives."""
    if ufunc.__name__ not in ("matmul", "matvec", "vecmat", "vecdot"):
        refuse(f"np.{ufunc.__name__}", "write a product and a sum")
    axes = ufunc.signature.replace("?", "")  # such as (n,k),(k,m)->(n,m)
    for x, letter in zip(inputs, "nm", strict=True):
        if ufunc is np.matmul and np.ndim(x) == 1:
            axes = axes.replace(letter, "")
    axes = re.sub(r"\((.*?)\)", lambda found: "..." + found[1].replace(",", ""), axes)
    return contract(axes, *inputs)


def contract(*operands, optimize=False):
    """Return ``np.einsum(*operands)``, sums from left to right."""
    values = [symbols(x) if within(x) else x for x in operands]
    left, output, arrays = _parse_einsum_input(values)
    arrays, parts = common(arrays), left.split(",")
    labels = "".join(dict.fromkeys(output + "".join(parts)))
    for k, part in enumerate(parts):  # a repeated label is a diagonal
        own = "".join(x for x in labels if x in part)
        view = wrap(np.einsum(f"{part}->{own}", arrays[k].ids), arrays[k].kind)
        arrays[k] = view[tuple(slice(None) if x in own else None for x in labels)]
    if len(labels) == len(output):
        both = functools.partial(apply, "multiply", arrays[0].kind)
        return functools.reduce(both, arrays)
    op = "logical_or" if arrays[0].kind == "b" else "add"
    return unsigned("multiply", folded(op, arrays, len(labels) - len(output)))


METHODS |= {
    "__call__": _elementwise,
    "matrix": _matrix,
    "outer": lambda ufunc, a, b: ufunc(
        np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), symbols(b)
    ),
    "reduce": _reduce,
    "accumulate": _accumulate,
}
