"""Compiling: what a program keeps of a model, and what is refused."""

import random
from typing import NamedTuple

import numpy as np
import pytest

from cells import cells
from dlbook.compiler import Program, TraceError, nodes, trace
from dlbook.compiler.symbolic import SymbolicArray
from refusals import DRAW, NO_IF, REFUSALS, WHERE


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
    empty = program_of(lambda x: {}, x=1.0).javascript()
    assert empty == "((m=new Float64Array(0))=>v=>{return m})()"
    constant = program_of(lambda: dict(y=np.arange(3)))
    assert constant.inputs == []
    np.testing.assert_array_equal(constant.replay([])["y"], [0, 1, 2])


def test_replay_takes_many_settings_at_once():
    program = program_of(
        lambda x, k: dict(y=np.outer(x, x), t=np.take([5.0, 7.0], k), c=3),
        x=[1.0, 2.0],
        k=0,
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
    script = program.javascript(["b"])
    assert script == "((m=new Float64Array(1))=>v=>{m[0]=-v[0];return m})()"
    with pytest.raises(
        ValueError, match="figure 'demo': no output 'c'; there are a, b"
    ):
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
        "figure 'demo': the compiled program differs from NumPy in y: 3.0 instead "
        "of 9.0"
    )


def test_a_program_has_a_short_representation():
    assert repr(program_of(lambda x: dict(y=x), x=1.0)) == "Program(name='demo')"
    assert isinstance(program_of(lambda x: dict(y=x), x=1.0), Program)


class Layer(NamedTuple):
    W: object
    b: object
    phi: object = None


def test_inputs_and_outputs_may_be_trees():
    state = dict(
        layers=(Layer(np.ones((1, 2)), np.zeros(1), "tanh"), Layer(np.eye(1), 0.5)),
        past=np.full(3, np.nan), used=np.array([True, False]), count=3, none=None,
    )  # fmt: skip

    def step(state, lr):
        layers = tuple(
            layer._replace(W=layer.W - lr, b=layer.b + lr) for layer in state["layers"]
        )
        past = np.where(state["used"].any(), np.roll(state["past"], 1), state["past"])
        used = ~state["used"]
        return dict(state=state | dict(layers=layers, past=past, used=used), lr=[lr])

    def flat(state, lr):
        result = step(state, lr)
        layers = result["state"].pop("layers")
        return dict(result, state={
            **result["state"], "layers": [Layer(W, b) for W, b, _ in layers],
        })  # fmt: skip

    program = trace(flat, dict(state=state, lr=0.5), name="demo")
    assert program.inputs[:5] == [
        "state.layers[0].W11", "state.layers[0].W12", "state.layers[0].b1",
        "state.layers[1].W11", "state.layers[1].b",
    ]  # fmt: skip
    assert program.inputs[5:] == [
        "state.past1", "state.past2", "state.past3", "state.used1", "state.used2",
        "state.count", "lr",
    ]  # fmt: skip
    assert list(program.outputs) == [
        "state.past", "state.used", "state.count", "state.layers[0].W",
        "state.layers[0].b", "state.layers[1].W", "state.layers[1].b", "lr",
    ]  # fmt: skip
    values = [1, 2, 3, 4, 5, 7, 8, np.nan, 0, 1, 9, 0.25]
    arguments = program.arguments(values)
    assert arguments["state"]["layers"][0].phi == "tanh"
    assert arguments["state"]["none"] is None
    assert arguments["state"]["used"].tolist() == [False, True]
    result = program.replay(values)
    np.testing.assert_array_equal(result["state.layers[0].W"], [[0.75, 1.75]])
    np.testing.assert_array_equal(result["state.past"], [np.nan, 7, 8])
    np.testing.assert_array_equal(result["state.used"], [1, 0])
    program.check(values)


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


@pytest.mark.parametrize("integer", [np.intp, np.int32, np.int64])
def test_integers_of_any_platform_are_integers(integer):
    """Where the default integer has 32 bits, constants, tables and casts have them."""
    table, order = np.arange(6, dtype=integer) - 2, np.array([2, 0, 2], integer)
    program = program_of(
        lambda x, k: dict(
            chosen=np.take(table, k),
            rows=np.take(x, order) * order,
            fixed=x[order[0]],
            mixed=order + (x > 0),
            whole=(x * 3).astype(integer) // np.take(order, 0),
            count=np.sum(x > 0, dtype=integer) + np.cumsum(order * (x > 0))[-1],
            like=np.full_like(x, 2.5, dtype=integer) - np.asarray(k, integer),
            spread=np.eye(3, dtype=integer)[order] @ x,
        ),
        x=[0.5, -1.5, 2.5],
        k=2,
    )
    program.check([1.5, -2.5, -0.5, 4])
    program.check([-1.5, 2.5, 7.5, 1])


def test_symbolic_arrays_look_like_arrays():
    seen = []

    def model(x, W):
        seen.append(type(x))
        if type(x) is np.ndarray:
            return dict(y=W @ x)
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
        return dict(y=W @ x)

    program = program_of(model, x=np.ones(3), W=np.ones((2, 3)))
    assert program.outputs == {"y": (2,)}
    assert seen == [np.ndarray, SymbolicArray, np.ndarray]


def test_arrays_are_copied_where_numpy_copies():
    def model(x):
        a, b, c, d = x.copy(), np.array(x), np.asarray(x), x[1:]
        x[1] = 9.0
        return dict(
            a=a, b=b, c=c, d=d, e=np.array(x, ndmin=2), f=np.array(x, copy=False)
        )

    program = program_of(model, x=[1.0, 2.0])
    result = program.replay([5, 6])
    for key, wanted in dict(a=[5, 6], b=[5, 6], c=[5, 9], d=[9], e=[[5, 9]]).items():
        np.testing.assert_array_equal(result[key], wanted)


