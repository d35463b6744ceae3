"""The emitted JavaScript, run in V8, against NumPy.

Two classes of operations: where IEEE 754 fixes the result, all bits agree; through
transcendental functions the result agrees to 1e-12 relative.
"""

import numpy as np
import pytest
from engine import Engine, same_bits
from hypothesis import given, settings
from hypothesis import strategies as st
from idioms import ARRAYS, CLOSE, EXACT, LOOKUPS, PRODUCTS

from dlbook.live.columns import Tables, floats, integers
from dlbook.live.rules import number
from dlbook.live.trace import TraceError, trace

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
