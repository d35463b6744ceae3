"""The emitted JavaScript, run in V8, against NumPy.

Two classes of operations: where IEEE 754 fixes the result, all bits agree; through
transcendental functions the result agrees to 1e-12 relative.
"""

import re
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook.compiler import TraceError, javascript, trace
from dlbook.compiler.javascript import LOOPS, NAMES
from dlbook.compiler.rolling import constant, hole, rendered, roll
from dlbook.compiler.rules import HELPERS, number
from dlbook.compiler.tables import Tables, progression
from engine import Engine, same_bits
from idioms import ARRAYS, CLOSE, EXACT, LOOKUPS, PRODUCTS
from programs import SHAPES, programs, run


@pytest.fixture(scope="module")
def engine():
    with Engine() as racer:
        yield racer


def in_numpy(program, row):
    """Return the function's outputs in one row of floats."""
    with np.errstate(all="ignore"):
        outputs = program.function(**program.arguments(row))
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in outputs.values()])


def settings_of(program, n, rng, special=()):
    """Return the defaults, random settings and the same special value everywhere."""
    size = len(program.inputs)
    default = np.concatenate([np.ravel(v) for v in program.defaults.values()])
    rows = [default, *(default + rng.normal(0, 2, size) for _ in range(n))]
    return np.array(rows + [np.full(size, x) for x in special])


# Idioms -------------------------------------------------------------------------------


def as_model(function):
    """Return a model whose outputs are the function's results, one by one."""

    def model(**inputs):
        result = function(**inputs)
        parts = result if isinstance(result, (tuple, list)) else [result]
        return {f"y{k}": part for k, part in enumerate(parts) if not callable(part)}

    return model


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("size", [2, 9])
def test_elementwise_idioms_have_numpys_bits(engine, name, size):
    x, y = np.linspace(-2.5, 2.0, size), np.linspace(1.5, -1.0, size)
    program = trace(as_model(EXACT[name]), dict(x=x, y=y), name=name)
    special = [0.0, -0.0, 1.0, -1.5, 2.5, 1e300, 5e-324, np.inf, -np.inf, np.nan]
    if "linspace" in name:  # NumPy takes another way where the step underflows
        special.remove(5e-324)
    rows = settings_of(program, 6, np.random.default_rng(0), special)
    mixed = np.random.default_rng(1).choice(special, (20, rows.shape[1]))
    if "integer" in name or "astype" in name:
        rows, mixed = rows[:-5], rows[:1]
    for row, got in zip(
        [*rows, *mixed], engine.run(program.javascript(), [*rows, *mixed]), strict=True
    ):
        wanted = in_numpy(program, row)
        assert same_bits(got, wanted), f"at {row}: JavaScript {got}, NumPy {wanted}"


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("shape", [(2, 3), (3, 11)])
def test_idioms_on_matrices_have_numpys_bits(engine, name, shape):
    a = np.sin(np.arange(np.prod(shape)) * 1.0).reshape(shape)
    program = trace(as_model(ARRAYS[name]), dict(a=a), name=name)
    rows = settings_of(program, 6, np.random.default_rng(0), (0.5, np.nan))
    for row, got in zip(rows, engine.run(program.javascript(), rows), strict=True):
        wanted = in_numpy(program, row)
        assert same_bits(got, wanted), f"at {row}: JavaScript {got}, NumPy {wanted}"


def assert_close(got, wanted, row):
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14, err_msg=f"at {row}")


@pytest.mark.parametrize("name", CLOSE)
def test_transcendental_idioms_agree(engine, name):
    program = trace(as_model(CLOSE[name]), dict(x=[0.5, -1.0, 1.5, 2.0]), name=name)
    special = (0.0, -0.0, 1.0, -1.0, 710.0, -1e300, 1e-300, np.inf, -np.inf, np.nan)
    rows = settings_of(program, 20, np.random.default_rng(0), special)
    for row, got in zip(rows, engine.run(program.javascript(), rows), strict=True):
        assert_close(got, in_numpy(program, row), row)


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("n", [1, 3, 12])
def test_products_agree(engine, name, n):
    rng = np.random.default_rng(n)
    shapes = dict(u=(3,), a=(n, 3), b=(3, n), c=(2, n, 3))
    if name in ("convolution", "windows of an image"):
        shapes = dict(u=(n,), a=(2, 3), b=(1,), c=(1,))
    inputs = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    program = trace(as_model(PRODUCTS[name]), inputs, name=name)
    rows = settings_of(program, 5, rng)
    for row, got in zip(rows, engine.run(program.javascript(), rows), strict=True):
        wanted = in_numpy(program, row)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", LOOKUPS)
