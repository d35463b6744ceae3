"""The package's formulas as models of live figures, with their inputs."""

import numpy as np

from dlbook import (
    activations,
    autoencoder,
    backprop,
    cnn,
    gan,
    losses,
    lstm,
    perceptron,
    rnn,
    vae,
)

__all__ = ["cells"]


def _rng_params(make):
    return make(np.random.default_rng(3))


def cells():
    """Yield models of every chapter, with inputs at their defaults."""
    x, h = [0.5, -0.3], [0.1, 0.2]
    rnn_params = _rng_params(lambda rng: rnn.init_params(2, 2, rng=rng))
    lstm_params = _rng_params(lambda rng: lstm.init_params(2, 2, rng=rng))
    layers = _rng_params(lambda rng: backprop.init_params(2, 3, 2, rng=rng))
    ae = _rng_params(lambda rng: autoencoder.init_params(4, 2, rng=rng))
    coder = _rng_params(lambda rng: vae.init_params(4, 3, 2, rng=rng))
    net = _rng_params(
        lambda rng: cnn.init_params((1, 6, 6), (2,), 3, kernel=3, rng=rng)
    )
    picture = np.sin(np.arange(36.0)).reshape(1, 6, 6)
    for name, pair in activations.ACTIVATIONS.items():
        yield (
            f"{name}",
            lambda z, p=pair: dict(y=p.f(z), d=p.df(z)),
            dict(z=[0.5, -2.0]),
        )
    yield "softmax", lambda z: dict(
        p=activations.softmax(z), l=activations.log_softmax(z),
        s=activations.logsumexp(z),
        d=activations.softmax_backward(z, activations.softmax(z)),
    ), dict(z=[0.5, -2.0, 1.0])  # fmt: skip
    for name in ("half_squared_error", "mean_squared_error", "binary_cross_entropy",
                 "binary_cross_entropy_with_logits"):  # fmt: skip
        yield (
            name,
            lambda p, n=name: dict(
                y=getattr(losses, n)(p, [1.0, 0.0]),
                d=getattr(losses, f"d_{n}")(p, [1.0, 0.0]),
            ),
            dict(p=[0.7, 0.2]),
        )
    for name in ("cross_entropy", "cross_entropy_with_logits"):
        for y in (np.array([0, 2]), np.array([[0.0, 1.0, 0.0], [0.5, 0.25, 0.25]])):
            yield (
                f"{name} of {y.ndim}",
                lambda p, n=name, y=y: dict(
                    y=getattr(losses, n)(p := p / np.sum(p, axis=1, keepdims=True), y),
                    d=getattr(losses, f"d_{n}")(p, y),
                ),
                dict(p=[[0.5, 0.25, 0.25], [0.125, 0.625, 0.25]]),
            )
    yield (
        "gaussian_kl",
        lambda mu, s: dict(
            y=losses.gaussian_kl(mu, s), d=losses.d_gaussian_kl(mu, s).log_var
        ),
        dict(mu=[0.5, 1.0], s=[0.1, -1.0]),
    )
    yield "perceptron", lambda x, w, b: dict(
        y=perceptron.predict(x, w, b), z=perceptron.weighted_sum(x, w, b),
        signs=perceptron.predict(x, w, b, labels=perceptron.SIGNS),
    ), dict(x=[1.0, 0.0, 1.0], w=[0.5, -0.6, 0.2], b=0.1)  # fmt: skip
    yield (
        "sigmoid unit",
        lambda x, w, b: dict(y=backprop.sigmoid_unit(x, w, b)),
        dict(x=x, w=h, b=0.1),
    )
    yield "mlp", lambda x: dict(y=backprop.mlp(x, layers)), dict(x=x)
    yield (
        "mlp's weights",
        lambda W, b: dict(y=backprop.mlp(x, (backprop.Layer(W, b, "sigmoid"),))),
        dict(W=[[0.5, 1.0]], b=[0.1]),
    )
    yield (
        "rnn",
        lambda x, h: dict(
            h=rnn.rnn_step(x, h, rnn_params),
            o=rnn.rnn_output(h, rnn.OutputParams(np.ones((3, 2)), np.ones(3))),
        ),
        dict(x=x, h=[0.1, 0.2]),
    )
    yield (
        "rnn's weights",
        lambda W, U, b: dict(h=rnn.rnn_step(x, h, rnn.RNNParams(W, U, b))),
        dict(W=np.eye(2), U=np.eye(2), b=h),
    )
    yield (
        "lstm",
        lambda x, h, C: lstm.lstm_step(x, h, C, lstm_params),
        dict(x=x, h=h, C=h),
    )
    yield (
        "lstm's weights",
        lambda **p: lstm.lstm_step(x, h, h, lstm.LSTMParams(**p)),
        {k: p for k, p in lstm_params._asdict().items() if p is not None},
    )
    yield (
        "autoencoder",
        lambda x: dict(h=autoencoder.encode(x, ae), y=autoencoder.autoencode(x, ae)),
        dict(x=[0.1, 0.9, 0.3, 0.5]),
    )
    yield "vae", lambda z: dict(y=vae.decode(z, coder)), dict(z=[0.1, 0.2])
    yield (
        "sampling",
        lambda mu, s: dict(z=vae.reparameterise(mu, s, np.array([0.3, -1.2]))),
        dict(mu=x, s=h),
    )
    yield (
        "elbo",
        lambda out, mu, s: vae.elbo(out, np.array([1.0, 0.0]), mu, s),
        dict(out=[0.5, -1.0], mu=x, s=h),
    )
    yield (
        "gan",
        lambda r, f: dict(
            d=gan.discriminator_loss(r, f),
            g=gan.generator_loss(f),
            dg=gan.d_generator_loss(f),
        ),
        dict(r=[1.0, 2.0], f=[-1.0, 0.5]),
    )
    yield (
        "optimal discriminator",
        lambda p, q: dict(d=gan.optimal_discriminator(p, q)),
        dict(p=[0.1, 0.5], q=[0.4, 0.2]),
    )
    yield (
        "convolution",
        lambda x, w: dict(y=cnn.correlate2d(x, w), z=cnn.convolve2d(x, w)),
        dict(x=np.arange(9.0).reshape(3, 3), w=[[0.0, 1.0], [2.0, 3.0]]),
    )
    yield "cnn", lambda s: dict(y=cnn.cnn(s * picture, net).logits), dict(s=1.0)
