"""NumPy's ufuncs on arrays of ids: which node each of them builds.

Which loop a ufunc takes (bool, int64, float64) is asked of NumPy itself; loops of other
types, such as float32, are refused, because JavaScript would compute them in float64.
"""

import functools

import numpy as np
from numpy import asarray, nditer  # a trace replaces some of these for models

from dlbook.compiler.nodes import (
    DTYPES,
    KINDS,
    active,
    constants,
    in_memory,
    is_constant,
    kind_of,
    refuse,
    view_of,
)
from dlbook.compiler.rules import RULES

__all__ = [
    "FORMULAS", "TRUTH", "apply", "cast", "common", "elements", "elementwise", "plain",
    "symbolic", "whole", "within",
]  # fmt: skip

#: The operation on truth values that stands for a ufunc.
TRUTH = {
    "add": "logical_or", "multiply": "logical_and", "maximum": "logical_or",
    "minimum": "logical_and", "fmax": "logical_or", "fmin": "logical_and",
    "bitwise_or": "logical_or", "bitwise_and": "logical_and",
    "bitwise_xor": "logical_xor", "invert": "logical_not",
}  # fmt: skip
#: Ufuncs that are written with others, as functions of ids.
FORMULAS = {}
_SIGNED = ("multiply", "remainder", "fmod", "floor_divide")


def symbolic(value):
    """Tell whether a value is an array of ids."""
    return getattr(value, "symbolic", False)


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


def within(value):
    """Tell whether a value is, or holds in lists, an array of ids."""
    if isinstance(value, (list, tuple)):
        return any(map(within, value))
    return symbolic(value)


def plain(value):
    """Return a symbolic array of constants as numbers, other values as they are."""
    if symbolic(value) and is_constant(value.ids):
        return constants(value.ids)
    return value


def apply(op, kind, *arrays, static=()):
    """Build a node for an operation on each element of the broadcast arrays."""
    return whole(op, kind, _applied(op, kind, arrays, static))


def whole(op, kind, ids):
    """Take the sign off zeros: integers have no negative zero."""
    signed = kind == "i" and op in _SIGNED
    return apply("add", "i", ids, elements(0)) if signed else ids


def _applied(op, kind, arrays, static):
    flags = [["readonly"]] * len(arrays) + [["writeonly", "allocate"]]
    types = [None] * len(arrays) + [np.int64]
    made = nditer([*arrays, None], ["zerosize_ok"], flags, types).operands[-1]
    if not made.size:
        return made
    packed, back = in_memory(made)
    views = [
        view_of(np.broadcast_to(a, made.shape).transpose(np.argsort(back)))
        for a in arrays
    ]
    shape = tuple(  # an axis along which no argument changes is computed once
        n if any(view.strides[k] for view in views) else 1
        for k, n in enumerate(packed.shape)
    )
    packed[...] = active().add(op, tuple(views), kind, shape, static=static)
    return made


def cast(array, kind):
    """Return the array converted as ``astype`` would."""
    own = kind_of(array)
    if own == kind or not array.size:
        return array
    if kind == "b":
        return apply("not_equal", "b", array, elements(0.0))
    if own == "f":
        return apply("int", "i", array)
    return apply("number" if own == "b" else "same", kind, array)


def common(values):
    """Return values as arrays of ids of one kind, the widest of theirs."""
    arrays = [elements(value) for value in values]
    sized = [kind_of(array) for array in arrays if array.size] or ["f"]
    kind = max(sized, key="bif".index)
    return [cast(array, kind) for array in arrays], kind


def _loop(ufunc, inputs):
    """Return the kinds of the loop that NumPy would run: inputs and outputs."""
    dtypes = _resolved(ufunc, tuple(map(_loop_type, inputs)))
    kinds = [KINDS.get(dtype) for dtype in dtypes]
    if None in kinds:
        wrong = dtypes[kinds.index(None)]
        refuse(
            f"np.{ufunc.__name__} in {wrong}",
            "convert the constants by .astype(np.float64)",
        )
    return kinds[: ufunc.nin], kinds[ufunc.nin :]


@functools.cache
def _resolved(ufunc, types):
    return ufunc.resolve_dtypes((*types, *[None] * ufunc.nout))


def _loop_type(value):
    if type(value) in (int, float):
        return type(value)
    if symbolic(value):
        return value.dtype
    if within(value):
        return DTYPES[kind_of(elements(value))]
    return asarray(value).dtype


def elementwise(ufunc, inputs):
    """Return the arrays that a call of the ufunc gives."""
    name = ufunc.__name__
    if name not in RULES and name not in TRUTH and name not in FORMULAS:
        refuse(f"np.{name}", "write it with the basic operations")
    kinds, (kind, *_) = _loop(ufunc, inputs)
    if name.startswith("logical"):
        kinds = "b" * len(kinds)
    arrays = [cast(elements(x), k) for x, k in zip(inputs, kinds, strict=True)]
    if kind == "b" and name in TRUTH:
        name = TRUTH[name]
    elif name in FORMULAS:
        return FORMULAS[name](*arrays)
    if name not in RULES:
        refuse(f"np.{name} on integers", "use truth values or floats")
    if kind == "i" and name in _SIGNED[1:]:
        zero, found = elements(0), apply(name, kind, *arrays)
        by_zero = apply("equal", "b", arrays[1], zero)
        return [apply("select", "i", by_zero, zero, found)]
    if kind == "i" and name == "negative":
        name, arrays = "subtract", [elements(0), *arrays]
    return [apply(name, kind, *arrays)]
