"""The perceptron: the source's example, the learning rule's laws, Novikoff's bound."""

import itertools
import re

import numpy as np
import pytest

from dlbook.compiler import trace
from dlbook.perceptron import (
    SIGNS,
    ZERO_ONE,
    count_errors,
    learn,
    margin,
    max_margin,
    novikoff_bound,
    predict,
    update,
    weighted_sum,
)

SOURCE = np.array([1, 0, 1]), np.array([0.5, -0.6, 0.2]), 0.1
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def separable(seed, n=40, d=3, gap=0.3):
    """Points on both sides of a random line, none nearer to it than ``gap``."""
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=d), rng.normal()
    x = rng.normal(size=(20 * n, d))
    x = x[np.abs(x @ w + b) > gap][:n]
    return x, (x @ w + b > 0).astype(int), w, b


def test_the_sources_example_comes_out():
    z = weighted_sum(*SOURCE)
    np.testing.assert_allclose(z, 0.8, rtol=1e-15)
    assert predict(*SOURCE) == 1


def test_the_bias_is_added_once_and_not_once_per_input():
    x, w, b = SOURCE
    np.testing.assert_allclose(np.sum(w * x + b), 1.0)
    assert abs(weighted_sum(x, w, b) - np.sum(w * x + b)) > 0.1


def test_a_weighted_sum_of_zero_is_the_first_class():
    assert predict([1.0, 1.0], [1.0, -1.0], 0.0) == 0
    assert predict([1.0, 1.0], [1.0, -1.0], 0.0, labels=SIGNS) == -1


@pytest.mark.parametrize("shape", [(3,), (5, 3), (4, 5, 3)])
def test_one_example_a_batch_and_a_grid_are_the_same_sum(shape):
    rng = np.random.default_rng(1)
    x, w, b = rng.normal(size=shape), rng.normal(size=(2, 3)), rng.normal(size=2)
    z = weighted_sum(x, w, b)
    assert z.shape == shape[:-1] + (2,)
    for k in range(2):
        expected = sum(w[k, i] * x[..., i] for i in range(3)) + b[k]
        np.testing.assert_allclose(weighted_sum(x, w[k], b[k]), expected)
        np.testing.assert_allclose(z[..., k], expected)
        np.testing.assert_array_equal(predict(x, w[k], b[k]), expected > 0)


def test_the_best_line_gets_three_of_four_xor_points():
    grid = itertools.product(np.arange(-3, 3.5, 0.5), repeat=3)
    errors = [int(count_errors(*XOR, (w1, w2), b)) for w1, w2, b in grid]
    assert min(errors) == 1


def test_two_hidden_units_solve_xor():
    hidden = predict(XOR[0], [[1, 1], [-1, -1]], [-0.5, 1.5])
    assert count_errors(hidden, XOR[1], [1, 1], -1.5) == 0


@pytest.mark.parametrize("kind", [tuple, list, np.array])
def test_labels_may_be_any_pair_of_numbers_in_a_row(kind):
    x, w, b = SOURCE
    assert predict(x, w, b, labels=kind([0, 1])) == 1
    assert predict(-x, w, b, labels=kind([-1, 1])) == -1


def test_the_learning_rate_is_one_by_default():
    x, w, b = SOURCE
    w_new, b_new = update(x, 0, w, b)
    np.testing.assert_allclose(w_new, w - x)
    np.testing.assert_allclose(b_new, b - 1)
    np.testing.assert_array_equal(next(learn([x], [0], w, b)).w, w_new)


@pytest.mark.parametrize("labels", [ZERO_ONE, SIGNS])
@pytest.mark.parametrize("seed", range(5))
def test_the_rule_moves_towards_a_missed_example_and_only_then(labels, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=4), rng.normal(size=4), rng.normal()
    right = w @ x + b > 0
    w_same, b_same = update(x, labels[int(right)], w, b, lr=0.3, labels=labels)
    np.testing.assert_array_equal(w_same, w)
    assert b_same == b
    w_new, b_new = update(x, labels[int(not right)], w, b, lr=0.3, labels=labels)
    way = -0.3 if right else 0.3
    np.testing.assert_allclose(w_new, w + way * x)
    np.testing.assert_allclose(b_new, b + way)


