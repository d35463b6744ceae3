r"""Worked examples: what holds is shown, and one wrong sign anywhere is refused."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook.live.text.numbers import format_number
from dlbook.mathml import to_mathml
from dlbook.worked import Check, worked
from examples import EXAMPLES, expressions

SIGN = re.compile(r"<<[^<>]*>>|_\{[^}]*\}|\\left|[-+]")


def flips(template):
    """Yield the template with one sign flipped, for every sign of the formula."""
    for match in SIGN.finditer(template):
        if match[0] in "+-":
            other = "-" if match[0] == "+" else "+"
            yield template[: match.start()] + other + template[match.end() :]


FLIPPED = [(name, t) for name, e in EXAMPLES.items() for t in flips(e.template)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_right_example_is_shown(name):
    example = EXAMPLES[name]
    shown = worked(example.template, example.model, **example.values)
    assert shown.checks
    assert "<<" not in shown.latex
    assert shown._repr_latex_() == f"$${shown.latex}$$"
    assert repr(shown) == shown.latex
    to_mathml(shown.latex, display=True)


def test_there_are_signs_to_flip():
    assert len(FLIPPED) > 60
    assert {name for name, _ in FLIPPED} >= set(EXAMPLES) - {"correlation"} - {
        "convolution"
    }


@pytest.mark.parametrize(("name", "template"), FLIPPED)
def test_a_sign_flipped_in_the_formula_is_refused(name, template):
    example = EXAMPLES[name]
    with pytest.raises(ValueError, match="does not hold|cannot evaluate"):
        worked(template, example.model, **example.values)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_sign_flipped_in_a_computed_value_is_refused(name):
    example = EXAMPLES[name]
    right = example.model(**example.values)
    shown = set(re.findall(r"<<(\w+)", example.template))
    assert shown & set(right)
    for output in sorted(shown & set(right)):
        if (name, output) == ("loss", "d"):
            continue  # it is squared: what is shown is true with either sign
        wrong = right | {output: -np.asarray(right[output])}
        with pytest.raises(ValueError, match="does not hold"):
            worked(example.template, **example.values, **wrong)


def test_a_sign_flipped_in_the_code_is_refused():
    def wrong(y, y_hat, x):
        return {"dw": ((y - y_hat) * y_hat * (1 - y_hat)) @ x}

    example = EXAMPLES["gradient"]
    with pytest.raises(ValueError, match="does not hold"):
        worked(example.template, wrong, **example.values)


def test_other_inputs_show_what_a_zero_hides():
    example = EXAMPLES["perceptron"]
    wrong = example.template.replace("+ w_2 x_2", "- w_2 x_2")
    assert wrong != example.template
    known = example.values | example.model(**example.values)
    assert worked(wrong, **known).checks
    message = "holds for the given values but not for others: left = right"
    with pytest.raises(ValueError, match=message):
        worked(wrong, example.model, **example.values)


def test_a_result_typed_by_hand_is_refused_with_the_model():
    def model(x):
        return {"y": 2 * x}

    assert worked("y = 2 x = 0.6 = <<y>>", x=0.3, y=0.6)
    with pytest.raises(ValueError, match="but not for others"):
        worked("y = 2 x = 0.6 = <<y>>", model, x=0.3)


def test_integers_and_functions_are_held_fixed():
    seen = []

    def model(k, f, x, flag):
        seen.append((k, f, x, flag))
        return {"y": f(x) * k}

    worked("y = k f(x) = <<y:.3f>>", model, k=3, f=np.tanh, x=0.5, flag=True)
    assert len(seen) == 7
    assert {(k, f, flag) for k, f, _, flag in seen} == {(3, np.tanh, True)}
    assert len({x for _, _, x, _ in seen}) == 7


def test_inputs_outside_of_a_models_domain_are_passed_over():
    def model(p):
        if not 0.4999 < p < 0.5001:
            raise ValueError("outside")
        return {"H": -math.log(p)}

    assert worked(r"H = -\log p = <<H:.3f>>", model, p=0.5).checks

    def logarithm(p):
        with np.errstate(all="ignore"):
            return {"H": -np.log(p)}

    assert worked(r"H = -\log p = <<H:.3f>>", logarithm, p=0.01).checks


def test_float32_stays_float32_and_is_compared_as_such():
    dtypes = set()

    def model(w, x):
        dtypes.update([w.dtype, x.dtype])
        return {"z": w @ x}

    w, x = (np.array(v, np.float32) for v in ([0.1, -0.7, 0.3], [0.3, 0.9, -1.3]))
    template = r"z = w \cdot x = <<w[0]>> \cdot <<x[0]>> + <<w[1]>> \cdot <<x[1]>>"
    template += r" + <<w[2]>> \cdot <<x[2]>> = <<z:.6f>>"
    assert worked(template, model, w=w, x=x).checks
    assert dtypes == {np.dtype(np.float32)}


def test_the_model_may_return_a_named_tuple_but_not_what_was_given():
    from typing import NamedTuple

    class Result(NamedTuple):
        y: float

    assert worked("y = -x = <<y>>", lambda x: Result(-x), x=2.0).checks
    with pytest.raises(ValueError, match="both given and computed: x"):
        worked("x = <<x>>", lambda x: {"x": x}, x=2.0)


def test_the_checks_say_what_was_compared():
    shown = worked("z = 2 x = <<z>> > 0", z=3.0, x=1.5)
    assert shown.checks == [
        Check("z", "=", "2x"),
        Check("2x", "=", "<<z>>"),
        Check("<<z>>", ">", "0"),
    ]


def test_rows_are_aligned_unless_the_template_does_it():
    assert worked(r"a &= 1 \\ &= 1", a=1).latex == (
        r"\begin{aligned}a &= 1 \\ &= 1\end{aligned}"
    )
    already = r"\begin{aligned} a &= 1 + 1 \\ &= 2 \end{aligned}"
    assert worked(already, a=2).latex == already


def test_without_checking_the_numbers_are_only_filled_in():
    assert worked("1 = <<x>>", verify=False, x=2).latex == "1 = 2"
    assert worked("1 = <<x>>", verify=False, x=2).checks == []


@pytest.mark.parametrize(
    ("template", "values", "message"),
    [
        ("x = <<x>>", {"x": 1.0}, "nothing to check: give the values of more names"),
        ("a + b", {}, "nothing to check"),
        ("G(<<z>>) = <<g>>", {"z": 1, "g": 2}, "in no equation that could be checked"),
        ("y = <<a>> + 1, <<b>>", {"a": 1, "b": 2}, "could be checked: <<a>>, <<b>>"),
        ("y = k x = <<z>>", {"x": 1, "z": 2}, "cannot evaluate kx: no value for k"),
        ("1 = 3!", {}, "cannot evaluate 3!: no rule for !"),
        ("3! = 6", {}, "cannot evaluate 3!: no rule for !"),
        ("1 + 1 = 3", {}, "left = right does not hold"),
        ("1 = <<x>>", {}, "<<x>>: no such value"),
        (r"1 = \foo", {}, r"unknown command \foo"),
        ("x = <<x:9f>>", {"x": 1}, "format '9f'"),
    ],
)
def test_what_is_not_checked_is_not_shown(template, values, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        worked(template, **values)


@pytest.mark.parametrize("first", ["3! q", r"3! \operatorname{foo}(1)", "3! x_q"])
def test_what_is_defined_may_be_new(first):
    assert worked(rf"{first} = 1 + 1 = <<x>>", x=2).checks
    assert worked(r"\text{so } = 1 + 1 = <<x>>", x=2).checks


@pytest.mark.parametrize("first", ["3! x", r"3! \tanh(1)", "3! G(1)", "3! v_9"])
def test_what_is_known_must_have_a_meaning(first):
    with pytest.raises(ValueError, match="cannot evaluate 3!"):
        worked(rf"{first} = 1 + 1 = <<x>>", x=2, G=np.tanh, v=[1.0, 2.0])


def test_a_refusal_shows_both_sides():
    with pytest.raises(ValueError) as caught:
        worked("v = <<v>> = [1, 3]", v=[1.0, 2.5])
    assert str(caught.value) == (
        "left = right does not hold:\n"
        "  left:  \\begin{bmatrix} <<v[0]:.4g>> \\\\ <<v[1]:.4g>> \\end{bmatrix}\n"
        "         is [[1. ], [2.5]]\n"
        "  right: [1,3]\n"
        "         is [[1.], [3.]]"
    )


@pytest.mark.parametrize(
    ("template", "holds"),
    [
        ("2 < 3", True),
        ("3 < 3", False),
        ("3 > 2", True),
        ("2 > 3", False),
        (r"3 \le 3", True),
        (r"4 \le 3", False),
        (r"3 \ge 3", True),
        (r"2 \ge 3", False),
        (r"2 \ne 3", True),
        (r"3 \neq 3", False),
        (r"\pi \approx 3", True),
        (r"\pi \approx 3.14", True),
        (r"\pi \approx 3.15", False),
        (r"\pi = 3", False),
        (r"\pi = 3.1416", True),
        (r"x \coloneqq 2 \equiv 2", True),
        (r"1 + 1 \stackrel{!}{=} 2", True),
        (r"1 + 1 \stackrel{!}{=} 3", False),
        ("1 + 1 = 2 < 3 = 4 - 1", True),
        ("1 + 1 = 2 < 3 = 4 + 1", False),
        (r"\log 0 = -\infty", True),
        (r"\log 0 = \infty", False),
        (r"\log(-1) = 0", False),
        ("[1, 2] = [1, 2, 3]", False),
        (r"5\% = 0.05", True),
        (r"0.125 = 12.5\%", True),
    ],
)
def test_relations_hold_or_not(template, holds):
    if holds:
        assert worked(template).checks
    else:
        with pytest.raises(ValueError, match="does not hold"):
            worked(template)


@given(expressions(), st.integers(0, 6))
def test_a_right_print_is_accepted_and_a_wrong_one_refused(pair, digits):
    latex, number = pair
    spec = f".{digits}f"
    assert worked(rf"1 \cdot {latex} = <<y:{spec}>>", y=number).checks
    text = format_number(number, spec)
    wrong = float(text) + 2 * 10.0**-digits
    with pytest.raises(ValueError, match="does not hold"):
        worked(rf"1 \cdot {latex} = <<y:{spec}>>", y=wrong)
