"""Losses: the source's number, gradients, extremes, reductions, and refusals."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlbook import losses
from dlbook.activations import sigmoid, softmax
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient

ENTRY = [
    "half_squared_error",
    "mean_squared_error",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
]
CLASS = ["cross_entropy", "cross_entropy_with_logits"]
REDUCTIONS = ["mean", "sum", "none"]
FIRST = {
    "half_squared_error": "y_hat",
    "mean_squared_error": "y_hat",
    "binary_cross_entropy": "p",
    "binary_cross_entropy_with_logits": "z",
    "cross_entropy": "p",
    "cross_entropy_with_logits": "z",
    "gaussian_kl": "mu",
}
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def forward(name):
    return getattr(losses, name)


def backward(name):
    return getattr(losses, f"d_{name}")


def case(name, shape, rng):
    """Random arguments that suit a loss."""
    if name in CLASS:
        y = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
        p = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
        return (p if name == "cross_entropy" else rng.normal(scale=3, size=shape)), y
    y = rng.uniform(size=shape)
    if name == "binary_cross_entropy":
        return rng.uniform(0.05, 0.95, size=shape), y
    return rng.normal(scale=3, size=shape), y


# What the source says


def test_the_sources_loss_is_0_01():
    y_hat, y = [0.4, 0.6], [0.5, 0.5]
    assert losses.half_squared_error(y_hat, y, "sum") == pytest.approx(0.01, rel=1e-14)
    slope = losses.d_half_squared_error(y_hat, y, "sum")
    np.testing.assert_allclose(slope, [-0.1, 0.1], rtol=1e-14)


# Gradients


@pytest.mark.parametrize("name", ENTRY + CLASS)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradient_of_the_reduced_loss(name, shape, reduction):
    x, y = case(name, shape, np.random.default_rng(0))
    f, df = forward(name), backward(name)
    check_gradient(lambda x: np.sum(f(x, y, reduction)), x, df(x, y, reduction))


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradient_of_the_divergence_in_both_arguments(shape, reduction):
    rng = np.random.default_rng(1)
    params = losses.GaussianGradient(rng.normal(size=shape), rng.normal(size=shape))
    check_gradient(
        lambda params: np.sum(losses.gaussian_kl(*params, reduction)),
        params,
        losses.d_gaussian_kl(*params, reduction),
    )


@pytest.mark.parametrize("labels", [2, [2, 0, 1]])
@pytest.mark.parametrize("name", CLASS)
def test_gradient_for_class_labels(name, labels):
    x, _ = case(name, (*np.shape(labels), 4), np.random.default_rng(2))
    check_gradient(lambda x: forward(name)(x, labels), x, backward(name)(x, labels))


# Values


def test_known_values():
    log = np.log
    for value, wanted in [
        (losses.mean_squared_error([1.0, 2.0], [0.0, 4.0]), 2.5),
        (losses.half_squared_error([1.0, 2.0], [0.0, 4.0], "mean"), 1.25),
        (losses.binary_cross_entropy([0.25, 0.5], [1, 0]), log(8) / 2),
        (losses.binary_cross_entropy([0.25], [0.5]), -(log(0.25) + log(0.75)) / 2),
        (losses.binary_cross_entropy_with_logits([log(3.0)], [0]), log(4)),
        (losses.cross_entropy([[0.25, 0.75], [0.5, 0.5]], [0, 1]), log(8) / 2),
        (losses.cross_entropy([0.25, 0.75], [0.5, 0.5]), -log(0.1875) / 2),
        (losses.cross_entropy_with_logits([0.0, log(3.0)], 0), log(4)),
        (losses.gaussian_kl([0.5], [log(4.0)]), 0.5 * (0.25 + 4 - 1 - log(4.0))),
        (losses.gaussian_kl([0.5], [log(4.0)]).round(5), 0.93185),
        (losses.gaussian_kl([0.5], [log(2.0)]).round(4), 0.2784),
    ]:
        np.testing.assert_allclose(value, wanted, rtol=1e-14)


@pytest.mark.parametrize("name", ENTRY)
def test_an_entry_loss_reduces_over_all_entries(name):
    x, y = case(name, (3, 4), np.random.default_rng(3))
    each = forward(name)(x, y, "none")
    assert each.shape == (3, 4)
    np.testing.assert_allclose(forward(name)(x, y, "sum"), each.sum(), rtol=1e-14)
    np.testing.assert_allclose(forward(name)(x, y, "mean"), each.mean(), rtol=1e-14)


@pytest.mark.parametrize("name", [*CLASS, "gaussian_kl"])
def test_an_example_loss_reduces_over_the_rows(name):
    x, y = case(name, (2, 3, 4), np.random.default_rng(4))
    each = forward(name)(x, y, "none")
    assert each.shape == (2, 3)
    for i in np.ndindex(2, 3):
        np.testing.assert_allclose(each[i], forward(name)(x[i], y[i]), rtol=1e-14)
    np.testing.assert_allclose(forward(name)(x, y, "sum"), each.sum(), rtol=1e-14)
    np.testing.assert_allclose(forward(name)(x, y, "mean"), each.mean(), rtol=1e-14)


@pytest.mark.parametrize("name", [*ENTRY, *CLASS, "gaussian_kl"])
def test_every_loss_is_a_mean_unless_another_reduction_is_named(name):
    x, y = case(name, (3, 4), np.random.default_rng(5))
    assert forward(name)(x, y) == forward(name)(x, y, "mean")
    np.testing.assert_array_equal(backward(name)(x, y), backward(name)(x, y, "mean"))


@pytest.mark.parametrize("name", CLASS)
def test_a_class_label_is_a_row_with_a_single_one(name):
    x, _ = case(name, (3, 4), np.random.default_rng(6))
    for f in (forward(name), backward(name)):
        np.testing.assert_array_equal(f(x, [3, 0, 2]), f(x, np.eye(4)[[3, 0, 2]]))
        np.testing.assert_array_equal(f(x, np.uint8([3, 0, 2])), f(x, [3, 0, 2]))


def test_rows_may_miss_their_sum_by_rounding_only():
    p = [0.25, 0.75]
    for f in (losses.cross_entropy, losses.d_cross_entropy):
        f(p, np.float32([1 / 3, 2 / 3]))
        f(p, [0.5, 0.50009])
        f(p, [0.5, 0.49991])
        for off in ([0.5, 0.50011], [0.5, 0.49989]):
            with pytest.raises(ValueError, match="^y: wanted rows that sum to 1, got"):
                f(p, off)


# Laws


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(2, 6))
def test_logits_and_their_probabilities_cost_the_same(seed, n, k):
    z = np.random.default_rng(seed).normal(scale=4, size=(n, k))
    y = np.random.default_rng(seed).dirichlet(np.ones(k), size=n)
    np.testing.assert_allclose(
        losses.cross_entropy_with_logits(z, y),
        losses.cross_entropy(softmax(z), y),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        losses.binary_cross_entropy_with_logits(z, y),
        losses.binary_cross_entropy(sigmoid(z), y),
        rtol=1e-9,
    )


@given(st.integers(0, 2**32), st.integers(2, 6))
def test_no_prediction_costs_less_than_the_truth(seed, k):
    rng = np.random.default_rng(seed)
    p, y = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
    assert losses.cross_entropy(p, y) >= losses.cross_entropy(y, y) - 1e-12
    assert (
        losses.binary_cross_entropy(p, y) >= losses.binary_cross_entropy(y, y) - 1e-12
    )


@given(
    hnp.arrays(np.float64, (3, 4), elements=st.floats(-50, 50)),
    hnp.arrays(np.float64, (3, 4), elements=st.floats(-50, 50)),
)
def test_the_divergence_is_never_negative(mu, log_var):
    assert (losses.gaussian_kl(mu, log_var, "none") >= 0).all()
    assert (losses.gaussian_kl(0 * mu, log_var * 1e-18, "none") >= 0).all()


def test_the_divergence_is_zero_for_the_standard_normal_alone():
    assert losses.gaussian_kl(np.zeros(3), np.zeros(3)) == 0
    assert losses.gaussian_kl([1e-6], [0.0]) > 0
    np.testing.assert_allclose(losses.gaussian_kl([0.0], [1e-6]), 2.5e-13, rtol=1e-4)


def test_the_divergence_is_what_sampling_estimates():
    rng = np.random.default_rng(7)
    mu, sigma = 0.5, 2.0
    z = mu + sigma * rng.normal(size=200_000)
    log_q = -0.5 * ((z - mu) / sigma) ** 2 - np.log(sigma)
    estimate = np.mean(log_q + 0.5 * z**2)
    closed = losses.gaussian_kl([mu], [np.log(sigma**2)])
    np.testing.assert_allclose(closed, estimate, atol=0.02)


def test_a_new_last_axis_gives_the_divergence_of_each_dimension():
    mu, log_var = np.random.default_rng(8).normal(size=(2, 5, 3))
    each = losses.gaussian_kl(mu[..., None], log_var[..., None], "none")
    np.testing.assert_allclose(each.sum(-1), losses.gaussian_kl(mu, log_var, "none"))


@pytest.mark.parametrize("name", [*ENTRY, *CLASS, "gaussian_kl"])
def test_the_order_of_the_examples_does_not_matter(name):
    rng = np.random.default_rng(9)
    x, y = case(name, (6, 3), rng)
    order = rng.permutation(6)
    np.testing.assert_allclose(
        forward(name)(x[order], y[order]), forward(name)(x, y), rtol=1e-14
    )


# Extremes and dtypes


@dtypes
def test_certain_predictions_cost_nothing_or_one_hundred(dtype):
    p = np.array([0, 0, 1, 1], dtype)
    y = [0, 1, 0, 1]
    cost = losses.binary_cross_entropy(p, y, "none")
    np.testing.assert_array_equal(cost, [0, 100, 100, 0])
    assert not np.signbit(cost).any()
    slope = losses.d_binary_cross_entropy(p, y, "none")
    np.testing.assert_allclose(slope, [0, -1e12, 1e12, 0], rtol=1e-6)


@dtypes
def test_a_distribution_with_zeros_costs_at_most_one_hundred(dtype):
    p = np.array([[1, 0], [1, 0]], dtype)
    cost = losses.cross_entropy(p, [0, 1], "none")
    np.testing.assert_array_equal(cost, [0, 100])
    assert not np.signbit(cost).any()
    slope = losses.d_cross_entropy(p, [0, 1], "none")
    np.testing.assert_allclose(slope, [[-1, 0], [0, -1e12]], rtol=1e-6)
    assert not np.signbit(slope[slope == 0]).any()


def test_the_bounds_begin_at_one_hundred_nats():
    p = np.exp([-99.0, -101.0])
    np.testing.assert_allclose(
        losses.binary_cross_entropy(p, [1, 1], "none"), [99, 100], rtol=1e-14
    )
    np.testing.assert_allclose(losses.cross_entropy([p[0], 1], [1, 0]), 99, rtol=1e-14)
    assert losses.cross_entropy([p[1], 1], [1, 0]) == 100


@dtypes
def test_logits_of_a_thousand_give_exact_losses(dtype):
    z = np.array([-1000, -1000, 1000, 1000], dtype)
    y = [0, 1, 0, 1]
    cost = losses.binary_cross_entropy_with_logits(z, y, "none")
    np.testing.assert_array_equal(cost, [0, 1000, 1000, 0])
    slope = losses.d_binary_cross_entropy_with_logits(z, y, "none")
    np.testing.assert_array_equal(slope, [0, -1, 1, 0])
    rows = np.array([[1000, -1000], [1000, -1000]], dtype)
    cost = losses.cross_entropy_with_logits(rows, [0, 1], "none")
    np.testing.assert_array_equal(cost, [0, 2000])
    assert not np.signbit(cost).any()
    slope = losses.d_cross_entropy_with_logits(rows, [0, 1], "none")
    np.testing.assert_array_equal(slope, [[0, 0], [1, -1]])


def test_a_sure_and_right_logit_keeps_the_digits_of_its_cost():
    cost = losses.binary_cross_entropy_with_logits([40.0, -40.0], [1, 0], "none")
    np.testing.assert_allclose(cost, np.exp(-40.0), rtol=1e-14)


@dtypes
def test_log_variances_of_fifty_are_finite(dtype):
    log_var = np.array([-50, 50], dtype)
    divergence = losses.gaussian_kl(np.zeros(2, dtype), log_var)
    np.testing.assert_allclose(divergence, (np.exp(50) - 2) / 2, rtol=1e-5)
    d_mu, d_log_var = losses.d_gaussian_kl(np.zeros(2, dtype), log_var)
    np.testing.assert_array_equal(d_mu, [0, 0])
    np.testing.assert_allclose(d_log_var, [-0.5, np.exp(50) / 2], rtol=1e-5)


@pytest.mark.parametrize("name", [*ENTRY, *CLASS])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@dtypes
def test_the_dtype_is_that_of_the_first_argument(name, reduction, dtype):
    x, y = case(name, (3, 4), np.random.default_rng(10))
    x = x.astype(dtype)
    targets = [y, y.astype(np.float32), np.eye(4, dtype=np.int64)[:3]]
    targets += [[3, 0, 2]] if name in CLASS else []
    for y in targets:
        assert forward(name)(x, y, reduction).dtype == dtype
        assert backward(name)(x, y, reduction).dtype == dtype


@pytest.mark.parametrize("reduction", REDUCTIONS)
@dtypes
def test_the_divergence_keeps_the_dtype(reduction, dtype):
    mu = np.ones((3, 4), dtype)
    assert losses.gaussian_kl(mu, np.ones((3, 4)), reduction).dtype == dtype
    gradient = losses.d_gaussian_kl(mu, np.ones((3, 4)), reduction)
    assert gradient.mu.dtype == gradient.log_var.dtype == dtype


@pytest.mark.parametrize("name", [*ENTRY, *CLASS])
def test_the_arguments_stay_as_they_were(name):
    x, y = case(name, (3, 4), np.random.default_rng(11))
    copies = x.copy(), y.copy()
    forward(name)(x, y)
    gradient = backward(name)(x, y, "none")
    assert not np.shares_memory(gradient, x)
    assert np.array_equal(x, copies[0])
    assert np.array_equal(y, copies[1])


def test_the_gradient_of_the_divergence_is_no_view_of_the_mean():
    mu = np.ones(3)
    assert not np.shares_memory(losses.d_gaussian_kl(mu, mu, "sum").mu, mu)


@pytest.fixture(scope="module")
def compiled():
    """Every loss and gradient as a model, and its program."""
    y = np.array([[0.25, 0.75], [1.0, 0.0]])
    of_rows = forward("cross_entropy"), backward("cross_entropy")
    names = [*ENTRY, "cross_entropy_with_logits"]
    pairs = [f for name in names for f in (forward(name), backward(name))]

    def model(x):
        out = {str(i): f(x, y) for i, f in enumerate(pairs)}
        rows = x / np.sum(x, axis=1, keepdims=True)
        out |= {f.__name__: f(rows, y) for f in of_rows}
        kl, gradient = losses.gaussian_kl(x, x), losses.d_gaussian_kl(x, x)
        labels = losses.cross_entropy_with_logits(x, [0, 1])
        return {**out, "kl": kl, "gradient": gradient.log_var, "labels": labels}

    return model, trace(model, {"x": np.full((2, 2), 0.5)})


@given(st.lists(st.floats(0.01, 0.99), min_size=4, max_size=4))
def test_every_loss_compiles_to_the_same_numbers(compiled, x):
    (model, program), x = compiled, np.array(x)
    replayed = program.replay(x)
    for name, value in model(x.reshape(2, 2)).items():
        np.testing.assert_allclose(replayed[name], value, rtol=1e-12)


def test_a_target_may_be_traced_as_well():
    def model(y):
        return {
            "row": losses.cross_entropy([0.25, 0.75], y),
            "entry": losses.half_squared_error([0.25, 0.75], y),
        }

    replayed = trace(model, {"y": np.array([0.5, 0.5])}).replay([0.2, 0.8])
    assert replayed["row"] == pytest.approx(model([0.2, 0.8])["row"])
    assert replayed["entry"] == pytest.approx(model([0.2, 0.8])["entry"])


# Refusals


@pytest.mark.parametrize("name", [*ENTRY, *CLASS, "gaussian_kl"])
def test_shapes_that_would_only_broadcast_are_refused(name):
    first = FIRST[name]
    second = "log_var" if name == "gaussian_kl" else "y"
    message = f"{second}: wanted shape (1, 2) as {first} has, got (3, 2)"
    for f in (forward(name), backward(name)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            f([[0.5, 0.5]], [[0.5, 0.5]] * 3)


@pytest.mark.parametrize("name", [*ENTRY, *CLASS, "gaussian_kl"])
@pytest.mark.parametrize("reduction", ["avg", None, ["mean"]])
def test_an_unknown_reduction_is_refused(name, reduction):
    message = f"reduction: wanted one of 'mean', 'sum', 'none', got {reduction!r}"
    for f in (forward(name), backward(name)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            f([[0.5, 0.5]], [[0.5, 0.5]], reduction)


@pytest.mark.parametrize("name", [*ENTRY, *CLASS, "gaussian_kl"])
def test_numbers_that_are_not_finite_are_refused(name):
    first = FIRST[name]
    second = "log_var" if name == "gaussian_kl" else "y"
    good, bad = [[0.5, 0.5]], [[0.5, np.nan]]
    for f in (forward(name), backward(name)):
        with pytest.raises(ValueError, match=f"^{first}: wanted finite .* got nan$"):
            f(bad, good)
        with pytest.raises(ValueError, match=f"^{second}: wanted finite .* got nan$"):
            f(good, bad)


@pytest.mark.parametrize(
    ("name", "x", "y", "error", "message"),
    [
        (
            "binary_cross_entropy",
            [1.5],
            [1],
            ValueError,
            "p: wanted values <= 1, got 1.5",
        ),
        (
            "binary_cross_entropy",
            [-0.5],
            [1],
            ValueError,
            "p: wanted values >= 0, got -0.5",
        ),
        (
            "binary_cross_entropy",
            [0.5],
            [2],
            ValueError,
            "y: wanted values <= 1, got 2.0",
        ),
        (
            "binary_cross_entropy",
            [0.5],
            [-1],
            ValueError,
            "y: wanted values >= 0, got -1.0",
        ),
        (
            "binary_cross_entropy_with_logits",
            [0.5],
            [2],
            ValueError,
            "y: wanted values <= 1, got 2.0",
        ),
        (
            "binary_cross_entropy_with_logits",
            [0.5],
            [-1],
            ValueError,
            "y: wanted values >= 0, got -1.0",
        ),
        ("cross_entropy", [1.5, 0], 0, ValueError, "p: wanted values <= 1, got 1.5"),
        ("cross_entropy", [-0.5, 0], 0, ValueError, "p: wanted values >= 0, got -0.5"),
        ("cross_entropy", 0.5, 0, ValueError, "p: wanted shape (..., K), got ()"),
        (
            "cross_entropy_with_logits",
            0.5,
            0,
            ValueError,
            "z: wanted shape (..., K), got ()",
        ),
        ("gaussian_kl", 0.5, 0.5, ValueError, "mu: wanted shape (..., D), got ()"),
    ],
)
def test_values_out_of_range_are_refused(name, x, y, error, message):
    for f in (forward(name), backward(name)):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            f(x, y)


@pytest.mark.parametrize("name", CLASS)
@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([0, 3], ValueError, "y: wanted classes from 0 to 2, got 3"),
        ([-1, 0], ValueError, "y: wanted classes from 0 to 2, got -1"),
        ([0.0, 1.0], TypeError, "y: wanted integer classes or rows, got dtype float64"),
        ([True, False], TypeError, "y: wanted integer classes or rows, got dtype bool"),
        ([0, 1, 2], ValueError, "y: wanted shape (2,) or (2, 3), got (3,)"),
        (0, ValueError, "y: wanted shape (2,) or (2, 3), got ()"),
        ([[0.5, 0.5, 0.5]] * 2, ValueError, "y: wanted rows that sum to 1, got 1.5"),
        (
            [[0.5, 0.25, 0], [1, 1, 0]],
            ValueError,
            "y: wanted rows that sum to 1, got 2.0",
        ),
        (
            [[0.1, 0, 0], [1, 0.5, 0]],
            ValueError,
            "y: wanted rows that sum to 1, got 0.1",
        ),
        ([[1, 1, -1]] * 2, ValueError, "y: wanted values >= 0, got -1.0"),
        ([[2, 0, 0]] * 2, ValueError, "y: wanted values <= 1, got 2.0"),
        ([[0], [0, 1]], ValueError, "y: wanted a regular array, got ragged rows"),
    ],
)
def test_labels_that_are_no_classes_are_refused(name, y, error, message):
    x = [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]
    for f in (forward(name), backward(name)):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            f(x, y)


@pytest.mark.parametrize("name", CLASS)
def test_labels_need_an_axis_for_each_but_the_last(name):
    x = np.full((4, 2, 3), 1 / 3)
    message = re.escape("y: wanted shape (4, 2) or (4, 2, 3), got (4,)")
    for f in (forward(name), backward(name)):
        with pytest.raises(ValueError, match=f"^{message}$"):
            f(x, [0, 1, 2, 0])
