"""The page's JavaScript writes every number with the digits that Python writes."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook.live.text.numbers import (
    JAVASCRIPT,
    check_spec,
    format_number,
    in_text,
    typeset,
)

SIGNS, COMMAS = ("", "-", "+", " "), ("", ",")
SPECS = [
    *(f"{s}{c}.{n}{k}" for s in SIGNS for c in COMMAS for k in "fe%" for n in range(8)),
    *(f"{s}{c}.{n}g" for s in SIGNS for c in COMMAS for n in range(9)),
    *(f"z.{n}{kind}" for kind in "feg%" for n in (12, 17, 20)),
    *("d", "+d", ",d", "z,d", "f", "e", "g", "%", "+z,f", ""),
]
EDGES = [0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e21, 1e22]
EDGES += [math.inf, math.nan, 0.5, 1.5, 2.5, 9.5, 99.5, 0.05, 0.15, 0.25, 1e-5, 1e-4]
EDGES += [2.675, 1.005, 9.9995, 99999.5, 0.00099995, 123456.5, 1e15 + 0.5, 2.0**53]


@pytest.fixture(scope="module")
def engine():
    racer = pytest.importorskip("py_mini_racer", reason="needs mini-racer")
    with racer.MiniRacer() as context:
        context.eval(JAVASCRIPT.read_text(encoding="utf-8"))
        yield context


def literal(value):
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def in_javascript(engine, values, specs, function="formatNumber"):
    data = f"[{','.join(map(literal, values))}]"
    call = f"{data}.map((x, i) => {function}(x, s[i % s.length])).join('\\n')"
    return engine.eval(f"(() => {{const s = {json.dumps(specs)}; return {call}}})()")


def ties(rng, size):
    """Return numbers that lie halfway between two decimal fractions."""
    odd = 2 * rng.integers(-(2**20), 2**20, size) + 1
    return odd * 5.0 ** rng.integers(0, 12, size) / 2.0 ** rng.integers(0, 24, size)


def candidates(size):
    """Return numbers of every kind that rounding could get wrong."""
    rng = np.random.default_rng(20)
    part = size // 10
    bits = rng.integers(0, 2**64, part, dtype=np.uint64).view(np.float64)
    halves = ties(rng, 2 * part)
    decimals = np.round(rng.uniform(-100, 100, part), rng.integers(0, 6))
    powers = np.float64(10.0) ** rng.integers(-320, 309, part)
    edges = rng.choice(np.array(EDGES), part) * rng.choice([-1.0, 1.0], part)
    parts = [bits, halves, decimals, rng.uniform(-10, 10, 2 * part), powers, edges]
    parts += [np.nextafter(halves[:part], 0), np.nextafter(powers, np.inf)]
    return rng.permutation(np.concatenate(parts)).tolist()


def test_javascript_prints_a_million_numbers_with_pythons_digits(engine):
    values = candidates(1_000_000)
    assert len(values) == 1_000_000
    step = len(SPECS) * 500
    for start in range(0, len(values), step):
        batch = values[start : start + step]
        pairs = list(zip(batch, itertools.cycle(SPECS), strict=False))
        want = itertools.starmap(format_number, pairs)
        got = in_javascript(engine, batch, SPECS).split("\n")
        wrong = [
            (*pair, g, w) for pair, g, w in zip(pairs, got, want, strict=True) if g != w
        ]
        assert not wrong, wrong[:5]


@given(
    st.lists(
        st.one_of(
            st.floats(),
            st.decimals(-1000, 1000, places=4).map(float),
            st.integers(-(2**60), 2**60).map(lambda n: n / 1024),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_javascript_prints_what_hypothesis_finds(engine, values):
    want = [format_number(value, spec) for spec in SPECS for value in values]
    data = [value for _ in SPECS for value in values]
    specs = [spec for spec in SPECS for _ in values]
    assert in_javascript(engine, data, specs).split("\n") == want


def test_both_languages_set_a_number_alike(engine):
    values = candidates(5000)
    got = in_javascript(
        engine, values, SPECS, "((x, s) => typeset(formatNumber(x, s)))"
    ).split("\n")
    want = [
        typeset(format_number(value, SPECS[k % len(SPECS)]))
        for k, value in enumerate(values)
    ]
    assert got == want


def test_both_languages_show_the_same_characters(engine):
    codes = [*range(-1, 128), 0x2019, 0x1F600]
    call = "((x, s) => JSON.stringify(typeset(formatNumber(x, s))))"
    got = [json.loads(t) for t in in_javascript(engine, codes, ["c"], call).split("\n")]
    assert got == [typeset(format_number(code, "c")) for code in codes]
    assert "".join(got[66:92]) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_both_languages_choose_the_same_word(engine):
    values = [-math.inf, -1.0, 0.0, 0.4, 0.5, 1.0, 1.9, 2.0, 3.0, 1e9, math.inf]
    values += [math.nan, True, False]
    specs = ["s||s", "|", "an info-e-5|two words|", "one"]
    for spec in specs[:3]:
        got = in_javascript(engine, map(float, values), [spec], "inText").split("\n")
        assert got == [in_text(value, spec) for value in values]
    assert [in_text(k, specs[2]) for k in (0, 1, 2, 3)] == [*specs[2].split("|"), ""]
    assert in_text(-2.0, ".1f") == "−2.0"


@given(st.floats(), st.sampled_from(SPECS))
def test_a_number_is_what_pythons_format_writes(value, spec):
    if spec.endswith("d") or not spec:
        return
    if spec.endswith("f") and abs(value) >= 1e12:  # that many digits nobody reads
        spec = spec[:-1] + "e"
    plain = spec.replace("z", "")
    sign = plain[0] if plain[0] in "+- " else ""
    assert format_number(value, spec) == format(value, sign + "z" + plain[len(sign) :])


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (0.1 + 0.2, "", "0.3"),
        (-0.0, "", "0"),
        (-0.004, ".2f", "0.00"),
        (-0.004, "+.2f", "+0.00"),
        (-0.006, ".2f", "-0.01"),
        (0.5, "d", "0"),
        (1.5, "d", "2"),
        (-1234.5, ",d", "-1,234"),
        (2.5, ".0f", "2"),
        (0.125, ".2f", "0.12"),
        (25.0, ".0e", "2e+01"),
        (9.5, ".0e", "1e+01"),
        (999999999999.5, ".1f", "999999999999.5"),
        (1e12, ".1f", "1.0e+12"),
        (-2.5e300, "+,d", "-2.500000e+300"),
        (0.845, ".1%", "84.5%"),
        (math.inf, "+.1f", "+inf"),
        (-math.inf, ".1f", "-inf"),
        (math.nan, ".3g", "nan"),
        (True, ".1f", "1.0"),
        (np.float32(0.1), ".3f", "0.100"),
        (101.0, "c", "e"),
        (97, "c", "a"),
        (0, "c", ""),
        (-1.0, "c", ""),
    ],
)
def test_numbers_are_rounded_to_even_and_zero_has_no_minus(value, spec, text):
    assert format_number(value, spec) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0.60", "−0.60"),
        ("1.50e-05", "1.50×10⁻⁵"),
        ("-2e+10", "−2×10¹⁰"),
        ("1e+00", "1×10⁰"),
        ("inf", "∞"),
        ("-inf", "−∞"),
        ("nan", "undefined"),
        ("1,234.5", "1,234.5"),
        ("e", "e"),
        ("", ""),
    ],
)
def test_a_formula_shows_minus_signs_and_powers_of_ten(text, shown):
    assert typeset(text) == shown


@pytest.mark.parametrize(
    "spec", ["8.2f", ">8", "x", "s", "n", ".2", ".2F", "#.2f", "_d", "05d", ".2d", "é"]
)
def test_a_format_that_javascript_does_not_know_is_refused(spec):
    wanted = r"wanted \[sign\]\[z\]\[,\]\[\.N\] and f, e, g or %, or d"
    with pytest.raises(ValueError, match=f"format '{spec}': {wanted}"):
        check_spec(spec)
    with pytest.raises(ValueError, match="format"):
        format_number(1.0, spec)


def test_more_digits_than_a_double_has_are_refused():
    with pytest.raises(ValueError, match="wanted at most 20 digits, got 21"):
        check_spec(".21f")


def test_a_known_format_is_returned_and_none_means_four_digits():
    assert check_spec("+z,.3f") == "+z,.3f"
    assert check_spec("") == ".4g"


def test_the_twin_is_small():
    lines = JAVASCRIPT.read_text(encoding="utf-8").splitlines()
    code = "".join(line.strip() for line in lines if not line.strip().startswith("//"))
    assert len(code) < 3000