def test_lookups_agree_at_every_index(engine, name):
    program = trace(as_model(LOOKUPS[name]), dict(k=1, j=0), name=name)
    rows = [(k, j) for k in range(5) for j in range(3)]
    for row, got in zip(rows, engine.run(program.javascript(), rows), strict=True):
        assert same_bits(got, in_numpy(program, row)), row


# Random programs ----------------------------------------------------------------------


HEIGHTS = pytest.mark.parametrize("height", [javascript.HEIGHT, 2, 1])


@contextmanager
def written(height):
    """Write expressions of so many operations, one above the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(javascript, "HEIGHT", height)
        yield


_SIZE = sum(int(np.prod(shape)) for shape in SHAPES.values())


def random_program(steps, smooth=False):
    """Compile a random program and return it with its inputs' shapes filled."""
    names = list(SHAPES)

    def model(**inputs):
        return run(steps, [inputs[name] for name in names], smooth)

    rng = np.random.default_rng(len(steps))
    inputs = {name: rng.normal(size=shape).round(1) for name, shape in SHAPES.items()}
    return trace(model, inputs)


@HEIGHTS
@given(programs(), st.lists(st.floats(width=64), min_size=_SIZE, max_size=_SIZE))
@settings(max_examples=150)
def test_random_exact_programs_have_numpys_bits(engine, height, steps, values):
    program = random_program(steps)
    rng = np.random.default_rng(0)
    rows = [values, rng.normal(size=_SIZE), rng.integers(-3, 4, _SIZE) / 2]
    with written(height):
        source = program.javascript()
    for row, got in zip(rows, engine.run(source, rows), strict=True):
        wanted = in_numpy(program, row)
        replayed = np.concatenate([np.ravel(x) for x in program.replay(row).values()])
        assert same_bits(got, wanted), f"JavaScript {got}, NumPy {wanted}"
        assert same_bits(replayed, wanted), f"replay {replayed}, NumPy {wanted}"


@HEIGHTS
@given(programs(smooth=True))
@settings(max_examples=60)
def test_random_smooth_programs_agree(engine, height, steps):
    program = random_program(steps, smooth=True)
    rows = np.random.default_rng(1).normal(0, 1.5, (4, _SIZE))
    with written(height):
        source = program.javascript()
    for row, got in zip(rows, engine.run(source, rows), strict=True):
        wanted = in_numpy(program, row)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
        replayed = np.concatenate([np.ravel(x) for x in program.replay(row).values()])
        np.testing.assert_allclose(replayed, wanted, rtol=1e-12, atol=1e-12)


def test_what_is_no_number_becomes_the_integer_zero_on_the_page_and_in_python(engine):
    """NumPy leaves it open; the two have to agree."""
    program = trace(lambda x: dict(y=x.astype(int)), dict(x=np.zeros(5)))
    row = [np.nan, 2.5, -0.3, -7.9, np.inf]
    wanted = np.array([0, 2, 0, -7, np.inf])
    assert same_bits(program.replay(row)["y"], wanted)
    assert same_bits(engine.run(program.javascript(), [row])[0], wanted)


def test_arrays_may_have_many_axes(engine):
    program = trace(
        lambda x: dict(y=x.transpose() + x, z=x.transpose()[..., ::-1].max((0, 9))),
        dict(x=np.zeros((2,) * 10)),
    )
    row = np.random.default_rng(0).normal(size=2**10)
    assert same_bits(engine.run(program.javascript(), [row])[0], in_numpy(program, row))


# Size, and what the script looks like -------------------------------------------------