def test_deep_copies_keep_the_trace():
    import copy

    assert program_of(
        lambda x: dict(y=copy.deepcopy(x) + copy.copy(x)), x=[1.0]
    ).replay([2])


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
    before = (
        np.array,
        np.asarray,
        np.take,
        np.full,
        np.random.default_rng,
        np.random.rand,
    )
    program_of(lambda x: dict(y=np.array([x, x])), x=1.0)
    refused(lambda x, k, s: float(s))
    after = (
        np.array,
        np.asarray,
        np.take,
        np.full,
        np.random.default_rng,
        np.random.rand,
    )
    assert before == after
    assert np.take([1, 2], 1) == 2


def test_numpy_serves_numbers_during_a_trace():
    def model(x):
        table = np.take(np.array([[1, 2], [3, 4]], dtype=float), [1], axis=0)
        return dict(y=table + np.full(2, 7) + np.asarray([1.0, 2.0]) + x)

    np.testing.assert_array_equal(program_of(model, x=1.0).replay([0])["y"], [[11, 13]])


# Refusals -----------------------------------------------------------------------------


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
        f"figure 'demo': {NO_IF} (return dict(y=x if x > 0 else -x)  # the line); "
        f"{WHERE}"
    )


def test_a_refusal_quotes_the_line_in_which_numpy_raised():
    index = refused(lambda x, k, s: np.arange(5.0)[k])
    assert (
        "count cannot be compiled (index = refused(lambda x, k, s: np.arange" in index
    )


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
    with pytest.raises(
        TraceError, match="wanted a model that returns a dict or a Named"
    ):
        trace(lambda x: result, dict(x=1.0), name="demo")


@pytest.mark.parametrize("value", ["a", 1j, np.nan, np.inf, [1.0, None]])
def test_inputs_are_finite_numbers(value):
    with pytest.raises(TraceError, match="'demo': input 'x': wanted finite numbers"):
        trace(lambda x: dict(y=x), dict(x=value), name="demo")


def test_a_program_of_too_many_operations_is_refused(monkeypatch):
    monkeypatch.setattr(nodes, "MAX_NODES", 100)
    message = refused(lambda x, k, s: sum(x[0] * n for n in range(99)))
    assert "unrolling to more than 100 operations cannot be compiled" in message
    assert "look it up by np.take" in message


def test_a_program_on_too_many_numbers_names_the_largest_array(monkeypatch):
    monkeypatch.setattr(nodes, "MAX_CELLS", 5000)
    message = refused(lambda x, k, s: np.tanh(np.arange(4000.0) * s) + x[0] - x[1])
    assert "more than 5000 numbers (the largest array: 'multiply' of 4000)" in message
    assert "look it up by np.take" in message


def test_the_terms_of_a_short_sum_count_as_one_array(monkeypatch):
    monkeypatch.setattr(nodes, "MAX_CELLS", 25_000)  # 1,000 a sum, 5,000 its terms
    points = np.arange(3000.0).reshape(1000, 3)
    program = program_of(
        lambda w: dict(y=[points @ (w * k) for k in range(8)]), w=[1.0, 2.0, 3.0]
    )
    program.check([0.5, -1.0, 2.0])


def test_a_traced_value_is_of_no_use_after_its_trace():
    kept = []
    program_of(lambda x: kept.append(x) or dict(y=x), x=[1.0])
    with pytest.raises(TraceError, match="used after its trace had ended"):
        kept[1] + 1


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
        (lambda: np.random.normal(), "np.random.normal"),  # noqa: NPY002
        (lambda: np.random.seed(1) or 1.0, "np.random.seed"),  # noqa: NPY002
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


class Drawer:
    def __init__(self):
        self.sources = {"held": [np.random.default_rng(8)]}

    def draw(self):
        return self.sources["held"][0].integers(1, 3)


def test_generators_are_found_wherever_the_model_reaches():
    held, rng = Drawer(), np.random.default_rng(9)

    def inner():
        return (lambda: rng.integers(1, 3))()

    def by_default(x, rng=rng):
        return rng.integers(1, 3)

    named = lambda x: [0 * GENERATOR.integers(1, 3) for _ in range(3)][0]  # noqa: E731
    for draw in (lambda x: held.draw(), lambda x: inner(), by_default, named):
        message = refused(lambda x, k, s, draw=draw: x + 0 * draw(x))
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

    with pytest.raises(TraceError, match="running the model twice gives two different"):
        trace(model, dict(x=1.0), name="demo")


def test_state_that_numbers_alone_show_is_refused():
    def model(x):
        return dict(y=x if isinstance(x, SymbolicArray) else x + 1)

    message = "the compiled program differs from NumPy in y: 1.0 instead of 2.0"
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
    # NumPy writes these with ufuncs, which are traced
    "all", "any", "clip", "cumprod", "cumsum", "max", "mean", "min", "prod", "std",
    "sum", "var",
    # these move elements
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


# The package's own formulas ----------------------------------------------------------


@pytest.mark.parametrize(("name", "model", "inputs"), list(cells()))
def test_the_packages_formulas_are_compiled(name, model, inputs):
    program = trace(model, inputs, name=name)
    rng = np.random.default_rng(0)
    default = np.concatenate([np.ravel(v) for v in inputs.values()])
    for _ in range(5):
        program.check(default * rng.uniform(0.9, 1.1, default.shape))
    assert len(program.javascript()) < 10_000
