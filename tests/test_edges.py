"""The edges of the package: steps in place, tiny numbers, strict NumPy, other types."""

import doctest
import sys

import numpy as np
import pytest

from dlbook import (
    activations,
    attention,
    autoencoder,
    backprop,
    cnn,
    datasets,
    dirac_gan,
    gan,
    gru,
    losses,
    lstm,
    optim,
    rnn,
    sequences,
    vae,
)
from dlbook._core import check
from dlbook._core.tree import named_leaves, tree_map
from dlbook.optim import SGD, Adam
from public import MATHEMATICS, public_functions

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


def arrays(tree):
    return [a for _, a in named_leaves(tree) if isinstance(a, np.ndarray)]


# Steps in place between the passes --------------------------------------------------

PASSES = {
    "conv2d": (
        (normal(2, 3, 6, 5), normal(4, 3, 3, 2), normal(4)),
        cnn.conv2d_forward,
        cnn.conv2d_backward,
    ),
    "conv_transpose2d": (
        (normal(2, 3, 4, 5), normal(3, 4, 3, 2), normal(4)),
        cnn.conv_transpose2d_forward,
        cnn.conv_transpose2d_backward,
    ),
    "max_pool2d": (
        (normal(2, 3, 6, 4), 2),
        cnn.max_pool2d_forward,
        cnn.max_pool2d_backward,
    ),
    "avg_pool2d": (
        (normal(2, 3, 6, 4), 2),
        cnn.avg_pool2d_forward,
        cnn.avg_pool2d_backward,
    ),
    "cnn": (
        (normal(2, 1, 8, 8), cnn.init_params((1, 8, 8), (3, 2), 4, rng=RNG)),
        cnn.cnn_forward,
        cnn.cnn_backward,
    ),
    "dense cnn": (
        (normal(2, 1, 8, 8), cnn.init_params((1, 8, 8), (), 4, rng=RNG)),
        cnn.cnn_forward,
        cnn.cnn_backward,
    ),
    "mlp": (
        (normal(5, 3), backprop.init_params(3, 4, 2, output="tanh", rng=RNG)),
        backprop.mlp_forward,
        backprop.mlp_backward,
    ),
    "autoencoder": (
        (normal(5, 4), autoencoder.init_params(4, 3, 2, rng=RNG)),
        autoencoder.autoencode_forward,
        autoencoder.autoencode_backward,
    ),
    "vae": (
        (normal(5, 4), vae.init_params(4, 3, 2, rng=RNG), normal(5, 2)),
        vae.vae_forward,
        lambda d, cache: vae.vae_backward(d, np.ones((5, 2)), np.ones((5, 2)), cache),
    ),
    "rnn": (
        (normal(5, 2, 3), rnn.init_params(3, 4, rng=RNG), normal(2, 4)),
        rnn.rnn_forward,
        rnn.rnn_backward,
    ),
    "lstm": (
        (
            normal(5, 2, 3),
            lstm.init_params(3, 4, peepholes=True, rng=RNG),
            normal(2, 4),
            normal(2, 4),
        ),
        lstm.lstm_forward,
        lstm.lstm_backward,
    ),
    "gru": (
        (normal(5, 2, 3), gru.init_params(3, 4, rng=RNG), normal(2, 4)),
        gru.gru_forward,
        gru.gru_backward,
    ),
    "attention": (
        (normal(4, 3), normal(5, 3), normal(5, 2)),
        attention.attention_forward,
        attention.attention_backward,
    ),
}


def value(run):
    """The array of a pass that a gradient arrives at."""
    for name in ("logits", "out", "h"):
        run = getattr(run, name, run)
    return run


@pytest.mark.parametrize("name", PASSES)
def test_a_step_in_place_between_the_passes_changes_no_gradient(name):
    arguments, forward, backward = PASSES[name]
    arguments = tree_map(
        lambda a: a.copy() if isinstance(a, np.ndarray) else a, arguments
    )
    run, cache = forward(*arguments)
    d = RNG.normal(size=value(run).shape)
    before = backward(d, cache)
    for array in arrays(arguments):
        array *= -3
    for array in arrays(run):
        if array.flags.writeable:
            array *= -3
        else:
            with pytest.raises(ValueError, match="read-only"):
                array *= -3
    for ours, wanted in zip(arrays(backward(d, cache)), arrays(before), strict=True):
        np.testing.assert_array_equal(ours, wanted)


