"""The autoencoder: the source's example corrected, its gradients, PCA's floor."""

import re
from functools import partial

import numpy as np
import pytest

from dlbook.autoencoder import (
    LINEAR,
    AEParams,
    add_noise,
    autoencode,
    autoencode_backward,
    autoencode_forward,
    d_reconstruction_error,
    decode,
    encode,
    init_params,
    loss_and_gradients,
    mask,
    pca_floor,
    reconstruction_error,
    train,
)
from dlbook.backprop import Layer, minibatches
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient
from dlbook.optim import SGD, Adam, Momentum
from dlbook.pca import pca, principal_angles, projector
from named import named

X = np.array([1, 0.5])
SOURCE = AEParams(
    (Layer(np.array([[0.5, 0.4], [0.3, 0.2]]), np.array([0.1, -0.1]), "tanh"),),
    (Layer(np.array([[0.5, 0.3], [0.4, 0.2]]), np.array([0.2, 0.1]), "sigmoid"),),
)


def under(params, hidden="tanh", code="tanh", output="sigmoid"):
    """The same autoencoder with other activations."""
    return AEParams(
        named(params.encoder, hidden, code), named(params.decoder, hidden, output)
    )


def random_case(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=rng.integers(2, 4)).tolist()
    params = init_params(*sizes, rng=rng, dtype=dtype)
    params = AEParams(
        *(
            tuple(
                layer._replace(b=rng.normal(size=layer.b.shape).astype(dtype))
                for layer in layers
            )
            for layers in params
        )
    )
    shape = (sizes[0],) if seed % 2 else (int(rng.integers(1, 7)), sizes[0])
    return rng, params, rng.uniform(size=shape).astype(dtype)


def test_the_sources_example_comes_out_corrected():
    W, b, _ = SOURCE.encoder[0]
    np.testing.assert_allclose(W @ X, [0.7, 0.4])
    np.testing.assert_allclose(W @ X + b, [0.8, 0.3])
    h = encode(X, SOURCE)
    np.testing.assert_allclose(h, [0.66403677, 0.29131261], atol=5e-9)
    x_hat = decode(h, SOURCE)
    np.testing.assert_allclose(x_hat, [0.65008484, 0.60441066], atol=5e-9)
    run, cache = autoencode_forward(X, SOURCE)
    np.testing.assert_array_equal(cache.h, h)
    np.testing.assert_array_equal(run, x_hat)
    assert abs(h - np.tanh([0.85, 0.4])).max() > 0.02


def test_the_encoder_ends_in_tanh_and_the_decoder_in_sigmoid():
    rng = np.random.default_rng(1)
    x, params = rng.normal(size=(6, 3)), init_params(3, 4, 2, rng=rng)
    (W1, b1, _), (W2, b2, _) = params.encoder
    h = np.tanh(np.tanh(x @ W1.T + b1) @ W2.T + b2)
    np.testing.assert_allclose(encode(x, params), h, rtol=1e-13)
    (W1, b1, _), (W2, b2, _) = params.decoder
    logits = np.tanh(h @ W1.T + b1) @ W2.T + b2
    expected = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(decode(h, params), expected, rtol=1e-13)
    np.testing.assert_allclose(autoencode(x, params), expected, rtol=1e-13)


