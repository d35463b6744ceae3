r"""Worked examples: what holds is shown, and one wrong sign anywhere is refused."""

import math
import re

import numpy as np
import pytest
from examples import EXAMPLES, sigmoid
from hypothesis import given
from hypothesis import strategies as st

from dlbook.live.numbers import format_number
from dlbook.mathml import to_mathml
from dlbook.mathml.latex import parse
from dlbook.worked import Check, worked
from dlbook.worked.errors import NotEvaluable, UnknownName
from dlbook.worked.evaluate import evaluate
from dlbook.worked.names import Scope
from dlbook.worked.printed import half_unit, printed
from dlbook.worked.quantity import leaf
from dlbook.worked.statements import statements

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


VALUES = {
    "w": [0.5, -0.6],
    "x": [2.0, 3.0],
    "x_3": 7.0,
    "b": 0.25,
    "a1": 5.0,
    "W_xh": [[1.0, 2.0], [3.0, 4.0]],
    "h_prev": [1.0, -1.0],
    "h": [9.0, 8.0],
    "y_hat": [0.25, 0.75],
    "C_tilde": 4.0,
    "D_star": lambda x: x / 2,
    "D_phi": np.square,
    "f_prime": lambda x: 3 * x,
    "g": np.add,
    "dW_xh": [[0.1, 0.2], [0.3, 0.4]],
    "log_var": 2.0,
    "lr": 0.1,
    "n": 2,
    "z": 4.0,
    "X": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
    "long": np.arange(12.0),
    "w_new": 3.0,
    "A": [[2.0, 0.0], [0.0, 4.0]],
    "name": "text",
    "cube": np.zeros((2, 2, 2)),
}


def value(latex, values=VALUES):
    got = evaluate(parse(latex), Scope(values)).value
    return got.tolist()


