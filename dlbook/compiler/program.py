"""Compiled models: evaluate them in Python, write them as JavaScript."""

from dataclasses import dataclass, field

import numpy as np

from dlbook.compiler.javascript import emit
from dlbook.compiler.nodes import TraceError, live, sources, spread
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
        ids = [np.ravel(part) for part in self._ids.values()]
        ids = np.concatenate([*ids, np.empty(0, np.int64)])
        memory, lead = _Memory(self._graph, values), values.shape[:-1]
        with np.errstate(all="ignore"):
            for node in live(self._graph, ids):
                memory.evaluate(node)
            flat = memory.gathered(ids)
        found, start = {}, 0
        for key, part in self._ids.items():
            chosen = flat[..., start : start + part.size]
            found[key] = np.broadcast_to(chosen, (*lead, part.size)).reshape(
                lead + part.shape
            )
            start += part.size
        return found

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
        ids = [number for key in names for number in self._ids[key].flat]
        script = emit(self._graph, np.array(ids, dtype=np.int64))
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


class _Memory:
    """The values of nodes while a program is replayed, each in one row."""

    def __init__(self, graph, values):
        self.graph, self.values, self.rows = graph, values, {}

    def row(self, node):
        return self.graph.data(node) if node.op == "const" else self.rows[node]

    def evaluate(self, node):
        if node.op == "input":
            row = self.values[..., node.static : node.static + node.size]
        elif node.op == "gather":
            row = self.gathered(np.frombuffer(node.static, np.int64))
        else:
            space = node.shape + node.inner
            args = [self.row(v.node)[..., spread(v, space)] for v in node.args]
            if node.op == "take":
                result = self._looked_up(node, spread(node.args[0], space), args[1])
            else:
                result = evaluate(node.op, node.static, args, len(node.inner))
            result = np.asarray(result)
            row = result.reshape(*result.shape[: result.ndim - len(node.shape)], -1)
        self.rows[node] = row

    def _looked_up(self, node, places, x):
        table = self.row(node.args[0].node)
        places = places + node.static * np.asarray(x, dtype=int)
        outer = places.shape[: places.ndim - len(node.shape)]
        lead = np.broadcast_shapes(table.shape[:-1], outer)
        table = np.broadcast_to(table, (*lead, table.shape[-1]))
        places = np.broadcast_to(places, (*lead, *node.shape))
        flat = places.reshape(*lead, -1)
        return np.take_along_axis(table, flat, -1).reshape(places.shape)

    def gathered(self, ids):
        """Return the values of some elements, settings first."""
        found = sources(self.graph, ids)
        lead = np.broadcast_shapes(*(self.row(node).shape[:-1] for node in found))
        result = np.empty((*lead, ids.size))
        for node in found:
            chosen = (ids >= node.start) & (ids < node.start + node.size)
            result[..., chosen] = self.row(node)[..., ids[chosen] - node.start]
        return result
