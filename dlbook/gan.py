r"""The generative adversarial network: two networks that are each other's loss.

The generator turns noise into samples, :math:`x = G(z)`. The discriminator gives each
sample a logit o, and :math:`D(x) = \sigma(o)` is its probability of being real. It
minimises

.. math:: L_D = -\mathbb E_{x \sim p}[\log D(x)]
          - \mathbb E_{z}[\log(1 - D(G(z)))],

and the generator :math:`L_G = -\mathbb E_z[\log D(G(z))]`. Every loss here takes
logits, so that no logarithm of 0 can occur. Logarithms are natural. What divergences
these losses stand for is in `dlbook.divergences`, and what their gradients do with two
parameters only, in `dlbook.dirac_gan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dlbook import backprop
from dlbook._core import check
from dlbook._core.check import array, choice, generator, integer, like, number
from dlbook._core.formulas import PHI, sigmoid, softplus
from dlbook._core.tree import tree_map
from dlbook._core.types import ArrayLike, DTypeLike, Optimiser, Source
from dlbook.backprop import Layer, LossAndGradients

__all__ = [
    "KINDS",
    "GANStep",
    "LogitGradient",
    "NetworkStep",
    "Players",
    "d_discriminator_loss",
    "d_generator_loss",
    "discriminate",
    "discriminator_gradients",
    "discriminator_loss",
    "discriminator_step",
    "generate",
    "generator_gradients",
    "generator_loss",
    "generator_step",
    "gradient_penalty",
    "gradient_penalty_gradients",
    "init_params",
    "mode_counts",
    "optimal_discriminator",
    "train",
    "train_step",
]

KINDS = ("non_saturating", "saturating", "wasserstein")
"""The games: the source's, the minimax game, and the critic of a Wasserstein GAN."""


class Players(NamedTuple):
    """What belongs to the two players: their layers, optimisers, or states."""

    generator: Any
    discriminator: Any


class LogitGradient(NamedTuple):
    """Gradients of the discriminator's loss with respect to its two sets of logits."""

    real: np.ndarray
    fake: np.ndarray


class NetworkStep(NamedTuple):
    """One player's loss before its step; its layers and state after it."""

    loss: np.ndarray
    layers: tuple
    state: Any


class GANStep(NamedTuple):
    """One step of the discriminator, or several, and one of the generator."""

    step: int
    """Steps finished, this one included."""
    d_loss: np.ndarray
    """The discriminator's loss before its last step."""
    g_loss: np.ndarray
    """The generator's loss before its step, against the new discriminator."""
    params: Players
    state: Players


def discriminator_loss(
    real: ArrayLike, fake: ArrayLike, *, kind: str = "non_saturating"
) -> float:
    r"""Return the loss of the discriminator.

    .. math::

       -\frac1N \sum_n \log \sigma(o_n^{\text{real}})
       - \frac1M \sum_m \log\bigl(1 - \sigma(o_m^{\text{fake}})\bigr)

    It is the sum of two means. Where both distributions are the same and D is 1/2, it
    is :math:`\log 4`. For "wasserstein" the logits are scores, and the loss is
    :math:`\overline{o^{\text{fake}}} - \overline{o^{\text{real}}}`: the critic wants
    real samples to score high.

    Parameters
    ----------
    real, fake : array_like
        Logits of real and of generated samples, of any shapes.
    kind : {"non_saturating", "saturating", "wasserstein"}
        The game; the first two have the same discriminator.

    Returns
    -------
    float
        The loss.

    Raises
    ------
    ValueError
        If a logit is not finite or the kind unknown.

    See Also
    --------
    d_discriminator_loss : its derivative.

    References
    ----------
    Goodfellow et al. 2014, :cite:`goodfellow2014`; Arjovsky, Chintala and Bottou 2017,
    :cite:`arjovsky2017`.

    Examples
    --------
    >>> discriminator_loss([0.0], [0.0]).round(4), np.log(4).round(4)
    (np.float64(1.3863), np.float64(1.3863))
    """
    real, fake = array(real, "real"), array(fake, "fake")
    return _discriminator_loss(real, fake, choice(kind, "kind", KINDS))


