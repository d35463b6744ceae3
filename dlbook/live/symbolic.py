"""Arrays of formulas: they answer to NumPy, and record what NumPy would compute.

A model runs unchanged on these arrays. Each element is a `Node`; broadcasting, slices
and reshaping are NumPy's own, arithmetic builds nodes. Kinds follow NumPy's rules for
types, so that a sum of truth values counts them and a quotient of integers is a float.
"""

import numpy as np

from dlbook.live.arithmetic import cast, elementwise, elements, kind_of
from dlbook.live.nodes import DTYPES, Node, refuse
from dlbook.live.linear import matrix_ufunc
from dlbook.live.reductions import accumulate, reduce

__all__ = ["FUNCTIONS", "SymbolicArray", "implements", "wrap"]

FUNCTIONS = {}


def implements(*functions):
    """Register a function as the symbolic form of NumPy's functions."""

    def register(function):
        FUNCTIONS.update(dict.fromkeys(functions, function))
        return function

    return register


def wrap(array):
    """Return a plain object array of nodes as a `SymbolicArray`."""
    return array.view(SymbolicArray)


class SymbolicArray(np.ndarray):
    """An array of nodes; see the module's text."""

    symbolic = True
    __hash__ = None

    @property
    def dtype(self):
        """The type that the values have when the model runs on numbers."""
        return DTYPES[kind_of(self.view(np.ndarray))]

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = _plain_options(ufunc, method, options)
        if ufunc.signature is not None:
            results = [matrix_ufunc(ufunc, method, inputs)]
        elif method == "__call__":
            results = elementwise(ufunc, inputs)
        elif method == "outer":
            first = elements(inputs[0])
            first = first.reshape(first.shape + (1,) * np.ndim(inputs[1]))
            results = elementwise(ufunc, (wrap(first), inputs[1]))
        elif method == "reduce":
            results = [reduce(ufunc, inputs[0], *inputs[1:], **plain)]
        elif method == "accumulate":
            results = [accumulate(ufunc, inputs[0], *inputs[1:], **plain)]
        else:
            refuse(f"np.{ufunc.__name__}.{method}", "write a sum over np.where")
        results = [
            wrap(result) if target is None else _store(target, result)
            for result, target in zip(results, out or [None] * len(results))
        ]
        return results[0] if len(results) == 1 else tuple(results)

    def __array_function__(self, function, types, args, kwargs):
        known = FUNCTIONS.get(function)
        if known is None:
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np")
            refuse(name, _HINTS.get(function.__name__, _HINT))
        return known(*args, **kwargs)

    def __getitem__(self, key):
        if _is_symbolic(key):
            if key.dtype.kind == "i":
                return np.take(self, key, axis=0)
            refuse(*_MASK)
        _static(key)
        result = self.view(np.ndarray)[key]
        return wrap(result) if isinstance(result, np.ndarray) else wrap(_zero_d(result))

    def __setitem__(self, key, value):
        _static(key)
        plain = self.view(np.ndarray)
        plain[key] = cast(elements(value), kind_of(plain))

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return f"<traced array of shape {self.shape}>"

    __str__ = __repr__


_MASK = (
    "indexing by a traced condition",
    "keep all elements and write np.where(condition, a, b)",
)
_HINT = "write it with the supported operations, or record it and use np.take"
_HINTS = {}


def _zero_d(node):
    array = np.empty((), dtype=object)
    array[()] = node
    return array


def _is_symbolic(value):
    return getattr(value, "symbolic", False)


def _static(key):
    for part in key if isinstance(key, tuple) else (key,):
        if _is_symbolic(part):
            refuse("this use of a traced index", "write np.take(table, k, axis=0)")


def _store(target, result):
    if not isinstance(target, SymbolicArray):
        refuse("out= with an array of floats", "leave out= away")
    target[...] = wrap(result)
    return target


def _plain_options(ufunc, method, options):
    if options.pop("where", True) is not True:
        refuse(f"where= of np.{ufunc.__name__}", "write np.where(condition, a, b)")
    for name in ("casting", "order", "subok"):
        options.pop(name, None)
    allowed = {"axis", "keepdims", "initial", "dtype"} if method != "__call__" else ()
    for name in options:
        if name not in allowed and options[name] is not None:
            refuse(f"{name}= of np.{ufunc.__name__}", "leave it away")
    return options
