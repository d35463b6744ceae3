"""The notation page: every name is the code's, and every shape is what the code gives.

Each table is compared with arrays that the module takes or returns. The sizes are all
different, so that two axes cannot be mistaken for each other.
"""

import ast
import json
import re
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import ROOT
from dlbook import autoencoder, backprop, cnn, gan, lstm, pca, perceptron, rnn, vae
from dlbook.dirac_gan import dirac_field
from dlbook.divergences import js_divergence, wasserstein
from dlbook.optim import SGD

PAGE = (ROOT / "chapters" / "notation.md").read_text(encoding="utf-8")
SIZES = dict(N=13, D=7, K=2, C=3, H=11, W=9, O=5, k=4, T=6, L=1)
RNG = np.random.default_rng(0)


def draw(*sizes):
    return RNG.normal(size=[SIZES[s] for s in sizes])


def rows():
    """Return module, name and shape of each line of the tables that name code."""
    result = []
    for section in PAGE.split("\n## ")[1:]:
        module = re.search(r"In code: `dlbook\.(\w+)`", section)
        lines = re.findall(r"^\|(.+)\|$", section, re.MULTILINE) if module else []
        for line in lines[2:]:
            _, meaning, shape, names = (cell.strip() for cell in line.split(" | "))
            result += [
                pytest.param(module[1], name, shape, id=f"{module[1]}-{name}-{meaning}")
                for name in re.findall(r"`(\w+)`", names)
            ]
    return result


def of_perceptron():
    x = draw("N", "D")
    y = (x[:, 0] > 0) * 1
    bound = perceptron.novikoff_bound(x, y)
    step = next(perceptron.learn(x, y))
    return step._asdict() | bound._asdict()


def of_backprop():
    layers = backprop.init_params(SIZES["D"], SIZES["K"], rng=RNG)
    x, y = draw("D"), draw("K")
    out, cache = backprop.mlp_forward(x, layers)
    dx, _ = backprop.mlp_backward(out, cache)
    loss = backprop.loss_and_gradients(x, y, layers, loss="mean_squared_error").loss
    shown = dict(x=x, y=y, out=out, d_out=out, dx=dx, loss=loss)
    return shown | layers[0]._asdict()


def of_cnn():
    image, kernel, x = draw("H", "W"), draw("k", "k"), draw("C", "H", "W")
    cnn.correlate2d(image, kernel)
    w, b = draw("O", "C", "k", "k"), draw("O")
    y, cache = cnn.conv2d_forward(x, w, b)
    gradients = cnn.conv2d_backward(np.ones_like(y), cache)
    shown = dict(image=image, kernel=kernel, x=x, w=w, b=b, y=y)
    return shown | gradients._asdict() | dict(padding=0, stride=1, dilation=1, n=1)


def of_rnn():
    params = rnn.init_params(SIZES["D"], SIZES["H"], rng=RNG)
    x, h_prev = draw("D"), draw("H")
    sequence = draw("T", "D")
    output = rnn.OutputParams(draw("K", "H"), draw("K"))
    h = rnn.rnn_step(x, h_prev, params)
    states, cache = rnn.rnn_forward(sequence, params, h_prev)
    rnn.rnn_backward(states, cache, window=1)
    shown = dict(h_prev=h_prev, h=h, rnn_output=rnn.rnn_output(h, output), dh=states)
    shown |= dict(h0=h_prev, window=1, spectral_radius=rnn.spectral_radius(params.W_hh))
    shown |= dict(largest_singular_value=rnn.largest_singular_value(params.W_hh))
    return dict(x=(x, sequence), **shown) | params._asdict() | output._asdict()


def of_lstm():
    params = lstm.init_params(SIZES["D"], SIZES["H"], peepholes=True, rng=RNG)
    x, h_prev, C_prev = draw("D"), draw("H"), draw("H")
    step = lstm.lstm_step(x, h_prev, C_prev, params)
    shown = dict(x=x, h_prev=h_prev, C_prev=C_prev)
    return shown | params._asdict() | step._asdict()


def of_autoencoder():
    params = autoencoder.init_params(SIZES["D"], SIZES["K"], rng=RNG)
    x = draw("D")
    _, cache = autoencoder.autoencode_forward(x, params)
    variances = pca.pca(draw("N", "D"), SIZES["K"]).variances
    layers = dict(encoder=params.encoder[0].W, decoder=params.decoder[0].W)
    return dict(x=x, h=cache.h, x_hat=cache.x_hat, variances=variances, **layers)


