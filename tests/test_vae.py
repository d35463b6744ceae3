"""The variational autoencoder: the code, the bound, and every gradient by hand."""

import re

import numpy as np
import pytest

from dlbook.backprop import Layer, minibatches, mlp
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient
from dlbook.linear_gaussian import LinearGaussian, log_evidence
from dlbook.losses import gaussian_kl
from dlbook.optim import SGD, Adam
from dlbook.vae import (
    ELBO,
    Code,
    VAEParams,
    decode,
    elbo,
    elbo_backward,
    encode,
    importance_weighted_bound,
    importance_weighted_gradients,
    init_params,
    kl_samples,
    log_likelihood,
    loss_and_gradients,
    monte_carlo_kl,
    reparameterise,
    reparameterise_backward,
    train,
    vae,
    vae_backward,
    vae_forward,
)
from named import named

BOUNDS = [
    dict(),
    dict(beta=0.0),
    dict(beta=4.0),
    dict(likelihood="gaussian"),
    dict(likelihood="gaussian", variance=0.3, beta=2.0),
]


def with_bound(params, likelihood="bernoulli", **settings):
    """Parameters that know the likelihood, and what else the loss is told."""
    return params._replace(likelihood=likelihood), settings


def under(params, hidden):
    """The same model with another activation in its hidden layers."""
    return params._replace(
        encoder=named(params.encoder, hidden, hidden),
        decoder=named(params.decoder, hidden),
    )


def random_case(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=2 + seed % 3).tolist()
    params = init_params(*sizes, rng=rng, dtype=dtype)
    batch = () if seed % 2 else (int(rng.integers(1, 6)),)
    x = rng.uniform(size=(*batch, sizes[0])).astype(dtype)
    return rng, params, x, rng.normal(size=(*batch, sizes[-1])).astype(dtype)


def leaves(params):
    layers = (*params.encoder, params.mu, params.log_var, *params.decoder)
    return [array for layer in layers for array in layer[:2]]


def test_the_closed_form_divergence_of_the_chapters_example():
    mu, sigma = [0.5], 2.0
    right = gaussian_kl(mu, [np.log(sigma**2)])
    np.testing.assert_allclose(right, 0.93185, atol=5e-6)
    np.testing.assert_allclose(gaussian_kl(mu, [np.log(sigma)]), 0.2784, atol=5e-5)
    bound = elbo([0.0], [0.0], mu, [np.log(sigma**2)])
    np.testing.assert_allclose(bound.kl, right)
    np.testing.assert_allclose(bound.elbo - bound.reconstruction, -0.9319, atol=5e-5)


def test_the_heads_are_affine_in_the_last_hidden_layer():
    rng, params, _, _ = random_case(2)
    x = rng.normal(size=(4, params.encoder[0].W.shape[1]))
    h = x
    for W, b, _ in params.encoder:
        h = np.tanh(h @ W.T + b)
    code = encode(x, params)
    for part, (W, b, _) in zip(code, (params.mu, params.log_var), strict=True):
        np.testing.assert_allclose(part, h @ W.T + b, rtol=1e-12)
    relu = encode(x, under(params, "relu"))
    assert (relu.mu != code.mu).any()
    np.testing.assert_allclose(encode(x[1], params).mu, code.mu[1], rtol=1e-12)


def test_every_hidden_layer_of_the_encoder_has_the_activation_named():
    rng = np.random.default_rng(1)
    params = init_params(4, 5, 3, 2, hidden="relu", rng=rng)
    assert [layer.phi for layer in params.encoder] == ["relu", "relu"]
    assert [layer.phi for layer in params.decoder] == ["relu", "relu", "identity"]
    x = rng.normal(size=(6, 4))
    expected = mlp(mlp(x, params.encoder), (params.mu,))
    np.testing.assert_allclose(encode(x, params).mu, expected)


