"""NumPy's ufuncs on arrays of nodes: which node each of them builds.

Everything here works on plain object arrays whose elements are nodes. Which loop a
ufunc takes (bool, int64, float64) is asked of NumPy itself; loops of other types, such
as float32, are refused, because JavaScript would compute them in float64.
"""

import numpy as np
from numpy import asarray  # the patched np.asarray of a trace is for models only

from dlbook.live.nodes import DTYPES, Node, active, refuse

__all__ = [
    "apply", "boxed", "cast", "common", "elements", "elementwise", "kind_of",
    "scalar_power",
]  # fmt: skip

_SIMPLE = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div",
    "negative": "neg", "absolute": "abs", "fabs": "abs", "sqrt": "sqrt",
    "cbrt": "cbrt", "exp": "exp", "expm1": "expm1", "log": "log", "log2": "log2",
    "log10": "log10", "log1p": "log1p", "sin": "sin", "cos": "cos", "tan": "tan",
    "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "arcsinh": "arcsinh", "arccosh": "arccosh",
    "arctanh": "arctanh", "arctan2": "arctan2", "hypot": "hypot", "floor": "floor",
    "ceil": "ceil", "trunc": "trunc", "rint": "rint", "sign": "sign",
    "remainder": "mod", "fmod": "fmod", "floor_divide": "floordiv",
    "maximum": "max", "minimum": "min", "fmax": "fmax", "fmin": "fmin",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
    "equal": "eq", "not_equal": "ne", "isnan": "isnan", "copysign": "copysign",
    "logaddexp": "logaddexp",
}  # fmt: skip
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


def elements(value):
    """Return a value as a plain object array of nodes of one kind."""
    if getattr(value, "symbolic", False):
        return value.view(np.ndarray)
    array = asarray(value)
    if array.dtype != object:
        return boxed([_constant(v, array.dtype) for v in array.flat], array.shape)
    nodes = [_unwrap(item) for item in array.flat]
    kind = max((node.kind for node in nodes), key="bif".index, default="f")
    return cast(boxed(nodes, array.shape), kind)


def _unwrap(item):
    if isinstance(item, np.ndarray):
        item = item.view(np.ndarray)[()]  # a node in an array without axes
    if isinstance(item, Node):
        return item
    return _constant(item, asarray(item).dtype)


def _constant(value, dtype):
    if dtype.kind not in "biuf":
        refuse(f"a constant of type {dtype}", "use real numbers")
    if dtype.kind in "iu" and abs(int(value)) > 2**53:
        refuse(f"the integer {value}", "JavaScript's numbers are exact up to 2**53")
    return active().const(value, {"b": "b", "f": "f"}.get(dtype.kind, "i"))


def boxed(nodes, shape):
    """Return nodes in an object array."""
    array = np.empty(len(nodes), dtype=object)
    array[:] = nodes
    return array.reshape(shape)


def kind_of(array):
    """Return the kind of the elements: b, i or f (f if there are none)."""
    return next((node.kind for node in array.flat), "f")


def apply(op, kind, *arrays, static=()):
    """Build one node for each element of the broadcast arrays."""
    graph = active()

    def rule(*args):
        return graph.node(op, args, kind, static)

    result = np.frompyfunc(rule, len(arrays), 1)(*arrays)
    return result if isinstance(result, np.ndarray) else boxed([result], ())


def cast(array, kind):
    """Return the array converted as ``astype`` would."""
    own = kind_of(array)
    if own == kind or not array.size:
        return array
    if kind == "b":
        return apply("ne", "b", array, elements(0.0))
    if own == "f":
        return apply("int", "i", array)
    return apply("same", kind, array)


def common(values):
    """Return values as arrays of nodes of one kind, the widest of theirs."""
    arrays = [elements(value) for value in values]
    kind = max(map(kind_of, arrays), key="bif".index)
    return [cast(array, kind) for array in arrays], kind


def _loop(ufunc, inputs):
    """Return the kinds of the loop that NumPy would run: inputs and outputs."""
    types = [_loop_type(value) for value in inputs] + [None] * ufunc.nout
    dtypes = ufunc.resolve_dtypes(tuple(types))
    kinds = [_KINDS.get(dtype) for dtype in dtypes]
    if None in kinds:
        wrong = dtypes[kinds.index(None)]
        refuse(
            f"np.{ufunc.__name__} in {wrong}",
            "convert the constants by .astype(np.float64)",
        )
    return kinds[: ufunc.nin], kinds[ufunc.nin :]


_KINDS = {dtype: kind for kind, dtype in DTYPES.items()}


def _loop_type(value):
    if type(value) in (int, float):
        return type(value)
    if getattr(value, "symbolic", False):
        return value.dtype
    array = asarray(value)
    return DTYPES[kind_of(elements(array))] if array.dtype == object else array.dtype


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
    if b.ndim == 0 and b[()].op == "const":
        exponent = b[()].static
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
    if np.ndim(exponent) == 0 and elements(exponent)[()].static == 0.5:
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
