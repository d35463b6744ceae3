"""NumPy idioms for models of live figures, by name.

`EXACT` are functions of two vectors, `ARRAYS` functions of one matrix, `CLOSE` call
transcendental functions. `PRODUCTS` have operands of many shapes.
"""

import numpy as np

__all__ = ["ARRAYS", "CLOSE", "EXACT", "LOOKUPS", "PRODUCTS"]

windows = np.lib.stride_tricks.sliding_window_view
table = np.random.default_rng(1).normal(size=(5, 2, 3)).round(3)

EXACT = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y - (y - x),
    "multiply": lambda x, y: x * y * (x * y),
    "divide": lambda x, y: x / y / (x / y),
    "negative": lambda x, y: np.negative(-x) - np.negative(y),
    "constants on both sides": lambda x, y: (2 - x) / 3 + (x - 2) * -1 - -1.5 * y,
    "huge and tiny constants": lambda x, y: x * 1e-300 + y * 1.5e300 + x * 123456000,
    "infinite constants": lambda x, y: np.where(x > 0, np.inf, -np.inf) * y,
    "nan constant": lambda x, y: np.where(x > y, np.nan, x),
    "square": lambda x, y: np.square(x) - y**2,
    "power of one": lambda x, y: x**1 + y**1.0,
    "power of minus one": lambda x, y: x**-1.0 + np.reciprocal(y),
    "square root": lambda x, y: np.sqrt(x) + np.power(y, 0.5),
    "absolute": lambda x, y: abs(x) + np.fabs(y),
    "floor, ceil, trunc": lambda x, y: (
        np.floor(x),
        np.ceil(y),
        np.trunc(x),
        np.fix(y),
    ),
    "rint": lambda x, y: np.rint(np.round(x * 2) / 2),
    "round to digits": lambda x, y: (np.round(x, 2), np.around(y * 100, -1)),
    "sign": lambda x, y: np.sign(x) / np.sign(x * y),
    "remainder": lambda x, y: np.mod(x, y) + x % 1.5,
    "remainder of negatives": lambda x, y: np.remainder(x, -abs(y)),
    "fmod": lambda x, y: np.fmod(x, y),
    "floor division": lambda x, y: x // y,
    "divmod": lambda x, y: divmod(x, y),
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x + 0.0, y + 0.0),
    "fmax and fmin": lambda x, y: np.fmax(x + 0.0, y + 0.0) - np.fmin(x + 0.0, y + 0.0),
    "relu": lambda x, y: np.maximum(x, 0.0),
    "clip": lambda x, y: np.clip(x, -1, 1) + x.clip(min=0) + np.clip(y, None, 0.5),
    "where": lambda x, y: np.where(x > y, x, -y),
    "nested where": lambda x, y: np.where(x > 0, np.where(y > 0, 1, 2), 3),
    "select": lambda x, y: np.select([x > 1, y > 1], [x, y], default=x - y),
    "comparisons": lambda x, y: (x < y, x <= y, x > y, x >= y, x == y, x != y),
    "logic": lambda x, y: (x > 0) & (y > 0) | ~(x < y) ^ (x > 1),
    "logical functions": lambda x, y: np.logical_or(
        np.logical_and(x, y), np.logical_xor(x > 0, np.logical_not(y))
    ),
    "truth values in arithmetic": lambda x, y: (x > 0) * y + (y > 0) - 1.0 * (x > y),
    "truth values added": lambda x, y: (x > 0) + (y > 0),
    "truth values multiplied": lambda x, y: (x > 0) * (y > 0),
    "truth values counted": lambda x, y: (
        (x > 0).sum(),
        np.mean(y > 0),
        (x > y).sum() / 2,
    ),
    "truth values compared": lambda x, y: ((x > 0) == (y > 0), (x > 0) < (y > 0)),
    "truth values extreme": lambda x, y: (np.maximum(x > 0, y > 0), (x > 0).min()),
    "truth values chosen": lambda x, y: np.where(x > 0, y > 0, x > 1),
    "truth values running": lambda x, y: (np.cumsum(x > 0), np.cumprod(y > 0)),
    "integers": lambda x, y: (x > 0).sum() // 2 + (y > 0).sum() % 2 - (x > 1).sum(),
    "integers by zero": lambda x, y: (
        1 // (x > 9).sum(),
        1 % (x > 9).sum(),
        np.fmod(1, (x > 9).sum()),
    ),
    "integers without negative zero": lambda x, y: (
        1 / (-(x > 9).sum()),
        1 / ((x > 9).sum() * -3),
        1 / np.rint(x * 0.0).astype(int),
    ),
    "integer powers": lambda x, y: (x > 0).sum() ** 3 + np.square((y > 0).sum()),
    "integer functions": lambda x, y: (
        abs((x > 0).sum() - 2),
        np.floor((x > 0).sum()),
        np.sign((x > 0).sum() - 1),
    ),
    "astype": lambda x, y: (x.astype(int) * 0.5, y.astype(bool), (x > 0).astype(float)),
    "isnan, isinf, isfinite": lambda x, y: (
        np.isnan(x / y),
        np.isinf(x / y),
        np.isfinite(x / y),
    ),
    "signbit and copysign": lambda x, y: (np.signbit(x), np.copysign(x, y)),
    "heaviside": lambda x, y: np.heaviside(x, 0.5) + np.heaviside(y * 0.0, y),
    "nan_to_num": lambda x, y: (
        np.nan_to_num(x / 0.0, nan=3) + np.nan_to_num(y / (x * 0), posinf=1, neginf=-1)
    ),
    "degrees": lambda x, y: np.deg2rad(x) + np.degrees(y),
    "in place": lambda x, y: _in_place(x, y),
    "interp": lambda x, y: np.interp(x, [-2.0, 0.0, 0.5, 3.0], [1.0, -1.0, 4.0, 0.0]),
    "interp of traced values": lambda x, y: np.interp(
        [0.1, 5.0, -5.0, 2.0], np.arange(len(y)), y
    ),
    "searchsorted": lambda x, y: (
        np.searchsorted([-1.0, 0.0, 0.0, 2.0], x),
        np.digitize(y, [-1.0, 0.5]),
        np.digitize(x, [0.5, 0.0, -1.0], right=True),
    ),
    "linspace": lambda x, y: np.linspace(x[0], y[1], 7) + np.linspace(0.0, x[1], 7),
    "linspace of arrays": lambda x, y: np.linspace(x, y, 4, endpoint=False, axis=1),
    "polyval": lambda x, y: np.polyval([2.0, -1.0, 0.5], x) + np.polyval(y, 2.0),
}