def test_without_hidden_layers_the_heads_see_the_input():
    rng = np.random.default_rng(0)
    params = init_params(3, 2, rng=rng)
    assert params.encoder == ()
    x = rng.normal(size=3)
    mu, log_var = encode(x, params)
    np.testing.assert_allclose(mu, params.mu.W @ x + params.mu.b)
    np.testing.assert_allclose(log_var, params.log_var.W @ x + params.log_var.b)


def test_a_sample_is_the_mean_plus_sigma_times_the_noise():
    mu, sigma, eps = np.array([[0.5, -1.0], [0.0, 2.0]]), np.array([2.0, 0.1]), 0.7
    log_var = np.broadcast_to(np.log(sigma**2), mu.shape)
    z = reparameterise(mu, log_var, np.full(mu.shape, eps))
    np.testing.assert_allclose(z, mu + sigma * eps, rtol=1e-14)
    np.testing.assert_array_equal(reparameterise(mu, log_var, 0 * mu), mu)


def test_samples_have_the_codes_mean_and_variance():
    rng = np.random.default_rng(1)
    mu, log_var = np.full((50_000, 1), 0.5), np.full((50_000, 1), np.log(4.0))
    z = reparameterise(mu, log_var, rng.standard_normal(mu.shape))
    np.testing.assert_allclose([z.mean(), z.std()], [0.5, 2.0], atol=0.03)


@pytest.mark.parametrize("shape", [(3,), (5, 3)])
def test_the_gradient_passes_through_the_sample(shape):
    rng = np.random.default_rng(2)
    mu, log_var, eps, d_z = rng.normal(size=(4, *shape))
    grads = reparameterise_backward(d_z, log_var, eps)
    check_gradient(
        lambda code: np.sum(d_z * reparameterise(*code, eps)), Code(mu, log_var), grads
    )


def test_decoding_gives_the_mean_of_the_likelihood():
    rng = np.random.default_rng(3)
    params = init_params(3, 4, 2, rng=rng)
    decoder = params.decoder
    z = rng.normal(size=(5, 2))
    out = np.tanh(z @ decoder[0].W.T + decoder[0].b) @ decoder[1].W.T + decoder[1].b
    np.testing.assert_allclose(decode(z, params), 1 / (1 + np.exp(-out)), rtol=1e-12)
    params = params._replace(likelihood="gaussian")
    mean = decode(z, params)
    np.testing.assert_allclose(mean, out, rtol=1e-12)
    assert (decode(z, under(params, "relu")) != mean).any()


@pytest.mark.parametrize("shape", [(4,), (6, 4)])
def test_the_log_likelihood_is_a_sum_over_entries(shape):
    rng = np.random.default_rng(4)
    x, out = rng.uniform(size=shape), rng.normal(size=shape)
    p = 1 / (1 + np.exp(-out))
    expected = np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=-1)
    np.testing.assert_allclose(log_likelihood(out, x), expected, rtol=1e-12)
    v = 0.3
    density = np.exp(-((x - out) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)
    value = log_likelihood(out, x, likelihood="gaussian", variance=v)
    np.testing.assert_allclose(value, np.log(density).sum(axis=-1), rtol=1e-12)
    unit = log_likelihood(out, x, likelihood="gaussian", variance=1.0)
    default = log_likelihood(out, x, likelihood="gaussian")
    np.testing.assert_array_equal(default, unit)


def test_the_bound_is_the_mean_reconstruction_minus_the_mean_divergence():
    rng = np.random.default_rng(5)
    x, out = rng.uniform(size=(6, 4)), rng.normal(size=(6, 4))
    mu, log_var = rng.normal(size=(2, 6, 3))
    for bound in BOUNDS:
        value = elbo(out, x, mu, log_var, **bound)
        kind = {k: v for k, v in bound.items() if k != "beta"}
        reconstruction = np.mean(log_likelihood(out, x, **kind))
        kl = np.mean(np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=1)) / 2
        beta = bound.get("beta", 1.0)
        expected = ELBO(reconstruction - beta * kl, reconstruction, kl)
        np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("batch", [(), (1,), (5,)])
