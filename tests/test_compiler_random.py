"""Counter-based random numbers: their distribution, their streams, and their twin."""

import numpy as np
import pytest
from scipy import stats

from dlbook.compiler import Random, TraceError, trace
from dlbook.compiler.random import hashed, shuffled
from engine import Engine, same_bits

N = 100_000


@pytest.fixture(scope="module")
def engine():
    with Engine() as racer:
        yield racer


def test_known_numbers_stay_the_same():
    """The page's addresses keep a seed and a step: no release may change a draw."""
    rng = Random(seed=1, step=2)
    assert [x.hex() for x in rng.random(2)] == KNOWN
    assert rng.integers(1000, size=3).tolist() == INTEGERS
    assert rng.permutation(6).tolist() == ORDER
    np.testing.assert_allclose(rng.normal(size=2), NORMAL, rtol=1e-12)


INTEGERS, ORDER = [490, 100, 561], [4, 1, 2, 0, 3, 5]
NORMAL = [0.49702733730745885, -0.6686042217901755]


def test_a_generator_begins_at_zero():
    assert Random().random(3).tolist() == Random(0, 0).random(3).tolist()
    assert Random(7).random(3).tolist() == Random(7, 0).random(3).tolist()


KNOWN = ["0x1.0a37ba057c4a0p-6", "0x1.d75e376e4bb6cp-2"]


def streams():
    """Yield numbers along each of the three counters, and along mixtures."""
    count = np.arange(N, dtype=float)
    yield "draws", hashed(count, 0, 0)
    yield "steps", hashed(0, count, 0)
    yield "seeds", hashed(0, 0, count)
    yield "high seeds", hashed(0, 3, 2**32 - 1 - count)
    yield "draws of steps", hashed(count % 100, count // 100, 7)
    yield "strided", hashed(count * 4096, 1, 1)


@pytest.mark.parametrize(("name", "units"), list(streams()))
def test_numbers_are_uniform_and_independent(name, units):
    assert 0 <= units.min() and units.max() < 1
    assert stats.kstest(units, "uniform").pvalue > 1e-3
    for k in range(1, 5):
        moment = np.mean(units**k)
        spread = np.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / N)
        assert abs(moment - 1 / (k + 1)) < 4 * spread
    for lag in (1, 2, 3, 17, 256):
        correlation = np.corrcoef(units[:-lag], units[lag:])[0, 1]
        assert abs(correlation) < 4 / np.sqrt(N)
    pairs = np.histogram2d(units[::2], units[1::2], bins=20)[0]
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-3
    for scale in (2.0**8, 2.0**26, 2.0**44):  # high bits, middle bits, low bits
        cells = np.bincount((units * scale % 1 * 64).astype(int), minlength=64)
        assert stats.chisquare(cells).pvalue > 1e-3


def test_neighbouring_streams_are_independent():
    count = np.arange(N, dtype=float)
    base = hashed(count, 5, 9)
    for other in (
        hashed(count, 6, 9), hashed(count, 5, 10), hashed(count + 1, 5, 9),
        hashed(count, 9, 5), hashed(5, count, 9), hashed(9, 5, count),
    ):  # fmt: skip
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(N)
        assert np.mean(base == other) < 1e-3


