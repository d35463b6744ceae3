"""The argument checks: what passes, as what, and the words of every refusal."""

import re

import numpy as np
import pytest

from dlbook._core import check
from dlbook.compiler import trace
from dlbook.optim import SGD


class Symbolic(np.ndarray):
    """Stands for formulas, as the arrays of a live figure do while it is compiled."""

    symbolic = True


SYMBOL = np.array([object(), object()], dtype=object).view(Symbolic)


def refused(error, message):
    return pytest.raises(error, match=f"^{re.escape(message)}$")


# array


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, np.float64),
        ([True, False], np.float64),
        (np.uint8([1, 2]), np.float64),
        (np.float16([1, 2]), np.float32),
        (np.float32([1, 2]), np.float32),
        (np.float64([1, 2]), np.float64),
        (np.longdouble([1, 2]), np.float64),
        (np.array([1.0, 2.0], dtype=">f8"), np.float64),
        (np.array([1.0, 2.0], dtype=">f4"), np.float32),
        ([1, 2.5], np.float64),
    ],
)
def test_numbers_become_floats_and_float32_stays(value, dtype):
    result = check.array(value, "x")
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, np.asarray(value))


def test_where_an_array_may_be_empty_its_numbers_are_checked_all_the_same():
    assert check.array([], "x", low=0, empty=True).shape == (0,)
    for x in ([np.nan], [1.0, np.nan]):
        with refused(ValueError, "x: wanted finite numbers, got nan"):
            check.array(x, "x", empty=True)


def test_finite_numbers_pass_whose_squares_are_not():
    np.testing.assert_array_equal(check.array([1e200, -1e200], "x"), [1e200, -1e200])


def test_a_float_array_is_not_copied():
    x = np.ones(3)
    assert check.array(x, "x") is x


def test_a_matrix_becomes_a_plain_array():
    result = check.array(np.ones((2, 2)).view(np.matrix), "x")
    assert type(result) is np.ndarray


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((), ()),
        ((3,), (3,)),
        ((3,), ("N",)),
        ((2, 3), ("N", 3)),
        ((2, 3), (..., "D")),
        ((2, 3), (..., 2, 3)),
        ((3,), (..., 3)),
        ((5, 2, 3), (..., "T", 3)),
        ((), (...,)),
        ((4,), None),
    ],
)
def test_shapes_that_fit(shape, wanted):
    assert check.array(np.ones(shape), "x", wanted).shape == shape


@pytest.mark.parametrize(
    ("shape", "wanted", "words"),
    [
        ((2,), (3,), "(3,)"),
        ((3,), (), "()"),
        ((2, 3), (3,), "(3,)"),
        ((3,), ("N", 3), "(N, 3)"),
        ((2, 4), ("N", 3), "(N, 3)"),
        ((3, 2), (..., 2, 3), "(..., 2, 3)"),
        ((3,), (..., 2, 3), "(..., 2, 3)"),
        ((), (..., "D"), "(..., D)"),
    ],
)
def test_shapes_that_do_not_fit(shape, wanted, words):
    with refused(ValueError, f"x: wanted shape {words}, got {shape}"):
        check.array(np.ones(shape), "x", wanted)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([1, np.nan], ValueError, "x: wanted finite numbers, got nan"),
        ([1, -np.inf], ValueError, "x: wanted finite numbers, got -inf"),
        ([], ValueError, "x: wanted at least one value, got shape (0,)"),
        (np.ones((2, 0)), ValueError, "x: wanted at least one value, got shape (2, 0)"),
        ([[1], [1, 2]], ValueError, "x: wanted a regular array, got ragged rows"),
        (["one"], TypeError, "x: wanted real numbers, got dtype <U3"),
        ([1j], TypeError, "x: wanted real numbers, got dtype complex128"),
        ([object()], TypeError, "x: wanted real numbers, got dtype object"),
        (None, TypeError, "x: wanted real numbers, got dtype object"),
        (
            np.ma.masked_array([1.0, 2.0], [True, False]),
            TypeError,
            "x: wanted an array without a mask, got a masked array",
        ),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(value, error, message):
    with refused(error, message):
        check.array(value, "x")


def test_a_mask_in_a_list_is_seen():
    masked = np.ma.masked_array([1.0, 2.0], [True, False])
    message = "x: wanted an array without a mask, got a masked array"
    for parts in ([masked], (np.ones(2), masked)):
        with refused(TypeError, message):
            check.array(parts, "x")