ARRAYS = {
    "sum": lambda a: a.sum(),
    "sum along axes": lambda a: (a.sum(0), np.sum(a, axis=-1), a.sum(1, keepdims=True)),
    "sum of columns": lambda a: (a.T.sum(0), a.T.sum(1), a.T.sum()),
    "sum backwards": lambda a: (a[::-1].sum(), a[:, ::-1].sum(1), a[::-1].sum(0)),
    "sum of slices": lambda a: (a[:, 1:].sum(), a[:, ::2].sum(1), a[1:].sum()),
    "sum beside an axis of one": lambda a: (a[..., None].sum(1), a.T[None].sum(1)),
    "sum over several axes": lambda a: (
        a[None].sum((0, 2)),
        (a[:, :, None] * np.arange(3.0)).sum((0, 1)),
    ),
    "sums of seven to nine": lambda a: tuple(np.resize(a, n).sum() for n in (7, 8, 9)),
    "sums of short runs": lambda a: (
        np.resize(a, (5, 3, 2)).sum((0, 2)),
        np.resize(a, (2, 3, 8)).sum((0, 2)),
    ),
    "sum with a start": lambda a: (
        a.sum(initial=2.5),
        a.sum(1, initial=2.5),
        a.max(1, initial=0.25),
    ),
    "mean": lambda a: (a.mean(), a.mean(0), np.mean(a, -1, keepdims=True)),
    "prod": lambda a: (a.prod(), np.prod(a, axis=0), a.prod(axis=1)),
    "extremes": lambda a: (
        a.max(),
        a.min(0),
        np.max(a, 1, keepdims=True),
        np.ptp(a, 1),
    ),
    "any and all": lambda a: ((a > 0).any(1), np.all(a > -1, axis=0), np.any(a)),
    "cumsum": lambda a: (np.cumsum(a), a.cumsum(0), np.cumsum(a, axis=1)),
    "cumprod": lambda a: (a.cumprod(), np.cumprod(a, axis=0)),
    "running maximum": lambda a: np.maximum.accumulate(a, axis=1),
    "argmax": lambda a: (a.argmax(), np.argmax(a, axis=0), a.argmin(1, keepdims=True)),
    "one-hot of argmax": lambda a: (
        (np.arange(a.shape[1]) == a.argmax(1)[:, None]) * 1.0
    ),
    "count_nonzero": lambda a: (np.count_nonzero(a > 0), np.count_nonzero(a, axis=1)),
    "reductions of ufuncs": lambda a: (
        np.add.reduce(a, axis=1),
        np.maximum.reduce(a),
        np.multiply.accumulate(a, axis=1),
        np.logical_and.reduce(a > 0, axis=1),
        np.fmax.reduce(a, axis=1),
    ),
    "weighted average": lambda a: np.average(
        a, axis=0, weights=np.arange(1.0, len(a) + 1)
    ),
    "plain average": lambda a: (np.average(a), np.average(a, weights=a * a)),
    "transposes": lambda a: (
        a.T,
        np.transpose(a),
        np.swapaxes(a, 0, 1),
        np.moveaxis(a, 0, 1),
    ),
    "reshapes": lambda a: (a.reshape(-1), a.ravel(), a.flatten(), np.expand_dims(a, 1)),
    "squeeze": lambda a: np.squeeze(a[None, :, :1]),
    "slices": lambda a: (a[0], a[:, 1], a[1:, ::2], a[..., -1], a[[0, 1]], a[-1, 0]),
    "static masks": lambda a: (a[np.arange(len(a)) > 0], a[[0, 1, 1], [0, 1, 0]]),
    "loops over rows": lambda a: [row * k for k, row in enumerate(a)],
    "stack": lambda a: (np.stack([a, -a]), np.stack([a[0], a[1]], axis=1)),
    "concatenate": lambda a: np.concatenate([a, np.zeros((1, a.shape[1])), a[:1]]),
    "joins": lambda a: (np.vstack([a, a]), np.hstack([a, a]), np.dstack([a, a])),
    "column_stack and append": lambda a: (
        np.column_stack([a[0], a[1]]),
        np.append(a, 1.0),
        np.append(a, a, axis=0),
    ),
    "block": lambda a: np.block([[a, a * 2], [np.ones_like(a), a]]),
    "arrays of scalars": lambda a: np.array([[a[0, 0], 1.0], [2, a[1, 1]]]),
    "asarray": lambda a: np.asarray(a) + np.asanyarray([a[0], a[1]])[0] + np.array(a),
    "flips": lambda a: (np.flip(a), np.flip(a, 1), a[::-1], np.fliplr(a), np.flipud(a)),
    "roll and rot90": lambda a: (np.roll(a, 1), np.roll(a, 2, axis=1), np.rot90(a)),
    "repeat and tile": lambda a: (
        np.repeat(a, 2, axis=1),
        np.tile(a, (1, 2)),
        a.repeat(2),
    ),
    "split": lambda a: np.split(a, [1, 2], axis=1) + np.array_split(a, 2),
    "unstack": lambda a: np.unstack(a),
    "diagonals": lambda a: (np.diag(a), np.diag(a[0]), a.diagonal(1), np.trace(a)),
    "triangles": lambda a: (np.tril(a), np.triu(a, 1)),
    "padding": lambda a: (
        np.pad(a, 1),
        np.pad(a, ((0, 1), (2, 0)), constant_values=1.5),
        np.pad(a, 1, mode="edge"),
        np.pad(a, 1, mode="reflect"),
    ),
    "windows": lambda a: windows(a, (2, 2)),
    "max pooling": lambda a: windows(a, (2, 2))[::2, ::2].max((2, 3)),
    "diff": lambda a: (np.diff(a), np.diff(a, axis=0), np.diff(a, n=2), np.diff(a > 0)),
    "diff from a start": lambda a: np.diff(a, prepend=0.5),
    "delete and insert": lambda a: (
        np.delete(a, 1, axis=1),
        np.insert(a, 1, 9.0, axis=0),
    ),
    "meshgrid": lambda a: np.meshgrid(a[0], [1.0, 2.0]),
    "broadcast_to": lambda a: np.broadcast_to(a[0], (2, a.shape[1])) * a[:2],
    "broadcasting": lambda a: a[:, None, :] - a[None, :, :],
    "outer": lambda a: (np.outer(a[0], a[1]), np.subtract.outer(a[0], a[1])),
    "like": lambda a: np.zeros_like(a) + np.ones_like(a) * np.full_like(a, 2.5) + a,
    "full": lambda a: np.full((2, 2), a[0, 0]),
    "empty sums": lambda a: (
        a[:, :0].sum(1) + a[:, 0],
        a[:0].prod(0),
        a[0, :0].sum(),
        a[:, :0] @ a[:0],
        a[:0] @ a.T,
        np.all(a[:, :0] > 0, axis=1),
        np.cumsum(a[:0], axis=0),
        np.cumsum(a[0, :0]),
    ),
    "items": lambda a: (
        a.item(0),
        a.item(1, 0),
        a.item((0, 1)),
        a[0, 0].item(),
        a[1].item(1),
        a.tolist()[1][0],
        sum(a.flat),
    ),
    "take": lambda a: (
        np.take(a, [0, 1, 0], axis=1),
        a.take(2),
        np.compress([1, 0], a, 0),
    ),
    "choose": lambda a: np.choose((a > 0) * 1, [a * 2, -a]),
    "choose among values": lambda a: np.take(a, (a > 0).sum(1) % 2, axis=0),
    "ndim, shape, size": lambda a: a * np.ndim(a) + np.shape(a)[0] - np.size(a),
    "types by name": lambda a: (
        np.asarray(a, dtype=float),
        np.array(a > 0, dtype=int),
        np.astype(a, bool),
    ),
    "sums of truth values": lambda a: (
        np.sum(a > 0, dtype=bool),
        np.prod(a > 0, axis=0, dtype=bool),
        np.sum(a > 0, dtype=float),
        np.add.accumulate(a > 0, axis=1, dtype=bool),
        1 / np.prod((a > 0) - 1, 0),
        1 / np.prod((a > 0) - 1, 1),
        np.prod(a > 0, 0) + np.prod(a < 9, 0),
        np.logical_or.reduce(a, axis=1) + 0,
        1 / np.cumprod((a > 0) - 1, axis=1),
    ),
    "products of counts": lambda a: (
        1 / (np.outer((a > 9).sum(0), [-1, 2]) - 0.0),
        (a > 0).sum(0) @ [1, -2, *[3] * (a.shape[1] - 2)],
    ),
    "types": lambda a: a.astype(a.dtype) * np.finfo(np.result_type(a, 1)).eps,
    "atleast": lambda a: (
        np.atleast_1d(a[0, 0]),
        np.atleast_2d(a[0]),
        np.atleast_3d(a),
    ),
    "long python sum": lambda a: sum(a[i, j] for i in range(2) for j in range(3)),
    "resize": lambda a: np.resize(a, (2, 2)),
    "setting elements": lambda a: _set(a),
    "copyto": lambda a: _copied(a),
    "setting by a view": lambda a: _by_view(a.copy()),
}


