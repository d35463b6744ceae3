"""The errata page: every number on it is computed here by the package."""

import re

import numpy as np
import pytest

from conftest import ROOT
from dlbook.activations import sigmoid, tanh
from dlbook.backprop import sigmoid_unit, sigmoid_unit_gradients
from dlbook.cnn import convolve2d, correlate2d, max_pool2d
from dlbook.losses import gaussian_kl, half_squared_error, mean_squared_error
from dlbook.perceptron import predict, weighted_sum

PAGE = (ROOT / "chapters" / "errata.md").read_text(encoding="utf-8")
SECTIONS = dict(
    re.findall(r"\((erratum-[\w-]+)\)=\n([\s\S]*?)(?=\n\(erratum-|\n## |\Z)", PAGE)
)
DECIMAL = re.compile(r"\d+\.\d+|bmatrix")

X, W, B = np.array([1.0, 0, 1]), np.array([0.5, -0.6, 0.2]), 0.1
Y_HAT, Y = [0.4, 0.6], [0.5, 0.5]
IMAGE = np.array([[1.0, 2, 0], [4, 5, 6], [7, 8, 9]])
KERNEL = np.array([[1.0, 0], [-1, 1]])
X_T, H_PREV = np.array([1, 0.5]), np.array([0.2, -0.1])
W_XH, W_HH = np.array([[0.1, 0.3], [0.2, -0.1]]), np.array([[0.5, 0.4], [0.3, 0.2]])
BIAS = np.array([0.1, -0.1])
W_E, W_D = np.array([[0.5, 0.4], [0.3, 0.2]]), np.array([[0.5, 0.3], [0.4, 0.2]])
B_D = np.array([0.2, 0.1])
PRE_RNN = W_XH @ X_T + W_HH @ H_PREV + BIAS
PRE_AE = W_E @ X_T + BIAS
CODE = tanh(PRE_AE)


def bracket(values, digits=None):
    """Write a vector as the page does, with Python's shortest digits or so many."""
    shown = [f"{v:.{digits}f}" if digits else f"{round(v, 12):g}" for v in values]
    return f"[{', '.join(shown)}]"


def matrix(values):
    rows = r" \\ ".join(" & ".join(f"{v:g}" for v in row) for row in values)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


# The source's own numbers, which are given and not computed.
GIVEN = {
    "erratum-bias-in-sum": [f"w = {tuple(W.tolist())}", f"b = {B}"],
    "erratum-rnn-sum": [r"\tanh([0.45, 0.2])"],
    "erratum-autoencoder-sum": [r"\tanh([0.85, 0.4])"],
    "erratum-vae-sigma": [r"\mu = 0.5"],
    "erratum-vae-numbers": [f"x = {[1, 0.5]}"],
}


def computed():
    """Return what each entry must say."""
    one, target, zero = np.array([[1.0]]), np.array([1.0]), np.array([0.0])
    y_hat = sigmoid_unit(one, zero, 0.0)[0]
    slope = sigmoid_unit_gradients(one, target, zero, 0.0)[0][0]
    doubled_hat, doubled = Y_HAT * 2, Y * 2  # each example twice
    kl = gaussian_kl([0.5], [np.log(2.0**2)])
    confused = gaussian_kl([0.5], [np.log(2.0)])
    return {
        "erratum-bias-in-sum": [
            f"gives {np.sum(W * X + B):.1f}",
            f"gets {weighted_sum(X, W, B):.1f}",
        ],
        "erratum-half-the-sum": [
            f"mean stays {mean_squared_error(doubled_hat, doubled):g}",
            f"from {half_squared_error(Y_HAT, Y, 'sum'):g} to "
            f"{half_squared_error(doubled_hat, doubled, 'sum'):g}",
        ],
        "erratum-gradient-sign": [
            rf"\hat{{y}} = {y_hat:g}$",
            f"gradient is ${slope:g}$",
            f"gives {-slope:g}",
        ],
        "erratum-convolution": [
            matrix(correlate2d(IMAGE, KERNEL)),
            matrix(convolve2d(IMAGE, KERNEL)),
        ],
        "erratum-pooling": [matrix(max_pool2d(IMAGE[None], 2, stride=1)[0])],
        "erratum-rnn-sum": [
            rf"\tanh({bracket(PRE_RNN)}) = {bracket(tanh(PRE_RNN), 8)}",
            f"W_{{xh}} x_t = {bracket(W_XH @ X_T)}",
            f"W_{{hh}} h_{{t-1}} = {bracket(W_HH @ H_PREV)}",
            f"bias ${bracket(BIAS)}$",
            f"is ${bracket(PRE_RNN)}$",
        ],
        "erratum-rnn-activation": [
            rf"\sigma({bracket(PRE_RNN)}) = {bracket(sigmoid(PRE_RNN), 8)}",
            bracket(tanh(PRE_RNN), 8),
        ],
        "erratum-autoencoder-sum": [
            rf"\tanh({bracket(PRE_AE)}) = {bracket(CODE, 8)}",
            f"W_e x = {bracket(W_E @ X_T)}",
            f"bias ${bracket(BIAS)}$",
            f"is ${bracket(PRE_AE)}$",
        ],
        "erratum-autoencoder-activation": [
            rf"\sigma(W_d h + b_d) = {bracket(sigmoid(W_D @ CODE + B_D), 8)}",
            f"h = {bracket(sigmoid(PRE_AE), 8)}",
        ],
        "erratum-vae-sigma": [f"is {kl:.5f}", f"gets {confused:.4f}"],
    }


def test_the_page_has_every_erratum_and_a_line_for_it_in_its_table():
    assert len(SECTIONS) == 17
    for label in SECTIONS:
        assert f"]({label}) |" in PAGE, label


@pytest.mark.parametrize("label", SECTIONS)
def test_each_entry_says_what_the_package_computes_and_no_other_number(label):
    text = SECTIONS[label]
    for wanted in computed().get(label, []) + GIVEN.get(label, []):
        assert wanted in text, f"{label}: wanted {wanted}"
        text = text.replace(wanted, "")
    assert not (left := DECIMAL.findall(text)), f"{label}: not computed: {left}"


@pytest.mark.parametrize("label", SECTIONS)
def test_each_entry_says_what_is_printed_what_is_right_and_how_to_see_it(label):
    terms = re.findall(r"^([A-Z].+)\n: ", SECTIONS[label], re.MULTILINE)
    assert terms == ["The source prints", "Right is", "How to see it"]


def test_the_examples_that_are_right_come_out_exactly():
    assert weighted_sum(X, W, B) == pytest.approx(0.8, rel=1e-15)
    assert predict(X, W, B) == 1
    assert half_squared_error([0.4, 0.6], [0.5, 0.5], "sum") == pytest.approx(
        0.01, rel=1e-14
    )
    assert correlate2d(IMAGE, KERNEL).tolist() == [[2, 3], [5, 6]]