def test_normal_numbers_are_normal():
    values = Random(3, 1).normal(2.0, 0.5, size=N)
    assert stats.kstest(values, stats.norm(2.0, 0.5).cdf).pvalue > 1e-3
    standard = Random(4).standard_normal(size=(N // 2, 2))
    assert standard.shape == (N // 2, 2)
    assert stats.kstest(standard.ravel(), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(standard.T)[0, 1]) < 4 / np.sqrt(N // 2)
    assert abs(stats.kurtosis(standard, axis=None)) < 0.1


def test_integers_fill_their_range():
    rng = Random(8)
    counts = np.bincount(rng.integers(0, 6, size=60_000))
    assert stats.chisquare(counts).pvalue > 1e-3
    assert set(rng.integers(3, size=99).tolist()) == {0, 1, 2}
    assert set(rng.integers(-1, 1, size=99, endpoint=True).tolist()) == {-1, 0, 1}
    assert rng.integers(5).dtype == np.int64
    assert rng.integers(5).shape == ()


def test_permutations_are_even():
    rng = Random(11)
    orders = np.array([rng.permutation(4) for _ in range(12_000)])
    assert (np.sort(orders, axis=1) == np.arange(4)).all()
    counts = np.unique(orders @ [64, 16, 4, 1], return_counts=True)[1]
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-3
    rows = np.arange(10.0).reshape(5, 2)
    mixed = Random(12).permutation(rows)
    assert sorted(mixed.tolist()) == rows.tolist()


def test_draws_follow_each_other_and_start_anew():
    rng, again = Random(2, 7), Random(2, 7)
    first, second = rng.random(3), rng.random(3)
    assert not set(first) & set(second)
    assert again.random(6).tolist() == [*first, *second]
    assert isinstance(rng.random(), float)
    assert rng.uniform([1.0, 2.0], 3.0).shape == (2,)


@pytest.mark.parametrize("many", ["low", "high"])
def test_bounds_that_are_arrays_draw_a_number_each(many):
    def pair(low, high):
        bounds = {"low": low, "high": high}
        return bounds | {many: [bounds[many]] * 2}

    low, high = pair(0.0, 1.0).values()
    rng = Random(5)
    for values in (
        rng.uniform(low, high), rng.normal(low, high),
        rng.integers(*pair(0, 2**40).values()),
    ):  # fmt: skip
        assert values.shape == (2,) and values[0] != values[1]


def test_shuffling_takes_many_rows():
    units = np.random.default_rng(0).uniform(size=(3, 5))
    for row, order in zip(units, shuffled(units), strict=True):
        assert order.tolist() == shuffled(row).tolist()


# The page's twin ----------------------------------------------------------------------


def drawn(rng):
    return dict(
        u=rng.uniform(size=6), r=rng.random((2, 3)), k=rng.integers(-5, 6, size=9),
        p=rng.permutation(12), s=rng.random(), x=rng.permutation(np.arange(6.0) / 4),
    )  # fmt: skip


SEEDS = [(0, 0), (1, 0), (0, 1), (2**32 - 1, 2**31), (123456789, 987654321)]


def test_the_page_draws_the_same_bits(engine):
    program = trace(drawn, dict(rng=Random(3, 4)), name="demo")
    assert program.inputs == ["rng.seed", "rng.step"]
    for row, got in zip(SEEDS, engine.run(program.javascript(), SEEDS), strict=True):
        found = drawn(Random(*row))
        wanted = np.concatenate([np.ravel(x) for x in found.values()])
        assert same_bits(got, wanted)
        replayed = program.replay(row).values()
        assert same_bits(np.concatenate([np.ravel(x) for x in replayed]), wanted)


def test_the_pages_normal_numbers_agree_to_the_last_digits(engine):
    def model(rng):
        return dict(z=rng.normal(1.0, [2.0, 3.0], size=(50, 2)))

    program = trace(model, dict(rng=Random()), name="demo")
    for row, got in zip(SEEDS, engine.run(program.javascript(), SEEDS), strict=True):
        wanted = model(Random(*row))["z"].ravel()
        np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15)


def test_a_model_may_make_a_generator_of_its_inputs(engine):
    def model(seed, step):
        return dict(x=Random(seed, step).uniform(size=3))

    program = trace(model, dict(seed=1, step=0), name="demo")
    for row, got in zip(SEEDS, engine.run(program.javascript(), SEEDS), strict=True):
        assert same_bits(got, Random(*row).uniform(size=3))


def test_a_traced_length_cannot_be_permuted():
    with pytest.raises(TraceError, match="cannot be compiled"):
        trace(lambda rng, n: dict(p=rng.permutation(n)), dict(rng=Random(), n=4))
