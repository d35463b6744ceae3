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
entry in [0, 1], and "gaussian", where it is a mean and the variance is given.
"""

from typing import NamedTuple

import numpy as np

from dlbook._check import array, choice, generator, integer, like, number, scalar
from dlbook.backprop import Layer, MLPCache, minibatches, mlp, mlp_backward
from dlbook.backprop import init_params as init_layers
from dlbook.losses import (
    binary_cross_entropy_with_logits,
    d_binary_cross_entropy_with_logits,
    d_gaussian_kl,
    gaussian_kl,
)

__all__ = [
    "ELBO",
    "ELBOGradient",
    "Code",
    "Epoch",
    "Estimate",
    "VAECache",
    "VAELoss",
    "VAEParams",
    "decode",
    "elbo",
    "elbo_backward",
    "encode",
    "init_params",
    "kl_per_dimension",
    "kl_samples",
    "log_likelihood",
    "loss_and_gradients",
    "monte_carlo_kl",
    "reparameterise",
    "reparameterise_backward",
    "train",
    "vae",
    "vae_backward",
]

LIKELIHOODS = ("bernoulli", "gaussian")


class VAEParams(NamedTuple):
    """The layers of a variational autoencoder, or their gradients."""

    encoder: tuple[Layer, ...]
    """Hidden layers of the encoder; may be empty."""
    mu: Layer
    """From the last hidden layer to the mean."""
    log_var: Layer
    """From the last hidden layer to the logarithm of the variance."""
    decoder: tuple[Layer, ...]


class Code(NamedTuple):
    """The Gaussian that an input is encoded as, or gradients with respect to it."""

    mu: np.ndarray
    log_var: np.ndarray


class VAECache(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    encoder: MLPCache | None
    mu: MLPCache
    log_var: MLPCache
    eps: np.ndarray
    decoder: MLPCache

    @property
    def code(self):
        """Mean and logarithm of the variance."""
        return Code(self.mu.out, self.log_var.out)

    @property
    def z(self):
        """The sample that was decoded."""
        return self.decoder.outputs[0]

    @property
    def out(self):
        """The decoder's output: logits or means."""
        return self.decoder.out


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


def init_params(*sizes, rng, dtype=np.float64):
    """Draw an encoder with two heads, and a decoder that mirrors it.

    Parameters
    ----------
    *sizes : int
        Number of inputs, of units in each hidden layer of the encoder, of codes.
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
        As `dlbook.backprop.init_params` does.

    Examples
    --------
    >>> params = init_params(64, 32, 2, rng=np.random.default_rng(0))
    >>> params.mu.W.shape, params.log_var.W.shape, len(params.decoder)
    ((2, 32), (2, 32), 2)
    """
    *encoder, mu = init_layers(*sizes, rng=rng, dtype=dtype)
    (log_var,) = init_layers(*sizes[-2:], rng=rng, dtype=dtype)
    decoder = init_layers(*sizes[::-1], rng=rng, dtype=dtype)
    return VAEParams(tuple(encoder), mu, log_var, decoder)


def encode(x, params, *, hidden="tanh"):
    r"""Return the Gaussian that an input is encoded as.

    .. math:: \mu = f_\mu(x), \qquad \log \sigma^2 = f_{\log \sigma^2}(x)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : VAEParams
        Of which the encoder and the two heads are used.
    hidden : str
        Name of the hidden layers' activation; the heads have none.

    Returns
    -------
    Code
        mu and log_var, each (L,) or (N, L).

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`.

    Examples
    --------
    >>> mu, log_var = Layer([[0.4, 0.2]], [0.1]), Layer([[-1.0, 0.6]], [0.2])
    >>> code = encode([1, 0.5], VAEParams((), mu, log_var, ()))
    >>> code.mu.round(4), code.log_var.round(4)
    (array([0.6]), array([-0.5]))
    """
    _, mu, log_var = _heads(x, params, hidden)
    return Code(mu.out, log_var.out)


def _heads(x, params, hidden):
    encoder = None
    if params.encoder:
        encoder = mlp(x, params.encoder, hidden=hidden, output=hidden)
        x = encoder.out
    return encoder, mlp(x, (params.mu,)), mlp(x, (params.log_var,))


def reparameterise(mu, log_var, eps):
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
    return mu + np.exp(log_var / 2) * like(eps, "eps", mu, "mu")


