"""Optimisers: PyTorch's rules, purity, dtypes, structures, clipping, and refusals."""

import math
import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import optim
from dlbook.compiler import trace
from dlbook.optim import (
    SGD,
    Adam,
    Momentum,
    clip_by_global_norm,
    global_norm,
    tree_map,
)

OPTIMISERS = [
    SGD(lr=0.1),
    Momentum(lr=0.1, beta=0.8),
    Adam(lr=0.1, beta1=0.7, beta2=0.95, eps=1e-6),
]
each = pytest.mark.parametrize(
    "optimiser", OPTIMISERS, ids=lambda optimiser: type(optimiser).__name__
)


class Layer(NamedTuple):
    W: np.ndarray
    b: np.ndarray | None


def network(rng, dtype=np.float64):
    """Parameters of a small network, one bias left out."""

    def draw(*shape):
        return rng.normal(size=shape).astype(dtype)

    return (Layer(draw(4, 3), draw(4)), (Layer(draw(2, 4), None), draw()))


def leaves(tree):
    found = []
    tree_map(found.append, tree)
    return found


def reference(optimiser, theta, gradients):
    """PyTorch's documented rules, written for one number after another."""
    theta = [float(t) for t in theta.ravel()]
    v, m = [0.0] * len(theta), [0.0] * len(theta)
    for t, gradient in enumerate(gradients, start=1):
        for i, g in enumerate(gradient.ravel().tolist()):
            if isinstance(optimiser, SGD):
                theta[i] -= optimiser.lr * g
            elif isinstance(optimiser, Momentum):
                v[i] = optimiser.beta * v[i] + g
                theta[i] -= optimiser.lr * v[i]
            else:
                m[i] = optimiser.beta1 * m[i] + (1 - optimiser.beta1) * g
                v[i] = optimiser.beta2 * v[i] + (1 - optimiser.beta2) * g * g
                m_hat = m[i] / (1 - optimiser.beta1**t)
                v_hat = v[i] / (1 - optimiser.beta2**t)
                theta[i] -= optimiser.lr * m_hat / (math.sqrt(v_hat) + optimiser.eps)
    return theta


# The rules


@each
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (optim.BLOCK + 3,)])
def test_ten_steps_follow_pytorchs_rule(optimiser, shape):
    rng = np.random.default_rng(0)
    theta = start = rng.normal(size=shape)
    gradients = rng.normal(size=(10, *shape)) * 10.0 ** rng.integers(
        -4, 4, (10, *shape)
    )
    state = optimiser.init(theta)
    for gradient in gradients:
        theta, state = optimiser.update(theta, gradient, state)
    wanted = np.reshape(reference(optimiser, start, gradients), shape)
    np.testing.assert_allclose(theta, wanted, rtol=1e-10, atol=1e-12)


@each
def test_ten_steps_on_a_network_are_ten_steps_on_each_of_its_arrays(
    optimiser, monkeypatch
):
    rng = np.random.default_rng(1)
    params = network(rng)
    gradients = [network(rng) for _ in range(10)]
    state, alone = optimiser.init(params), leaves(params)
    states = [optimiser.init(theta) for theta in alone]
    for gradient in gradients:
        params, state = optimiser.update(params, gradient, state)
        with monkeypatch.context() as patch:
            patch.setattr(optim, "SMALL", 0)  # of which Adam joins no two
            pairs = [
                optimiser.update(theta, g, s)
                for theta, g, s in zip(alone, leaves(gradient), states, strict=True)
            ]
        alone, states = zip(*pairs, strict=True)
    for theta, wanted in zip(leaves(params), alone, strict=True):
        np.testing.assert_array_equal(theta, wanted)


def test_the_defaults_are_those_of_pytorch():
    assert Adam() == Adam(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8)
    assert Momentum(0.1) == Momentum(lr=0.1, beta=0.9)


@given(st.floats(-300, 300).filter(lambda g: abs(g) > 1e-3), st.floats(1e-4, 1))
def test_adams_first_step_is_as_long_as_the_learning_rate(g, lr):
    optimiser, theta = Adam(lr=lr), np.zeros(1)
    theta, state = optimiser.update(theta, np.array([g]), optimiser.init(theta))
    np.testing.assert_allclose(theta, -lr * np.sign(g), rtol=1e-4)
    assert state.step == 1


