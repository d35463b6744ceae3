"""Compiling: what a program keeps of a model, and what is refused."""

import math
import random
from typing import NamedTuple

import numpy as np
import pytest

from dlbook.live import nodes
from dlbook.live.symbolic import SymbolicArray
from dlbook.live.trace import Program, TraceError, trace


def program_of(function, **inputs):
    return trace(function, inputs, name="demo")


def refused(function, **inputs):
    """Return the message with which a model is refused."""
    inputs = inputs or dict(x=[0.5, -1.0, 2.0], k=1, s=0.5)
    names = ", ".join(inputs)
    model = eval(f"lambda {names}: dict(y=f({names}))", {"f": function})
    with pytest.raises(TraceError) as caught:
        trace(model, inputs, name="demo")
    message = str(caught.value)
    assert message.startswith("figure 'demo': ")
    return message


# The seam -----------------------------------------------------------------------------


def test_inputs_are_numbered_as_in_the_formulas():
    program = program_of(
        lambda b, x, W: dict(y=W @ x + b), b=0.5, x=[1.0, 2.0], W=np.ones((3, 2))
    )
    assert program.inputs == ["b", "x1", "x2", "W11", "W12", "W21", "W22", "W31", "W32"]
    assert program_of(lambda x: dict(y=x), x=np.ones(10)).inputs[-1] == "x10"
    wide = program_of(lambda W: dict(y=W), W=np.ones((2, 11)))
    assert wide.inputs[0] == "W1_1"
    assert wide.inputs[-1] == "W2_11"


def test_outputs_and_offsets_follow_the_models_order():
    program = program_of(
        lambda x: dict(a=x.sum(), b=np.outer(x, x), c=[x[0], 1], d=True), x=[1.0, 2.0]
    )
    assert program.outputs == {"a": (), "b": (2, 2), "c": (2,), "d": ()}
    assert program.offsets == {"a": 0, "b": 1, "c": 5, "d": 7}


def test_a_model_may_return_a_named_tuple():
    class Result(NamedTuple):
        z: object
        y: object

    program = program_of(lambda x: Result(z=x * 2, y=x > 0), x=1.0)
    assert list(program.outputs) == ["z", "y"]
    assert program.replay([3])["z"] == 6


def test_a_program_without_outputs_or_inputs_is_one():
    assert program_of(lambda x: {}, x=1.0).javascript() == "function(v){return[]}"
    constant = program_of(lambda: dict(y=np.arange(3)))
    assert constant.inputs == []
    np.testing.assert_array_equal(constant.replay([])["y"], [0, 1, 2])


def test_replay_takes_many_settings_at_once():
    program = program_of(
        lambda x, k: dict(y=np.outer(x, x), t=np.take([5.0, 7.0], k), c=3), x=[1.0, 2.0], k=0
    )
    rows = np.random.default_rng(0).normal(size=(4, 5, 3))
    rows[..., 2] = 1
    result = program.replay(rows)
    assert result["y"].shape == (4, 5, 2, 2)
    for place in np.ndindex(4, 5):
        single = program.replay(rows[place])
        for key, value in single.items():
            np.testing.assert_array_equal(result[key][place], value)


def test_replay_wants_as_many_values_as_there_are_inputs():
    with pytest.raises(ValueError, match=r"values: wanted 2 numbers, got shape \(3,\)"):
        program_of(lambda x: dict(y=x), x=[1.0, 2.0]).replay([1, 2, 3])


def test_javascript_knows_the_outputs_by_name():
    program = program_of(lambda x: dict(a=x, b=-x), x=1.0)
    assert program.javascript(["b"]) == "function(v){return[-v[0]]}"
    with pytest.raises(ValueError, match="figure 'demo': no output 'c'; there are a, b"):
        program.javascript(["c"])


def test_arguments_are_what_the_function_takes():
    program = program_of(lambda x, k, b: dict(y=x[0] + k + b), x=[1.0, 2.0], k=1, b=0.5)
    arguments = program.arguments([1, 2, 2.9999999, 0.25])
    np.testing.assert_array_equal(arguments["x"], [1.0, 2.0])
    assert isinstance(arguments["k"], np.int64)
    assert arguments["k"] == 3
    assert isinstance(arguments["b"], np.float64)


