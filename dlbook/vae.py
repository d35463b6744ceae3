r"""The variational autoencoder: a code that is a distribution.

The encoder gives the mean and the logarithm of the variance of
:math:`q(z \mid x) = N(\mu, \sigma^2)`, the decoder gives :math:`p(x \mid z)`, and the
prior is :math:`p(z) = N(0, I)`. What is maximised is the evidence lower bound,

.. math::

   \mathrm{ELBO}(x) = \mathbb E_{q(z \mid x)}\bigl[\log p(x \mid z)\bigr]
   - D_{KL}\bigl(q(z \mid x) \,\|\, p(z)\bigr) \le \log p(x),

and the loss is its negative. Both parts are sums over the entries of an example and
means over the examples. Logarithms are natural.

``log_var`` is :math:`\log \sigma^2`, so :math:`\sigma = e^{\text{log\_var} / 2}`. Two
likelihoods are known: "bernoulli", where the decoder's output is a logit for each
entry in [0, 1], and "gaussian", where it is a mean and the variance is given. The
parameters carry the name of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from dlbook import backprop, losses
from dlbook._core import check
from dlbook._core.check import array, choice, generator, integer, like, number, scalar
from dlbook._core.formulas import PHI, logsumexp, sigmoid, softmax
from dlbook._core.training import epochs_of, schedule
from dlbook._core.tree import tree_map
from dlbook._core.types import ArrayLike, DTypeLike, Optimiser, Pair, Source
from dlbook.backprop import Gradients, Layer, LossAndGradients, MLPCache

__all__ = [
    "ELBO",
    "ELBOGradient",
    "Code",
    "Epoch",
    "Estimate",
    "VAECache",
    "VAELoss",
    "VAEParams",
    "VAEPass",
    "decode",
    "elbo",
    "elbo_backward",
    "encode",
    "importance_weighted_bound",
    "importance_weighted_gradients",
    "init_params",
    "kl_samples",
    "log_likelihood",
    "loss_and_gradients",
    "monte_carlo_kl",
    "reparameterise",
    "reparameterise_backward",
    "train",
    "vae",
    "vae_backward",
    "vae_forward",
]

LIKELIHOODS = ("bernoulli", "gaussian")
_RANGES = {"bernoulli": {"low": 0, "high": 1}, "gaussian": {}}


class VAEParams(NamedTuple):
    """The layers of a variational autoencoder, or their gradients."""

    encoder: tuple[Layer, ...]
    """Hidden layers of the encoder; may be empty."""
    mu: Layer
    """From the last hidden layer to the mean."""
    log_var: Layer
    """From the last hidden layer to the logarithm of the variance."""
    decoder: tuple[Layer, ...]
    likelihood: str = "bernoulli"
    """What the decoder's output stands for: "bernoulli" or "gaussian"."""


class Code(NamedTuple):
    """The Gaussian that an input is encoded as, or gradients with respect to it."""

    mu: np.ndarray
    log_var: np.ndarray


class VAEPass(NamedTuple):
    """What a pass from an input to the decoder's output computes."""

    mu: np.ndarray
    log_var: np.ndarray
    z: np.ndarray
    """The sample that was decoded."""
    out: np.ndarray
    """The decoder's output: logits or means."""

    @property
    def code(self):
        """Mean and logarithm of the variance."""
        return Code(self.mu, self.log_var)


