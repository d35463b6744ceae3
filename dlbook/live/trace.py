r"""Compile a NumPy function: run it once on symbols and keep what it computes.

The compiled program is a list of scalar operations. It can be evaluated in Python
(`Program.replay`) and be written as JavaScript (`Program.javascript`); both follow
NumPy to the bit where IEEE 754 fixes the result, and to about 1e-15 relative where a
mathematical library is called. Limits: no `if` or `while` on values, no sorting, no
linear solvers, no selection by a mask; loops unroll. What cannot be compiled is
refused with a `TraceError`; a compiled program never gives other numbers than the
function, and `trace` checks that at the defaults.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from dlbook.live import lookup  # noqa: F401  (registers NumPy's functions)
from dlbook.live.arithmetic import boxed, elements
from dlbook.live.javascript import emit
from dlbook.live.nodes import Graph, TraceError, quoted, refuse, tracing
from dlbook.live.patches import no_draws, patched
from dlbook.live.rules import RULES
from dlbook.live.symbolic import NO_INDEX, wrap

__all__ = ["Program", "TraceError", "trace"]

MAX_BYTES = 100_000
_INDEXED = ("arrays used as indices", "from dtype('O') to dtype('int64')")


def trace(function, inputs, *, name="figure"):
    """Compile a NumPy function.

    Parameters
    ----------
    function : callable
        The model. It takes the inputs by name and returns a dict (or NamedTuple) of
        numbers and arrays.
    inputs : dict of str to array_like
        Default values in the order wanted. Integers and truth values are inputs of type
        int64 (and may choose from a table by `np.take`), others of type float64.
    name : str
        The figure's name, for messages.

    Returns
    -------
    Program

    Raises
    ------
    TraceError
        If the model does what cannot be compiled, draws random numbers, keeps a state,
        or if the compiled program differs from the function at the defaults. The
        message names the figure, the operation, and what to write instead.

    Examples
    --------
    >>> def model(x, w, b):
    ...     z = w @ x + b
    ...     return dict(z=z, y=np.where(z > 0, 1, 0))
    >>> program = trace(model, dict(x=[1.0, 0.0], w=[0.5, -0.6], b=0.1))
    >>> program.inputs
    ['x1', 'x2', 'w1', 'w2', 'b']
    >>> program.replay([1, 0, 0.5, -0.6, 0.1])
    {'z': array(0.6), 'y': array(1.)}
    >>> program.javascript(["z"])
    'function(v){return[0+v[2]*v[0]+v[3]*v[1]+v[4]]}'
    """
    defaults = {key: _default(value, key, name) for key, value in inputs.items()}
    with no_draws(name), np.errstate(all="ignore"):
        plain = _results(function(**_copies(defaults)), name)
        first = _traced(function, defaults, name)
        second = _traced(function, defaults, name)
    if _portrait(first) != _portrait(second):
        raise TraceError(
            f"figure {name!r}: tracing the model twice gives two different formulas, so "
            "it draws random numbers or keeps a state; do that outside of the model"
        )
    program = Program(name, function, defaults, first)
    program._compare(np.concatenate([*map(np.ravel, defaults.values()), []]), plain)
    return program


def _default(value, key, name):
    value = np.asarray(value)
    if value.dtype.kind not in "biuf" or not np.isfinite(value).all():
        raise TraceError(
            f"figure {name!r}: input {key!r}: wanted finite numbers, got {value!r}"
        )
    return value.astype(np.float64 if value.dtype.kind == "f" else np.int64)


def _copies(values):
    """Return arguments as the model gets them: arrays, and NumPy's scalars."""
    return {key: value.copy()[()] for key, value in values.items()}


def _results(result, name):
    """Return a model's result as a dict."""
    if hasattr(result, "_asdict"):
        result = result._asdict()
    if not isinstance(result, dict) or not all(isinstance(key, str) for key in result):
        raise TraceError(
            f"figure {name!r}: wanted a model that returns a dict or a NamedTuple of "
            f"arrays, got {type(result).__name__}"
        )
    return result


def _traced(function, defaults, name):
    """Run the model on symbols; return the nodes of each output."""
    graph = Graph(name)
    with tracing(graph), patched():
        arguments = {key: wrap(_input(graph, v)) for key, v in defaults.items()}
        try:
            result = _results(function(**arguments), name)
            nodes = {key: elements(value).copy() for key, value in result.items()}
        except Exception as error:
            if graph.refusal or isinstance(error, TraceError):
                raise (graph.refusal or error) from None
            if any(text in str(error) for text in _INDEXED):
                refuse(*NO_INDEX, error)
            raise TraceError(
                f"figure {name!r}: the model runs on numbers but not on symbols: "
                f"{error}{quoted(error)}"
            ) from error
    if graph.refusal:
        raise graph.refusal
    return nodes


def _input(graph, value):
    nodes = [graph.input() for _ in range(value.size)]
    if value.dtype.kind == "i":
        half = graph.const(0.5, "f")
        nodes = [
            graph.node("floor", (graph.node("add", (node, half), "f"),), "i")
            for node in nodes
        ]
    return boxed(nodes, value.shape)


def _live(nodes):
    """Return the nodes that outputs depend on, arguments first."""
    seen, stack = set(), list(nodes)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return sorted(seen, key=lambda node: node.id)


def _portrait(outputs):
    """Return a description of a trace that equals another's only if all does."""
    nodes = [node for array in outputs.values() for node in array.flat]
    numbers, lines = {}, []
    for node in _live(nodes):
        numbers[node] = len(numbers)
        static = node.static
        if node.op == "const":
            static = struct.pack("<d", static)
        lines.append((node.op, static, node.kind, [numbers[arg] for arg in node.args]))
    shapes = {key: array.shape for key, array in outputs.items()}
    return lines, [numbers[node] for node in nodes], shapes


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
            for place in np.ndindex(value.shape):
                result.append(key + ("_" if wide else "").join(str(k + 1) for k in place))
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
            for node in _live(nodes):
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
        self._compare(values, _results(plain, self.name))

    def _compare(self, values, plain):
        replayed = self.replay(values)
        if list(replayed) != list(plain):
            self._differ("names of outputs", list(replayed), list(plain))
        for key, wanted in plain.items():
            got, wanted = replayed[key], np.asarray(wanted)
            if got.shape != wanted.shape:
                self._differ(f"shape of {key!r}", got.shape, wanted.shape)
            size = np.max(np.abs(wanted), initial=1, where=np.isfinite(wanted))
            if not np.allclose(got, wanted, rtol=1e-9, atol=1e-12 * size, equal_nan=True):
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
