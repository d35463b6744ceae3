"""NumPy's ufuncs on arrays of ids: which node each of them builds.

Which loop a ufunc takes (bool, int64, float64) is asked of NumPy itself; loops of other
types, such as float32, are refused, because JavaScript would compute them in float64.
"""

import math

import numpy as np
from numpy import (
    asarray,
    empty,
    empty_like,
    full,
    nditer,
)  # a trace replaces some of these for models

from dlbook.compiler.nodes import (
    DTYPES,
    KINDS,
    active,
    constants,
    is_constant,
    kind_of,
    refuse,
    view_of,
)
from dlbook.compiler.rules import RULES

__all__ = [
    "apply", "cast", "common", "elements", "elementwise", "plain", "scalar_power",
    "symbolic",
]  # fmt: skip

#: Operations by the ufunc's name, where the two names differ; then all.
_SIMPLE = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg",
    "absolute": "abs", "fabs": "abs", "remainder": "mod", "floor_divide": "floordiv",
    "maximum": "max", "minimum": "min", "less": "lt", "less_equal": "le",
    "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
}  # fmt: skip
_SIMPLE |= {name: name for name in RULES if isinstance(getattr(np, name, 0), np.ufunc)}
_BOOL = {
    "add": "or", "multiply": "and", "maximum": "or", "minimum": "and",
    "fmax": "or", "fmin": "and", "bitwise_or": "or", "bitwise_and": "and",
    "bitwise_xor": "xor", "invert": "not",
}  # fmt: skip
_LOGICAL = {
    "logical_and": "and", "logical_or": "or", "logical_xor": "xor",
    "logical_not": "not",
}  # fmt: skip
_SAME = {
    "b": {"absolute", "floor", "ceil", "trunc", "conjugate", "positive"},
    "i": {"floor", "ceil", "trunc", "conjugate", "positive"},
    "f": {"conjugate", "positive"},
}


def symbolic(value):
    """Tell whether a value is an array of ids."""
    return getattr(value, "symbolic", False)


def elements(value):
    """Return a value as an array of ids of one kind."""
    if symbolic(value):
        return value.ids
    if isinstance(value, (list, tuple)) and any(map(_within, value)):
        return np.stack(common(value)[0])
    array = asarray(value)
    if array.dtype.kind not in "biuf":
        refuse(f"a constant of type {array.dtype}", "use real numbers")
    if array.dtype.kind in "iu" and array.size and np.abs(array).max() > 2**53:
        whole = int(array.flat[np.abs(array).argmax()])
        refuse(f"the integer {whole}", "JavaScript's numbers are exact up to 2**53")
    kind = {"b": "b", "f": "f"}.get(array.dtype.kind, "i")
    order = sorted(range(array.ndim), key=lambda k: -abs(array.strides[k]))
    packed = array.transpose(order)
    few = np.ascontiguousarray(packed, np.float64).view(np.int64).reshape(packed.shape)
    for k in range(few.ndim):  # an axis along which nothing changes
        first = few.take([0], k) if few.shape[k] else few
        if few.size > 1 and np.array_equal(np.broadcast_to(first, few.shape), few):
            few = first
    node = active().const(np.ascontiguousarray(few).view(np.float64), kind)
    ids = active().ids(node, few.shape)
    result = empty_like(packed, np.int64, "C")
    result[...] = ids
    return result.transpose(np.argsort(order))


def _within(value):
    return (
        symbolic(value) or isinstance(value, (list, tuple)) and any(map(_within, value))
    )


def plain(value):
    """Return a symbolic array of constants as numbers, other values as they are."""
    if symbolic(value) and is_constant(value.ids):
        return constants(value.ids)
    return value