def test_momentum_without_memory_is_gradient_descent():
    rng = np.random.default_rng(2)
    theta, g = rng.normal(size=(2, 4))
    plain, _ = SGD(lr=0.3).update(theta, g, ())
    optimiser = Momentum(lr=0.3, beta=0)
    moved, _ = optimiser.update(theta, g, optimiser.init(theta))
    np.testing.assert_array_equal(moved, plain)


@each
def test_a_bowl_is_descended_to_within_a_step(optimiser):
    theta = np.array([3.0, -2.0])
    state = optimiser.init(theta)
    for _ in range(400):
        theta, state = optimiser.update(theta, 2 * theta, state)
    assert np.abs(theta).max() < optimiser.lr  # Adam keeps swinging by that much


# Structure, dtype, purity


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_structure_shapes_and_dtype_are_kept(optimiser, dtype):
    params = network(np.random.default_rng(3), dtype)
    grads = network(np.random.default_rng(4), np.float64)
    after, state = optimiser.update(params, grads, optimiser.init(params))
    assert type(after[0]) is Layer
    assert after[1][0].b is None
    arrays = leaves(after)
    if not isinstance(optimiser, SGD):
        arrays += leaves(state[1:] if isinstance(optimiser, Adam) else state)
    for array, theta in zip(arrays, 3 * leaves(params), strict=False):
        assert array.dtype == dtype
        assert array.shape == theta.shape


@each
def test_settings_given_as_numpy_numbers_do_not_widen_float32(optimiser):
    settings = {k: np.float64(v) for k, v in vars(optimiser).items()}
    again = type(optimiser)(**settings)
    assert again == optimiser
    theta = np.ones(3, np.float32)
    after, _ = again.update(theta, theta, again.init(theta))
    assert after.dtype == np.float32


@each
def test_integer_parameters_become_floats(optimiser):
    theta = np.array([1, 2])
    theta, _ = optimiser.update(theta, np.array([1, 0]), optimiser.init(theta))
    assert theta.dtype == np.float64
    assert theta[0] < 1
    assert theta[1] == 2


@each
def test_no_argument_is_changed_by_a_step(optimiser):
    rng = np.random.default_rng(5)
    params, grads = network(rng), network(rng)
    state = optimiser.init(params)
    _, state = optimiser.update(params, grads, state)
    trees = [params, grads]
    trees += [] if isinstance(optimiser, SGD) else [state]
    arrays = [a for tree in trees for a in leaves(tree)]
    copies = [np.copy(a) for a in arrays]
    after, new_state = optimiser.update(params, grads, state)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert not any(np.shares_memory(array, new) for new in leaves(after))


@each
def test_views_with_gaps_are_stepped_like_their_copies(optimiser):
    rng = np.random.default_rng(6)
    theta, g = rng.normal(size=(2, 6, 5))
    gaps, _ = optimiser.update(theta[::2].T, g[::2].T, optimiser.init(theta[::2].T))
    whole, _ = optimiser.update(
        theta[::2].T.copy(), g[::2].T.copy(), optimiser.init(theta[::2].T)
    )
    np.testing.assert_array_equal(gaps, whole)


@each
def test_an_optimiser_cannot_be_changed(optimiser):
    with pytest.raises(AttributeError, match="cannot assign to field 'lr'"):
        optimiser.lr = 0.2


def test_adam_stays_finite_without_a_gradient_and_with_a_huge_one():
    for dtype, size in [(np.float32, 1e18), (np.float64, 1e150)]:
        theta, optimiser = np.zeros(2, dtype), Adam(lr=0.1)
        state = optimiser.init(theta)
        for _ in range(3):
            theta, state = optimiser.update(theta, np.array([0, size], dtype), state)
        np.testing.assert_allclose(theta, [0, -0.3], rtol=1e-5)


