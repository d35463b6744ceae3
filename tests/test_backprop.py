"""Backpropagation: the source's unit, then networks of any depth, one and many."""

import re

import numpy as np
import pytest

from dlbook import losses
from dlbook.activations import ACTIVATIONS
from dlbook.backprop import (
    LOSSES,
    Layer,
    init_params,
    loss_and_gradients,
    minibatches,
    mlp,
    mlp_backward,
    mlp_forward,
    sigmoid_unit,
    sigmoid_unit_gradients,
    train,
    train_step,
)
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient
from dlbook.losses import half_squared_error
from dlbook.optim import SGD, Adam
from named import named

NAMES = sorted(ACTIVATIONS)


def random_network(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=rng.integers(2, 5)).tolist()
    layers = init_params(*sizes, rng=rng, dtype=dtype)
    noise = tuple(
        layer._replace(b=layer.b + rng.normal(size=layer.b.shape).astype(dtype))
        for layer in layers
    )
    shape = (sizes[0],) if seed % 2 else (int(rng.integers(1, 7)), sizes[0])
    return rng, noise, rng.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("shape", [(4,), (7, 4)])
def test_the_unit_has_the_gradient_of_its_loss(shape):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=shape), rng.uniform(size=shape[:-1])
    w, b = rng.normal(size=4), np.array(rng.normal())

    def loss(params):
        return half_squared_error(sigmoid_unit(x, *params), y, "sum")

    check_gradient(loss, (w, b), sigmoid_unit_gradients(x, y, w, b))


def test_the_sources_print_is_the_way_down_and_not_the_gradient():
    rng = np.random.default_rng(2)
    x, y, w, b = rng.normal(size=(5, 3)), rng.uniform(size=5), rng.normal(size=3), 0.3
    y_hat = sigmoid_unit(x, w, b)
    printed = np.sum(((y - y_hat) * y_hat * (1 - y_hat))[:, None] * x, axis=0)
    dw, db = sigmoid_unit_gradients(x, y, w, b)
    np.testing.assert_allclose(dw, -printed, rtol=1e-12)
    before = half_squared_error(y_hat, y)
    assert half_squared_error(sigmoid_unit(x, w + 1e-3 * printed, b), y) < before
    assert half_squared_error(sigmoid_unit(x, w - 1e-3 * printed, b), y) > before
    assert half_squared_error(sigmoid_unit(x, w, b - 1e-3 * db), y) < before


def test_the_unit_stays_finite_at_extreme_inputs():
    x = np.array([[1000.0], [-1000.0]])
    np.testing.assert_array_equal(sigmoid_unit(x, [1.0], 0.0), [1, 0])
    dw, db = sigmoid_unit_gradients(x, [0, 1], [1.0], 0.0)
    assert (dw[0], db) == (0, 0)