def apply(op, kind, *arrays, static=()):
    """Build a node for an operation on each element of the broadcast arrays."""
    if all(array.size == 1 and array.ndim == 0 for array in arrays):
        node = active().node(op, tuple(map(view_of, arrays)), kind, (), static=static)
        return full((), node.start)
    shape = max((array.shape for array in arrays), key=len)
    if math.prod(shape) and all(
        array.ndim == 0 or array.shape == shape and array.flags.c_contiguous
        for array in arrays
    ):  # most often; the order of memory is that of the axes
        views = [view_of(array) for array in arrays]
        still = (0,) * len(shape)
        views = [view._replace(strides=view.strides or still) for view in views]
        return _filled(op, kind, views, empty(shape, np.int64), static)
    operands = [*arrays, None]
    flags = [["readonly"]] * len(arrays) + [["writeonly", "allocate"]]
    made = nditer(operands, ["zerosize_ok"], flags, [None] * len(arrays) + [np.int64])
    result = made.operands[-1]
    order = sorted(range(result.ndim), key=lambda k: -abs(result.strides[k]))
    packed = result.transpose(order)
    args = [np.broadcast_to(a, result.shape).transpose(order) for a in arrays]
    if not result.size:
        return result
    _filled(op, kind, [view_of(arg) for arg in args], packed, static)
    return result


def _filled(op, kind, views, packed, static):
    """Fill an array with the ids of an operation's node."""
    shape = tuple(  # an axis along which no argument changes is computed once
        n if any(view.strides[k] for view in views) else 1
        for k, n in enumerate(packed.shape)
    )
    node = active().node(op, tuple(views), kind, shape, static=static)
    packed[...] = active().ids(node, shape)
    return packed


def cast(array, kind):
    """Return the array converted as ``astype`` would."""
    own = kind_of(array)
    if own == kind or not array.size:
        return array
    if kind == "b":
        return apply("ne", "b", array, elements(0.0))
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
    types = [_loop_type(value) for value in inputs] + [None] * ufunc.nout
    dtypes = ufunc.resolve_dtypes(tuple(types))
    kinds = [KINDS.get(dtype) for dtype in dtypes]
    if None in kinds:
        wrong = dtypes[kinds.index(None)]
        refuse(
            f"np.{ufunc.__name__} in {wrong}",
            "convert the constants by .astype(np.float64)",
        )
    return kinds[: ufunc.nin], kinds[ufunc.nin :]


def _loop_type(value):
    if type(value) in (int, float):
        return type(value)
    if symbolic(value):
        return value.dtype
    if isinstance(value, (list, tuple)) and any(map(_within, value)):
        return DTYPES[kind_of(elements(value))]
    return asarray(value).dtype


def elementwise(ufunc, inputs):
    """Return the arrays that a call of the ufunc gives."""
    name = ufunc.__name__
    if name not in _SUPPORTED:
        refuse(f"np.{name}", "write it with the basic operations")
    ins, outs = _loop(ufunc, inputs)
    arrays = [elements(value) for value in inputs]
    if name in _LOGICAL:
        return [apply(_LOGICAL[name], "b", *[cast(a, "b") for a in arrays])]
    arrays = [cast(a, kind) for a, kind in zip(arrays, ins, strict=True)]
    if name in _SAME[outs[0]]:
        return [arrays[0].copy()]
    if outs[0] == "b" and name in _BOOL:
        return [apply(_BOOL[name], "b", *arrays)]
    if name in _SPECIAL:
        results = _SPECIAL[name](outs[0], *arrays)
        return results if isinstance(results, list) else [results]
    if name not in _SIMPLE:
        refuse(f"np.{name} on integers", "use truth values or floats")
    return [apply(_SIMPLE[name], outs[0], *arrays)]


def _multiply(kind, a, b):
    product = apply("mul", kind, a, b)
    return _whole(product) if kind == "i" else product


def _whole(a):
    """Integers have no negative zero."""
    return apply("add", "i", a, elements(0))


def _negative(kind, a):
    return apply("sub", "i", elements(0), a) if kind == "i" else apply("neg", kind, a)


def _unless_zero(op, kind, a, b):
    if kind == "f":
        return apply(op, "f", a, b)
    quotient = _whole(apply(op, "i", a, b))
    zero = apply("eq", "b", b, elements(0))
    return apply("select", "i", zero, elements(0), quotient)


