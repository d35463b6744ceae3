"""Random NumPy programs, made by hypothesis: steps that each use earlier values.

A program is a list of steps; `run` executes it on numbers and on symbols alike. Steps
in `UNARY` and `BINARY` are fixed by IEEE 754 to the bit. Extremes see x + 0.0, because
which zero ``maximum(0.0, -0.0)`` gives depends on the processor.
"""

import numpy as np
from hypothesis import strategies as st

__all__ = ["SHAPES", "programs", "run"]

SHAPES = {"s": (), "v": (3,), "u": (9,), "m": (2, 3), "c": (2, 1), "t": (2, 2, 9)}
_CONSTANTS = (0.5, -2.0, 3, 0.0, 1e-3, np.arange(3.0) - 1, np.array([[1.5], [-0.25]]))


def _written(x):
    """Fill a buffer through views of it, some of them more than once."""
    buffer = np.zeros((2, *np.shape(np.atleast_1d(x))))
    buffer[1] = x
    buffer[:, ...] += 1
    back = buffer[::-1]
    np.multiply(back[0], 2, out=back[1])
    part = buffer.reshape(-1)[::2]
    part -= part * 0.5
    return buffer


def _swept(x):
    """Walk along the first axis and write each result into a row."""
    states = np.empty(np.shape(x))
    state = x[0] * 0.0
    for t in range(len(x)):
        state = np.maximum(state * 0.5 - x[t] + 0.0, -1)
        states[len(x) - 1 - t] = state
    return states


def _recurrent(x):
    """Run a recurrence whose states stand in the rows of a buffer."""
    n = x.shape[-1]
    W = np.linspace(-1, 1, n * n).reshape(n, n) / n
    states = np.zeros((5, *x.shape))
    for t in range(4):
        np.tanh(states[t] @ W.T + x, out=states[t + 1])
    states[1:] *= 0.5
    return states[-1] - states[1]


UNARY = {
    "negative": np.negative,
    "absolute": np.abs,
    "square": np.square,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.rint,
    "sign": np.sign,
    "root": lambda x: np.sqrt(np.abs(x)),
    "invert": lambda x: 1 / x,
    "round": lambda x: np.round(x, 1),
    "relu": lambda x: np.maximum(x + 0.0, 0),
    "clip": lambda x: np.clip(x + 0.0, -1, 2),
    "isnan": lambda x: np.isnan(x) * 1.0,
    "positive": lambda x: x > 0,
    "whole": lambda x: np.isfinite(x) & (x == np.floor(x)),
    "sum": np.sum,
    "sum 0": lambda x: x.sum(0) if x.ndim else x,
    "sum -1": lambda x: x.sum(-1) if x.ndim else x,
    "sum of ends": lambda x: x.sum((0, -1)) if x.ndim > 1 else x,
    "keep": lambda x: np.mean(x, axis=-1, keepdims=True) if x.ndim else x,
    "prod": lambda x: x.prod(0) if x.ndim else x,
    "max": lambda x: np.max(x + 0.0, axis=-1) if x.ndim else x,
    "min": lambda x: np.min(x + 0.0),
    "any": lambda x: (x > 0).any(0) if x.ndim else x,
    "count": lambda x: np.sum(x > 1),
    "mean": np.mean,
    "argmax": lambda x: np.argmax(x, axis=0) if x.ndim else x,
    "cumsum": lambda x: np.cumsum(x, axis=0) if x.ndim else x,
    "transpose": lambda x: x.T,
    "flip": lambda x: np.flip(x),
    "ravel": np.ravel,
    "back": lambda x: x[..., ::-1] if x.ndim else x,
    "row": lambda x: x[0] if x.ndim else x,
    "tail": lambda x: x[..., 1:] if x.ndim and x.shape[-1] > 1 else x,
    "new": lambda x: x[..., None],
    "roll": lambda x: np.roll(x, 1),
    "stack": lambda x: np.stack([x, -x]),
    "pad": lambda x: np.pad(x, 1) if x.ndim else x,
    "diff": lambda x: np.diff(x, axis=0) if x.ndim and len(x) > 1 else x,
    "running": lambda x: np.maximum.accumulate(x + 0.0) if x.ndim else x,
    "thirds": lambda x: np.take([4.0, -1.0, 2.5], np.sum(x > 0) % 3),
    "written": _written,
    "swept": lambda x: _swept(x) if x.ndim else x,
    "ones": lambda x: np.ones_like(x * 1.0) / np.full(np.shape(x), 3.0) - x,
    "hot": lambda x: np.eye(3)[[0, 2]] * np.ravel(x)[0] + np.arange(3) / 2,
    "rows": lambda x: (
        np.take(x, np.argmin(np.ravel(x)[:3]) % len(x), 0) if x.ndim else x
    ),
    "steps": lambda x: np.interp(np.clip(x, -9, 9), [-1, 0, 2], [3.0, -1.0, 0.5]),
}


