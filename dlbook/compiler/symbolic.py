"""Arrays of formulas: they answer to NumPy, and record what NumPy would compute.

A model runs unchanged on these arrays. Each element is an id; broadcasting, slices,
reshaping and writing in place are NumPy's own, arithmetic builds nodes. Ids are stored
as a structure that no number can be taken for, and whose first field names their kind:
b, i or f (bool, int64, float64). Kinds follow NumPy's rules for types, so that a sum of
truth values counts them and a quotient of integers is a float.
"""

from functools import partialmethod

import numpy as np
from numpy import asarray, nditer  # a trace replaces some of these for models

from dlbook.compiler.nodes import active, in_memory, refuse, view_of

DTYPES = {"b": np.dtype(bool), "i": np.dtype(np.int64), "f": np.dtype(np.float64)}
#: The default integer has 32 bits on some platforms, such as WebAssembly.
KINDS = {dtype: kind for kind, dtype in DTYPES.items()} | {np.dtype(np.int32): "i"}
_IDS = {kind: np.dtype([(kind, "<u4"), ("id", "<i4")]) for kind in DTYPES}
#: The symbolic forms of NumPy's functions, and of its ufuncs' methods.
FUNCTIONS, METHODS = {}, {}
_RECORD = "compute it outside the model, or record the results and use np.take"
_KEEP = "keep all elements and write np.where(condition, a, b)"
_SORT = (
    "the order of the values would change the program; np.max, np.min, np.argmax and "
    f"np.where do not sort; {_RECORD}"
)
_HINTS = {
    "sort argsort partition argpartition median percentile quantile unique lexsort "
    "sort_complex nanmedian": _SORT,
    "nonzero argwhere flatnonzero extract place": _KEEP,
    "allclose array_equal array_equiv": "return the difference instead",
}
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


def implements(*functions):
    """Register a function as the symbolic form of NumPy's functions."""

    def register(function):
        FUNCTIONS.update(dict.fromkeys(functions, function))
        return function

    return register


def symbolic(value):
    """Tell whether a value is an array of formulas."""
    return getattr(value, "symbolic", False)


def within(value):
    """Tell whether a value is, or holds in lists, an array of formulas."""
    if isinstance(value, (list, tuple)):
        return any(map(within, value))
    return symbolic(value)


def plain(value):
    """Return a symbolic array of constants as numbers, other values as they are."""
    known = active().numbers(value.ids) if symbolic(value) else None
    return value if known is None else known.astype(value.dtype)


def wrap(ids, kind):
    """Return an array of ids as a `SymbolicArray` on the same memory."""
    return asarray(ids, np.int64).view(_IDS[kind]).view(SymbolicArray)


def symbols(value):
    """Return a value as a `SymbolicArray`."""
    if symbolic(value):
        return value
    if within(value):
        return np.stack(common(value))
    array = asarray(value)
    kind = {"u": "i"}.get(array.dtype.kind, array.dtype.kind)
    if kind not in DTYPES:
        refuse(f"a constant of type {array.dtype}", "use real numbers")
    if kind == "i" and array.size and np.abs(array).max() > 2**53:
        whole = int(array.flat[np.abs(array).argmax()])
        refuse(f"the integer {whole}", "JavaScript's numbers are exact up to 2**53")
    return wrap(active().const(array), kind)


def apply(op, kind, *values):
    """Build a node for an operation on each element of the broadcast values."""
    arrays = [symbols(value).ids for value in values]
    flags = [["readonly"]] * len(arrays) + [["writeonly", "allocate"]]
    types = [None] * len(arrays) + [np.int64]
    made = nditer([*arrays, None], ["zerosize_ok"], flags, types).operands[-1]
    if made.size:
        order, shape = in_memory(made), made.shape
        arrays = [a if a.shape == shape else np.broadcast_to(a, shape) for a in arrays]
        views = tuple(view_of(a.transpose(order)) for a in arrays)
        packed = made.transpose(order)
        packed[...] = active().add(op, views, packed.shape)
    return unsigned(op, wrap(made, kind))


def unsigned(op, array):
    """Take the sign off zeros: integers have no negative zero."""
    signed = op in ("multiply", "remainder", "fmod", "floor_divide")
    return apply("add", "i", array, 0) if signed and array.kind == "i" else array


def cast(value, kind):
    """Return symbols converted as ``astype`` would, on the same memory if they can."""
    array = symbols(value)
    if "bif".index(array.kind) <= "bif".index(kind):
        return array if array.kind == kind else wrap(array.ids, kind)
    return array != 0 if kind == "b" else apply("int", "i", array)