def _power(kind, a, b):
    if b.ndim == 0 and is_constant(b):
        exponent = float(constants(b))
        if kind == "i":
            return _integer_power(a, exponent)
        if exponent in (0.5, 1, 2, -1):
            return _easy_power(a, exponent)
        if abs(exponent) < np.inf:
            return apply("power", "f", a, b)
    if kind == "i":
        refuse("an integer to a traced integer power", "make the base a float")
    return apply("pow", "f", a, b)


def scalar_power(a, exponent):
    """Return ``a ** exponent`` of scalars: the C library's pow, also for 0.5."""
    if not symbolic(exponent) and exponent == 0.5:
        return apply("power", "f", cast(elements(a), "f"), elements(0.5))
    return elementwise(np.power, (a, exponent))[0]


def _easy_power(a, exponent):
    if exponent == 0.5:
        return apply("sqrt", "f", a)
    if exponent == 1:
        return a
    if exponent == 2:
        return apply("mul", "f", a, a)
    return apply("div", "f", elements(1.0), a)


def _integer_power(a, exponent):
    if exponent > 64:
        refuse("an integer power above 64", "make the base a float")
    result = apply("add", "i", apply("mul", "i", a, elements(0)), elements(1))
    for _ in range(int(exponent)):
        result = _multiply("i", result, a)
    return result


def _heaviside(kind, x, middle):
    half = apply("select", "f", apply("eq", "b", x, elements(0.0)), middle, _sided(x))
    return apply("select", "f", apply("isnan", "b", x), x, half)


def _sided(x):
    negative = apply("lt", "b", x, elements(0.0))
    return apply("select", "f", negative, elements(0.0), elements(1.0))


def _logaddexp2(kind, a, b):
    gap = apply("sub", "f", a, b)
    rest = apply("power", "f", elements(2.0), apply("neg", "f", apply("abs", "f", gap)))
    rest = apply("mul", "f", elements(np.log2(np.e)), apply("log1p", "f", rest))
    far = apply("add", "f", apply("max", "f", a, b), rest)
    same = apply("eq", "b", a, b)
    return apply("select", "f", same, apply("add", "f", a, elements(1.0)), far)


def _signbit(kind, x):
    below = apply("lt", "b", x, elements(0.0))
    return apply("or", "b", below, apply("lt", "b", _easy_power(x, -1), elements(0.0)))


def _refuse_integers(kind, *arrays):
    return refuse("np.reciprocal of integers", "make them floats")


def _scaled(factor):
    return lambda kind, x: apply("mul", "f", x, elements(factor))


_SPECIAL = {
    "multiply": _multiply,
    "square": lambda kind, x: _multiply(kind, x, x),
    "negative": _negative,
    "power": _power,
    "float_power": _power,
    "reciprocal": lambda kind, x: (
        _easy_power(x, -1) if kind == "f" else _refuse_integers(kind)
    ),
    "exp2": lambda kind, x: apply("power", "f", elements(2.0), x),
    "deg2rad": _scaled(np.pi / 180),
    "radians": _scaled(np.pi / 180),
    "rad2deg": _scaled(180 / np.pi),
    "degrees": _scaled(180 / np.pi),
    "isinf": lambda kind, x: apply("eq", "b", apply("abs", "f", x), elements(np.inf)),
    "isfinite": lambda kind, x: apply(
        "lt", "b", apply("abs", "f", x), elements(np.inf)
    ),
    "heaviside": _heaviside,
    "logaddexp2": _logaddexp2,
    "signbit": _signbit,
    "remainder": lambda kind, a, b: _unless_zero("mod", kind, a, b),
    "fmod": lambda kind, a, b: _unless_zero("fmod", kind, a, b),
    "floor_divide": lambda kind, a, b: _unless_zero("floordiv", kind, a, b),
    "divmod": lambda kind, a, b: [
        _unless_zero("floordiv", kind, a, b),
        _unless_zero("mod", kind, a, b),
    ],
}
_SUPPORTED = {*_SIMPLE, *_BOOL, *_LOGICAL, *_SPECIAL, *_SAME["b"]}
