"""The package's own passes and training steps, as programs of the compiler.

A step takes a tree of parameters (and the state of an optimiser) and returns the next;
`steps` yields them by name with what they begin with.
"""

import numpy as np

from dlbook import autoencoder, backprop, cnn, gan, gru, lstm, optim, rnn, vae
from dlbook.compiler import Random

__all__ = ["passes", "steps"]


def _rng():
    return np.random.default_rng(3)


def passes():
    """Yield (name, model, inputs) of forward and backward passes."""
    x = np.sin(np.arange(24.0)).reshape(6, 4)
    batch = np.cos(np.arange(48.0)).reshape(6, 2, 4)
    cells = {
        "rnn": (rnn.init_params(4, 5, rng=_rng()), rnn.rnn_forward, rnn.rnn_backward),
        "relu rnn": (
            rnn.init_params(4, 5, rng=_rng())._replace(phi="relu"),
            rnn.rnn_forward,
            rnn.rnn_backward,
        ),
        "lstm": (
            lstm.init_params(4, 5, rng=_rng()),
            lstm.lstm_forward,
            lstm.lstm_backward,
        ),
        "gru": (gru.init_params(4, 5, rng=_rng()), gru.gru_forward, gru.gru_backward),
    }
    for name, (params, forward, backward) in cells.items():
        for sequence in (x, batch):

            def model(x, params, forward=forward, backward=backward):
                out, cache = forward(x, params)
                h = out if isinstance(out, np.ndarray) else out.h
                back = backward(h - 0.5, cache)
                return dict(h=h, dx=back.dx, gradients=back.params)

            yield (
                f"{name} on {sequence.ndim} axes",
                model,
                dict(x=sequence, params=params),
            )
    picture = np.sin(np.arange(2 * 36.0)).reshape(2, 1, 6, 6)
    net = cnn.init_params((1, 6, 6), (2, 3), 3, rng=_rng())

    def images(x, params):
        return cnn.loss_and_gradients(x, [0, 2], params)._asdict()

    yield "cnn", images, dict(x=picture, params=net)
    coder = vae.init_params(4, 3, 2, rng=_rng())

    def evidence(params):
        found = vae.loss_and_gradients(x[:3] > 0, params, np.ones((3, 2)) / 3)
        return dict(loss=found[0], gradients=found[-1])

    yield "vae", evidence, dict(params=coder)
    narrow = autoencoder.init_params(4, 2, rng=_rng())

    def bottleneck(x, params):
        found = autoencoder.loss_and_gradients(x, params)
        return dict(loss=found[0], gradients=found[-1])

    yield "autoencoder", bottleneck, dict(x=np.abs(x), params=narrow)


def _classifier(optimiser, clip=None):
    x = np.random.default_rng(1).normal(size=(20, 2)).round(2)
    y = (x[:, :1] * x[:, 1:] > 0) * 1.0
    layers = backprop.init_params(2, 5, 4, 1, rng=_rng())

    def step(layers, state):
        loss, gradients = backprop.loss_and_gradients(
            x, y, layers, loss="binary_cross_entropy_with_logits"
        )
        if clip:
            gradients = optim.clip_by_global_norm(gradients, clip)
        layers, state = optimiser.update(layers, gradients, state)
        return dict(layers=layers, state=state, loss=loss)

    return step, dict(layers=layers, state=optimiser.init(layers))


def _noisy():
    """A step on a batch that is drawn, with noise that is drawn."""
    table = np.random.default_rng(2).normal(size=(12, 3)).round(2)

    def step(w, rng):
        rows = np.take(table, rng.permutation(12)[:4], axis=0)
        x = rows + rng.normal(scale=0.1, size=rows.shape)
        error = x @ w - rng.uniform(-1, 1, size=4)
        return dict(w=w - 0.05 * x.T @ error / 4, k=rng.integers(0, 10, size=3))

    return step, dict(w=np.ones(3), rng=Random(5, 0))


def _players():
    """A GAN's two players, each with its step."""
    noise = np.random.default_rng(5).normal(size=(8, 2)).round(2)
    pair = gan.init_params((2, 4, 2), (2, 4, 1), rng=_rng())

    def step(pair):
        fake, cache = backprop.mlp_forward(noise, pair.generator)
        scores, judged = backprop.mlp_forward(fake, pair.discriminator)
        d_fake = backprop.mlp_backward(gan.d_generator_loss(scores), judged).dx
        ascent = backprop.mlp_backward(d_fake, cache).params
        generator = optim.SGD(0.05).update(pair.generator, ascent, ())[0]
        return dict(pair=pair._replace(generator=generator), scores=scores)

    return step, dict(pair=pair)


def steps():
    """Yield (name, step, what it begins with)."""
    yield "SGD", *_classifier(optim.SGD(0.2))
    yield "Momentum", *_classifier(optim.Momentum(0.05))
    yield "Adam", *_classifier(optim.Adam(0.01))
    yield "clipped", *_classifier(optim.SGD(0.2), clip=0.1)
    yield "a drawn batch", *_noisy()
    yield "gan", *_players()
