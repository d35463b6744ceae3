"""Arrays of formulas: they answer to NumPy, and record what NumPy would compute.

A model runs unchanged on these arrays. Each element is an id; broadcasting, slices,
reshaping and writing in place are NumPy's own, arithmetic builds nodes. Kinds follow
NumPy's rules for types, so that a sum of truth values counts them and a quotient of
integers is a float. Ids are stored as a structure that no number can be taken for.
"""

import numpy as np

from dlbook.compiler import ufuncs
from dlbook.compiler.nodes import DTYPES, KINDS, kind_of, refuse
from dlbook.compiler.ufuncs import apply, cast, elements, plain, symbolic

#: The symbolic forms of NumPy's functions, where those are no ufuncs.
FUNCTIONS = {}
_ID = np.dtype([("lo", "<u4"), ("hi", "<i4")])
_RECORD = "compute it outside the model, or record the results and use np.take"
_KEEP = "keep all elements and write np.where(condition, a, b)"
_SORT = (
    "the order of the values would change the program; np.max, np.min, np.argmax and "
    f"np.where do not sort; {_RECORD}"
)
_HINTS = {
    **dict.fromkeys(
        ("sort", "argsort", "partition", "argpartition", "median", "percentile",
         "quantile", "unique", "lexsort", "sort_complex", "nanmedian"),
        _SORT,
    ),
    **dict.fromkeys(("nonzero", "argwhere", "flatnonzero", "extract", "place"), _KEEP),
    **dict.fromkeys(
        ("allclose", "array_equal", "array_equiv"), "return the difference instead"
    ),
    "copyto": "write np.where or np.full_like of a traced array",
}  # fmt: skip
NO_FLOAT = (
    "float() of a traced value, or storing it in an array of floats,",
    "use NumPy's functions instead of the math module's; collect values in a list and "
    "join them by np.stack, or fill an array that the model makes by np.zeros",
)
LOST = (
    "arithmetic on an array that lost its trace",
    "make arrays of traced values by np.array, np.asarray or np.stack",
)
NO_INDEX = (
    "a traced value as an index or a count",
    "write np.take(table, k, axis=0) for table[k] and table.take(k)",
)
_MASK = ("indexing by a traced condition", _KEEP)
_JOIN = "leave out= away, and write a = a + b for a += b"
#: The options of a ufunc's methods that are understood, and those that do nothing.
_OPTIONS = {
    "reduce": {"axis", "keepdims", "initial", "dtype"},
    "accumulate": {"axis", "dtype"},
}
_IDLE = {"casting", "order", "subok"}


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

    @property
    def dtype(self):
        """The type that the values have when the model runs on numbers."""
        return DTYPES[kind_of(self.ids)]

    @property
    def ids(self):
        """The ids, on the same memory."""
        return np.ndarray.view(self, np.ndarray).view(np.int64)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        name = ufunc.__name__
        if options.pop("where", True) is not True:
            refuse(f"where= of np.{name}", "write np.where(condition, a, b)")
        options = {key: options[key] for key in options.keys() - _IDLE}
        for key in options.keys() - _OPTIONS.get(method, set()):
            refuse(f"{key}= of np.{name}", "leave it away")
        if ufunc.signature is not None:
            results = [ufuncs.matrix_ufunc(ufunc, inputs)]
        elif method == "__call__":
            results = ufuncs.elementwise(ufunc, inputs)
        elif method == "outer":
            first, second = map(elements, inputs)
            first = first.reshape(first.shape + (1,) * second.ndim)
            results = ufuncs.elementwise(ufunc, (wrap(first), wrap(second)))
        elif method in _OPTIONS:
            results = [getattr(ufuncs, method)(ufunc, *inputs, **options)]
        else:
            refuse(f"np.{name}.{method}", "write a sum over np.where")
        targets = [None] * len(results) if out is None else out
        results = [_stored(t, wrap(r)) for t, r in zip(targets, results, strict=True)]
        return results[0] if len(results) == 1 else tuple(results)

    def __array_function__(self, function, types, args, kwargs):
        name, known = function.__name__, FUNCTIONS.get(function)
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

    def __getitem__(self, key):
        key = plain(key)
        if not symbolic(key):
            return wrap(self.ids[_static(key)])
        return np.take(self, key, axis=0) if key.dtype.kind == "i" else refuse(*_MASK)

    def __setitem__(self, key, value):
        self.ids[_static(key)] = cast(elements(value), kind_of(self.ids))

    def __eq__(self, other):
        return np.equal(self, other)

    def __ne__(self, other):
        return np.not_equal(self, other)

    def __iter__(self):
        return (self[k] for k in range(len(self)))

    def item(self, *place):
        """Return one element."""
        return wrap(self.ids.item(*place))

    def tolist(self):
        """Return nested lists of elements."""
        return [part.tolist() for part in self] if self.ndim else self

    flat = property(lambda self: self.reshape(-1), doc="The elements in one row.")
    real = property(lambda self: self, doc="The array itself.")

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


