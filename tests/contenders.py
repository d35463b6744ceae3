"""What is timed side by side: `dlbook`, PyTorch, SciPy and a textbook's loop.

Each function of `CASES` makes its arguments and returns a `Case`: the number of
multiplications and additions if a matrix product does the work, and the contenders by
name. All contenders of one case do the same work on the same numbers.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import scipy.signal

from dlbook import backprop, cnn, gan, lstm, rnn, vae
from dlbook.datasets import load_digits
from dlbook.optim import SGD, Adam, tree_map
from oracles import flat

__all__ = ["CASES", "Case"]

torch = pytest.importorskip("torch")  # this file is searched for doctests, too
F = torch.nn.functional
T, N, H = 100, 32, 128


class Case(NamedTuple):
    """Contenders for one piece of work, and its floating-point operations."""

    flops: float
    contenders: dict[str, Callable]


def tensors(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


def mean(trees):
    """Return the mean of many trees of arrays: what one example after another gives."""
    return tree_map(lambda *arrays: sum(arrays) / len(arrays), *trees)


# Images -------------------------------------------------------------------------------


def looped_convolution(x, w):
    """Multiply window by window, as the formula is written."""
    k, (n, _, height, width) = w.shape[-1], x.shape
    y = np.empty((n, len(w), height - k + 1, width - k + 1), x.dtype)
    for example, filter, i, j in np.ndindex(y.shape):
        window = x[example, :, i : i + k, j : j + k]
        y[example, filter, i, j] = np.sum(window * w[filter])
    return y


def looped_convolution_backward(dy, x, w):
    """Send every gradient to the weights and the pixels that its window has met."""
    k, dx, dw = w.shape[-1], np.zeros_like(x), np.zeros_like(w)
    for example, filter, i, j in np.ndindex(dy.shape):
        window = example, slice(None), slice(i, i + k), slice(j, j + k)
        d = dy[example, filter, i, j]
        dw[filter] += d * x[window]
        dx[window] += d * w[filter]
    return dx, dw, dy.sum(axis=(0, 2, 3))


def convolution(n, channels, size, filters, k, backward):
    def make(dtype):
        x = normal(n, channels, size, size).astype(dtype)
        w, b = normal(filters, channels, k, k).astype(dtype), np.zeros(filters, dtype)
        y, cache = cnn.conv2d_forward(x, w, b)
        leaves = tensors(x, w, b)
        flops = 2 * y.size * channels * k * k
        if backward:

            def ours():
                return cnn.conv2d_backward(y, cnn.conv2d_forward(x, w, b)[1])

            def theirs():
                return torch.autograd.grad(F.conv2d(*leaves), leaves, torch.tensor(y))

            def looped():
                return looped_convolution_backward(looped_convolution(x, w), x, w)

            return Case(3 * flops, {"dlbook": ours, "PyTorch": theirs, "loop": looped})

        def scipys():
            correlate = scipy.signal.correlate
            maps = [[correlate(image, f, mode="valid") for f in w] for image in x]
            return np.array(maps)

        return Case(
            flops,
            {
                "dlbook": lambda: cnn.conv2d(x, w, b),
                "PyTorch": torch.no_grad()(lambda: F.conv2d(*leaves)),
                "SciPy": scipys,
                "loop": lambda: looped_convolution(x, w),
            },
        )

    return make


def looped_pooling(x):
    y = np.empty((*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = np.max(x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2])
    return y


def looped_pooling_backward(dy, x):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        window = x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        m, k = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, 2 * i + m, 2 * j + k] += dy[n, c, i, j]
    return dx


def pooling(backward):
    def make(dtype):
        x = normal(32, 8, 28, 28).astype(dtype)
        (leaf,), dy = tensors(x), cnn.max_pool2d(x, 2)
        if not backward:
            return Case(
                0,
                {
                    "dlbook": lambda: cnn.max_pool2d(x, 2),
                    "PyTorch": torch.no_grad()(lambda: F.max_pool2d(leaf, 2)),
                    "loop": lambda: looped_pooling(x),
                },
            )

        def ours():
            return cnn.max_pool2d_backward(dy, cnn.max_pool2d_forward(x, 2)[1])

        def theirs():
            y = F.max_pool2d(leaf, 2)
            return torch.autograd.grad(y, leaf, torch.tensor(dy))

        def looped():
            looped_pooling(x)
            return looped_pooling_backward(dy, x)

        return Case(0, {"dlbook": ours, "PyTorch": theirs, "loop": looped})

    return make


# Sequences ----------------------------------------------------------------------------


def looped_rnn(x, params):
    h = np.zeros((len(x), x.shape[1], H), x.dtype)
    for n in range(x.shape[1]):
        state = np.zeros(H, x.dtype)
        for t in range(len(x)):
            pre = params.W_xh @ x[t, n] + params.W_hh @ state + params.b_h
            h[t, n] = state = np.tanh(pre)
    return h


def looped_lstm(x, params):
    h = np.zeros((len(x), x.shape[1], H), x.dtype)
    for n in range(x.shape[1]):
        state, C = np.zeros((2, H), x.dtype)
        for t in range(len(x)):
            step = lstm.lstm_step(x[t, n], state, C, params)
            h[t, n] = state = step.h
            C = step.C
    return h


def _as_torch(params):
    """Return weights of x, weights of h and two biases, gates in PyTorch's order."""
    if hasattr(params, "W_xh"):
        return [params.W_xh, params.W_hh, params.b_h, 0 * params.b_h]
    W = np.concatenate([params.W_i, params.W_f, params.W_C, params.W_o])
    b = np.concatenate([params.b_i, params.b_f, params.b_C, params.b_o])
    return [W[:, H:], W[:, :H], b, 0 * b]