def test_integer_inputs_are_rounded_to_the_nearest():
    program = program_of(lambda k: dict(y=np.take(np.arange(5) ** 2, k)), k=1)
    values = [[0.4], [0.6], [1.9999999], [3.0000001], [2.5]]
    np.testing.assert_array_equal(program.replay(values)["y"], [0, 1, 4, 9, 9])


def test_indices_out_of_bounds_take_the_nearest_entry():
    program = program_of(lambda k: dict(y=np.take(np.arange(5.0), k)), k=1)
    replayed = program.replay([[-9], [-6], [-5], [-1], [4], [5], [99]])["y"]
    np.testing.assert_array_equal(replayed, [0, 0, 0, 4, 4, 4, 4])


def test_check_holds_a_program_against_the_function():
    def model(x):
        return dict(y=x * (1 if isinstance(x, np.ndarray) or x < 2 else 3))

    program = trace(model, dict(x=1.0), name="demo")
    program.check([1.5])
    with pytest.raises(TraceError) as caught:
        program.check([3.0])
    assert str(caught.value) == (
        "figure 'demo': the compiled program differs from NumPy in y: 3.0 instead of 9.0"
    )


def test_a_program_has_a_short_representation():
    assert repr(program_of(lambda x: dict(y=x), x=1.0)) == "Program(name='demo')"
    assert isinstance(program_of(lambda x: dict(y=x), x=1.0), Program)


# Kinds --------------------------------------------------------------------------------


def test_kinds_follow_numpys_types():
    seen = {}

    def model(x, k):
        values = dict(
            a=x, b=x > 0, c=(x > 0).sum(), d=k, e=k / 2, f=k + 1, g=k + 1.0, h=k // 2,
            i=(x > 0) + (x > 1), j=(x > 0) * 1, k=np.where(x > 0, 1, 2), l=x.argmax(),
            m=np.floor(k), n=x[:0], o=np.concatenate([x, [1]]), p=np.stack([k, k]),
            q=(x > 0).mean(), r=k**2, s=~(x > 0), t=np.array([k, 0.5]), u=x.astype(int),
        )  # fmt: skip
        for key, value in values.items():
            seen.setdefault(key, []).append(value.dtype)
        return {key: values[key] for key in "abc"}

    program_of(model, x=[0.5, -1.0], k=2)
    for key, (plain, *symbolic) in seen.items():
        assert set(symbolic) == {plain}, key


def test_symbolic_arrays_look_like_arrays():
    def model(x, W):
        assert x.symbolic
        assert isinstance(x, np.ndarray)
        assert (x.shape, x.ndim, x.size, len(x)) == ((3,), 1, 3, 3)
        assert W.T.shape == (3, 2)
        assert np.iscomplexobj(x) is False
        assert np.isrealobj(x) is True
        assert x.real is x
        assert np.real(x) is x
        assert repr(x[0]) == "<traced array of shape ()>"
        assert str(W) == "<traced array of shape (2, 3)>"
        assert repr(x.item(0).view(np.ndarray)[()]) == "<traced input>"
        return dict(y=W @ x)

    model_of = trace.__globals__["_traced"]
    nodes_of = model_of(model, dict(x=np.ones(3), W=np.ones((2, 3))), "demo")
    assert nodes_of["y"].shape == (2,)


def test_arrays_are_copied_where_numpy_copies():
    def model(x):
        a, b, c, d = x.copy(), np.array(x), np.asarray(x), x[1:]
        x[1] = 9.0
        return dict(a=a, b=b, c=c, d=d, e=np.array(x, ndmin=2), f=np.array(x, copy=False))

    program = program_of(model, x=[1.0, 2.0])
    result = program.replay([5, 6])
    for key, wanted in dict(a=[5, 6], b=[5, 6], c=[5, 9], d=[9], e=[[5, 9]]).items():
        np.testing.assert_array_equal(result[key], wanted)