def common(values):
    """Return values as symbols of one kind, the widest of theirs."""
    arrays = [symbols(value) for value in values]
    kind = max((array.kind for array in arrays), key="bif".index)
    return [cast(array, kind) for array in arrays]


def kind_like(dtype):
    """Return the kind of a type that a model names; other types are refused."""
    dtype = np.dtype(dtype)
    if dtype not in KINDS:
        refuse(f"the type {dtype}", "use np.float64, np.int64 or bool")
    return KINDS[dtype]


class SymbolicArray(np.ndarray):
    """An array of nodes; see the module's text."""

    symbolic = True

    #: b, i or f.
    kind = property(lambda self: np.ndarray.dtype.__get__(self).names[0])
    dtype = property(
        lambda self: DTYPES[self.kind], doc="The type of the values on numbers."
    )
    ids = property(
        lambda self: np.ndarray.view(self, np.int64, np.ndarray),
        doc="The ids, on the same memory.",
    )

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        name = ufunc.__name__
        if options.pop("where", True) is not True:
            refuse(f"where= of np.{name}", "write np.where(condition, a, b)")
        for idle in ("casting", "order", "subok"):
            options.pop(idle, None)
        known = METHODS.get("matrix" if ufunc.signature else method)
        if known is None:
            refuse(f"np.{name}.{method}", "write a sum over np.where")
        results = _called(known, name, ufunc, *inputs, **options)
        if out is None:
            return results
        results = results if isinstance(results, tuple) else (results,)
        stored = tuple(map(_stored, out, results))
        return stored if stored[1:] else stored[0]

    def __array_function__(self, function, types, args, kwargs):
        name, known = function.__name__, FUNCTIONS.get(function)
        if known is None:
            numbers = [plain(arg) for arg in args]
            if not any(map(symbolic, numbers)) and any(map(symbolic, args)):
                return function(*numbers, **kwargs)
            module = function.__module__.replace("numpy", "np", 1)
            hints = (hint for names, hint in _HINTS.items() if name in names.split())
            refuse(
                f"{module}.{name}", next(hints, f"use the basic operations; {_RECORD}")
            )
        if kwargs.pop("out", None) is not None:
            refuse(f"out= of np.{name}", "leave it away")
        return _called(known, name, *args, **kwargs)

    def __getitem__(self, key):
        key = plain(key)
        if not symbolic(key):
            return wrap(self.ids[_static(key)], self.kind)
        return np.take(self, key, axis=0) if key.kind == "i" else refuse(*_MASK)

    def __setitem__(self, key, value):
        self.ids[_static(key)] = cast(value, self.kind).ids

    __eq__ = partialmethod(np.equal)
    __ne__ = partialmethod(np.not_equal)

    def __iter__(self):
        return (self[k] for k in range(len(self)))

    def item(self, *place):
        """Return one element."""
        return wrap(self.ids.item(*place), self.kind)

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
        return cast(self, kind_like(dtype)).copy("K")

    def fill(self, value):
        """Set all elements."""
        self[...] = value

    def __repr__(self):
        return f"<traced array of shape {self.shape}>"

    __str__ = __repr__

    def __pow__(self, other):
        if self.ndim == 0 and isinstance(other, float) and other == 0.5:
            # the C library's pow, where an array takes its square root
            return apply("power", "f", self, 0.5)
        return np.power(self, other)


def _static(key):
    """Return a key whose parts are numbers; a traced part is refused."""
    key = tuple(map(plain, key if isinstance(key, tuple) else (key,)))
    for part in filter(symbolic, key):
        if part.kind == "b":
            refuse(*_MASK)
        refuse("this index", "write np.take(array, k, axis=...)")
    return key


def _called(function, name, *args, **options):
    """Call a symbolic form; what it does not understand is refused."""
    try:
        return function(*args, **options)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        refuse(f"np.{name} with these arguments ({error})", "leave them away")


def _stored(target, result):
    """Write a result into the array that ``out=`` names; a scalar is bound anew."""
    if not symbolic(target):
        refuse("writing a traced value into an array of floats", _JOIN)
    if target.ndim:
        target[...] = result
    return target if target.ndim else result


def _refused(operation, instead, number=None):
    """Return a method that is refused, but for a number that is known."""

    def method(self, *args, **kwargs):
        known = plain(self)
        if not number or symbolic(known):
            refuse(operation, instead)
        return getattr(known[()], number)(*args, **kwargs)

    return method


for _name in (
    "argmax argmin choose conj conjugate dot round take argsort partition argpartition "
    "nonzero searchsorted compress trace"
).split():
    setattr(SymbolicArray, _name, partialmethod(getattr(np, _name)))
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