def reparameterise_backward(d_z, log_var, eps):
    r"""Carry a gradient back through `reparameterise`.

    .. math::

       \frac{\partial L}{\partial \mu} = \frac{\partial L}{\partial z}, \qquad
       \frac{\partial L}{\partial \log \sigma^2} =
       \frac{\partial L}{\partial z} \odot \frac{\sigma \odot \epsilon}{2}

    Parameters
    ----------
    d_z : array_like of shape (L,) or (N, L)
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

    Examples
    --------
    >>> reparameterise_backward([1.0], [0.0], [-1.5])
    Code(mu=array([1.]), log_var=array([-0.75]))
    """
    log_var = array(log_var, "log_var", (..., "L"))
    d_z = like(d_z, "d_z", log_var, "log_var")
    eps = like(eps, "eps", log_var, "log_var")
    return Code(d_z, d_z * np.exp(log_var / 2) * eps / 2)


def decode(z, decoder, *, hidden="tanh", likelihood="bernoulli"):
    r"""Return what a code stands for, the mean of :math:`p(x \mid z)`.

    .. math:: \hat x = g(z)

    Parameters
    ----------
    z : array_like of shape (L,) or (N, L)
        Codes.
    decoder : sequence of Layer or of pairs (W, b)
        Its layers.
    hidden : str
        Name of the hidden layers' activation.
    likelihood : {"bernoulli", "gaussian"}
        For "bernoulli" the last layer's logits go through a sigmoid.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The means.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does, or if the likelihood is unknown.

    Examples
    --------
    >>> decode([0.0], [([[2.0], [1.0]], [0.0, -1.0])]).round(4)
    array([0.5   , 0.2689])
    """
    choice(likelihood, "likelihood", LIKELIHOODS)
    output = "sigmoid" if likelihood == "bernoulli" else "identity"
    return mlp(z, decoder, hidden=hidden, output=output).out


def log_likelihood(x, out, *, likelihood="bernoulli", variance=1.0):
    r"""Return the logarithm of :math:`p(x \mid z)` for each example.

    .. math::

       \text{bernoulli:} \quad & \sum_d x_d \log \sigma(o_d)
       + (1 - x_d) \log(1 - \sigma(o_d)) \\
       \text{gaussian:} \quad & -\frac12 \sum_d \Bigl(\frac{(x_d - o_d)^2}{v}
       + \log 2 \pi v\Bigr)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data; in [0, 1] for "bernoulli".
    out : array_like of the same shape
        The decoder's output o: logits, or means.
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

    Examples
    --------
    >>> log_likelihood([1, 0.5], [0.0, 0.0]).round(4)
    np.float64(-1.3863)
    >>> log_likelihood([1, 0.5], [1, 0.5], likelihood="gaussian").round(4)
    np.float64(-1.8379)
    """
    x, out, variance = _observed(x, out, likelihood, variance)
    if likelihood == "bernoulli":
        return -np.sum(binary_cross_entropy_with_logits(out, x, "none"), axis=-1)
    squares = np.sum((x - out) ** 2, axis=-1) / variance
    return -(squares + out.shape[-1] * scalar(np.log(2 * np.pi * variance))) / 2


def elbo(x, out, mu, log_var, *, beta=1.0, likelihood="bernoulli", variance=1.0):
    r"""Return the evidence lower bound, estimated with the sample that was decoded.

    .. math:: \log p(x \mid z) - \beta\, D_{KL}\bigl(N(\mu, \sigma^2) \,\|\,
       N(0, I)\bigr)

    It is to be maximised: the loss is its negative.

    Parameters
    ----------
    x, out : array_like of shape (D,) or (N, D)
        Data, and the decoder's output for it.
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

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`; for beta, Higgins et al. 2017,
    :cite:`higgins2017`.

    Examples
    --------
    >>> elbo([1, 0.5], [0.0, 0.0], [0.5], [np.log(2.0**2)]).kl.round(5)
    np.float64(0.93185)
    """
    beta = number(beta, "beta", low=0)
    each = log_likelihood(x, out, likelihood=likelihood, variance=variance)
    mu, log_var = _code(mu, log_var, each.shape)
    reconstruction, kl = np.mean(each), gaussian_kl(mu, log_var)
    return ELBO(reconstruction - beta * kl, reconstruction, kl)


