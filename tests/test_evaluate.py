r"""The value of a side of an equation is what a reader takes its LaTeX for."""

import math
import re

import numpy as np
import pytest
from hypothesis import given

from dlbook.mathml.latex import parse
from dlbook.mathml.source import source
from dlbook.worked.errors import NotEvaluable, UnknownName
from dlbook.worked.evaluate import evaluate
from dlbook.worked.names import Scope
from dlbook.worked.printed import half_unit, printed
from dlbook.worked.quantity import leaf
from dlbook.worked.statements import statements
from examples import expressions, sigmoid

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


@given(expressions())
def test_random_expressions_are_computed_as_python_computes_them(pair):
    latex, want = pair
    result = evaluate(parse(latex), Scope({}))
    assert result.value == pytest.approx(want, rel=1e-12, abs=1e-12)
    assert result.error >= 0


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