def test_an_array_is_cast_only_where_it_must_be():
    x = np.ones(2)
    assert check.cast(x, x.dtype) is x and check.like(x, "b", np.ones(2), "a") is x
    assert check.cast(x, np.dtype(np.float32)).dtype == np.float32
    assert check.cast(x, object) is x and check.cast(SYMBOL, x.dtype) is SYMBOL


def test_a_symbol_is_bounded_by_nothing():
    assert check.bounded(SYMBOL, "x", 0, 1) is SYMBOL
    with refused(ValueError, "x: wanted values >= 0, got -1.0"):
        check.bounded(np.array([-1.0, 2.0]), "x", low=0)


def test_bounds_are_inclusive():
    check.array([0.0, 1.0], "x", low=0, high=1)
    with refused(ValueError, "x: wanted values >= 0, got -0.5"):
        check.array([0.5, -0.5], "x", low=0, high=1)
    with refused(ValueError, "x: wanted values <= 1, got 1.5"):
        check.array([0.5, 1.5], "x", low=0, high=1)


def test_a_symbolic_array_passes_but_for_its_shape():
    assert check.array(SYMBOL, "x", ("N",), low=0, high=1) is SYMBOL
    with refused(ValueError, "x: wanted shape (3,), got (2,)"):
        check.array(SYMBOL, "x", (3,))
    with refused(ValueError, "x: wanted at least one value, got shape (0,)"):
        check.array(SYMBOL[:0], "x")


# arrays that belong together


def test_same_shape_refuses_what_would_broadcast():
    check.same_shape(np.ones(3), "a", np.zeros(3), "b")
    with refused(ValueError, "b: wanted shape (3,) as a has, got (1,)"):
        check.same_shape(np.ones(3), "a", np.ones(1), "b")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_like_gives_the_shape_and_dtype_of_the_other(dtype):
    other = np.ones(2, dtype)
    for value in ([0, 1], np.float32([0, 1]), np.float64([0, 1])):
        result = check.like(value, "b", other, "a", low=0, high=1)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, [0, 1])
    with refused(ValueError, "b: wanted shape (2,) as a has, got (1,)"):
        check.like([1.0], "b", other, "a")
    with refused(ValueError, "b: wanted values >= 0, got -1.0"):
        check.like([1, -1], "b", other, "a", low=0)
    with refused(ValueError, "b: wanted values <= 0, got 1.0"):
        check.like([1, -1], "b", other, "a", high=0)


def test_a_list_of_symbols_passes():
    def model(a, b):
        return {"x": 2 * check.array([a, b], "x", (2,), low=0)}

    np.testing.assert_array_equal(
        trace(model, {"a": 1.0, "b": 2.0}).replay([3.0, 4.0])["x"], [6.0, 8.0]
    )


def test_like_leaves_a_symbolic_array_alone():
    assert check.like(SYMBOL, "b", np.ones(2), "a") is SYMBOL
    np.testing.assert_array_equal(check.like([1, 2], "b", SYMBOL, "a"), [1.0, 2.0])


# single values


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_integers(value):
    assert check.integer(value, "n", 3) == 3
    assert type(check.integer(value, "n")) is int


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (2, ValueError, "n: wanted an integer >= 3, got 2"),
        (3.0, TypeError, "n: wanted an integer, got 3.0"),
        ("3", TypeError, "n: wanted an integer, got '3'"),
        (True, TypeError, "n: wanted an integer, got True"),
        (np.True_, TypeError, "n: wanted an integer, got np.True_"),
        (None, TypeError, "n: wanted an integer, got None"),
    ],
)
def test_what_is_no_integer_is_refused(value, error, message):
    with refused(error, message):
        check.integer(value, "n", 3)


def test_axes_count_from_both_ends():
    assert [check.axis(k, "axis", 2) for k in (-2, -1, 0, 1)] == [-2, -1, 0, 1]
    for k in (-3, 2):
        with refused(ValueError, f"axis: wanted an axis from -2 to 1, got {k}"):
            check.axis(k, "axis", 2)
    with refused(TypeError, "way: wanted an integer, got 0.5"):
        check.axis(0.5, "way", 2)


def test_choices_are_named():
    assert check.choice("b", "mode", ("a", "b")) == "b"
    for value in ("c", None, ["a"]):
        with refused(ValueError, f"mode: wanted one of 'a', 'b', got {value!r}"):
            check.choice(value, "mode", ("a", "b"))


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2), True + 1])
def test_numbers_become_python_floats(value):
    result = check.number(value, "h", above=1, low=2, high=2, below=3)
    assert type(result) is float
    assert result == 2


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"above": 2}, "h: wanted a number > 2, got 2.0"),
        ({"low": 2.5}, "h: wanted a number >= 2.5, got 2.0"),
        ({"high": 1.5}, "h: wanted a number <= 1.5, got 2.0"),
        ({"below": 2}, "h: wanted a number < 2, got 2.0"),
    ],
)
def test_numbers_out_of_bounds_are_refused(bounds, message):
    with refused(ValueError, message):
        check.number(2, "h", **bounds)