def test_deep_copies_keep_the_trace():
    import copy

    assert program_of(lambda x: dict(y=copy.deepcopy(x) + copy.copy(x)), x=[1.0]).replay([2])


def test_models_get_fresh_arguments():
    def model(x):
        x *= 2
        return dict(y=x)

    defaults = np.array([1.0, 2.0])
    program = program_of(model, x=defaults)
    np.testing.assert_array_equal(defaults, [1.0, 2.0])
    np.testing.assert_array_equal(program.replay([3, 4])["y"], [6, 8])
    np.testing.assert_array_equal(program.defaults["x"], [1.0, 2.0])


def test_numpy_is_as_before_after_a_trace():
    before = np.array, np.asarray, np.take, np.full, np.random.default_rng, np.random.rand
    program_of(lambda x: dict(y=np.array([x, x])), x=1.0)
    refused(lambda x, k, s: float(s))
    after = np.array, np.asarray, np.take, np.full, np.random.default_rng, np.random.rand
    assert before == after
    assert np.take([1, 2], 1) == 2


def test_numpy_serves_numbers_during_a_trace():
    def model(x):
        table = np.take(np.array([[1, 2], [3, 4]], dtype=float), [1], axis=0)
        return dict(y=table + np.full(2, 7) + np.asarray([1.0, 2.0]) + x)

    np.testing.assert_array_equal(program_of(model, x=1.0).replay([0])["y"], [[11, 13]])


# Refusals -----------------------------------------------------------------------------

NO_IF = (
    "`if`, `while`, `and`, `or`, `not`, max() and min() on a traced value cannot be "
    "compiled"
)
WHERE = "write np.where(condition, a, b), np.logical_and, np.maximum or np.minimum"
KEEP = "keep all elements and write np.where(condition, a, b)"
FLOAT = "float() of a traced value, or storing it in an array of floats,"
MATH = "use NumPy's functions instead of the math module's"
JOIN = (
    "collect values in a list and join them by np.stack, or fill np.zeros_like of a "
    "traced array"
)
TABLE = "write np.take(table, k, axis=0) for table[k] and table.take(k)"
DRAW = "draw outside of the model, and let it use the numbers"
RECORD = "compute it outside the model, or record the results and use np.take"
SORT = (
    "the order of the values would change the program; np.max, np.min, np.argmax and "
    f"np.where do not sort; {RECORD}"
)


def _buffer(x, k, s):
    out = np.zeros(3)
    out[0] = s
    return out


def _slices(x, k, s):
    out = np.zeros(3)
    out[:] = x
    return out


def _while(x, k, s):
    while s < 1:
        s = s + 1
    return s


def _swallowed(x, k, s):
    try:
        return float(s)
    except Exception:
        return 0.5


def _at(x, k, s):
    np.add.at(x, [0], 1.0)
    return x


