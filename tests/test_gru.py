"""The gated recurrent unit: formulas, PyTorch, sequences, gradients through time."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import gru
from dlbook.activations import sigmoid
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient
from dlbook.gru import (
    GRUParams,
    GRUStep,
    gru_backward,
    gru_forward,
    gru_step,
    init_params,
)
from dlbook.optim import tree_map
from near import close

DTYPES = [np.float32, np.float64]
seeds = st.integers(0, 2**32 - 1)


def random_run(seed, dtype=np.float64, single=False):
    """Draw x, h0 and parameters."""
    rng = np.random.default_rng(seed)
    T, n, width, hidden = rng.integers(1, 5, 4)
    lead = () if single else (n,)
    x, h0 = rng.normal(size=(T, *lead, width)), rng.normal(size=(*lead, hidden))
    params = tree_map(
        lambda a: (a + 0.5 * rng.normal(size=a.shape)).astype(dtype),
        init_params(width, hidden, rng=rng),
    )
    return rng, x.astype(dtype), h0.astype(dtype), params


# The formulas


def test_a_step_follows_its_formulas():
    _, x, h, p = random_run(3)
    hx = np.concatenate([h, x[0]], axis=-1)
    step = gru_step(x[0], h, p)
    close(step.r, sigmoid(hx @ p.W_r.T + p.b_r))
    close(step.z, sigmoid(hx @ p.W_z.T + p.b_z))
    reset = step.r * (h @ p.W_h.T + p.b_h)
    close(step.h_tilde, np.tanh(x[0] @ p.W_x.T + p.b_x + reset))
    close(step.h, step.z * h + (1 - step.z) * step.h_tilde)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(15))
def test_a_run_agrees_with_pytorch_both_ways(torch, seed, dtype):
    rng, x, h0, p = random_run(seed, dtype, single=seed % 2)
    rtol = 1e-10 if dtype == np.float64 else 1e-4
    hidden = h0.shape[-1]
    theirs = torch.nn.GRU(x.shape[-1], hidden).to(getattr(torch, np.dtype(dtype).name))
    joint = np.concatenate([p.W_r, p.W_z])
    blocks = [
        np.concatenate([joint[:, hidden:], p.W_x]),
        np.concatenate([joint[:, :hidden], p.W_h]),
        np.concatenate([p.b_r, p.b_z, p.b_x]),
        np.concatenate([0 * p.b_r, 0 * p.b_z, p.b_h]),
    ]
    weights = list(theirs.parameters())
    with torch.no_grad():
        for weight, block in zip(weights, blocks, strict=True):
            weight.copy_(torch.tensor(block))
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, h0)]
    wanted, _ = theirs(leaves[0], leaves[1][None])
    steps, cache = gru_forward(x, p, h0)
    close(steps.h, wanted.detach(), rtol)
    dh = rng.normal(size=steps.h.shape).astype(dtype)
    found = torch.autograd.grad(wanted, [*weights, *leaves], torch.tensor(dh))
    of_x, of_h, b_x, b_h = (np.split(a.numpy(), 3) for a in found[:4])
    joint = [np.concatenate(pair, axis=1) for pair in zip(of_h, of_x, strict=True)]
    wanted = GRUParams(*joint[:2], of_x[2], of_h[2], *b_x, b_h[2])
    gradients = gru_backward(dh, cache)
    for ours, theirs in zip(gradients.params, wanted, strict=True):
        assert ours.dtype == dtype
        close(ours, theirs, rtol)
    close(gradients.dx, found[4], rtol)
    close(gradients.dh0, found[5], rtol)


# The sequence


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_a_sequence_is_its_steps(seed, single):
    _, x, h, p = random_run(seed, single=single)
    steps = gru.gru(x, p, h)
    for t, x_t in enumerate(x):
        step = gru_step(x_t, h, p)
        for all_steps, wanted in zip(steps, step, strict=True):
            close(all_steps[t], wanted, 1e-12)
        h = step.h
    for array in steps:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@given(seeds)
def test_a_sequence_is_its_two_halves_joined_by_the_state(seed):
    rng, x, h0, p = random_run(seed)
    steps, cache = gru_forward(x, p, h0)
    dh, k = rng.normal(size=steps.h.shape), int(rng.integers(len(x)))
    if k == 0:
        return
    first, early = gru_forward(x[:k], p, h0)
    second, late = gru_forward(x[k:], p, first.h[-1])
    close(np.concatenate([first.h, second.h]), steps.h, 1e-12)
    whole, late = gru_backward(dh, cache), gru_backward(dh[k:], late)
    d_first = dh[:k].copy()
    d_first[-1] += late.dh0
    early = gru_backward(d_first, early)
    close(np.concatenate([early.dx, late.dx]), whole.dx, 1e-12)
    close(early.dh0, whole.dh0, 1e-12)
    for a, b, c in zip(early.params, late.params, whole.params, strict=True):
        close(a + b, c, 1e-12)


@given(seeds)
def test_a_batch_is_its_sequences(seed):
    rng, x, h0, p = random_run(seed)
    steps, cache = gru_forward(x, p, h0)
    dh = rng.normal(size=steps.h.shape)
    whole, parts = gru_backward(dh, cache), []
    for n in range(x.shape[1]):
        alone, cache = gru_forward(x[:, n], p, h0[n])
        close(alone.h, steps.h[:, n], 1e-12)
        parts.append(gru_backward(dh[:, n], cache))
    close(whole.dx, np.stack([part.dx for part in parts], axis=1), 1e-12)
    for k, total in enumerate(whole.params):
        close(total, sum(part.params[k] for part in parts), 1e-12)


def test_without_a_state_it_starts_at_zero():
    _, x, h0, p = random_run(1)
    close(gru.gru(x, p).h, gru.gru(x, p, 0 * h0).h, 0)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_run_passes_the_gradient_check(seed, single):
    rng, x, h0, p = random_run(seed, single=single)
    steps, cache = gru_forward(x, p, h0)
    dh = rng.normal(size=steps.h.shape)

    def loss(arguments):
        return np.sum(dh * gru.gru(*arguments).h)

    gradients = gru_backward(dh, cache)
    check_gradient(loss, (x, p, h0), tuple(gradients))
    close(gru_backward(dh, cache).params.W_h, gradients.params.W_h, 0)


@given(seeds)
def test_an_update_gate_at_one_keeps_the_state_exactly(seed):
    rng, x, h0, p = random_run(seed)
    kept = p._replace(W_z=0 * p.W_z, b_z=np.full_like(p.b_z, 1000))
    steps, cache = gru_forward(x, kept, h0)
    for h in steps.h:
        np.testing.assert_array_equal(h, h0)
    dh = np.zeros_like(steps.h)
    dh[-1] = rng.normal(size=h0.shape)
    np.testing.assert_array_equal(gru_backward(dh, cache).dh0, dh[-1])


# Draws, types, extremes


def test_the_draws_fill_their_range_and_repeat():
    params = init_params(50, 100, rng=np.random.default_rng(0))
    shapes = [(100, 150), (100, 150), (100, 50), (100, 100)]
    assert [W.shape for W in params[:4]] == shapes
    for W in params[:4]:
        assert 0.09 < np.abs(W).max() <= 0.1
        np.testing.assert_allclose(W.std(), 0.1 / np.sqrt(3), rtol=0.02)
    assert not any(b.any() for b in params[4:])
    close(init_params(50, 100, rng=np.random.default_rng(0)).W_h, params.W_h, 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_type_stays_what_it_is(dtype):
    _, x, h0, p = random_run(4, dtype)
    steps, cache = gru_forward(x, p, h0)
    gradients = gru_backward(steps.h.astype(np.float64), cache)
    arrays = [*steps, *gru_step(x[0], h0, p), *gradients.params, gradients.dx]
    arrays += [gradients.dh0, *init_params(2, 3, rng=RNG, dtype=dtype)]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("wide", ["x", "h0", "params"])
def test_types_that_are_mixed_meet_in_the_wider(wide):
    rng = np.random.default_rng(0)
    given = dict(x=np.ones((4, 2)), params=init_params(2, 3, rng=rng), h0=np.ones(3))
    narrow = tree_map(lambda a: a.astype(np.float32), given)
    steps, _ = gru_forward(**(narrow | {wide: given[wide]}))
    assert {a.dtype for a in steps} == {np.dtype(np.float64)}


def test_weights_of_zero_keep_half_of_the_state():
    params = tree_map(lambda a: 0 * a, init_params(2, 3, rng=np.random.default_rng(0)))
    states = gru_forward(np.ones((3, 2)), params, np.ones(3))[0].h
    np.testing.assert_array_equal(states, np.outer([0.5, 0.25, 0.125], np.ones(3)))


@pytest.mark.parametrize("size", [1000.0, -1000.0])
def test_sums_of_a_thousand_saturate_without_a_warning(size):
    params = tree_map(lambda a: np.full_like(a, size), init_params(1, 1, rng=RNG))
    steps, cache = gru_forward(np.ones((3, 1)), params, np.ones(1))
    assert (np.abs(steps.h) <= 1).all()
    gradients = gru_backward(np.ones_like(steps.h), cache).params
    assert all(np.isfinite(a).all() for a in gradients)


def test_a_live_figure_can_trace_steps():
    def model(x, h, W_r, W_z, W_x, W_h, biases):
        params, steps = GRUParams(W_r, W_z, W_x, W_h, *biases), []
        for x_t in x:
            steps.append(gru_step(x_t, h, params))
            h = steps[-1].h
        return GRUStep(*map(np.stack, zip(*steps, strict=True)))._asdict()

    shapes = dict(x=(2, 2), h=(2,), W_r=(2, 4), W_z=(2, 4), W_x=(2, 2), W_h=(2, 2))
    shapes["biases"] = (4, 2)
    cuts = np.cumsum([np.prod(shape) for shape in shapes.values()])
    program = trace(model, {k: RNG.normal(size=s) for k, s in shapes.items()})
    for values in RNG.uniform(-2, 2, (10, cuts[-1])):
        parts = zip(np.split(values, cuts[:-1]), shapes.values(), strict=True)
        wanted = model(*(part.reshape(shape) for part, shape in parts))
        for name, value in program.replay(values).items():
            close(value, wanted[name], 1e-10)


# What is refused

RNG = np.random.default_rng(0)
P = init_params(2, 3, rng=RNG)
X, H = np.ones((4, 2)), np.zeros(3)
STEPS, CACHE = gru_forward(X, P)
REFUSED = [
    (gru_step, (1.0, H, P), {}, "x: wanted shape (..., D), got ()"),
    (gru_step, ([1.0], H, P), {}, "W_x: wanted shape (H, 1), got (3, 2)"),
    (gru_step, (X[0], H[:2], P), {}, "h_prev: wanted shape (3,), got (2,)"),
    *(
        (
            gru_step,
            (X[0], H, P._replace(**{name: np.ones((3, 4))})),
            {},
            f"{name}: wanted shape ({shape}), got (3, 4)",
        )
        for name, shape in (("W_r", "3, 5"), ("W_z", "3, 5"), ("W_h", "3, 3"))
    ),
    *(
        (
            gru_forward,
            (X, P._replace(**{name: np.ones(2)})),
            {},
            f"{name}: wanted shape (3,), got (2,)",
        )
        for name in ("b_r", "b_z", "b_x", "b_h")
    ),
    (gru_forward, (X, tuple(P)), {}, "params: wanted GRUParams, got tuple"),
    (gru_forward, (X[0], P), {}, "x: wanted shape (..., T, D), got (2,)"),
    (gru_forward, (X, P, H[:1]), {}, "h0: wanted shape (3,), got (1,)"),
    (gru_backward, (X, CACHE), {}, "dh: wanted shape (4, 3) as h has, got (4, 2)"),
    (gru_backward, (STEPS.h, (STEPS, CACHE)), {}, "cache: wanted GRUCache, got the"),
    (init_params, (0, 2), dict(rng=RNG), "inputs: wanted an integer >= 1, got 0"),
    (init_params, (2, 0), dict(rng=RNG), "units: wanted an integer >= 1, got 0"),
    (init_params, (2, 2), dict(rng=0), "rng: wanted a numpy.random.Generator, got int"),
    (gru_forward, (np.ones((3, 5)), P), {}, "W_x: wanted shape (H, 5), got (3, 2)"),
    (init_params, (2, 2), dict(rng=RNG, dtype=int), "dtype: wanted float32 or float64"),
]


@pytest.mark.parametrize(("function", "arguments", "settings", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(function, arguments, settings, message):
    with pytest.raises((TypeError, ValueError), match="^" + re.escape(message)):
        function(*arguments, **settings)
