"""Arrays of formulas: they answer to NumPy, and record what NumPy would compute.

A model runs unchanged on these arrays. Each element is an id; broadcasting, slices,
reshaping and writing in place are NumPy's own, arithmetic builds nodes. Kinds follow
NumPy's rules for types, so that a sum of truth values counts them and a quotient of
integers is a float. Ids are stored as a structure that no number can be taken for.
"""

import numpy as np

from dlbook.compiler.nodes import (
    DTYPES,
    KINDS,
    NO_FLOAT,
    constants,
    is_constant,
    kind_of,
    refuse,
)
from dlbook.compiler.ufuncs import (
    accumulate,
    apply,
    cast,
    elements,
    elementwise,
    matrix_ufunc,
    plain,
    reduce,
    symbolic,
)

__all__ = ["FUNCTIONS", "NO_INDEX", "SymbolicArray", "implements", "kind_like", "wrap"]

FUNCTIONS = {}
_ID = np.dtype([("lo", "<u4"), ("hi", "<i4")])
_ORDER = "the order of the values would change the program"
_RECORD = "compute it outside the model, or record the results and use np.take"
_KEEP = "keep all elements and write np.where(condition, a, b)"
_HINTS = {
    **dict.fromkeys(
        ("sort", "argsort", "partition", "argpartition", "median", "percentile",
         "quantile", "unique", "lexsort", "sort_complex", "nanmedian"),
        f"{_ORDER}; np.max, np.min, np.argmax and np.where do not sort; {_RECORD}",
    ),
    **dict.fromkeys(("nonzero", "argwhere", "flatnonzero", "extract", "place"), _KEEP),
    **dict.fromkeys(
        ("allclose", "array_equal", "array_equiv"), "return the difference instead"
    ),
    "copyto": "write np.where or np.full_like of a traced array",
}  # fmt: skip


def implements(*functions):
    """Register a function as the symbolic form of NumPy's functions."""

    def register(function):
        FUNCTIONS.update(dict.fromkeys(functions, function))
        return function

    return register


def wrap(ids):
    """Return an array of ids as a `SymbolicArray` on the same memory."""
    return np.asarray(ids, np.int64).view(_ID).view(SymbolicArray)


def kind_like(dtype):
    """Return the kind of a type that a model names; other types are refused."""
    dtype = np.dtype(dtype)
    if dtype not in KINDS:
        refuse(f"the type {dtype}", "use np.float64, np.int64 or bool")
    return KINDS[dtype]


class SymbolicArray(np.ndarray):
    """An array of nodes; see the module's text."""

    symbolic = True
    __hash__ = None

    @property
    def dtype(self):
        """The type that the values have when the model runs on numbers."""
        return DTYPES[kind_of(self.ids)]

    @property
    def ids(self):
        """The ids, on the same memory."""
        return np.ndarray.view(self, np.ndarray).view(np.int64)

    # NumPy's protocols ----------------------------------------------------------------

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        options = _checked(ufunc, method, options)
        if ufunc.signature is not None:
            results = [matrix_ufunc(ufunc, inputs)]
        elif method == "__call__":
            results = elementwise(ufunc, inputs)
        elif method == "outer":
            first, second = map(elements, inputs)
            first = first.reshape(first.shape + (1,) * second.ndim)
            results = elementwise(ufunc, (wrap(first), wrap(second)))
        elif method in ("reduce", "accumulate"):
            fold = reduce if method == "reduce" else accumulate
            results = [fold(ufunc, *inputs, **options)]
        else:
            refuse(f"np.{ufunc.__name__}.{method}", "write a sum over np.where")
        targets = [None] * len(results) if out is None else out
        results = [_store(t, r) for t, r in zip(targets, results, strict=True)]
        return results[0] if len(results) == 1 else tuple(results)

    def __array_function__(self, function, types, args, kwargs):
        known = FUNCTIONS.get(function)
        name = function.__name__
        if known is None:
            numbers = [plain(arg) for arg in args]
            if not any(map(symbolic, numbers)) and any(map(symbolic, args)):
                return function(*numbers, **kwargs)
            module = function.__module__.replace("numpy", "np", 1)
            hint = _HINTS.get(name, f"use the basic operations; {_RECORD}")
            refuse(f"{module}.{name}", hint)
        if kwargs.pop("out", None) is not None:
            refuse(f"out= of np.{name}", "leave it away")
        try:
            return known(*args, **kwargs)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            these = f"np.{name} with these arguments ({error})"
            return refuse(these, "leave them away")

    # Elements -------------------------------------------------------------------------

    def __getitem__(self, key):
        key = plain(key)
        if symbolic(key):
            return _chosen(self, key)
        return wrap(self.ids[_static(key)])

    def __setitem__(self, key, value):
        ids = self.ids
        ids[_static(plain(key))] = cast(elements(value), kind_of(ids))

    def __eq__(self, other):
        return np.equal(self, other)

    def __ne__(self, other):
        return np.not_equal(self, other)

    def __iter__(self):
        return (self[k] for k in range(len(self)))

    def item(self, *place):
        """Return one element."""
        if len(place) == 1:
            place = place[0]
        if isinstance(place, tuple):
            return self[place or ...]
        return self.reshape(-1)[place]

    def tolist(self):
        """Return nested lists of elements."""
        return [part.tolist() for part in self] if self.ndim else self

    @property
    def flat(self):
        """The elements in one row."""
        return self.reshape(-1)

    @property
    def real(self):
        """The array itself."""
        return self

    def view(self, kind=None):
        """Return the array itself under another class; types cannot be changed."""
        if not (isinstance(kind, type) and issubclass(kind, np.ndarray)):
            refuse("view()", "use copy() or astype(float)")
        return np.ndarray.view(self, kind)

    def astype(self, dtype, **options):
        """Return the values as floats, integers or truth values."""
        return wrap(cast(self.ids, kind_like(dtype)).copy("K"))

    def fill(self, value):
        """Set all elements."""
        self[...] = value

    def __deepcopy__(self, memo):
        return self.copy()

    def __repr__(self):
        return f"<traced array of shape {self.shape}>"

    __str__ = __repr__

    def __pow__(self, other):
        if self.ndim == 0 and isinstance(other, float) and other == 0.5:
            # the C library's pow, where an array takes its square root
            return wrap(apply("power", "f", cast(self.ids, "f"), elements(0.5)))
        return np.power(self, other)


