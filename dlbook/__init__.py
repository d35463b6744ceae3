"""Deep learning, formula by formula: the NumPy code that the book's chapters import.

The chapters' models, in the book's order:

================  ======================================================================
perceptron        one unit, its learning rule, and the bound on its mistakes
backprop          a multilayer perceptron: forward, backward, training
graph             backpropagation through single numbers, one operation a node
cnn               convolution, pooling, and a small network for images
rnn               the Elman network, and what becomes of its gradients over time
lstm              gates, and the cell that they guard
gru               the gated recurrent unit, with two gates and no cell
attention         queries that read values by their keys
sequences         sequence models of any cell: text, and tasks of memory
autoencoder       encoder and decoder; corruption for the denoising kind
pca               principal components, which no linear autoencoder beats
vae               the variational autoencoder and its bound
linear_gaussian   the one latent model whose evidence is known exactly
gan               generator and discriminator, and the games they play
dirac_gan         the smallest game, of two parameters
divergences       Jensen-Shannon and Wasserstein
================  ======================================================================

What they stand on:

================  ======================================================================
activations       sigmoid, tanh, relu, softmax and their derivatives
losses            squared error, cross-entropy, the Gaussian's divergence
optim             SGD, Momentum, Adam, clipping
gradcheck         derivatives against difference quotients
datasets          digits, iris, a text, and the toy data
================  ======================================================================

What the book is made with: `plotting` (the figures' style), `live` (figures that move),
`worked` (examples line by line); these need the packages that ``pip install dlbook``
brings, `notebooks` those of ``dlbook[lab]`` and `site` those of ``dlbook[book]``.

A module is imported when it is first used, so ``import dlbook`` costs next to nothing:

>>> import dlbook
>>> dlbook.activations.sigmoid(0.0)
np.float64(0.5)
"""

from importlib import import_module

__version__ = "0.2.0"

__all__ = [
    "activations",
    "attention",
    "autoencoder",
    "backprop",
    "cnn",
    "datasets",
    "dirac_gan",
    "divergences",
    "gan",
    "gradcheck",
    "graph",
    "gru",
    "linear_gaussian",
    "live",
    "losses",
    "lstm",
    "notebooks",
    "optim",
    "pca",
    "perceptron",
    "plotting",
    "rnn",
    "sequences",
    "site",
    "vae",
    "worked",
]


def __getattr__(name):
    if name in __all__:
        return import_module(f"dlbook.{name}")
    raise AttributeError(f"module 'dlbook' has no attribute {name!r}")


def __dir__():
    return [*__all__, "__doc__", "__version__"]