def recurrent(cell, backward):
    gates, module = (1, torch.nn.RNN) if cell == "rnn" else (4, torch.nn.LSTM)
    looped = looped_rnn if cell == "rnn" else looped_lstm

    def make(dtype):
        rng, x = np.random.default_rng(0), normal(T, N, H).astype(dtype)
        dh, zero = normal(T, N, H).astype(dtype), np.zeros((N, H), dtype)
        theirs = module(H, H).to(getattr(torch, dtype))
        (leaf,), arriving = tensors(x), torch.tensor(dh)
        if cell == "rnn":
            params, states = rnn.init_params(H, H, rng=rng, dtype=dtype), (zero,)
            forward, back = rnn.rnn_forward, rnn.rnn_backward
        else:
            params, states = lstm.init_params(H, H, rng=rng, dtype=dtype), (zero, zero)
            forward, back = lstm.lstm_forward, lstm.lstm_backward
        run = partial(forward, x, params, *states)
        with torch.no_grad():
            for weight, array in zip(
                theirs.parameters(), _as_torch(params), strict=True
            ):
                weight.copy_(torch.tensor(array))
        flops = 2 * T * N * gates * H * 2 * H
        if not backward:
            return Case(
                flops,
                {
                    "dlbook": lambda: run()[0],
                    "PyTorch": torch.no_grad()(lambda: theirs(leaf)),
                    "loop": lambda: looped(x, params),
                },
            )
        leaves = [leaf, *theirs.parameters()]

        def each_example():
            some = [
                back(dh[:, n], forward(x[:, n], params, *(s[n] for s in states))[1])
                for n in range(N)
            ]
            dx = np.stack([gradients.dx for gradients in some], axis=1)
            return dx, mean([gradients.params for gradients in some])

        return Case(
            3 * flops,
            {
                "dlbook": lambda: back(dh, run()[1]),
                "PyTorch": lambda: torch.autograd.grad(
                    theirs(leaf)[0], leaves, arriving
                ),
                "loop": each_example,
            },
        )

    return make


# Steps of training --------------------------------------------------------------------


def network(leaves, x, hidden=torch.tanh):
    for k in range(0, len(leaves), 2):
        x = F.linear(x, leaves[k], leaves[k + 1])
        x = hidden(x) if k < len(leaves) - 2 else x
    return x


