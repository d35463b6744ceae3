"""What independent programs say: each case pairs functions of `dlbook` with an oracle.

A case draws its arguments and returns a `Comparison`: the arguments, our value and our
gradients, the value as PyTorch computes it from tensors, and, where it is short, the
formula for HIPS autograd. The gradients of both come from their own differentiation.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dlbook import activations, autoencoder, backprop, gan, losses, perceptron, vae
from dlbook._core.tree import named_leaves, tree_map

__all__ = ["CASES", "Comparison", "flat"]

CASES = {}
HIDDEN = ("tanh", "relu", "leaky_relu", "sigmoid", "softplus")
KINDS = gan.KINDS


class Comparison(NamedTuple):
    """One draw of a case."""

    arguments: Sequence
    """Arrays; gradients are with respect to all of them."""
    value: np.ndarray
    gradients: Sequence
    """Ours, one for each argument; empty for a function without a gradient."""
    oracle: Callable
    """``oracle(torch, *tensors)``"""
    formula: Callable | None = None
    """``formula(autograd.numpy, *arrays)``"""
    dy: np.ndarray | None = None
    """The gradient that arrives at the value; ones if not given."""


def case(*covered):
    """Register a case under the functions that it holds."""

    def register(draw):
        CASES[draw.__name__] = (draw, covered)
        return draw

    return register


def flat(tree):
    """List the arrays of a tree in order."""
    return [np.asarray(leaf) for _, leaf in named_leaves(tree)]


def normal(rng, dtype, *shape):
    return rng.normal(size=shape).astype(dtype)


def probabilities(rng, dtype, *shape):
    p = rng.uniform(0.05, 1, size=shape)
    return (p / p.sum(-1, keepdims=True)).astype(dtype)


# Activations --------------------------------------------------------------------------


def _activation(name, formula):
    @case(f"activations.{name}", f"activations.d_{name}")
    def draw(rng, dtype):
        z, dy = normal(rng, dtype, 4, 5), normal(rng, dtype, 4, 5)
        f, df = getattr(activations, name), getattr(activations, f"d_{name}")

        def oracle(torch, z):
            return getattr(torch, name, getattr(torch.nn.functional, name, None))(z)

        return Comparison([z], f(z), [dy * df(z)], oracle, formula, dy)

    CASES[name] = CASES.pop("draw")


_activation("sigmoid", lambda np, z: 1 / (1 + np.exp(-z)))
_activation("tanh", lambda np, z: np.tanh(z))
_activation("relu", lambda np, z: np.maximum(0, z))
_activation("leaky_relu", lambda np, z: np.where(z > 0, z, 0.01 * z))
_activation("softplus", lambda np, z: np.log(1 + np.exp(z)))


@case("activations.step", "activations.d_step")
def step(rng, dtype):
    z = normal(rng, dtype, 9)

    def oracle(torch, z):
        return torch.heaviside(z.detach(), torch.zeros((), dtype=z.dtype)) + 0 * z

    return Comparison([z], activations.step(z), [activations.d_step(z)], oracle)


@case("activations.softmax", "activations.softmax_backward")
def softmax(rng, dtype):
    z, dy, axis = (
        normal(rng, dtype, 3, 4, 5),
        normal(rng, dtype, 3, 4, 5),
        rng.choice(3),
    )
    y = activations.softmax(z, axis)
    return Comparison(
        [z], y, [activations.softmax_backward(dy, y, axis)],
        lambda torch, z: torch.softmax(z, int(axis)),
        lambda np, z: np.exp(z) / np.sum(np.exp(z), axis, keepdims=True), dy,
    )  # fmt: skip


@case("activations.log_softmax")
def log_softmax(rng, dtype):
    z = normal(rng, dtype, 4, 6)
    value = activations.log_softmax(z)
    return Comparison([z], value, [], lambda torch, z: torch.log_softmax(z, -1))


@case("activations.logsumexp")
def logsumexp(rng, dtype):
    z, dy = normal(rng, dtype, 4, 6), normal(rng, dtype, 4)
    return Comparison(
        [z], activations.logsumexp(z), [dy[:, None] * activations.softmax(z)],
        lambda torch, z: torch.logsumexp(z, -1),
        lambda np, z: np.log(np.sum(np.exp(z), -1)), dy,
    )  # fmt: skip


# Losses -------------------------------------------------------------------------------


@case("losses.half_squared_error", "losses.d_half_squared_error")
def half_squared_error(rng, dtype):
    y_hat, y, how = normal(rng, dtype, 4, 3), normal(rng, dtype, 4, 3), _how(rng)
    return Comparison(
        [y_hat], losses.half_squared_error(y_hat, y, how),
        [losses.d_half_squared_error(y_hat, y, how)],
        lambda torch, z: torch.nn.MSELoss(reduction=how)(z, torch.tensor(y)) / 2,
        lambda np, z: getattr(np, how)((y - z) ** 2) / 2,
    )  # fmt: skip


@case("losses.mean_squared_error", "losses.d_mean_squared_error")
def mean_squared_error(rng, dtype):
    y_hat, y, how = normal(rng, dtype, 4, 3), normal(rng, dtype, 4, 3), _how(rng)
    return Comparison(
        [y_hat], losses.mean_squared_error(y_hat, y, how),
        [losses.d_mean_squared_error(y_hat, y, how)],
        lambda torch, z: torch.nn.MSELoss(reduction=how)(z, torch.tensor(y)),
        lambda np, z: getattr(np, how)((y - z) ** 2),
    )  # fmt: skip


@case("losses.binary_cross_entropy", "losses.d_binary_cross_entropy")
def binary_cross_entropy(rng, dtype):
    p = rng.uniform(0.02, 0.98, size=(4, 3)).astype(dtype)
    y, how = rng.uniform(size=(4, 3)).astype(dtype), _how(rng)
    return Comparison(
        [p], losses.binary_cross_entropy(p, y, how),
        [losses.d_binary_cross_entropy(p, y, how)],
        lambda torch, p: torch.nn.BCELoss(reduction=how)(p, torch.tensor(y)),
        lambda np, p: getattr(np, how)(-y * np.log(p) - (1 - y) * np.log(1 - p)),
    )  # fmt: skip


@case(
    "losses.binary_cross_entropy_with_logits",
    "losses.d_binary_cross_entropy_with_logits",
)
def binary_cross_entropy_with_logits(rng, dtype):
    z, y, how = normal(rng, dtype, 4, 3), rng.uniform(size=(4, 3)), _how(rng)
    y = y.astype(dtype)
    return Comparison(
        [z], losses.binary_cross_entropy_with_logits(z, y, how),
        [losses.d_binary_cross_entropy_with_logits(z, y, how)],
        lambda torch, z: torch.nn.BCEWithLogitsLoss(reduction=how)(z, torch.tensor(y)),
        lambda np, z: getattr(np, how)(np.log(1 + np.exp(z)) - y * z),
    )  # fmt: skip


@case("losses.cross_entropy", "losses.d_cross_entropy")
def cross_entropy(rng, dtype):
    p, how = probabilities(rng, dtype, 4, 3), _how(rng)
    y = probabilities(rng, dtype, 4, 3)
    return Comparison(
        [p], losses.cross_entropy(p, y, how), [losses.d_cross_entropy(p, y, how)],
        lambda torch, p: getattr(
            -(torch.tensor(y) * torch.log(p)).sum(-1), how
        )(),
        lambda np, p: getattr(np, how)(-np.sum(y * np.log(p), -1)),
    )  # fmt: skip


@case("losses.cross_entropy_with_logits", "losses.d_cross_entropy_with_logits")
def cross_entropy_with_logits(rng, dtype):
    z, y, how = normal(rng, dtype, 4, 3), rng.integers(3, size=4), _how(rng)
    return Comparison(
        [z], losses.cross_entropy_with_logits(z, y, how),
        [losses.d_cross_entropy_with_logits(z, y, how)],
        lambda torch, z: torch.nn.CrossEntropyLoss(reduction=how)(z, torch.tensor(y)),
        lambda np, z: getattr(np, how)(
            np.log(np.sum(np.exp(z), -1)) - z[np.arange(4), y]
        ),
    )  # fmt: skip


@case("losses.gaussian_kl", "losses.d_gaussian_kl")
def gaussian_kl(rng, dtype):
    mu, log_var, how = normal(rng, dtype, 4, 3), normal(rng, dtype, 4, 3), _how(rng)

    def oracle(torch, mu, log_var):
        code = torch.distributions.Normal(mu, torch.exp(log_var / 2))
        prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        return getattr(torch.distributions.kl_divergence(code, prior).sum(-1), how)()

    return Comparison(
        [mu, log_var], losses.gaussian_kl(mu, log_var, how),
        [*losses.d_gaussian_kl(mu, log_var, how)], oracle,
        lambda np, m, s: getattr(np, how)(
            np.sum(m**2 + np.exp(s) - 1 - s, -1) / 2
        ),
    )  # fmt: skip


def _how(rng):
    return str(rng.choice(["mean", "sum"]))


# Networks -----------------------------------------------------------------------------


def _torch_layers(torch, x, layers, hidden, output):
    """Run pairs of weights and biases as `torch.nn.functional.linear`."""
    pairs = [*zip(layers[::2], layers[1::2], strict=True)]
    f = torch.nn.functional
    known = {
        "identity": lambda z: z,
        "softplus": f.softplus,
        "leaky_relu": f.leaky_relu,
    }
    for k, (W, b) in enumerate(pairs):
        name = output if k == len(pairs) - 1 else hidden
        act = known.get(name) or getattr(torch, name)
        x = act(torch.nn.functional.linear(x, W, b))
    return x


@case("perceptron.weighted_sum", "perceptron.predict")
def weighted_sum(rng, dtype):
    x, w, b = normal(rng, dtype, 5, 3), normal(rng, dtype, 3), normal(rng, dtype)
    value = perceptron.weighted_sum(x, w, b)
    np.testing.assert_array_equal(perceptron.predict(x, w, b), value > 0)
    return Comparison([x, w, b], value, [], lambda torch, x, w, b: torch.mv(x, w) + b)


@case("backprop.sigmoid_unit", "backprop.sigmoid_unit_gradients")
def sigmoid_unit(rng, dtype):
    x, y = normal(rng, dtype, 5, 3), normal(rng, dtype, 5)
    w, b = normal(rng, dtype, 3), normal(rng, dtype)
    y_hat = backprop.sigmoid_unit(x, w, b)
    return Comparison(
        [w, b], np.sum((y - y_hat) ** 2) / 2,
        [*backprop.sigmoid_unit_gradients(x, y, w, b)],
        lambda torch, w, b: torch.nn.functional.mse_loss(
            torch.sigmoid(torch.tensor(x) @ w + b), torch.tensor(y), reduction="sum"
        ) / 2,
        lambda np, w, b: np.sum((y - 1 / (1 + np.exp(-x @ w - b))) ** 2) / 2,
    )  # fmt: skip


@case(
    "backprop.mlp", "backprop.mlp_forward", "backprop.mlp_backward", "gan.generate",
    "gan.discriminate",
)  # fmt: skip
def mlp(rng, dtype):
    hidden, output = map(str, (rng.choice(HIDDEN), rng.choice(["identity", *HIDDEN])))
    names = dict(hidden=hidden, output=output)
    layers = backprop.init_params(3, 5, 4, 2, rng=rng, dtype=dtype, **names)
    x, dy = normal(rng, dtype, 6, 3), normal(rng, dtype, 6, 2)
    out, cache = backprop.mlp_forward(x, layers)
    dx, grads = backprop.mlp_backward(dy, cache)
    np.testing.assert_array_equal(backprop.mlp(x, layers), out)
    np.testing.assert_array_equal(gan.generate(x, layers), out)
    one = layers[:-1] + (tree_map(lambda a: a[:1], layers[-1]),)
    np.testing.assert_allclose(gan.discriminate(x, one), out[:, 0], rtol=1e-5)
    return Comparison(
        [x, *flat(layers)], out, [dx, *flat(grads)],
        lambda torch, x, *p: _torch_layers(torch, x, p, hidden, output), dy=dy,
    )  # fmt: skip


@case("backprop.loss_and_gradients")
def loss_and_gradients(rng, dtype):
    layers = backprop.init_params(3, 5, 4, rng=rng, dtype=dtype)
    x, y, how = normal(rng, dtype, 6, 3), rng.integers(4, size=6), _how(rng)
    loss, grads = backprop.loss_and_gradients(
        x, y, layers, loss="cross_entropy_with_logits", reduction=how
    )

    def oracle(torch, *params):
        z = _torch_layers(torch, torch.tensor(x), params, "tanh", "identity")
        return torch.nn.functional.cross_entropy(z, torch.tensor(y), reduction=how)

    def formula(np, W1, b1, W2, b2):
        z = np.dot(np.tanh(np.dot(x, W1.T) + b1), W2.T) + b2
        return getattr(np, how)(np.log(np.sum(np.exp(z), -1)) - z[range(6), y])

    return Comparison(flat(layers), loss, flat(grads), oracle, formula)


@case(
    "autoencoder.autoencode", "autoencoder.autoencode_forward",
    "autoencoder.autoencode_backward", "autoencoder.encode", "autoencoder.decode",
     "autoencoder.reconstruction_error",
    "autoencoder.d_reconstruction_error", "autoencoder.loss_and_gradients",
)  # fmt: skip
def denoising_autoencoder(rng, dtype):
    hidden = str(rng.choice(HIDDEN))
    params = autoencoder.init_params(6, 5, 2, hidden=hidden, rng=rng, dtype=dtype)
    x, clean = rng.uniform(size=(2, 7, 6)).astype(dtype)
    loss, grads = autoencoder.loss_and_gradients(x, params, target=clean)
    n = len(flat(params.encoder))

    def oracle(torch, *p):
        h = _torch_layers(torch, torch.tensor(x), p[:n], hidden, "tanh")
        x_hat = _torch_layers(torch, h, p[n:], hidden, "sigmoid")
        return ((x_hat - torch.tensor(clean)) ** 2).sum(-1).mean()

    return Comparison(flat(params), loss, flat(grads), oracle)


@case(
    "vae.vae", "vae.vae_forward", "vae.vae_backward", "vae.encode", "vae.decode",
    "vae.reparameterise", "vae.reparameterise_backward", "vae.elbo",
    "vae.elbo_backward", "vae.log_likelihood", "vae.loss_and_gradients",
)  # fmt: skip
def variational_autoencoder(rng, dtype):
    likelihood, beta = str(rng.choice(["bernoulli", "gaussian"])), rng.uniform(0.5, 4)
    params = vae.init_params(6, 5, 2, likelihood=likelihood, rng=rng, dtype=dtype)
    x, eps = rng.uniform(size=(7, 6)).astype(dtype), normal(rng, dtype, 7, 2)
    done = vae.loss_and_gradients(x, params, eps, beta=beta, variance=0.3)
    n, m = len(flat(params.encoder)), len(flat(params[:3]))

    def oracle(torch, *p):
        h = _torch_layers(torch, torch.tensor(x), p[:n], "tanh", "tanh")
        mu, log_var = (torch.nn.functional.linear(h, *p[k : k + 2]) for k in (n, n + 2))
        normal = torch.distributions.Normal
        code = normal(mu, torch.exp(log_var / 2))
        z = mu + code.scale * torch.tensor(eps)
        out = _torch_layers(torch, z, p[m:], "tanh", "identity")
        given = torch.tensor(x)
        if likelihood == "bernoulli":
            log_p = -torch.nn.functional.binary_cross_entropy_with_logits(
                out, given, reduction="none"
            )
        else:
            log_p = normal(out, 0.3**0.5).log_prob(given)
        prior = normal(torch.zeros_like(mu), torch.ones_like(mu))
        kl = torch.distributions.kl_divergence(code, prior).sum(-1)
        return -(log_p.sum(-1) - beta * kl).mean()

    return Comparison(flat(params), done.loss, flat(done.gradients), oracle)


@case("vae.importance_weighted_bound", "vae.importance_weighted_gradients")
def importance_weighted_autoencoder(rng, dtype):
    params = vae.init_params(6, 5, 2, rng=rng, dtype=dtype)
    x, eps = rng.uniform(size=(7, 6)).astype(dtype), normal(rng, dtype, 4, 7, 2)
    done = vae.importance_weighted_gradients(x, params, eps)
    n, m = len(flat(params.encoder)), len(flat(params[:3]))

    def oracle(torch, *p):
        h = _torch_layers(torch, torch.tensor(x), p[:n], "tanh", "tanh")
        mu, log_var = (torch.nn.functional.linear(h, *p[k : k + 2]) for k in (n, n + 2))
        normal = torch.distributions.Normal
        code = normal(mu, torch.exp(log_var / 2))
        z = mu + code.scale * torch.tensor(eps)
        out = _torch_layers(torch, z, p[m:], "tanh", "identity")
        log_p = -torch.nn.functional.binary_cross_entropy_with_logits(
            out, torch.tensor(x).expand_as(out), reduction="none"
        ).sum(-1)
        prior = normal(torch.zeros_like(mu), torch.ones_like(mu))
        log_w = log_p + (prior.log_prob(z) - code.log_prob(z)).sum(-1)
        bounds = torch.logsumexp(log_w, 0) - float(np.log(len(eps)))
        return -bounds.mean()

    return Comparison(flat(params), done.loss, flat(done.gradients), oracle)


# Two players --------------------------------------------------------------------------


def _scores(torch, kind, logits, real):
    """Return minus the log-probability of real or of fake, or minus the score."""
    if kind == "wasserstein":
        return -logits if real else logits
    return -torch.nn.functional.logsigmoid(logits if real else -logits)


@case("gan.discriminator_loss", "gan.d_discriminator_loss")
def discriminator_loss(rng, dtype):
    real, fake, kind = normal(rng, dtype, 5), normal(rng, dtype, 4), rng.choice(KINDS)
    return Comparison(
        [real, fake], gan.discriminator_loss(real, fake, kind=kind),
        [*gan.d_discriminator_loss(real, fake, kind=kind)],
        lambda torch, r, f: _scores(torch, kind, r, True).mean()
        + _scores(torch, kind, f, False).mean(),
    )  # fmt: skip


@case("gan.generator_loss", "gan.d_generator_loss")
def generator_loss(rng, dtype):
    logits, kind = normal(rng, dtype, 5), rng.choice(KINDS)
    return Comparison(
        [logits], gan.generator_loss(logits, kind=kind),
        [gan.d_generator_loss(logits, kind=kind)],
        lambda torch, o: _generator_loss(torch, kind, o),
    )  # fmt: skip


def _generator_loss(torch, kind, logits):
    if kind == "saturating":
        return -_scores(torch, kind, logits, False).mean()
    return _scores(torch, kind, logits, True).mean()


def _players(rng, dtype):
    params = gan.init_params((2, 4, 3), (3, 5, 1), rng=rng, dtype=dtype)
    return params, normal(rng, dtype, 6, 3), normal(rng, dtype, 7, 2)


@case("gan.discriminator_gradients")
def discriminator_gradients(rng, dtype):
    (params, real, z), kind = _players(rng, dtype), rng.choice(KINDS)
    loss, grads = gan.discriminator_gradients(real, z, params, kind=kind)
    fake = gan.generate(z, params.generator)

    def oracle(torch, *p):
        scores = [
            _torch_layers(torch, torch.tensor(x), p, "tanh", "identity")
            for x in (real, fake)
        ]
        both = zip(scores, (True, False), strict=True)
        return sum(_scores(torch, kind, o, real).mean() for o, real in both)

    return Comparison(flat(params.discriminator), loss, flat(grads), oracle)


@case("gan.gradient_penalty", "gan.gradient_penalty_gradients")
def gradient_penalty(rng, dtype):
    hidden = str(rng.choice(HIDDEN))
    # An output that bends, so that every bias has a gradient.
    names = dict(hidden=hidden, output="tanh")
    layers = backprop.init_params(3, 6, 5, 1, rng=rng, dtype=dtype, **names)
    x = normal(rng, dtype, 7, 3)
    done = gan.gradient_penalty_gradients(x, layers)

    def oracle(torch, *p):
        at = torch.tensor(x, requires_grad=True)
        o = _torch_layers(torch, at, p, hidden, "tanh")
        (slopes,) = torch.autograd.grad(o.sum(), at, create_graph=True)
        return ((slopes.norm(dim=1) - 1) ** 2).mean()

    return Comparison(flat(layers), done.loss, flat(done.gradients), oracle)


@case("gan.generator_gradients")
def generator_gradients(rng, dtype):
    (params, _, z), kind = _players(rng, dtype), rng.choice(KINDS)
    loss, grads = gan.generator_gradients(z, params, kind=kind)
    judge = [a.copy() for a in flat(params.discriminator)]

    def oracle(torch, *p):
        fake = _torch_layers(torch, torch.tensor(z), p, "tanh", "identity")
        held = [torch.tensor(a) for a in judge]
        logits = _torch_layers(torch, fake, held, "tanh", "identity")
        return _generator_loss(torch, kind, logits)

    return Comparison(flat(params.generator), loss, flat(grads), oracle)