def _by_view(a):
    np.einsum("ij->ji", a)[0] = 7.0
    return a


def _copied(a):
    filled, chosen = np.zeros(a.shape), a * 2
    np.copyto(filled, a[0])
    np.copyto(chosen, 0.5, where=a > 0)
    return filled, chosen


def _in_place(x, y):
    z = x.copy()
    z += y
    z *= 2
    s = z[0]
    t = s
    t += 1
    np.subtract(z, 1, out=z)
    return z, s, t


def _set(a):
    b = np.zeros_like(a)
    b[0] = a[1]
    b[1:, 0] = 3
    b[-1, -1] = a[0, 0]
    c = np.ones_like(b)
    c.fill(2.5)
    return b, c


CLOSE = {
    "exp": lambda x: (np.exp(x), np.expm1(x / 10), np.exp2(x), 2.0**x),
    "log": lambda x: (
        np.log(x * x + 0.1),
        np.log1p(abs(x)),
        np.log2(9 + x),
        np.log10(9 + x),
    ),
    "logs outside their domain": lambda x: (np.log(x), np.log1p(x), np.log(x * 0)),
    "circle": lambda x: (np.sin(x), np.cos(x), np.tan(x), np.arctan(x)),
    "inverse circle": lambda x: (
        np.arcsin(x / 3),
        np.arccos(x / 3),
        np.arctan2(x, 1 - x),
    ),
    "hyperbola": lambda x: (np.sinh(x), np.cosh(x), np.tanh(x)),
    "inverse hyperbola": lambda x: (np.arcsinh(x), np.arccosh(x), np.arctanh(x / 4)),
    "powers": lambda x: (x**3, abs(x) ** 1.7, x**-2, np.power(2.5, x), x**0, x**4),
    "powers of powers": lambda x: abs(x) ** x,
    "powers of infinity": lambda x: (abs(x) ** np.inf, x**-np.inf, 2.0 ** (x * np.inf)),
    "powers of one": lambda x: (np.power(np.sign(x), x / 0), (x * 0 + 1) ** (x / 0)),
    "float powers": lambda x: (np.float_power(abs(x), 1.5), x[0] ** 0.5, x[0] ** 2),
    "roots": lambda x: (np.cbrt(x), np.hypot(x, 1 - x), np.hypot.reduce(x)),
    "logaddexp": lambda x: (
        np.logaddexp(x, -x),
        np.logaddexp2(x, 1.0),
        np.logaddexp(x, x),
    ),
    "logaddexp reduced": lambda x: (
        np.logaddexp.reduce(x),
        np.logaddexp.reduce(x, initial=0.5),
        np.logaddexp.accumulate(x),
    ),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "stable sigmoid": lambda x: np.where(
        x >= 0, 1 / (1 + np.exp(-abs(x))), np.exp(-abs(x)) / (1 + np.exp(-abs(x)))
    ),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))),
    "softmax": lambda x: np.exp(x - x.max()) / np.sum(np.exp(x - x.max())),
    "cross-entropy": lambda x: (
        -(x - x.max() - np.log(np.exp(x - x.max()).sum()))[[0, 1]]
    ),
    "gaussian": lambda x: (
        np.exp(-0.5 * ((x - x.mean()) / 0.7) ** 2) / np.sqrt(2 * np.pi)
    ),
    "variance": lambda x: (
        x.var(),
        np.var(x, ddof=1),
        x.std(),
        np.std(x, keepdims=True),
    ),
    "norms": lambda x: (
        np.linalg.norm(x),
        np.linalg.norm(x, 1),
        np.linalg.norm(x, np.inf),
        np.linalg.norm(x.reshape(2, -1)),
        np.linalg.norm(x.reshape(2, -1), axis=1),
        np.linalg.norm(x[:2, None] * x, "fro"),
        np.linalg.norm(x, -np.inf, axis=0),
        np.linalg.norm(x, 3),
        np.linalg.norm(x[:2, None] * x, 1),
    ),
    "infinite differences": lambda x: np.exp(x * 1000) - np.exp(-x * 1000),
}