def test_the_activations_can_be_named():
    rng = np.random.default_rng(2)
    names = dict(hidden="relu", code="softplus", output="identity")
    x, params = rng.normal(size=(6, 3)), init_params(3, 4, 2, rng=rng, **names)
    assert [layer.phi for layer in params.encoder] == ["relu", "softplus"]
    assert [layer.phi for layer in params.decoder] == ["relu", "identity"]
    h = encode(x, params)
    x_hat = decode(h, params)
    run, cache = autoencode_forward(x, params)
    np.testing.assert_array_equal(cache.h, h)
    np.testing.assert_array_equal(run, x_hat)
    assert (h > 0).all() and x_hat.min() < 0
    linear = autoencode(x, under(params, **LINEAR))
    W = np.eye(3)
    for layer in params.encoder + params.decoder:
        W = layer.W @ W
    np.testing.assert_allclose(linear, x @ W.T, rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("names", [{}, LINEAR, dict(hidden="relu", code="softplus")])
def test_every_gradient_equals_its_numerical_one(seed, names):
    rng, params, x = random_case(seed)
    params = under(params, **names)
    _, cache = autoencode_forward(x, params)
    d_x_hat = rng.normal(size=x.shape)
    d_x, grads = autoencode_backward(d_x_hat, cache)

    def loss(tree):
        return np.sum(d_x_hat * autoencode(*tree))

    check_gradient(loss, (x, params), (d_x, grads))
    without, same = autoencode_backward(d_x_hat, cache, wrt_x=False)
    assert without is None
    np.testing.assert_array_equal(same.encoder[0].W, grads.encoder[0].W)


@pytest.mark.parametrize("seed", range(6))
def test_the_error_has_its_gradient_with_and_without_a_clean_target(seed):
    rng, params, x = random_case(seed)
    clean = x + rng.normal(size=x.shape)
    for target in (None, clean):
        value, grads = loss_and_gradients(x, params, target=target)
        x_hat = autoencode(x, params)
        expected = reconstruction_error(x_hat, x if target is None else clean)
        np.testing.assert_allclose(value, expected, rtol=1e-14)
        check_gradient(
            lambda p, t=target: loss_and_gradients(x, p, target=t).loss, params, grads
        )


@pytest.mark.parametrize("shape", [(4,), (1, 4), (6, 4)])
def test_the_error_is_a_sum_over_entries_and_a_mean_over_examples(shape):
    rng = np.random.default_rng(3)
    x_hat, x = rng.normal(size=(2, *shape))
    rows = zip(np.atleast_2d(x_hat), np.atleast_2d(x), strict=True)
    expected = np.mean([sum((a - b) ** 2) for a, b in rows])
    np.testing.assert_allclose(reconstruction_error(x_hat, x), expected)
    check_gradient(
        lambda v: reconstruction_error(v, x), x_hat, d_reconstruction_error(x_hat, x)
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_linear_autoencoder_never_goes_below_pcas_floor(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 30)), int(rng.integers(2, 8))
    k, x = int(rng.integers(1, d)), rng.normal(size=(n, d)) * np.arange(1, d + 1)
    params = init_params(d, k, rng=rng, **LINEAR)
    *_, last = train(x, params, Adam(lr=0.05), epochs=20, batch_size=8, rng=rng)
    for p in (params, last.params):
        error = reconstruction_error(autoencode(x, p), x)
        assert error >= pca_floor(x, k) * (1 - 1e-12) - 1e-12


def test_a_linear_autoencoder_learns_pcas_span_but_not_its_components():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 4)) * [3.0, 2.0, 0.5, 0.2] + [1.0, -2.0, 0.0, 3.0]
    x = x @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    fit, start = pca(x, 2), init_params(4, 2, rng=rng, **LINEAR)
    settings = dict(epochs=1000, batch_size=200, rng=rng)
    *_, last = train(x, start, Adam(lr=0.02), **settings)
    *_, last = train(x, last.params, Momentum(lr=0.03), **settings)
    np.testing.assert_allclose(last.loss, pca_floor(x, 2), rtol=1e-5)
    decoder = last.params.decoder[0].W.T
    for W in (last.params.encoder[0].W, decoder):
        assert principal_angles(W, fit.components)[-1] < 1e-2
    np.testing.assert_allclose(projector(decoder), projector(fit.components), atol=1e-2)
    overlap = np.abs(fit.components @ decoder.T) / np.linalg.norm(decoder, axis=1)
    assert overlap.max() < 0.99, "only the span is learned, not the components"


def test_a_bent_autoencoder_follows_a_curve_below_pcas_floor():
    rng = np.random.default_rng(5)
    t = rng.uniform(-1, 1, 200)
    x = np.column_stack([t, t**2]) * [1, 1.5]
    names = dict(hidden="tanh", code="identity", output="identity")
    settings = dict(epochs=300, batch_size=50, rng=rng)
    start = init_params(2, 8, 1, rng=rng, **names)
    *_, last = train(x, start, Adam(lr=0.02), **settings)
    error = reconstruction_error(autoencode(x, last.params), x)
    assert error < 0.1 * pca_floor(x, 1)


def test_a_denoising_autoencoder_brings_corrupted_points_nearer():
    rng = np.random.default_rng(6)
    t = rng.uniform(-1, 1, (300, 1))
    x = t * [3.0, 4.0]
    corrupt = partial(add_noise, scale=0.5)
    settings = dict(epochs=60, batch_size=30, rng=rng, corrupt=corrupt)
    start = init_params(2, 1, rng=rng, **LINEAR)
    *_, last = train(x, start, Adam(lr=0.02), **settings)
    noisy = corrupt(x, rng=rng)
    cleaned = autoencode(noisy, last.params)
    before, after = reconstruction_error(noisy, x), reconstruction_error(cleaned, x)
    assert after < 0.6 * before
    np.testing.assert_allclose(last.loss, after, rtol=0.25)


