"""Every step of training compiles for a live figure, to the numbers of NumPy."""

import numpy as np
import pytest

from dlbook import (
    attention,
    autoencoder,
    backprop,
    cnn,
    gan,
    gru,
    lstm,
    optim,
    rnn,
    sequences,
    vae,
)
from dlbook._core.tree import named_leaves
from dlbook.compiler import trace

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


X, UNIT, CLASSES = normal(5, 3), RNG.uniform(size=(5, 3)), [0, 1, 0, 1, 1]
S, CODES = normal(6, 2, 3), RNG.integers(0, 5, (6, 2))
LAYERS = backprop.init_params(3, 4, 2, hidden="relu", rng=RNG)
PLAYERS = gan.init_params((2, 4, 3), (3, 4, 1), rng=RNG)
ADAM = gan.Players(optim.Adam(0.1), optim.Adam(0.1))
STATE = gan.Players(*(o.init(p) for o, p in zip(ADAM, PLAYERS, strict=True)))
NOISE, MODEL = normal(5, 2), vae.init_params(3, 4, 2, rng=RNG)
IMAGES, SMALL = normal(3, 1, 6, 6), cnn.init_params((1, 6, 6), (2,), 3, rng=RNG)
ENTROPY = dict(loss="cross_entropy_with_logits")

STEPS = {}


def step(**inputs):
    """Register a step under its name, with the inputs that a figure may change."""

    def register(f):
        STEPS[f.__name__] = f, inputs
        return f

    return register


@step(layers=LAYERS, lr=0.1, decay=0.01)
def mlp_by_sgd(layers, lr, decay):
    optimiser = optim.SGD(lr, weight_decay=decay)
    return backprop.train_step(X, CLASSES, layers, optimiser, (), **ENTROPY)[:2]


@step(layers=LAYERS, state=optim.Momentum(0.1).init(LAYERS), lr=0.1, beta=0.9)
def mlp_by_momentum(layers, state, lr, beta):
    optimiser = optim.Momentum(lr, beta)
    return backprop.train_step(X, CLASSES, layers, optimiser, state, **ENTROPY)


@step(layers=LAYERS, state=optim.Adam().init(LAYERS), lr=0.1)
def mlp_by_adam(layers, state, lr):
    return backprop.train_step(X, CLASSES, layers, optim.Adam(lr), state, **ENTROPY)


@step(params=autoencoder.init_params(3, 2, rng=RNG), seen=X)
def autoencoder_of_noise(params, seen):
    return autoencoder.loss_and_gradients(seen, params, target=X)


@step(params=MODEL, eps=NOISE, beta=1.0)
def variational_autoencoder(params, eps, beta):
    return vae.loss_and_gradients(UNIT, params, eps, beta=beta)


@step(params=MODEL, eps=normal(4, 5, 2))
def importance_weighted(params, eps):
    return vae.importance_weighted_gradients(UNIT, params, eps)


def _game(kind, **rules):
    def game(params, state, z):
        return gan.train_step(X, z, z, params, ADAM, state, kind=kind, **rules)

    game.__name__ = f"{kind} {' '.join(rules)}"
    step(params=PLAYERS, state=STATE, z=NOISE)(game)


for kind in gan.KINDS:
    _game(kind)
_game("wasserstein", penalty=10.0, mix=RNG.uniform(size=5))


@step(params=SMALL)
def convolutional_network_clipped(params):
    gradients = cnn.loss_and_gradients(IMAGES, [0, 1, 2], params).gradients
    return optim.clip_by_global_norm(gradients, 0.5), optim.global_norm(gradients)


@step(x=normal(1, 3, 3), w=normal(1, 2, 3, 3))
def transposed_convolution(x, w):
    y, cache = cnn.conv_transpose2d_forward(x, w, stride=2, padding=1)
    return y, cnn.conv_transpose2d_backward(np.ones(y.shape), cache)


@step(params=rnn.init_params(3, 4, rng=RNG), x=S)
def elman(params, x):
    h, cache = rnn.rnn_forward(x, params)
    d = np.ones(h.shape)
    return h, rnn.rnn_backward(d, cache), rnn.rnn_backward(d, cache, window=2)


def _lstm(**kind):
    def recurrent(params, x):
        steps, cache = lstm.lstm_forward(x, params)
        return steps, lstm.lstm_backward(np.ones(steps.h.shape), cache)

    recurrent.__name__ = f"lstm {' '.join(kind)}"
    step(params=lstm.init_params(3, 4, rng=RNG, **kind), x=S)(recurrent)


_lstm()
_lstm(peepholes=True)
_lstm(forget_gate=False)


@step(params=gru.init_params(3, 4, rng=RNG), x=S)
def gated(params, x):
    steps, cache = gru.gru_forward(x, params)
    return steps, gru.gru_backward(np.ones(steps.h.shape), cache)


def _sequence(cell):
    def text(params, codes):
        return sequences.loss_and_gradients(codes, CODES, params)

    def vectors(params, x):
        return sequences.loss_and_gradients(x, [0, 1], params)

    reader = sequences.init_params(cell, 5, 4, 5, embedding=3, rng=RNG)
    text.__name__, vectors.__name__ = f"text by {cell}", f"vectors by {cell}"
    step(params=reader, codes=CODES)(text)
    step(params=sequences.init_params(cell, 3, 4, 2, rng=RNG), x=S)(vectors)


for cell in sequences.CELLS:
    _sequence(cell)


@step(x=X)
def attention_to_the_past(x):
    y, cache = attention.attention_forward(x, x, x, mask=np.tri(5, dtype=bool))
    return y, attention.attention_backward(np.ones(y.shape), cache)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_compiles_to_the_same_numbers(name):
    f, inputs = STEPS[name]
    program = trace(lambda **given: dict(out=f(**given)), inputs, name=name)
    arrays = [np.ravel(a).astype(float) for _, a in named_leaves(inputs)]
    replayed = list(program.replay(np.concatenate(arrays)).values())
    wanted = [np.ravel(a) for _, a in named_leaves(f(**inputs))]
    assert len(replayed) == len(wanted)
    for ours, theirs in zip(replayed, wanted, strict=True):
        np.testing.assert_allclose(np.ravel(ours), theirs, rtol=1e-9, atol=1e-12)