GRID = np.linspace(-3.0, 3.0, 121)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def run_at(engine, program, n=5, seed=0):
    """Hold the script against NumPy at random settings; return the script."""
    source = program.javascript()
    rows = settings_of(program, n, np.random.default_rng(seed))
    for row, got in zip(rows, engine.run(source, rows), strict=True):
        np.testing.assert_allclose(got, in_numpy(program, row), rtol=1e-11, atol=1e-12)
    return source


def test_a_curve_is_one_loop(engine):
    program = trace(lambda w, b: dict(y=np.tanh(w * GRID + b)), dict(w=1.0, b=0.5))
    source = run_at(engine, program)
    assert len(source) < 150
    assert source.count("tanh") == 1


def test_small_models_are_straight_lines(engine):
    def model(x, w, b):
        z = w @ x + b
        return dict(z=z, y=np.where(z > 0, 1, 0))

    program = trace(model, dict(x=[1.0, 0.0], w=[0.5, -0.6], b=0.1))
    assert run_at(engine, program) == (
        "((m=new Float64Array(2))=>v=>{m[0]=0+v[2]*v[0]+v[3]*v[1]+v[4];"
        "m[1]=m[0]>0?1:0;return m})()"
    )


@HEIGHTS
def test_tables_of_one_entry_stand_in_memory(engine, height):
    def model(k, x):
        table = np.stack([x[0] * x[1]])
        return dict(
            a=np.take(table, k), b=np.take(x[:1] - x[1:], np.stack([k, k])) * 2,
            c=np.argmax(table + 1), d=np.cumsum(table / 3),
        )  # fmt: skip

    program = trace(model, dict(k=0, x=[0.5, 0.25]))
    with written(height):
        for names in (["a"], ["a", "b"], ["c", "d"], ["a", "b", "c", "d"]):
            source = program.javascript(names)
            for row in ([0, 0.5, 0.25], [0, -3.0, 7.0]):
                wanted = [np.ravel(program.replay(row)[name]) for name in names]
                got = engine.run(source, [row])[0]
                assert same_bits(got, np.concatenate(wanted))


@HEIGHTS
def test_scripts_declare_what_they_write(engine, height):
    def model(x):
        top = np.max(np.exp(x))
        return dict(top=top + 1, scaled=x / top, sum=np.sum(np.cumsum(x)))

    program = trace(model, dict(x=np.linspace(-1.0, 1.0, 6)))
    with written(height):
        source = f'v=>{{"use strict";const f={program.javascript()};return f(v)}}'
    rows = settings_of(program, 3, np.random.default_rng(0))
    for row, got in zip(rows, engine.run(source, rows), strict=True):
        assert_close(got, in_numpy(program, row), row)


def test_a_table_that_is_read_in_parts_is_written_once():
    W = np.random.default_rng(0).normal(size=(40, 3)).round(4) + 1e-9
    program = trace(
        lambda x, y: dict(y=W @ x, back=W.T @ y), dict(x=np.ones(3), y=np.ones(40))
    )
    assert program.javascript().count(number(W[7, 1])[0]) <= 1
    assert len(program.javascript()) < 40 * 3 * 15 + 500


