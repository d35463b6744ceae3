"""Scaled dot-product attention: the formula, PyTorch, gradients, masks."""

import re

import numpy as np
import pytest

from dlbook.attention import attention, attention_backward, attention_forward
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient
from near import close


def draw(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    T, S, d, D = rng.integers(1, 6, 4)
    lead = [(), (3,), (2, 3)][seed % 3]
    shapes = (*lead, T, d), (*lead, S, d), (*lead, S, D)
    return rng, *(rng.normal(size=shape).astype(dtype) for shape in shapes)


def test_each_query_reads_an_average_weighted_by_agreement():
    _, Q, K, V = draw(3)
    Q, K, V = Q.reshape(-1, Q.shape[-1]), K.reshape(-1, K.shape[-1]), V
    V = V.reshape(len(K), -1)
    for q, y in zip(Q, attention(Q, K, V), strict=True):
        agreement = np.exp([q @ k / np.sqrt(len(q)) for k in K])
        close(y, agreement @ V / agreement.sum(), 1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(9))
def test_it_agrees_with_pytorch_both_ways(torch, seed, dtype, masked):
    rng, Q, K, V = draw(seed, dtype)
    mask = rng.uniform(size=(Q.shape[-2], K.shape[-2])) < 0.5
    mask[:, 0] = True
    leaves = [torch.tensor(a, requires_grad=True) for a in (Q, K, V)]
    wanted = torch.nn.functional.scaled_dot_product_attention(
        *leaves, attn_mask=torch.tensor(mask) if masked else None
    )
    y, cache = attention_forward(Q, K, V, mask=mask if masked else None)
    dy = rng.normal(size=y.shape).astype(dtype)
    rtol = 1e-10 if dtype == np.float64 else 1e-4
    close(y, wanted.detach(), rtol)
    close(attention(Q, K, V, mask=mask if masked else None), y, 0)
    found = torch.autograd.grad(wanted, leaves, torch.tensor(dy))
    for ours, theirs in zip(attention_backward(dy, cache), found, strict=True):
        assert ours.dtype == dtype
        close(ours, theirs, rtol)


@pytest.mark.parametrize("seed", range(6))
def test_it_passes_the_gradient_check(seed):
    rng, *arguments = draw(seed)
    y, cache = attention_forward(*arguments)
    dy = rng.normal(size=y.shape)

    def loss(arguments):
        return np.sum(dy * attention(*arguments))

    check_gradient(loss, tuple(arguments), tuple(attention_backward(dy, cache)))


def test_the_order_of_keys_and_values_does_not_matter():
    rng, Q, K, V = draw(0)
    order = rng.permutation(len(K))
    close(attention(Q, K[order], V[order]), attention(Q, K, V), 1e-12)


def test_a_causal_mask_hides_what_comes_after():
    rng = np.random.default_rng(1)
    Q, K, V = rng.normal(size=(3, 5, 4))
    causal = np.tri(5, dtype=bool)
    y, cache = attention_forward(Q, K, V, mask=causal)
    for t in range(5):
        seen = slice(t + 1)
        close(y[t], attention(Q[t : t + 1], K[seen], V[seen])[0], 1e-12)
    assert not cache.weights[~causal].any()
    close(cache.weights.sum(axis=1), np.ones(5), 1e-12)


def test_without_the_scale_long_vectors_saturate():
    rng = np.random.default_rng(2)
    Q, K = rng.normal(size=(2, 200, 256))
    _, cache = attention_forward(Q, K, K)
    unscaled = attention_forward(Q * 16, K, K)[1]
    assert unscaled.weights.max(axis=1).mean() > 0.8
    assert cache.weights.max(axis=1).mean() < 0.2


def test_scores_of_thousands_read_one_value():
    y = attention([[1e4, 0.0]], [[1.0, 0.0], [-1.0, 0.0]], [[3.0], [5.0]])
    np.testing.assert_array_equal(y, [[3.0]])


def test_a_live_figure_can_trace_it_both_ways():
    def model(Q, K, V):
        y, cache = attention_forward(Q, K, V, mask=np.tri(2, 3, 1, dtype=bool))
        gradients = attention_backward(np.ones((2, 2)), cache)
        return dict(y=y, weights=cache.weights, **gradients._asdict())

    rng = np.random.default_rng(0)
    shapes = dict(Q=(2, 2), K=(3, 2), V=(3, 2))
    program = trace(model, {k: rng.normal(size=s) for k, s in shapes.items()})
    for values in rng.normal(size=(10, 16)):
        Q, K, V = values[:4], values[4:10], values[10:]
        wanted = model(Q.reshape(2, 2), K.reshape(3, 2), V.reshape(3, 2))
        for name, value in program.replay(values).items():
            close(value, wanted[name], 1e-10)


def test_gradients_have_the_type_of_what_they_are_of():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype(np.float32) for s in ((2, 3), (4, 3), (4, 5))]
    y, cache = attention_forward(*arrays)
    gradients = attention_backward(rng.normal(size=y.shape), cache)
    assert {g.dtype for g in gradients} == {np.dtype(np.float32)}


Q, K, V = np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 5))
Y, CACHE = attention_forward(Q, K, V)
REFUSED = [
    (attention, (Q[0], K, V), {}, "Q: wanted shape (..., T, d), got (3,)"),
    (attention, (Q, K[:, :2], V), {}, "K: wanted shape (S, 3), got (4, 2)"),
    (attention, (Q[None], K, V), {}, "K: wanted shape (1, S, 3), got (4, 3)"),
    (attention, (Q, K, V[:3]), {}, "V: wanted shape (4, D), got (3, 5)"),
    (attention, (Q * np.nan, K, V), {}, "Q: wanted finite numbers, got nan"),
    (
        attention,
        (Q, K, V),
        dict(mask=np.ones((2, 4))),
        "mask: wanted truth values of shape (2, 4), got float64 of shape (2, 4)",
    ),
    (
        attention,
        (Q, K, V),
        dict(mask=np.eye(4, dtype=bool)),
        "mask: wanted truth values of shape (2, 4), got bool of shape (4, 4)",
    ),
    (
        attention,
        (Q, K, V),
        dict(mask=np.tri(2, 4, -1, dtype=bool)),
        "mask: wanted a key for each query, got none for 0",
    ),
    (
        attention,
        (Q, K, V),
        dict(mask=np.tri(2, 4, dtype=bool)[::-1] & [[True], [False]]),
        "mask: wanted a key for each query, got none for 1",
    ),
    (
        attention_backward,
        (Q, CACHE),
        {},
        "dy: wanted shape (2, 5) as y has",
    ),
    (attention_backward, (Y, (Y, CACHE)), {}, "cache: wanted AttentionCache, got the"),
]


@pytest.mark.parametrize(("function", "arguments", "settings", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(function, arguments, settings, message):
    with pytest.raises((TypeError, ValueError), match="^" + re.escape(message)):
        function(*arguments, **settings)
