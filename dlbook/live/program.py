"""Compiled models: evaluate them in Python, write them as JavaScript."""

from dataclasses import dataclass, field

import numpy as np

from dlbook.live.javascript import emit
from dlbook.live.nodes import TraceError, live
from dlbook.live.rules import RULES

__all__ = ["Program", "results"]

MAX_BYTES = 100_000


def results(result, name):
    """Return a model's result as a dict."""
    if hasattr(result, "_asdict"):
        result = result._asdict()
    if not isinstance(result, dict) or not all(isinstance(key, str) for key in result):
        raise TraceError(
            f"figure {name!r}: wanted a model that returns a dict or a NamedTuple of "
            f"arrays, got {type(result).__name__}"
        )
    return result


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled model.

    Attributes
    ----------
    name : str
        The figure's name.
    function : callable
        The NumPy function.
    defaults : dict of str to ndarray
        The inputs' default values, int64 or float64.
    """

    name: str
    function: object = field(repr=False)
    defaults: dict = field(repr=False)
    _nodes: dict = field(repr=False)

    @property
    def inputs(self):
        """Names of the sliders in order: ``b``, ``x1``, ``W12``."""
        result = []
        for key, value in self.defaults.items():
            wide = value.ndim > 1 and max(value.shape) > 9
            sign = "_" if wide else ""
            for place in np.ndindex(value.shape):
                result.append(key + sign.join(str(k + 1) for k in place))
        return result

    @property
    def outputs(self):
        """Shapes of the outputs by name, in the model's order."""
        return {key: nodes.shape for key, nodes in self._nodes.items()}

    @property
    def offsets(self):
        """Where each output begins in the list that the script returns."""
        ends = np.cumsum([0, *(nodes.size for nodes in self._nodes.values())])
        return dict(zip(self._nodes, ends.tolist(), strict=False))

    def arguments(self, values):
        """Return the function's arguments for a flat list of the sliders' values."""
        values = np.asarray(values, dtype=np.float64)
        result, start = {}, 0
        for key, default in self.defaults.items():
            part = values[start : start + default.size].reshape(default.shape)
            if default.dtype.kind == "i":
                part = np.floor(part + 0.5).astype(np.int64)
            result[key] = part.copy()[()]
            start += default.size
        return result

    def replay(self, values):
        """Evaluate the compiled program in Python.

        Parameters
        ----------
        values : array_like of shape (..., number of inputs)
            The sliders' values; leading axes are settings evaluated at once.

        Returns
        -------
        dict of str to ndarray
            The outputs as float64 (truth values are 0 and 1), leading axes first.
        """
        values = np.asarray(values, dtype=np.float64)
        if values.shape[-1:] != (len(self.inputs),):
            raise ValueError(
                f"values: wanted {len(self.inputs)} numbers, got shape {values.shape}"
            )
        nodes = [node for array in self._nodes.values() for node in array.flat]
        memory = {}
        with np.errstate(all="ignore"):
            for node in live(nodes):
                memory[node] = _evaluated(node, values, memory)
        lead = values.shape[:-1]
        return {
            key: np.array([np.broadcast_to(memory[n], lead) for n in array.flat])
            .reshape(array.size, *lead)
            .transpose(*range(1, 1 + len(lead)), 0)
            .reshape(lead + array.shape)
            for key, array in self._nodes.items()
        }

    def check(self, values):
        """Raise `TraceError` if program and function differ at some values."""
        with np.errstate(all="ignore"):
            plain = self.function(**self.arguments(values))
        self.compare(values, results(plain, self.name))

    def compare(self, values, plain):
        """Raise `TraceError` if the program gives other outputs than ``plain``."""
        replayed = self.replay(values)
        if list(replayed) != list(plain):
            self._differ("names of outputs", list(replayed), list(plain))
        for key, wanted in plain.items():
            got, wanted = replayed[key], np.asarray(wanted)
            if got.shape != wanted.shape:
                self._differ(f"shape of {key!r}", got.shape, wanted.shape)
            size = np.max(np.abs(wanted), initial=1, where=np.isfinite(wanted))
            close = dict(rtol=1e-9, atol=1e-12 * size, equal_nan=True)
            if not np.allclose(got, wanted, **close):
                self._differ(key, got, wanted)

    def _differ(self, what, got, wanted):
        raise TraceError(
            f"figure {self.name!r}: the compiled program differs from NumPy in {what}: "
            f"{got} instead of {wanted}"
        )

    def javascript(self, names=None):
        """Return the program as JavaScript.

        Parameters
        ----------
        names : sequence of str, optional
            The outputs wanted, in the order wanted; all if not given.

        Returns
        -------
        str
            Source of a function expression, ``function(v){...}`` (where constants are
            set up once, an expression that gives such a function). It takes an array of
            the sliders' values, and returns a new array of the outputs' elements.

        Raises
        ------
        TraceError
            If the script is longer than 100 kB.
        """
        names = list(self._nodes) if names is None else list(names)
        unknown = [key for key in names if key not in self._nodes]
        if unknown:
            raise ValueError(
                f"figure {self.name!r}: no output {unknown[0]!r}; there are "
                f"{', '.join(self._nodes)}"
            )
        script = emit([node for key in names for node in self._nodes[key].flat])
        if len(script) > MAX_BYTES:
            raise TraceError(
                f"figure {self.name!r}: the compiled model takes {len(script):,} bytes "
                f"of {MAX_BYTES:,}; show fewer elements, round constants (weights.round"
                "(3)), or record the run when the book is built and use np.take"
            )
        return script


def _evaluated(node, values, memory):
    if node.op == "input":
        return values[..., node.static]
    if node.op == "const":
        return np.float64(node.static)
    return RULES[node.op].python(node.static, *[memory[arg] for arg in node.args])
