"""The linear-Gaussian model: an evidence that is known, and bounds held against it."""

import re

import numpy as np
import pytest

from dlbook.compiler import trace
from dlbook.linear_gaussian import (
    LinearGaussian,
    best_code,
    exact_elbo,
    log_evidence,
    posterior,
)
from dlbook.vae import elbo, reparameterise


def random_model(seed, orthogonal=False):
    rng = np.random.default_rng(seed)
    d, k = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    W = rng.normal(size=(d, min(d, k)))
    if orthogonal:
        W = np.linalg.qr(W)[0] * rng.uniform(0.5, 2, W.shape[1])
    model = LinearGaussian(W, rng.normal(size=d), rng.uniform(0.2, 2))
    return rng, model, rng.normal(size=(5, d)) * 2


def log_normal(x, mean, covariance):
    d = x - mean
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    return -(d @ np.linalg.inv(covariance) @ d + log_det) / 2


def gaussian_divergence(m0, S0, m1, S1):
    """KL of one Gaussian from another, both with full covariance."""
    inverse, d = np.linalg.inv(S1), m1 - m0
    log_dets = np.linalg.slogdet(S1)[1] - np.linalg.slogdet(S0)[1]
    return (np.trace(inverse @ S0) + d @ inverse @ d - len(d) + log_dets) / 2


@pytest.mark.parametrize("seed", range(8))
def test_the_evidence_is_the_density_of_a_gaussian(seed):
    _, model, x = random_model(seed)
    W, b, v = model
    expected = [log_normal(row, b, W @ W.T + v * np.eye(len(b))) for row in x]
    np.testing.assert_allclose(log_evidence(x, model), expected, rtol=1e-10)
    np.testing.assert_allclose(log_evidence(x[2], model), expected[2], rtol=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_bayes_rule_joins_prior_likelihood_posterior_and_evidence(seed):
    rng, model, x = random_model(seed)
    W, b, v = model
    mean, covariance = posterior(x, model)
    z = rng.normal(size=W.shape[1])
    for row, m, evidence in zip(x, mean, log_evidence(x, model), strict=True):
        prior = log_normal(z, 0 * z, np.eye(len(z)))
        likelihood = log_normal(row, W @ z + b, v * np.eye(len(b)))
        total = prior + likelihood - log_normal(z, m, covariance)
        np.testing.assert_allclose(total, evidence, rtol=1e-9)
    np.testing.assert_allclose(posterior(x[1], model).mean, mean[1], rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_gap_to_the_evidence_is_the_divergence_from_the_posterior(seed):
    rng, model, x = random_model(seed)
    mean, covariance = posterior(x, model)
    mu, log_var = rng.normal(size=(2, *mean.shape))
    bound = exact_elbo(x, model, mu, log_var)
    gap = log_evidence(x, model) - bound.elbo
    assert (gap >= 0).all()
    expected = [
        gaussian_divergence(m, np.diag(np.exp(s)), p, covariance)
        for m, s, p in zip(mu, log_var, mean, strict=True)
    ]
    np.testing.assert_allclose(gap, expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(bound.elbo, bound.reconstruction - bound.kl, rtol=1e-12)
    one = exact_elbo(x[0], model, mu[0], log_var[0])
    np.testing.assert_allclose(one, [part[0] for part in bound], rtol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_is_tight_at_the_posterior(seed):
    _, model, x = random_model(seed, orthogonal=True)
    code = best_code(x, model)
    bound = exact_elbo(x, model, *code).elbo
    np.testing.assert_allclose(bound, log_evidence(x, model), rtol=1e-10)
    mean, covariance = posterior(x, model)
    np.testing.assert_allclose(code.mu, mean)
    variances = np.broadcast_to(np.diag(covariance), mean.shape)
    np.testing.assert_allclose(np.exp(code.log_var), variances)


@pytest.mark.parametrize("seed", range(8))
def test_no_other_code_with_independent_entries_has_a_larger_bound(seed):
    rng, model, x = random_model(seed)
    code = best_code(x, model)
    best = exact_elbo(x, model, *code).elbo
    for scale in (0.01, 0.1, 1.0):
        mu, log_var = (a + scale * rng.normal(size=a.shape) for a in code)
        assert (exact_elbo(x, model, mu, log_var).elbo < best).all()
    assert (best <= log_evidence(x, model) + 1e-12).all()


def test_sampling_gives_the_exact_bound_on_average():
    rng, model, x = random_model(3)
    mu, log_var = 0.5 * rng.normal(size=(2, model.W.shape[1]))
    n = 40_000
    eps = rng.standard_normal((n, len(mu)))
    tile = [np.broadcast_to(a, (n, len(a))) for a in (x[0], mu, log_var)]
    out = reparameterise(tile[1], tile[2], eps) @ model.W.T + model.b
    kind = dict(likelihood="gaussian", variance=model.variance)
    sampled = elbo(tile[0], out, *tile[1:], **kind)
    exact = exact_elbo(x[0], model, mu, log_var)
    np.testing.assert_allclose(sampled.reconstruction, exact.reconstruction, rtol=0.02)
    np.testing.assert_allclose(sampled.kl, exact.kl, rtol=1e-12)


def test_a_live_figure_can_trace_the_bound():
    _, model, x = random_model(2)
    k = model.W.shape[1]
    program = trace(
        lambda mu, log_var: exact_elbo(x[0], model, mu, log_var)._asdict(),
        {"mu": np.zeros(k), "log_var": np.zeros(k)},
    )
    for values in np.random.default_rng(0).normal(size=(20, 2 * k)):
        expected = exact_elbo(x[0], model, values[:k], values[k:])._asdict()
        replayed = program.replay(values)
        for name, value in expected.items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-12)


def test_float32_stays_float32():
    _, model, x = random_model(1)
    W, b, v = model
    model = LinearGaussian(W.astype(np.float32), b.astype(np.float32), v)
    x = x.astype(np.float32)
    code = best_code(x, model)
    arrays = [log_evidence(x, model), *posterior(x, model), *code]
    arrays += exact_elbo(x, model, *code)
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_the_code_may_be_changed_by_its_owner():
    _, model, x = random_model(1)
    code = best_code(x, model)
    code.log_var[0] = 0
    assert best_code(x, model).log_var[0].all()


MODEL = LinearGaussian(np.ones((3, 2)), np.zeros(3), 1.0)
X = np.ones((4, 3))
POSITIVE = "variance: wanted a number > 0, got "
AS_MU = "log_var: wanted shape (4, 2) as mu has, got (4, 3)"
REFUSED = [
    (log_evidence, (X, MODEL._replace(W=[1.0])), "W: wanted shape (D, L), got (1,)"),
    (log_evidence, (X, MODEL._replace(b=[1.0])), "b: wanted shape (3,), got (1,)"),
    (posterior, (X[:, :2], MODEL), "x: wanted shape (..., 3), got (4, 2)"),
    (best_code, (X, MODEL._replace(variance=-1)), POSITIVE + "-1.0"),
    (exact_elbo, (X, MODEL._replace(variance=0), X, X), POSITIVE + "0.0"),
    (exact_elbo, (X, MODEL, X, X), "mu: wanted shape (4, 2), got (4, 3)"),
    (exact_elbo, (X, MODEL, X[:, :2], X), AS_MU),
]


@pytest.mark.parametrize(("function", "args", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args)