def mlp_step(N, dtype):
    layers = backprop.init_params(
        784, 256, 128, 10, rng=np.random.default_rng(0), dtype=dtype
    )
    x, y = normal(N, 784).astype(dtype), np.arange(N) % 10
    leaves, given, classes = tensors(*flat(layers)), torch.tensor(x), torch.tensor(y)
    optimiser, theirs = SGD(0.01), torch.optim.SGD(leaves, 0.01)
    loss = "cross_entropy_with_logits"

    def ours():
        return backprop.train_step(x, y, layers, optimiser, (), loss=loss).params

    def step():
        theirs.zero_grad()
        F.cross_entropy(network(leaves, given), classes).backward()
        theirs.step()
        return leaves

    def each_example():
        run = partial(backprop.loss_and_gradients, layers=layers, loss=loss)
        grads = mean([run(x[n], y[n]).gradients for n in range(len(x))])
        return optimiser.update(layers, grads, ())[0]

    flops = 6 * N * sum(layer.W.size for layer in layers)
    return Case(flops, {"dlbook": ours, "PyTorch": step, "loop": each_example})


def vae_step(N, dtype):
    rng = np.random.default_rng(0)
    params = vae.init_params(784, 256, 16, rng=rng, dtype=dtype)
    x = rng.uniform(size=(N, 784)).astype(dtype)
    eps = rng.normal(size=(N, 16)).astype(dtype)
    leaves, given, noise = tensors(*flat(params)), torch.tensor(x), torch.tensor(eps)

    def theirs():
        h = torch.tanh(F.linear(given, *leaves[:2]))
        mu, log_var = F.linear(h, *leaves[2:4]), F.linear(h, *leaves[4:6])
        out = network(leaves[6:], mu + torch.exp(log_var / 2) * noise)
        cost = F.binary_cross_entropy_with_logits(out, given, reduction="sum")
        kl = (mu**2 + torch.exp(log_var) - 1 - log_var).sum() / 2
        return torch.autograd.grad((cost + kl) / N, leaves)

    def ours():
        return vae.loss_and_gradients(x, params, eps).gradients

    def each_example():
        run = vae.loss_and_gradients
        return mean([run(x[n], params, eps[n]).gradients for n in range(len(x))])

    flops = 6 * N * sum(leaf.numel() for leaf in leaves if leaf.ndim == 2)
    return Case(flops, {"dlbook": ours, "PyTorch": theirs, "loop": each_example})


def gan_step(N, dtype):
    rng, sizes = np.random.default_rng(0), ((2, 16, 2), (2, 16, 1))
    params = gan.init_params(*sizes, rng=rng, dtype=dtype)
    real, z_d, z_g = (rng.normal(size=(N, 2)).astype(dtype) for _ in range(3))
    both, state = gan.Players(SGD(0.01), SGD(0.01)), gan.Players((), ())
    g, d = (tensors(*flat(layers)) for layers in params)
    players = [torch.optim.SGD(leaves, 0.01) for leaves in (g, d)]
    draws = [torch.tensor(a) for a in (real, z_d, z_g)]

    def ours():
        return gan.train_step(real, z_d, z_g, params, both, state).params

    def theirs():
        real, z_d, z_g = draws
        with torch.no_grad():
            fake = network(g, z_d)
        for optimiser in players:
            optimiser.zero_grad()
        loss = (
            F.softplus(-network(d, real)).mean() + F.softplus(network(d, fake)).mean()
        )
        loss.backward()
        players[1].step()
        F.softplus(-network(d, network(g, z_g))).mean().backward()
        players[0].step()
        return g

    def each_example():
        rows = range(N)
        grads = [
            gan.discriminator_gradients(real[n : n + 1], z_d[n : n + 1], params)[1]
            for n in rows
        ]
        new = both.discriminator.update(params.discriminator, mean(grads), ())[0]
        middle = params._replace(discriminator=new)
        grads = [gan.generator_gradients(z_g[n : n + 1], middle)[1] for n in rows]
        return both.generator.update(params.generator, mean(grads), ())[0], new

    return Case(0, {"dlbook": ours, "PyTorch": theirs, "loop": each_example})


