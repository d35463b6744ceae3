"""Gradient checks: they pass what is right, and fail every kind of wrong, readably."""

import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook.compiler import trace
from dlbook.gradcheck import (
    check_direction,
    check_gradient,
    numerical_gradient,
    relative_error,
    step_sweep,
)


class Params(NamedTuple):
    W: np.ndarray
    b: np.ndarray


def loss(params):
    """A smooth loss of a matrix and a bias."""
    return np.sum(np.tanh(params.W @ np.array([1.0, -2.0, 0.5]) + params.b) ** 2)


def gradient(params):
    """The gradient of `loss`, by hand."""
    x = np.array([1.0, -2.0, 0.5])
    y = np.tanh(params.W @ x + params.b)
    dz = 2 * y * (1 - y**2)
    return Params(np.outer(dz, x), dz)


def point(seed=0):
    rng = np.random.default_rng(seed)
    return Params(rng.normal(scale=0.5, size=(2, 3)), rng.normal(scale=0.5, size=2))


MUTANTS = {
    "a sign": lambda W, b: Params(-W, b),
    "a factor": lambda W, b: Params(W, 2 * b),
    "a small factor": lambda W, b: Params(W * (1 + 1e-5), b),
    "one entry": lambda W, b: Params(W + np.eye(2, 3) * 1e-4, b),
    "an order": lambda W, b: Params(W[::-1], b),
    "nothing there": lambda W, b: Params(W, 0 * b),
}
mutants = pytest.mark.parametrize("mutate", MUTANTS.values(), ids=MUTANTS)


# The difference quotient


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 2, 2)])
def test_the_quotient_is_the_derivative_of_a_cubic(shape):
    x = np.random.default_rng(1).normal(scale=2, size=shape)
    slope = numerical_gradient(lambda x: np.sum(x**3 - x), x)
    assert slope.shape == shape
    np.testing.assert_allclose(slope, 3 * x**2 - 1, rtol=1e-8, atol=1e-9)


def test_the_step_is_the_one_asked_for():
    # (f(x + h) - f(x - h)) / 2h of a cubic is 3 x^2 + h^2
    cubic = numerical_gradient(lambda x: np.sum(x**3), [2.0, -1.0], h=0.5)
    np.testing.assert_allclose(cubic, [12.25, 3.25], rtol=1e-14)


def test_the_step_grows_with_large_entries():
    steps = []

    def f(x):
        steps.append(x[0])
        return np.sum(x)

    for x, wanted in [(0.5, 6.055e-6), (1000.0, 6.055e-3), (-1000.0, 6.055e-3)]:
        steps.clear()
        numerical_gradient(f, [x])
        np.testing.assert_allclose((max(steps) - min(steps)) / 2, wanted, rtol=1e-4)


def test_float32_is_differentiated_in_float64():
    x = np.array([0.1, 0.7], np.float32)
    slope = numerical_gradient(lambda x: np.sum(np.exp(x)), x)
    assert slope.dtype == np.float64
    np.testing.assert_allclose(slope, np.exp(x.astype(float)), rtol=1e-9)


def test_the_point_is_not_moved_by_the_check():
    x = np.array([1.0, 2.0])
    numerical_gradient(lambda x: np.sum(x**2), x)
    check_gradient(lambda x: np.sum(x**2), x, 2 * x)
    check_direction(lambda x: np.sum(x**2), x, 2 * x, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(x, [1, 2])


# The error


def test_the_error_is_the_largest_difference_against_the_largest_entry():
    assert relative_error([1.0, -8.0], [1.0, -8.0]) == 0
    assert relative_error([1.0, -8.0], [3.0, -8.0]) == 0.25
    assert relative_error([2.0], [-2.0]) == 2
    assert relative_error([0.0], [5.0]) == 1
    assert relative_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert relative_error([1e-12], [3e-12], floor=1e-9) == pytest.approx(2e-3)
    assert relative_error([1e3], [3e3], floor=1e-9) == pytest.approx(2 / 3)


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3))
def test_the_error_has_no_unit_and_no_order(seed, scale):
    a, b = np.random.default_rng(seed).normal(size=(2, 3, 2))
    error = relative_error(a, b)
    assert 0 <= error <= 2
    assert error == relative_error(b, a)
    np.testing.assert_allclose(relative_error(scale * a, scale * b), error, rtol=1e-12)


def test_the_error_compiles():
    def model(a):
        return {"error": relative_error(a, [1.0, 2.0])}

    program = trace(model, {"a": np.array([1.0, 2.0])})
    for a in ([1.0, 2.0], [1.0, -2.0], [1.5, 0.0]):
        assert program.replay(a)["error"] == relative_error(a, [1.0, 2.0])


