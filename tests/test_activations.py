"""Activations: values, derivatives, extremes, dtypes, and the laws of the softmax."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlbook import activations as act
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient

ENTRYWISE = {
    "step": (act.step, act.d_step),
    "sigmoid": (act.sigmoid, act.d_sigmoid),
    "tanh": (act.tanh, act.d_tanh),
    "relu": (act.relu, act.d_relu),
    "softplus": (act.softplus, act.d_softplus),
    "identity": act.ACTIVATIONS["identity"],
    "leaky_relu": (act.leaky_relu, act.d_leaky_relu),
}
ALONG_AN_AXIS = [act.softmax, act.log_softmax, act.logsumexp]
EXTREMES = [-1000.0, -50.0, -1e-300, 0.0, 1e-300, 50.0, 1000.0]
LOGITS = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=1, max_dims=3, max_side=5),
    elements=st.floats(-1000, 1000),
)
names = pytest.mark.parametrize("name", ENTRYWISE)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@names
def test_the_derivative_is_the_slope(name):
    f, df = ENTRYWISE[name]
    z = np.random.default_rng(0).normal(scale=3, size=(4, 5))
    check_gradient(lambda z: np.sum(f(z)), z, df(z))


@pytest.mark.parametrize(
    ("f", "z", "wanted"),
    [
        (act.step, [-1, -0.0, 0, 1e-300], [0, 0, 0, 1]),
        (act.d_step, [-1, 0, 2], [0, 0, 0]),
        (act.sigmoid, [0, np.log(3)], [0.5, 0.75]),
        (act.d_sigmoid, [0, np.log(3)], [0.25, 0.1875]),
        (act.tanh, [0, np.log(2)], [0, 0.6]),
        (act.d_tanh, [0, np.log(2)], [1, 0.64]),
        (act.relu, [-3, 0, 2.5], [0, 0, 2.5]),
        (act.d_relu, [-3, 0, 2.5], [0, 0, 1]),
        (act.softplus, [0, np.log(np.e - 1)], [np.log(2), 1]),
        (act.d_softplus, [0, np.log(3)], [0.5, 0.75]),
        (act.ACTIVATIONS["identity"].f, [-2, 3], [-2, 3]),
        (act.ACTIVATIONS["identity"].df, [-2, 3], [1, 1]),
        (act.softmax, [0, np.log(2), np.log(5)], [0.125, 0.25, 0.625]),
        (act.log_softmax, [0, np.log(3)], [np.log(0.25), np.log(0.75)]),
        (act.logsumexp, [np.log(2), np.log(3)], np.log(5)),
    ],
)
def test_known_values(f, z, wanted):
    np.testing.assert_allclose(f(z), wanted, rtol=1e-14, atol=1e-15)


def test_the_perceptron_and_the_rnn_of_the_source():
    assert act.step(0.8) == 1
    np.testing.assert_allclose(
        act.tanh([0.41, 0.09]), [0.38847268, 0.08975778], atol=5e-9
    )
    np.testing.assert_allclose(
        act.sigmoid([0.41, 0.09]), [0.60108788, 0.52248482], atol=5e-9
    )


@names
@dtypes
def test_the_dtype_is_kept_for_any_number_of_axes(name, dtype):
    for f in ENTRYWISE[name]:
        for shape in [(), (3,), (2, 3), (2, 1, 3)]:
            result = f(np.full(shape, 0.5, dtype))
            assert result.dtype == dtype
            assert result.shape == shape


@dtypes
@pytest.mark.parametrize("f", ALONG_AN_AXIS)
def test_the_softmax_family_keeps_the_dtype(f, dtype):
    assert f(np.ones(3, dtype)).dtype == dtype
    assert f(np.ones((2, 3), dtype), axis=0).dtype == dtype
    assert act.softmax_backward(np.ones(3), np.ones(3, dtype)).dtype == dtype


@names
@dtypes
def test_extremes_are_finite_and_the_argument_stays_as_it_was(name, dtype):
    z = np.array(EXTREMES, dtype)
    before = z.copy()
    for f in ENTRYWISE[name]:
        result = f(z)
        assert np.isfinite(result).all()
        assert not np.shares_memory(result, z)
    np.testing.assert_array_equal(z, before)


@dtypes
def test_the_limits_at_extremes_are_reached(dtype):
    z = np.array([-1000, 1000], dtype)
    np.testing.assert_array_equal(act.sigmoid(z), [0, 1])
    np.testing.assert_array_equal(act.softplus(z), [0, 1000])
    np.testing.assert_array_equal(act.softmax(z), [0, 1])
    np.testing.assert_array_equal(act.log_softmax(z), [-2000, 0])
    assert act.logsumexp(z) == 1000


def test_small_probabilities_keep_their_digits():
    np.testing.assert_allclose(act.sigmoid(-100.0), np.exp(-100.0), rtol=1e-14)
    np.testing.assert_allclose(act.softplus(-100.0), np.exp(-100.0), rtol=1e-14)
    np.testing.assert_allclose(act.log_softmax([0.0, 50.0])[0], -50.0, rtol=1e-14)


@given(LOGITS)
def test_a_sigmoid_and_its_mirror_image_sum_to_one(z):
    np.testing.assert_allclose(act.sigmoid(z) + act.sigmoid(-z), 1, rtol=1e-15)
    np.testing.assert_allclose(act.tanh(z), 2 * act.sigmoid(2 * z) - 1, atol=1e-15)
    np.testing.assert_allclose(act.softplus(z) - act.softplus(-z), z, atol=1e-12)
    np.testing.assert_array_equal(act.relu(z) - act.relu(-z), z)


@given(LOGITS, st.floats(-1000, 1000), st.data())
def test_the_softmax_sums_to_one_and_ignores_shifts(z, shift, data):
    axis = data.draw(st.integers(-z.ndim, z.ndim - 1))
    y = act.softmax(z, axis)
    assert (y >= 0).all()
    np.testing.assert_allclose(y.sum(axis), 1, rtol=1e-14)
    np.testing.assert_allclose(act.softmax(z + shift, axis), y, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(np.exp(act.log_softmax(z, axis)), y, atol=1e-14)


@given(LOGITS, st.floats(-1000, 1000))
def test_logsumexp_shifts_with_its_argument_and_bounds_the_maximum(z, shift):
    lse = act.logsumexp(z)
    np.testing.assert_allclose(act.logsumexp(z + shift), lse + shift, atol=1e-11)
    assert (lse >= z.max(-1)).all()
    assert (lse <= z.max(-1) + np.log(z.shape[-1]) + 1e-12).all()
    np.testing.assert_allclose(z - lse[..., None], act.log_softmax(z), atol=1e-12)


def test_the_gradient_of_logsumexp_is_the_softmax():
    z = np.random.default_rng(1).normal(size=(3, 4))
    check_gradient(lambda z: np.sum(act.logsumexp(z, 0)), z, act.softmax(z, 0))


@pytest.mark.parametrize(
    ("shape", "axis"), [((4,), 0), ((3, 4), -1), ((3, 4), 0), ((2, 3, 4), 1)]
)
def test_softmax_backward_is_the_transpose_of_its_jacobian(shape, axis):
    rng = np.random.default_rng(2)
    z, dy = rng.normal(size=shape), rng.normal(size=shape)
    dz = act.softmax_backward(dy, act.softmax(z, axis), axis)
    check_gradient(lambda z: np.sum(dy * act.softmax(z, axis)), z, dz)
    np.testing.assert_allclose(dz.sum(axis), 0, atol=1e-15)


def test_a_batch_is_its_examples_one_by_one():
    z = np.random.default_rng(3).normal(size=(4, 3))
    for f in [act.softmax, act.log_softmax, act.logsumexp]:
        np.testing.assert_array_equal(f(z), np.stack([f(row) for row in z]))


@pytest.fixture(scope="module")
def compiled():
    """Every activation and derivative, and the program of them all."""
    functions = [f for pair in ENTRYWISE.values() for f in pair] + ALONG_AN_AXIS

    def model(z):
        return {str(i): f(z) for i, f in enumerate(functions)}

    return functions, trace(model, {"z": np.array([0.5, -1.0, 2.0])})


@given(st.lists(st.floats(-700, 700), min_size=3, max_size=3))
def test_every_activation_compiles_to_the_same_numbers(compiled, z):
    (functions, program), z = compiled, np.array(z)
    replayed = program.replay(z)
    for i, f in enumerate(functions):
        np.testing.assert_allclose(replayed[str(i)], f(z), rtol=1e-12, atol=1e-300)


def test_activations_are_found_by_name():
    assert sorted(act.ACTIVATIONS) == [
        "identity",
        "leaky_relu",
        "relu",
        "sigmoid",
        "softplus",
        "tanh",
    ]
    for name, pair in act.ACTIVATIONS.items():
        z = np.linspace(-5, 5, 41)
        for mine, public in zip(pair, ENTRYWISE[name], strict=True):
            np.testing.assert_allclose(mine(z), public(z), rtol=1e-13, atol=1e-15)


@names
@pytest.mark.parametrize(
    ("z", "error", "message"),
    [
        ([1.0, np.nan], ValueError, "z: wanted finite numbers, got nan"),
        ([np.inf], ValueError, "z: wanted finite numbers, got inf"),
        (["a"], TypeError, "z: wanted real numbers, got dtype <U1"),
        ([], ValueError, "z: wanted at least one value, got shape (0,)"),
    ],
)
def test_bad_logits_are_refused(name, z, error, message):
    for f in ENTRYWISE[name]:
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            f(z)


@pytest.mark.parametrize("f", ALONG_AN_AXIS)
@pytest.mark.parametrize(
    ("z", "axis", "error", "message"),
    [
        (1.0, -1, ValueError, "z: wanted shape (..., K), got ()"),
        ([1.0], 1, ValueError, "axis: wanted an axis from -1 to 0, got 1"),
        ([[1.0]], -3, ValueError, "axis: wanted an axis from -2 to 1, got -3"),
        ([1.0], 0.5, TypeError, "axis: wanted an integer, got 0.5"),
        ([np.nan], -1, ValueError, "z: wanted finite numbers, got nan"),
    ],
)
def test_bad_axes_are_refused(f, z, axis, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        f(z, axis)


@pytest.mark.parametrize(
    ("dy", "y", "axis", "message"),
    [
        ([1.0], [1.0, 2.0], -1, "dy: wanted shape (2,) as y has, got (1,)"),
        ([1.0], [np.nan], -1, "y: wanted finite numbers, got nan"),
        ([np.nan], [1.0], -1, "dy: wanted finite numbers, got nan"),
        ([1.0], [1.0], 2, "axis: wanted an axis from -1 to 0, got 2"),
    ],
)
def test_bad_gradients_are_refused(dy, y, axis, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        act.softmax_backward(dy, y, axis)


def test_the_slope_of_a_leak_may_be_chosen():
    np.testing.assert_array_equal(act.leaky_relu([-2.0, 3.0], 0.25), [-0.5, 3.0])
    assert act.d_leaky_relu(-2.0, 0.25) == 0.25