def adam(dtype):
    params = (normal(256, 784).astype(dtype), normal(256).astype(dtype))
    optimiser = Adam(0.001)
    state, leaves = optimiser.init(params), tensors(*params)
    theirs = torch.optim.Adam(leaves, 0.001)
    for leaf, grad in zip(leaves, params, strict=True):
        leaf.grad = torch.tensor(grad)

    def ours():
        return optimiser.update(params, params, state)[0]

    def step():
        theirs.step()
        return leaves

    return Case(
        0,
        {
            "dlbook": ours,
            "PyTorch": step,
            "loop": lambda: [looped_adam(theta, theta, 0.001) for theta in params],
        },
    )


def looped_adam(theta, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take the first step, one parameter at a time."""
    new = np.empty_like(theta)
    for k in np.ndindex(theta.shape):
        m, v = (1 - beta1) * g[k], (1 - beta2) * g[k] ** 2
        new[k] = theta[k] - lr * m / (1 - beta1) / ((v / (1 - beta2)) ** 0.5 + eps)
    return new


def cnn_epoch(dtype):
    digits, optimiser = load_digits(), Adam(0.01)
    x, y = digits.images[:, None].astype(dtype), digits.labels
    rng = np.random.default_rng(0)
    start = cnn.init_params((1, 8, 8), (8,), 10, rng=rng, dtype=dtype)
    rows = [np.arange(k, min(k + 32, len(x))) for k in range(0, len(x), 32)]
    given, classes = torch.tensor(x), torch.tensor(y)

    def epoch(gradients):
        params, state = start, optimiser.init(start)
        for some in rows:
            grads = gradients(x[some], y[some], params)
            params, state = optimiser.update(params, grads, state)
        return params

    def at_once(x, y, params):
        return cnn.loss_and_gradients(x, y, params).gradients

    def each_example(x, y, params):
        return mean([at_once(x[n], y[n], params) for n in range(len(x))])

    def theirs():
        w, b, W, c = leaves = tensors(*flat(start))
        optimiser = torch.optim.Adam(leaves, 0.01)
        for some in rows:
            h = F.max_pool2d(torch.relu(F.conv2d(given[some], w, b, padding=1)), 2)
            loss = F.cross_entropy(F.linear(h.flatten(1), W, c), classes[some])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return leaves

    return Case(
        0,
        {
            "dlbook": partial(epoch, at_once),
            "PyTorch": theirs,
            "loop": partial(epoch, each_example),
        },
    )


IMAGES = [(32, 1, 28, 8, 3), (32, 16, 14, 32, 3), (32, 3, 32, 16, 5)]
CASES = {
    f"convolution, {n}×{c}×{s}×{s}, {f} of {k}×{k}, {way}": convolution(
        n, c, s, f, k, way == "both ways"
    )
    for n, c, s, f, k in IMAGES
    for way in ("forward", "both ways")
}
CASES |= {
    "max pooling 2×2, 32×8×28×28, forward": pooling(False),
    "max pooling 2×2, 32×8×28×28, both ways": pooling(True),
    "RNN, T = 100, N = 32, H = 128, forward": recurrent("rnn", False),
    "RNN, T = 100, N = 32, H = 128, both ways": recurrent("rnn", True),
    "LSTM, T = 100, N = 32, H = 128, forward": recurrent("lstm", False),
    "LSTM, T = 100, N = 32, H = 128, both ways": recurrent("lstm", True),
    "MLP 784-256-128-10, N = 128, one step": partial(mlp_step, 128),
    "MLP 784-256-128-10, N = 1, one step": partial(mlp_step, 1),
    "VAE 784-256-16, N = 128, gradients": partial(vae_step, 128),
    "VAE 784-256-16, N = 1, gradients": partial(vae_step, 1),
    "GAN 2-16-2 against 2-16-1, N = 32, one step": partial(gan_step, 32),
    "GAN 2-16-2 against 2-16-1, N = 1, one step": partial(gan_step, 1),
    "Adam, 200,960 parameters, one step": adam,
    "CNN on the digits, one epoch": cnn_epoch,
}
