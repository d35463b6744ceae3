r"""Small data to learn from: three real sets in the package, and toy sets to draw.

The real sets are files beside this module; nothing is downloaded, and nothing is read
before it is asked for. Every toy set is drawn from the generator it is given, so one
seed gives one data set. Examples come first in every array, but for sequences, where
time does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.types import ArrayLike, Source

__all__ = [
    "Digits",
    "Examples",
    "Iris",
    "Split",
    "Text",
    "binarise",
    "encode",
    "latch_task",
    "load_digits",
    "load_iris",
    "load_runs",
    "load_text",
    "moons",
    "ring",
    "spirals",
    "split",
    "xor",
]


class Digits(NamedTuple):
    """Images (1797, 8, 8) of grey values from 0 to 1; labels (1797,) from 0 to 9."""

    images: np.ndarray
    labels: np.ndarray


class Iris(NamedTuple):
    """Features (150, 4) in cm; labels (150,) from 0 to 2; the names of both."""

    features: np.ndarray
    labels: np.ndarray
    feature_names: tuple
    class_names: tuple


class Text(NamedTuple):
    """A text, its characters in order, and the text as indices into them."""

    text: str
    alphabet: str
    codes: np.ndarray


class Examples(NamedTuple):
    """Inputs x and targets y of the same number of examples."""

    x: np.ndarray
    y: np.ndarray


class Split(NamedTuple):
    """Examples to train on, and others to test on."""

    train: Examples
    test: Examples


def load_digits() -> Digits:
    """Load 1797 handwritten digits of 8 by 8 pixels.

    Thirteen people wrote them. Each pixel counts the dark ones among 4 by 4 pixels of
    the scan, from 0 to 16; here it is divided by 16.

    Returns
    -------
    Digits
        images (1797, 8, 8), float64; labels (1797,), int64.

    See Also
    --------
    load_iris : data without images.
    split : what holds some of them out.

    Notes
    -----
    Source: the test set of "Optical Recognition of Handwritten Digits", E. Alpaydin and
    C. Kaynak 1998, UCI Machine Learning Repository, doi 10.24432/C50P49.
    Licence: Creative Commons Attribution 4.0.

    References
    ----------
    Alpaydin and Kaynak 1998, :cite:`alpaydin1998`.

    Examples
    --------
    >>> images, labels = load_digits()
    >>> images.shape, labels[:10]
    ((1797, 8, 8), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    with _open("digits.npz", "rb") as file, np.load(file) as data:
        return Digits(data["images"] / 16, data["labels"].astype(np.int64))


def load_iris() -> Iris:
    """Load 150 irises of three species, by the size of their leaves.

    Setosa can be told from the other two by a straight line; versicolor and virginica
    overlap. The numbers are those of Fisher's paper; UCI's file differs from it in the
    flowers 35 and 38.

    Returns
    -------
    Iris
        features (150, 4), float64; labels (150,), int64; and their names.

    See Also
    --------
    load_digits : data with images.
    split : what holds some of them out.

    Notes
    -----
    Source: R. A. Fisher 1936; UCI Machine Learning Repository, doi 10.24432/C56C76.
    Licence: Creative Commons Attribution 4.0.

    References
    ----------
    Fisher 1936, :cite:`fisher1936`.

    Examples
    --------
    >>> iris = load_iris()
    >>> iris.features.mean(axis=0).round(2)
    array([5.84, 3.06, 3.76, 1.2 ])
    >>> iris.class_names
    ('setosa', 'versicolor', 'virginica')
    """
    with _open("iris.csv") as file:
        header, *rows = [line.strip().split(",") for line in file]
    class_names = tuple(dict.fromkeys(row[-1] for row in rows))
    features = np.array([row[:-1] for row in rows], dtype=np.float64)
    labels = np.array([class_names.index(row[-1]) for row in rows], dtype=np.int64)
    return Iris(features, labels, tuple(header[:-1]), class_names)


def load_text(*, lower: bool = False) -> Text:
    """Load the first two chapters of "Alice's Adventures in Wonderland".

    One paragraph a line, 22049 characters; headings are left out.

    Parameters
    ----------
    lower : bool, default False
        Write all letters small, which leaves 39 different characters of 64.

    Returns
    -------
    Text
        text; alphabet, its characters in order; codes (22049,), int64, such that
        ``alphabet[codes[t]] == text[t]``.

    See Also
    --------
    encode : the same for a text of your own.

    Notes
    -----
    Source: Lewis Carroll 1865, in the Millennium Fulcrum Edition 2.9 of Project
    Gutenberg, from the file ``alice29.txt`` of the Canterbury corpus.
    Licence: public domain; the author died in 1898.

    Examples
    --------
    >>> text, alphabet, codes = load_text(lower=True)
    >>> text[:23], len(alphabet)
    ('alice was beginning to ', 39)
    >>> "".join(alphabet[code] for code in codes[:5])
    'alice'
    """
    with _open("alice.txt") as file:
        text = file.read()
    return encode(text.lower() if lower else text)


def encode(text: str, alphabet: str | None = None) -> Text:
    """Turn a text of one's own into codes, as `load_text` does with its own.

    Parameters
    ----------
    text : str
        At least one character.
    alphabet : str, optional
        The characters that have a code, in order; those of the text if not given. A
        model that was trained on one text reads another with its own alphabet.

    Returns
    -------
    Text
        text, alphabet and codes, such that ``alphabet[codes[t]] == text[t]``.

    Raises
    ------
    TypeError
        If the text is no str.
    ValueError
        If the text is empty, has a character that the alphabet has not, or the alphabet
        has one twice.

    See Also
    --------
    dlbook.sequences.text_batches : cuts codes into pieces to learn from.

    Examples
    --------
    >>> text, alphabet, codes = encode("banana")
    >>> alphabet, codes
    ('abn', array([1, 0, 2, 0, 2, 0]))
    >>> encode("nab", alphabet).codes
    array([2, 0, 1])
    """
    if not isinstance(text, str):
        raise TypeError(f"text: wanted a str, got {type(text).__name__}")
    if not text:
        raise ValueError("text: wanted at least one character, got none")
    alphabet = "".join(sorted(set(text))) if alphabet is None else alphabet
    index = {character: code for code, character in enumerate(alphabet)}
    if len(index) < len(alphabet):
        twice = next(c for c in alphabet if alphabet.count(c) > 1)
        raise ValueError(f"alphabet: wanted each character once, got {twice!r} twice")
    unknown = sorted(set(text) - set(index))
    if unknown:
        shown = ", ".join(map(repr, unknown[:3]))
        raise ValueError(f"text: wanted characters of the alphabet, got {shown}")
    return Text(text, alphabet, np.array([index[c] for c in text], dtype=np.int64))


def binarise(x: ArrayLike, *, rng: Source) -> np.ndarray:
    r"""Draw black and white pixels from grey ones.

    .. math:: b_d \sim \operatorname{Bernoulli}(x_d)

    A grey value is no outcome of a Bernoulli distribution: for such data the
    logarithm of its "likelihood" is none, and does not compare with that of another
    model. Drawn anew for each epoch, the bits keep the grey values as their mean.

    Parameters
    ----------
    x : array_like
        Grey values from 0 to 1, any shape.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray
        Zeros and ones, in the shape and dtype of `x`.

    Raises
    ------
    TypeError, ValueError
        If a value is not in [0, 1], or `rng` no generator.

    See Also
    --------
    load_digits : grey images to binarise.

    References
    ----------
    Salakhutdinov and Murray 2008, :cite:`salakhutdinov2008`.

    Examples
    --------
    >>> binarise([0.0, 0.5, 0.5, 1.0], rng=np.random.default_rng(0))
    array([0., 1., 1., 1.])
    """
    x = check.array(x, "x", low=0, high=1)
    return (check.generator(rng).uniform(size=x.shape) < x) * np.ones_like(x)


def split(x: ArrayLike, y: ArrayLike, *, rng: Source, test: float = 0.25) -> Split:
    """Set some examples aside for the test, chosen at random.

    Parameters
    ----------
    x : array_like of shape (N, ...)
        Inputs.
    y : array_like of shape (N, ...)
        Targets.
    rng : numpy.random.Generator
        Chooses.
    test : float, default 0.25
        The share set aside; at least one example goes to each side.

    Returns
    -------
    Split
        train and test, each with x and y in the same random order.

    Raises
    ------
    TypeError, ValueError
        If `x` and `y` differ in length, have fewer than two examples, or `test` is not
        between 0 and 1.

    See Also
    --------
    load_digits : data to split.

    Examples
    --------
    >>> train, test = split(*load_digits(), rng=np.random.default_rng(0))
    >>> train.x.shape, test.y.shape
    ((1348, 8, 8), (449,))
    """
    x, y = check.unmasked(x, "x"), check.unmasked(y, "y")
    if x.ndim == 0 or len(x) < 2:
        raise ValueError(f"x: wanted at least two examples, got shape {x.shape}")
    if y.shape[:1] != x.shape[:1]:
        raise ValueError(f"y: wanted {len(x)} examples as x has, got shape {y.shape}")
    share = check.number(test, "test", above=0, below=1)
    order = check.generator(rng).permutation(len(x))
    n = min(max(round(share * len(x)), 1), len(x) - 1)
    train, rest = order[n:], order[:n]
    return Split(Examples(x[train], y[train]), Examples(x[rest], y[rest]))


def xor() -> Examples:
    """Return the four cases of "one or the other, but not both".

    No line separates the classes: the perceptron's limit.

    Returns
    -------
    Examples
        x (4, 2), float64; y (4,), int64.

    See Also
    --------
    moons : more examples that no line separates.

    References
    ----------
    Minsky and Papert 1969, :cite:`minsky1969`.

    Examples
    --------
    >>> x, y = xor()
    >>> [(*map(int, row), int(label)) for row, label in zip(x, y)]
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    """
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Examples(x, np.array([0, 1, 1, 0], dtype=np.int64))


def moons(n: int, noise: float = 0.1, *, rng: Source) -> Examples:
    r"""Draw two half circles that reach into each other.

    .. math:: (\cos t, \sin t) \quad\text{and}\quad
              (1 - \cos t, \tfrac12 - \sin t), \qquad 0 \le t \le \pi

    Parameters
    ----------
    n : int
        Number of points, at least 2; the classes share them evenly.
    noise : float, default 0.1
        Standard deviation of what is added to each coordinate.
    rng : numpy.random.Generator
        Draws the noise and the order.

    Returns
    -------
    Examples
        x (n, 2), float64; y (n,), int64, 0 or 1; in random order.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer >= 2, `noise` is negative or `rng` is no Generator.

    See Also
    --------
    spirals : harder to tell apart.
    xor : the smallest that no line separates.

    Examples
    --------
    >>> x, y = moons(100, rng=np.random.default_rng(0))
    >>> x.shape, np.bincount(y)
    ((100, 2), array([50, 50]))
    """
    y = _labels(n, 2)
    t = np.pi * _positions(y)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    return _shuffled(np.where(y[:, None] == 0, upper, lower), y, noise, rng)


def spirals(
    n: int, noise: float = 0.05, *, rng: Source, classes: int = 2, turns: float = 1.5
) -> Examples:
    r"""Draw spirals that wind around each other.

    .. math:: r \, (\cos \varphi, \sin \varphi), \qquad
              \varphi = 2 \pi \, (\text{turns} \cdot r + k / K), \qquad 0 \le r \le 1

    Parameters
    ----------
    n : int
        Number of points, at least one a class; the classes share them evenly.
    noise : float, default 0.05
        Standard deviation of what is added to each coordinate.
    rng : numpy.random.Generator
        Draws the noise and the order.
    classes : int, default 2
        Number K of arms.
    turns : float, default 1.5
        How often an arm winds around the centre.

    Returns
    -------
    Examples
        x (n, 2), float64; y (n,), int64, from 0 to `classes` - 1; in random order.

    Raises
    ------
    TypeError, ValueError
        If a count is too small, `noise` or `turns` is negative or `rng` is no
        Generator.

    See Also
    --------
    moons : easier to tell apart.

    Examples
    --------
    >>> x, y = spirals(99, rng=np.random.default_rng(0), classes=3)
    >>> x.shape, np.bincount(y)
    ((99, 2), array([33, 33, 33]))
    """
    classes = check.integer(classes, "classes", 1)
    turns = check.number(turns, "turns", low=0)
    y = _labels(n, classes)
    r = _positions(y)
    angle = 2 * np.pi * (turns * r + y / classes)
    x = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _shuffled(x, y, noise, rng)


def ring(
    n: int, noise: float = 0.05, *, rng: Source, modes: int = 8, radius: float = 1.0
) -> Examples:
    """Draw from Gaussians whose centres stand on a circle.

    A generator that finds only some of them has collapsed.

    Parameters
    ----------
    n : int
        Number of points, at least one a mode; the modes share them evenly.
    noise : float, default 0.05
        Standard deviation of every Gaussian in each coordinate.
    rng : numpy.random.Generator
        Draws the points and their order.
    modes : int, default 8
        Number of Gaussians.
    radius : float, default 1
        Radius of the circle, above 0.

    Returns
    -------
    Examples
        x (n, 2), float64; y (n,), int64, which mode a point is from; in random order.

    Raises
    ------
    TypeError, ValueError
        If a count is too small, `noise` is negative, `radius` is not above 0 or `rng`
        is no Generator.

    See Also
    --------
    dlbook.gan.mode_counts : how many of its points are met.

    References
    ----------
    Metz et al. 2017, :cite:`metz2017`.

    Examples
    --------
    >>> x, y = ring(8, noise=0, rng=np.random.default_rng(0))
    >>> np.hypot(*x.T).round(3)
    array([1., 1., 1., 1., 1., 1., 1., 1.])
    """
    modes = check.integer(modes, "modes", 1)
    radius = check.number(radius, "radius", above=0)
    y = _labels(n, modes)
    angle = 2 * np.pi * y / modes
    x = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _shuffled(x, y, noise, rng)


def latch_task(n: int, length: int, *, rng: Source) -> Examples:
    """Draw sequences whose end depends on one value near their start.

    At every time step a value of +1 or -1 comes in. One of them, in the first quarter
    of the sequence, comes with a write signal: it is the one to remember. The target at
    the last step is that value, 1 for +1 and 0 for -1; all the others distract.

    Parameters
    ----------
    n : int
        Number of sequences, at least 1.
    length : int
        Number of time steps, at least 2.
    rng : numpy.random.Generator
        Draws the values and the moment of writing.

    Returns
    -------
    Examples
        x (length, n, 2), float64, the value and the write signal; y (n,), int64.

    Raises
    ------
    TypeError, ValueError
        If a count is too small or `rng` is no Generator.

    See Also
    --------
    dlbook.sequences.init_params : a model for it.

    References
    ----------
    Bengio, Simard and Frasconi 1994, :cite:`bengio1994`.

    Examples
    --------
    >>> x, y = latch_task(3, 8, rng=np.random.default_rng(0))
    >>> value, write = x[..., 0], x[..., 1]
    >>> np.array_equal((value * write).sum(axis=0) > 0, y == 1)
    True
    """
    n = check.integer(n, "n", 1)
    length = check.integer(length, "length", 2)
    value = 2.0 * check.generator(rng).integers(0, 2, size=(length, n)) - 1
    when = rng.integers(0, max(length // 4, 1), size=n)
    write = (np.arange(length)[:, None] == when).astype(np.float64)
    y = value[when, np.arange(n)] > 0
    return Examples(np.stack([value, write], axis=-1), y.astype(np.int64))


def load_runs(name: str) -> dict[str, np.ndarray]:
    """Load what long experiments of a chapter have given.

    The chapter shows the functions that make them, and a test runs those again.

    Parameters
    ----------
    name : {"autoencoder", "lstm"}
        The chapter.

    Returns
    -------
    dict of str to ndarray
        By name, as the chapter explains.

    Raises
    ------
    ValueError
        If there is no such file.

    Examples
    --------
    >>> load_runs("lstm")["W_f"].shape  # forget bias, seed, units, units + inputs
    (5, 5, 8, 10)
    """
    name = check.choice(name, "name", ("autoencoder", "lstm"))
    with _open(f"{name}.npz", "rb") as file, np.load(file) as data:
        return dict(data)


def _open(name, mode="r"):
    from importlib.resources import files  # here, for it takes longer than the package

    encoding = None if "b" in mode else "ascii"
    return files("dlbook").joinpath("data", name).open(mode, encoding=encoding)


def _labels(n, classes):
    """Return class labels in order, as evenly shared as n allows."""
    n = check.integer(n, "n", max(classes, 2))
    return np.arange(n, dtype=np.int64) * classes // n


def _positions(y):
    """Return how far along its own class each point is, from 0 to 1."""
    counts = np.bincount(y.astype(np.intp))
    first = np.cumsum(counts) - counts
    return (np.arange(len(y)) - first[y]) / np.maximum(counts[y] - 1, 1)


def _shuffled(x, y, noise, rng):
    noise = check.number(noise, "noise", low=0)
    order = check.generator(rng).permutation(len(y))
    return Examples(x[order] + noise * rng.normal(size=x.shape), y[order])