@pytest.mark.parametrize(
    ("latex", "want"),
    [
        ("1 + 2 - 3 - 4", -4),
        ("-2^2", -4),
        ("(-2)^2", 4),
        (r"2 \cdot 3 + 4 \times 5 - 6 / 4", 24.5),
        (r"8 \div 4 \cdot -2", -4),
        ("- - 2", 2),
        ("2 b z", 2),
        ("1/2 z", 2),
        (r"\frac{1 + 2}{4} + \dfrac12 + \tfrac{1}{4}", 1.5),
        (r"\sqrt{16} + \sqrt[3]{8}", 6),
        ("10^{-2}", 0.01),
        ("2^{3^2}", 512),
        (r"e^{0} + \exp 0 + \exp(0)", 3),
        (r"\log e^2 + \ln(e)", 3),
        (r"\log_2 8 + \log_{10}(100)", 5),
        (r"\log 2 b", math.log(0.5)),
        (r"\log z / 2", math.log(4) / 2),
        (r"\log z - \log z", 0),
        (r"2 \log z", 2 * math.log(4)),
        (r"\tanh^2(1)", math.tanh(1) ** 2),
        (r"\tanh(1)^2", math.tanh(1) ** 2),
        (r"\tanh\left(1\right)^2", math.tanh(1) ** 2),
        (r"\sin 0 + \cos\left(0\right)", 1),
        (r"\sigma(0) + \sigma\left(0\right)", 1),
        (r"\operatorname{ReLU}(-1) + \operatorname{step}(2)", 1),
        (r"\operatorname{softplus}(0)", math.log(2)),
        (r"\operatorname{sgn}(-3) \operatorname{sum}([1, 2])", -3),
        (r"\max(1, 5, 2) - \min\{3, 2\}", 3),
        (r"\max \begin{bmatrix} 1 & 7 \\ 3 & 2 \end{bmatrix} + \min[4, 2]", 9),
        (r"|-3| + \left|-2\right| + \lvert b \rvert", 5.25),
        (r"\lfloor 2.7 \rfloor + \lceil 2.1 \rceil", 5),
        (r"\left\lfloor -0.5 \right\rfloor + \left\lceil 0.5 \right\rceil", 0),
        (r"\|x\| ^2 + \lVert x \rVert_2^2", 26),
        ("{1 + 1} 3", 6),
        (r"\underbrace{1 + 1}_{\text{two}} + \boxed{3} + \overbrace{1}^{n}", 6),
        (r"5 \, z \; 2 \! 1", 40),
        (r"\displaystyle 2", 2),
        (r"\frac{5 - \textstyle 2 + 1}{2}", 2),
        (r"50\%", 0.5),
        (r"\pi", math.pi),
        ("w_1 x_1 + w_2 x_2", -0.8),
        ("x_{3}", 7),
        ("a_1", 5),
        ("W_{xh,12}", 2),
        ("W_{xh}", [[1, 2], [3, 4]]),
        ("x", [[2], [3]]),
        ("w^\\top x", -0.8),
        ("w^T x", -0.8),
        (r"w \cdot x", -0.8),
        ("x w^T", [[1.0, -1.2], [1.5, -1.7999999999999998]]),
        ("W_{xh} x", [[8], [18]]),
        ("W_{xh} * x", [[8], [18]]),
        ("x * x", [[4], [9]]),
        (r"x \odot x", [[4], [9]]),
        ("2 * 3", 6),
        ("x^2", [[4], [9]]),
        ("A^2", [[4, 0], [0, 16]]),
        ("A^1 + 1", [[3, 1], [1, 5]]),
        ("x / 2", [[1], [1.5]]),
        ("1 - x", [[-1], [-2]]),
        ("h_{t-1}", [[1], [-1]]),
        ("h_t", [[9], [8]]),
        ("h_{t,2}", 8),
        ("h_{t-1,2}", -1),
        (r"\hat{y}_2 + \hat y_1", 1),
        (r"\tilde{C}_t", 4),
        (r"\mathbf{x}", [[2], [3]]),
        (r"\mathrm{z}", 4),
        ("D^*(z)", 2),
        (r"D_\varphi(3)", None),
        (r"D_\phi(3)", 9),
        ("f'(2)", 6),
        ("g(1, 2)^2", 9),
        (r"\frac{\partial L}{\partial W_{xh}}", [[0.1, 0.2], [0.3, 0.4]]),
        (r"\frac{\partial L}{\partial W_{xh,21}}", 0.3),
        (r"\log\sigma^2", 2),
        (r"\sigma", math.e),
        (r"\eta", 0.1),
        (r"w_{\text{new}}", 3),
        ("X_{23}", 6),
        (r"\mathit{long}_{12}", 11),
        (r"\vec{b}", 0.25),
        (r"\hat{{{y}}}_1", 0.25),
        (r"\operatorname{z} + \operatorname{h}_1 \operatorname{z}^2", 148),
        ("{b}", 0.25),
        (r"\sum_{i=1}^{2} w_i x_i + b", -0.55),
        (r"\sum_{i=1}^n x_i", 5),
        (r"\sum_i w_i x_i + b", -0.55),
        (r"\sum_{i=1}^{m} x_i", 5),
        (r"2 \sum_i x_i - \prod_i x_i", 4),
        (r"\sum_{i,j} X_{ij}", 21),
        (r"\sum_i \sum_j X_{ij}", 21),
        (r"\sum_{ij} X_{ij}", 21),
        (r"\sum_j X_{1j}", 6),
        (r"\sum_{k=1}^{3} k", 6),
        (r"\sum_{k=2}^{3} k^2", 13),
        (r"\sum_{i=1}^{1} x_{i+1} - x_{i}", None),
        (r"\sum_{i=1}^{1} (x_{i+1} - x_{i})", 1),
        (r"\sum_{i=2}^{2} (x_i - x_{i-1})", 1),
        (r"\sum_j \operatorname{softmax}(x)_j", 1),
        (r"\operatorname{softmax}(x)_1 + \operatorname{softmax}(x)_{2}", 1),
        (r"(W_{xh} x)_2 - \left(A\right)_{22}", None),
        ("(W_{xh} x)_2 - (A)_{22}", 14),
        (r"\|x\|_2", math.sqrt(13)),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} [1, 2]", [[5], [11]]),
        ("[[1, 2], [3, 4]] (1, 2)", [[5], [11]]),
        (r"\left[[1, 2], [3, 4]\right]", [[1, 2], [3, 4]]),
        (r"\left[\left[1, 2\right], \left[3, 4\right]\right]", [[1, 2], [3, 4]]),
        ("[h_{t-1}, x_t]", [[1], [-1], [2], [3]]),
        ("[h; x]", [[9], [8], [2], [3]]),
        (r"\begin{pmatrix} x \\ 1 \end{pmatrix}", [[2], [3], [1]]),
        (r"\begin{vmatrix} 1 & 2 \\ 3 & 4 \end{vmatrix}", -2),
        (r"\det(A)", 8),
        (r"\operatorname{diag}(x)", [[2, 0], [0, 3]]),
        (r"X \star [[1, 0], [0, -1]]", [[-4, -4]]),
        (r"X * [[1, 0], [0, -1]]", [[4, 4]]),
        (r"A \star [[1, 1], [1, 1]]", 6),
        (r"\begin{cases} 1 & \text{if } z > 5 \\ 2 & z \ge 4 \\ 3 \end{cases}", 2),
        (r"\begin{cases} 1 & 1 < z < 3 \\ 3 & \text{else} \end{cases}", 3),
    ],
)
def test_latex_means_what_a_reader_takes_it_for(latex, want):
    if want is None:
        with pytest.raises(NotEvaluable):
            value(latex)
        return
    np.testing.assert_allclose(value(latex), want, rtol=1e-12)