X, PARAMS = normal(4, 3), backprop.init_params(3, 3, output="identity", rng=RNG)
IMAGE, UNIT = normal(1, 4, 4), RNG.uniform(size=(4, 3))
CALLS = {
    "max_pool2d": (lambda x: cnn.max_pool2d(x, 1), IMAGE),
    "max_pool2d_forward": (lambda x: cnn.max_pool2d_forward(x, 1)[0], IMAGE),
    "avg_pool2d": (lambda x: cnn.avg_pool2d(x, 1), IMAGE),
    "reparameterise_backward": (lambda x: vae.reparameterise_backward(x, x, x), X),
    "reparameterise": (lambda x: vae.reparameterise(x, x, x), X),
    "dirac_field": (lambda x: dirac_gan.dirac_field(x, x, kind="wasserstein"), X),
    "mlp": (lambda x: backprop.mlp(x, PARAMS), X),
    "generate": (lambda x: gan.generate(x, PARAMS), X),
    "add_noise": (lambda x: autoencoder.add_noise(x, 0, rng=RNG), X),
    "mask": (lambda x: autoencoder.mask(x, 0, rng=RNG), X),
    "clip_by_global_norm": (lambda x: optim.clip_by_global_norm((x,), 1e9), X),
    "SGD": (lambda x: SGD(0.1).update(x, x, ()), X),
    "Adam": (lambda x: Adam(0.1).update(x, x, Adam().init(x)), X),
    "split": (lambda x: datasets.split(x, x, rng=RNG), X),
    "binarise": (lambda x: datasets.binarise(x, rng=RNG), UNIT),
    "d_gaussian_kl": (lambda x: losses.d_gaussian_kl(x, x, "none"), X),
    "rnn": (lambda x: rnn.rnn(x, rnn.init_params(3, 2, rng=RNG)), X),
    **{
        f"activation {name}": (pair.f, X)
        for name, pair in activations.ACTIVATIONS.items()
    },
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_returned_is_not_what_was_given(name):
    function, x = CALLS[name]
    x = x.copy()
    for result in arrays(function(x)):
        assert not np.shares_memory(result, x)


# Tiny and huge numbers ---------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [1e-3, 1e-5, 1e-7, 1e-8, 1e-30])
def test_the_loss_of_a_small_probability_is_not_lost(torch, p, dtype):
    p = np.array([p], dtype)
    exact = -np.log1p(-p.astype(np.longdouble))
    rtol = 4 * np.finfo(dtype).eps
    for loss, other in (
        (losses.binary_cross_entropy(p, [0.0]), exact[0]),
        (losses.binary_cross_entropy(1 - p, [1.0]), -np.log(1 - p)[0]),
        (
            losses.binary_cross_entropy(p, [0.0]),
            torch.nn.functional.binary_cross_entropy(
                torch.tensor(p), torch.zeros(1, dtype=torch.tensor(p).dtype)
            ),
        ),
    ):
        np.testing.assert_allclose(float(loss), float(other), rtol=rtol)


def test_logits_of_any_finite_size_keep_finite_logarithms():
    z = np.array([1.7e308, -1.7e308])
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(activations.softmax(z), [1, 0])
        assert activations.logsumexp(z) == 1.7e308
        assert np.isfinite(activations.log_softmax(z)).all()
        assert losses.cross_entropy_with_logits(z, 0) == 0
        assert losses.cross_entropy_with_logits(z, 1) == np.finfo(float).max


@pytest.mark.parametrize("size", [700.0, 720.0, 1000.0])
def test_a_strict_numpy_accepts_what_rounds_to_its_limit(size):
    z = np.array([size, -size])
    with np.errstate(all="raise"):
        for name, pair in activations.ACTIVATIONS.items():
            assert np.isfinite(pair.f(z)).all(), name
        activations.softmax(z), activations.log_softmax(z), activations.logsumexp(z)
        losses.binary_cross_entropy_with_logits(z, [0.0, 1.0])
        losses.cross_entropy_with_logits(z, 0)
        gan.discriminator_loss(z, z), gan.d_discriminator_loss(z, z)
        gan.generator_loss(z), gan.d_generator_loss(z)
        x = np.full((3, 1), size)
        for cell in (rnn, lstm, gru):
            run = getattr(cell, cell.__name__.split(".")[1])
            run(x, cell.init_params(1, 2, rng=RNG))


# Foreign types -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ("f2", np.float32),
        ("<f4", np.float32),
        (">f4", np.float32),
        (">f8", np.float64),
        ("i2", np.float64),
        ("?", np.float64),
        ("g", np.float64),
    ],
)
def test_single_precision_stays_single_in_any_byte_order(given, got):
    z = np.array([0, 1], given)
    for name in ("sigmoid", "softmax", "log_softmax", "relu", "leaky_relu"):
        assert getattr(activations, name)(z).dtype == got
    assert check.array(z, "z").dtype.isnative