PRODUCTS = {
    "vector @ vector": lambda u, a, b, c: u @ a[0],
    "matrix @ vector": lambda u, a, b, c: a @ u,
    "vector @ matrix": lambda u, a, b, c: u @ b,
    "matrix @ matrix": lambda u, a, b, c: a @ b,
    "constant @ traced": lambda u, a, b, c: np.arange(6.0).reshape(2, 3) @ b @ a,
    "list @ traced": lambda u, a, b, c: [1.0, 2.0, 3.0] @ b,
    "stack of matrices": lambda u, a, b, c: c @ b,
    "stacks broadcast": lambda u, a, b, c: (c[:, None] @ b, a @ c.transpose(0, 2, 1)),
    "products without sums": lambda u, a, b, c: (
        1 + np.einsum("ij,ij->ij", a, a) * np.einsum("i->i", u),
        1 / np.einsum("i,i", (u > 9) * 1, np.array([-1, -1, -1])),
        1 / np.einsum("i,i->i", (u > 0) - 1, (u > 0) * 1),
        np.einsum("ij,ij->ij", a > 0, a < 1) + (a > 9),
        np.einsum("ij,jk", a > 0, b > 0) + 1 * ((a > 0) @ (b > 0)),
    ),
    "stack and vector": lambda u, a, b, c: (c @ u, u @ c.transpose(0, 2, 1)),
    "stacks of stacks": lambda u, a, b, c: (c[None, None] @ b, c[:, None, None] @ b),
    "dot": lambda u, a, b, c: (np.dot(u, u), a.dot(u), np.dot(a, b), np.dot(2.0, u)),
    "dot of a stack": lambda u, a, b, c: (
        np.dot(c, b),
        np.dot(a, c.transpose(0, 2, 1)),
    ),
    "inner": lambda u, a, b, c: (np.inner(u, a), np.inner(a, a), np.inner(2.0, u)),
    "vdot and outer": lambda u, a, b, c: (np.vdot(a, b.T), np.outer(a, u)),
    "vecdot and its kin": lambda u, a, b, c: (
        np.vecdot(a, u),
        np.matvec(c, u),
        np.vecmat(u, b),
    ),
    "tensordot": lambda u, a, b, c: (
        np.tensordot(a, b, 1),
        np.tensordot(c, b, ((2,), (0,))),
        np.tensordot(u, u, 0),
        np.tensordot(a, c, ((1, 0), (2, 1))),
        np.tensordot(c, a, (-1, -1)),
    ),
    "einsum": lambda u, a, b, c: (
        np.einsum("ij,jk->ik", a, b),
        np.einsum("ij,jk", a, b),
        np.einsum("ij->ji", a),
        np.einsum("ij,j,ji->i", a, u, b, optimize=True),
        np.einsum("ij->", a),
        np.einsum(a, [0, 1], b, [1, 2], [2, 0]),
    ),
    "einsum of diagonals": lambda u, a, b, c: (
        np.einsum("ii", a @ b),
        np.einsum("ii->i", b @ a),
        np.einsum("i,i,i", u, u, u),
    ),
    "einsum with dots": lambda u, a, b, c: (
        np.einsum("...j,jk->...k", c, b),
        np.einsum("i...->...", c),
        np.einsum("...,...", a, a),
        np.einsum("nij, kj -> nik", c, a),
    ),
    "truth values": lambda u, a, b, c: ((a > 0) @ (b > 0), np.einsum("ij->i", a > 0)),
    "counts": lambda u, a, b, c: (a > 0).sum(1) @ a,
    "convolution": lambda u, a, b, c: (
        np.convolve(u, [1.0, 2.0]),
        np.convolve([1.0, 2.0], u, "same"),
        np.convolve(u, u, "valid"),
        np.correlate(u, [1.0, 2.0]),
        np.correlate([1.0, 2.0], u, "full"),
        np.correlate(u, [1.0, 2.0], "same"),
    ),
    "windows of an image": lambda u, a, b, c: np.einsum(
        "ijkl,kl->ij", windows(np.arange(25.0).reshape(5, 5), (2, 3)), a
    ),
}

