"""Models that cannot be compiled: what the message names, and what to write instead."""

import math

import numpy as np

__all__ = ["DRAW", "NO_IF", "REFUSALS", "WHERE"]

NO_IF = (
    "`if`, `while`, `and`, `or`, `not`, max() and min() on a traced value cannot be "
    "compiled"
)
WHERE = "write np.where(condition, a, b), np.logical_and, np.maximum or np.minimum"
KEEP = "keep all elements and write np.where(condition, a, b)"
FLOAT = "float() of a traced value, or storing it in an array of floats,"
MATH = "use NumPy's functions instead of the math module's"
JOIN = (
    "collect values in a list and join them by np.stack, or fill an array that the "
    "model makes by np.zeros"
)
TABLE = "write np.take(table, k, axis=0) for table[k] and table.take(k)"
DRAW = "draw outside of the model, and let it use the numbers"
RECORD = "compute it outside the model, or record the results and use np.take"
SORT = (
    "the order of the values would change the program; np.max, np.min, np.argmax and "
    f"np.where do not sort; {RECORD}"
)


BUFFER = np.zeros(3)


def _buffer(x, k, s):
    BUFFER[0] = s
    return BUFFER


def _slices(x, k, s):
    out = np.zeros(3, dtype=int)
    out[:] = x
    return out


def _while(x, k, s):
    while s < 1:
        s = s + 1
    return s


def _swallowed(x, k, s):
    try:
        return float(s)
    except Exception:
        return 0.5


def _at(x, k, s):
    np.add.at(x, [0], 1.0)
    return x