@pytest.mark.parametrize(
    ("latex", "error", "message"),
    [
        ("q", UnknownName, "q"),
        ("q_{12}", UnknownName, "q_12"),
        (r"\hat{q}", UnknownName, "q_hat"),
        (r"\foo".replace("foo", "nabla"), UnknownName, "nabla"),
        (r"\operatorname{foo}(1)", UnknownName, "foo"),
        (r"\max_i x_i", UnknownName, "max"),
        (r"\frac{\partial L}{\partial q}", UnknownName, "dq"),
        (r"\frac{\partial L}{\partial 2}", UnknownName, "a derivative"),
        (r"x_{\frac12}", UnknownName, "x with a subscript"),
        (r"(x)_{\frac12}", UnknownName, "index ?"),
        (r"\sum_{x \in 2} x", UnknownName, "a sum's index"),
        (r"\sum_2 x", UnknownName, "a sum's index"),
        (r"\sum x", NotEvaluable, r"no rule for \sum"),
        (r"\int_0^1 x", NotEvaluable, r"no rule for \int"),
        (r"\sum_i 2", NotEvaluable, "no one range for the index i"),
        (r"\sum_i x_i X_{1i}", NotEvaluable, "no one range for the index i"),
        (r"\sum_{i=3}^{2} x_i", NotEvaluable, "a sum without terms"),
        (r"\sum_{i=1}^{2.5} x_i", NotEvaluable, "wanted a whole number, got 2.5"),
        ("1 +", NotEvaluable, "something is missing at the end"),
        ("(1", NotEvaluable, "something is missing at the end"),
        ("1)", NotEvaluable, "no rule for )"),
        ("(1 = 2)", NotEvaluable, "no rule for ="),
        ("= 2", NotEvaluable, "no rule for ="),
        ("3!", NotEvaluable, "no rule for !"),
        (r"\binom{3}{2}", NotEvaluable, r"no rule for \binom{3}{2}"),
        (r"\text{a} \sqrt 2", UnknownName, "a"),
        ("2_1", NotEvaluable, "a subscript of 2"),
        (r"\log z (1)", NotEvaluable, "the argument of log needs brackets"),
        (r"\tanh(1, 2)", NotEvaluable, "no value of a function"),
        ("W_{xh} w^T", NotEvaluable, "product of shapes (2, 2) and (1, 2)"),
        ("x + X", NotEvaluable, "sum of shapes (2, 1) and (2, 3)"),
        (r"x \odot X", NotEvaluable, "product by entries of shapes"),
        ("x / X", NotEvaluable, "quotient of shapes"),
        ("2^X", NotEvaluable, "a matrix in an exponent"),
        ("A^0", NotEvaluable, "a matrix to the power 0"),
        ("A^{1.5}", NotEvaluable, "wanted a whole number, got 1.5"),
        (r"[1] \star X", NotEvaluable, "convolution of shapes"),
        (r"A \star X", NotEvaluable, "a kernel that is larger than its image"),
        (r"\begin{bmatrix} x & 1 \end{bmatrix}", NotEvaluable, "do not fit"),
        ("X_1", NotEvaluable, "1 indices for X of shape (2, 3)"),
        ("x_{5}", NotEvaluable, "x has no element 5"),
        (r"\sum_{i=0}^1 x_i", NotEvaluable, "x has no element 0"),
        (r"\hat{\frac12}", NotEvaluable, r"no rule for \hat"),
        ("(x)_3", NotEvaluable, "what is in brackets has no element 3"),
        ("D_{*}", NotEvaluable, "D"),
        (r"\mathit{cube}", NotEvaluable, "wanted at most a matrix, got shape"),
        (r"\mathit{name}", NotEvaluable, "name is no number"),
        (r"\begin{cases} 1 & z < 0 \end{cases}", NotEvaluable, "none of the cases"),
        (r"\begin{cases} 1 & z \sim 0 \end{cases}", NotEvaluable, r"no rule for \sim"),
    ],
)
def test_what_has_no_value_says_why(latex, error, message):
    with pytest.raises(error, match=re.escape(message)):
        value(latex)