def elbo_backward(
    d_elbo, x, out, mu, log_var, *, beta=1.0, likelihood="bernoulli", variance=1.0
):
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
    x, out, mu, log_var, beta, likelihood, variance
        As they were for `elbo`.

    Returns
    -------
    ELBOGradient
        Gradients of out, mu and log_var.

    Raises
    ------
    ValueError
        As `elbo` does.

    Examples
    --------
    >>> elbo_backward(-1.0, [1, 0.5], [0.0, 0.0], [0.5], [0.0]).out
    array([-0.5,  0. ])
    """
    x, out, variance = _observed(x, out, likelihood, variance)
    mu, log_var = _code(mu, log_var, out.shape[:-1])
    scale = number(d_elbo, "d_elbo")
    d_mu, d_log_var = d_gaussian_kl(mu, log_var)
    n, weight = mu.size // mu.shape[-1], -scale * number(beta, "beta", low=0)
    if likelihood == "bernoulli":
        d_out = -scale / n * d_binary_cross_entropy_with_logits(out, x, "none")
    else:
        d_out = scale / (n * variance) * (x - out)
    return ELBOGradient(d_out, weight * d_mu, weight * d_log_var)


def vae(x, params, eps, *, hidden="tanh"):
    """Encode, sample with the noise given, decode, and keep what the way back needs.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : VAEParams
        The layers.
    eps : array_like of shape (L,) or (N, L)
        Draws from N(0, 1).
    hidden : str
        Name of the hidden layers' activation.

    Returns
    -------
    VAECache
        With the ``code``, the sample ``z`` and the decoder's output ``out``.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` and `reparameterise` do.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> cache = vae([1, 0.5], params, [0.0])
    >>> bool(cache.z == cache.code.mu)
    True
    """
    encoder, mu, log_var = _heads(x, params, hidden)
    z = reparameterise(mu.out, log_var.out, eps)
    eps = like(eps, "eps", mu.out, "mu")
    return VAECache(encoder, mu, log_var, eps, mlp(z, params.decoder, hidden=hidden))


def vae_backward(d_out, d_mu, d_log_var, cache, *, wrt_x=True):
    """Carry gradients back through `vae`.

    Parameters
    ----------
    d_out : array_like of shape (D,) or (N, D)
        Gradient of the loss with respect to the decoder's output.
    d_mu, d_log_var : array_like of shape (L,) or (N, L)
        Gradients with respect to the code that do not pass through the sample: those
        of the divergence.
    cache : VAECache
        What `vae` returned.
    wrt_x : bool
        Whether the gradient of the input is wanted.

    Returns
    -------
    d_x : ndarray of shape (D,) or (N, D), or None
        Gradient of the input.
    gradients : VAEParams
        Gradients of the layers, summed over the examples.

    Raises
    ------
    ValueError
        If a gradient does not have the shape of what it belongs to.

    References
    ----------
    Kingma and Welling 2014, :cite:`kingma2014`.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> cache = vae([1, 0.5], params, [0.0])
    >>> vae_backward([0.0, 0.0], [1.0], [0.0], cache)[1].mu.W
    array([[1. , 0.5]])
    """
    d_mu = like(d_mu, "d_mu", cache.mu.out, "mu")
    d_log_var = like(d_log_var, "d_log_var", cache.log_var.out, "log_var")
    d_z, decoder = mlp_backward(d_out, cache.decoder)
    through = reparameterise_backward(d_z, cache.log_var.out, cache.eps)
    need = wrt_x or cache.encoder is not None
    d_h, (mu,) = mlp_backward(d_mu + through.mu, cache.mu, wrt_x=need)
    d_h_too, (log_var,) = mlp_backward(
        d_log_var + through.log_var, cache.log_var, wrt_x=need
    )
    d_x, encoder = d_h + d_h_too if need else None, ()
    if cache.encoder is not None:
        d_x, encoder = mlp_backward(d_x, cache.encoder, wrt_x=wrt_x)
    return d_x, VAEParams(encoder, mu, log_var, decoder)


def loss_and_gradients(x, params, eps, *, hidden="tanh", **bound):
    """Return the negative bound for some examples, its parts, and its gradients.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    params : VAEParams
        The layers.
    eps : array_like of shape (L,) or (N, L)
        Draws from N(0, 1).
    hidden : str
        Name of the hidden layers' activation.
    **bound
        beta, likelihood and variance, as for `elbo`.

    Returns
    -------
    VAELoss
        loss, reconstruction, kl and gradients.

    Raises
    ------
    TypeError, ValueError
        As `vae` and `elbo` do.

    Examples
    --------
    >>> params = init_params(2, 1, rng=np.random.default_rng(0))
    >>> done = loss_and_gradients([1, 0.5], params, [0.0])
    >>> bool(done.loss == done.kl - done.reconstruction)
    True
    """
    cache = vae(x, params, eps, hidden=hidden)
    value = elbo(x, cache.out, *cache.code, **bound)
    direct = elbo_backward(-1.0, x, cache.out, *cache.code, **bound)
    _, gradients = vae_backward(*direct, cache, wrt_x=False)
    return VAELoss(-value.elbo, value.reconstruction, value.kl, gradients)


def train(x, params, optimiser, *, epochs, batch_size, rng, hidden="tanh", **bound):
    """Train a variational autoencoder by minibatches, one epoch at a time.

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
    hidden : str
        Name of the hidden layers' activation.
    **bound
        beta, likelihood and variance, as for `elbo`.

    Returns
    -------
    iterator of Epoch
        One after each pass.

    Raises
    ------
    TypeError, ValueError
        As `loss_and_gradients` and `dlbook.backprop.minibatches` do.

    Examples
    --------
    >>> from dlbook.optim import Adam
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0)
    >>> settings = dict(epochs=60, batch_size=10, rng=rng)
    >>> *_, last = train(x, init_params(2, 4, 1, rng=rng), Adam(lr=0.05), **settings)
    >>> code = encode([[0.0, 1.0], [1.0, 0.0]], last.params)
    >>> decode(code.mu, last.params.decoder).round()
    array([[0., 1.],
           [1., 0.]])
    """
    x = array(x, "x", ("N", "D"))
    epochs = integer(epochs, "epochs", low=1)
    batches = integer(batch_size, "batch_size", low=1), generator(rng)
    settings = {"hidden": hidden, **bound}
    return _epochs(x, params, optimiser, epochs, batches, settings)


def _epochs(x, params, optimiser, epochs, batches, settings):
    state, (batch_size, rng) = optimiser.init(params), batches
    for epoch in range(1, epochs + 1):
        total = np.zeros(3)
        for rows in minibatches(len(x), batch_size, rng=rng):
            eps = rng.standard_normal((len(rows), len(params.mu.b)))
            done = loss_and_gradients(x[rows], params, eps, **settings)
            params, state = optimiser.update(params, done.gradients, state)
            total += np.array(done[:3]) * len(rows)
        yield Epoch(epoch, *(total / len(x)).tolist(), params)


def kl_per_dimension(mu, log_var):
    r"""Return each dimension's part of the divergence, a mean over the examples.

    .. math:: \frac1N \sum_n \frac12 \bigl(\mu_{nj}^2 + \sigma_{nj}^2 - 1
       - \log \sigma_{nj}^2\bigr)

    Where it is near 0 the code says nothing: the posterior has collapsed to the prior.

    Parameters
    ----------
    mu, log_var : array_like of shape (L,) or (N, L)
        Codes.

    Returns
    -------
    ndarray of shape (L,)
        In nats; together they are the divergence.

    Raises
    ------
    ValueError
        If the shapes differ or a number is not finite.

    References
    ----------
    Lucas et al. 2019, :cite:`lucas2019`.

    Examples
    --------
    >>> kl_per_dimension([[0.5, 0.0]], [[np.log(2.0**2), 0.0]]).round(5)
    array([0.93185, 0.     ])
    """
    mu, log_var = _code(mu, log_var)
    each = gaussian_kl(mu[..., None], log_var[..., None], "none")
    return np.mean(each.reshape(-1, mu.shape[-1]), axis=0)


def kl_samples(mu, log_var, eps):
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

    Examples
    --------
    >>> kl_samples([0.5], [0.0], [[0.0], [1.0], [-1.0]])
    array([ 0.125,  0.625, -0.375])
    """
    mu, log_var = _code(mu, log_var)
    eps = array(eps, "eps", ("S", *mu.shape))
    z = mu + np.exp(log_var / 2) * eps
    return np.sum(z**2 - eps**2 - log_var, axis=-1) / 2


def monte_carlo_kl(mu, log_var, n, *, rng):
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

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> estimate = monte_carlo_kl([0.5], [np.log(2.0**2)], 100_000, rng=rng)
    >>> estimate.mean.round(2), estimate.standard_error.round(3)
    (np.float64(0.93), np.float64(0.007))
    """
    mu, log_var = _code(mu, log_var)
    n = integer(n, "n", low=2)
    eps = generator(rng).standard_normal((n, *mu.shape), mu.dtype)
    draws = kl_samples(mu, log_var, eps)
    spread = np.std(draws, axis=0, ddof=1, dtype=np.float64) / n**0.5
    return Estimate(np.mean(draws, axis=0), spread.astype(mu.dtype))


def _code(mu, log_var, examples=(...,)):
    mu = array(mu, "mu", (*examples, "L"))
    return mu, like(log_var, "log_var", mu, "mu")


def _observed(x, out, likelihood, variance):
    choice(likelihood, "likelihood", LIKELIHOODS)
    out = array(out, "out", (..., "D"))
    low, high = (0, 1) if likelihood == "bernoulli" else (None, None)
    x = like(x, "x", out, "out", low=low, high=high)
    return x, out, number(variance, "variance", above=0)