def test_a_convolution_of_two_precisions_is_of_the_higher_one():
    x, w = normal(1, 5, 5).astype(np.float32), normal(2, 1, 3, 3)
    y, cache = cnn.conv2d_forward(x, w)
    assert {a.dtype for a in (y, *cnn.conv2d_backward(y, cache))} == {np.dtype(float)}


def test_probabilities_that_are_logits_are_refused():
    with pytest.raises(ValueError, match="^p: wanted rows that sum to 1, got "):
        losses.cross_entropy([[0.2, 0.9, 0.7]], [1])


def test_a_mask_is_not_lost():
    y = np.ma.masked_array([0.0, 1.0, 0.0, 1.0], [0, 0, 1, 0])[:, None]
    layers = backprop.init_params(3, 1, rng=RNG)
    settings = dict(loss="mean_squared_error", epochs=1, batch_size=2, rng=RNG)
    for masked in (y, list(y)):
        with pytest.raises(TypeError, match="^y: wanted an array without a mask"):
            backprop.train(X, masked, layers, SGD(0.1), **settings)
        with pytest.raises(TypeError, match="^y: wanted an array without a mask"):
            backprop.loss_and_gradients(X, masked, layers, loss="mean_squared_error")


class Draws:
    """Draws as a live figure's source does: four methods and no others."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.normal, self.uniform = rng.normal, rng.uniform
        self.integers, self.permutation = rng.integers, rng.permutation


def test_whatever_draws_as_a_generator_does_is_one():
    def everything(rng):
        layers = backprop.init_params(3, 4, 2, rng=rng)
        settings = dict(epochs=2, batch_size=3, rng=rng)
        entropy = dict(loss="cross_entropy_with_logits")
        yield list(
            backprop.train(X, [0, 1, 1, 0], layers, SGD(0.1), **settings, **entropy)
        )
        coder = autoencoder.init_params(3, 2, rng=rng)
        for corrupt in (autoencoder.add_noise, autoencoder.mask):
            yield corrupt(X, 0.5, rng=rng)
        yield list(autoencoder.train(UNIT, coder, SGD(0.1), **settings))
        model = vae.init_params(3, 4, 2, rng=rng)
        yield list(vae.train(UNIT, model, SGD(0.1), **settings))
        yield vae.monte_carlo_kl([0.1], [0.2], 5, rng=rng)
        players = gan.init_params((2, 4, 3), (3, 4, 1), rng=rng)
        both = gan.Players(SGD(0.1), SGD(0.1))
        game = dict(steps=2, batch_size=3, rng=rng, penalty=1.0)
        yield list(gan.train(X, players, both, **game))
        for cell in sequences.CELLS:
            text = sequences.init_params(cell, 5, 4, 5, embedding=3, rng=rng)
            yield sequences.sample(text, [1, 2], 10, rng=rng)
        yield cnn.init_params((1, 4, 4), (2,), 3, rng=rng)
        toys = (datasets.moons, datasets.ring, datasets.spirals)
        yield [make(9, rng=rng) for make in toys]
        yield datasets.latch_task(3, 4, rng=rng)
        yield datasets.split(X, X, rng=rng), datasets.binarise(UNIT, rng=rng)

    theirs = everything(np.random.default_rng(5))
    for ours, wanted in zip(everything(Draws(5)), theirs, strict=True):
        for a, b in zip(named_leaves(ours), named_leaves(wanted), strict=True):
            np.testing.assert_array_equal(a[1], b[1])


# Parameters know their network --------------------------------------------------------


def test_a_trained_network_answers_as_it_was_trained_without_being_told_how():
    images, labels = datasets.load_digits()
    rng = np.random.default_rng(0)
    train, test = datasets.split(images.reshape(-1, 64), labels, rng=rng)
    layers = backprop.init_params(64, 64, 64, 10, hidden="relu", rng=rng)
    settings = dict(epochs=15, batch_size=64, rng=rng, loss="cross_entropy_with_logits")
    *_, last = backprop.train(*train, layers, Adam(0.003), **settings)
    right = np.mean(backprop.mlp(test.x, last.params).argmax(axis=1) == test.y)
    forgotten = tuple(layer._replace(phi="tanh") for layer in last.params[:-1])
    wrong = backprop.mlp(test.x, (*forgotten, last.params[-1])).argmax(axis=1)
    assert right > 0.95
    assert right - np.mean(wrong == test.y) > 0.03
    assert [layer.phi for layer in last.params] == ["relu", "relu", "identity"]
    bare = [(layer.W, layer.b) for layer in last.params]
    with pytest.raises(
        ValueError, match=r"^layers\[0\].phi: wanted one of .*, got None"
    ):
        backprop.mlp(test.x, bare)


# Checked once -------------------------------------------------------------------------


@pytest.fixture
def checks(monkeypatch):
    """Collect what is checked: each argument by its identity and its name."""
    names, kept, array = [], [], check.array

    def counted(value, name, *args, **kwargs):
        names.append((id(value), name))
        kept.append(value)
        return array(value, name, *args, **kwargs)

    for module in [m for n, m in sys.modules.items() if n.startswith("dlbook")]:
        for key, held in list(vars(module).items()):
            if held is array:
                monkeypatch.setattr(module, key, counted)
    return names


CNN = cnn.init_params((1, 4, 4), (2,), 3, rng=RNG)
CODER, MODEL = (
    autoencoder.init_params(3, 4, 2, rng=RNG),
    vae.init_params(3, 4, 2, rng=RNG),
)
PLAYERS = gan.init_params((2, 4, 3), (3, 4, 1), rng=RNG)
LAYERS = backprop.init_params(3, 4, 2, rng=RNG)
TEXT = {
    f"text by {cell}": sequences.init_params(cell, 5, 4, 5, embedding=3, rng=RNG)
    for cell in sequences.CELLS
}
CODES = RNG.integers(0, 5, (6, 2))
BOTH, STATE = gan.Players(SGD(0.1), SGD(0.1)), gan.Players((), ())
CHECKED = {
    "mlp": lambda: backprop.mlp(X, LAYERS),
    "mlp loss": lambda: backprop.loss_and_gradients(
        X, [0, 1, 1, 0], LAYERS, loss="cross_entropy_with_logits"
    ),
    "autoencoder": lambda: autoencoder.loss_and_gradients(X, CODER, target=UNIT),
    "encode": lambda: autoencoder.encode(X, CODER),
    "vae": lambda: vae.loss_and_gradients(UNIT, MODEL, X[:, :2]),
    "vae.decode": lambda: vae.decode(X[:, :2], MODEL),
    "elbo": lambda: vae.elbo(X, UNIT, X, X),
    "elbo_backward": lambda: vae.elbo_backward(1.0, X, UNIT, X, X),
    "kl": lambda: vae.monte_carlo_kl(X, X, 5, rng=RNG),
    "tight": lambda: vae.importance_weighted_gradients(UNIT, MODEL, normal(5, 4, 2)),
    "discriminator": lambda: gan.discriminator_gradients(X, X[:, :2], PLAYERS),
    "generator": lambda: gan.generator_gradients(X[:, :2], PLAYERS),
    "penalty": lambda: gan.discriminator_gradients(
        X, X[:, :2], PLAYERS, penalty=1.0, mix=UNIT[:, 0]
    ),
    "cnn": lambda: cnn.loss_and_gradients(normal(4, 1, 4, 4), [0, 1, 2, 0], CNN),
    "conv2d": lambda: cnn.conv2d(normal(1, 4, 4), normal(2, 1, 3, 3), normal(2)),
    "convolve2d": lambda: cnn.convolve2d(IMAGE[0], X[:3], "full"),
    "rnn": lambda: rnn.rnn(X, rnn.init_params(3, 2, rng=RNG)),
    "lstm": lambda: lstm.lstm(X, lstm.init_params(3, 2, rng=RNG)),
    **{
        cell: lambda params=params: sequences.loss_and_gradients(CODES, CODES, params)
        for cell, params in TEXT.items()
    },
    "sigmoid unit": lambda: backprop.sigmoid_unit_gradients(X, X[:, 0], X[0], 0.5),
    "softmax_backward": lambda: activations.softmax_backward(X, X),
    "cross_entropy": lambda: losses.cross_entropy(
        activations.formulas.softmax(X), [0] * 4
    ),
}


@pytest.mark.parametrize("name", CHECKED)
def test_each_argument_is_checked_once_at_the_door(name, checks):
    CHECKED[name]()
    assert checks
    twice = {name for key, name in checks if checks.count((key, name)) > 1}
    assert not twice, f"{name} checks {twice} more than once"


#: What is another thing each time: a value of the function that is differentiated, the
#: two players' parameters, the LSTM's b_o beside the output's, what was written before.
EACH_TIME = {
    **dict.fromkeys(
        ("numerical_gradient", "check_gradient", "check_direction"), {"f(x)"}
    ),
    "step_sweep": {"f(x)", "h"},
    "train_step": {f"{of}[0].{part}" for of in ("params", "grads") for part in "Wb"},
    **dict.fromkeys(("loss_and_gradients", "predict", "train"), {"b_o"}),
    "sample": {"start", "state"},
}


@pytest.mark.parametrize(
    "module, name",
    [
        (m.__name__, f.__name__)
        for m, f in public_functions()
        if m.__name__ in MATHEMATICS
    ],
)
def test_no_call_of_an_example_checks_an_argument_twice(module, name, checks):
    """The checks of each call are looked at when the outermost one comes back."""
    home, seen, depth = sys.modules[module], [], 0

    def watched(function):
        def wrapper(*args, **kwargs):
            nonlocal depth
            if depth == 0:
                checks.clear()
            depth += 1
            try:
                return function(*args, **kwargs)
            finally:
                depth -= 1
                if depth == 0:
                    seen.append((function.__name__, [name for _, name in checks]))

        return wrapper

    functions = {f.__name__: f for m, f in public_functions() if m is home}
    names = vars(home) | {key: watched(f) for key, f in functions.items()}
    (example,) = doctest.DocTestFinder(recurse=False).find(
        functions[name], name, globs=names
    )
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example).failed == 0
    assert name in [called for called, _ in seen]
    for called, made in seen:
        twice = {argument for argument in made if made.count(argument) > 1}
        twice -= EACH_TIME.get(called, set())
        assert not twice, f"{called} checks {twice} more than once"


def test_a_step_of_training_checks_parameters_and_gradients_alone(checks):
    settings = dict(batch_size=2, rng=RNG, epochs=1)
    run = vae.train(UNIT, MODEL, SGD(0.1), **settings)
    checks.clear()
    list(run)
    leaves = len(named_leaves(MODEL))
    assert len(checks) == 2 * (2 * leaves), "two steps, each theta and g"
    run = gan.train(X, PLAYERS, BOTH, steps=1, batch_size=3, rng=RNG)
    checks.clear()
    list(run)
    assert len(checks) == 2 * len(named_leaves(PLAYERS))


# Gradients are of the kind of what they are of ----------------------------------------


def test_gradients_keep_types_names_and_choices():
    x, w = normal(1, 2, 3, 3).astype("f4"), normal(2, 3, 2, 2).astype("f4")
    y, cache = cnn.conv_transpose2d_forward(x, w)
    dx, dw, _ = cnn.conv_transpose2d_backward(normal(*y.shape), cache)
    assert dx.dtype == dw.dtype == np.float32
    critic = backprop.init_params(3, 4, 1, hidden="relu", rng=RNG)
    gradients = gan.gradient_penalty_gradients(X, critic).gradients
    assert [g.phi for g in gradients] == [layer.phi for layer in critic]
    model = vae.init_params(3, 4, 2, rng=RNG)
    done = vae.importance_weighted_gradients(UNIT, model, normal(5, 4, 2))
    assert done.gradients.likelihood == model.likelihood
