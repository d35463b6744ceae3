"""Compiled models: evaluate them in Python, write them as JavaScript."""

from dataclasses import dataclass, field

import numpy as np

from dlbook.compiler.javascript import emit
from dlbook.compiler.nodes import TraceError, live, spread, tracing
from dlbook.compiler.random import Random
from dlbook.compiler.rules import evaluate
from dlbook.compiler.trees import filled, leaves, sliders

__all__ = ["Program", "results"]

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
        The inputs' default values, int64, bool or float64; `Random` for a generator.
    """

    name: str
    function: object = field(repr=False)
    defaults: dict = field(repr=False)
    _graph: object = field(repr=False)
    _ids: dict = field(repr=False)

    @property
    def inputs(self):
        """Names of the sliders in order: ``b``, ``x1``, ``W12``, ``layers[0].W12``."""
        found = []
        for key, tree in self.defaults.items():
            for path, value in leaves(tree, key):
                if isinstance(value, Random):
                    found += [f"{path}.seed", f"{path}.step"]
                else:
                    found += sliders(path, value.shape)
        return found

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
        row, lead, found, start = self._evaluated(values), values.shape[:-1], {}, 0
        for key, shape in self.outputs.items():
            size = int(np.prod(shape))
            part = row[..., start : start + size]
            part = np.broadcast_to(part, (*lead, size)).reshape(lead + shape)
            found[key], start = part, start + size
        return found

    def _evaluated(self, values):
        """Return the outputs in a row, computed node by node."""
        rows = {}

        def taken(view, shape):
            row = view.node.data if view.node.op == "const" else rows[view.node]
            return row[..., spread(view, shape)]

        result = self._gathered(self._ids)
        with np.errstate(all="ignore"):
            for node in live(result):
                space = node.shape + node.inner
                if node.op == "input":
                    rows[node] = values[..., node.static : node.static + node.size]
                    continue
                if node.op == "gather":
                    parts = map(taken, node.args, [(n,) for n in node.static])
                    value = _joined(list(parts))
                elif node.op == "take":
                    value = _looked_up(node, rows, taken(node.args[1], space))
                else:
                    args = [taken(view, space) for view in node.args]
                    value = evaluate(node.op, node.static, args, len(node.inner))
                value = np.asarray(value)
                lead = value.shape[: value.ndim - len(node.shape)]
                rows[node] = value.reshape(*lead, -1)
        return rows[result]

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
            The outputs wanted by path, in the order wanted; all if not given.

        Returns
        -------
        str
            Source of a function expression, ``function(v){...}`` (where something is
            set up once, an expression that gives such a function). It takes an array of
            the sliders' values, and returns an array of the outputs' elements, which
            the next call may overwrite.

        Raises
        ------
        TraceError
            If the script is longer than 100 kB.
        """
        names = list(self._ids) if names is None else list(names)
        unknown = [key for key in names if key not in self._ids]
        if unknown:
            raise ValueError(
                f"figure {self.name!r}: no output {unknown[0]!r}; there are "
                f"{', '.join(self._ids)}"
            )
        script = emit(self._gathered(names))
        if len(script) > MAX_BYTES:
            raise TraceError(
                f"figure {self.name!r}: the compiled model takes {len(script):,} bytes "
                f"of {MAX_BYTES:,}; show fewer elements, round constants (weights.round"
                "(3)), or record the run when the book is built and use np.take"
            )
        return script


def _arrays(defaults, values):
    """Yield the arguments' leaves at a flat list of values."""
    start = 0
    for _, default in leaves(defaults):
        if isinstance(default, Random):
            seed, step = (int(x) for x in values[start : start + 2])
            yield Random(seed, step)
            start += 2
            continue
        part = values[start : start + default.size].reshape(default.shape)
        if default.dtype.kind == "i":
            part = np.floor(part + 0.5).astype(np.intp)
        elif default.dtype.kind == "b":
            part = part != 0
        yield part.copy()[()]
        start += default.size


def _joined(parts):
    lead = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    parts = [np.broadcast_to(part, lead + part.shape[-1:]) for part in parts]
    return np.concatenate([*parts, np.empty((*lead, 0))], axis=-1)


def _looked_up(node, rows, index):
    table, (step, _) = node.args[0], node.static
    places = spread(table, node.shape) + step * np.asarray(index, dtype=int)
    row = table.node.data if table.node.op == "const" else rows[table.node]
    outer = places.shape[: places.ndim - len(node.shape)]
    lead = np.broadcast_shapes(row.shape[:-1], outer)
    flat = np.broadcast_to(places, lead + node.shape).reshape(*lead, -1)
    row = np.broadcast_to(row, lead + row.shape[-1:])
    return np.take_along_axis(row, flat, -1).reshape(lead + node.shape)