def test_elements_that_are_constant_are_computed_without_a_warning(engine):
    program = trace(lambda x: dict(y=1 / np.stack([x, 0.0, -0.0])), dict(x=2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = program.javascript()
    assert same_bits(engine.run(source, [[4.0]])[0], np.array([0.25, np.inf, -np.inf]))


def test_equal_expressions_are_written_once(engine):
    def model(x):
        return dict(a=np.exp(x) + 1, b=np.exp(x) * 2, c=np.exp(x) - 1)

    assert run_at(engine, trace(model, dict(x=0.5))).count("exp") == 1


def test_only_what_outputs_need_is_written(engine):
    program = trace(lambda x: dict(a=np.exp(x), b=np.sin(x)), dict(x=0.5))
    assert "exp" not in program.javascript(["b"])
    got = engine.run(program.javascript(["b", "a", "b"]), [[0.5]])[0]
    np.testing.assert_allclose(got, np.array([np.sin(0.5), np.exp(0.5), np.sin(0.5)]))


def test_a_recurrence_is_a_loop(engine):
    def model(x, W, U, b):
        h, states = np.zeros(3), []
        for t in range(60):
            h = np.tanh(W @ x * np.cos(t) + U @ h + b)
            states.append(h)
        return dict(h=np.stack(states))

    inputs = dict(x=[1.0, -1.0], W=np.ones((3, 2)), U=np.eye(3) / 2, b=[0.1, 0.0, -0.1])
    assert len(run_at(engine, trace(model, inputs))) < 3000


def test_a_scalar_recurrence_is_a_loop(engine):
    def model(w, b):
        h = 0.1
        for _ in range(500):
            h = np.tanh(w * h + b)
        return dict(h=h)

    assert len(run_at(engine, trace(model, dict(w=0.9, b=0.1)))) < 700


def test_alternating_recurrences_are_a_loop_of_loops(engine):
    def model(w, lr):
        m, path = np.zeros(2), []
        for _ in range(40):
            slope = 2 * w * [1.0, 10.0] + np.sin(w[::-1])
            m = 0.9 * m + slope
            w = w - lr * m / (1 + np.sqrt(np.sum(m * m)))
            path.append(w)
        return dict(path=path)

    source = run_at(engine, trace(model, dict(w=[1.0, -1.0], lr=0.05)))
    assert len(source) < 1500


def test_training_on_data_is_rolled(engine):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)).round(2), rng.integers(0, 2, 20)

    def model(w, lr):
        losses = []
        for _ in range(20):
            p = sigmoid(x @ w)
            w = w - lr * x.T @ (p - y) / len(y)
            losses.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
        return dict(w=w, losses=losses)

    assert len(run_at(engine, trace(model, dict(w=[0.1, 0.2, 0.3], lr=0.5)))) < 3000


def test_a_long_program_of_small_arrays_is_rolled(engine):
    def model(w):
        path = []
        for _ in range(1500):
            w = w - 0.01 * np.sin(w * w[::-1])
            path.append(w)
        return dict(path=path)

    program = trace(model, dict(w=[1.0, -0.5, 0.25, 2.0]))
    assert len(run_at(engine, program)) < 1000


def test_a_decoder_costs_little_more_than_its_weights(engine):
    rng = np.random.default_rng(0)
    first, second = (
        rng.normal(size=(16, 2)).round(2),
        rng.normal(size=(64, 16)).round(2),
    )
    program = trace(
        lambda z: dict(image=sigmoid(second @ np.tanh(first @ z)).reshape(8, 8)),
        dict(z=[0.1, 0.2]),
    )
    weights = len(",".join(number(w)[0] for w in [*first.flat, *second.flat]))
    assert len(run_at(engine, program)) < weights + 600


def test_a_map_over_a_grid_needs_no_table(engine):
    x, y = np.meshgrid(np.linspace(-2, 2, 41), np.linspace(-1, 1, 31))
    program = trace(
        lambda w: dict(p=sigmoid(w[0] * x + w[1] * y + w[2])), dict(w=[1.0, 2.0, 0.5])
    )
    assert len(run_at(engine, program)) < 350


def test_recorded_runs_are_one_table(engine):
    rng = np.random.default_rng(0)
    record = rng.normal(size=(20, 50, 2)).round(2)
    program = trace(
        lambda k, s: dict(points=np.take(record, k, axis=0) * s), dict(k=3, s=1.0)
    )
    values = len(",".join(number(x)[0] for x in record.flat))
    assert len(run_at(engine, program)) < values + 200


@pytest.mark.parametrize(
    "fold", [np.sum, np.prod, np.max, np.min, np.argmax, np.argmin]
)
def test_long_folds_of_loops_are_loops(engine, fold):
    data = np.sin(np.arange(200.0)).reshape(2, 100)

    def model(w):
        z = np.tanh(w * data)
        return dict(
            z=z, all=fold(z), rows=fold(z, axis=1), ends=fold(z[:, [0, 7, 90] * 3])
        )

    assert len(run_at(engine, trace(model, dict(w=1.1)))) < 5500