# The checks


def test_a_right_gradient_passes():
    params = point()
    assert check_gradient(loss, params, gradient(params)) < 1e-8
    rng = np.random.default_rng(2)
    assert check_direction(loss, params, gradient(params), rng=rng) < 1e-8


@mutants
def test_a_wrong_gradient_fails(mutate):
    params = point()
    wrong = mutate(*gradient(params))
    with pytest.raises(AssertionError, match=r"relative error \S+ > 1e-06"):
        check_gradient(loss, params, wrong)


@mutants
def test_a_wrong_gradient_fails_in_a_random_direction(mutate):
    params = point()
    wrong = mutate(*gradient(params))
    with pytest.raises(AssertionError, match=r"relative error \S+ > 1e-06"):
        check_direction(loss, params, wrong, rng=np.random.default_rng(3))


def test_the_check_reaches_every_parameter_of_a_nested_model():
    params = (point(0), (point(1), None))

    def total(params):
        return loss(params[0]) + 3 * loss(params[1][0])

    inner = Params(*(3 * g for g in gradient(params[1][0])))
    grads = (gradient(params[0]), (inner, None))
    assert check_gradient(total, params, grads) < 1e-8
    wrong = (gradient(params[0]), (Params(inner.W, -inner.b), None))
    with pytest.raises(AssertionError, match=r"^params\[1\]\[0\]\.b: relative error"):
        check_gradient(total, params, wrong)


def test_the_result_is_the_largest_error_of_all_parameters():
    params = (np.array([1.0]), np.array([1.0]))
    grads = (np.array([2.0]), np.array([2.0 * (1 + 5e-7)]))
    for order in (1, -1):
        error = check_gradient(
            lambda p: np.sum(p[0] ** 2) + np.sum(p[1] ** 2),
            params,
            grads[::order],
        )
        np.testing.assert_allclose(error, 5e-7, rtol=0.01)


def test_a_message_shows_both_gradients():
    with pytest.raises(AssertionError) as caught:
        check_gradient(
            lambda p: np.sum(p.W**2) + p.b**2,
            Params(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array(5.0)),
            Params(np.array([[2.0, 4.0], [-6.0, 8.0]]), np.array(10.0)),
        )
    assert str(caught.value) == (
        "params.W: relative error 1.5e+00 > 1e-06\n"
        "worst at [1, 0]: analytic -6, numeric 6\n"
        "analytic\n[[ 2.  4.]\n [-6.  8.]]\n"
        "numeric\n[[2. 4.]\n [6. 8.]]"
    )


def test_a_message_for_a_single_number_names_no_place():
    with pytest.raises(AssertionError) as caught:
        check_gradient(lambda x: x**2, np.array(3.0), np.array(5.0))
    assert str(caught.value) == (
        "params: relative error 1.7e-01 > 1e-06\nanalytic 5, numeric 6"
    )


def test_a_message_stays_short_for_large_arrays():
    x = np.arange(51.0)
    with pytest.raises(AssertionError) as caught:
        check_gradient(lambda x: np.sum(x**2 / 3), x, -2 * x / 3)
    assert str(caught.value) == (
        "params: relative error 2.0e+00 > 1e-06\n"
        "worst at [50]: analytic -33.3333333, numeric 33.3333333\n"
        "analytic\n"
        "[ -0.        -0.666667  -1.333333 ... -32.       -32.666667 -33.333333]\n"
        "numeric\n"
        "[ 0.        0.666667  1.333333 ... 32.       32.666667 33.333333]"
    )


def test_a_message_shows_arrays_of_fifty_entries_in_full():
    x = np.arange(50.0)
    with pytest.raises(AssertionError) as caught:
        check_gradient(lambda x: np.sum(x**2), x, -2 * x)
    assert "..." not in str(caught.value)


def test_a_message_shows_both_slopes_of_a_direction():
    with pytest.raises(AssertionError) as caught:
        check_direction(
            lambda x: 3 * x, np.array(1.0), np.array(-3.0), rng=np.random.default_rng(0)
        )
    u = np.random.default_rng(0).normal()
    assert str(caught.value) == (
        f"slope in a random direction: relative error {2 * abs(u):.1e} > 1e-06\n"
        f"analytic {-3 * u:.9g}, numeric {3 * u:.9g}"
    )