@pytest.mark.parametrize("optimiser", [SGD(lr=0.1), Momentum(lr=0.1)])
def test_a_step_of_gradient_descent_compiles(optimiser):
    def model(theta, g):
        new, _ = optimiser.update(theta, g, optimiser.init(np.zeros(2)))
        return {"new": new}

    program = trace(model, {"theta": np.array([1.0, 2.0]), "g": np.array([3.0, 4.0])})
    replayed = program.replay([1.5, -1, 2, 3])
    np.testing.assert_allclose(replayed["new"], [1.3, -1.3], rtol=1e-12)


# Norm and clipping


def test_the_norm_is_that_of_all_entries_in_one_vector():
    tree = network(np.random.default_rng(7))
    vector = np.concatenate([np.ravel(g) for g in leaves(tree)])
    np.testing.assert_allclose(global_norm(tree), np.linalg.norm(vector), rtol=1e-14)
    assert type(global_norm(tree)) is float


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_norm_neither_overflows_nor_underflows(dtype):
    top, tiny = np.finfo(dtype).max, np.finfo(dtype).tiny
    for size in (top / 100, tiny * 100):
        g = np.full(25, size, dtype)
        np.testing.assert_allclose(global_norm(g), 5 * float(g[0]), rtol=1e-6)
    assert global_norm((np.zeros(3, dtype), np.zeros(2, dtype))) == 0
    assert global_norm(np.full(4, np.finfo(np.float32).max)) > 6e38


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_clipping_shortens_long_gradients_and_leaves_short_ones(seed, size, max_norm):
    grads = tree_map(lambda g: size * g, network(np.random.default_rng(seed)))
    norm, clipped = global_norm(grads), clip_by_global_norm(grads, max_norm)
    assert global_norm(clipped) <= max_norm * (1 + 1e-12)
    factor = min(1, max_norm / (norm + 1e-6))
    for g, c in zip(leaves(grads), leaves(clipped), strict=True):
        np.testing.assert_allclose(c, factor * g, rtol=1e-12)
    if norm < max_norm - 2e-6:
        assert all(map(np.array_equal, leaves(grads), leaves(clipped)))


@pytest.mark.parametrize("max_norm", [0.5, np.float64(0.5), 50])
def test_clipping_keeps_structure_and_each_dtype(max_norm):
    grads = (Layer(np.ones(3, np.float32), None), np.ones(2))
    clipped = clip_by_global_norm(grads, max_norm)
    assert type(clipped[0]) is Layer
    assert clipped[0].b is None
    assert clipped[0].W.dtype == np.float32
    assert clipped[1].dtype == np.float64


def test_clipping_compiles():
    def model(g, limit):
        return {"clipped": clip_by_global_norm(g, limit), "norm": global_norm(g)}

    program = trace(model, {"g": np.array([3.0, 4.0]), "limit": 1.0})
    for g, limit in [([3, 4], 1), ([3, 4], 10), ([0, 0], 1)]:
        replayed = program.replay([*g, limit])
        wanted = model(np.array(g, float), limit)
        np.testing.assert_allclose(replayed["clipped"], wanted["clipped"], rtol=1e-12)
        np.testing.assert_allclose(replayed["norm"], wanted["norm"], rtol=1e-12)


# Refusals


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(lr=0), "lr: wanted a number > 0, got 0.0"),
        (lambda: SGD(lr=np.nan), "lr: wanted finite numbers, got nan"),
        (lambda: Momentum(lr=-1), "lr: wanted a number > 0, got -1.0"),
        (lambda: Momentum(lr=1, beta=-0.1), "beta: wanted a number >= 0, got -0.1"),
        (lambda: Momentum(lr=1, beta=1.5), "beta: wanted a number <= 1, got 1.5"),
        (lambda: Adam(lr=0), "lr: wanted a number > 0, got 0.0"),
        (lambda: Adam(beta1=1), "beta1: wanted a number < 1, got 1.0"),
        (lambda: Adam(beta1=-1), "beta1: wanted a number >= 0, got -1.0"),
        (lambda: Adam(beta2=1), "beta2: wanted a number < 1, got 1.0"),
        (lambda: Adam(beta2=-1), "beta2: wanted a number >= 0, got -1.0"),
        (lambda: Adam(eps=0), "eps: wanted a number > 0, got 0.0"),
        (lambda: clip_by_global_norm(1.0, 0), "max_norm: wanted a number > 0, got 0.0"),
        (lambda: global_norm((None,)), "grads: wanted at least one array, got (None,)"),
        (
            lambda: global_norm(Layer(np.ones(2), np.array([np.nan]))),
            "grads.b: wanted finite numbers, got nan",
        ),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make()