def _into(x, y):
    """Write two arrays into one, the second where both stand."""
    result = np.full(np.broadcast_shapes(np.shape(x), np.shape(y)), -0.5)
    result += x
    result[...] = np.where(result > 1, result, y)
    return result


BINARY = {
    "add": np.add,
    "subtract": lambda x, y: x * 1 - y * 1,
    "multiply": np.multiply,
    "divide": np.divide,
    "mod": lambda x, y: np.mod(x * 1.0, y),
    "floor_divide": lambda x, y: (x * 1.0) // y,
    "fmod": lambda x, y: np.fmod(x * 1.0, y),
    "maximum": lambda x, y: np.maximum(x + 0.0, y + 0.0),
    "minimum": lambda x, y: np.minimum(x + 0.0, y + 0.0),
    "less": np.less,
    "equal": np.equal,
    "both": np.logical_and,
    "where": lambda x, y: np.where(x > y, x, y * 2),
    "choose": lambda x, y: np.where(x, y, 1),
    "outer": lambda x, y: np.multiply.outer(x, y) if np.ndim(x) + np.ndim(y) < 4 else x,
    "join": lambda x, y: np.concatenate([np.ravel(x), np.ravel(y)]),
    "into": _into,
    "copysign": lambda x, y: np.copysign(np.nan_to_num(x), np.nan_to_num(y)),
}
SMOOTH = {
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "softmax": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
    "gauss": lambda x: np.exp(-(x**2)),
    "root": lambda x: np.hypot(x, 1.0),
    "log": lambda x: np.log1p(x * x),
    "cube": lambda x: np.clip(x, -2, 2) ** 3 / 8,
    "mean": lambda x: np.mean(x, axis=-1) if x.ndim else x,
    "std": lambda x: x.std() + x,
    "dot": lambda x: x @ np.linspace(-1, 1, x.shape[-1]) if x.ndim else x,
    "gram": lambda x: np.tanh(x.T @ x) if x.ndim == 2 else x,
    "recurrent": lambda x: _recurrent(x) if x.ndim else x,
    "einsum": lambda x: np.einsum("...i,...i->...", x, x[..., ::-1]) if x.ndim else x,
    "products": lambda x: np.tanh(x.T @ x @ x.T) if x.ndim == 2 else x,
    "power": lambda x: (1 + x * x) ** -0.75,
    "back": lambda x: x[..., ::-1] if x.ndim else x,
}
_TRUTH = {
    "invert",
    "positive",
    "sum",
    "sum 0",
    "sum -1",
    "sum of ends",
    "keep",
    "prod",
    "max",
    "min",
    "any",
    "count",
    "mean",
    "argmax",
    "cumsum",
    "transpose",
    "flip",
    "ravel",
    "back",
    "row",
    "tail",
    "new",
    "roll",
    "pad",
    "thirds",
    "add",
    "multiply",
    "mod",
    "divide",
    "floor_divide",
    "fmod",
    "maximum",
    "minimum",
    "less",
    "equal",
    "both",
    "where",
    "choose",
    "outer",
    "join",
}
_LIMIT = 60


@st.composite
def programs(draw, smooth=False):
    """Draw a list of steps: (operation, how far back its two arguments stand)."""
    names = sorted(SMOOTH) if smooth else sorted(UNARY) + sorted(BINARY) * 2
    steps = []
    for k in range(draw(st.integers(3, 12))):
        back = st.integers(1, len(SHAPES) + len(_CONSTANTS) + k)
        steps.append((draw(st.sampled_from(names)), -draw(back), -draw(back)))
    return steps


def run(steps, inputs, smooth=False):
    """Execute a program; return the values of its last steps.

    A step that does not fit its arguments' shapes, or would grow beyond 60 numbers, is
    left out; that depends on shapes only.
    """
    values = [*_CONSTANTS, *inputs]
    for name, i, j in steps:
        x, y = np.multiply(values[i], 1), np.multiply(values[j], 1)
        if name in _TRUTH and np.ndim(values[i]):
            x, y = values[i], values[j]
        if smooth:
            result = SMOOTH[name](x * 1.0)
        elif name in UNARY:
            result = UNARY[name](x)
        elif name in ("outer", "join") or _fits(x, y):
            result = BINARY[name](x, y)
        else:
            result = x
        values.append(result if np.size(result) <= _LIMIT else x)
    return {f"y{k}": value for k, value in enumerate(values[-3:])}


def _fits(x, y):
    try:
        return len(np.broadcast_shapes(np.shape(x), np.shape(y))) < 4
    except ValueError:
        return False