NUMBERS = st.integers(-9, 9).map(lambda n: n / 4)


@st.composite
def expressions(draw, depth=3):
    """Return LaTeX of a random expression and what Python makes of it."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        number = draw(NUMBERS)
        return (f"({number})", number) if number < 0 else (f"{number}", number)
    (a, x), (b, y) = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    kind = draw(st.sampled_from(["+", "-", "*", "frac", "tanh", "neg", "square", "||"]))
    return {
        "+": (f"({a} + {b})", x + y),
        "-": (rf"\left({a} - {b}\right)", x - y),
        "*": (rf"{a} \cdot {b}", x * y),
        "frac": (rf"\frac{{{a}}}{{1 + {b}^2}}", x / (1 + y**2)),
        "tanh": (rf"\tanh({a})", math.tanh(x)),
        "neg": (f"(-{a})", -x),
        "square": (f"({a})^2", x**2),
        "||": (rf"\left|{a}\right|", abs(x)),
    }[kind]


@given(expressions())
def test_random_expressions_are_computed_as_python_computes_them(pair):
    latex, want = pair
    result = evaluate(parse(latex), Scope({}))
    assert result.value == pytest.approx(want, rel=1e-12, abs=1e-12)
    assert result.error >= 0


@given(expressions(), st.integers(0, 6))
def test_a_right_print_is_accepted_and_a_wrong_one_refused(pair, digits):
    latex, number = pair
    spec = f".{digits}f"
    assert worked(rf"1 \cdot {latex} = <<y:{spec}>>", y=number).checks
    text = format_number(number, spec)
    wrong = float(text) + 2 * 10.0**-digits
    with pytest.raises(ValueError, match="does not hold"):
        worked(rf"1 \cdot {latex} = <<y:{spec}>>", y=wrong)


def test_the_error_of_a_computation_bounds_its_rounding():
    rng = np.random.default_rng(3)
    for _ in range(50):
        values = {name: rng.normal(size=(3, 3)).astype(np.float32) for name in "ABC"}
        latex = r"\tanh(A B - C) \odot C / (2 + \exp(A)) + (A^2)^\top \star B"
        latex = latex.replace(r" + (A^2)^\top \star B", r" + (A^2)^\top")
        exact = evaluate(parse(latex), Scope(values))
        moved = {
            name: array * (1 + rng.uniform(-1e-6, 1e-6, (3, 3)))
            for name, array in values.items()
        }
        other = evaluate(parse(latex), Scope(moved))
        assert np.all(abs(other.value - exact.value) <= 1.01 * exact.error)
        assert np.all(exact.error < 1e-3)


@pytest.mark.parametrize(
    ("spec", "text", "half"),
    [
        (".2f", "0.50", 0.005),
        ("f", "0.500000", 5e-7),
        ("d", "3", 0.5),
        (".1%", "12.5%", 0.0005),
        (".1e", "7.9e-31", 5e-33),
        (".4g", "1234", 0.5),
        (".0g", "2", 0.5),
        ("g", "1", 5e-6),
        (".3f", "inf", 0),
        (".3g", "nan", 0),
        (".4g", "0", 0.0005),
        (",.4g", "1,234", 0.5),
    ],
)
def test_half_a_unit_of_the_last_place(spec, text, half):
    assert half_unit(spec, text) == pytest.approx(half)


@pytest.mark.parametrize(
    ("latex", "number", "half"),
    [
        ("0.80", 0.8, 0.005),
        ("3", 3, 0),
        ("-0.5", -0.5, 0.05),
        ("+ 2", 2, 0),
        ("{0.5}", 0.5, 0.05),
        ("-{0.5}", -0.5, 0.05),
        (r"\boxed{0.5}", 0.5, 0.05),
        (r"\infty", np.inf, 0),
        ("<<x:.1f>>", 0.1, 0.05),
        ("-<<x:.1f>>", -0.1, 0.05),
        ("<<x:.0%>>", 0.12, 0.005),
        ("<<x[0]:,.0f>>", None, None),
        ("[1, -2.0]", [[1], [-2]], [[0], [0.05]]),
        (r"\left(1, 2\right)", [[1], [2]], [[0], [0]]),
        (r"\begin{bmatrix} 1 & 2.5 \end{bmatrix}", [[1, 2.5]], [[0, 0.05]]),
        ("1 + 1", None, None),
        ("-a", None, None),
        ("[a, 1]", None, None),
        ("[[1, 2], 3]", None, None),
        (r"\begin{vmatrix} 1 \end{vmatrix}", None, None),
        ("a", None, None),
    ],
)
def test_a_side_that_is_a_mere_number_has_its_printed_precision(latex, number, half):
    if "[0]:" in latex:
        with pytest.raises(ValueError, match="wanted 0 places"):
            printed(parse(latex), Scope({"x": 0.123}), False)
        return
    got = printed(parse(latex), Scope({"x": 0.123}), False)
    if number is None:
        assert got is None
        return
    np.testing.assert_array_equal(got.value, number)
    np.testing.assert_allclose(got.error, half)


@pytest.mark.parametrize(
    ("latex", "chains"),
    [
        ("a = b = c", [["a", "b", "c"]]),
        (r"a = b, c = d; e = f.", [["a", "b"], ["c", "d"], ["e", "f"]]),
        (r"a = b \quad \text{so} \quad c = d", [["a", "b"], ["c", "d"]]),
        (r"a = b \Rightarrow c = d", [["a", "b"], ["c", "d"]]),
        (r"a &= b \\ &= c \\ d &= e", [["a", "b", "c"], ["d", "e"]]),
        (r"a &= b, \\ &= c.", [["a", "b", "c"]]),
        (r"a &= b \\ & + c \\ &\quad - d", [["a", "b+c-d"]]),
        (r"a &= b + \displaystyle c - \textstyle d", [["a", "b+c-d"]]),
        (r"\begin{gathered} a = b \\ -c = d \end{gathered}", [["a", "b"], ["-c", "d"]]),
        (r"{a = b}", [["a", "b"]]),
        (r"\displaystyle a = \textstyle b", [["a", "b"]]),
        (r"f(a, b = c) = d", [["f(a,b=c)", "d"]]),
        (r"= b", [["", "b"]]),
        ("", []),
    ],
)
def test_a_display_is_cut_into_chains_of_relations(latex, chains):
    from dlbook.mathml.source import source

    got = [[source(side.items) for side in chain] for chain in statements(parse(latex))]
    assert got == chains


def test_a_leaf_is_a_number_or_a_matrix():
    assert leaf(2.0, exact=True).error == 0
    assert leaf(np.float32(2)).error == pytest.approx(2e-6)
    assert leaf(2.0).error == pytest.approx(2e-9)
    assert leaf([[3.0]]).scalar


def test_the_checks_functions_agree_with_the_books(monkeypatch):
    z = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(np.ravel(value(r"\sigma(q)", {"q": z})), sigmoid(z))