def of_vae():
    params = vae.init_params(SIZES["D"], SIZES["L"], rng=RNG)
    x, eps = RNG.uniform(size=SIZES["D"]), draw("L")
    run, cache = vae.vae_forward(x, params, eps)
    code, z, out = run.code, run.z, run.out
    dz, _ = backprop.mlp_backward(out, cache.decoder)
    bound = vae.elbo(out, x, *code, beta=1.0, likelihood="gaussian", variance=1.0)
    shown = dict(x=x, eps=eps, z=z, dz=dz, out=out, beta=1.0, variance=1.0)
    shown |= dict(decode=vae.decode(z, params))
    return shown | code._asdict() | bound._asdict()


def of_gan():
    sizes = (SIZES["L"], SIZES["D"]), (SIZES["D"], 1)
    params = gan.init_params(*sizes, rng=RNG)
    real, z = draw("D"), draw("L")
    fake = gan.generate(z, params.generator)
    optimisers = gan.Players(SGD(0.1), SGD(0.1))
    data = draw("N", "D")
    step = next(gan.train(data, params, optimisers, steps=1, batch_size=2, rng=RNG))
    logits = gan.discriminate(fake, params.discriminator)
    losses = dict(d_loss=step.d_loss, g_loss=step.g_loss)
    p, q = np.array([0.3, 0.7]), np.array([0.6, 0.4])
    field = dirac_field(1.0, 0.5, penalty=0.1)
    shown = dict(
        p=p[0], q=q[0], optimal_discriminator=gan.optimal_discriminator(0.3, 0.6)
    )
    shown |= dict(js_divergence=js_divergence(p, q), penalty=0.1)
    shown |= dict(wasserstein=wasserstein(p, q, np.array([0.0, 1.0])))
    shown |= losses | field._asdict()
    return dict(real=real, z=z, fake=fake, logits=np.squeeze(logits), **shown)


SAMPLES = SimpleNamespace(
    **{name[3:]: make for name, make in globals().items() if name.startswith("of_")}
)


@cache
def sample(module):
    return getattr(SAMPLES, module)()


@cache
def identifiers(module):
    """Collect the names of a module and of the modules that stand beside it."""
    path = ROOT / "dlbook" / f"{module.replace('.', '/')}.py"
    source = path.read_text(encoding="utf-8")
    names = set(re.findall(r"^ +(\w+) : ", source, re.MULTILINE))  # of docstrings
    for node in ast.walk(ast.parse(source)):
        names |= {getattr(node, key, None) for key in ("id", "arg", "attr", "name")}
        if isinstance(node, ast.ImportFrom) and node.module.startswith("dlbook."):
            inner, _, last = node.module.removeprefix("dlbook.").rpartition(".")
            if inner == "_core" or (module == "autoencoder" and last != "_core"):
                names |= identifiers(f"{inner}.{last}".lstrip("."))
    for part in {"gan": ["dirac_gan", "divergences"]}.get(module, []):
        names |= identifiers(part)
    return names


@pytest.mark.parametrize("module, name, shape", rows())
def test_a_name_of_the_page_is_a_name_of_the_code(module, name, shape):
    assert name in identifiers(module), f"dlbook.{module} has no {name}"


@pytest.mark.parametrize("module, name, shape", rows())
def test_a_shape_of_the_page_is_the_shape_in_the_code(module, name, shape):
    values = sample(module)[name]
    found = [np.shape(v) for v in (values if isinstance(values, tuple) else [values])]
    assert eval(shape, {}, SIZES) in found, f"{name}: page {shape}, code {found}"


def test_every_module_of_a_chapter_has_its_table():
    assert {row.values[0] for row in rows()} == set(vars(SAMPLES))


def base(symbol):
    """Return a symbol without indices, spaces and braces: ``W_{l,kj}`` is ``W``."""
    symbol = re.sub(r"_(\{(?:[^{}]|\{[^{}]*\})*\}|\\?\w)", "", symbol)
    return re.sub(r"\\([a-z]+)\{(\w)\}", r"\\\1 \2", symbol).replace(" ", "")


def symbols(cell):
    return {base(part) for math in re.findall(r"\$([^$]+)\$", cell) for part in
            re.split(r", (?![^{(]*[})])", math.split(" = ")[0])}  # fmt: skip


def tables(text):
    """Return the first cells of the rows of tables that begin with a symbol."""
    found = re.findall(
        r"^\| Symbol \|.*\n\|[-| ]+\|\n((?:\|.*\n?)+)", text, re.MULTILINE
    )
    return [line.split(" | ")[0] for rows in found for line in rows.splitlines()]


CHAPTERS = sorted((ROOT / "chapters").glob("0*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_symbol_of_a_chapters_tables_stands_on_the_page(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    chapter = "\n\n".join(
        "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
    )
    known = set().union(*map(symbols, tables(PAGE)))
    used = set().union(*map(symbols, tables(chapter)))
    assert used, f"{path.stem} has no table of symbols"
    assert used <= known, f"not on the page: {sorted(used - known)}"
