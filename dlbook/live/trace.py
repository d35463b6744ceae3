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

import numpy as np

from dlbook.live import folds, lookup  # noqa: F401  (they register NumPy's functions)
from dlbook.live.arithmetic import boxed, elements
from dlbook.live.nodes import Graph, TraceError, live, quoted, refuse, tracing
from dlbook.live.patches import no_draws, patched
from dlbook.live.program import Program, results
from dlbook.live.symbolic import NO_INDEX, wrap

__all__ = ["Program", "TraceError", "trace"]

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
        plain = results(function(**_copies(defaults)), name)
        first = _traced(function, defaults, name)
        second = _traced(function, defaults, name)
    if _portrait(first) != _portrait(second):
        raise TraceError(
            f"figure {name!r}: tracing the model twice gives two different formulas, "
            "so it draws random numbers or keeps a state; do that outside of the model"
        )
    program = Program(name, function, defaults, first)
    program.compare(np.concatenate([*map(np.ravel, defaults.values()), []]), plain)
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


def _traced(function, defaults, name):
    """Run the model on symbols; return the nodes of each output."""
    graph = Graph(name)
    with tracing(graph), patched():
        arguments = {key: wrap(_input(graph, v)) for key, v in defaults.items()}
        try:
            result = results(function(**arguments), name)
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


def _portrait(outputs):
    """Return a description of a trace that equals another's only if all does."""
    nodes = [node for array in outputs.values() for node in array.flat]
    numbers, lines = {}, []
    for node in live(nodes):
        numbers[node] = len(numbers)
        static = node.static
        if node.op == "const":
            static = struct.pack("<d", static)
        lines.append((node.op, static, node.kind, [numbers[arg] for arg in node.args]))
    shapes = {key: array.shape for key, array in outputs.items()}
    return lines, [numbers[node] for node in nodes], shapes