def test_folds_of_values_outside_of_loops_are_written_out(engine):
    def model(x):
        parts = [np.sin(x), np.exp(x), np.cos(x), np.sqrt(x), x * x, np.log(x), 1 / x]
        return dict(parts=parts, sum=np.sum(np.stack(parts)), curve=np.tanh(x * GRID))

    run_at(engine, trace(model, dict(x=9.0)))


def test_there_is_a_name_for_every_helper_which_no_script_uses_otherwise():
    assert len(set(NAMES)) == len(NAMES) >= len({*HELPERS, "$T", "$out"})
    assert not set(NAMES) & {*LOOPS, *"btuxmrv"}
    for name, code in HELPERS.items():  # which needs no other helper
        called = set(re.findall(r"\$\w+", code))
        assert called <= {name}
        assert not called or not set(NAMES) & set(re.findall(r"\b[a-zA-Z]\b", code))


def test_scripts_run_in_well_under_a_millisecond(engine):
    rng = np.random.default_rng(0)
    first, second = (
        rng.normal(size=(16, 2)).round(2),
        rng.normal(size=(64, 16)).round(2),
    )
    program = trace(
        lambda z: dict(x=sigmoid(second @ np.tanh(first @ z))), dict(z=[0.1, 0.2])
    )
    assert engine.microseconds(program.javascript(), [0.1, 0.2]) < 500


def test_scripts_above_100_kb_are_refused():
    weights = np.random.default_rng(0).normal(size=(100, 100))
    program = trace(lambda z: dict(x=weights @ z), dict(z=np.zeros(100)), name="wide")
    with pytest.raises(TraceError) as caught:
        program.javascript()
    assert re.fullmatch(
        r"figure 'wide': the compiled model takes 1\d\d,\d{3} bytes of 100,000; show "
        r"fewer elements, round constants \(weights.round\(3\)\), or record the run "
        r"when the book is built and use np.take",
        str(caught.value),
    )
    rounded = trace(lambda z: dict(x=weights.round(3) @ z), dict(z=np.zeros(100)))
    assert len(rounded.javascript()) < 50_000


# Tables and rolled loops --------------------------------------------------------------

whole = st.lists(st.integers(-3, 3), min_size=1, max_size=5)


@st.composite
def grids(draw, numbers):
    """Draw a column that may repeat, stand in blocks, or be a sum of both."""
    row, blocks = draw(numbers), draw(numbers)
    kind = draw(st.sampled_from(["sum", "row", "blocks", "line", "deep"]))
    if kind == "line":
        return [row[0] + blocks[0] * k for k in range(draw(st.integers(1, 30)))]
    if kind == "row":
        return row * draw(st.integers(1, 4))
    if kind == "blocks":
        return [b for b in blocks for _ in range(draw(st.just(3)))]
    column = [r + b for b in blocks for r in row]
    return [c + b for b in blocks for c in column] if kind == "deep" else column


COLUMNS = st.one_of(
    grids(whole).map(lambda v: [float(x) for x in v]),
    grids(whole).map(lambda v: [x / 10 for x in v]),
    st.lists(st.floats(), min_size=1, max_size=12),
    st.lists(st.floats(), min_size=24, max_size=30),
    st.lists(st.floats(-9, 9), min_size=24, max_size=60).map(
        lambda v: [round(x, 2) for x in v]
    ),
    st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.integers(1, 40)).map(
        lambda t: np.linspace(*t).tolist()
    ),
    st.tuples(st.sampled_from([-0.0, 0.0, 1.0]), st.integers(2, 9)).map(
        lambda t: (-np.arange(t[1]) * 0.5 + t[0]).tolist()
    ),
)


def evaluated(engine, head, text, n):
    source = f"v=>{{{head}return Array.from(Array({n}).keys(),i=>{text})}}"
    return engine.run(source, [[0.0]])[0]


@given(COLUMNS)
def test_formulas_of_constants_give_these_very_floats(engine, values):
    found = progression(values, "i")
    if found:
        got = evaluated(engine, "", found[0], len(values))
        assert same_bits(got, np.array(values))


