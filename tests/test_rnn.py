"""Recurrent networks: the source's step, the sequence, and gradients through time."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import rnn
from dlbook.activations import ACTIVATIONS
from dlbook.compiler import TraceError, trace
from dlbook.gradcheck import check_gradient
from dlbook.optim import clip_by_global_norm, global_norm, tree_map
from dlbook.rnn import (
    OutputParams,
    RNNParams,
    eigenvalues,
    init_params,
    jacobian_norms,
    largest_singular_value,
    rnn_backward,
    rnn_forward,
    rnn_output,
    rnn_step,
    spectral_radius,
)
from near import close

SOURCE = RNNParams([[0.1, 0.3], [0.2, -0.1]], [[0.5, 0.4], [0.3, 0.2]], [0.1, -0.1])
TRANSIENT = np.array([[0.9, 5.0], [0.0, 0.9]])
PHIS = sorted(ACTIVATIONS)
DTYPES = [np.float32, np.float64]
seeds = st.integers(0, 2**32 - 1)


def random_run(seed, dtype=np.float64, single=False):
    """Draw x, h0 and parameters."""
    rng = np.random.default_rng(seed)
    T, n, width, hidden = rng.integers(1, 6, 4)
    params = init_params(width, hidden, rng=rng, dtype=dtype)
    lead = () if single else (n,)
    x = rng.normal(size=(T, *lead, width)).astype(dtype)
    return rng, x, rng.normal(size=(*lead, hidden)).astype(dtype), params


# The source and the oracles


def test_the_sources_step_is_the_tanh_of_the_right_sums():
    h = rnn_step([1, 0.5], [0.2, -0.1], SOURCE)
    np.testing.assert_allclose(h, np.tanh([0.41, 0.09]), rtol=1e-15)
    np.testing.assert_allclose(h, [0.38847268, 0.08975778], atol=5e-9)


def test_the_sources_formula_names_the_sigmoid():
    h = rnn_step([1, 0.5], [0.2, -0.1], SOURCE._replace(phi="sigmoid"))
    np.testing.assert_allclose(h, [0.60108788, 0.52248482], atol=5e-9)


def test_an_output_is_read_off_the_state():
    params = OutputParams([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]], [0.2, 0.0, -0.1])
    z = rnn_output([0.4, 0.1], params)
    np.testing.assert_allclose(z, [0.5, 0.4, 0.0], atol=1e-15)
    sigmoid = rnn_output([[0.4, 0.1]], params._replace(phi="sigmoid"))
    np.testing.assert_allclose(sigmoid, [1 / (1 + np.exp(-z))])


def test_a_radius_below_one_can_grow_before_it_vanishes():
    close(spectral_radius(TRANSIENT), 0.9)
    assert round(float(largest_singular_value(TRANSIENT)), 2) == 5.16
    norms = jacobian_norms(np.zeros((100, 2)), TRANSIENT, "identity")
    lags = [1, 5, 10, 20, 50]
    np.testing.assert_allclose(norms[lags], [5.2, 16.4, 19.4, 13.5, 1.4], atol=0.05)
    np.testing.assert_allclose(norms[100], 0.01, atol=0.005)
    powers = [np.linalg.matrix_power(TRANSIENT, k) for k in range(101)]
    close(norms, np.linalg.norm(powers, 2, axis=(1, 2)), 1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("phi", ["tanh", "relu"])
@pytest.mark.parametrize("seed", range(10))
def test_a_run_agrees_with_pytorch_both_ways(torch, seed, phi, dtype):
    rng, x, h0, params = random_run(seed, dtype, single=seed % 2)
    rtol = 1e-10 if dtype == np.float64 else 1e-4
    theirs = torch.nn.RNN(x.shape[-1], h0.shape[-1], nonlinearity=phi)
    theirs = theirs.to(getattr(torch, np.dtype(dtype).name))
    weights = [theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0]
    with torch.no_grad():
        for weight, array in zip(weights, params[:3], strict=True):
            weight.copy_(torch.tensor(array))
        theirs.bias_hh_l0.zero_()
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, h0)]
    wanted, _ = theirs(leaves[0], leaves[1][None])
    h, cache = rnn_forward(x, params._replace(phi=phi), h0)
    dh = rng.normal(size=h.shape).astype(dtype)
    close(h, wanted.detach(), rtol)
    wanted = torch.autograd.grad(wanted, [*weights, *leaves], torch.tensor(dh))
    gradients = rnn_backward(dh, cache)
    ours = [*gradients.params[:3], gradients.dx, gradients.dh0]
    for a, b in zip(ours, wanted, strict=True):
        assert a.dtype == dtype
        close(a, b, rtol)


# The sequence


@pytest.mark.parametrize("phi", PHIS)
@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_a_sequence_is_its_steps(seed, single, phi):
    _, x, h, params = random_run(seed, single=single)
    states, _ = rnn_forward(x, params._replace(phi=phi), h)
    assert len(states) == len(x)
    for x_t, h_t in zip(x, states, strict=True):
        h = rnn_step(x_t, h, params._replace(phi=phi))
        close(h_t, h, 1e-12)


@given(seeds)
def test_a_sequence_is_its_two_halves_joined_by_the_state(seed):
    rng, x, h0, params = random_run(seed)
    h, cache = rnn_forward(x, params, h0)
    dh, k = rng.normal(size=h.shape), int(rng.integers(len(x)))
    whole = rnn_backward(dh, cache)
    if k == 0:
        return
    first, early = rnn_forward(x[:k], params, h0)
    second, late = rnn_forward(x[k:], params, first[-1])
    close(np.concatenate([first, second]), h, 1e-12)
    late = rnn_backward(dh[k:], late)
    d_first = dh[:k].copy()
    d_first[-1] += late.dh0
    early = rnn_backward(d_first, early)
    close(np.concatenate([early.dx, late.dx]), whole.dx, 1e-12)
    close(early.dh0, whole.dh0, 1e-12)
    for a, b, c in zip(*(g.params[:3] for g in (early, late, whole)), strict=True):
        close(a + b, c, 1e-12)


@given(seeds)
def test_a_batch_is_its_sequences_in_any_order(seed):
    rng, x, h0, params = random_run(seed)
    h, cache = rnn_forward(x, params, h0)
    dh, order = rng.normal(size=h.shape), rng.permutation(x.shape[1])
    close(rnn_forward(x[:, order], params, h0[order])[0], h[:, order], 1e-12)
    whole, parts = rnn_backward(dh, cache), []
    for n in range(x.shape[1]):
        alone, cache = rnn_forward(x[:, n], params, h0[n])
        close(alone, h[:, n], 1e-12)
        parts.append(rnn_backward(dh[:, n], cache))
    close(whole.dx, np.stack([part.dx for part in parts], axis=1), 1e-12)
    close(whole.dh0, [part.dh0 for part in parts], 1e-12)
    for k, total in enumerate(whole.params[:3]):
        close(total, sum(part.params[k] for part in parts), 1e-12)


def test_without_a_state_it_starts_at_zero():
    _, x, h0, params = random_run(1)
    close(rnn_forward(x, params)[0], rnn_forward(x, params, 0 * h0)[0], 0)


def test_the_states_alone_are_those_of_the_pass():
    _, x, h0, params = random_run(1)
    close(rnn.rnn(x, params, h0), rnn_forward(x, params, h0)[0], 0)
    close(rnn.rnn(x, params), rnn_forward(x, params)[0], 0)


def test_the_states_cannot_be_written_to():
    for single in (True, False):
        _, x, h0, params = random_run(2, single=single)
        h, _ = rnn_forward(x, params, h0)
        with pytest.raises(ValueError, match="read-only"):
            h[0] = 0


# Backpropagation through time


@pytest.mark.parametrize("phi", PHIS)
@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_run_passes_the_gradient_check(seed, single, phi):
    rng, x, h0, params = random_run(seed, single=single)
    params = params._replace(phi=phi)
    h, cache = rnn_forward(x, params, h0)
    dh = rng.normal(size=h.shape)

    def loss(arguments):
        x, params, h0 = arguments
        return np.sum(dh * rnn_forward(x, params, h0)[0])

    gradients = rnn_backward(dh, cache)
    check_gradient(loss, (x, params, h0), tuple(gradients))
    again = rnn_backward(dh, cache)
    close(again.params.W_hh, gradients.params.W_hh, 0)


def test_three_scalar_steps_by_hand():
    w, u, b = 0.8, 0.5, 0.1
    x, h = [1.0, -0.5, 0.25], [0.3]
    for x_t in x:
        h.append(np.tanh(w * x_t + u * h[-1] + b))
    d3 = 1 - h[3] ** 2
    d2 = (1 - h[2] ** 2) * u * d3
    d1 = (1 - h[1] ** 2) * u * d2
    params = RNNParams([[w]], [[u]], [b])
    states, cache = rnn_forward(np.c_[x], params, [0.3])
    close(states[:, 0], h[1:], 1e-14)
    gradients = rnn_backward([[0.0], [0.0], [1.0]], cache)
    close(gradients.params.W_xh[0, 0], d1 * x[0] + d2 * x[1] + d3 * x[2], 1e-13)
    close(gradients.params.W_hh[0, 0], d1 * h[0] + d2 * h[1] + d3 * h[2], 1e-13)
    close(gradients.params.b_h[0], d1 + d2 + d3, 1e-13)
    close(gradients.dh0[0], u * d1, 1e-13)
    close(gradients.dx[:, 0], [w * d1, w * d2, w * d3], 1e-13)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_a_window_stops_each_gradient_after_so_many_steps(seed, single):
    rng, x, h0, params = random_run(seed, single=single)
    h, cache = rnn_forward(x, params, h0)
    dh, T = rng.normal(size=h.shape), len(x)
    for window in range(1, T + 1):
        totals = []
        for t in range(T):
            begin = max(0, t + 1 - window)
            start = h[begin - 1] if begin else h0
            _, part = rnn_forward(x[begin : t + 1], params, start)
            alone = np.zeros_like(h[begin : t + 1])
            alone[-1] = dh[t]
            part = rnn_backward(alone, part)
            dx = np.zeros_like(x)
            dx[begin : t + 1] = part.dx
            totals.append((*part.params[:3], dx, part.dh0 * (begin == 0)))
        gradients = rnn_backward(dh, cache, window)
        ours = [*gradients.params[:3], gradients.dx, gradients.dh0]
        for a, parts in zip(ours, zip(*totals, strict=True), strict=True):
            close(a, sum(parts), 1e-12)


def test_a_window_as_long_as_the_sequence_truncates_nothing():
    rng, x, h0, params = random_run(8)
    h, cache = rnn_forward(x, params, h0)
    dh = rng.normal(size=h.shape)
    whole = rnn_backward(dh, cache)
    for window in (len(x), len(x) + 5):
        close(rnn_backward(dh, cache, window).params.W_hh, whole.params.W_hh, 1e-12)


def test_the_shared_weights_gradient_is_the_sum_over_the_steps():
    rng, x, h0, params = random_run(5)
    T = 4
    x = rng.normal(size=(T, *x.shape[1:]))
    copies = RNNParams(*(np.stack([a] * T) for a in params[:3]))

    def unrolled(copies):
        h, total = h0, 0.0
        for t in range(T):
            h = rnn_step(x[t], h, RNNParams(*(a[t] for a in copies[:3])))
            total = total + np.sum(h * dh[t])
        return total

    h, cache = rnn_forward(x, params, h0)
    dh = rng.normal(size=h.shape)
    shared = rnn_backward(dh, cache).params
    apart = [np.zeros_like(a) for a in copies[:3]]
    for t in range(T):
        _, before = rnn_forward(x[: t + 1], params, h0)
        _, after = rnn_forward(x[t + 1 :], params, h[t]) if t + 1 < T else (None, None)
        d_t = dh[t] + (rnn_backward(dh[t + 1 :], after).dh0 if after else 0)
        only = np.zeros_like(h[: t + 1])
        only[-1] = d_t
        for k, a in enumerate(rnn_backward(only, before, window=1).params[:3]):
            apart[k][t] = a
    check_gradient(unrolled, copies, RNNParams(*apart))
    for a, b in zip(shared[:3], apart, strict=True):
        close(a, b.sum(axis=0), 1e-12)


def test_exploding_gradients_can_be_clipped_to_a_length():
    params = RNNParams([[1.0]], [[3.0]], [0.0])
    h, cache = rnn_forward(np.full((30, 1), 1e-20), params._replace(phi="identity"))
    gradients = rnn_backward(np.ones_like(h), cache).params
    assert global_norm(gradients) > 1e10
    clipped = clip_by_global_norm(gradients, 1.0)
    np.testing.assert_allclose(global_norm(clipped), 1, rtol=1e-5)


# Norms over lags


@pytest.mark.parametrize("phi", PHIS)
@pytest.mark.parametrize("single", [True, False])
def test_the_norms_are_those_of_the_jacobians(single, phi):
    rng, x, h0, params = random_run(3, single=single)
    T = 5
    x = rng.normal(size=(T, *x.shape[1:]))
    h, cache = rnn_forward(x, params._replace(phi=phi), h0)
    norms = jacobian_norms(h, params.W_hh, phi)
    assert norms.shape == (T + 1, *h.shape[1:-1])
    hidden = h.shape[-1]
    for k in range(T + 1):
        start = h0 if k == T else h[T - k - 1]
        rows = []
        for unit in range(hidden):
            dh = np.zeros((k, *h.shape[1:]))
            if k == 0:
                rows.append(np.broadcast_to(np.eye(hidden)[unit], h.shape[1:]))
                continue
            dh[-1, ..., unit] = 1
            _, cache = rnn_forward(x[T - k :], params._replace(phi=phi), start)
            rows.append(rnn_backward(dh, cache).dh0)
        J = np.stack(rows, axis=-2)
        close(norms[k], np.linalg.norm(J, 2, axis=(-2, -1)), 1e-9)


@given(seeds)
def test_a_small_singular_value_is_enough_to_vanish(seed):
    rng, x, h0, params = random_run(seed)
    W = params.W_hh * 0.8 / largest_singular_value(params.W_hh)
    h, _ = rnn_forward(x, params._replace(W_hh=W), h0)
    norms = jacobian_norms(h, W)
    lags = 0.8 ** np.arange(len(norms))[:, None]
    assert (norms <= lags * (1 + 1e-12)).all()


def test_a_large_singular_value_is_not_enough_to_explode():
    assert largest_singular_value(TRANSIENT) > 1
    assert jacobian_norms(np.zeros((200, 2)), TRANSIENT)[-1] < 1e-5


def test_a_saturated_network_forgets_though_its_weights_are_large():
    h = np.full((20, 2), 0.999)
    assert jacobian_norms(h, 3 * np.eye(2))[-1] < 1e-30


def test_a_product_that_overflows_is_infinite():
    norms = jacobian_norms(np.zeros((8, 2)), 1e100 * np.eye(2), "identity")
    np.testing.assert_allclose(norms[:4], [1, 1e100, 1e200, 1e300])
    assert np.isposinf(norms[4:]).all()


@given(seeds)
def test_a_radius_is_at_most_the_largest_singular_value(seed):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n := int(rng.integers(1, 6)), n))
    values = eigenvalues(W)
    assert (np.diff(values[:, 0]) <= 0).all()
    close(values.sum(axis=0), [np.trace(W), 0], 1e-9)
    radius = spectral_radius(W)
    close(radius, np.abs(np.linalg.eigvals(W)).max())
    assert radius <= largest_singular_value(W) * (1 + 1e-9)
    close(largest_singular_value(W), np.linalg.svd(W)[1][0])


# Draws, types, extremes


def test_the_draws_fill_their_range_and_repeat():
    params = init_params(50, 100, rng=np.random.default_rng(0))
    assert [a.shape for a in params[:3]] == [(100, 50), (100, 100), (100,)]
    for a in params[:3]:
        assert 0.09 < np.abs(a).max() <= 0.1
        assert a.min() < -0.09
    again = init_params(50, 100, rng=np.random.default_rng(0))
    close(again.W_hh, params.W_hh, 0)
    np.testing.assert_allclose(params.W_hh.std(), 0.1 / np.sqrt(3), rtol=0.02)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("phi", PHIS)
def test_a_type_stays_what_it_is(dtype, phi):
    _, x, h0, params = random_run(4, dtype)
    h, cache = rnn_forward(x, params._replace(phi=phi), h0)
    arrays = [h, rnn_forward(x, params._replace(phi=phi))[0]]
    arrays += [
        rnn_step(x[0], h0, params._replace(phi=phi)),
        jacobian_norms(h, params.W_hh, phi),
    ]
    arrays += [rnn_output(h, OutputParams(params.W_hh, params.b_h)._replace(phi=phi))]
    for window in (None, 2):
        gradients = rnn_backward(h.astype(np.float64), cache, window)
        arrays += [*gradients.params[:3], gradients.dx, gradients.dh0]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("wide", range(3))
def test_one_argument_in_double_precision_makes_all_of_it_double(wide):
    _, x, h0, params = random_run(5, np.float32)
    exact, _ = rnn_forward(x, params, h0)
    arguments = [x, params, h0]
    arguments[wide] = tree_map(lambda a: a.astype(np.float64), arguments[wide])
    h, _ = rnn_forward(*arguments)
    assert h.dtype == np.float64
    close(h, exact, 1e-5)


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "softplus"])
def test_sums_of_a_thousand_saturate_without_a_warning(phi):
    params = RNNParams([[1.0]], [[0.0]], [0.0])
    for dtype in DTYPES:
        x = np.array([[1000.0], [-1000.0]], dtype)
        h, cache = rnn_forward(x, params._replace(phi=phi))
        wanted = ACTIVATIONS[phi].f(x)
        close(h, wanted, 1e-6)
        gradients = rnn_backward(np.ones_like(h), cache)
        assert np.isfinite(gradients.params.W_xh).all()


# Live figures


def test_a_live_figure_can_trace_steps_and_norms():
    def model(x, h, W_xh, W_hh, b):
        params, states = RNNParams(W_xh, W_hh, b), [h]
        for x_t in x:
            states.append(rnn_step(x_t, states[-1], params))
        h = np.stack(states[1:])
        out = rnn_output(h, OutputParams(W_xh, b)._replace(phi="sigmoid"))
        return dict(h=h, out=out, norms=jacobian_norms(h, W_hh))

    rng = np.random.default_rng(0)
    shapes = dict(x=(3, 2), h=(2,), W_xh=(2, 2), W_hh=(2, 2), b=(2,))
    program = trace(model, {k: rng.normal(size=s) for k, s in shapes.items()})
    for values in rng.uniform(-2, 2, (20, 18)):
        cuts = np.cumsum([np.prod(s) for s in shapes.values()])[:-1]
        parts = [
            part.reshape(s)
            for part, s in zip(np.split(values, cuts), shapes.values(), strict=True)
        ]
        replayed = program.replay(values)
        for name, value in model(*parts).items():
            close(replayed[name], value, 1e-10)


def test_in_a_live_figure_the_spectrum_of_two_by_two_is_a_formula():
    def model(W):
        return dict(
            values=eigenvalues(W),
            radius=spectral_radius(W),
            stretch=largest_singular_value(W),
        )

    program, rng = trace(model, dict(W=np.eye(2))), np.random.default_rng(0)
    special = [
        np.zeros((2, 2)),
        np.eye(2),
        TRANSIENT,
        [[0, -1], [1, 0]],
        [[1, 2], [2, 4]],
    ]
    for W in [*special, *rng.normal(size=(50, 2, 2))]:
        replayed, wanted = program.replay(np.ravel(W)), model(W)
        for name, value in wanted.items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-9, atol=1e-9)


def test_in_a_live_figure_one_unit_stretches_by_its_weight():
    def model(w, h):
        return dict(norms=jacobian_norms(h[:, None], w[None, None], "identity"))

    program = trace(model, dict(w=0.5, h=[0.1, 0.2]))
    close(program.replay([-1.5, 0, 0])["norms"], [1, 1.5, 2.25])


def test_in_a_live_figure_a_larger_matrix_is_refused():
    message = "W: wanted at most (2, 2) in a live figure, got (3, 3)"
    with pytest.raises(TraceError, match=re.escape(message)):
        trace(lambda W: dict(s=largest_singular_value(W)), dict(W=np.eye(3)))


# What is refused

X = np.ones((3, 2))
H, CACHE = rnn_forward(X, SOURCE)
RNG = np.random.default_rng(0)
NAMES = "'identity', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'softplus'"
OUT = OutputParams([[1.0, 2.0]], [0.0])
REFUSED = [
    (rnn_step, (1.0, [0.2, 0.1], SOURCE), {}, "x: wanted shape (..., D), got ()"),
    (
        rnn_step,
        ([1.0], [0.2, 0.1], SOURCE),
        {},
        "W_xh: wanted shape (H, 1), got (2, 2)",
    ),
    (
        rnn_step,
        ([1.0, 2.0], [0.2], SOURCE),
        {},
        "h_prev: wanted shape (2,), got (1,)",
    ),
    (
        rnn_step,
        ([[1.0, 2.0]], [0.2, 0.1], SOURCE),
        {},
        "h_prev: wanted shape (1, 2), got (2,)",
    ),
    (
        rnn_step,
        ([1.0, np.inf], [0.2, 0.1], SOURCE),
        {},
        "x: wanted finite numbers, got inf",
    ),
    (
        rnn_step,
        ([1.0, 2.0], [0.2, 0.1], SOURCE._replace(W_hh=np.ones((2, 3)))),
        {},
        "W_hh: wanted shape (2, 2), got (2, 3)",
    ),
    (
        rnn_step,
        ([1.0, 2.0], [0.2, 0.1], SOURCE._replace(b_h=[0.0])),
        {},
        "b_h: wanted shape (2,), got (1,)",
    ),
    (
        rnn_step,
        ([1.0, 2.0], [0.2, 0.1], SOURCE._replace(phi="step")),
        {},
        f"phi: wanted one of {NAMES}, got 'step'",
    ),
    (rnn_output, (0.5, OUT), {}, "h: wanted shape (..., H), got ()"),
    (rnn_output, ([0.5], OUT), {}, "W_ho: wanted shape (K, 1), got (1, 2)"),
    (
        rnn_output,
        ([0.5, 1], OUT._replace(b_o=[0, 0])),
        {},
        "b_o: wanted shape (1,), got (2,)",
    ),
    (
        rnn_output,
        ([0.5, 1], OUT._replace(phi=3)),
        {},
        f"phi: wanted one of {NAMES}, got 3",
    ),
    (rnn_forward, (X[0], SOURCE), {}, "x: wanted shape (..., T, D), got (2,)"),
    (
        rnn_forward,
        (X[None, None], SOURCE),
        {},
        "x: wanted shape (T, D) or (T, N, D), got (1, 1, 3, 2)",
    ),
    (
        rnn_forward,
        (np.ones((0, 2)), SOURCE),
        {},
        "x: wanted at least one value, got shape (0, 2)",
    ),
    (rnn_forward, (X, SOURCE, [[0, 0]]), {}, "h0: wanted shape (2,), got (1, 2)"),
    (
        rnn_forward,
        (X[:, None], SOURCE, [0, 0]),
        {},
        "h0: wanted shape (1, 2), got (2,)",
    ),
    (
        rnn_forward,
        (X, SOURCE._replace(phi="exp")),
        {},
        f"phi: wanted one of {NAMES}, got 'exp'",
    ),
    (rnn_forward, (X, None, SOURCE), {}, "params: wanted RNNParams, got NoneType"),
    (rnn_backward, (H, (H, CACHE)), {}, "cache: wanted RNNCache, got the pair"),
    (rnn_backward, (X[:2], CACHE), {}, "dh: wanted shape (3, 2) as h has, got (2, 2)"),
    (rnn_backward, (H, CACHE, 0), {}, "window: wanted an integer >= 1, got 0"),
    (rnn_backward, (H, CACHE, 1.0), {}, "window: wanted an integer, got 1.0"),
    (jacobian_norms, ([0.5], [[1]]), {}, "h: wanted shape (..., T, H), got (1,)"),
    (
        jacobian_norms,
        (np.ones((1, 1, 1, 1)), [[1]]),
        {},
        "h: wanted shape (T, H) or (T, N, H), got (1, 1, 1, 1)",
    ),
    (jacobian_norms, (H, [[1]]), {}, "W_hh: wanted shape (2, 2), got (1, 1)"),
    (jacobian_norms, (H, SOURCE.W_hh, "x"), {}, f"phi: wanted one of {NAMES}, got 'x'"),
    (spectral_radius, ([[1, 2]],), {}, "W: wanted shape (1, 1), got (1, 2)"),
    (eigenvalues, ([1, 2],), {}, "W: wanted shape (n, n), got (2,)"),
    (largest_singular_value, ([[np.nan]],), {}, "W: wanted finite numbers, got nan"),
    (init_params, (0, 2), dict(rng=RNG), "inputs: wanted an integer >= 1, got 0"),
    (init_params, (2, 0), dict(rng=RNG), "units: wanted an integer >= 1, got 0"),
    (init_params, (2, 2.0), dict(rng=RNG), "units: wanted an integer, got 2.0"),
    (init_params, (2, 2), dict(rng=0), "rng: wanted a numpy.random.Generator, got int"),
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
    assert sorted(rnn.__all__) == list(rnn.__all__)
    assert all(hasattr(rnn, name) for name in rnn.__all__)