def _discriminator_loss(real, fake, kind):
    if kind == "wasserstein":
        return np.mean(fake) - np.mean(real)
    return np.mean(softplus(-real)) + np.mean(softplus(fake))


def d_discriminator_loss(
    real: ArrayLike, fake: ArrayLike, *, kind: str = "non_saturating"
) -> LogitGradient:
    r"""Return the gradient of `discriminator_loss` with respect to the logits.

    .. math::

       \frac{\partial L}{\partial o_n^{\text{real}}} =
       -\frac{1 - \sigma(o_n^{\text{real}})}{N}, \qquad
       \frac{\partial L}{\partial o_m^{\text{fake}}} =
       \frac{\sigma(o_m^{\text{fake}})}{M}

    Parameters
    ----------
    real, fake, kind
        As for `discriminator_loss`.

    Returns
    -------
    LogitGradient
        Gradients in the shapes of ``real`` and ``fake``.

    Raises
    ------
    ValueError
        As `discriminator_loss` does.

    See Also
    --------
    discriminator_loss : what it differentiates.

    Examples
    --------
    >>> d_discriminator_loss([0.0], [0.0])
    LogitGradient(real=array([-0.5]), fake=array([0.5]))
    """
    real, fake = array(real, "real"), array(fake, "fake")
    return _d_discriminator_loss(real, fake, choice(kind, "kind", KINDS))


def _d_discriminator_loss(real, fake, kind):
    if kind == "wasserstein":
        slopes = -np.ones_like(real), np.ones_like(fake)
    else:
        slopes = -sigmoid(-real), sigmoid(fake)
    return LogitGradient(slopes[0] / real.size, slopes[1] / fake.size)


def generator_loss(logits: ArrayLike, *, kind: str = "non_saturating") -> float:
    r"""Return the loss of the generator.

    .. math::

       \text{non-saturating:}\; -\overline{\log \sigma(o)}, \quad
       \text{saturating:}\; \overline{\log(1 - \sigma(o))}, \quad
       \text{wasserstein:}\; -\overline{o}

    Parameters
    ----------
    logits : array_like
        The discriminator's logits o of generated samples, of any shape.
    kind : {"non_saturating", "saturating", "wasserstein"}
        The game.

    Returns
    -------
    float
        The loss, a mean over the samples.

    Raises
    ------
    ValueError
        If a logit is not finite or the kind unknown.

    See Also
    --------
    d_generator_loss : its derivative.

    References
    ----------
    Goodfellow et al. 2014, :cite:`goodfellow2014`; Goodfellow 2016,
    :cite:`goodfellow2016`.

    Examples
    --------
    >>> generator_loss([0.0]).round(4)
    np.float64(0.6931)
    >>> generator_loss([0.0], kind="saturating").round(4)
    np.float64(-0.6931)
    """
    return _generator_loss(array(logits, "logits"), choice(kind, "kind", KINDS))


def _generator_loss(logits, kind):
    if kind == "non_saturating":
        return np.mean(softplus(-logits))
    return -np.mean(softplus(logits) if kind == "saturating" else logits)


def d_generator_loss(logits: ArrayLike, *, kind: str = "non_saturating") -> np.ndarray:
    r"""Return the gradient of `generator_loss` with respect to the logits.

    .. math::

       \text{non-saturating:}\; -\frac{1 - \sigma(o_m)}{M}, \quad
       \text{saturating:}\; -\frac{\sigma(o_m)}{M}, \quad
       \text{wasserstein:}\; -\frac1M

    Where the discriminator is sure of a fake, :math:`\sigma(o)` is near 0: there the
    saturating loss has no gradient left, and the other one has all of it.

    Parameters
    ----------
    logits, kind
        As for `generator_loss`.

    Returns
    -------
    ndarray
        The gradient in the shape of ``logits``.

    Raises
    ------
    ValueError
        As `generator_loss` does.

    See Also
    --------
    generator_loss : what it differentiates.

    Examples
    --------
    >>> sure = [np.log(0.001 / 0.999)]
    >>> d_generator_loss(sure).round(3)
    array([-0.999])
    >>> d_generator_loss(sure, kind="saturating").round(3)
    array([-0.001])
    """
    return _d_generator_loss(array(logits, "logits"), choice(kind, "kind", KINDS))