def _static(key):
    """Return a key whose parts are numbers; a traced part is refused."""
    key = tuple(map(plain, key if isinstance(key, tuple) else (key,)))
    for part in filter(symbolic, key):
        if part.dtype.kind == "b":
            refuse(*_MASK)
        refuse("this index", "write np.take(array, k, axis=...)")
    return key


def _stored(target, result):
    """Write a result into the array that ``out=`` names, if it does."""
    if target is None:
        return result
    if not symbolic(target):
        refuse("writing a traced value into an array of floats", _JOIN)
    target[...] = result
    return target


def _refused(operation, instead, number=None):
    """Return a method that is refused, but for a number that is known."""

    def method(self, *args, **kwargs):
        known = plain(self)
        if not number or symbolic(known):
            refuse(operation, instead)
        return getattr(known[()], number)(*args, **kwargs)

    return method


def _in_place(name):
    """Bind the name anew for a scalar, as Python does; write into an array."""
    plainly = getattr(np.ndarray, f"__{name}__")
    in_place = getattr(np.ndarray, f"__i{name}__")

    def method(self, other):
        if self.ndim == 0:
            return getattr(type(self), f"__{name}__", plainly)(self, other)
        return in_place(self, other)

    return method


def _through(function):
    """Send a method to NumPy's function of the same name."""
    return lambda self, *args, **kwargs: function(self, *args, **kwargs)


for _name in "add sub mul truediv floordiv mod pow matmul and or xor".split():
    setattr(SymbolicArray, f"__i{_name}__", _in_place(_name))
for _name in (
    "argmax argmin choose conj conjugate dot round take argsort partition argpartition "
    "nonzero searchsorted compress trace"
).split():
    setattr(SymbolicArray, _name, _through(getattr(np, _name)))
for _names, _operation, _instead in (
    (
        "__bool__ __contains__",
        "`if`, `while`, `and`, `or`, `not`, max() and min() on a traced value",
        "write np.where(condition, a, b), np.logical_and, np.maximum or np.minimum",
    ),
    ("__float__ __complex__", *NO_FLOAT),
    ("__int__", "int() of a traced value", "write np.rint, np.floor or astype(int)"),
    ("__index__", *NO_INDEX),
    ("__round__", "round() of a traced value", "write np.round"),
    ("__format__", "a traced value in a text", "let the figure's text show it"),
    ("sort", "sort()", _SORT),
    (
        "byteswap dump dumps getfield put resize setfield to_device tobytes tofile "
        "__reduce__ __reduce_ex__ __dlpack__",
        "this method of a traced array",
        "use the functions of numpy",
    ),
):
    for _name in _names.split():
        setattr(SymbolicArray, _name, _refused(_operation, _instead, _name))
for _name in ("imag", "data", "ctypes"):
    setattr(SymbolicArray, _name, property(_refused(f".{_name}", "leave it away")))
