"""Divergences: the bounds of Jensen-Shannon, and how far mass has to travel."""

import re

import numpy as np
import pytest

from dlbook.compiler import trace
from dlbook.divergences import js_divergence, wasserstein, wasserstein_samples
from dlbook.gan import optimal_discriminator


def random_rows(seed, shape):
    rng = np.random.default_rng(seed)
    p = rng.exponential(size=shape) * (rng.random(shape) < 0.7)
    p[..., 0] += 0.1
    return p / p.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("shape", [(5,), (4, 5)])
@pytest.mark.parametrize("seed", range(10))
def test_the_js_divergence_is_symmetric_and_between_zero_and_log_two(seed, shape):
    p, q = random_rows(seed, shape), random_rows(seed + 100, shape)
    js = js_divergence(p, q)
    assert js.shape == shape[:-1]
    assert ((js >= 0) & (js <= np.log(2))).all()
    np.testing.assert_allclose(js, js_divergence(q, p), rtol=1e-12)
    np.testing.assert_array_equal(js_divergence(p, p), np.zeros(shape[:-1]))
    for i in np.ndindex(shape[:-1]):
        total = 0.0
        for a, b in zip(p[i], q[i], strict=True):
            for c in (a, b):
                total += c / 2 * np.log(c / ((a + b) / 2)) if c else 0
        np.testing.assert_allclose(js[i], total, rtol=1e-10)


def test_without_overlap_the_js_divergence_is_log_two_however_near():
    for k in (1, 2, 5):
        p, q = np.eye(6)[0], np.eye(6)[k]
        np.testing.assert_allclose(js_divergence(p, q), np.log(2), rtol=1e-15)
        assert wasserstein(p, q, np.arange(6.0)) == k


@pytest.mark.parametrize("seed", range(50))
def test_rounding_does_not_lift_the_js_divergence_above_log_two(seed):
    p = random_rows(seed, (3, 9))
    left, right = np.append(p, 0 * p, axis=1), np.append(0 * p, p, axis=1)
    js = js_divergence(left, right)
    assert (js <= np.log(2)).all()
    np.testing.assert_allclose(js, np.log(2), rtol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_discriminator_makes_the_game_the_js_divergence(seed):
    p, q = random_rows(seed, (6,)), random_rows(seed + 50, (6,))
    best = optimal_discriminator(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.nansum(p * np.log(best)) + np.nansum(q * np.log(1 - best))
    np.testing.assert_allclose(value, 2 * js_divergence(p, q) - np.log(4), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_wasserstein_distance_is_a_distance(seed):
    rng = np.random.default_rng(seed)
    p, q, r = (random_rows(10 * seed + i, (3, 7)) for i in range(3))
    x = np.sort(rng.normal(size=7))
    np.testing.assert_array_equal(wasserstein(p, p, x), np.zeros(3))
    pq = wasserstein(p, q, x)
    np.testing.assert_allclose(pq, wasserstein(q, p, x), rtol=1e-12)
    assert (pq > 0).all()
    through = wasserstein(p, r, x) + wasserstein(r, q, x)
    assert (pq <= through + 1e-12).all()
    np.testing.assert_allclose(wasserstein(p, q, 3 * x + 1), 3 * pq, rtol=1e-12)
    np.testing.assert_allclose(wasserstein(p[0], q[0], x), pq[0], rtol=1e-12)


def test_moving_everything_by_a_step_costs_the_step():
    p, q = np.array([0.2, 0.3, 0.5, 0.0]), np.array([0.0, 0.2, 0.3, 0.5])
    np.testing.assert_allclose(wasserstein(p, q, [0.0, 2.0, 4.0, 6.0]), 2)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_samples_of_one_size_are_matched_in_order(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n), rng.normal(size=n) + 1
    expected = np.mean(np.abs(np.sort(a) - np.sort(b)))
    np.testing.assert_allclose(wasserstein_samples(a, b), expected, rtol=1e-12)
    np.testing.assert_allclose(wasserstein_samples(a, a + 2), 2, rtol=1e-12)


def test_samples_of_different_sizes_are_distributions_with_equal_mass():
    a, b = [0.0, 1.0, 1.0], [0.5, 3.0]
    x = np.array([0.0, 0.5, 1.0, 3.0])
    p, q = np.array([1, 0, 2, 0]) / 3, np.array([0, 1, 0, 1]) / 2
    expected = wasserstein(p, q, x)
    np.testing.assert_allclose(wasserstein_samples(a, b), expected, rtol=1e-14)
    np.testing.assert_allclose(wasserstein_samples(b, a), expected, rtol=1e-14)
    np.testing.assert_allclose(wasserstein_samples(a * 2, b), expected, rtol=1e-14)


def test_a_live_figure_can_trace_both_while_a_density_moves():
    x = np.linspace(-4, 4, 17)

    def model(shift, width):
        p = np.exp(-((x + 1) ** 2))
        q = np.exp(-((x - shift) ** 2) / width)
        p, q = p / np.sum(p), q / np.sum(q)
        return dict(js=js_divergence(p, q), w=wasserstein(p, q, x))

    program = trace(model, {"shift": 1.0, "width": 1.0})
    for values in np.random.default_rng(0).uniform(0.2, 2, (20, 2)):
        expected = model(*values)
        for name, value in program.replay(values).items():
            np.testing.assert_allclose(value, expected[name], rtol=1e-11)


def test_float32_stays_float32():
    p, q = (random_rows(i, (3, 5)).astype(np.float32) for i in (0, 1))
    x = np.arange(5, dtype=np.float32)
    results = [
        js_divergence(p, q),
        wasserstein(p, q.astype(float), x),
        wasserstein_samples(x, x),
    ]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}
    assert js_divergence(*np.eye(2, dtype=np.float32)) <= np.float32(np.log(2))


P, Q = np.array([0.5, 0.5]), np.array([0.2, 0.8])
REFUSED = [
    (js_divergence, (1.0, 1.0), "p: wanted shape (..., K), got ()"),
    (js_divergence, (P, [1.0]), "q: wanted shape (2,) as p has, got (1,)"),
    (js_divergence, ([-0.5, 1.5], P), "p: wanted values >= 0, got -0.5"),
    (js_divergence, (P, [1.5, -0.5]), "q: wanted values >= 0, got -0.5"),
    (js_divergence, (2 * P, P), "p: wanted rows that sum to 1, got 2"),
    (js_divergence, (P, Q - 0.1), "q: wanted rows that sum to 1, got 0.8"),
    (
        js_divergence,
        ([P, P * 1.5], [P, P]),
        "p: wanted rows that sum to 1, got 1.5",
    ),
    (
        js_divergence,
        ([P, P * 0.2], [P, P]),
        "p: wanted rows that sum to 1, got 0.2",
    ),
    (wasserstein, (P, Q, [1.0]), "x: wanted shape (2,), got (1,)"),
    (wasserstein, (P, Q, [1.0, 1.0]), "x: wanted increasing positions, got others"),
    (wasserstein_samples, (P[0], Q), "a: wanted shape (N,), got ()"),
    (wasserstein_samples, (P, [Q]), "b: wanted shape (M,), got (1, 2)"),
    (wasserstein_samples, ([], Q), "a: wanted at least one value, got shape (0,)"),
]


@pytest.mark.parametrize(("function", "args", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args)