REFUSALS = {
    "if": (lambda x, k, s: s if s > 0 else -s, NO_IF, WHERE),
    "while": (_while, NO_IF, WHERE),
    "and": (lambda x, k, s: (s > 0) and (s < 1), NO_IF, WHERE),
    "not": (lambda x, k, s: not s, NO_IF, WHERE),
    "max()": (lambda x, k, s: max(x[0], x[1]), NO_IF, WHERE),
    "in": (lambda x, k, s: 0.5 in x, NO_IF, WHERE),
    "float()": (lambda x, k, s: float(s), FLOAT, MATH),
    "math": (lambda x, k, s: math.exp(s), FLOAT, MATH),
    "complex()": (lambda x, k, s: complex(s).real, FLOAT, MATH),
    "int()": (lambda x, k, s: int(s), "int() of a traced value", "astype(int)"),
    "round()": (lambda x, k, s: round(s, 1), "round() of a traced value", "np.round"),
    "text": (lambda x, k, s: len(f"{s}"), "a traced value in a text", "figure's text"),
    "index": (
        lambda x, k, s: np.arange(5.0)[k],
        "a traced value as an index or a count",
        TABLE,
    ),
    "list index": (
        lambda x, k, s: [1.0, 2.0][k],
        "a traced value as an index or a count",
        TABLE,
    ),
    "take method": (
        lambda x, k, s: np.arange(5.0).take(k),
        "a traced value as an index",
        TABLE,
    ),
    "range": (lambda x, k, s: sum(range(k)), "as an index or a count", "np.take"),
    "roll": (lambda x, k, s: np.roll(x, k), "as an index or a count", "np.take"),
    "slice": (lambda x, k, s: x[:k].sum(), "as an index or a count", "np.take"),
    "index pair": (
        lambda x, k, s: x[None][0, k],
        "this index",
        "write np.take(array, k, axis=...)",
    ),
    "mask": (lambda x, k, s: x[x > 0].sum(), "indexing by a traced condition", KEEP),
    "mask of rows": (
        lambda x, k, s: x[None][:, x > 0].sum(),
        "by a traced condition",
        KEEP,
    ),
    "mask to set": (lambda x, k, s: _set_mask(x), "by a traced condition", KEEP),
    "buffer": (_buffer, FLOAT, JOIN),
    "buffer slice": (_slices, FLOAT, JOIN),
    "out": (
        lambda x, k, s: np.exp(x, out=BUFFER),
        "into an array of floats",
        "leave out= away, and write a = a + b for a += b",
    ),
    "in place": (
        lambda x, k, s: _add_to(BUFFER, x),
        "array of floats",
        "a = a + b",
    ),
    "out of a function": (
        lambda x, k, s: np.sum(x, out=np.zeros(())),
        "out= of np.sum",
        "leave it away",
    ),
    "out of take": (
        lambda x, k, s: np.take([1.0, 2.0], k, out=np.zeros(())),
        "out= of np.take",
        "",
    ),
    "where of a ufunc": (
        lambda x, k, s: np.log(x, where=[True] * 3, out=BUFFER).sum(),
        "where= of np.log",
        "write np.where(condition, a, b)",
    ),
    "where of a sum": (
        lambda x, k, s: np.sum(x, where=[True, False, True]),
        "where= of np.add",
        "write np.where(condition, a, b)",
    ),
    "sort": (lambda x, k, s: np.sort(x), "np.sort", SORT),
    "sorted": (lambda x, k, s: sorted(x)[0], NO_IF, WHERE),
    "sort in place": (lambda x, k, s: x.sort(), "sort()", SORT),
    "argsort": (lambda x, k, s: x.argsort(), "np.argsort", SORT),
    "median": (lambda x, k, s: np.median(x), "np.median", SORT),
    "percentile": (lambda x, k, s: np.percentile(x, 50), "np.percentile", SORT),
    "unique": (lambda x, k, s: np.unique(x), "np.unique", SORT),
    "nonzero": (lambda x, k, s: x.nonzero()[0], "np.nonzero", KEEP),
    "where of one": (
        lambda x, k, s: np.where(x > 0)[0],
        "np.where with one argument",
        "np.where",
    ),
    "solve": (
        lambda x, k, s: np.linalg.solve(np.outer(x, x) + np.eye(3), x),
        "np.linalg.solve",
        f"use the basic operations; {RECORD}",
    ),
    "inverse": (lambda x, k, s: np.linalg.inv(np.diag(x)), "np.linalg.inv", RECORD),
    "eigenvalues": (
        lambda x, k, s: np.linalg.eigvals(np.diag(x)),
        "np.linalg.eig",
        RECORD,
    ),
    "determinant": (lambda x, k, s: np.linalg.det(np.diag(x)), "np.linalg.det", RECORD),
    "spectral norm": (
        lambda x, k, s: np.linalg.norm(np.diag(x), 2),
        "np.linalg.svd",
        RECORD,
    ),
    "fourier": (lambda x, k, s: abs(np.fft.fft(x)), "np.fft.fft", RECORD),
    "allclose": (
        lambda x, k, s: np.allclose(x, 0),
        "np.allclose",
        "return the difference instead",
    ),
    "copyto": (lambda x, k, s: np.copyto(BUFFER, x), "np.copyto", "np.full_like"),
    "vectorize": (
        lambda x, k, s: np.vectorize(lambda v: v + 1)(x),
        "arithmetic on an array that lost its trace",
        "make arrays of traced values by np.array, np.asarray or np.stack",
    ),
    "object array": (
        lambda x, k, s: abs(x.view(np.ndarray)).sum(),
        "that lost its trace",
        "np.stack",
    ),
    "add.at": (_at, "np.add.at", "write a sum over np.where"),
    "reduceat": (
        lambda x, k, s: np.add.reduceat(x, [0, 2]),
        "np.add.reduceat",
        "np.where",
    ),
    "unknown ufunc": (
        lambda x, k, s: np.nextafter(x, 1.0),
        "np.nextafter",
        "the basic operations",
    ),
    "unknown reduction": (
        lambda x, k, s: np.arctan2.reduce(x[:2]),
        "np.arctan2.reduce",
        "a sum, a product",
    ),
    "unknown accumulation": (
        lambda x, k, s: np.subtract.accumulate(x),
        "np.subtract.accumulate",
        "running sum",
    ),
    "unknown matrix ufunc": (
        lambda x, k, s: np.linalg._umath_linalg.det(np.diag(x)),
        "np.det",
        "and a sum",
    ),
    "bits": (
        lambda x, k, s: k & 1,
        "np.bitwise_and on integers",
        "truth values or floats",
    ),
    "shift": (
        lambda x, k, s: k << 1,
        "np.left_shift",
        "write it with the basic operations",
    ),
    "reciprocal": (
        lambda x, k, s: np.reciprocal(k),
        "np.reciprocal of integers",
        "floats",
    ),
    "power of an index": (
        lambda x, k, s: 2**k,
        "an integer to a traced integer power",
        "make the base a float",
    ),
    "high power": (
        lambda x, k, s: k**65,
        "an integer power above 64",
        "the base a float",
    ),
    "float32": (
        lambda x, k, s: (x > 0) * np.float32([1, 2, 3]),
        "np.multiply in float32",
        "convert the constants by .astype(np.float64)",
    ),
    "half": (lambda x, k, s: np.exp(x > 0), "np.exp in float16", ".astype(np.float64)"),
    "float32 type": (
        lambda x, k, s: x.astype(np.float32),
        "the type float32",
        "use np.float64, np.int64",
    ),
    "float32 sum": (
        lambda x, k, s: np.sum(x, dtype=np.float32),
        "dtype=float32",
        "leave it away",
    ),
    "float32 table": (
        lambda x, k, s: np.take(np.float32([1, 2]), k),
        "the type float32",
        "np.float64",
    ),
    "complex constant": (
        lambda x, k, s: np.where(x > 0, x, np.complex128(1j)).real,
        "a constant of type complex128",
        "use real numbers",
    ),
    "text constant": (
        lambda x, k, s: [s, "a"],
        "a constant of type <U1",
        "real numbers",
    ),
    "none": (lambda x, k, s: None, "a constant of type object", "use real numbers"),
    "large integer": (
        lambda x, k, s: k + 2**60,
        f"the integer {2**60}",
        "exact up to 2**53",
    ),
    "pad": (
        lambda x, k, s: np.pad(x, 1, mode="linear_ramp"),
        "np.pad with mode 'linear_ramp'",
        "use 'constant', 'edge' or 'reflect'",
    ),
    "searchsorted": (
        lambda x, k, s: np.searchsorted(np.cumsum(abs(x)), 1.0),
        "np.searchsorted in a traced table",
        "count by np.sum(table < x)",
    ),
    "interp": (
        lambda x, k, s: np.interp(0.5, np.cumsum(abs(x)), x),
        "np.interp",
        "constant places",
    ),
    "round of integers": (
        lambda x, k, s: np.round(k, -1),
        "np.round of integers",
        "use floats",
    ),
    "keyword": (
        lambda x, k, s: np.average(x, returned=True),
        "np.average with these arguments",
        "leave them",
    ),
    "option": (
        lambda x, k, s: np.matmul(x, x, axes=[(0,), (0,), ()]),
        "np.matmul with these arguments",
        "leave them away",
    ),
    "view": (lambda x, k, s: x.view(np.int64), "view()", "use copy() or astype(float)"),
    "bytes": (
        lambda x, k, s: len(x.tobytes()),
        "this method of a traced array",
        "numpy",
    ),
    "imaginary part": (lambda x, k, s: x.imag, ".imag", "leave it away"),
    "swallowed": (_swallowed, FLOAT, MATH),
    "global draw": (lambda x, k, s: x + np.random.rand(3), "np.random.rand", DRAW),  # noqa: NPY002
}


def _set_mask(x):
    x[x > 0] = 1.0
    return x


def _add_to(buffer, x):
    buffer += x
    return buffer