@pytest.mark.parametrize("hidden", NAMES)
@pytest.mark.parametrize("output", NAMES)
def test_a_network_is_its_formula_layer_by_layer(hidden, output):
    rng, layers, x = random_network(3)
    layers = named(layers, hidden, output)
    h = np.atleast_2d(x)
    for i, (W, b, _) in enumerate(layers):
        f = ACTIVATIONS[output if i == len(layers) - 1 else hidden].f
        h = np.array([f([W[k] @ row + b[k] for k in range(len(b))]) for row in h])
    out, cache = mlp_forward(x, layers)
    np.testing.assert_allclose(np.atleast_2d(out), h, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(out, mlp(x, layers))
    assert cache.out is cache.outputs[-1]
    assert len(cache.outputs) == len(layers) + 1


@pytest.mark.parametrize("hidden", NAMES)
@pytest.mark.parametrize("output", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_every_gradient_of_a_network_equals_its_numerical_one(hidden, output, seed):
    rng, layers, x = random_network(seed)
    layers = named(layers, hidden, output)
    out, cache = mlp_forward(x, layers)
    d_out = rng.normal(size=out.shape)
    grads = mlp_backward(d_out, cache)

    def loss(params):
        return np.sum(d_out * mlp(*params))

    check_gradient(loss, (x, layers), tuple(grads))


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_is_its_examples_one_by_one(seed):
    rng, layers, _ = random_network(seed)
    x = rng.normal(size=(5, layers[0].W.shape[1]))
    out, cache = mlp_forward(x, layers)
    d_out = rng.normal(size=out.shape)
    d_x, grads = mlp_backward(d_out, cache)
    singles = [
        mlp_backward(d, mlp_forward(row, layers)[1])
        for d, row in zip(d_out, x, strict=True)
    ]
    np.testing.assert_allclose(d_x, [s[0] for s in singles], rtol=1e-12, atol=1e-14)
    for i, grad in enumerate(grads):
        for name in ("W", "b"):
            total = sum(getattr(s[1][i], name) for s in singles)
            np.testing.assert_allclose(
                getattr(grad, name), total, rtol=1e-12, atol=1e-14
            )


@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_from_the_output_is_the_derivative_from_the_input(name):
    z = np.concatenate([np.linspace(-5, 5, 41), [-40.0, 40.0, -1000.0, 1000.0]])
    _, cache = mlp_forward(z[:, None], [Layer([[1.0]], [0.0], name)])
    d_x, _ = mlp_backward(np.ones((len(z), 1)), cache)
    expected = ACTIVATIONS[name].df(z)
    np.testing.assert_allclose(d_x[:, 0], expected, rtol=1e-12, atol=1e-15)


def test_the_gradient_of_the_input_is_left_out_on_demand():
    rng, layers, x = random_network(4)
    out, cache = mlp_forward(x, layers)
    full, short = (mlp_backward(out, cache, wrt_x=wrt_x) for wrt_x in (True, False))
    assert full[0].shape == x.shape
    assert short[0] is None
    for a, b in zip(full[1], short[1], strict=True):
        np.testing.assert_array_equal(a.W, b.W)
        np.testing.assert_array_equal(a.b, b.b)


def targets(rng, loss, shape):
    if loss == "cross_entropy_with_logits":
        return rng.integers(shape[-1], size=shape[:-1])
    return rng.uniform(size=shape)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("seed", range(4))
def test_every_loss_of_a_network_has_its_gradient(loss, reduction, seed):
    rng, layers, x = random_network(seed)
    y = targets(rng, loss, x.shape[:-1] + layers[-1].b.shape)
    output = "sigmoid" if loss == "binary_cross_entropy" else "identity"
    layers = named(layers, "sigmoid", output)
    settings = dict(loss=loss, reduction=reduction)
    value, grads = loss_and_gradients(x, y, layers, **settings)
    expected = getattr(losses, loss)(mlp(x, layers), y, reduction=reduction)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    check_gradient(
        lambda params: loss_and_gradients(x, y, params, **settings).loss, layers, grads
    )


def test_the_loss_is_a_mean_and_the_hidden_layers_are_tanh_by_default():
    rng, layers, _ = random_network(2)
    x = rng.normal(size=(3, layers[0].W.shape[1]))
    y = rng.normal(size=(3, len(layers[-1].b)))
    value, _ = loss_and_gradients(x, y, layers, loss="half_squared_error")
    h = x
    for W, b, _ in layers[:-1]:
        h = np.tanh(h @ W.T + b)
    out = h @ layers[-1].W.T + layers[-1].b
    np.testing.assert_allclose(value, np.mean((y - out) ** 2 / 2), rtol=1e-12)


def test_one_step_down_the_gradient_lowers_the_loss():
    rng, layers, x = random_network(6)
    y = rng.normal(size=(len(x), len(layers[-1].b)))
    optimiser, settings = SGD(lr=1e-3), dict(loss="mean_squared_error")
    done = train_step(x, y, layers, optimiser, (), **settings)
    before, grads = loss_and_gradients(x, y, layers, **settings)
    assert done.loss == before
    assert loss_and_gradients(x, y, done.params, **settings).loss < before
    for new, old, grad in zip(done.params, layers, grads, strict=True):
        np.testing.assert_allclose(new.W, old.W - 1e-3 * grad.W, rtol=1e-14)
        np.testing.assert_allclose(new.b, old.b - 1e-3 * grad.b, rtol=1e-14)


def test_a_step_takes_plain_tuples_and_hands_on_the_optimisers_state():
    optimiser = Adam(lr=0.1)
    pairs = [(np.array([[0.5]]), np.array([0.0]), "tanh")]
    layers = tuple(Layer(*pair) for pair in pairs)
    settings = dict(loss="half_squared_error")
    one = train_step([1.0], [1.0], pairs, optimiser, optimiser.init(layers), **settings)
    two = train_step([1.0], [1.0], one.params, optimiser, one.state, **settings)
    assert (one.state.step, two.state.step) == (1, 2)
    assert two.loss < one.loss


def test_initial_weights_lie_within_glorots_limit_and_fill_it():
    layers = init_params(300, 200, 10, rng=np.random.default_rng(0))
    for W, b, _ in layers:
        limit = np.sqrt(6 / sum(W.shape))
        assert not b.any()
        assert 0.98 * limit < np.abs(W).max() <= limit
        np.testing.assert_allclose(W.std(), limit / np.sqrt(3), rtol=0.05)
        assert abs(W.mean()) < 4 * limit / np.sqrt(W.size)
    again = init_params(300, 200, 10, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layers[1].W, again[1].W)


@pytest.mark.parametrize(("n", "size"), [(7, 3), (6, 3), (1, 5), (5, 1)])
def test_minibatches_hold_every_index_once(n, size):
    batches = minibatches(n, size, rng=np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(n))
    assert [len(b) for b in batches[:-1]] == [size] * ((n - 1) // size)
    assert 1 <= len(batches[-1]) <= size


def test_minibatches_are_shuffled_by_their_seed():
    one, same, other = (
        np.concatenate(minibatches(50, 8, rng=np.random.default_rng(seed))).tolist()
        for seed in (0, 0, 1)
    )
    assert one == same != other
    assert one != list(range(50))


def blobs(seed=0, n=60):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    centres = np.array([[0, 2], [2, -1], [-2, -1]])
    return rng, centres[y] + 0.4 * rng.normal(size=(n, 2)), y


def test_training_learns_and_tells_the_loss_of_each_pass():
    rng, x, y = blobs()
    start = init_params(2, 8, 3, hidden="relu", rng=rng)
    settings = dict(loss="cross_entropy_with_logits", batch_size=16)
    epochs = list(train(x, y, start, Adam(lr=0.03), epochs=30, rng=rng, **settings))
    assert [e.epoch for e in epochs] == list(range(1, 31))
    assert epochs[-1].loss < 0.1 < epochs[0].loss
    out = mlp(x, epochs[-1].params)
    assert np.mean(out.argmax(axis=1) == y) > 0.97


def test_an_epochs_loss_is_the_mean_over_its_examples():
    rng, x, y = blobs(n=10)
    start = init_params(2, 3, rng=rng)
    settings = dict(loss="cross_entropy_with_logits")
    (epoch,) = train(
        x, y, start, SGD(lr=0.1), epochs=1, batch_size=4,
        rng=np.random.default_rng(5), **settings,
    )  # fmt: skip
    layers, total = start, 0.0
    for rows in minibatches(10, 4, rng=np.random.default_rng(5)):
        done = train_step(x[rows], y[rows], layers, SGD(lr=0.1), (), **settings)
        layers, total = done.params, total + done.loss * len(rows)
    np.testing.assert_allclose(epoch.loss, total / 10, rtol=1e-14)
    np.testing.assert_array_equal(epoch.params[0].W, layers[0].W)


def test_training_is_the_same_for_the_same_seed():
    runs = []
    for seed in (0, 0, 1):
        _, x, y = blobs()
        rng = np.random.default_rng(seed)
        layers = init_params(2, 3, rng=np.random.default_rng(9))
        settings = dict(loss="cross_entropy_with_logits", epochs=2, batch_size=7)
        *_, last = train(x, y, layers, SGD(lr=0.1), rng=rng, **settings)
        runs.append(last.params[0].W)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(name):
    rng, layers, x = random_network(2, np.float32)
    assert {a.dtype for layer in layers for a in layer[:2]} == {np.dtype(np.float32)}
    out, cache = mlp_forward(x, named(layers, name, name))
    d_x, grads = mlp_backward(np.ones(out.shape), cache)
    arrays = [d_x, *cache.outputs, *(a for layer in grads for a in layer[:2])]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    y, layers = np.zeros(out.shape), named(layers, name)
    for loss in ("half_squared_error", "binary_cross_entropy_with_logits"):
        state = Adam(lr=0.1).init(layers)
        done = train_step(x, y, layers, Adam(lr=0.1), state, loss=loss)
        arrays = [done.loss, *(a for layer in done.params for a in layer[:2])]
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_the_unit_keeps_float32():
    x, w = np.ones((3, 2), np.float32), np.ones(2, np.float32)
    assert sigmoid_unit(x, w, 0.5).dtype == np.float32
    grads = sigmoid_unit_gradients(x, np.ones(3), w, 0.5)
    assert {a.dtype for a in grads} == {np.dtype(np.float32)}


@pytest.mark.parametrize("hidden", NAMES)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_live_figure_can_trace_forward_and_backward(hidden, loss):
    output = "sigmoid" if loss == "binary_cross_entropy" else "identity"

    def model(x, W, b, V, c):
        layers = Layer(W, b, hidden), Layer(V, c, output)
        value, (first, second) = loss_and_gradients(x, [0.0, 1.0], layers, loss=loss)
        out = mlp(x, layers)
        unit = sigmoid_unit_gradients(x, 1.0, W[0], b[0])
        y_hat = sigmoid_unit(x, W[0], b[0])
        return dict(
            loss=value, out=out, dW=first.W, db=second.b, dw=unit[0], y_hat=y_hat
        )

    shapes = [(2,), (3, 2), (3,), (2, 3), (2,)]
    inputs = {n: np.full(s, 0.3) for n, s in zip("xWbVc", shapes, strict=True)}
    program, rng = trace(model, inputs), np.random.default_rng(16)
    for _ in range(10):
        values = [rng.normal(size=shape) for shape in shapes]
        replayed = program.replay(np.concatenate([v.ravel() for v in values]))
        for name, value in model(*values).items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-10, atol=1e-14)


RNG = np.random.default_rng(0)
Y = np.ones((4, 3))
X, NET = np.ones((4, 2)), (Layer(np.ones((3, 2)), np.ones(3), "identity"),)
CACHE = mlp_forward(X, NET)[1]
FIT = dict(loss="half_squared_error", epochs=1, batch_size=2, rng=RNG)
OPTIONS = "'identity', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'softplus'"
REFUSED = [
    (sigmoid_unit, (1.0, [1.0], 0), {}, "x: wanted shape (..., D), got ()"),
    (sigmoid_unit, (X, [1.0], 0), {}, "w: wanted shape (2,), got (1,)"),
    (sigmoid_unit, (X, [1.0, 2.0], np.nan), {}, "b: wanted finite numbers, got nan"),
    (
        sigmoid_unit_gradients,
        (1.0, 1.0, [1.0], 0),
        {},
        "x: wanted shape (..., D), got ()",
    ),
    (
        sigmoid_unit_gradients,
        (X, [1.0], [1.0, 2.0], 0),
        {},
        "y: wanted shape (4,) as the prediction has, got (1,)",
    ),
    (init_params, (2,), {"rng": RNG}, "sizes: wanted at least 2, got 1"),
    (init_params, (2, 0), {"rng": RNG}, "sizes[1]: wanted an integer >= 1, got 0"),
    (mlp, (X[0, 0], NET), {}, "x: wanted shape (..., D), got ()"),
    (mlp, (X[:0], NET), {}, "x: wanted at least one value, got shape (0, 2)"),
    (mlp, (X, ()), {}, "layers: wanted at least one layer, got none"),
    (mlp, (X[:, :1], NET), {}, "layers[0].W: wanted shape (K, 1), got (3, 2)"),
    (mlp, (X, NET * 2), {}, "layers[1].W: wanted shape (K, 3), got (3, 2)"),
    (
        mlp,
        (X, [Layer(np.ones((3, 2)), np.ones(2), "tanh")]),
        {},
        "layers[0].b: wanted shape (3,), got (2,)",
    ),
    (
        mlp,
        (X, [Layer(np.full((3, 2), np.nan), np.ones(3), "tanh")]),
        {},
        "layers[0].W: wanted finite numbers, got nan",
    ),
    (
        mlp,
        (X, named(NET, output="step")),
        {},
        f"layers[0].phi: wanted one of {OPTIONS}, got 'step'",
    ),
    (
        mlp,
        (X, [(np.ones((3, 2)), np.ones(3))]),
        {},
        f"layers[0].phi: wanted one of {OPTIONS}, got None",
    ),
    (
        init_params,
        (2, 3),
        {"rng": RNG, "hidden": 1},
        f"hidden: wanted one of {OPTIONS}, got 1",
    ),
    (
        init_params,
        (2, 3),
        {"rng": RNG, "output": "step"},
        f"output: wanted one of {OPTIONS}, got 'step'",
    ),
    (
        mlp_backward,
        (X, CACHE),
        {},
        "d_out: wanted shape (4, 3) as the output has, got (4, 2)",
    ),
    (
        loss_and_gradients,
        (X, X, NET),
        {"loss": "half_squared_error"},
        "y: wanted shape (4, 3) as the prediction has, got (4, 2)",
    ),
    (
        loss_and_gradients,
        (X, X, NET),
        {"loss": "half_squared_error", "reduction": "none"},
        "reduction: wanted one of 'mean', 'sum', got 'none'",
    ),
    (
        loss_and_gradients,
        (X, [0, 1, 2, 0], named(NET, output="sigmoid")),
        {"loss": "cross_entropy_with_logits"},
        "layers[0].phi: wanted 'identity' for cross_entropy_with_logits, got 'sigmoid'",
    ),
    (
        loss_and_gradients,
        (X, np.ones((4, 3)), NET),
        {"loss": "binary_cross_entropy"},
        "layers[0].phi: wanted 'sigmoid' for binary_cross_entropy, got 'identity'",
    ),
    (minibatches, (0, 3), {"rng": RNG}, "n: wanted an integer >= 1, got 0"),
    (minibatches, (3, 0), {"rng": RNG}, "size: wanted an integer >= 1, got 0"),
]


@pytest.mark.parametrize(("function", "args", "kwargs", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, kwargs, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args, **kwargs)


def test_an_unknown_loss_is_refused_with_the_known_ones():
    wanted = ", ".join(map(repr, LOSSES))
    with pytest.raises(ValueError, match=f"^loss: wanted one of {wanted}, got 'mse'$"):
        loss_and_gradients(X, X, NET, loss="mse")


def test_training_refuses_data_and_settings_that_do_not_fit():
    with pytest.raises(ValueError, match=r"^x: wanted shape \(N, D\), got \(2,\)$"):
        train(X[0], X, NET, SGD(lr=1), **FIT)
    message = r"^y: wanted shape \(4, 3\) as the prediction has, got \(3, 2\)$"
    with pytest.raises(ValueError, match=message):
        train(X, X[:3], NET, SGD(lr=1), **FIT)
    with pytest.raises(ValueError, match="^loss: wanted one of .*, got 'mse'$"):
        train(X, Y, NET, SGD(lr=1), **{**FIT, "loss": "mse"})
    with pytest.raises(TypeError, match="unexpected keyword argument 'reduction'"):
        train(X, Y, NET, SGD(lr=1), reduction="sum", **FIT)
    with pytest.raises(TypeError, match="^optimiser: wanted an optimiser such as SGD"):
        train(X, Y, NET, "SGD", **FIT)
    with pytest.raises(ValueError, match="^epochs: wanted an integer >= 1, got 0$"):
        train(X, Y, NET, SGD(lr=1), **{**FIT, "epochs": 0})
    with pytest.raises(ValueError, match="^batch_size: wanted an integer >= 1, got 0$"):
        train(X, Y, NET, SGD(lr=1), **{**FIT, "batch_size": 0})
    with pytest.raises(
        TypeError, match="^rng: wanted a numpy.random.Generator, got int"
    ):
        train(X, Y, NET, SGD(lr=1), **{**FIT, "rng": 1})
    message = r"^layers\[0\].W: wanted shape \(K, 1\), got \(3, 2\)$"
    with pytest.raises(ValueError, match=message):
        train(X[:, :1], X, NET, SGD(lr=1), **FIT)


def test_wrong_types_are_refused_by_name():
    wanted = "^rng: wanted a numpy.random.Generator, got int$"
    with pytest.raises(TypeError, match=wanted):
        init_params(2, 3, rng=0)
    with pytest.raises(TypeError, match=wanted):
        minibatches(2, 3, rng=0)
    with pytest.raises(TypeError, match="^dtype: wanted float32 or float64, got"):
        init_params(2, 3, rng=RNG, dtype=int)
    with pytest.raises(TypeError, match=r"^sizes\[0\]: wanted an integer, got 2.5$"):
        init_params(2.5, 3, rng=RNG)
    with pytest.raises(TypeError, match="^layers: wanted a tuple of Layer, got 3$"):
        mlp(X, 3)
    with pytest.raises(TypeError, match="^layers: wanted a tuple of Layer, got "):
        mlp(X, [np.ones((4, 2))])
    with pytest.raises(TypeError, match="^cache: wanted MLPCache, got the pair"):
        mlp_backward(Y, mlp_forward(X, NET))
