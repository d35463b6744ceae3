"""The functions a worked example may use, by the names LaTeX gives them.

They are written here anew: a check by the package's own code would miss its faults.
"""

import numpy as np

__all__ = ["FUNCTIONS"]


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _softmax(z):
    powers = np.exp(z - np.max(z))
    return powers / np.sum(powers)


def _step(z):
    return np.where(z > 0, 1.0, 0.0)


def _relu(z):
    return np.maximum(z, 0)


def _softplus(z):
    return np.logaddexp(0, z)


def _largest(*args):
    return np.max(args[0]) if len(args) == 1 else np.maximum.reduce(args)


def _smallest(*args):
    return np.min(args[0]) if len(args) == 1 else np.minimum.reduce(args)


def _diagonal(z):
    return np.diag(np.ravel(z))


FUNCTIONS = {
    name: getattr(np, name)
    for name in "exp log sin cos tan sinh cosh tanh arcsin arccos arctan sign".split()
} | {
    "ln": np.log,
    "max": _largest,
    "min": _smallest,
    "det": np.linalg.det,
    "sgn": np.sign,
    "sigma": _sigmoid,
    "sigmoid": _sigmoid,
    "relu": _relu,
    "ReLU": _relu,
    "step": _step,
    "softplus": _softplus,
    "softmax": _softmax,
    "diag": _diagonal,
    "sum": np.sum,
    "mean": np.mean,
}