def test_what_is_no_single_number_is_refused():
    with refused(ValueError, "h: wanted shape (), got (1,)"):
        check.number([1.0], "h")
    with refused(ValueError, "h: wanted finite numbers, got inf"):
        check.number(np.inf, "h")
    with refused(TypeError, "h: wanted real numbers, got dtype <U1"):
        check.number("1", "h")


def test_a_symbolic_number_passes():
    assert check.number(SYMBOL, "h", above=0) is SYMBOL
    assert check.scalar(SYMBOL) is SYMBOL
    assert type(check.scalar(np.float32(0.5))) is float


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype(np.float64), float])
def test_the_two_float_dtypes_pass(dtype):
    assert check.floating(dtype) == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, int, "complex", "nonsense", 3])
def test_other_dtypes_are_refused(dtype):
    with refused(TypeError, f"dtype: wanted float32 or float64, got {dtype!r}"):
        check.floating(dtype)


def test_only_a_generator_is_a_source_of_chance():
    rng = np.random.default_rng(0)
    assert check.generator(rng) is rng
    for value, kind in [(0, "int"), (np.random, "module"), (None, "NoneType")]:
        message = f"rng: wanted a numpy.random.Generator, got {kind}"
        with refused(TypeError, message):
            check.generator(value)


# what passes hand on


def test_arrays_meet_in_the_dtype_that_holds_them_all():
    narrow, wide = np.ones(2, np.float32), np.ones(3)
    same = check.common(narrow, narrow)
    assert same[0] is narrow and same[1] is narrow
    for one, other in ((narrow, wide), (wide, narrow)):
        results = check.common(one, other)
        assert {r.dtype for r in results} == {np.dtype(np.float64)}
        assert results[one is narrow] is wide
    mixed = check.common(narrow, SYMBOL)
    assert mixed[0] is narrow and mixed[1] is SYMBOL


def test_a_gradient_has_the_shape_and_dtype_of_what_it_is_of():
    dtype = np.dtype(np.float32)
    result = check.gradient([1, 2], "dy", (2,), dtype, "y")
    assert result.dtype == dtype and result.tolist() == [1, 2]
    symbols = check.gradient(SYMBOL, "dy", (2,), dtype, "y")
    assert symbols is SYMBOL
    with refused(ValueError, "dy: wanted shape (2, 3) as y has, got (3,)"):
        check.gradient(np.ones(3), "dy", (2, 3), dtype, "y")
    with refused(ValueError, "dy: wanted finite numbers, got nan"):
        check.gradient([np.nan], "dy", (1,), dtype, "y")


def test_an_optimiser_can_begin_and_update():
    assert check.optimiser(sgd := SGD(lr=0.5)) is sgd
    half = dict(init=print, update=1), dict(init=1, update=print)
    for value in (0.1, SGD, *(type("Half", (), methods)() for methods in half)):
        message = f"wanted an optimiser such as SGD(lr=0.1), got {value!r}"
        with refused(TypeError, f"optimiser: {message}"):
            check.optimiser(value)
        with refused(TypeError, f"player: {message}"):
            check.optimiser(value, "player")


def test_a_cache_is_of_its_kind():
    class Kind(tuple):
        pass

    kind = Kind((1, 2))
    assert check.cache(kind, Kind) is kind
    pair = "cache: wanted Kind, got the pair (value, cache): pass its second part"
    with refused(TypeError, pair):
        check.cache((0, kind), Kind)
    for value in ((kind, 0), (0, 0, kind), (0, kind, 0), [0, kind]):
        with refused(TypeError, f"cache: wanted Kind, got {type(value).__name__}"):
            check.cache(value, Kind)


def test_what_is_kept_is_a_copy_and_what_is_handed_out_cannot_be_written_to():
    x = np.ones(2)
    copy, view = check.own(x), check.read_only(x)
    assert not np.shares_memory(copy, x) and copy.flags.writeable
    assert np.shares_memory(view, x) and not view.flags.writeable and x.flags.writeable
    np.testing.assert_array_equal(copy, x)
    assert check.own(SYMBOL) is SYMBOL and check.read_only(SYMBOL) is SYMBOL