def test_what_rounding_can_explain_is_no_error():
    def constant(x):  # but for rounding, as 1e12 has no room for small digits
        return (x + 1e6) ** 2 - x**2 - 2e6 * x

    x, zero = np.array(0.7), np.array(0.0)
    assert 1 < abs(numerical_gradient(constant, x)) < 100
    assert 0 < check_gradient(constant, x, zero) <= 1e-6
    rng = np.random.default_rng(1)
    assert 0 < check_direction(constant, x, zero, rng=rng) <= 1e-6
    with pytest.raises(AssertionError):
        check_gradient(constant, x, zero + 1000)
    with pytest.raises(AssertionError):
        check_direction(constant, x, zero + 10_000, rng=rng)


@pytest.mark.parametrize(("h", "step"), [(None, 6.0554544523933429e-06), (0.5, 0.5)])
def test_rounding_is_four_times_the_precision_of_f(h, step):
    allowed = 4 * 2.0**-52 * 1e12 / step
    for factor in (0.99, -0.99):
        slope = np.array(factor * allowed)
        check_gradient(lambda x: 1e12, np.array(0.0), slope, h=h)
    for factor in (1.01, -1.01):
        with pytest.raises(AssertionError):
            slope = np.array(factor * allowed)
            check_gradient(lambda x: 1e12, np.array(0.0), slope, h=h)


@pytest.mark.parametrize("tol", [1e-3, 1e-9])
def test_the_tolerance_decides(tol):
    x = np.array([1.0, 2.0])
    slightly = 2 * x * (1 + 2e-5)
    for check in (
        lambda: check_gradient(lambda x: np.sum(x**2), x, slightly, tol=tol),
        lambda: check_direction(
            lambda x: np.sum(x**2),
            x,
            slightly,
            rng=np.random.default_rng(0),
            tol=tol,
        ),
    ):
        if tol > 2e-5:
            assert 1e-6 < check() < tol
        else:
            with pytest.raises(AssertionError, match="> 1e-09"):
                check()


def test_the_step_reaches_the_checks():
    x, h = np.array([1.0, 2.0]), 0.1
    with_bend = 3 * x**2 + h**2  # what a step of h makes of a cubic's slope
    assert check_gradient(lambda x: np.sum(x**3), x, with_bend, h=h) < 1e-12
    u = np.random.default_rng(4).normal(size=2)
    with_bend = 3 * x**2 + h**2 * u**2
    rng = np.random.default_rng(4)
    assert check_direction(lambda x: np.sum(x**3), x, with_bend, h=h, rng=rng) < 1e-12


def test_a_direction_moves_every_entry_by_about_one_step():
    seen = []

    def f(x):
        seen.append(x.copy())
        return np.sum(x)

    check_direction(f, np.zeros(50), np.ones(50), rng=np.random.default_rng(5), h=0.25)
    moved = [x for x in seen if x.any()]
    assert len(moved) == 2
    np.testing.assert_array_equal(moved[0], -moved[1])
    u = moved[0] / 0.25
    assert abs(u.mean()) < 0.5
    assert 0.7 < u.std() < 1.3
    assert len(set(np.abs(u))) == 50


def test_directions_differ_from_draw_to_draw():
    rng, n = np.random.default_rng(6), 20
    seen = []

    def f(x):
        seen.append(tuple(x))
        return np.sum(x)

    check_direction(f, np.zeros(n), np.ones(n), rng=rng)
    check_direction(f, np.zeros(n), np.ones(n), rng=rng)
    assert len(set(seen)) == 5  # the point itself, and two ends of two directions


# The sweep


def test_the_sweep_is_a_v_with_slopes_one_and_two():
    x = np.array([0.3, -1.2])
    sweep = step_sweep(lambda x: np.sum(np.exp(x)), x, np.exp(x))
    assert sweep.h.shape == sweep.forward.shape == sweep.central.shape == (49,)
    assert sweep.h[0] == 1e-12
    assert sweep.h[-1] == 1

    def slope(error, low, high):
        part = (sweep.h >= low) & (sweep.h <= high)
        return np.polyfit(np.log(sweep.h[part]), np.log(error[part]), 1)[0]

    assert slope(sweep.forward, 1e-5, 1e-1) == pytest.approx(1, abs=0.05)
    assert slope(sweep.central, 1e-3, 1e-1) == pytest.approx(2, abs=0.05)
    assert slope(sweep.forward, 1e-12, 1e-9) == pytest.approx(-1, abs=0.4)
    assert slope(sweep.central, 1e-12, 1e-7) == pytest.approx(-1, abs=0.4)
    assert 1e-9 < sweep.h[sweep.forward.argmin()] < 1e-6
    assert 1e-7 < sweep.h[sweep.central.argmin()] < 1e-4
    assert sweep.central.min() < 1e-9 < sweep.forward.min() < 1e-6