@each
@pytest.mark.parametrize(
    ("params", "grads", "message"),
    [
        (
            (Layer(np.ones(2), np.ones(1)),),
            (Layer(np.ones(3), np.ones(1)),),
            "grads[0].W: wanted shape (2,) as params[0].W has, got (3,)",
        ),
        (
            (Layer(np.ones(2), np.ones(1)),),
            (Layer(np.ones(2), np.array([np.inf])),),
            "grads[0].b: wanted finite numbers, got inf",
        ),
        (
            (np.array([np.nan]),),
            (np.array([1.0]),),
            "params[0]: wanted finite numbers, got nan",
        ),
        (
            (np.ones(2), np.ones(2)),
            (np.ones(2), None),
            "trees: wanted one structure, got array and None{} at [1]",
        ),
    ],
)
def test_gradients_that_do_not_fit_are_refused(optimiser, params, grads, message):
    more = {SGD: "", Momentum: " and array", Adam: " and array and array"}
    message = message.format(more[type(optimiser)])
    state = optimiser.init(tree_map(np.ones_like, params))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        optimiser.update(params, grads, state)


@pytest.mark.parametrize("optimiser", [Momentum(lr=1), Adam()])
def test_init_refuses_parameters_that_are_no_numbers(optimiser):
    message = re.escape("params[0]: wanted real numbers, got dtype <U1")
    with pytest.raises(TypeError, match=f"^{message}$"):
        optimiser.init((np.array(["a"]),))


@pytest.mark.parametrize(
    ("optimiser", "state", "where"),
    [
        (Momentum(lr=1), (np.zeros(1),), "state[0]"),
        (Adam(), optim.AdamState(0, (np.zeros(1),), (np.zeros(3),)), "state.m[0]"),
        (Adam(), optim.AdamState(0, (np.zeros(3),), (np.zeros(1),)), "state.v[0]"),
    ],
)
def test_a_state_of_other_parameters_is_refused(optimiser, state, where):
    message = re.escape(f"{where}: wanted shape (3,) as params[0] has, got (1,)")
    with pytest.raises(ValueError, match=f"^{message}$"):
        optimiser.update((np.ones(3),), (np.ones(3),), state)


@pytest.mark.parametrize("make", [SGD, Momentum, Adam])
def test_weight_decay_is_the_gradient_of_half_the_squared_length(make):
    rng = np.random.default_rng(0)
    theta, g = rng.normal(size=(2, 3, 4))
    with_decay, plain = make(0.1, weight_decay=0.3), make(0.1)
    state = plain.init(theta)
    ours = with_decay.update(theta, g, state)
    wanted = plain.update(theta, g + 0.3 * theta, state)
    for a, b in zip(ours, wanted, strict=True):
        tree_map(
            np.testing.assert_array_equal,
            *(
                (pair if isinstance(pair, np.ndarray) else tuple(pair))
                for pair in (a, b)
            ),
        )
    with pytest.raises(
        ValueError, match="^weight_decay: wanted a number >= 0, got -1.0"
    ):
        make(0.1, weight_decay=-1)


def test_a_state_of_another_optimiser_is_refused():
    theta = np.ones(2)
    message = "^state: wanted an AdamState from `init`, got ndarray$"
    with pytest.raises(TypeError, match=message):
        Adam().update(theta, theta, Momentum(0.1).init(theta))


@pytest.mark.parametrize(
    "optimiser, name", [(Adam(), "state.m"), (Momentum(0.1), "state")]
)
def test_the_state_of_another_model_is_refused_by_its_name(optimiser, name):
    params, other = (np.ones(2), np.ones(3)), {"W": np.ones(2)}
    message = f"^{name}: wanted that of these params, a tuple, got dict"
    with pytest.raises(ValueError, match=message):
        optimiser.update(params, params, optimiser.init(other))