REFUSALS = {
    "if": (lambda x, k, s: s if s > 0 else -s, NO_IF, WHERE),
    "while": (_while, NO_IF, WHERE),
    "and": (lambda x, k, s: (s > 0) and (s < 1), NO_IF, WHERE),
    "not": (lambda x, k, s: not s, NO_IF, WHERE),
    "max()": (lambda x, k, s: max(x[0], x[1]), NO_IF, WHERE),
    "in": (lambda x, k, s: 0.5 in x, NO_IF, WHERE),
    "float()": (lambda x, k, s: float(s), FLOAT, MATH),
    "math": (lambda x, k, s: math.exp(s), FLOAT, MATH),
    "complex()": (lambda x, k, s: complex(s).real, FLOAT, MATH),
    "int()": (lambda x, k, s: int(s), "int() of a traced value", "astype(int)"),
    "round()": (lambda x, k, s: round(s, 1), "round() of a traced value", "np.round"),
    "text": (lambda x, k, s: len(f"{s}"), "a traced value in a text", "figure's text"),
    "index": (
        lambda x, k, s: np.arange(5.0)[k], "a traced value as an index or a count",
        TABLE,
    ),
    "list index": (
        lambda x, k, s: [1.0, 2.0][k], "a traced value as an index or a count",
        TABLE,
    ),
    "take method": (
        lambda x, k, s: np.arange(5.0).take(k), "a traced value as an index", TABLE
    ),
    "range": (lambda x, k, s: sum(range(k)), "as an index or a count", "np.take"),
    "roll": (lambda x, k, s: np.roll(x, k), "as an index or a count", "np.take"),
    "slice": (lambda x, k, s: x[:k].sum(), "as an index or a count", "np.take"),
    "index pair": (
        lambda x, k, s: x[None][0, k], "this index", "write np.take(array, k, axis=...)"
    ),
    "mask": (lambda x, k, s: x[x > 0].sum(), "indexing by a traced condition", KEEP),
    "mask of rows": (lambda x, k, s: x[None][:, x > 0].sum(), "by a traced condition", KEEP),
    "mask to set": (lambda x, k, s: _set_mask(x), "by a traced condition", KEEP),
    "buffer": (_buffer, FLOAT, JOIN),
    "buffer slice": (_slices, FLOAT, JOIN),
    "out": (
        lambda x, k, s: np.exp(x, out=np.zeros(3)), "into an array of floats",
        "leave out= away, and write a = a + b for a += b",
    ),
    "in place": (lambda x, k, s: _add_to(np.zeros(3), x), "array of floats", "a = a + b"),
    "out of a function": (
        lambda x, k, s: np.sum(x, out=np.zeros(())), "out= of np.sum", "leave it away"
    ),
    "out of take": (
        lambda x, k, s: np.take([1.0, 2.0], k, out=np.zeros(())), "out= of np.take", ""
    ),
    "where of a ufunc": (
        lambda x, k, s: np.log(x, where=[True] * 3, out=np.zeros(3)).sum(),
        "where= of np.log", "write np.where(condition, a, b)",
    ),
    "where of a sum": (
        lambda x, k, s: np.sum(x, where=[True, False, True]), "where= of np.add",
        "write np.where(condition, a, b)",
    ),
    "sort": (lambda x, k, s: np.sort(x), "np.sort", SORT),
    "sorted": (lambda x, k, s: sorted(x)[0], NO_IF, WHERE),
    "sort in place": (lambda x, k, s: x.sort(), "sort()", SORT),
    "argsort": (lambda x, k, s: x.argsort(), "np.argsort", SORT),
    "median": (lambda x, k, s: np.median(x), "np.median", SORT),
    "percentile": (lambda x, k, s: np.percentile(x, 50), "np.percentile", SORT),
    "unique": (lambda x, k, s: np.unique(x), "np.unique", SORT),
    "nonzero": (lambda x, k, s: x.nonzero()[0], "np.nonzero", KEEP),
    "where of one": (
        lambda x, k, s: np.where(x > 0)[0], "np.where with one argument", "np.where"
    ),
    "solve": (
        lambda x, k, s: np.linalg.solve(np.outer(x, x) + np.eye(3), x),
        "np.linalg.solve", f"use the basic operations; {RECORD}",
    ),
    "inverse": (lambda x, k, s: np.linalg.inv(np.diag(x)), "np.linalg.inv", RECORD),
    "eigenvalues": (lambda x, k, s: np.linalg.eigvals(np.diag(x)), "np.linalg.eig", RECORD),
    "determinant": (lambda x, k, s: np.linalg.det(np.diag(x)), "np.linalg.det", RECORD),
    "spectral norm": (
        lambda x, k, s: np.linalg.norm(np.diag(x), 2), "np.linalg.norm of order 2", "powers"
    ),
    "fourier": (lambda x, k, s: abs(np.fft.fft(x)), "np.fft.fft", RECORD),
    "allclose": (
        lambda x, k, s: np.allclose(x, 0), "np.allclose", "return the difference instead"
    ),
    "copyto": (lambda x, k, s: np.copyto(np.zeros(3), x), "np.copyto", "np.full_like"),
    "vectorize": (
        lambda x, k, s: np.vectorize(lambda v: v + 1)(x),
        "arithmetic on an array that lost its trace",
        "make arrays of traced values by np.array, np.asarray or np.stack",
    ),
    "object array": (
        lambda x, k, s: abs(x.view(np.ndarray)).sum(), "that lost its trace", "np.stack"
    ),
    "add.at": (_at, "np.add.at", "write a sum over np.where"),
    "reduceat": (lambda x, k, s: np.add.reduceat(x, [0, 2]), "np.add.reduceat", "np.where"),
    "unknown ufunc": (
        lambda x, k, s: np.nextafter(x, 1.0), "np.nextafter", "the basic operations"
    ),
    "unknown reduction": (
        lambda x, k, s: np.arctan2.reduce(x[:2]), "np.arctan2.reduce", "a sum, a product"
    ),
    "start of a chain": (
        lambda x, k, s: np.logaddexp.reduce(x, initial=0.0), "np.logaddexp.reduce", "a sum"
    ),
    "unknown accumulation": (
        lambda x, k, s: np.subtract.accumulate(x), "np.subtract.accumulate", "running sum"
    ),
    "unknown matrix ufunc": (
        lambda x, k, s: np.linalg._umath_linalg.det(np.diag(x)), "np.det", "and a sum"
    ),
    "bits": (lambda x, k, s: k & 1, "np.bitwise_and on integers", "truth values or floats"),
    "shift": (lambda x, k, s: k << 1, "np.left_shift", "write it with the basic operations"),
    "reciprocal": (lambda x, k, s: np.reciprocal(k), "np.reciprocal of integers", "floats"),
    "power of an index": (
        lambda x, k, s: 2**k, "an integer to a traced integer power", "make the base a float"
    ),
    "high power": (lambda x, k, s: k**65, "an integer power above 64", "the base a float"),
    "float32": (
        lambda x, k, s: (x > 0) * np.float32([1, 2, 3]), "np.multiply in float32",
        "convert the constants by .astype(np.float64)",
    ),
    "half": (lambda x, k, s: np.exp(x > 0), "np.exp in float16", ".astype(np.float64)"),
    "float32 type": (
        lambda x, k, s: x.astype(np.float32), "the type float32", "use np.float64, np.int64"
    ),
    "float32 sum": (
        lambda x, k, s: np.sum(x, dtype=np.float32), "dtype=float32", "leave it away"
    ),
    "float32 table": (
        lambda x, k, s: np.take(np.float32([1, 2]), k), "the type float32", "np.float64"
    ),
    "complex constant": (
        lambda x, k, s: np.where(x > 0, x, np.complex128(1j)).real,
        "a constant of type complex128", "use real numbers",
    ),
    "text constant": (lambda x, k, s: [s, "a"], "a constant of type <U1", "real numbers"),
    "none": (lambda x, k, s: None, "a constant of type object", "use real numbers"),
    "large integer": (
        lambda x, k, s: k + 2**60, f"the integer {2**60}", "exact up to 2**53"
    ),
    "pad": (
        lambda x, k, s: np.pad(x, 1, mode="linear_ramp"), "np.pad with mode 'linear_ramp'",
        "use 'constant', 'edge' or 'reflect'",
    ),
    "searchsorted": (
        lambda x, k, s: np.searchsorted(np.cumsum(abs(x)), 1.0),
        "np.searchsorted in a traced table", "count by np.sum(table < x)",
    ),
    "digitize": (
        lambda x, k, s: np.digitize(x, [1.0, 0.0]), "np.digitize with decreasing bins", ""
    ),
    "interp": (
        lambda x, k, s: np.interp(0.5, np.cumsum(abs(x)), x), "np.interp", "constant places"
    ),
    "round of integers": (
        lambda x, k, s: np.round(k, -1), "np.round of integers", "use floats"
    ),
    "lists of axes": (
        lambda x, k, s: np.einsum(x, [0], [0]), "np.einsum with lists of axes", "as a text"
    ),
    "keyword": (
        lambda x, k, s: np.diff(x, prepend=0), "np.diff with these arguments", "leave them"
    ),
    "option": (
        lambda x, k, s: np.matmul(x, x, axes=[(0,), (0,), ()]), "axes= of np.matmul", ""
    ),
    "view": (lambda x, k, s: x.view(np.int64), "view()", "use copy() or astype(float)"),
    "bytes": (lambda x, k, s: len(x.tobytes()), "this method of a traced array", "numpy"),
    "imaginary part": (lambda x, k, s: x.imag, ".imag", "leave it away"),
    "swallowed": (_swallowed, FLOAT, MATH),
    "global draw": (lambda x, k, s: x + np.random.rand(3), "np.random.rand", DRAW),
}  # fmt: skip


