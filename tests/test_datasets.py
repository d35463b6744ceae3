"""Data: the real sets are what they say, the toy sets keep their definitions."""

import hashlib
import re
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import datasets

TOYS = {
    "moons": lambda rng: datasets.moons(20, rng=rng),
    "spirals": lambda rng: datasets.spirals(20, rng=rng),
    "ring": lambda rng: datasets.ring(20, rng=rng),
    "latch_task": lambda rng: datasets.latch_task(20, 12, rng=rng),
}
DIGITS = "8f26b2bd9d135c25"
toys = pytest.mark.parametrize("draw", TOYS.values(), ids=TOYS)


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


# The real sets


def test_the_digits_are_ucis_test_set():
    images, labels = datasets.load_digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.float64
    assert labels.dtype == np.int64
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as UCI lists them
    assert np.bincount(labels).tolist() == counts
    pixels = (16 * images).astype(np.uint8)
    np.testing.assert_array_equal(pixels / 16, images)
    assert (pixels.min(), pixels.max()) == (0, 16)
    assert pixels[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert digest(pixels) == DIGITS
    assert not images[:, :, 0].max() > 0.51  # the left edge is almost empty


def test_the_irises_are_fishers():
    iris = datasets.load_iris()
    assert iris.features.shape == (150, 4)
    assert iris.features.dtype == np.float64
    assert iris.labels.dtype == np.int64
    assert iris.labels.tolist() == [0] * 50 + [1] * 50 + [2] * 50
    assert iris.feature_names == (
        "sepal length",
        "sepal width",
        "petal length",
        "petal width",
    )
    assert iris.class_names == ("setosa", "versicolor", "virginica")
    means = [5.843333, 3.057333, 3.758, 1.199333]  # as in R's copy of Fisher's table
    np.testing.assert_allclose(iris.features.mean(0), means, atol=5e-7)
    assert iris.features[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert iris.features[37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_setosa_alone_can_be_cut_off_by_its_petals():
    features, labels, *_ = datasets.load_iris()
    petal = features[:, 2]
    assert petal[labels == 0].max() < petal[labels > 0].min()
    assert petal[labels == 1].max() > petal[labels == 2].min()


@pytest.mark.parametrize(("lower", "size"), [(False, 64), (True, 39)])
def test_the_text_is_alice_and_its_codes_spell_it(lower, size):
    text, alphabet, codes = datasets.load_text(lower=lower)
    assert len(text) == 22049
    assert text.lower().startswith("alice was beginning to get very tired of sitting")
    assert text.endswith("the whole party swam to the shore.\n")
    assert text.isascii()
    assert not re.search(r"  |[_*`\r\t]", text)
    assert len(alphabet) == size
    assert alphabet == "".join(sorted(set(text)))
    assert codes.dtype == np.int64
    assert codes.min() == 0
    assert codes.max() == size - 1
    assert "".join(np.array(list(alphabet))[codes]) == text


def test_each_call_returns_arrays_of_its_own():
    for load in (datasets.load_digits, datasets.load_iris):
        first, second = load(), load()
        first[0][0] += 1
        first[1][0] += 1
        assert not np.array_equal(first[0], second[0])
        assert not np.array_equal(first[1], second[1])


def test_every_file_names_its_source_and_licence():
    folder = files("dlbook") / "data"
    readme = folder.joinpath("README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| `")]
    listed = {re.match(r"\| `([^`]+)`", row).group(1) for row in rows}
    assert listed == {f.name for f in folder.iterdir()} - {"README.md"}
    assert all("CC BY 4.0" in row or "public domain" in row for row in rows)
    for load in (datasets.load_digits, datasets.load_iris, datasets.load_text):
        assert re.search(r"Source: .+\n(.+\n)*\s*Licence: .+", load.__doc__)


def test_importing_the_module_reads_no_data():
    code = (
        "import sys\n"
        "sys.addaudithook(lambda event, args: event == 'open' and"
        " print(args[0]) if 'data' in str(args[:1]) else None)\n"
        "import dlbook.datasets as d\n"
        "print('imported')\n"
        "d.load_iris()"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    before, after = printed.split("imported")
    assert "iris.csv" in after
    assert not re.search(r"iris|digits|alice", before)


# Splitting


@given(st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_a_split_deals_every_example_once_and_keeps_pairs(n, share, seed):
    x = np.arange(n)[:, None] * [1, 10]
    train, test = datasets.split(
        x, np.arange(n), rng=np.random.default_rng(seed), test=share
    )
    together = np.concatenate([train.y, test.y])
    assert sorted(together) == list(range(n))
    np.testing.assert_array_equal(np.concatenate([train.x, test.x])[:, 0], together)
    np.testing.assert_array_equal(
        np.concatenate([train.x, test.x])[:, 1], 10 * together
    )
    assert len(train.y) >= 1
    assert len(test.y) >= 1
    assert abs(len(test.y) - share * n) <= 1


def test_a_split_is_random_and_repeats_with_its_seed():
    def deal(seed):
        x = np.arange(100)
        train, _ = datasets.split(x, x, rng=np.random.default_rng(seed))
        return train.y.tolist()

    assert len(deal(0)) == 75
    assert deal(0) == deal(0)
    assert deal(0) != deal(1)
    assert deal(0) != sorted(deal(0))


# The toy sets


@toys
def test_a_seed_gives_one_data_set(draw):
    for first, second, other in zip(
        draw(np.random.default_rng(0)),
        draw(np.random.default_rng(0)),
        draw(np.random.default_rng(1)),
        strict=True,
    ):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, other)


@toys
def test_inputs_are_float64_and_finite(draw):
    x, y = draw(np.random.default_rng(0))
    assert x.dtype == np.float64
    assert y.dtype in (np.int64, np.float64)
    assert np.isfinite(x).all()


def test_xor_is_the_truth_table_and_no_line_cuts_it():
    x, y = datasets.xor()
    assert (x.dtype, y.dtype) == (np.float64, np.int64)
    np.testing.assert_array_equal(y, x[:, 0] != x[:, 1])
    rng = np.random.default_rng(2)
    for w1, w2, b in rng.normal(size=(1000, 3)):
        assert np.sum((x @ [w1, w2] + b > 0) == y) <= 3


def test_moons_are_half_circles():
    x, y = datasets.moons(51, noise=0, rng=np.random.default_rng(3))
    assert np.bincount(y).tolist() == [26, 25]
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-14)
    assert upper[:, 1].min() >= 0
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1, rtol=1e-14)
    assert lower[:, 1].max() <= 0.5
    for half, ends in [(upper, [-1, 1]), (lower, [0, 2])]:
        np.testing.assert_allclose([half[:, 0].min(), half[:, 0].max()], ends)


@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("turns", [0, 0.5, 1.5])
def test_spirals_turn_as_they_leave_the_centre(classes, turns):
    x, y = datasets.spirals(
        60, noise=0, rng=np.random.default_rng(4), classes=classes, turns=turns
    )
    assert np.bincount(y).tolist() == [60 // classes] * classes
    r = np.hypot(*x.T)
    assert r.min() == 0
    assert r.max() == pytest.approx(1)
    turned = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi)
    excess = turned - turns * r - y / classes
    np.testing.assert_allclose(
        np.where(r > 0, excess - excess.round(), 0), 0, atol=1e-12
    )
    for k in range(classes):
        np.testing.assert_allclose(np.sort(r[y == k]), np.linspace(0, 1, 60 // classes))


def test_a_spiral_winds_one_and_a_half_times_unless_told_otherwise():
    plain, _ = datasets.spirals(10, rng=np.random.default_rng(5))
    told, _ = datasets.spirals(
        10, 0.05, rng=np.random.default_rng(5), classes=2, turns=1.5
    )
    np.testing.assert_array_equal(plain, told)


def test_the_ring_has_its_modes_on_a_circle():
    x, y = datasets.ring(80, noise=0, rng=np.random.default_rng(7), radius=2)
    assert np.bincount(y).tolist() == [10] * 8
    angle = 2 * np.pi * y / 8
    wanted = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.testing.assert_allclose(x, wanted, atol=1e-15)
    x, y = datasets.ring(6, noise=0, rng=np.random.default_rng(7), modes=3)
    assert sorted(y) == [0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(np.hypot(*x.T), 1)


@pytest.mark.parametrize(
    ("make", "noise"),
    [
        (datasets.moons, 0.1),
        (datasets.spirals, 0.05),
        (datasets.ring, 0.05),
    ],
)
def test_noise_is_normal_with_its_standard_deviation(make, noise):
    n = 20_000
    clean = make(n, 0, rng=np.random.default_rng(8))
    for wanted, noisy in [
        (noise, make(n, rng=np.random.default_rng(8))),
        (0.3, make(n, 0.3, rng=np.random.default_rng(8))),
    ]:
        changed = noisy.x - clean.x
        np.testing.assert_allclose(changed.std(axis=0), wanted, rtol=0.03)
        np.testing.assert_allclose(changed.mean(axis=0), 0, atol=0.03 * wanted)


@pytest.mark.parametrize("make", [datasets.moons, datasets.spirals, datasets.ring])
def test_any_slice_is_a_fair_sample(make):
    _, y = make(400, rng=np.random.default_rng(9))
    share = np.bincount(y[:200], minlength=y.max() + 1) / np.bincount(y)
    assert (share > 0.25).all()
    assert (share < 0.75).all()


def test_the_latch_holds_the_one_value_that_was_written():
    x, y = datasets.latch_task(500, 20, rng=np.random.default_rng(10))
    assert x.shape == (20, 500, 2)
    assert y.shape == (500,)
    assert y.dtype == np.int64
    value, write = x[..., 0], x[..., 1]
    assert set(np.unique(value)) == {-1.0, 1.0}
    assert set(np.unique(write)) == {0.0, 1.0}
    np.testing.assert_array_equal(write.sum(0), 1)
    when = write.argmax(0)
    assert set(when) == set(range(5))
    np.testing.assert_array_equal(value[when, np.arange(500)] > 0, y == 1)
    assert 200 < y.sum() < 300
    last = np.mean((value[-1] > 0) == y)
    assert 0.4 < last < 0.6  # the end of the sequence says nothing of the target


@pytest.mark.parametrize("length", [2, 3, 4])
def test_a_short_latch_is_written_at_once(length):
    x, _ = datasets.latch_task(5, length, rng=np.random.default_rng(11))
    np.testing.assert_array_equal(x[0, :, 1], 1)


# Refusals


RNG = np.random.default_rng(13)
TWO = "wanted an integer >= 2, got 1"
ONE = "wanted an integer >= 1, got 0"
ONLY = "rng: wanted a numpy.random.Generator, got int"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: datasets.moons(1, rng=RNG), ValueError, f"n: {TWO}"),
        (
            lambda: datasets.moons(4, -1, rng=RNG),
            ValueError,
            "noise: wanted a number >= 0, got -1.0",
        ),
        (lambda: datasets.moons(4, rng=0), TypeError, ONLY),
        (
            lambda: datasets.moons(4.0, rng=RNG),
            TypeError,
            "n: wanted an integer, got 4.0",
        ),
        (lambda: datasets.spirals(1, rng=RNG), ValueError, f"n: {TWO}"),
        (
            lambda: datasets.spirals(2, rng=RNG, classes=3),
            ValueError,
            "n: wanted an integer >= 3, got 2",
        ),
        (
            lambda: datasets.spirals(4, rng=RNG, classes=0),
            ValueError,
            f"classes: {ONE}",
        ),
        (
            lambda: datasets.spirals(4, rng=RNG, turns=-1),
            ValueError,
            "turns: wanted a number >= 0, got -1.0",
        ),
        (
            lambda: datasets.ring(7, rng=RNG),
            ValueError,
            "n: wanted an integer >= 8, got 7",
        ),
        (lambda: datasets.ring(8, rng=RNG, modes=0), ValueError, f"modes: {ONE}"),
        (
            lambda: datasets.ring(8, rng=RNG, radius=0),
            ValueError,
            "radius: wanted a number > 0, got 0.0",
        ),
        (lambda: datasets.latch_task(0, 5, rng=RNG), ValueError, f"n: {ONE}"),
        (lambda: datasets.latch_task(5, 1, rng=RNG), ValueError, f"length: {TWO}"),
        (lambda: datasets.latch_task(5, 5, rng=0), TypeError, ONLY),
        (
            lambda: datasets.split([1], [1], rng=RNG),
            ValueError,
            "x: wanted at least two examples, got shape (1,)",
        ),
        (
            lambda: datasets.split(1, 1, rng=RNG),
            ValueError,
            "x: wanted at least two examples, got shape ()",
        ),
        (
            lambda: datasets.split([1, 2], [1, 2, 3], rng=RNG),
            ValueError,
            "y: wanted 2 examples as x has, got shape (3,)",
        ),
        (
            lambda: datasets.split([1, 2], 1, rng=RNG),
            ValueError,
            "y: wanted 2 examples as x has, got shape ()",
        ),
        (
            lambda: datasets.split([1, 2], [1, 2], rng=RNG, test=0),
            ValueError,
            "test: wanted a number > 0, got 0.0",
        ),
        (
            lambda: datasets.split([1, 2], [1, 2], rng=RNG, test=1),
            ValueError,
            "test: wanted a number < 1, got 1.0",
        ),
        (lambda: datasets.split([1, 2], [1, 2], rng=0), TypeError, ONLY),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


def test_a_text_of_ones_own_is_encoded_as_alice_is():
    alice = datasets.load_text(lower=True)
    again = datasets.encode(alice.text)
    assert (again.text, again.alphabet) == alice[:2]
    np.testing.assert_array_equal(again.codes, alice.codes)
    read = datasets.encode("a tea tree", alice.alphabet)
    assert "".join(alice.alphabet[code] for code in read.codes) == "a tea tree"
    assert read.codes.dtype == np.int64


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((b"text",), TypeError, "text: wanted a str, got bytes"),
        (("",), ValueError, "text: wanted at least one character, got none"),
        (("cab", "ab"), ValueError, "text: wanted characters of the alphabet, got 'c'"),
        (
            ("a", "aba"),
            ValueError,
            "alphabet: wanted each character once, got 'a' twice",
        ),
    ],
)
def test_what_cannot_be_encoded_is_refused(arguments, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        datasets.encode(*arguments)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_have_the_grey_values_as_their_mean(dtype):
    x = np.linspace(0, 1, 5, dtype=dtype).repeat(4000).reshape(5, -1)
    bits = datasets.binarise(x, rng=np.random.default_rng(0))
    assert bits.dtype == dtype
    assert set(np.unique(bits)) == {0, 1}
    np.testing.assert_allclose(bits.mean(axis=1), x[:, 0], atol=0.03)
    assert not bits[0].any() and bits[-1].all()
    other = datasets.binarise(x, rng=np.random.default_rng(1))
    assert (other != bits).any()
    for grey, bound in [(16.0, "<= 1"), (-0.5, ">= 0")]:
        with pytest.raises(ValueError, match=f"^x: wanted values {bound}, got {grey}$"):
            datasets.binarise([grey], rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="^rng: wanted a numpy.random.Generator"):
        datasets.binarise(x, rng=0)


def test_black_stays_black_whatever_is_drawn():
    class Lowest(np.random.Generator):
        def uniform(self, size):
            return np.zeros(size)

    bits = datasets.binarise([0.0, 1.0], rng=Lowest(np.random.PCG64(0)))
    np.testing.assert_array_equal(bits, [0, 1])


def test_a_split_does_not_lose_a_mask():
    masked = np.ma.masked_array(np.arange(4.0), [0, 0, 1, 0])
    rng = np.random.default_rng(0)
    for pair in ((masked, np.arange(4)), (np.arange(4), [masked, masked])):
        with pytest.raises(TypeError, match="wanted an array without a mask"):
            datasets.split(*pair, rng=rng)
