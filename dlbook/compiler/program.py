"""Compiled models: evaluate them in Python, write them as JavaScript."""

from dataclasses import dataclass, field

import numpy as np

from dlbook.compiler.javascript import Script
from dlbook.compiler.nodes import TraceError, live, spread, tracing
from dlbook.compiler.rules import evaluate
from dlbook.compiler.symbolic import symbolic, wrap
from dlbook.compiler.trees import filled, leaves, sliders

MAX_BYTES = 100_000


def results(result, name):
    """Return the arrays of a model's result by their paths."""
    if hasattr(result, "_asdict"):
        result = result._asdict()
    if not isinstance(result, dict) or not all(isinstance(key, str) for key in result):
        raise TraceError(
            f"figure {name!r}: wanted a model that returns a dict or a NamedTuple of "
            f"arrays, got {type(result).__name__}"
        )
    return dict(leaf for key, tree in result.items() for leaf in leaves(tree, key))


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled model.

    Attributes
    ----------
    name : str
        The figure's name.
    function : callable
        The NumPy function.
    defaults : dict of str to ndarray or tree
        The inputs' default values, int64, bool or float64.
    """

    name: str
    function: object = field(repr=False)
    defaults: dict = field(repr=False)
    _graph: object = field(repr=False)
    _ids: dict = field(repr=False)

    @property
    def inputs(self):
        """Names of the sliders in order: ``b``, ``x1``, ``W12``, ``layers[0].W12``."""
        found = leaves(self.defaults)
        return [name for path, x in found for name in sliders(path[1:], x.shape)]

    @property
    def outputs(self):
        """Shapes of the outputs by path, in the model's order."""
        return {key: ids.shape for key, ids in self._ids.items()}

    @property
    def offsets(self):
        """Where each output begins in the list that the script returns."""
        ends = np.cumsum([0, *(ids.size for ids in self._ids.values())])
        return dict(zip(self._ids, ends.tolist(), strict=False))

    def arguments(self, values):
        """Return the function's arguments for a flat list of the sliders' values."""
        values = np.asarray(values, dtype=np.float64)
        return filled(self.defaults, _arrays(self.defaults, values))

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
        with np.errstate(all="ignore"):
            row = _evaluated(self._gathered(self._ids), values)
        lead, ends = values.shape[:-1], [*self.offsets.values()][1:]
        parts = zip(self.outputs.items(), np.split(row, ends, axis=-1), strict=False)
        return {key: part.reshape(lead + shape) for (key, shape), part in parts}

    def _gathered(self, names):
        """Return the node that holds some outputs in a row."""
        ids = [np.ravel(self._ids[key]) for key in names]
        with tracing(self._graph):
            return self._graph.gather(np.concatenate([*ids, np.empty(0, np.int64)]))

    def check(self, values):
        """Raise `TraceError` if program and function differ at some values."""
        with np.errstate(all="ignore"):
            plain = self.function(**self.arguments(values))
        self.compare(values, results(plain, self.name))

    def compare(self, values, plain):
        """Raise `TraceError` if the program gives other outputs than ``plain``."""
        replayed = self.replay(values)
        self._same("names of outputs", list(replayed), list(plain))
        for key, wanted in plain.items():
            got, wanted = replayed[key], np.asarray(wanted)
            self._same(f"shape of {key!r}", got.shape, wanted.shape)
            size = np.max(np.abs(wanted), initial=1, where=np.isfinite(wanted))
            close = dict(rtol=1e-9, atol=1e-12 * size, equal_nan=True)
            self._same(key, got, wanted, np.allclose(got, wanted, **close))

    def _same(self, what, got, wanted, same=None):
        if not (got == wanted if same is None else same):
            raise TraceError(
                f"figure {self.name!r}: the compiled program differs from NumPy in "
                f"{what}: {got} instead of {wanted}"
            )

    def javascript(self, names=None):
        """Return the program as JavaScript.

        Parameters
        ----------
        names : sequence of str, optional
            The outputs wanted by path, in the order wanted; all if not given.

        Returns
        -------
        str
            Source of an expression that gives a function ``v=>{...}``. It takes an
            array of the sliders' values, and returns an array of the outputs' elements,
            which the next call may overwrite.

        Raises
        ------
        TraceError
            If the script is longer than 100 kB.
        """
        names = list(self._ids if names is None else names)
        for key in names:
            if key not in self._ids:
                raise ValueError(
                    f"figure {self.name!r}: no output {key!r}; there are "
                    f"{', '.join(self._ids)}"
                )
        script = Script(self._gathered(names)).source()
        if len(script) > MAX_BYTES:
            raise TraceError(
                f"figure {self.name!r}: the compiled model takes {len(script):,} bytes "
                f"of {MAX_BYTES:,}; show fewer elements, round constants (weights.round"
                "(3)), or record the run when the book is built and use np.take"
            )
        return script


def _arrays(defaults, values):
    """Yield the arguments' leaves at a flat array of values."""
    start = 0
    for _, default in leaves(defaults):
        part, start = values[start : start + default.size], start + default.size
        if default.dtype.kind == "b":
            part = part != 0
        elif default.dtype.kind == "i":
            part = np.floor(part + 0.5)
            part = wrap(part.ids, "i") if symbolic(part) else part.astype(np.intp)
        yield part.reshape(default.shape).copy()[()]


def _evaluated(result, values):
    """Return a node's numbers in a row, settings first, computed node by node."""
    rows, lead = {}, values.shape[:-1]

    def read(view):
        row = view.node.data if view.node.op == "const" else rows[view.node]
        return np.broadcast_to(row[..., spread(view)], lead + view.shape)

    for node in live(result):
        op, args, static = node.op, node.args, node.static
        if op == "input":
            value = values
        elif op == "gather":
            value = np.concatenate([*map(read, args), np.empty((*lead, 0))], axis=-1)
        elif op == "take":
            (_, _, strides, shape), (step, n) = args[0], static
            table = args[0]._replace(strides=(*strides, step), shape=(*shape, n))
            index = read(args[1])[..., None].astype(int)
            value = np.take_along_axis(read(table), index, -1)
        else:
            value = evaluate(op, static, list(map(read, args)), len(node.inner))
        rows[node] = value.reshape(*lead, node.size)
    return rows[result]