def _set_mask(x):
    x[x > 0] = 1.0
    return x


def _add_to(buffer, x):
    buffer += x
    return buffer


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_compiled_is_refused_with_what_to_write(name):
    function, operation, instead = REFUSALS[name]
    message = refused(function)
    assert operation in message
    assert instead in message
    assert " cannot be compiled" in message


def test_a_refusal_quotes_the_line():
    def model(x):
        return dict(y=x if x > 0 else -x)  # the line

    with pytest.raises(TraceError) as caught:
        trace(model, dict(x=1.0), name="demo")
    assert str(caught.value) == (
        f"figure 'demo': {NO_IF} (return dict(y=x if x > 0 else -x)  # the line); {WHERE}"
    )


def test_a_refusal_quotes_the_line_in_which_numpy_raised():
    index = refused(lambda x, k, s: np.arange(5.0)[k])
    assert "count cannot be compiled (index = refused(lambda x, k, s: np.arange" in index


def test_a_refusal_does_without_the_line_if_there_is_no_source():
    assert f"{NO_IF}; {WHERE}" in refused(eval("lambda x, k, s: s if s > 0 else -s"))


def test_a_model_that_fails_on_symbols_only_says_so():
    def model(x):
        if isinstance(x, SymbolicArray):
            raise KeyError("lost")
        return dict(y=x)

    with pytest.raises(TraceError, match="runs on numbers but not on symbols: 'lost'"):
        trace(model, dict(x=[1.0]), name="demo")


