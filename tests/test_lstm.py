"""Long short-term memory: gates, the carousel, the latch, gradients through time."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import lstm
from dlbook.activations import sigmoid
from dlbook.compiler import trace
from dlbook.datasets import latch_task
from dlbook.gradcheck import check_gradient
from dlbook.lstm import (
    LSTMParams,
    LSTMStep,
    carousel,
    init_params,
    lstm_backward,
    lstm_forward,
    lstm_step,
)
from dlbook.optim import tree_map
from near import close

DTYPES = [np.float32, np.float64]
seeds = st.integers(0, 2**32 - 1)


def random_params(rng, width, hidden, dtype=np.float64):
    params = init_params(width, hidden, rng=rng)
    return tree_map(
        lambda a: (a + 0.5 * rng.normal(size=a.shape)).astype(dtype), params
    )


def without(params):
    """The same LSTM without its forget gate."""
    return params._replace(W_f=None, b_f=None, p_f=None)


def peeping(params, rng):
    """The same LSTM with peepholes."""
    looks = rng.normal(size=(3, len(params.b_i))).astype(params.b_i.dtype)
    return params._replace(p_f=looks[0], p_i=looks[1], p_o=looks[2])


def variant(kind, params, rng):
    """One of the LSTMs that a sequence may have."""
    params = peeping(params, rng) if "peepholes" in kind else params
    return without(params) if "1997" in kind else params


def random_run(seed, dtype=np.float64, single=False):
    """Draw x, h0, C0 and parameters."""
    rng = np.random.default_rng(seed)
    T, n, width, hidden = rng.integers(1, 5, 4)
    lead = () if single else (n,)
    shapes = (T, *lead, width), (*lead, hidden), (*lead, hidden)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    return rng, *arrays, random_params(rng, width, hidden, dtype)


def gates_at(f, i, C_tilde, o):
    """Return parameters whose gates do not depend on the inputs: only biases."""
    W = np.zeros((1, 2))
    return LSTMParams(W, W, W, W, *(np.array([b]) for b in (f, i, C_tilde, o)))


# The formulas


def test_a_step_follows_the_sources_formulas():
    rng = np.random.default_rng(0)
    p = random_params(rng, 2, 2)
    x, h, C = np.array([1, 0.5]), np.array([0.2, -0.1]), np.array([0.5, 0.3])
    hx = np.array([0.2, -0.1, 1, 0.5])
    step = lstm_step(x, h, C, p)
    close(step.f, 1 / (1 + np.exp(-(p.W_f @ hx + p.b_f))))
    close(step.i, 1 / (1 + np.exp(-(p.W_i @ hx + p.b_i))))
    close(step.C_tilde, np.tanh(p.W_C @ hx + p.b_C))
    close(step.C, step.f * C + step.i * step.C_tilde)
    close(step.o, 1 / (1 + np.exp(-(p.W_o @ hx + p.b_o))))
    close(step.h, step.o * np.tanh(step.C))


def test_the_lstm_of_1997_has_no_forget_gate():
    rng, x, h, C, p = random_run(1)
    step = lstm_step(x[0], h, C, without(p))
    assert (step.f == 1).all()
    close(step.C, C + step.i * step.C_tilde)
    close(step.i, lstm_step(x[0], h, C, p).i, 0)


def test_peepholes_let_the_gates_see_the_cell():
    rng, x, h, C, p = random_run(2)
    peepholes = p = peeping(p, rng)
    step = lstm_step(x[0], h, C, p)
    hx = np.concatenate([h, x[0]], axis=-1)
    close(step.f, sigmoid(hx @ p.W_f.T + p.b_f + peepholes.p_f * C))
    close(step.i, sigmoid(hx @ p.W_i.T + p.b_i + peepholes.p_i * C))
    close(step.C_tilde, np.tanh(hx @ p.W_C.T + p.b_C))
    close(step.C, step.f * C + step.i * step.C_tilde)
    close(step.o, sigmoid(hx @ p.W_o.T + p.b_o + peepholes.p_o * step.C))
    close(step.h, step.o * np.tanh(step.C))
    shut = p._replace(p_f=0 * p.p_f, p_i=0 * p.p_i, p_o=0 * p.p_o)
    plain = p._replace(p_f=None, p_i=None, p_o=None)
    close(lstm_step(x[0], h, C, shut), lstm_step(x[0], h, C, plain), 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(15))
def test_a_run_agrees_with_pytorch_both_ways(torch, seed, dtype):
    rng, x, h0, C0, p = random_run(seed, dtype, single=seed % 2)
    rtol = 1e-10 if dtype == np.float64 else 1e-4
    hidden = h0.shape[-1]
    theirs = torch.nn.LSTM(x.shape[-1], hidden)
    theirs = theirs.to(getattr(torch, np.dtype(dtype).name))
    W = np.concatenate([p.W_i, p.W_f, p.W_C, p.W_o])
    b = np.concatenate([p.b_i, p.b_f, p.b_C, p.b_o])
    weights = [theirs.weight_hh_l0, theirs.weight_ih_l0, theirs.bias_ih_l0]
    with torch.no_grad():
        for weight, array in zip(weights, (*np.split(W, [hidden], 1), b), strict=True):
            weight.copy_(torch.tensor(array))
        theirs.bias_hh_l0.zero_()
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, h0, C0)]
    wanted, (_, C_T) = theirs(leaves[0], (leaves[1][None], leaves[2][None]))
    steps, cache = lstm_forward(x, p, h0, C0)
    dh = rng.normal(size=steps.h.shape).astype(dtype)
    dC = rng.normal(size=C0.shape).astype(dtype)
    close(steps.h, wanted.detach(), rtol)
    close(steps.C[-1], C_T[0].detach(), rtol)
    dW_h, dW_x, db, *d_leaves = torch.autograd.grad(
        [wanted, C_T], [*weights, *leaves], [torch.tensor(dh), torch.tensor(dC)[None]]
    )
    dW, db = np.split(np.concatenate([dW_h, dW_x], axis=1), 4), np.split(db.numpy(), 4)
    wanted = [a[k] for a in (dW, db) for k in (1, 0, 2, 3)] + d_leaves
    gradients = lstm_backward(dh, cache, dC)
    ours = [*gradients.params[:8], gradients.dx, gradients.dh0, gradients.dC0]
    for a, b in zip(ours, wanted, strict=True):
        assert a.dtype == dtype
        close(a, b, rtol)


# The sequence


each_kind = pytest.mark.parametrize(
    "kind", ["plain", "1997", "peepholes", "1997 with peepholes"]
)


@each_kind
@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_a_sequence_is_its_steps(seed, single, kind):
    rng, x, h, C, p = random_run(seed, single=single)
    p = variant(kind, p, rng)
    steps, _ = lstm_forward(x, p, h, C)
    for t, x_t in enumerate(x):
        step = lstm_step(x_t, h, C, p)
        for all_steps, wanted in zip(steps, step, strict=True):
            assert len(all_steps) == len(x)
            close(all_steps[t], wanted, 1e-12)
        h, C = step.h, step.C


@given(seeds)
def test_a_sequence_is_its_two_halves_joined_by_state_and_cell(seed):
    rng, x, h0, C0, p = random_run(seed)
    steps, cache = lstm_forward(x, p, h0, C0)
    dh, dC = rng.normal(size=steps.h.shape), rng.normal(size=C0.shape)
    k = int(rng.integers(len(x)))
    if k == 0:
        return
    first, early = lstm_forward(x[:k], p, h0, C0)
    second, late = lstm_forward(x[k:], p, first.h[-1], first.C[-1])
    for a, b, c in zip(first, second, steps, strict=True):
        close(np.concatenate([a, b]), c, 1e-12)
    whole, late = lstm_backward(dh, cache, dC), lstm_backward(dh[k:], late, dC)
    d_first = dh[:k].copy()
    d_first[-1] += late.dh0
    early = lstm_backward(d_first, early, late.dC0)
    close(np.concatenate([early.dx, late.dx]), whole.dx, 1e-12)
    close(early.dh0, whole.dh0, 1e-12)
    close(early.dC0, whole.dC0, 1e-12)
    for a, b, c in zip(*(g.params[:8] for g in (early, late, whole)), strict=True):
        close(a + b, c, 1e-12)


@given(seeds)
def test_a_batch_is_its_sequences_in_any_order(seed):
    rng, x, h0, C0, p = random_run(seed)
    steps, cache = lstm_forward(x, p, h0, C0)
    dh, order = rng.normal(size=steps.h.shape), rng.permutation(x.shape[1])
    mixed, _ = lstm_forward(x[:, order], p, h0[order], C0[order])
    close(mixed.C, steps.C[:, order], 1e-12)
    whole, parts = lstm_backward(dh, cache), []
    for n in range(x.shape[1]):
        alone, cache = lstm_forward(x[:, n], p, h0[n], C0[n])
        close(alone.h, steps.h[:, n], 1e-12)
        parts.append(lstm_backward(dh[:, n], cache))
    close(whole.dx, np.stack([part.dx for part in parts], axis=1), 1e-12)
    close(whole.dh0, [part.dh0 for part in parts], 1e-12)
    close(whole.dC0, [part.dC0 for part in parts], 1e-12)
    for k, total in enumerate(whole.params[:8]):
        close(total, sum(part.params[k] for part in parts), 1e-12)


def test_without_a_state_it_starts_at_zero():
    _, x, h0, C0, p = random_run(1)
    steps, _ = lstm_forward(x, p)
    close(steps.h, lstm_forward(x, p, 0 * h0, 0 * C0)[0].h, 0)


def test_the_steps_alone_are_those_of_the_pass():
    _, x, h0, C0, p = random_run(1)
    close(lstm.lstm(x, p, h0, C0).h, lstm_forward(x, p, h0, C0)[0].h, 0)


def test_the_steps_cannot_be_written_to():
    for single in (True, False):
        _, x, h0, C0, p = random_run(2, single=single)
        steps, _ = lstm_forward(x, p, h0, C0)
        for array in steps:
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


# Gradients


@each_kind
@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_run_passes_the_gradient_check(seed, single, kind):
    rng, x, h0, C0, p = random_run(seed, single=single)
    p = variant(kind, p, rng)
    steps, cache = lstm_forward(x, p, h0, C0)
    dh, dC = rng.normal(size=steps.h.shape), rng.normal(size=C0.shape)

    def loss(arguments):
        x, p, h0, C0 = arguments
        steps, _ = lstm_forward(x, p, h0, C0)
        return np.sum(dh * steps.h) + np.sum(dC * steps.C[-1])

    gradients = lstm_backward(dh, cache, dC)
    check_gradient(loss, (x, p, h0, C0), tuple(gradients))
    again = lstm_backward(dh, cache, dC)
    close(again.params.W_i, gradients.params.W_i, 0)
    assert (gradients.params.W_f is None) == ("1997" in kind)
    assert (gradients.params.p_o is None) == ("peepholes" not in kind)


def test_without_a_gradient_of_the_cell_it_is_zero():
    rng, x, h0, C0, p = random_run(3)
    steps, cache = lstm_forward(x, p, h0, C0)
    dh = rng.normal(size=steps.h.shape)
    wanted = lstm_backward(dh, cache, np.zeros_like(C0))
    close(lstm_backward(dh, cache).dC0, wanted.dC0, 0)


# The carousel


def test_a_forget_bias_of_five_keeps_half_after_a_hundred_steps():
    wanted = [7.9e-31, 2.5e-14, 3.1e-6, 0.51]
    for b, left in zip([0.0, 1.0, 2.0, 5.0], wanted, strict=True):
        steps, _ = lstm_forward(np.zeros((100, 1)), gates_at(b, 0, 0, 0))
        products = carousel(steps.f)
        np.testing.assert_allclose(products[-1, 0], left, rtol=0.02)
        close(products[:, 0], sigmoid(b) ** np.arange(101), 1e-9)


@given(seeds)
def test_an_open_forget_gate_and_a_shut_input_gate_keep_the_cell_exactly(seed):
    rng, x, h0, C0, p = random_run(seed)
    hidden = C0.shape[-1]
    none, wide = np.zeros_like(p.W_f), np.full(hidden, 1000.0)
    kept = p._replace(W_f=none, b_f=wide, W_i=none, b_i=-wide)
    steps, cache = lstm_forward(x, kept, h0, C0)
    for C in steps.C:
        np.testing.assert_array_equal(C, C0)
    np.testing.assert_array_equal(lstm_step(x[0], h0, C0, kept).C, C0)
    dC = rng.normal(size=C0.shape)
    gradients = lstm_backward(np.zeros_like(steps.h), cache, dC)
    np.testing.assert_array_equal(gradients.dC0, dC)
    np.testing.assert_array_equal(carousel(steps.f), np.ones_like(carousel(steps.f)))


@given(seeds)
def test_on_its_own_path_the_cells_gradient_is_the_product_of_the_forget_gates(seed):
    rng, x, h0, C0, p = random_run(seed)
    x_only = p._replace(
        **{
            name: np.where(np.arange(W.shape[1]) < len(W), 0, W)
            for name, W in zip(p._fields[:4], p[:4], strict=True)
        }
    )
    steps, cache = lstm_forward(x, x_only, h0, C0)
    gradients = lstm_backward(np.zeros_like(steps.h), cache, np.ones_like(C0))
    close(gradients.dC0, carousel(steps.f)[-1], 1e-12)


def test_a_carousel_starts_from_the_last_step():
    f = np.array([[0.5], [0.25], [0.1]])
    close(carousel(f), [[1], [0.1], [0.025], [0.0125]])
    batch = np.stack([f, f / 2], axis=1)
    close(carousel(batch)[:, 1], [[1], [0.05], [0.00625], [0.0015625]])


def test_without_a_forget_gate_nothing_is_forgotten():
    _, x, h0, C0, p = random_run(5)
    steps, _ = lstm_forward(x, without(p), h0, C0)
    assert (carousel(steps.f) == 1).all()


def test_one_cell_set_by_hand_solves_the_latch_task():
    zero = np.zeros(1)
    params = LSTMParams(
        W_f=np.array([[0.0, 0.0, -40.0]]),
        W_i=np.array([[0.0, 0.0, 40.0]]),
        W_C=np.array([[0.0, 10.0, 0.0]]),
        W_o=np.zeros((1, 3)),
        b_f=zero + 20,
        b_i=zero - 20,
        b_C=zero,
        b_o=zero + 20,
    )
    x, y = latch_task(200, 300, rng=np.random.default_rng(0))
    steps, _ = lstm_forward(x, params)
    np.testing.assert_array_equal(steps.h[-1, :, 0] > 0, y == 1)
    assert np.abs(steps.h[-1]).min() > 0.7


# Draws, types, extremes


def test_the_draws_fill_their_range_and_the_forget_gate_starts_open():
    params = init_params(50, 100, rng=np.random.default_rng(0))
    assert params.W_f.shape == (100, 150)
    for W in params[:4]:
        assert 0.09 < np.abs(W).max() <= 0.1
        np.testing.assert_allclose(W.std(), 0.1 / np.sqrt(3), rtol=0.02)
    assert (params.b_f == 1).all()
    assert not any(b.any() for b in params[5:8])
    assert params[8:] == (None, None, None)
    again = init_params(50, 100, forget_bias=5, rng=np.random.default_rng(0))
    close(again.W_o, params.W_o, 0)
    assert (again.b_f == 5).all()
    assert len({W.tobytes() for W in params[:4]}) == 4
    old = init_params(5, 3, forget_gate=False, peepholes=True, rng=RNG)
    assert (old.W_f, old.b_f, old.p_f) == (None, None, None)
    assert not (old.p_i.any() or old.p_o.any())
    assert old.p_i.shape == (3,)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_type_stays_what_it_is(dtype):
    _, x, h0, C0, p = random_run(4, dtype)
    steps, cache = lstm_forward(x, p, h0, C0)
    gradients = lstm_backward(steps.h.astype(np.float64), cache)
    arrays = [*steps, *lstm_forward(x, p)[0], carousel(steps.f)]
    arrays += [*lstm_step(x[0], h0, C0, without(p))]
    looking = p._replace(p_f=p.b_f, p_i=p.b_i, p_o=p.b_o)
    arrays += [*lstm_step(x[0], h0, C0, looking), *lstm_forward(x, looking)[0]]
    arrays += [*gradients.params[:8], gradients.dx, gradients.dh0, gradients.dC0]
    drawn = init_params(2, 3, peepholes=True, rng=np.random.default_rng(0), dtype=dtype)
    arrays += [*drawn]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("wide", range(4))
def test_one_argument_in_double_precision_makes_all_of_it_double(wide):
    _, x, h0, C0, p = random_run(5, np.float32)
    arguments = [x, p, h0, C0]
    exact = lstm_forward(*arguments)[0]
    arguments[wide] = tree_map(lambda a: a.astype(np.float64), arguments[wide])
    steps, _ = lstm_forward(*arguments)
    assert {a.dtype for a in steps} == {np.dtype(np.float64)}
    close(steps.h, exact.h, 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1000.0, -1000.0])
def test_gates_at_a_thousand_are_open_or_shut_without_a_warning(dtype, size):
    params = tree_map(lambda a: a.astype(dtype), gates_at(size, size, size, size))
    x = np.zeros((3, 1), dtype)
    steps, cache = lstm_forward(x, params, None, np.ones(1, dtype))
    on = float(size > 0)
    for gate in (steps.f, steps.i, steps.o):
        assert (gate == on).all()
    close(steps.C[:, 0], [2, 3, 4] if on else [0, 0, 0], 1e-6)
    step = lstm_step(x[0], [0.0], np.ones(1, dtype), params)
    close(step.C, steps.C[0], 0)
    gradients = lstm_backward(np.ones_like(steps.h), cache)
    assert all(np.isfinite(a).all() for a in gradients.params[:8])


# Live figures


@pytest.mark.parametrize("look", [True, False])
def test_a_live_figure_can_trace_steps_and_the_carousel(look):
    def model(x, h, C, weights, biases, peepholes):
        params, steps = LSTMParams(*weights, *biases), []
        params = LSTMParams(*params[:8], *peepholes) if look else params
        for x_t in x:
            step = lstm_step(x_t, h, C, params)
            steps.append(step)
            h, C = step.h, step.C
        steps = LSTMStep(*map(np.stack, zip(*steps, strict=True)))
        return dict(steps._asdict(), left=carousel(steps.f))

    shapes = dict(x=(2, 2), h=(2,), C=(2,), weights=(4, 2, 4), biases=(4, 2))
    shapes["peepholes"] = (3, 2)
    cuts = np.cumsum([np.prod(shape) for shape in shapes.values()])
    rng = np.random.default_rng(0)
    program = trace(model, {k: rng.normal(size=s) for k, s in shapes.items()})
    for values in rng.uniform(-2, 2, (10, cuts[-1])):
        parts = zip(np.split(values, cuts[:-1]), shapes.values(), strict=True)
        wanted = model(*(part.reshape(shape) for part, shape in parts))
        replayed = program.replay(values)
        for name, value in wanted.items():
            close(replayed[name], value, 1e-10)


# What is refused

RNG = np.random.default_rng(0)
P = init_params(2, 3, rng=RNG)
X, H = np.ones((4, 2)), np.zeros(3)
STEPS, CACHE = lstm_forward(X, P)
REFUSED = [
    (lstm_step, (1.0, H, H, P), {}, "x: wanted shape (..., D), got ()"),
    (lstm_step, ([1.0], H, H, P), {}, "W_i: wanted shape (3, 4), got (3, 5)"),
    (lstm_step, (X[0], H[:2], H, P), {}, "h_prev: wanted shape (3,), got (2,)"),
    (lstm_step, (X[0], H, H[:2], P), {}, "C_prev: wanted shape (3,), got (2,)"),
    (lstm_step, (X[:1], H, H, P), {}, "h_prev: wanted shape (1, 3), got (3,)"),
    (lstm_step, ([1, np.nan], H, H, P), {}, "x: wanted finite numbers, got nan"),
    (
        lstm_step,
        (X[0], H, H, P._replace(W_i=[1.0])),
        {},
        "W_i: wanted shape (H, H + D), got (1,)",
    ),
    *(
        (
            lstm_step,
            (X[0], H, H, P._replace(**{name: np.ones((3, 4))})),
            {},
            f"{name}: wanted shape (3, 5), got (3, 4)",
        )
        for name in ("W_f", "W_C", "W_o")
    ),
    *(
        (
            lstm_forward,
            (X, P._replace(**{name: np.ones(2)})),
            {},
            f"{name}: wanted shape (3,), got (2,)",
        )
        for name in ("b_f", "b_i", "b_C", "b_o", "p_f", "p_i", "p_o")
    ),
    (
        lstm_step,
        (X[0], H, H, P._replace(W_f=None)),
        {},
        "b_f: wanted None as W_f or b_f is, got an array",
    ),
    (
        lstm_step,
        (X[0], H, H, P._replace(W_C=None)),
        {},
        "W_C: wanted real numbers, got",
    ),
    (lstm_forward, (X, None, None, P), {}, "params: wanted LSTMParams, got NoneType"),
    (
        lstm_backward,
        (STEPS.h, (STEPS, CACHE)),
        {},
        "cache: wanted LSTMCache, got the pair (value, cache): pass its second part",
    ),
    (lstm_forward, (X[0], P), {}, "x: wanted shape (..., T, D), got (2,)"),
    (
        lstm_forward,
        (X[None, None], P),
        {},
        "x: wanted shape (T, D) or (T, N, D), got (1, 1, 4, 2)",
    ),
    (lstm_forward, (X, P, H[:1]), {}, "h0: wanted shape (3,), got (1,)"),
    (lstm_forward, (X, P, H, H[:1]), {}, "C0: wanted shape (3,), got (1,)"),
    (
        lstm_forward,
        (X[:, None], P, H),
        {},
        "h0: wanted shape (1, 3), got (3,)",
    ),
    (lstm_backward, (X, CACHE), {}, "dh: wanted shape (4, 3) as h has, got (4, 2)"),
    (lstm_backward, (STEPS.h, CACHE, X), {}, "dC: wanted shape (3,), got (4, 2)"),
    (carousel, ([0.5],), {}, "f: wanted shape (..., T, H), got (1,)"),
    (carousel, ([[1.5]],), {}, "f: wanted values <= 1, got 1.5"),
    (carousel, ([[-0.5]],), {}, "f: wanted values >= 0, got -0.5"),
    (init_params, (0, 2), dict(rng=RNG), "inputs: wanted an integer >= 1, got 0"),
    (init_params, (2, 0), dict(rng=RNG), "units: wanted an integer >= 1, got 0"),
    (init_params, (2, True), dict(rng=RNG), "units: wanted an integer, got True"),
    (init_params, (2, 2), dict(rng=0), "rng: wanted a numpy.random.Generator, got int"),
    (
        init_params,
        (2, 2),
        dict(rng=RNG, forget_bias=np.inf),
        "forget_bias: wanted finite numbers, got inf",
    ),
    (
        init_params,
        (2, 2),
        dict(rng=RNG, dtype=int),
        "dtype: wanted float32 or float64",
    ),
]


@pytest.mark.parametrize(("function", "arguments", "settings", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(function, arguments, settings, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        function(*arguments, **settings)


def test_all_public_names_are_there():
    assert sorted(lstm.__all__) == list(lstm.__all__)
    assert all(hasattr(lstm, name) for name in lstm.__all__)