def test_both_kinds_of_labels_walk_the_same_way():
    x, y, *_ = separable(3)
    for one, other in zip(learn(x, y), learn(x, 2 * y - 1, labels=SIGNS), strict=True):
        np.testing.assert_array_equal(one.w, other.w)
        assert (one.b, one.mistakes) == (other.b, other.mistakes)
        assert (one.y, one.y_hat) == ((other.y + 1) / 2, (other.y_hat + 1) / 2)


def test_each_step_is_the_update_of_the_step_before():
    x, y, *_ = separable(4)
    mistakes, w, b = 0, np.zeros(3), 0.0
    steps = list(learn(x, y, lr=0.5))
    assert [s.index for s in steps] == list(range(40)) * (len(steps) // 40)
    assert [s.epoch for s in steps] == [i // 40 for i in range(len(steps))]
    for s in steps:
        np.testing.assert_array_equal(s.x, x[s.index])
        np.testing.assert_array_equal(s.w_before, w)
        assert (s.y, s.b_before) == (y[s.index], b)
        assert s.z == weighted_sum(s.x, w, b)
        assert s.y_hat == predict(s.x, w, b)
        assert s.mistake is bool(s.y_hat != s.y)
        w, b = update(s.x, s.y, w, b, lr=0.5)
        mistakes += s.mistake
        np.testing.assert_array_equal(s.w, w)
        assert (s.b, s.mistakes) == (b, mistakes)


def test_learning_ends_with_a_pass_without_mistakes():
    x, y, *_ = separable(5)
    steps = list(learn(x, y, epochs=10_000))
    last = steps[-1]
    assert count_errors(x, y, last.w, last.b) == 0
    assert not any(s.mistake for s in steps[-len(x) :])
    passes = np.array([s.mistake for s in steps]).reshape(-1, len(x)).any(axis=1)
    assert passes[:-1].all()


def test_learning_gives_up_after_the_epochs_it_was_given():
    steps = list(learn(*XOR, epochs=7))
    assert len(steps) == 7 * 4
    assert count_errors(*XOR, steps[-1].w, steps[-1].b) > 0


def test_by_default_learning_gives_up_after_a_hundred_epochs():
    assert sum(1 for _ in learn(*XOR)) == 400


def test_learning_goes_on_from_given_weights():
    x, y, w, b = separable(6)
    steps = list(learn(x, y, w, b))
    assert len(steps) == len(x)
    assert steps[-1].mistakes == 0
    np.testing.assert_array_equal(steps[-1].w, w)


def test_shuffling_visits_every_example_once_a_pass_and_is_seeded():
    x, y, *_ = separable(7)
    first, second, other = (
        [s.index for s in learn(x, 1 - y, rng=np.random.default_rng(seed), epochs=2)]
        for seed in (0, 0, 1)
    )
    assert len(first) == 80
    assert first == second != other
    assert sorted(first[:40]) == sorted(first[40:]) == list(range(40))
    assert first[:40] != first[40:]


def test_from_a_start_at_zero_the_learning_rate_only_rescales_the_weights():
    x, y, *_ = separable(8)
    for one, eighth in zip(learn(x, y), learn(x, y, lr=0.125), strict=True):
        assert one.mistakes == eighth.mistakes
        np.testing.assert_array_equal(one.w, 8 * eighth.w)
        assert one.b == 8 * eighth.b


def test_from_another_start_the_learning_rate_matters():
    x, y, *_ = separable(8)
    start = np.array([5.0, -5.0, 5.0])
    counts = {[*learn(x, y, start, lr=lr)][-1].mistakes for lr in (0.1, 1, 10)}
    assert len(counts) > 1


def test_updates_are_not_errors():
    x, y, *_ = separable(9)
    *_, last = learn(x, y)
    assert last.mistakes > 0
    assert count_errors(x, y, last.w, last.b) == 0


def test_count_errors_counts_wrong_predictions():
    rng = np.random.default_rng(10)
    x, y, w, b = rng.normal(size=(50, 2)), rng.integers(2, size=50), [1, -1], 0.2
    wrong = sum(predict(a, w, b) != c for a, c in zip(x, y, strict=True))
    assert 0 < wrong < 50
    assert count_errors(x, y, w, b) == wrong
    assert count_errors(x, 2 * y - 1, w, b, labels=SIGNS) == wrong


@pytest.mark.parametrize("labels", [ZERO_ONE, SIGNS])
def test_the_margin_is_the_smallest_signed_distance_in_the_space_with_the_bias(labels):
    x, y, w, b = separable(11)
    s = 2 * y - 1
    unit = np.append(w, b) / np.linalg.norm(np.append(w, b))
    expected = min(s[i] * (unit[:-1] @ x[i] + unit[-1]) for i in range(len(x)))
    y = np.array(labels)[y]
    np.testing.assert_allclose(margin(x, y, w, b, labels=labels), expected)
    np.testing.assert_allclose(margin(x, y, 3 * w, 3 * b, labels=labels), expected)
    assert margin(x, y, -w, -b, labels=labels) < 0 < expected


@pytest.mark.parametrize("seed", range(30))
def test_the_mistakes_stay_below_novikoffs_bound(seed):
    rng = np.random.default_rng(seed)
    x, y, w, b = separable(seed, n=int(rng.integers(1, 60)), d=int(rng.integers(1, 6)))
    *_, last = learn(x, y, lr=rng.uniform(0.01, 5), rng=rng, epochs=100_000)
    assert count_errors(x, y, last.w, last.b) == 0
    best, given = novikoff_bound(x, y), novikoff_bound(x, y, w, b)
    assert last.mistakes <= best.bound * (1 + 1e-9) <= given.bound * (1 + 2e-9)
    np.testing.assert_allclose(best.bound, (best.R / best.gamma) ** 2)
    np.testing.assert_allclose(best.R, max(np.linalg.norm([*a, 1]) for a in x))
    np.testing.assert_allclose(given.gamma, margin(x, y, w, b))
    assert best.R == given.R


def test_the_bound_is_met_exactly_by_one_example():
    x, y = [[3.0, 4.0]], [1]
    *_, last = learn(x, y)
    np.testing.assert_allclose(novikoff_bound(x, y).bound, 1)
    assert last.mistakes == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_margin_is_certified_by_the_nearest_point_of_the_hull(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(1, 80)), int(rng.integers(1, 6))
    x, y, w, b = separable(seed, n, d, gap=0.05)
    best = max_margin(x, y)
    unit = np.append(best.w, best.b)
    np.testing.assert_allclose(np.linalg.norm(unit), 1)
    np.testing.assert_allclose(best.gamma, margin(x, y, best.w, best.b))
    # Every separator's margin is at most the length of any point of the hull.
    points = (2 * y - 1)[:, None] * np.column_stack([x, np.ones(len(x))])
    support = points[points @ unit < best.gamma * (1 + 1e-6)]
    share = np.linalg.lstsq(support.T, best.gamma * unit)[0]
    np.testing.assert_allclose(share.sum(), 1, rtol=1e-5)
    np.testing.assert_allclose(share @ support, best.gamma * unit, atol=1e-6)
    for _ in range(100):
        near = unit + rng.normal(size=d + 1) * rng.choice([1e-3, 1e-2, 0.1])
        assert margin(x, y, near[:-1], near[-1]) <= best.gamma + 1e-12


def test_the_largest_margin_by_hand():
    # The points s (x, 1) are (3, 1) and (1, -1). The nearest point of the line through
    # them, (1, -1), is an end of the segment.
    best = max_margin([[3.0], [-1.0]], [1, 0])
    np.testing.assert_allclose(best.w, [1 / np.sqrt(2)], atol=1e-12)
    np.testing.assert_allclose(best.b, -1 / np.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(best.gamma, np.sqrt(2))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_largest_margin_does_not_depend_on_the_order_or_the_label_names(scale):
    x, y, *_ = separable(12)
    x = x * scale
    order = np.random.default_rng(0).permutation(len(x))
    gamma = max_margin(x, y).gamma
    np.testing.assert_allclose(max_margin(x[order], y[order]).gamma, gamma, rtol=1e-6)
    signs = max_margin(x, 2 * y - 1, labels=SIGNS)
    np.testing.assert_allclose(signs.gamma, gamma, rtol=1e-12)
    line = (signs.w, signs.b)
    assert novikoff_bound(x, 2 * y - 1, *line, labels=SIGNS).gamma == signs.gamma
    bound = novikoff_bound(x, 2 * y - 1, labels=SIGNS).bound
    assert bound == novikoff_bound(x, y).bound


@pytest.mark.parametrize(
    ("x", "y"),
    [XOR, ([[1.0], [1.0]], [0, 1]), ([[0.0], [1.0], [2.0]], [1, 0, 1])],
    ids=["xor", "same point", "between"],
)
def test_without_a_separating_line_there_is_no_bound(x, y):
    message = "^y: wanted classes that a line separates by more than rounding, got"
    with pytest.raises(ValueError, match=message):
        max_margin(x, y)
    with pytest.raises(ValueError, match=message):
        novikoff_bound(x, y)


@pytest.mark.parametrize(
    ("x", "gamma"),
    [
        ([[1e-6], [-1e-6]], 1e-6),
        ([[1 + 1e-9], [1.0]], 1e-9 / np.hypot(2 + 1e-9, 2)),
        ([[1e6 + 1], [1e6]], 1 / np.hypot(2e6 + 1, 2)),
        ([[1e200], [-1e200]], 1e200),
    ],
)
def test_a_margin_is_found_however_small_it_is_beside_the_data(x, gamma):
    best = max_margin(x, [1, 0])
    np.testing.assert_allclose(best.gamma, gamma, rtol=1e-6)
    if gamma < 1e150:  # whose square is finite
        assert novikoff_bound(x, [1, 0]).gamma == best.gamma
    assert margin(x, [1, 0], best.w, best.b) == best.gamma


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_no_scale_hides_that_a_line_is_missing(scale):
    with pytest.raises(ValueError, match="y: wanted classes that a line separates"):
        max_margin(XOR[0] * scale + 1, XOR[1])


def test_points_of_two_overlapping_clouds_are_refused():
    rng = np.random.default_rng(13)
    x, y = rng.normal(size=(200, 3)), rng.integers(2, size=200)
    with pytest.raises(ValueError, match="y: wanted classes that a line separates"):
        max_margin(x, y)


def test_float32_stays_float32():
    x, y, w, b = separable(14)
    x, w = x.astype(np.float32), w.astype(np.float32)
    assert weighted_sum(x, w, b).dtype == np.float32
    assert predict(x, w, b).dtype == np.float32
    for labels in (ZERO_ONE, SIGNS):
        named = np.array(labels)[y]
        w_new, b_new = update(x[0], named[0], -w, -b, lr=0.1, labels=labels)
        assert (w_new.dtype, b_new.dtype) == (np.float32, np.float32)
        *_, last = learn(x, named, labels=labels)
        fields = last.x, last.y, last.z, last.y_hat, last.w, last.b
        assert {f.dtype for f in fields} == {np.dtype(np.float32)}
    assert margin(x, y, w, b).dtype == np.float32
    assert {f.dtype for f in max_margin(x, y)} == {np.dtype(np.float32)}
    assert {f.dtype for f in novikoff_bound(x, y)} == {np.dtype(np.float32)}


def test_a_live_figure_can_trace_the_sum_the_prediction_and_the_update():
    def model(x, w, b, y, lr):
        both = np.stack([x, -x])
        w_new, b_new = update(x, y, w, b, lr=lr)
        signs = update(x, -1, w, b, lr=lr, labels=SIGNS)
        return dict(
            z=weighted_sum(x, w, b),
            units=predict(x, np.stack([w, -w]), np.stack([b, b])),
            y_hat=predict(x, w, b, labels=SIGNS),
            updated=np.concatenate([w_new, signs[0]]),
            biases=np.stack([b_new, signs[1]]),
            errors=count_errors(both, [0, 1], w, b),
            margin=margin(both, [0, 1], w, b),
        )

    inputs = dict(x=SOURCE[0].astype(float), w=SOURCE[1], b=SOURCE[2], y=1.0, lr=0.5)
    program, rng = trace(model, inputs), np.random.default_rng(15)
    for _ in range(50):
        x, w, b = rng.normal(size=3), rng.normal(size=3), rng.normal()
        y, lr = rng.integers(2), rng.uniform(0.1, 2)
        replayed = program.replay([*x, *w, b, y, lr])
        for name, value in model(x, w, b, y, lr).items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-12, atol=1e-15)


X, Y, W = np.ones((4, 2)), np.array([0, 1, 0, 1]), np.ones(2)
PAIRS = "labels: wanted (0, 1) or (-1, 1), got "
LINE = "w: wanted a line that separates, got margin "
REFUSED = [
    (weighted_sum, (1.0, W, 0), {}, "x: wanted shape (..., D), got ()"),
    (weighted_sum, (X, np.ones(3), 0), {}, "w: wanted shape (2,), got (3,)"),
    (weighted_sum, (X, np.ones((2, 3)), 0), {}, "w: wanted shape (K, 2), got (2, 3)"),
    (weighted_sum, (X, W, [1.0, 2.0]), {}, "b: wanted shape (), got (2,)"),
    (weighted_sum, (X, np.ones((3, 2)), 0), {}, "b: wanted shape (3,), got ()"),
    (weighted_sum, (X * np.nan, W, 0), {}, "x: wanted finite numbers, got nan"),
    (predict, (X, W, np.inf), {}, "b: wanted finite numbers, got inf"),
    (predict, (X, W, 0), {"labels": (1, 0)}, PAIRS + "(1, 0)"),
    (predict, (X, W, 0), {"labels": 1}, PAIRS + "1"),
    (update, (X, 1, W, 0), {}, "x: wanted shape (D,), got (4, 2)"),
    (update, (X[0], Y, W, 0), {}, "y: wanted shape (), got (4,)"),
    (update, (X[0], -1, W, 0), {}, "y: wanted 0 or 1, got -1"),
    (update, (X[0], 0, W, 0), {"labels": SIGNS}, "y: wanted -1 or 1, got 0"),
    (update, (X[0], 1, [W], 0), {}, "w: wanted shape (2,), got (1, 2)"),
    (update, (X[0], 1, W, 0), {"lr": 0}, "lr: wanted a number > 0, got 0.0"),
    (update, (X[0], 1, W, np.inf), {}, "b: wanted finite numbers, got inf"),
    (learn, (X[0], Y), {}, "x: wanted shape (N, D), got (2,)"),
    (learn, (X[:0], Y[:0]), {}, "x: wanted at least one value, got shape (0, 2)"),
    (learn, (X, Y[:3]), {}, "y: wanted shape (4,), got (3,)"),
    (learn, (X, 2 * Y), {}, "y: wanted 0 or 1, got 2"),
    (learn, (X, Y, np.ones(3)), {}, "w: wanted shape (2,), got (3,)"),
    (learn, (X, Y, W, np.nan), {}, "b: wanted finite numbers, got nan"),
    (learn, (X, Y), {"lr": -1}, "lr: wanted a number > 0, got -1.0"),
    (learn, (X, Y), {"epochs": 0}, "epochs: wanted an integer >= 1, got 0"),
    (learn, (X, Y), {"labels": (0, 2)}, PAIRS + "(0, 2)"),
    (count_errors, (X, Y, np.ones(3), 0), {}, "w: wanted shape (2,), got (3,)"),
    (count_errors, (X, Y, [W], 0), {}, "w: wanted shape (2,), got (1, 2)"),
    (count_errors, (X, Y[:3], W, 0), {}, "y: wanted shape (4,), got (3,)"),
    (count_errors, (X[0], Y, W, 0), {}, "x: wanted shape (N, D), got (2,)"),
    (count_errors, (X, Y - 1, W, 0), {}, "y: wanted 0 or 1, got -1"),
    (margin, (X[0], Y, W, 0), {}, "x: wanted shape (N, D), got (2,)"),
    (margin, (X, Y, [W], 0), {}, "w: wanted shape (2,), got (1, 2)"),
    (margin, (X, Y[0], W, 0), {}, "y: wanted shape (4,), got ()"),
    (margin, (X, Y, W, np.nan), {}, "b: wanted finite numbers, got nan"),
    (margin, (X, Y, 0 * W, 0), {}, "w: wanted (w, b) other than zero, got zeros"),
    (max_margin, (X[0], Y), {}, "x: wanted shape (N, D), got (2,)"),
    (max_margin, (X, 3 * Y), {}, "y: wanted 0 or 1, got 3"),
    (novikoff_bound, (X[0], Y), {}, "x: wanted shape (N, D), got (2,)"),
    (novikoff_bound, (X, Y, W), {}, LINE + "-1.414"),
    (novikoff_bound, (X, Y, W, -2), {}, LINE + "0"),
]


@pytest.mark.parametrize(("function", "args", "kwargs", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, kwargs, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args, **kwargs)


def test_wrong_types_are_refused_by_name():
    with pytest.raises(TypeError, match="^epochs: wanted an integer, got 2.0$"):
        learn(X, Y, epochs=2.0)
    with pytest.raises(TypeError, match="^rng: wanted a numpy.random.Generator, got"):
        learn(X, Y, rng=0)
    with pytest.raises(TypeError, match="^x: wanted real numbers, got dtype complex"):
        weighted_sum(1j * X, W, 0)