def test_the_bound_has_its_gradients(bound, batch):
    rng = np.random.default_rng(6)
    x, out = rng.uniform(size=(*batch, 4)), rng.normal(size=(*batch, 4))
    mu, log_var = rng.normal(size=(2, *batch, 3))
    for upstream in (1.0, -2.5):
        grads = elbo_backward(upstream, out, x, mu, log_var, **bound)
        check_gradient(
            lambda a, d=upstream: d * elbo(a[0], x, *a[1:], **bound).elbo,
            (out, mu, log_var),
            tuple(grads),
        )


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("hidden", ["tanh", "softplus"])
def test_every_gradient_of_the_network_equals_its_numerical_one(seed, hidden):
    rng, params, x, eps = random_case(seed)
    params = under(params, hidden)
    run, cache = vae_forward(x, params, eps)
    d_out = rng.normal(size=run.out.shape)
    d_mu, d_log_var = rng.normal(size=(2, *eps.shape))
    d_x, grads = vae_backward(d_out, d_mu, d_log_var, cache)

    def loss(tree):
        c = vae(*tree, eps)
        direct = np.sum(d_mu * c.code.mu) + np.sum(d_log_var * c.code.log_var)
        return np.sum(d_out * c.out) + direct

    check_gradient(loss, (x, params), (d_x, grads))
    without, same = vae_backward(d_out, d_mu, d_log_var, cache, wrt_x=False)
    assert without is None
    for a, b in zip(leaves(same), leaves(grads), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bound", BOUNDS)
def test_the_loss_is_the_negative_bound_and_has_its_gradients(seed, bound):
    rng, params, x, eps = random_case(seed)
    params, settings = with_bound(params, **bound)
    done = loss_and_gradients(x, params, eps, **settings)
    run = vae(x, params, eps)
    value = elbo(run.out, x, *run.code, **bound)
    assert done.loss == -value.elbo
    assert (done.reconstruction, done.kl) == (value.reconstruction, value.kl)
    check_gradient(
        lambda p: loss_and_gradients(x, p, eps, **settings).loss,
        params,
        done.gradients,
    )


def test_the_forward_pass_is_its_parts_in_a_row():
    _, params, x, eps = random_case(2)
    for hidden in ("tanh", "relu"):
        params = under(params, hidden)
        run, cache = vae_forward(x, params, eps)
        code = encode(x, params)
        np.testing.assert_array_equal(run.mu, code.mu)
        np.testing.assert_array_equal(run.log_var, code.log_var)
        np.testing.assert_array_equal(run.z, reparameterise(*code, eps))
        out = decode(run.z, params._replace(likelihood="gaussian"))
        np.testing.assert_array_equal(run.out, out)
        np.testing.assert_array_equal(vae(x, params, eps).out, out)
        done = loss_and_gradients(x, params, eps)
        assert done.loss == -elbo(out, x, *code).elbo


def test_a_mean_reduced_reconstruction_hides_a_beta():
    rng = np.random.default_rng(7)
    x, out = rng.uniform(size=(6, 4)), rng.normal(size=(6, 4))
    mu, log_var = rng.normal(size=(2, 6, 3))
    value = elbo(out, x, mu, log_var)
    mixed = value.reconstruction / 4 - value.kl
    hidden = elbo(out, x, mu, log_var, beta=4.0).elbo
    np.testing.assert_allclose(4 * mixed, hidden, rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_divergence_is_never_negative(seed):
    rng = np.random.default_rng(seed)
    shape = (3,) if seed % 2 else (5, 3)
    mu, log_var = rng.normal(size=(2, *shape)) * rng.choice([1e-9, 1e-3, 1, 5])
    assert gaussian_kl(mu, log_var) >= 0 == gaussian_kl(0 * mu, 0 * log_var)
    assert elbo(mu, 0 * mu, mu, log_var).kl >= 0


@pytest.mark.parametrize("seed", range(5))
def test_samples_estimate_the_divergence_within_their_standard_error(seed):
    rng = np.random.default_rng(seed)
    mu, log_var = rng.normal(size=(2, 4, 3))
    mean, error = monte_carlo_kl(mu, log_var, 20_000, rng=rng)
    exact = gaussian_kl(mu, log_var, "none")
    assert mean.shape == error.shape == (4,)
    assert (np.abs(mean - exact) < 4 * error).all()
    one = monte_carlo_kl(mu[0], log_var[0], 2, rng=np.random.default_rng(3))
    eps = np.random.default_rng(3).standard_normal((2, 3))
    a, b = kl_samples(mu[0], log_var[0], eps)
    np.testing.assert_allclose(one.mean, (a + b) / 2)
    np.testing.assert_allclose(one.standard_error, abs(a - b) / 2)


def test_the_standard_error_says_how_far_estimates_scatter():
    rng = np.random.default_rng(8)
    code = [0.5, -1.0], [1.0, -0.5]
    runs = [monte_carlo_kl(*code, 200, rng=rng) for _ in range(400)]
    scatter = np.std([run.mean for run in runs])
    claimed = np.mean([run.standard_error for run in runs])
    np.testing.assert_allclose(scatter, claimed, rtol=0.1)


def test_a_sampled_log_ratio_is_that_of_the_two_densities():
    rng = np.random.default_rng(9)
    mu, log_var, eps = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(7, 3))
    sigma = np.exp(log_var / 2)
    z = mu + sigma * eps
    q = np.exp(-(((z - mu) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    p = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    expected = np.log(q / p).sum(axis=1)
    np.testing.assert_allclose(kl_samples(mu, log_var, eps), expected, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("log_var", [-50.0, 50.0])
def test_extreme_variances_give_finite_numbers(dtype, log_var):
    mu, s, eps = np.array([[0.5], [log_var], [1.0]], dtype)
    z = reparameterise(mu, s, eps)
    arrays = [z, *reparameterise_backward(z, s, eps)]
    arrays += [kl_samples(mu, s, eps[None]), *monte_carlo_kl(mu, s, 5, rng=RNG)]
    x = np.array([0.5], dtype)
    arrays += [*elbo(x, x, mu, s), *elbo_backward(-1, x, x, mu, s)]
    assert all(np.isfinite(a).all() and a.dtype == dtype for a in arrays)
    np.testing.assert_allclose(z, 0.5 + np.exp(log_var / 2), rtol=1e-5)


@pytest.mark.parametrize("logit", [-1000.0, 1000.0])
def test_extreme_logits_give_their_limits(logit):
    x, out = np.array([0.0, 1.0]), np.full(2, logit)
    assert log_likelihood(out, x) == -1000
    d_out = elbo_backward(1.0, out, x, [0.0], [0.0]).out
    np.testing.assert_array_equal(d_out, x - (logit > 0))
    decoder = (Layer([[logit]], [0.0], "identity"),)
    assert decode([1.0], VAEParams((), None, None, decoder)) == (logit > 0)


# Several samples


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("seed", range(4))
def test_a_weight_is_the_quotient_of_the_densities(likelihood, seed):
    rng, params, x, _ = random_case(seed)
    params = params._replace(likelihood=likelihood)
    mu, log_var = encode(x, params)
    eps = rng.normal(size=(6, *mu.shape))
    for e in eps:
        one = importance_weighted_bound(x, params, e[None], variance=0.3)
        run = vae(x, params, e)
        log_p = log_likelihood(run.out, x, likelihood=likelihood, variance=0.3)
        sigma = np.exp(log_var / 2)
        log_q = np.sum(-(e**2) / 2 - np.log(sigma * np.sqrt(2 * np.pi)), axis=-1)
        prior = np.sum(-(run.z**2) / 2 - np.log(2 * np.pi) / 2, axis=-1)
        np.testing.assert_allclose(one, np.mean(log_p + prior - log_q), rtol=1e-10)


def test_more_samples_tighten_the_bound_to_the_exact_evidence():
    rng = np.random.default_rng(3)
    W, b, v = rng.normal(size=(3, 2)), rng.normal(size=3), 0.5
    x, zero = rng.normal(size=(20, 3)), np.zeros((2, 3))
    params = VAEParams(
        (),
        Layer(zero, np.zeros(2), "identity"),
        Layer(zero, np.zeros(2), "identity"),
        (Layer(W, b, "identity"),),
        "gaussian",
    )
    exact = log_evidence(x, LinearGaussian(W, b, v)).mean()
    bounds = []
    for samples in (1, 10, 100, 20_000):
        runs = [
            importance_weighted_bound(
                x, params, rng.normal(size=(samples, 20, 2)), variance=v
            )
            for _ in range(max(1, 400 // samples))
        ]
        bounds.append(np.mean(runs))
    assert bounds[0] < bounds[1] < bounds[2] < exact
    np.testing.assert_allclose(bounds[-1], exact, atol=0.05)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("seed", range(6))
def test_the_bound_of_several_samples_has_its_gradients(likelihood, seed):
    rng, params, x, eps = random_case(seed)
    params = params._replace(likelihood=likelihood)
    eps = rng.normal(size=(3, *eps.shape))
    done = importance_weighted_gradients(x, params, eps, variance=0.3)
    bound = importance_weighted_bound(x, params, eps, variance=0.3)
    np.testing.assert_allclose(done.loss, -bound, rtol=1e-14)

    def loss(params):
        return -importance_weighted_bound(x, params, eps, variance=0.3)

    check_gradient(loss, params, done.gradients)


def test_of_one_sample_the_bound_is_that_samples_evidence_lower_bound():
    _, params, x, eps = random_case(2)
    run = vae(x, params, eps)
    kl = kl_samples(*run.code, eps[None]).mean()
    expected = log_likelihood(run.out, x).mean() - kl
    found = importance_weighted_bound(x, params, eps[None])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_variance_of_the_bound_is_1_if_nothing_is_said():
    _, params, x, eps = random_case(2)
    params = params._replace(likelihood="gaussian")
    bounds = [importance_weighted_bound, lambda *a, **v: -tight(*a, **v).loss]
    tight, said = importance_weighted_gradients, dict(variance=1)
    for bound in bounds:
        assert bound(x, params, eps[None]) == bound(x, params, eps[None], **said)


def two_clusters(n=200):
    rng = np.random.default_rng(10)
    x = np.repeat([[0.1, 0.9, 0.5], [0.9, 0.1, 0.5]], n // 2, axis=0)
    return rng, (rng.random((n, 3)) < x).astype(float)


def test_training_raises_the_bound_and_reports_its_parts():
    rng, x = two_clusters()
    start = init_params(3, 8, 1, rng=rng)
    settings = dict(epochs=40, batch_size=20, rng=rng)
    epochs = list(train(x, start, Adam(lr=0.01), **settings))
    assert [e.epoch for e in epochs] == list(range(1, 41))
    assert epochs[-1].loss < epochs[0].loss - 0.1
    for e in epochs:
        np.testing.assert_allclose(e.loss, e.kl - e.reconstruction, rtol=1e-12)
        assert e.kl >= 0


def test_a_large_beta_collapses_the_code():
    rng, x = two_clusters(100)
    divergences = []
    for beta in (0.1, 1.0, 20.0):
        start = init_params(3, 8, 2, rng=np.random.default_rng(11))
        settings = dict(epochs=60, batch_size=25, rng=rng, beta=beta)
        *_, last = train(x, start, Adam(lr=0.01), **settings)
        divergences.append(gaussian_kl(*encode(x, last.params)))
    assert divergences[0] > divergences[1] > divergences[2]
    assert divergences[2] < 0.01


@pytest.mark.parametrize("bound", [{}, dict(likelihood="gaussian", variance=0.5)])
def test_an_epoch_is_its_steps_in_the_order_of_the_seed(bound):
    _, x = two_clusters(10)
    params = init_params(3, 4, 2, hidden="relu", rng=np.random.default_rng(12))
    params, settings = with_bound(params, **bound)
    sgd = SGD(lr=0.1)
    epochs = list(
        train(x, params, sgd, epochs=2, batch_size=4,
              rng=np.random.default_rng(13), **settings)
    )  # fmt: skip
    rng = np.random.default_rng(13)
    for epoch in epochs:
        total = np.zeros(3)
        for rows in minibatches(10, 4, rng=rng):
            eps = rng.standard_normal((len(rows), 2))
            done = loss_and_gradients(x[rows], params, eps, **settings)
            params, _ = sgd.update(params, done.gradients, ())
            total += len(rows) * np.array(done[:3])
        np.testing.assert_allclose(epoch[1:4], total / 10, rtol=1e-13)
        for a, b in zip(leaves(epoch.params), leaves(params), strict=True):
            np.testing.assert_array_equal(a, b)


def test_initial_layers_mirror_each_other():
    params = init_params(7, 5, 3, 2, rng=np.random.default_rng(0))
    assert [p.W.shape for p in params.encoder] == [(5, 7), (3, 5)]
    assert params.mu.W.shape == params.log_var.W.shape == (2, 3)
    assert [p.W.shape for p in params.decoder] == [(3, 2), (5, 3), (7, 5)]
    assert (params.mu.W != params.log_var.W).any()


def test_float32_stays_float32():
    for seed in (2, 3):
        rng, params, x, eps = random_case(seed, np.float32)
        run, cache = vae_forward(x, params, eps.astype(float))
        assert cache.eps.dtype == np.float32
        for bound in BOUNDS:
            same, settings = with_bound(params, **bound)
            done = loss_and_gradients(x, same, eps.astype(float), **settings)
            arrays = [*done[:3], *leaves(done.gradients), *run]
            tight = importance_weighted_gradients(x, same, eps[None].astype(float))
            arrays += [tight.loss, *leaves(tight.gradients)]
            assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
        epochs = dict(epochs=1, batch_size=2, rng=rng)
        (epoch,) = train(np.atleast_2d(x), params, Adam(lr=0.1), **epochs)
        arrays = [*leaves(epoch.params), *monte_carlo_kl(*run.code, 3, rng=rng)]
        arrays += [gaussian_kl(*run.code), log_likelihood(run.out, x)]
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_a_live_figure_can_trace_the_whole_example():
    eps = np.array([0.3])

    def model(x, W_mu, b_mu, W_s, b_s, W_d, b_d, log_v):
        mu, log_var, last = (
            Layer(W, b, "identity") for W, b in ((W_mu, b_mu), (W_s, b_s), (W_d, b_d))
        )
        params = VAEParams((), mu, log_var, (last,))
        run = vae(x, params, eps)
        bern = elbo(run.out, x, *run.code)
        kind = dict(likelihood="gaussian", variance=np.exp(log_v))
        gauss = elbo(run.out, x, *run.code, **kind)
        done = loss_and_gradients(x, params, eps)
        return dict(
            z=run.z,
            mu=encode(x, params).mu,
            log_var=run.log_var,
            x_hat=decode(run.z, params),
            bern=np.stack(bern),
            gauss=np.stack(gauss),
            samples=kl_samples(*run.code, np.array([[0.1], [-1.0]])),
            loss=done.loss,
            dW=done.gradients.mu.W,
        )

    shapes = [(2,), (1, 2), (1,), (1, 2), (1,), (2, 1), (2,), ()]
    names = model.__code__.co_varnames[: len(shapes)]
    inputs = {n: np.full(s, 0.5) for n, s in zip(names, shapes, strict=True)}
    program, rng = trace(model, inputs), np.random.default_rng(14)
    for _ in range(20):
        values = {n: rng.normal(size=s) for n, s in zip(names, shapes, strict=True)}
        values["x"] = rng.uniform(size=2)
        replayed = program.replay(np.concatenate([v.ravel() for v in values.values()]))
        for name, expected in model(**values).items():
            np.testing.assert_allclose(replayed[name], expected, rtol=1e-11)


RNG = np.random.default_rng(0)
X, OUT, CODE = np.full((4, 3), 0.5), np.zeros((4, 3)), (np.zeros((4, 2)),) * 2
PARAMS = init_params(3, 2, rng=np.random.default_rng(1))
CACHE = vae_forward(X, PARAMS, CODE[0])[1]
FIT = dict(epochs=1, batch_size=2, rng=RNG)
AS_MU = "wanted shape (4, 2) as mu has, got (4, 3)"
KINDS = "likelihood: wanted one of 'bernoulli', 'gaussian', got 'poisson'"
GAUSS = dict(likelihood="gaussian")
REFUSED = [
    (encode, (X[:, :2], PARAMS), {}, "mu[0].W: wanted shape (K, 2), got (2, 3)"),
    (encode, (X[0, 0], PARAMS), {}, "x: wanted shape (..., D), got ()"),
    (reparameterise, (0.0, 0.0, 0.0), {}, "mu: wanted shape (..., L), got ()"),
    (reparameterise, (CODE[0], X, CODE[0]), {}, "log_var: " + AS_MU),
    (reparameterise, (*CODE, X), {}, "eps: " + AS_MU),
    (
        reparameterise,
        (*CODE, CODE[0] * np.nan),
        {},
        "eps: wanted finite numbers, got nan",
    ),
    (
        reparameterise_backward,
        (X, *CODE),
        {},
        "dz: wanted shape (4, 2) as log_var has, got (4, 3)",
    ),
    (
        reparameterise_backward,
        (CODE[0], CODE[0], X),
        {},
        "eps: wanted shape (4, 2) as log_var has, got (4, 3)",
    ),
    (
        reparameterise_backward,
        (0.0, 0.0, 0.0),
        {},
        "log_var: wanted shape (..., L), got ()",
    ),
    (decode, (CODE[0], PARAMS._replace(likelihood="poisson")), {}, "params." + KINDS),
    (init_params, (3, 2), {"likelihood": "poisson", "rng": RNG}, KINDS),
    (log_likelihood, (OUT, X), {"likelihood": "poisson"}, KINDS),
    (log_likelihood, (0.0, 0.0), {}, "out: wanted shape (..., D), got ()"),
    (log_likelihood, (OUT, X[0]), {}, "x: wanted shape (4, 3) as out has, got (3,)"),
    (log_likelihood, (OUT, 2 * X + 0.5), {}, "x: wanted values <= 1, got 1.5"),
    (log_likelihood, (OUT, -X), {}, "x: wanted values >= 0, got -0.5"),
    (
        log_likelihood,
        (OUT, X),
        {**GAUSS, "variance": -1},
        "variance: wanted a number > 0, got -1.0",
    ),
    (
        elbo,
        (OUT, X, *CODE),
        {"variance": 0},
        "variance: wanted a number > 0, got 0.0",
    ),
    (elbo, (OUT, X, *CODE), {"beta": -1}, "beta: wanted a number >= 0, got -1.0"),
    (elbo, (OUT, X, CODE[0], X), {}, "log_var: " + AS_MU),
    (
        elbo,
        (OUT, X, CODE[0][0], CODE[0][0]),
        {},
        "mu: wanted shape (4, L), got (2,)",
    ),
    (
        elbo_backward,
        (1.0, OUT, X, CODE[0][:2], CODE[0][:2]),
        {},
        "mu: wanted shape (4, L), got (2, 2)",
    ),
    (
        elbo_backward,
        (1.0, OUT, X, *CODE),
        {"beta": -1},
        "beta: wanted a number >= 0, got -1.0",
    ),
    (
        elbo_backward,
        (np.nan, OUT, X, *CODE),
        {},
        "d_elbo: wanted finite numbers, got nan",
    ),
    (vae, (X, PARAMS, X), {}, "eps: wanted shape (4, 2), got (4, 3)"),
    (
        vae,
        (X, PARAMS._replace(decoder=PARAMS.decoder * 2), CODE[0]),
        {},
        "decoder[1].W: wanted shape (K, 3), got (3, 2)",
    ),
    (
        loss_and_gradients,
        (2 * X + 0.5, PARAMS, CODE[0]),
        {},
        "x: wanted values <= 1, got 1.5",
    ),
    (
        loss_and_gradients,
        (X, PARAMS, CODE[0]),
        {"beta": -1},
        "beta: wanted a number >= 0, got -1.0",
    ),
    (
        train,
        (X, PARAMS, SGD(lr=1)),
        {**FIT, "variance": 0},
        "variance: wanted a number > 0, got 0.0",
    ),
    (
        vae_backward,
        (X[0], *CODE, CACHE),
        {},
        "d_out: wanted shape (4, 3) as the output has, got (3,)",
    ),
    (vae_backward, (X, X, CODE[0], CACHE), {}, "d_mu: " + AS_MU),
    (
        vae_backward,
        (X, CODE[0], X, CACHE),
        {},
        "d_log_var: wanted shape (4, 2) as log_var has, got (4, 3)",
    ),
    (train, (X[0], PARAMS, SGD(lr=1)), FIT, "x: wanted shape (N, D), got (3,)"),
    (
        train,
        (X, PARAMS, SGD(lr=1)),
        {**FIT, "epochs": 0},
        "epochs: wanted an integer >= 1, got 0",
    ),
    (
        train,
        (X, PARAMS, SGD(lr=1)),
        {**FIT, "batch_size": 0},
        "batch_size: wanted an integer >= 1, got 0",
    ),
    *(
        (
            function,
            (X, PARAMS, CODE[0]),
            {},
            "eps: wanted shape (S, 4, 2), got (4, 2)",
        )
        for function in (
            importance_weighted_bound,
            importance_weighted_gradients,
        )
    ),
    (
        importance_weighted_bound,
        (X + 1, PARAMS, CODE[0][None]),
        {},
        "x: wanted values <= 1, got 1.5",
    ),
    (
        kl_samples,
        (*CODE, CODE[0]),
        {},
        "eps: wanted shape (S, 4, 2), got (4, 2)",
    ),
    (monte_carlo_kl, (*CODE, 1), {"rng": RNG}, "n: wanted an integer >= 2, got 1"),
]


@pytest.mark.parametrize(("function", "args", "kwargs", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, kwargs, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args, **kwargs)


def test_what_is_no_model_or_no_setting_is_refused():
    with pytest.raises(TypeError, match="^params: wanted a VAEParams, got tuple$"):
        decode(CODE[0], PARAMS.decoder)
    with pytest.raises(TypeError, match="^cache: wanted VAECache, got the pair"):
        vae_backward(X, *CODE, vae_forward(X, PARAMS, CODE[0]))
    for wrong in ("bta", "hidden", "likelihood"):
        message = f"got an unexpected keyword argument '{wrong}'"
        with pytest.raises(TypeError, match=message):
            train(X, PARAMS, SGD(lr=1), **FIT, **{wrong: 3})


def test_a_missing_generator_is_refused():
    wanted = "^rng: wanted a numpy.random.Generator, got NoneType$"
    for act in (
        lambda: init_params(3, 2, rng=None),
        lambda: train(X, PARAMS, SGD(lr=1), **{**FIT, "rng": None}),
        lambda: monte_carlo_kl(*CODE, 5, rng=None),
    ):
        with pytest.raises(TypeError, match=wanted):
            act()