def test_a_model_that_fails_on_numbers_raises_its_own_error():
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: dict(y=x + 1 // 0), dict(x=1.0))


@pytest.mark.parametrize("result", [1.0, [1.0], {1: 2.0}])
def test_a_model_returns_a_dict(result):
    with pytest.raises(TraceError, match="figure 'demo': wanted a model that returns a dict"):
        trace(lambda x: result, dict(x=1.0), name="demo")


@pytest.mark.parametrize("value", ["a", 1j, np.nan, np.inf, [1.0, None]])
def test_inputs_are_finite_numbers(value):
    with pytest.raises(TraceError, match="figure 'demo': input 'x': wanted finite numbers"):
        trace(lambda x: dict(y=x), dict(x=value), name="demo")


def test_a_program_of_too_many_operations_is_refused(monkeypatch):
    monkeypatch.setattr(nodes, "MAX_NODES", 100)
    message = refused(lambda x, k, s: sum(x[0] * n for n in range(99)))
    assert "unrolling to more than 100 operations cannot be compiled" in message
    assert "look it up by np.take" in message


def test_a_traced_value_is_of_no_use_after_its_trace():
    kept = []
    program_of(lambda x: kept.append(x) or dict(y=x), x=[1.0])
    with pytest.raises(TraceError, match="used after its trace had ended"):
        kept[-1] + 1


# Draws and states ---------------------------------------------------------------------

GENERATOR = np.random.default_rng(7)
LEGACY = np.random.RandomState(7)


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (lambda: GENERATOR.normal(), "drawing random numbers"),
        (lambda: GENERATOR.integers(2), "drawing random numbers"),
        (lambda: LEGACY.rand(), "drawing random numbers"),
        (lambda: random.random(), "drawing random numbers"),
        (lambda: np.random.normal(), "np.random.normal"),
        (lambda: np.random.seed(1) or 1.0, "np.random.seed"),
        (lambda: np.random.default_rng(0).normal(), "np.random.default_rng"),
        (lambda: np.random.RandomState(0).rand(), "np.random.RandomState"),
        (lambda: np.random.PCG64(0).random_raw(), "np.random.PCG64"),
    ],
)
def test_random_draws_are_refused(draw, what):
    message = refused(lambda x, k, s: x * 0 + draw())
    assert what in message
    assert message.endswith(DRAW)