class VAECache(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    encoder: MLPCache
    mu: MLPCache
    log_var: MLPCache
    eps: np.ndarray
    decoder: MLPCache
    likelihood: str


class ELBO(NamedTuple):
    """The evidence lower bound, and the two parts it is the difference of."""

    elbo: np.ndarray
    reconstruction: np.ndarray
    kl: np.ndarray


class ELBOGradient(NamedTuple):
    """Gradients of the bound with respect to what it was computed from."""

    out: np.ndarray
    mu: np.ndarray
    log_var: np.ndarray


class VAELoss(NamedTuple):
    """The negative bound, its parts, and its gradients."""

    loss: np.ndarray
    reconstruction: np.ndarray
    kl: np.ndarray
    gradients: VAEParams


class Estimate(NamedTuple):
    """A mean of random draws, and the standard error of that mean."""

    mean: np.ndarray
    standard_error: np.ndarray


class Epoch(NamedTuple):
    """One pass over the data, with means over the examples as they were seen."""

    epoch: int
    loss: float
    reconstruction: float
    kl: float
    params: VAEParams


def init_params(
    *sizes: int,
    hidden: str = "tanh",
    likelihood: str = "bernoulli",
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> VAEParams:
    """Draw an encoder with two heads, and a decoder that mirrors it.

    Parameters
    ----------
    *sizes : int
        Number of inputs, of units in each hidden layer of the encoder, of codes.
    hidden : str
        Activation of the hidden layers; the heads and the decoder's output have none.
    likelihood : {"bernoulli", "gaussian"}
        What the decoder's output stands for.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    VAEParams
        encoder, mu, log_var and decoder.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.init_params` does, or if the likelihood is unknown.

    See Also
    --------
    train : what learns them.

    Examples
    --------
    >>> params = init_params(64, 32, 2, rng=np.random.default_rng(0))
    >>> params.mu.W.shape, params.log_var.W.shape, len(params.decoder)
    ((2, 32), (2, 32), 2)
    """
    choice(likelihood, "likelihood", LIKELIHOODS)
    choice(hidden, "hidden", PHI)
    settings: dict[str, Any] = dict(hidden=hidden, rng=rng, dtype=dtype)
    *encoder, mu = backprop.init_params(*sizes, **settings)
    (log_var,) = backprop.init_params(*sizes[-2:], **settings)
    decoder = backprop.init_params(*sizes[::-1], **settings)
    return VAEParams(tuple(encoder), mu, log_var, decoder, likelihood)


def encode(x: ArrayLike, params: VAEParams) -> Code:
    r"""Return the Gaussian that an input is encoded as.

    .. math:: \mu = f_\mu(x), \qquad \log \sigma^2 = f_{\log \sigma^2}(x)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : VAEParams
        Of which the encoder and the two heads are used.

    Returns
    -------
    Code
        mu and log_var, each (L,) or (N, L).

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    See Also
    --------
    decode : from a sample of the code back.

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`.

    Examples
    --------
    >>> mu = Layer([[0.4, 0.2]], [0.1], "identity")
    >>> log_var = Layer([[-1.0, 0.6]], [0.2], "identity")
    >>> code = encode([1, 0.5], VAEParams((), mu, log_var, ()))
    >>> code.mu.round(4), code.log_var.round(4)
    (array([0.6]), array([-0.5]))
    """
    x = array(x, "x", (..., "D"))
    _, mu, log_var = _heads(x, _checked_encoder(params, x.shape[-1]))
    return Code(mu.out, log_var.out)


def _heads(x, params):
    encoder = backprop._forward(x, params.encoder)
    heads = (backprop._forward(encoder.out, (h,)) for h in (params.mu, params.log_var))
    return encoder, *heads


def reparameterise(mu: ArrayLike, log_var: ArrayLike, eps: ArrayLike) -> np.ndarray:
    r"""Turn standard noise into a sample of the code.

    .. math:: z = \mu + \sigma \odot \epsilon, \qquad \sigma = e^{\log \sigma^2 / 2}

    The noise stays outside: for a given eps, z is a smooth function of mu and log_var
    and has gradients.

    Parameters
    ----------
    mu, log_var, eps : array_like of shape (L,) or (N, L)
        Mean, logarithm of the variance, and draws from N(0, 1).

    Returns
    -------
    ndarray
        The samples, in the shape of ``mu``.

    Raises
    ------
    ValueError
        If the shapes differ or a number is not finite.

    See Also
    --------
    reparameterise_backward : carries a gradient back.

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`; Rezende, Mohamed and Wierstra 2014,
    :cite:`rezende2014`.

    Examples
    --------
    >>> reparameterise([0.5], [np.log(2.0**2)], [-1.5]).round(12)
    array([-2.5])
    """
    mu, log_var = _code(mu, log_var)
    return _sample(mu, log_var, like(eps, "eps", mu, "mu"))


def _sample(mu, log_var, eps):
    return mu + np.exp(log_var / 2) * eps


def reparameterise_backward(dz: ArrayLike, log_var: ArrayLike, eps: ArrayLike) -> Code:
    r"""Carry a gradient back through `reparameterise`.

    .. math::

       \frac{\partial L}{\partial \mu} = \frac{\partial L}{\partial z}, \qquad
       \frac{\partial L}{\partial \log \sigma^2} =
       \frac{\partial L}{\partial z} \odot \frac{\sigma \odot \epsilon}{2}

    Parameters
    ----------
    dz : array_like of shape (L,) or (N, L)
        Gradient of the loss with respect to the samples.
    log_var, eps : array_like of the same shape
        As they were for `reparameterise`.

    Returns
    -------
    Code
        Gradients of mu and log_var.

    Raises
    ------
    ValueError
        If the shapes differ or a number is not finite.

    See Also
    --------
    reparameterise : the way forward.

    Examples
    --------
    >>> reparameterise_backward([1.0], [0.0], [-1.5])
    Code(mu=array([1.]), log_var=array([-0.75]))
    """
    log_var = array(log_var, "log_var", (..., "L"))
    dz = like(dz, "dz", log_var, "log_var")
    return _d_sample(dz, log_var, like(eps, "eps", log_var, "log_var"))


def _d_sample(dz, log_var, eps):
    return Code(+dz, dz * np.exp(log_var / 2) * eps / 2)


def decode(z: ArrayLike, params: VAEParams) -> np.ndarray:
    r"""Return what a code stands for, the mean of :math:`p(x \mid z)`.

    .. math:: \hat x = g(z)

    Parameters
    ----------
    z : array_like of shape (L,) or (N, L)
        Codes.
    params : VAEParams
        Of which the decoder and the likelihood are used: for "bernoulli" the last
        layer's logits go through a sigmoid.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The means.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does, or if the likelihood is unknown.

    See Also
    --------
    encode : to the code.

    Examples
    --------
    >>> decoder = (Layer([[2.0], [1.0]], [0.0, -1.0], "identity"),)
    >>> decode([0.0], VAEParams((), None, None, decoder)).round(4)
    array([0.5   , 0.2689])
    """
    z = array(z, "z", (..., "L"))
    out = backprop._forward(z, _checked_decoder(params, z.shape[-1]).decoder).out
    return sigmoid(out) if params.likelihood == "bernoulli" else out


def log_likelihood(
    out: ArrayLike,
    x: ArrayLike,
    *,
    likelihood: str = "bernoulli",
    variance: float = 1.0,
) -> np.ndarray:
    r"""Return the logarithm of :math:`p(x \mid z)` for each example.

    .. math::

       \text{bernoulli:} \quad & \sum_d x_d \log \sigma(o_d)
       + (1 - x_d) \log(1 - \sigma(o_d)) \\
       \text{gaussian:} \quad & -\frac12 \sum_d \Bigl(\frac{(x_d - o_d)^2}{v}
       + \log 2 \pi v\Bigr)

    Parameters
    ----------
    out : array_like of shape (D,) or (N, D)
        The decoder's output o: logits, or means.
    x : array_like of the same shape
        Data; in [0, 1] for "bernoulli".
    likelihood : {"bernoulli", "gaussian"}
        The distribution.
    variance : float
        The Gaussian's variance v, positive.

    Returns
    -------
    ndarray of shape () or (N,)
        Sums over the entries.

    Raises
    ------
    ValueError
        If the shapes differ, an entry or the variance is out of range, or the
        likelihood is unknown.

    See Also
    --------
    elbo : where it is the first term.

    Examples
    --------
    >>> log_likelihood([0.0, 0.0], [1, 0.5]).round(4)
    np.float64(-1.3863)
    >>> log_likelihood([1, 0.5], [1, 0.5], likelihood="gaussian").round(4)
    np.float64(-1.8379)
    """
    out, x, variance = _observed(out, x, likelihood, variance)
    return _log_likelihood(out, x, likelihood, variance)


def _log_likelihood(out, x, likelihood, variance):
    if likelihood == "bernoulli":
        surprise = "binary_cross_entropy_with_logits"
        return -np.sum(losses.value(surprise, out, x), axis=-1)
    squares = np.sum((x - out) ** 2, axis=-1) / variance
    return -(squares + out.shape[-1] * scalar(np.log(2 * np.pi * variance))) / 2


def _d_surprise(out, x, likelihood, variance):
    """Return the gradient of minus the logarithm of the likelihood."""
    if likelihood == "bernoulli":
        return sigmoid(out) - x
    return (out - x) / variance


def elbo(
    out: ArrayLike,
    x: ArrayLike,
    mu: ArrayLike,
    log_var: ArrayLike,
    *,
    beta: float = 1.0,
    likelihood: str = "bernoulli",
    variance: float = 1.0,
) -> ELBO:
    r"""Return the evidence lower bound, estimated with the sample that was decoded.

    .. math:: \log p(x \mid z) - \beta\, D_{KL}\bigl(N(\mu, \sigma^2) \,\|\,
       N(0, I)\bigr)

    It is to be maximised: the loss is its negative.

    Parameters
    ----------
    out, x : array_like of shape (D,) or (N, D)
        The decoder's output, and the data that it was computed for.
    mu, log_var : array_like of shape (L,) or (N, L)
        The code of the data.
    beta : float
        Weight of the divergence, not negative; the bound is a bound for 1 and above.
    likelihood, variance
        As for `log_likelihood`.

    Returns
    -------
    ELBO
        elbo, reconstruction and kl, means over the examples.

    Raises
    ------
    ValueError
        If a shape does not fit, or a number is out of its range.

    See Also
    --------
    elbo_backward : carries a gradient back.
    importance_weighted_bound : tighter, with several samples.

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`; for beta, Higgins et al. 2017,
    :cite:`higgins2017`.

    Examples
    --------
    >>> elbo([0.0, 0.0], [1, 0.5], [0.5], [np.log(2.0**2)]).kl.round(5)
    np.float64(0.93185)
    """
    out, x, variance = _observed(out, x, likelihood, variance)
    mu, log_var = _code(mu, log_var, out.shape[:-1])
    beta = number(beta, "beta", low=0)
    return _elbo(out, x, mu, log_var, beta, likelihood, variance)


def _elbo(out, x, mu, log_var, beta, likelihood, variance):
    reconstruction = np.mean(_log_likelihood(out, x, likelihood, variance))
    kl = np.mean(losses.kl(mu, log_var))
    return ELBO(reconstruction - beta * kl, reconstruction, kl)


def elbo_backward(
    d_elbo: float,
    out: ArrayLike,
    x: ArrayLike,
    mu: ArrayLike,
    log_var: ArrayLike,
    *,
    beta: float = 1.0,
    likelihood: str = "bernoulli",
    variance: float = 1.0,
) -> ELBOGradient:
    r"""Carry a gradient back through `elbo`.

    .. math::

       \frac{\partial\,\mathrm{ELBO}}{\partial o} = \frac1N (x - \sigma(o))
       \quad\text{or}\quad \frac{1}{N v} (x - o)

    and through the divergence to mu and log_var.

    Parameters
    ----------
    d_elbo : float
        Gradient of the loss with respect to the bound: -1 where the loss is the
        negative bound.
    out, x, mu, log_var, beta, likelihood, variance
        As they were for `elbo`.

    Returns
    -------
    ELBOGradient
        Gradients of out, mu and log_var.

    Raises
    ------
    ValueError
        As `elbo` does.

    See Also
    --------
    elbo : the way forward.

    Examples
    --------
    >>> elbo_backward(-1.0, [0.0, 0.0], [1, 0.5], [0.5], [0.0]).out
    array([-0.5,  0. ])
    """
    out, x, variance = _observed(out, x, likelihood, variance)
    mu, log_var = _code(mu, log_var, out.shape[:-1])
    d_elbo, beta = number(d_elbo, "d_elbo"), number(beta, "beta", low=0)
    return _d_elbo(d_elbo, out, x, mu, log_var, beta, likelihood, variance)


def _d_elbo(d_elbo, out, x, mu, log_var, beta, likelihood, variance):
    share = -d_elbo / (mu.size // mu.shape[-1])
    return ELBOGradient(
        share * _d_surprise(out, x, likelihood, variance),
        share * beta * mu,
        share * beta * np.expm1(log_var) / 2,
    )


def vae(x: ArrayLike, params: VAEParams, eps: ArrayLike) -> VAEPass:
    """Encode, sample with the noise given, and decode.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : VAEParams
        The layers.
    eps : array_like of shape (L,) or (N, L)
        Draws from N(0, 1).

    Returns
    -------
    VAEPass
        mu, log_var, the sample ``z`` and the decoder's output ``out``.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` and `reparameterise` do.

    See Also
    --------
    vae_forward : keeps what the backward pass needs.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> run = vae([1, 0.5], params, [0.0])
    >>> bool(run.z == run.mu)
    True
    """
    return _pass(_forward(*_checked(x, params, eps)))


def vae_forward(
    x: ArrayLike, params: VAEParams, eps: ArrayLike
) -> tuple[VAEPass, VAECache]:
    """Do as `vae` does, and keep what `vae_backward` needs.

    Parameters
    ----------
    x, params, eps
        As in `vae`.

    Returns
    -------
    run : VAEPass
        What `vae` returns, as views that cannot be written to.
    cache : VAECache
        For `vae_backward`; it has copies of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `vae`.

    See Also
    --------
    vae_backward : carries a gradient back.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> run, cache = vae_forward([1, 0.5], params, [2.0])
    >>> cache.eps
    array([2.])
    """
    cache = _forward(*tree_map(check.own, _checked(x, params, eps)))
    return tree_map(check.read_only, _pass(cache)), cache


def _forward(x, params, eps) -> VAECache:
    encoder, mu, log_var = _heads(x, params)
    decoder = backprop._forward(_sample(mu.out, log_var.out, eps), params.decoder)
    return VAECache(encoder, mu, log_var, eps, decoder, params.likelihood)


def _pass(cache) -> VAEPass:
    mu, log_var = cache.mu.out, cache.log_var.out
    return VAEPass(mu, log_var, cache.decoder.outputs[0], cache.decoder.out)


def vae_backward(
    d_out: ArrayLike,
    d_mu: ArrayLike,
    d_log_var: ArrayLike,
    cache: VAECache,
    *,
    wrt_x: bool = True,
) -> Gradients:
    """Carry gradients back through `vae`.

    Parameters
    ----------
    d_out : array_like of shape (D,) or (N, D)
        Gradient of the loss with respect to the decoder's output.
    d_mu, d_log_var : array_like of shape (L,) or (N, L)
        Gradients with respect to the code that do not pass through the sample: those
        of the divergence.
    cache : VAECache
        What `vae_forward` returned beside the pass.
    wrt_x : bool
        Whether the gradient of the input is wanted.

    Returns
    -------
    Gradients
        dx, (D,) or (N, D), or None without ``wrt_x``; and params, a VAEParams of
        gradients, summed over the examples.

    Raises
    ------
    ValueError
        If a gradient does not have the shape of what it belongs to.

    See Also
    --------
    vae_forward : leaves the cache.

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> run, cache = vae_forward([1, 0.5], params, [0.0])
    >>> vae_backward([0.0, 0.0], [1.0], [0.0], cache).params.mu.W
    array([[1. , 0.5]])
    """
    run = _pass(check.cache(cache, VAECache))
    d_out = like(d_out, "d_out", run.out, "the output")
    d_mu = like(d_mu, "d_mu", run.mu, "mu")
    d_log_var = like(d_log_var, "d_log_var", run.log_var, "log_var")
    return _backward(d_out, d_mu, d_log_var, cache, wrt_x)


def _backward(d_out, d_mu, d_log_var, cache, wrt_x=True):
    dz, decoder = backprop._backward(d_out, cache.decoder)
    through = _d_sample(dz, cache.log_var.out, cache.eps)
    dx, encoder = _heads_backward(
        d_mu + through.mu, d_log_var + through.log_var, cache, wrt_x
    )
    return Gradients(dx, VAEParams(*encoder, decoder, cache.likelihood))


def _heads_backward(d_mu, d_log_var, cache, wrt_x):
    """Return the input's gradient, and those of the encoder and of both heads."""
    need = wrt_x or len(cache.encoder.layers) > 0
    dh, (mu,) = backprop._backward(d_mu, cache.mu, need)
    dh_too, (log_var,) = backprop._backward(d_log_var, cache.log_var, need)
    dx, encoder = dh + dh_too if need else None, ()
    if cache.encoder.layers:
        dx, encoder = backprop._backward(dx, cache.encoder, wrt_x)
    return dx, (encoder, mu, log_var)


def loss_and_gradients(
    x: ArrayLike,
    params: VAEParams,
    eps: ArrayLike,
    *,
    beta: float = 1.0,
    variance: float = 1.0,
) -> VAELoss:
    """Return the negative bound for some examples, its parts, and its gradients.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    params : VAEParams
        The layers.
    eps : array_like of shape (L,) or (N, L)
        Draws from N(0, 1).
    beta, variance : float
        As for `elbo`.

    Returns
    -------
    VAELoss
        loss, reconstruction, kl and gradients.

    Raises
    ------
    TypeError, ValueError
        As `vae` and `elbo` do.

    See Also
    --------
    vae_backward : the gradients of any loss.
    train : steps along them.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> done = loss_and_gradients([1, 0.5], params, [0.0])
    >>> bool(done.loss == done.kl - done.reconstruction)
    True
    """
    x, params, eps = _checked(x, params, eps, data=True)
    return _loss_and_gradients(x, params, eps, *_bound(beta, variance))


def _loss_and_gradients(x, params, eps, beta, variance):
    cache = _forward(x, params, eps)
    given = cache.decoder.out, x, cache.mu.out, cache.log_var.out
    settings = beta, params.likelihood, variance
    value = _elbo(*given, *settings)
    gradients = _backward(*_d_elbo(-1.0, *given, *settings), cache, wrt_x=False).params
    return VAELoss(-value.elbo, value.reconstruction, value.kl, gradients)


def train(
    x: ArrayLike,
    params: VAEParams,
    optimiser: Optimiser,
    *,
    epochs: int,
    batch_size: int,
    rng: Source,
    beta: float = 1.0,
    variance: float = 1.0,
) -> Iterator[Epoch]:
    """Yield a variational autoencoder after each epoch, and train it on the way.

    Nothing is trained before the first epoch is asked for, by a loop or by ``list``;
    the arguments are checked at once.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Data.
    params : VAEParams
        The layers at the start.
    optimiser : SGD, Momentum or Adam
        From `dlbook.optim`.
    epochs, batch_size : int
        Passes over the data, and examples in a step.
    rng : numpy.random.Generator
        Source of the order of the examples and of the noise.
    beta, variance : float
        As for `elbo`.

    Returns
    -------
    iterator of Epoch
        One after each pass.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before anything is trained.

    See Also
    --------
    loss_and_gradients : what each step goes by.

    Examples
    --------
    >>> from dlbook.optim import Adam
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0)
    >>> settings = dict(epochs=60, batch_size=10, rng=rng)
    >>> *_, last = train(x, init_params(2, 4, 1, rng=rng), Adam(lr=0.05), **settings)
    >>> code = encode([[0.0, 1.0], [1.0, 0.0]], last.params)
    >>> decode(code.mu, last.params).round()
    array([[0., 1.],
           [1., 0.]])
    """
    x, params, _ = _checked(x, params, None, rows="N", data=True)
    bound, codes = _bound(beta, variance), len(params.mu.b)

    def step(rows, params):
        eps = rng.normal(size=(len(rows), codes)).astype(x.dtype)
        return _loss_and_gradients(x[rows], params, eps, *bound)

    plan = schedule(len(x), epochs, batch_size, rng)
    return epochs_of(step, params, optimiser, plan, Epoch)


def importance_weighted_bound(
    x: ArrayLike, params: VAEParams, eps: ArrayLike, *, variance: float = 1.0
) -> float:
    r"""Return a bound of the evidence that S samples tighten.

    .. math:: L_S = \frac1N \sum_n \log \frac1S \sum_s w_{sn} \le
       \frac1N \sum_n \log p(x_n)

    .. math:: w_{sn} = \frac{p(x_n \mid z_{sn})\, p(z_{sn})}{q(z_{sn} \mid x_n)}, \qquad
       z_{sn} = \mu_n + \sigma_n \odot \epsilon_{sn}

    The mean of the weights estimates :math:`p(x_n)` without bias. With one sample the
    bound is the evidence lower bound, with that sample's value for the divergence; in
    expectation it grows with S, and for many samples it comes to :math:`\log p(x)`
    itself.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    params : VAEParams
        The layers.
    eps : array_like of shape (S, L) or (S, N, L)
        Draws from N(0, 1), S for each example.
    variance : float
        As for `log_likelihood`.

    Returns
    -------
    float
        The bound, a mean over the examples.

    Raises
    ------
    TypeError, ValueError
        As `vae` and `log_likelihood` do.

    References
    ----------
    Burda, Grosse and Salakhutdinov 2016, :cite:`burda2016`.

    See Also
    --------
    importance_weighted_gradients : to train with it.
    elbo : the bound with the divergence in closed form.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> params = init_params(2, 1, rng=rng)
    >>> eps = rng.normal(size=(1000, 1))
    >>> one = np.mean([importance_weighted_bound([1, 0.5], params, [e]) for e in eps])
    >>> bool(one < importance_weighted_bound([1, 0.5], params, eps))
    True
    """
    return _tightened(_weighted(*_samples(x, params, eps, variance))[0])


def importance_weighted_gradients(
    x: ArrayLike, params: VAEParams, eps: ArrayLike, *, variance: float = 1.0
) -> LossAndGradients:
    r"""Return the negative bound of S samples, and its gradients.

    .. math:: \frac{\partial L_S}{\partial \log w_{sn}} = \frac1N
       \frac{w_{sn}}{\sum_{s'} w_{s'n}}

    The samples are weighed by their own weights; then each gradient goes back through
    its decoder, and through the sample to the encoder.

    Parameters
    ----------
    x, params, eps, variance
        As for `importance_weighted_bound`.

    Returns
    -------
    LossAndGradients
        The negative of `importance_weighted_bound`, and gradients as VAEParams.

    Raises
    ------
    TypeError, ValueError
        As `importance_weighted_bound` does.

    See Also
    --------
    importance_weighted_bound : what it differentiates.

    References
    ----------
    Burda, Grosse and Salakhutdinov 2016, :cite:`burda2016`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> params, eps = init_params(2, 1, rng=rng), rng.normal(size=(5, 1))
    >>> done = importance_weighted_gradients([1, 0.5], params, eps)
    >>> bool(done.loss == -importance_weighted_bound([1, 0.5], params, eps))
    True
    """
    x, params, eps, variance = _samples(x, params, eps, variance)
    log_w, cache = _weighted(x, params, eps, variance)
    share = softmax(log_w, axis=0)[..., None] / (x.size // x.shape[-1])
    z = cache.decoder.outputs[0].reshape(eps.shape)
    out = cache.decoder.out.reshape(*eps.shape[:-1], -1)
    d_out = share * _d_surprise(out, x, params.likelihood, variance)
    rows = d_out.reshape(-1, out.shape[-1])
    dz: Any
    dz, decoder = backprop._backward(rows, cache.decoder)
    through = _d_sample(np.reshape(dz, eps.shape) + share * z, cache.log_var.out, eps)
    d_mu = np.sum(through.mu, axis=0)
    d_log_var = np.sum(through.log_var - share / 2, axis=0)
    encoder, mu, log_var = _heads_backward(d_mu, d_log_var, cache, wrt_x=False)[1]
    gradients = VAEParams(encoder, mu, log_var, decoder, params.likelihood)
    return LossAndGradients(-_tightened(log_w), gradients)


def _samples(
    x, params, eps, variance
) -> tuple[np.ndarray, VAEParams, np.ndarray, float]:
    x, params, _ = _checked(x, params, None, data=True)
    eps = array(eps, "eps", ("S", *x.shape[:-1], len(params.mu.b)))
    variance = number(variance, "variance", above=0)
    return x, params, check.cast(eps, x.dtype), variance


def _weighted(x, params, eps, variance) -> tuple[np.ndarray, VAECache]:
    encoder, mu, log_var = _heads(x, params)
    z = _sample(mu.out, log_var.out, eps)
    decoder = backprop._forward(z.reshape(-1, z.shape[-1]), params.decoder)
    out = decoder.out.reshape(*eps.shape[:-1], -1)
    log_p = _log_likelihood(out, x, params.likelihood, variance)
    cache = VAECache(encoder, mu, log_var, eps, decoder, params.likelihood)
    return log_p - _kl_samples(mu.out, log_var.out, eps), cache


def _tightened(log_w):
    return np.mean(logsumexp(log_w, axis=0)) - math.log(len(log_w))


def kl_samples(mu: ArrayLike, log_var: ArrayLike, eps: ArrayLike) -> np.ndarray:
    r"""Return :math:`\log q(z \mid x) - \log p(z)` at the samples that eps gives.

    Their mean estimates the divergence. Single ones may well be negative.

    Parameters
    ----------
    mu, log_var : array_like of shape (L,) or (N, L)
        Codes.
    eps : array_like of shape (S, L) or (S, N, L)
        Draws from N(0, 1).

    Returns
    -------
    ndarray of shape (S,) or (S, N)
        One difference for each sample.

    Raises
    ------
    ValueError
        If the shapes do not fit or a number is not finite.

    See Also
    --------
    monte_carlo_kl : their mean, and how sure it is.

    Examples
    --------
    >>> kl_samples([0.5], [0.0], [[0.0], [1.0], [-1.0]])
    array([ 0.125,  0.625, -0.375])
    """
    mu, log_var = _code(mu, log_var)
    return _kl_samples(mu, log_var, array(eps, "eps", ("S", *mu.shape)))


def _kl_samples(mu, log_var, eps):
    z = _sample(mu, log_var, eps)
    return np.sum(z**2 - eps**2 - log_var, axis=-1) / 2


def monte_carlo_kl(
    mu: ArrayLike, log_var: ArrayLike, n: int, *, rng: Source
) -> Estimate:
    """Estimate the divergence from the prior with random samples.

    Parameters
    ----------
    mu, log_var : array_like of shape (L,) or (N, L)
        Codes.
    n : int
        Number of samples, at least 2.
    rng : numpy.random.Generator
        Source of the samples.

    Returns
    -------
    Estimate
        mean and standard_error, each of shape () or (N,).

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, ``n`` is too small or ``rng`` no generator.

    See Also
    --------
    kl_samples : what it averages.
    dlbook.losses.gaussian_kl : the exact value.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> estimate = monte_carlo_kl([0.5], [np.log(2.0**2)], 100_000, rng=rng)
    >>> estimate.mean.round(2), estimate.standard_error.round(3)
    (np.float64(0.93), np.float64(0.007))
    """
    mu, log_var = _code(mu, log_var)
    n = integer(n, "n", low=2)
    eps = generator(rng).normal(size=(n, *mu.shape)).astype(mu.dtype)
    draws = _kl_samples(mu, log_var, eps)
    spread = np.std(draws, axis=0, ddof=1, dtype=np.float64) / n**0.5
    return Estimate(np.mean(draws, axis=0), spread.astype(mu.dtype))


def _code(mu, log_var, examples=(...,)) -> Pair:
    mu = array(mu, "mu", (*examples, "L"))
    return mu, like(log_var, "log_var", mu, "mu")


def _observed(out, x, likelihood, variance) -> tuple[np.ndarray, np.ndarray, float]:
    choice(likelihood, "likelihood", LIKELIHOODS)
    out = array(out, "out", (..., "D"))
    x = like(x, "x", out, "out", **_RANGES[likelihood])
    return out, x, number(variance, "variance", above=0)


def _bound(beta, variance):
    return number(beta, "beta", low=0), number(variance, "variance", above=0)


def _checked(
    x, params, eps, *, rows=..., data=False
) -> tuple[np.ndarray, VAEParams, Any]:
    """Check a model and its input, which is in the likelihood's range if it is data."""
    bounds = _RANGES[_typed(params).likelihood] if data else {}
    x = array(x, "x", (rows, "D"), **bounds)
    params = _checked_encoder(params, x.shape[-1])
    params = _checked_decoder(params, len(params.mu.b), x.shape[-1])
    if eps is not None:
        eps = array(eps, "eps", (*x.shape[:-1], len(params.mu.b)))
        eps = check.cast(eps, x.dtype)
    return x, params, eps


def _checked_encoder(params, width):
    encoder = backprop._layers(_typed(params).encoder, width, "encoder", least=0)
    width = len(encoder[-1].b) if encoder else width
    (mu,) = backprop._layers((params.mu,), width, "mu")
    (log_var,) = backprop._layers((params.log_var,), width, "log_var")
    check.same_shape(mu.b, "mu.b", log_var.b, "log_var.b")
    return params._replace(encoder=encoder, mu=mu, log_var=log_var)


def _checked_decoder(params, codes, outputs=None):
    decoder = backprop._layers(_typed(params).decoder, codes, "decoder")
    if outputs not in (None, len(decoder[-1].b)):
        raise ValueError(
            f"decoder: wanted {outputs} outputs as x has entries, "
            f"got {len(decoder[-1].b)}"
        )
    return params._replace(decoder=decoder)


def _typed(params):
    if not isinstance(params, VAEParams):
        raise TypeError(f"params: wanted a VAEParams, got {type(params).__name__}")
    choice(params.likelihood, "params.likelihood", LIKELIHOODS)
    return params