def test_a_wrong_gradient_shows_as_a_floor():
    x = np.array([0.3, -1.2])
    sweep = step_sweep(lambda x: np.sum(np.exp(x)), x, 1.01 * np.exp(x), [1e-4, 1e-6])
    np.testing.assert_allclose(sweep.central, 0.01 / 1.01, rtol=1e-3)


def test_the_sweep_of_a_parabola_is_known_exactly():
    sweep = step_sweep(lambda x: np.sum(x**2), [1.0], [2.0], [0.5, 0.25])
    np.testing.assert_array_equal(sweep.h, [0.5, 0.25])
    np.testing.assert_allclose(sweep.forward, [0.5 / 2.5, 0.25 / 2.25])
    np.testing.assert_array_equal(sweep.central, [0, 0])


# Refusals


def f(x):
    return np.sum(x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: numerical_gradient(lambda x: x, [1.0, 2.0]),
            ValueError,
            "f(x): wanted shape (), got (2,)",
        ),
        (
            lambda: numerical_gradient(lambda x: np.nan, [1.0]),
            ValueError,
            "f(x): wanted finite numbers, got nan",
        ),
        (
            lambda: numerical_gradient(f, [np.nan]),
            ValueError,
            "x: wanted finite numbers, got nan",
        ),
        (
            lambda: numerical_gradient(f, [1.0], h=0),
            ValueError,
            "h: wanted a number > 0, got 0.0",
        ),
        (
            lambda: relative_error([1.0], [1.0, 2.0]),
            ValueError,
            "b: wanted shape (1,) as a has, got (2,)",
        ),
        (
            lambda: relative_error([np.nan], [1.0]),
            ValueError,
            "a: wanted finite numbers, got nan",
        ),
        (
            lambda: relative_error([1.0], [np.inf]),
            ValueError,
            "b: wanted finite numbers, got inf",
        ),
        (
            lambda: relative_error([1.0], [1.0], -1),
            ValueError,
            "floor: wanted a number >= 0, got -1.0",
        ),
        (
            lambda: check_gradient(f, Params(1.0, 2.0), Params(1.0, [1.0, 2.0])),
            ValueError,
            "trees: wanted one structure, got array and list of 2 at .b",
        ),
        (
            lambda: check_gradient(f, np.ones(2), np.ones(3)),
            ValueError,
            "grads: wanted shape (2,) as params has, got (3,)",
        ),
        (
            lambda: check_gradient(f, np.array([np.inf]), np.ones(1)),
            ValueError,
            "params: wanted finite numbers, got inf",
        ),
        (
            lambda: check_gradient(f, np.ones(1), np.ones(1), tol=0),
            ValueError,
            "tol: wanted a number > 0, got 0.0",
        ),
        (
            lambda: check_gradient(f, np.ones(1), np.ones(1), h=-1),
            ValueError,
            "h: wanted a number > 0, got -1.0",
        ),
        (
            lambda: check_gradient(f, np.ones(1), np.ones(1), h=0),
            ValueError,
            "h: wanted a number > 0, got 0.0",
        ),
        (
            lambda: step_sweep(f, [np.nan], [1.0]),
            ValueError,
            "x: wanted finite numbers, got nan",
        ),
        (
            lambda: check_direction(f, np.ones(1), np.ones(1), rng=0),
            TypeError,
            "rng: wanted a numpy.random.Generator, got int",
        ),
        (
            lambda: check_direction(
                f, np.ones(1), np.ones(1), rng=np.random.default_rng(0), h=0
            ),
            ValueError,
            "h: wanted a number > 0, got 0.0",
        ),
        (
            lambda: check_direction(
                f, np.ones(1), np.ones(1), rng=np.random.default_rng(0), tol=0
            ),
            ValueError,
            "tol: wanted a number > 0, got 0.0",
        ),
        (
            lambda: step_sweep(f, [1.0], [1.0, 1.0]),
            ValueError,
            "grad: wanted shape (1,) as x has, got (2,)",
        ),
        (
            lambda: step_sweep(f, [1.0], [1.0], [0.1, 0.0]),
            ValueError,
            "h: wanted a number > 0, got 0.0",
        ),
        (
            lambda: step_sweep(f, [1.0], [1.0], 0.1),
            ValueError,
            "h: wanted shape (n,), got ()",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