LOOKUPS = {
    "a row": lambda k, j: np.take(table, k, axis=0),
    "an entry": lambda k, j: np.take(np.arange(5.0) ** 2, k),
    "a flat entry": lambda k, j: np.take(table, k * 6 + 2),
    "a column": lambda k, j: np.take(table, j, axis=2),
    "two rows": lambda k, j: np.take(table, np.array([k, j]), axis=0),
    "many rows": lambda k, j: np.take(table, np.array([[k], [j]]), axis=1, mode="wrap"),
    "clipped": lambda k, j: np.take(table, 2 * k - 3, axis=0, mode="clip"),
    "wrapped": lambda k, j: np.take(table, k + 7, axis=0, mode="wrap"),
    "negative": lambda k, j: np.take(table, -1 - k, axis=0),
    "integers": lambda k, j: np.take(np.arange(5) * 3, k) // 2,
    "truth values": lambda k, j: np.where(np.take(np.arange(5) > 2, k), j, k),
    "rounded": lambda k, j: np.take(table, np.rint(k * 0.9).astype(int), axis=0),
    "of a lookup": lambda k, j: np.take(table, np.take([4, 2, 0, 1, 3], k), axis=0),
    "of traced values": lambda k, j: np.take(np.stack([k, j, k * j]), j),
    "of traced rows": lambda k, j: (np.arange(6.0).reshape(3, 2) * k)[j],
    "choose": lambda k, j: (
        np.choose(j, [k, 2.5, -k]),
        np.choose(j, [[1, 2], [3, 4], [k, j]]),
    ),
    "equality": lambda k, j: np.where(k == 2, 1.0, np.where(j == 1, 2.0, 3.0)),
    "arithmetic": lambda k, j: (
        k / (j + 1),
        k // (j + 1),
        k % (j + 1),
        k**2,
        -k,
        k - j,
    ),
}
