r"""Worked examples of the book's kinds, each with the model that computes it."""

import math
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st


class Example(NamedTuple):
    template: str
    model: Any
    values: dict


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def perceptron(w, x, b):
    return {"z": w @ x + b}


def loss(y, y_hat):
    return {"L": np.sum((y - y_hat) ** 2) / 2, "d": y - y_hat}


def gradient(y, y_hat, x):
    return {"dw": -((y - y_hat) * y_hat * (1 - y_hat)) @ x}


def correlation(**given):
    image, kernel = given["I"], given["K"]
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return {"C": np.einsum("ijmn,mn->ij", windows, kernel)}


def convolution(**given):
    return correlation(I=given["I"], K=given["K"][::-1, ::-1])


def size(n, p, d, k, s):
    return {"m": (n + 2 * p - d * (k - 1) - 1) // s + 1}


def rnn(W_xh, W_hh, b_h, x, h_prev):
    pre = W_xh @ x + W_hh @ h_prev + b_h
    return {"pre": pre, "h": np.tanh(pre), "a": W_xh @ x, "c": W_hh @ h_prev}


def gates(W_f, b_f, h_prev, x, C_prev, i, C_tilde, o):
    f = sigmoid(W_f @ np.concatenate([h_prev, x]) + b_f)
    C = f * C_prev + i * C_tilde
    return {"f": f, "C": C, "h": o * np.tanh(C)}


def autoencoder(W_e, W_d, b_e, b_d, x):
    h = np.tanh(W_e @ x + b_e)
    return {"h": h, "x_hat": sigmoid(W_d @ h + b_d)}


def sample(mu, log_var, eps):
    kl = -np.sum(1 + log_var - mu**2 - np.exp(log_var)) / 2
    return {"z": mu + np.exp(log_var / 2) * eps, "KL": kl}


def losses(x, z, G, D):
    return {
        "L_D": -np.log(D(x)) - np.log(1 - D(G(z))),
        "L_G": -np.log(D(G(z))),
        "real": D(x),
        "fake": D(G(z)),
    }


def softmax(z):
    return {"p": np.exp(z) / np.sum(np.exp(z))}


def momentum(v, g, beta, w, eta):
    new = beta * v + g
    return {"v_new": new, "w_new": w - eta * new}


Y = {"y": np.array([0.5, 0.5]), "y_hat": np.array([0.4, 0.6])}
IMAGE = {
    "I": np.array([[1.0, 2, 0], [4, 5, 6], [7, 8, 9]]),
    "K": np.array([[1.0, 0], [-1, 1]]),
}
CELL = {
    "W_xh": np.array([[0.1, 0.3], [0.2, -0.1]]),
    "W_hh": np.array([[0.5, 0.4], [0.3, 0.2]]),
    "b_h": np.array([0.1, -0.1]),
    "x": np.array([1.0, 0.5]),
    "h_prev": np.array([0.2, -0.1]),
}
GATES = {
    "W_f": np.array([[0.1, 0.2, 0.3, 0.4], [0.5, -0.6, 0.7, 0.8]]),
    "b_f": np.array([0.1, 0.2]),
    "h_prev": np.array([0.2, -0.1]),
    "x": np.array([1.0, 0.5]),
    "C_prev": np.array([0.5, 0.3]),
    "i": np.array([0.4, 0.6]),
    "C_tilde": np.array([-0.2, 0.7]),
    "o": np.array([0.3, 0.5]),
}
CODER = {
    "W_e": np.array([[0.5, 0.4], [0.3, 0.2]]),
    "W_d": np.array([[0.5, 0.3], [0.4, 0.2]]),
    "b_e": np.array([0.1, -0.1]),
    "b_d": np.array([0.2, 0.1]),
    "x": np.array([1.0, 0.5]),
}
LATENT = {
    "mu": np.array([0.5, -0.2]),
    "log_var": np.array([0.1, -0.3]),
    "eps": np.array([0.3, 1.2]),
}
PLAYERS = {"x": 0.9, "z": 0.4, "G": lambda z: 2 * z - 1, "D": sigmoid}

EXAMPLES = {
    "perceptron": Example(
        r"z &= \sum_{i=1}^{3} w_i x_i + b \\ &= w_1 x_1 + w_2 x_2 + w_3 x_3 + b \\"
        r"&= <<w[0]>> \cdot <<x[0]>> + <<w[1]>> \cdot <<x[1]>>"
        r" + <<w[2]>> \cdot <<x[2]>> + <<b>> \\ &= <<z:.1f>>",
        perceptron,
        {"w": np.array([0.5, -0.6, 0.2]), "x": np.array([1.0, 0, 1]), "b": 0.1},
    ),
    "score": Example(
        r"z = w^\top x + b = w \cdot x + b = <<z:.1f>>, \quad z > 0",
        perceptron,
        {"w": np.array([0.5, -0.6, 0.2]), "x": np.array([1.0, 0, 1]), "b": 0.1},
    ),
    "loss": Example(
        r"L = \frac{1}{2} \sum_i (y_i - \hat{y}_i)^2"
        r" = \tfrac12 \left[(<<y[0]>> - <<y_hat[0]>>)^2"
        r" + (<<y[1]>> - <<y_hat[1]>>)^2\right]"
        r" = \tfrac12 \left[<<d[0]:.1f>>^2 + <<d[1]:.1f>>^2\right] = <<L:.2f>>",
        loss,
        Y,
    ),
    "gradient": Example(
        r"\frac{\partial L}{\partial w_1}"
        r" = -\sum_i (y_i - \hat y_i)\, \hat y_i (1 - \hat y_i)\, x_{i1}"
        r" = -\left[(<<y[0]>> - <<y_hat[0]>>) \cdot <<y_hat[0]>>"
        r" \cdot (1 - <<y_hat[0]>>) \cdot <<x[0,0]>>"
        r" + (<<y[1]>> - <<y_hat[1]>>) \cdot <<y_hat[1]>>"
        r" \cdot (1 - <<y_hat[1]>>) \cdot <<x[1,0]>>\right] = <<dw[0]:.3f>>",
        gradient,
        Y | {"x": np.array([[1.0, 2.0], [3.0, -4.0]])},
    ),
    "correlation": Example(
        r"I \star K = <<I>> \star <<K>> = <<C>>",
        correlation,
        IMAGE,
    ),
    "convolution": Example(r"I * K = <<I>> * <<K>> = <<C>>", convolution, IMAGE),
    "window": Example(
        r"C_{11} = <<I[0,0]>> \cdot <<K[0,0]>> + <<I[0,1]>> \cdot <<K[0,1]>>"
        r" + <<I[1,0]>> \cdot <<K[1,0]>> + <<I[1,1]>> \cdot <<K[1,1]>> = <<C[0,0]>>",
        correlation,
        IMAGE,
    ),
    "size": Example(
        r"m = \left\lfloor \frac{n + 2p - d(k - 1) - 1}{s} \right\rfloor + 1"
        r" = \left\lfloor \frac{<<n>> + 2 \cdot <<p>> - <<d>> \cdot (<<k>> - 1) - 1}"
        r"{<<s>>} \right\rfloor + 1 = <<m:d>>",
        size,
        {"n": 28, "p": 3, "d": 2, "k": 3, "s": 2},
    ),
    "rnn": Example(
        r"h_t &= \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h) \\"
        r"&= \tanh\left(<<W_xh>> <<x>> + <<W_hh>> <<h_prev>> + <<b_h>>\right) \\"
        r"&= \tanh\left(<<a:.2f>> + <<c:.2f>> + <<b_h>>\right) \\"
        r"&= \tanh <<pre:.2f>> = <<h:.4f>>",
        rnn,
        CELL,
    ),
    "rnn by element": Example(
        r"h_{t,1} = \tanh(W_{xh,11} x_{t,1} + W_{xh,12} x_{t,2}"
        r" + W_{hh,11} h_{t-1,1} + W_{hh,12} h_{t-1,2} + b_{h,1}) = <<h[0]:.4f>>",
        rnn,
        CELL,
    ),
    "lstm": Example(
        r"f_t &= \sigma(W_f [h_{t-1}, x_t] + b_f) = <<f:.4f>> \\"
        r"C_t &= f_t \odot C_{t-1} + i_t \odot \tilde{C}_t \\"
        r"&= <<f:.4f>> \odot <<C_prev>> + <<i>> \odot <<C_tilde>> = <<C:.4f>> \\"
        r"h_t &= o_t * \tanh(C_t) = <<h:.4f>>",
        gates,
        GATES,
    ),
    "autoencoder": Example(
        r"h = \tanh(W_e x + b_e) = <<h:.4f>>, \quad"
        r"\hat{x} = \sigma(W_d h + b_d) = \frac{1}{1 + \exp(-(W_d h + b_d))}"
        r" = <<x_hat:.4f>>",
        autoencoder,
        CODER,
    ),
    "reparameterisation": Example(
        r"z = \mu + \sigma \odot \varepsilon"
        r" = <<mu>> + \exp\left(\tfrac12 <<log_var>>\right) \odot <<eps>> = <<z:.3f>>",
        sample,
        LATENT,
    ),
    "divergence": Example(
        r"D_{\mathrm{KL}}(q \,\|\, p)"
        r" = -\frac12 \sum_{j=1}^{2}"
        r" \left(1 + \log\sigma_j^2 - \mu_j^2 - \sigma_j^2\right) = <<KL:.4f>>",
        sample,
        LATENT,
    ),
    "discriminator": Example(
        r"L_D = -\log D(x) - \log(1 - D(G(z)))"
        r" = -\log <<real:.3f>> - \log(1 - <<fake:.3f>>) = <<L_D:.3f>>",
        losses,
        PLAYERS,
    ),
    "generator": Example(
        r"L_G = -\log D(G(z)) = -\log <<fake:.3f>> = <<L_G:.3f>>", losses, PLAYERS
    ),
    "softmax": Example(
        r"\operatorname{softmax}(z)_2 = \frac{e^{z_2}}{\sum_{j} e^{z_j}}"
        r" = \frac{e^{<<z[1]>>}}{e^{<<z[0]>>} + e^{<<z[1]>>} + e^{<<z[2]>>}}"
        r" = <<p[1]:.3f>>",
        softmax,
        {"z": np.array([1.0, 2.0, -0.5])},
    ),
    "momentum": Example(
        r"v \leftarrow \beta v + g = <<beta>> <<v>> + <<g>> = <<v_new>> \\"
        r"w \leftarrow w - \eta v_{\text{new}} = <<w_new:.3f>>",
        momentum,
        {
            "v": np.array([0.5, -1.0]),
            "g": np.array([0.2, 0.3]),
            "beta": 0.9,
            "w": np.array([1.0, 2.0]),
            "eta": 0.1,
        },
    ),
}


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