@given(st.lists(COLUMNS, min_size=1, max_size=3))
def test_tables_give_these_very_floats(engine, columns):
    tables = Tables()
    for column in columns:
        place = tables.add(column)
        head = f"const $packed={HELPERS['$packed']},{tables.source()};"
        got = evaluated(engine, head, f"$T[i+{place}]", len(column))
        assert same_bits(got, np.array(column))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0, 1, 2, 3], "i"),
        ([5, 4, 3, 2], "i*-1+5"),
        ([3, 5, 7, 9], "i*2+3"),
        ([-3, -1, 1, 3], "i*2-3"),
        ([0, -1, -2, -3], "i*-1+0"),
        (np.linspace(0, 1, 8).tolist(), "i*.14285714285714285"),
    ],
)
def test_formulas_of_constants_are_short(values, text):
    assert progression(values, "i")[0] == text


@pytest.mark.parametrize("last", [1.7e308, np.inf, np.nan])
def test_constants_without_a_formula_are_told_without_a_warning(last):
    assert progression([-1.7e308, 0.0, 1.0, last], "i") is None
    assert progression([last, 0.0, 1.0, last], "i") is None


@pytest.mark.parametrize("scale", [1, 10, 16, 32, 1000])
def test_a_table_of_fractions_takes_one_letter_each(engine, scale):
    values, tables = np.arange(60)[::-1] * 37 % 61 / scale, Tables()
    tables.add(values)
    assert len(tables.source()) < len(values) + 40, tables.source()
    head = f"const $packed={HELPERS['$packed']},{tables.source()};"
    assert same_bits(evaluated(engine, head, "$T[i]", len(values)), values)


def test_a_part_of_a_table_is_not_written_again():
    tables = Tables()
    assert [tables.add(v) for v in ([1.0, 2.0, 4.0], [2.0, 4.0], [4.0, 1.0])] == [
        0,
        1,
        3,
    ]
    assert tables.source() == "$T=[1,2,4,4,1]"


@given(
    st.lists(st.tuples(st.sampled_from("abc"), grids(whole)), min_size=1, max_size=4)
)
def test_rolled_statements_do_what_the_statements_do(engine, parts):
    """Statements write to moving places; their order and their numbers are kept."""
    forms = {
        "a": lambda k, v: f"m[{hole(k)}]={constant(v)}",
        "b": lambda k, v: f"m[{hole(k)}]=m[{hole(k + v)}]-{constant(v / 7)}",
        "c": lambda k, v: f"m[{hole(k + v)}]=2*m[{hole(k)}]",
    }
    plain = [
        forms[form](9 + k, value)
        for form, column in parts
        for k, value in enumerate(column)
    ]
    tables = Tables()
    rolled = ";".join(roll(plain, tables))
    single = ";".join(map(rendered, plain))
    head = f"const $packed={HELPERS['$packed']},{tables.source()}"
    start = "m=Float64Array.from(Array(150).keys(),Math.sin)"
    wanted = engine.run(f"v=>{{const {start};{single};return m}}", [[0.0]])[0]
    got = engine.run(f"v=>{{{head},{start};{rolled};return m}}", [[0.0]])[0]
    assert same_bits(got, wanted)


def test_statements_that_progress_evenly_become_nested_loops():
    plain = [
        f"m[{hole(100 * i + 10 * j + k)}]=v[{hole(j)}]"
        for i in range(9)
        for j in range(8)
        for k in range(7)
    ]
    assert roll(plain, Tables()) == [
        "for(let x=0;x<9;x++)for(let u=0;u<8;u++)for(let t=0;t<7;t++)"
        "m[100*x+10*u+t]=v[u]"
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, ".5"), (-0.25, "-.25"), (3.0, "3"), (-0.0, "-0"), (1000.0, "1e3"),
        (123000.0, "123e3"), (1e22, "1e22"), (1.5e-7, "1.5e-7"), (np.nan, "NaN"),
        (np.inf, "1/0"), (-np.inf, "-1/0"), (100.0, "100"),
        (0.1 + 0.2, ".30000000000000004"),
    ],
)  # fmt: skip
def test_numbers_are_written_short(engine, value, text):
    assert number(value)[0] == text
    assert same_bits(engine.run(f"v=>[{text}]", [[0.0]])[0], np.array([value]))