def test_an_epoch_is_its_steps_in_the_order_of_the_seed():
    rng, params, _ = random_case(2)
    x = rng.uniform(size=(7, params.encoder[0].W.shape[1]))
    corrupt, sgd = partial(mask, rate=0.3), SGD(lr=0.1)
    settings = dict(epochs=2, batch_size=3, corrupt=corrupt)
    epochs = list(train(x, params, sgd, rng=np.random.default_rng(7), **settings))
    rng = np.random.default_rng(7)
    for number, epoch in enumerate(epochs, start=1):
        total = 0.0
        for rows in minibatches(7, 3, rng=rng):
            seen = corrupt(x[rows], rng=rng)
            loss, grads = loss_and_gradients(seen, params, target=x[rows])
            params, _ = sgd.update(params, grads, ())
            total += loss * len(rows)
        assert epoch.epoch == number
        np.testing.assert_allclose(epoch.loss, total / 7, rtol=1e-13)
        np.testing.assert_array_equal(epoch.params.encoder[0].W, params.encoder[0].W)


def test_noise_has_its_scale():
    x = np.full((300, 300), 2.0)
    noise = add_noise(x, 0.3, rng=np.random.default_rng(8)) - x
    drawn = 0.3 * np.random.default_rng(8).standard_normal(x.shape)
    np.testing.assert_allclose(noise, drawn, atol=1e-15)
    np.testing.assert_allclose(noise.std(), 0.3, rtol=0.02)
    assert abs(noise.mean()) < 0.005
    np.testing.assert_array_equal(add_noise(x, 0, rng=np.random.default_rng(8)), x)


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_masking_loses_its_part_and_keeps_the_rest(rate):
    x = np.full((300, 300), 2.0)
    seen = mask(x, rate, rng=np.random.default_rng(9))
    assert set(np.unique(seen)) <= {0.0, 2.0}
    np.testing.assert_allclose((seen == 0).mean(), rate, atol=0.01)


@pytest.mark.parametrize(
    "corrupt", [partial(add_noise, scale=1), partial(mask, rate=0.5)]
)
def test_corruptions_are_seeded_and_leave_their_argument_alone(corrupt):
    x = np.full((5, 4), 0.5, np.float32)
    one, same, other = (corrupt(x, rng=np.random.default_rng(s)) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert (x == 0.5).all()
    assert one.dtype == np.float32


def test_float32_stays_float32():
    rng, params, x = random_case(4, np.float32)
    _, cache = autoencode_forward(x, params)
    d_x, grads = autoencode_backward(np.ones(x.shape), cache)
    layers = grads.encoder + grads.decoder
    arrays = [cache.h, cache.x_hat, d_x, *(a for layer in layers for a in layer[:2])]
    arrays += [reconstruction_error(cache.x_hat, x.astype(float))]
    arrays += [d_reconstruction_error(cache.x_hat, x.astype(float))]
    arrays += [loss_and_gradients(x, params).loss]
    (epoch,) = train(x, params, Adam(lr=0.1), epochs=1, batch_size=2, rng=rng)
    arrays += [*epoch.params.encoder[0][:2], *epoch.params.decoder[0][:2]]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_extreme_inputs_saturate_and_stay_finite():
    x = np.array([[1e4, -1e4]])
    loss, grads = loss_and_gradients(x, SOURCE)
    assert np.isfinite(loss)
    layers = grads.encoder + grads.decoder
    assert all(np.isfinite(a).all() for layer in layers for a in layer[:2])
    np.testing.assert_allclose(np.abs(encode(x, SOURCE)), 1)


def test_a_live_figure_can_trace_the_sources_example():
    def model(x, W_e, b_e, W_d, b_d):
        encoder, decoder = Layer(W_e, b_e, "tanh"), Layer(W_d, b_d, "sigmoid")
        params = AEParams((encoder,), (decoder,))
        x_hat, cache = autoencode_forward(x, params)
        loss, grads = loss_and_gradients(x, params)
        return dict(
            h=encode(x, params),
            x_hat=decode(cache.h, params),
            error=reconstruction_error(x_hat, x),
            loss=loss,
            dW=grads.encoder[0].W,
        )

    inputs = dict(
        x=X,
        W_e=SOURCE.encoder[0].W,
        b_e=SOURCE.encoder[0].b,
        W_d=SOURCE.decoder[0].W,
        b_d=SOURCE.decoder[0].b,
    )
    program, rng = trace(model, inputs), np.random.default_rng(17)
    for _ in range(50):
        values = [rng.normal(size=np.shape(v)) for v in inputs.values()]
        replayed = program.replay(np.concatenate([v.ravel() for v in values]))
        for name, value in model(*values).items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-11, atol=1e-15)