def _d_generator_loss(logits, kind):
    if kind == "wasserstein":
        return -np.ones_like(logits) / logits.size
    return -sigmoid(-logits if kind == "non_saturating" else logits) / logits.size


def init_params(
    generator_sizes: Sequence[int],
    discriminator_sizes: Sequence[int],
    *,
    hidden: str = "tanh",
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> Players:
    """Draw the layers of both players.

    Parameters
    ----------
    generator_sizes : sequence of int
        Noise, units of each hidden layer, entries of a sample.
    discriminator_sizes : sequence of int
        Entries of a sample, units of each hidden layer, and 1.
    hidden : str
        Activation of the hidden layers; the last ones have none.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Players
        generator and discriminator, tuples of Layer.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.init_params` does, or if the discriminator does not fit.

    See Also
    --------
    train : what learns them.

    Examples
    --------
    >>> params = init_params((1, 8, 2), (2, 8, 1), rng=np.random.default_rng(0))
    >>> [layer.W.shape for layer in params.generator]
    [(8, 1), (2, 8)]
    """
    g = _sizes(generator_sizes, "generator_sizes")
    d = _sizes(discriminator_sizes, "discriminator_sizes")
    if (d[0], d[-1]) != (g[-1], 1):
        raise ValueError(
            f"discriminator_sizes: wanted {g[-1]} first and 1 last, got {d}"
        )
    settings: dict[str, Any] = dict(hidden=hidden, rng=rng, dtype=dtype)
    return Players(
        backprop.init_params(*g, **settings), backprop.init_params(*d, **settings)
    )


def _sizes(sizes, name):
    if not isinstance(sizes, (tuple, list)) or len(sizes) < 2:
        raise TypeError(f"{name}: wanted at least two sizes in a tuple, got {sizes!r}")
    return tuple(integer(size, f"{name}[{i}]", low=1) for i, size in enumerate(sizes))


def generate(z: ArrayLike, layers: Sequence[Layer]) -> np.ndarray:
    """Return the generator's samples G(z).

    Parameters
    ----------
    z : array_like of shape (L,) or (N, L)
        Noise.
    layers : sequence of Layer
        The generator.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The samples.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    See Also
    --------
    discriminate : judges what it makes.
    generator_gradients : how it learns.

    Examples
    --------
    >>> generate([[1.0], [-1.0]], [backprop.Layer([[2.0]], [0.5], "identity")])
    array([[ 2.5],
           [-1.5]])
    """
    z = array(z, "z", (..., "L"))
    return backprop._forward(z, backprop._layers(layers, z.shape[-1])).out


def discriminate(x: ArrayLike, layers: Sequence[Layer]) -> np.ndarray:
    """Return the discriminator's logits; their sigmoid is D(x).

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Samples.
    layers : sequence of Layer
        The discriminator, with one output.

    Returns
    -------
    ndarray of shape () or (N,)
        One logit for each sample.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does, or if there is more than one output.

    See Also
    --------
    generate : makes what it judges.
    discriminator_gradients : how it learns.

    Examples
    --------
    >>> discriminate([[2.5], [-1.5]], [backprop.Layer([[1.0]], [-0.5], "identity")])
    array([ 2., -2.])
    """
    x = array(x, "x", (..., "D"))
    return backprop._forward(x, _judge(layers, x.shape[-1])).out[..., 0]


def gradient_penalty(x: ArrayLike, layers: Sequence[Layer]) -> float:
    r"""Measure how far the critic's slope is from 1.

    .. math:: P = \frac1N \sum_n
       \bigl(\lVert \nabla_x o(x_n) \rVert - 1\bigr)^2

    The critic of a Wasserstein GAN must not be steeper than 1 anywhere, and the best
    one has the slope 1 on the ways between real and generated samples. Clipped weights
    enforce the first crudely; this asks for the second.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Points at which the slope is taken.
    layers : sequence of Layer
        The critic, with one output.

    Returns
    -------
    float
        The penalty P.

    Raises
    ------
    TypeError, ValueError
        As `discriminate` does.

    References
    ----------
    Gulrajani et al. 2017, :cite:`gulrajani2017`.

    See Also
    --------
    gradient_penalty_gradients : with respect to the layers.
    dlbook.dirac_gan.dirac_field : a penalty in the smallest game.

    Examples
    --------
    >>> critic = [backprop.Layer([[3.0, 4.0]], [0.0], "identity")]
    >>> gradient_penalty([[0.0, 0.0], [1.0, 2.0]], critic)
    np.float64(16.0)
    """
    return _penalty(*_points(x, layers))[0]


def gradient_penalty_gradients(
    x: ArrayLike, layers: Sequence[Layer]
) -> LossAndGradients:
    r"""Return the penalty on the critic's slope, and its gradients.

    The slope is itself the result of a backward pass, with
    :math:`\delta_l = \phi_l'(z_l) \odot u_l` and :math:`u_{l-1} = W_l^\top \delta_l`
    down to :math:`u_0 = \nabla_x o`. So the penalty's gradient runs through both
    passes: first along the backward pass from its end, where
    :math:`a_0 = \partial P / \partial u_0`,

    .. math::

       \alpha_l = W_l a_{l-1}, \qquad a_l = \phi_l'(z_l) \odot \alpha_l, \qquad
       t_l = \phi_l''(z_l) \odot u_l \odot \alpha_l ,

    then down the network as ever, with :math:`t_l` added to each layer's gradient:

    .. math::

       e_l = t_l + \phi_l'(z_l) \odot W_{l+1}^\top e_{l+1}, \qquad
       \frac{\partial P}{\partial W_l} = \delta_l a_{l-1}^\top + e_l h_{l-1}^\top,
       \qquad \frac{\partial P}{\partial b_l} = e_l .

    Parameters
    ----------
    x, layers
        As for `gradient_penalty`.

    Returns
    -------
    LossAndGradients
        The penalty, and gradients of the layers; those of x are not returned, for the
        points are given.

    Raises
    ------
    TypeError, ValueError
        As `discriminate` does.

    See Also
    --------
    gradient_penalty : what it differentiates.

    References
    ----------
    Gulrajani et al. 2017, :cite:`gulrajani2017`.

    Examples
    --------
    >>> critic = [backprop.Layer([[3.0, 4.0]], [0.0], "identity")]
    >>> gradient_penalty_gradients([[0.0, 0.0]], critic).gradients[0].W
    array([[4.8, 6.4]])
    """
    return _penalty_gradients(*_points(x, layers))


def _points(x, layers) -> tuple[np.ndarray, tuple[Layer, ...]]:
    x = array(x, "x", ("N", "D"))
    return x, _judge(layers, x.shape[1])


def _penalty(x, layers):
    """Return the penalty, the pass, the slopes u of o by each h, and their lengths."""
    cache = backprop._forward(x, layers)
    u = [np.ones_like(cache.out)]
    for (W, _, phi), h in zip(layers[::-1], cache.outputs[:0:-1], strict=True):
        u.append((u[-1] * PHI[phi].slope(h)) @ W)
    u = u[::-1]
    length = np.sqrt(np.sum(u[0] ** 2, axis=1, keepdims=True))
    return np.mean((length - 1) ** 2), cache, u, length


def _penalty_gradients(x, layers):
    penalty, cache, u, length = _penalty(x, layers)
    steep = np.where(length > 0, length, 1)  # where the slope is 0 it has no direction
    a = 2 / len(x) * (length - 1) / steep * u[0]
    dW, bends = [], []
    for (W, _, phi), h, u_l in zip(layers, cache.outputs[1:], u[1:], strict=True):
        slope, alpha = PHI[phi].slope(h), a @ W.T
        dW.append((slope * u_l).T @ a)
        a = slope * alpha
        bends.append(PHI[phi].curvature(h) * u_l * alpha)
    gradients, e = [], 0
    for i in reversed(range(len(layers))):
        W, _, phi = layers[i]
        e = bends[i] + e
        by_weights = dW[i] + e.T @ cache.outputs[i]
        gradients.append(Layer(by_weights, np.sum(e, axis=0), phi))
        if i:
            e = (e @ W) * PHI[layers[i - 1].phi].slope(cache.outputs[i])
    return LossAndGradients(penalty, tuple(reversed(gradients)))


def discriminator_gradients(
    real: ArrayLike,
    z: ArrayLike,
    params: Players,
    *,
    kind: str = "non_saturating",
    penalty: float = 0.0,
    mix: ArrayLike | None = None,
) -> LossAndGradients:
    """Return the discriminator's loss and gradients, the generator held fixed.

    Parameters
    ----------
    real : array_like of shape (N, D)
        Real samples.
    z : array_like of shape (M, L)
        Noise for the generated ones.
    params : Players
        Layers of both.
    kind : {"non_saturating", "saturating", "wasserstein"}
        The game.
    penalty : float
        Factor of `gradient_penalty`, which is added to the loss; not negative.
    mix : array_like of shape (N,), optional
        Numbers from 0 to 1 for the penalty: where on the way from a generated sample
        to a real one the slope is taken. It wants as many generated samples as real.

    Returns
    -------
    LossAndGradients
        loss, and gradients of the discriminator's layers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, as the functions used do.

    See Also
    --------
    discriminator_step : steps along them.
    generator_gradients : the other player's.

    Examples
    --------
    >>> params = init_params((1, 1), (1, 1), rng=np.random.default_rng(0))
    >>> done = discriminator_gradients([[1.0]], [[0.0]], params)
    >>> done.gradients[0].W.shape, done.gradients[0].b.shape
    ((1, 1), (1,))
    """
    real, z, params = _game(real, z, params)
    kind = choice(kind, "kind", KINDS)
    return _discriminator_gradients(
        real, z, params, kind, *_mixing(penalty, mix, real, z)
    )


def _discriminator_gradients(real, z, params, kind, penalty=0.0, mix=None):
    fake = backprop._forward(z, params.generator).out
    both = backprop._forward(np.concatenate([real, fake]), params.discriminator)
    halves = both.out[: len(real), 0], both.out[len(real) :, 0]
    d_logits = np.concatenate(_d_discriminator_loss(*halves, kind))[:, None]
    loss = _discriminator_loss(*halves, kind)
    gradients = backprop._backward(d_logits, both, wrt_x=False).params
    if mix is None:
        return LossAndGradients(loss, gradients)
    between = fake + mix[:, None] * (real - fake)
    steep, slopes = _penalty_gradients(between, params.discriminator)
    return LossAndGradients(
        loss + penalty * steep,
        tree_map(lambda g, by: g + penalty * by, gradients, slopes),
    )


def _mixing(penalty, mix, real, z) -> tuple[float, np.ndarray | None]:
    """Check what the penalty needs; without a mix there is none."""
    penalty = number(penalty, "penalty", low=0)
    if mix is None:
        free = not getattr(penalty, "symbolic", False) and penalty == 0
        if not free:
            raise ValueError("mix: wanted numbers from 0 to 1 for a penalty, got None")
        return penalty, None
    if len(z) != len(real):
        raise ValueError(f"z: wanted {len(real)} rows as real has, got {len(z)}")
    return penalty, array(mix, "mix", (len(real),), low=0, high=1)


def generator_gradients(
    z: ArrayLike, params: Players, *, kind: str = "non_saturating"
) -> LossAndGradients:
    """Return the generator's loss and gradients, the discriminator held fixed.

    The gradient comes through the discriminator, back to the samples, and from them
    to the generator's layers.

    Parameters
    ----------
    z : array_like of shape (M, L)
        Noise.
    params, kind
        As for `discriminator_gradients`.

    Returns
    -------
    LossAndGradients
        loss, and gradients of the generator's layers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, as the functions used do.

    See Also
    --------
    generator_step : steps along them.
    discriminator_gradients : the other player's.

    Examples
    --------
    >>> params = init_params((1, 1), (1, 1), rng=np.random.default_rng(0))
    >>> (layer,) = generator_gradients([[0.5]], params).gradients
    >>> bool(layer.W[0, 0] == 0.5 * layer.b[0])
    True
    """
    _, z, params = _game(None, z, params)
    return _generator_gradients(z, params, choice(kind, "kind", KINDS))


def _generator_gradients(z, params, kind):
    fake = backprop._forward(z, params.generator)
    judged = backprop._forward(fake.out, params.discriminator)
    d_logits = _d_generator_loss(judged.out, kind)
    d_fake = backprop._backward(d_logits, judged).dx
    return LossAndGradients(
        _generator_loss(judged.out, kind),
        backprop._backward(d_fake, fake, wrt_x=False).params,
    )


def discriminator_step(
    real: ArrayLike,
    z: ArrayLike,
    params: Players,
    optimiser: Optimiser,
    state: Any,
    *,
    kind: str = "non_saturating",
    penalty: float = 0.0,
    mix: ArrayLike | None = None,
) -> NetworkStep:
    """Make one step of the discriminator; the generator stays as it is.

    Parameters
    ----------
    real, z, params
        As for `discriminator_gradients`.
    optimiser : SGD, Momentum or Adam
        The discriminator's, from `dlbook.optim`.
    state : object
        What ``optimiser.init`` or the step before gave.
    kind, penalty, mix
        As for `discriminator_gradients`.

    Returns
    -------
    NetworkStep
        The loss before the step; the discriminator's layers and state after it.

    Raises
    ------
    TypeError, ValueError
        As `discriminator_gradients` does.

    See Also
    --------
    discriminator_gradients : what it goes by.
    train_step : a step of both players.

    Examples
    --------
    >>> from dlbook.optim import SGD
    >>> params = init_params((1, 1), (1, 1), rng=np.random.default_rng(0))
    >>> done = discriminator_step([[1.0]], [[0.0]], params, SGD(lr=0.1), ())
    >>> after = params._replace(discriminator=done.layers)
    >>> bool(discriminator_gradients([[1.0]], [[0.0]], after).loss < done.loss)
    True
    """
    check.optimiser(optimiser)
    real, z, params = _game(real, z, params)
    rules = choice(kind, "kind", KINDS), *_mixing(penalty, mix, real, z)
    return _discriminator_step(real, z, params, optimiser, state, *rules)


def _discriminator_step(real, z, params, optimiser, state, kind, penalty=0.0, mix=None):
    loss, gradients = _discriminator_gradients(real, z, params, kind, penalty, mix)
    layers, state = optimiser.update(params.discriminator, gradients, state)
    return NetworkStep(loss, layers, state)


def generator_step(
    z: ArrayLike,
    params: Players,
    optimiser: Optimiser,
    state: Any,
    *,
    kind: str = "non_saturating",
) -> NetworkStep:
    """Make one step of the generator; the discriminator stays as it is.

    Parameters
    ----------
    z, params
        As for `generator_gradients`.
    optimiser : SGD, Momentum or Adam
        The generator's, from `dlbook.optim`.
    state : object
        What ``optimiser.init`` or the step before gave.
    kind : {"non_saturating", "saturating", "wasserstein"}
        The game.

    Returns
    -------
    NetworkStep
        The loss before the step; the generator's layers and state after it.

    Raises
    ------
    TypeError, ValueError
        As `generator_gradients` does.

    See Also
    --------
    generator_gradients : what it goes by.
    train_step : a step of both players.

    Examples
    --------
    >>> from dlbook.optim import SGD
    >>> params = init_params((1, 1), (1, 1), rng=np.random.default_rng(0))
    >>> done = generator_step([[0.5]], params, SGD(lr=0.1), ())
    >>> after = params._replace(generator=done.layers)
    >>> bool(generator_gradients([[0.5]], after).loss < done.loss)
    True
    """
    check.optimiser(optimiser)
    _, z, params = _game(None, z, params)
    return _generator_step(z, params, optimiser, state, choice(kind, "kind", KINDS))


def _generator_step(z, params, optimiser, state, kind):
    loss, gradients = _generator_gradients(z, params, kind)
    layers, state = optimiser.update(params.generator, gradients, state)
    return NetworkStep(loss, layers, state)


def train_step(
    real: ArrayLike,
    z_d: ArrayLike,
    z_g: ArrayLike,
    params: Players,
    optimisers: Players,
    state: Players,
    *,
    kind: str = "non_saturating",
    penalty: float = 0.0,
    mix: ArrayLike | None = None,
) -> GANStep:
    """Make one step of the discriminator, then one of the generator.

    Parameters
    ----------
    real : array_like of shape (N, D)
        Real samples.
    z_d, z_g : array_like of shape (M, L)
        Noise for the discriminator's step and for the generator's.
    params, optimisers, state : Players
        Layers, optimisers and optimisers' states of both.
    kind, penalty, mix
        As for `discriminator_gradients`.

    Returns
    -------
    GANStep
        Number 1, both losses, and layers and states after the step.

    Raises
    ------
    TypeError, ValueError
        As `discriminator_step` and `generator_step` do.

    See Also
    --------
    discriminator_step : its first part.
    generator_step : its second part.
    train : many of them.

    References
    ----------
    Goodfellow et al. 2014, algorithm 1, :cite:`goodfellow2014`.

    Examples
    --------
    >>> from dlbook.optim import SGD
    >>> params = init_params((1, 1), (1, 1), rng=np.random.default_rng(0))
    >>> both = Players(SGD(lr=0.1), SGD(lr=0.1))
    >>> done = train_step([[1.0]], [[0.0]], [[0.5]], params, both, Players((), ()))
    >>> done.d_loss.shape, done.params.generator[0].W.shape
    ((), (1, 1))
    """
    real, z_d, params = _game(real, z_d, params)
    z_g = array(z_g, "z_g", ("M", np.shape(z_d)[1]))
    both = _optimisers(optimisers)
    rules = choice(kind, "kind", KINDS), *_mixing(penalty, mix, real, z_d)
    return _train_step(real, z_d, z_g, params, both, state, *rules)


def _train_step(real, z_d, z_g, params, optimisers, state, kind, penalty=0.0, mix=None):
    d = _discriminator_step(
        real,
        z_d,
        params,
        optimisers.discriminator,
        state.discriminator,
        kind,
        penalty,
        mix,
    )
    params = params._replace(discriminator=d.layers)
    g = _generator_step(z_g, params, optimisers.generator, state.generator, kind)
    params = params._replace(generator=g.layers)
    return GANStep(1, d.loss, g.loss, params, Players(g.state, d.state))


def train(
    x: ArrayLike,
    params: Players,
    optimisers: Players,
    *,
    steps: int,
    batch_size: int,
    rng: Source,
    d_steps: int = 1,
    kind: str = "non_saturating",
    penalty: float = 0.0,
) -> Iterator[GANStep]:
    """Yield both players after each step of the generator, and train them on the way.

    Nothing is trained before the first step is asked for, by a loop or by ``list``; the
    arguments are checked at once.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Real data; each batch is drawn from it with replacement.
    params, optimisers : Players
        Layers at the start, and an optimiser from `dlbook.optim` for each.
    steps, batch_size : int
        Steps of the generator, and samples in each batch.
    rng : numpy.random.Generator
        Source of the batches and of the noise.
    d_steps : int
        Steps of the discriminator for each of the generator.
    kind : {"non_saturating", "saturating", "wasserstein"}
        The game.
    penalty : float
        Factor of `gradient_penalty` at random places between real and generated
        samples; 10 is usual for "wasserstein".

    Returns
    -------
    iterator of GANStep
        One for each step of the generator.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before anything is trained.

    See Also
    --------
    train_step : one of its steps.

    Examples
    --------
    >>> from dlbook.optim import Adam
    >>> rng = np.random.default_rng(0)
    >>> x = 3 + 0.5 * rng.standard_normal((500, 1))
    >>> params, adam = init_params((1, 1), (1, 8, 1), rng=rng), Adam(lr=0.02)
    >>> settings = dict(steps=300, batch_size=64, rng=rng)
    >>> *_, last = train(x, params, Players(adam, adam), **settings)
    >>> fake = generate(rng.standard_normal((500, 1)), last.params.generator)
    >>> bool(abs(fake.mean() - 3) < 0.5)
    True
    """
    x, _, params = _game(x, None, params)
    steps, d_steps = integer(steps, "steps", low=1), integer(d_steps, "d_steps", low=1)
    size, rng = integer(batch_size, "batch_size", low=1), generator(rng)
    shape = size, params.generator[0].W.shape[1]

    penalty = number(penalty, "penalty", low=0)

    def draw():
        real = x[rng.integers(len(x), size=size)]
        return real, rng.normal(size=shape).astype(x.dtype)

    kind = choice(kind, "kind", KINDS)

    def rules():
        """Draw the penalty's places anew for each step."""
        mix = rng.uniform(size=size).astype(x.dtype) if penalty else None
        return kind, penalty, mix

    return _steps(draw, params, _optimisers(optimisers), steps, d_steps, rules)


def _steps(draw, params, optimisers, steps, d_steps, rules):
    state = Players(*(o.init(p) for o, p in zip(optimisers, params, strict=True)))
    for step in range(1, steps + 1):
        for _ in range(d_steps - 1):
            d = _discriminator_step(
                *draw(),
                params,
                optimisers.discriminator,
                state.discriminator,
                *rules(),
            )
            params = params._replace(discriminator=d.layers)
            state = state._replace(discriminator=d.state)
        (real, z_d), (_, z_g) = draw(), draw()
        done = _train_step(real, z_d, z_g, params, optimisers, state, *rules())
        params, state = done.params, done.state
        yield done._replace(step=step)


def optimal_discriminator(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    r"""Return the best discriminator against a generator that is held fixed.

    .. math:: D^*(x) = \frac{p(x)}{p(x) + q(x)}

    Parameters
    ----------
    p, q : array_like of one shape
        Densities, or probabilities, of the data and of the generator's samples.

    Returns
    -------
    ndarray
        Values in [0, 1]; 1/2 where both densities are 0 and nothing is decided.

    Raises
    ------
    ValueError
        If the shapes differ or a density is negative.

    See Also
    --------
    dlbook.divergences.js_divergence : what the generator then makes small.

    References
    ----------
    Goodfellow et al. 2014, proposition 1, :cite:`goodfellow2014`.

    Examples
    --------
    >>> optimal_discriminator([0.3, 0.0, 0.0], [0.1, 0.2, 0.0])
    array([0.75, 0.  , 0.5 ])
    """
    p = array(p, "p", low=0)
    q = like(q, "q", p, "p", low=0)
    some = p + q > 0
    return np.where(some, p, 0.5) / np.where(some, p + q, 1)


def mode_counts(x: ArrayLike, centres: ArrayLike, within: float) -> np.ndarray:
    """Count the samples near each mode of the data.

    A generator that leaves a count at 0 has dropped that mode. Samples that are
    near no mode are not counted.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Samples.
    centres : array_like of shape (K, D)
        The modes.
    within : float
        Largest distance that is near, positive; a sample counts for its nearest mode.

    Returns
    -------
    ndarray of int of shape (K,)
        Number of samples for each mode.

    Raises
    ------
    ValueError
        If a shape does not fit or ``within`` is not positive.

    See Also
    --------
    dlbook.datasets.ring : data with modes to count.

    References
    ----------
    Metz et al. 2017, :cite:`metz2017`.

    Examples
    --------
    >>> mode_counts([[0.1], [0.2], [5.0]], [[0.0], [1.0]], within=0.5)
    array([2, 0])
    """
    x = array(x, "x", ("N", "D"))
    centres = array(centres, "centres", ("K", x.shape[1]))
    within = number(within, "within", above=0)
    distances = np.sqrt(np.sum((x[:, None] - centres) ** 2, axis=-1))
    near = np.min(distances, axis=1) <= within
    nearest = np.argmin(distances, axis=1)
    return np.bincount(nearest[near], minlength=len(centres))


def _judge(layers, width, name="layers"):
    layers = backprop._layers(layers, width, name)
    if len(layers[-1].b) != 1:
        raise ValueError(
            f"{name}: wanted a discriminator with one output, got {len(layers[-1].b)}"
        )
    return layers


def _game(real, z, params) -> tuple[Any, Any, Players]:
    """Check the players, and what they are given; either may be absent."""
    if not isinstance(params, Players):
        raise TypeError(f"params: wanted Players, got {type(params).__name__}")
    if z is not None:
        z = array(z, "z", ("M", "L"))
    width = None if z is None else z.shape[1]
    layers = backprop._layers(params.generator, width, "generator")
    width = len(layers[-1].b)
    if real is not None:
        real = array(real, "real" if z is not None else "x", ("N", width))
    return (
        real,
        z,
        Players(layers, _judge(params.discriminator, width, "discriminator")),
    )


def _optimisers(both):
    if not isinstance(both, Players):
        raise TypeError(f"optimisers: wanted Players of two optimisers, got {both!r}")
    for name, one in zip(both._fields, both, strict=True):
        check.optimiser(one, f"optimisers.{name}")
    return both