def test_a_draw_that_does_not_show_is_refused():
    message = refused(lambda x, k, s: x + 0 * GENERATOR.integers(1, 3))
    assert "drawing random numbers cannot be compiled" in message


def test_noise_drawn_outside_is_a_constant():
    noise = np.random.default_rng(0).normal(size=3)
    program = program_of(lambda x: dict(y=x + noise), x=[1.0, 2.0, 3.0])
    np.testing.assert_array_equal(program.replay([0, 0, 0])["y"], noise)


def test_hidden_state_is_refused():
    calls = []

    def model(x):
        calls.append(1)
        return dict(y=x * len(calls))

    with pytest.raises(TraceError, match="tracing the model twice gives two different"):
        trace(model, dict(x=1.0), name="demo")


def test_state_that_numbers_alone_show_is_refused():
    def model(x):
        return dict(y=x if isinstance(x, SymbolicArray) else x + 1)

    message = "figure 'demo': the compiled program differs from NumPy in y: 1.0 instead of 2"
    with pytest.raises(TraceError, match=message):
        trace(model, dict(x=1.0), name="demo")


@pytest.mark.parametrize(
    ("plain", "traced", "what"),
    [
        (dict(y=1.0), dict(z=1.0), r"names of outputs: \['z'\] instead of \['y'\]"),
        (dict(y=1.0), dict(y=[1.0]), r"shape of 'y': \(1,\) instead of \(\)"),
        (dict(y=np.nan), dict(y=1.0), r"y: 1.0 instead of nan"),
    ],
)
def test_programs_are_held_against_the_function_at_the_defaults(plain, traced, what):
    with pytest.raises(TraceError, match=what):
        trace(lambda x: traced if isinstance(x, SymbolicArray) else plain, dict(x=1.0))


# Every name of NumPy's arrays ---------------------------------------------------------

STRUCTURE = {
    "T", "mT", "base", "copy", "device", "diagonal", "flags", "flatten", "itemsize",
    "nbytes", "ndim", "ravel", "repeat", "reshape", "setflags", "shape", "size",
    "squeeze", "strides", "swapaxes", "transpose",
}  # fmt: skip


def test_every_method_of_arrays_is_traced_or_refused():
    public = {name for name in dir(np.ndarray) if not name.startswith("_")}
    own = {name for name in vars(SymbolicArray) if not name.startswith("_")}
    assert public - own == STRUCTURE


UNSPECIFIED = {"empty_like", "test"}


def _is_function(name, value):
    return callable(value) and not isinstance(value, type) and name not in UNSPECIFIED


def _every_function():
    for module in (np, np.linalg, np.fft):
        for name in sorted(module.__all__):
            function = getattr(module, name)
            if _is_function(name, function):
                yield f"{module.__name__}.{name}", function


@pytest.mark.parametrize(("name", "function"), list(_every_function()))
def test_every_function_of_numpy_agrees_or_is_refused(name, function):
    """Call each function with one and two matrices: never a wrong number."""
    x = np.array([[0.5, -1.0], [0.25, 2.0]])
    for n in (1, 2):
        def model(x, n=n):
            result = function(*[x] * n)
            parts = result if isinstance(result, (tuple, list)) else [result]
            return {f"y{k}": part for k, part in enumerate(parts)}

        try:
            with np.errstate(all="ignore"):
                plain = model(x.copy())
        except Exception:
            continue
        if not all(np.asarray(v).dtype.kind in "biuf" for v in plain.values()):
            continue
        try:
            program = trace(model, dict(x=x))
        except TraceError:
            continue
        program.check([0.5, -1.5, 0.75, 3.0])
        program.check([-0.5, 0.0, 1.0, 1.0])
