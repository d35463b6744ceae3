"""Compile a NumPy function: run it once on symbols and keep what it computes."""

import numpy as np

from dlbook.compiler.nodes import Graph, TraceError, quoted, refuse, tracing
from dlbook.compiler.patches import DRAWN, generators, patched, states
from dlbook.compiler.program import Program, results
from dlbook.compiler.symbolic import LOST, NO_FLOAT, NO_INDEX, symbols, wrap
from dlbook.compiler.trees import filled, leaves

# What NumPy says of ids where it wants numbers, and what that means for a model.
_RAISED = (
    (("'<i4')]) to dtype('int64') according to the rule 'unsafe'",), NO_FLOAT),
    (("arrays used as indices", "'<i4')]) to dtype('int64')"), NO_INDEX),
    (("'<i4')]) to dtype(",), NO_FLOAT),
    (("VoidDType", "numpy.void", "'<i4')]"), LOST),
)


def trace(function, inputs, *, name="figure"):
    """Compile a NumPy function to a list of operations on arrays.

    `Program.replay` evaluates it in Python, `Program.javascript` writes it; both follow
    NumPy to the bit where IEEE 754 fixes the result, and to about 1e-15 relative where
    a mathematical library is called. Limits: no `if` or `while` on values, no sorting,
    no linear solvers, no selection by a mask; loops unroll.

    Parameters
    ----------
    function : callable
        The model. It takes the inputs by name and returns a dict (or NamedTuple) of
        numbers and arrays.
    inputs : dict of str to array_like
        Default values in the order wanted, or trees of them: dicts, tuples and
        NamedTuples. Integers are inputs of type int64 (and may choose from a table by
        `np.take`), truth values of type bool, others of type float64; within a tree
        they need not be finite. A `Random` lets the model draw; its seed and step are
        inputs.
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
    '((m=new Float64Array(1))=>v=>{m[0]=0+v[2]*v[0]+v[3]*v[1]+v[4];return m})()'
    """
    found = [
        _default(value, path, name, path != key)
        for key, tree in inputs.items()
        for path, value in leaves(tree, key)
    ]
    defaults = filled(dict(inputs), iter(found))
    values, graph = np.concatenate([*map(np.ravel, found), []]), Graph(name)
    program = Program(name, function, defaults, graph, {})
    sources = generators(function)
    before = states(sources)

    def run():
        return results(function(**program.arguments(values)), name)

    with np.errstate(all="ignore"):
        plain = run()
        program._ids.update(_traced(program))
        again = run()
    if before != states(sources):
        raise TraceError(
            f"figure {name!r}: drawing random numbers cannot be compiled; {DRAWN}"
        )
    first, second = (
        [(key, np.shape(x), np.asarray(x).tobytes()) for key, x in found.items()]
        for found in (plain, again)
    )
    if first != second:
        raise TraceError(
            f"figure {name!r}: running the model twice gives two different results, "
            "so it draws random numbers or keeps a state; do that outside of the model"
        )
    program.compare(values, plain)
    return program


def _default(value, key, name, within):
    """Return an input's default; within a tree it need not be finite."""
    value = np.asarray(value)
    if value.dtype.kind not in "biuf" or not (within or np.isfinite(value).all()):
        raise TraceError(
            f"figure {name!r}: input {key!r}: wanted finite numbers, got {value!r}"
        )
    kind = {"f": np.float64, "b": np.bool_}.get(value.dtype.kind, np.int64)
    return value.astype(kind)


def _traced(program):
    """Run the model on symbols; return the ids of each output."""
    graph = program._graph
    with tracing(graph), patched():
        values = wrap(graph.add("input", (), (len(program.inputs),)), "f")
        try:
            found = results(program.function(**program.arguments(values)), graph.name)
            ids = {key: symbols(value).ids.copy() for key, value in found.items()}
        except Exception as error:
            if graph.refusal or isinstance(error, TraceError):
                raise (graph.refusal or error) from None
            for texts, refusal in _RAISED:
                if any(text in str(error) for text in texts):
                    refuse(*refusal, error)
            raise TraceError(
                f"figure {graph.name!r}: the model runs on numbers but not on symbols: "
                f"{error}{quoted(error)}"
            ) from error
    if graph.refusal:
        raise graph.refusal
    return ids