RNG = np.random.default_rng(0)
FIT = dict(epochs=1, batch_size=2, rng=RNG)
BATCH = np.ones((4, 2))
REFUSED = [
    (encode, (1.0, SOURCE), {}, "x: wanted shape (..., D), got ()"),
    (
        encode,
        (np.ones(3), SOURCE),
        {},
        "encoder[0].W: wanted shape (K, 3), got (2, 2)",
    ),
    (encode, (X * np.nan, SOURCE), {}, "x: wanted finite numbers, got nan"),
    (
        decode,
        (np.ones(3), SOURCE),
        {},
        "decoder[0].W: wanted shape (K, 3), got (2, 2)",
    ),
    (
        autoencode_backward,
        (np.ones(3), autoencode_forward(X, SOURCE)[1]),
        {},
        "d_x_hat: wanted shape (2,) as the reconstruction has, got (3,)",
    ),
    (reconstruction_error, (1.0, 1.0), {}, "x_hat: wanted shape (..., D), got ()"),
    (
        reconstruction_error,
        (X, np.ones((1, 2))),
        {},
        "x: wanted shape (2,) as x_hat has, got (1, 2)",
    ),
    (
        d_reconstruction_error,
        (X, np.ones(3)),
        {},
        "x: wanted shape (2,) as x_hat has, got (3,)",
    ),
    (
        loss_and_gradients,
        (X, SOURCE),
        {"target": np.ones(3)},
        "target: wanted shape (2,) as the reconstruction has, got (3,)",
    ),
    (train, (X, SOURCE, SGD(lr=1)), FIT, "x: wanted shape (N, D), got (2,)"),
    (
        train,
        (BATCH, SOURCE, SGD(lr=1)),
        {**FIT, "epochs": 0},
        "epochs: wanted an integer >= 1, got 0",
    ),
    (
        train,
        (BATCH, SOURCE, SGD(lr=1)),
        {**FIT, "batch_size": 0},
        "batch_size: wanted an integer >= 1, got 0",
    ),
    *(
        (corrupt, ([np.nan], 0.5), {"rng": RNG}, "x: wanted finite numbers, got nan")
        for corrupt in (add_noise, mask)
    ),
    (add_noise, (X, -1), {"rng": RNG}, "scale: wanted a number >= 0, got -1.0"),
    (mask, (X, 1.5), {"rng": RNG}, "rate: wanted a number <= 1, got 1.5"),
    (mask, (X, -0.5), {"rng": RNG}, "rate: wanted a number >= 0, got -0.5"),
]


@pytest.mark.parametrize(("function", "args", "kwargs", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, kwargs, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args, **kwargs)


def test_what_is_no_autoencoder_is_refused():
    for function in (encode, decode, autoencode):
        with pytest.raises(TypeError, match="^params: wanted an AEParams, got tuple$"):
            function(X, SOURCE.encoder)
    wide = SOURCE._replace(decoder=(Layer(np.ones((3, 2)), np.ones(3), "sigmoid"),))
    message = "^decoder: wanted 2 outputs as x has entries, got 3$"
    with pytest.raises(ValueError, match=message):
        autoencode(X, wide)
    with pytest.raises(TypeError, match="^cache: wanted AECache, got the pair"):
        autoencode_backward(X, autoencode_forward(X, SOURCE))


def test_a_corruption_that_changes_the_shape_is_refused():
    run = train(BATCH, SOURCE, SGD(lr=1), corrupt=lambda x, rng: x[:, :1], **FIT)
    message = r"^corrupt\(x\): wanted shape \(2, 2\) as x has, got \(2, 1\)$"
    with pytest.raises(ValueError, match=message):
        next(run)


def test_a_missing_generator_is_refused():
    wanted = "^rng: wanted a numpy.random.Generator, got NoneType$"
    for corrupt in (add_noise, mask):
        with pytest.raises(TypeError, match=wanted):
            corrupt(X, 0.5, rng=None)
    with pytest.raises(TypeError, match=wanted):
        train(BATCH, SOURCE, SGD(lr=1), **{**FIT, "rng": None})
    with pytest.raises(TypeError, match=wanted):
        init_params(2, 1, rng=None)