NO_INDEX = (
    "a traced value as an index or a count",
    "write np.take(table, k, axis=0) for table[k] and table.take(k)",
)
_MASK = ("indexing by a traced condition", _KEEP)


def _chosen(array, key):
    if key.dtype.kind != "i":
        refuse(*_MASK)
    return np.take(array, key, axis=0)


def _static(key):
    """Return a key whose parts are numbers; a traced part is refused."""
    if not isinstance(key, tuple):
        key = (key,)
    key = tuple(map(plain, key))
    for part in key:
        if symbolic(part):
            if part.dtype.kind == "b":
                refuse(*_MASK)
            refuse("this index", "write np.take(array, k, axis=...)")
    return key


def _store(target, result):
    if target is None:
        return wrap(result)
    if not symbolic(target):
        refuse("writing a traced value into an array of floats", _JOIN)
    target[...] = wrap(result)
    return target


_JOIN = "leave out= away, and write a = a + b for a += b"


def _checked(ufunc, method, options):
    """Return the options of a ufunc that are supported; the others are refused."""
    if options.pop("where", True) is not True:
        refuse(f"where= of np.{ufunc.__name__}", "write np.where(condition, a, b)")
    for name in ("casting", "order", "subok"):
        options.pop(name, None)
    allowed = {
        "reduce": {"axis", "keepdims", "initial", "dtype"},
        "accumulate": {"axis", "dtype"},
    }.get(method, set())
    for name in options.keys() - allowed:
        refuse(f"{name}= of np.{ufunc.__name__}", "leave it away")
    return options


def _refused(operation, instead, number=None):
    """Return a method that is refused, but for a number that is known."""

    def method(self, *args, **kwargs):
        if number and is_constant(self.ids):
            return getattr(constants(self.ids)[()], number)(*args, **kwargs)
        return refuse(operation, instead)

    return method


def _in_place(name):
    """Bind the name anew for a scalar, as Python does; write into an array."""
    plain = getattr(np.ndarray, f"__{name}__")
    in_place = getattr(np.ndarray, f"__i{name}__")

    def method(self, other):
        if self.ndim == 0:
            return getattr(type(self), f"__{name}__", plain)(self, other)
        return in_place(self, other)

    return method


def _through(name):
    """Send a method to NumPy's function of the same name."""
    function = getattr(np, name)

    def method(self, *args, **kwargs):
        return function(self, *args, **kwargs)

    return method


for _name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or",
    "xor",
):  # fmt: skip
    setattr(SymbolicArray, f"__i{_name}__", _in_place(_name))
for _name in (
    "argmax", "argmin", "choose", "conj", "conjugate", "dot", "round", "take",
    "argsort", "partition", "argpartition", "nonzero", "searchsorted", "compress",
    "trace",
):  # fmt: skip
    setattr(SymbolicArray, _name, _through(_name))
_IF = "`if`, `while`, `and`, `or`, `not`, max() and min() on a traced value"
_WHERE = "write np.where(condition, a, b), np.logical_and, np.maximum or np.minimum"
for _names, _operation, _instead in (
    (("__bool__", "__contains__"), _IF, _WHERE),
    (("__float__", "__complex__"), *NO_FLOAT),
    (("__int__",), "int() of a traced value", "write np.rint, np.floor or astype(int)"),
    (("__index__",), *NO_INDEX),
    (("__round__",), "round() of a traced value", "write np.round"),
    (("__format__",), "a traced value in a text", "let the figure's text show it"),
    (("sort",), "sort()", _HINTS["sort"]),
    (
        ("byteswap", "dump", "dumps", "getfield", "put", "resize", "setfield",
         "to_device", "tobytes", "tofile", "__reduce__", "__reduce_ex__",
         "__dlpack__"),
        "this method of a traced array", "use the functions of numpy",
    ),
):  # fmt: skip
    for _name in _names:
        setattr(SymbolicArray, _name, _refused(_operation, _instead, _name))
for _name in ("imag", "data", "ctypes"):
    setattr(SymbolicArray, _name, property(_refused(f".{_name}", "leave it away")))
