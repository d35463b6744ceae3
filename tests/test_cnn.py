"""Convolution, pooling and the small network: formulas, laws, gradients, oracles."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import cnn
from dlbook.backprop import init_params as init_layers
from dlbook.backprop import minibatches, mlp, train
from dlbook.cnn import (
    CNNParams,
    ConvLayer,
    ReceptiveField,
    Window,
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_forward,
    conv2d,
    conv2d_backward,
    conv2d_forward,
    convolve2d,
    correlate2d,
    init_params,
    loss_and_gradients,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_forward,
    output_size,
    predict,
    receptive_field,
)
from dlbook.compiler import trace
from dlbook.datasets import load_digits, split
from dlbook.gradcheck import check_gradient
from dlbook.optim import Adam
from near import close

IMAGE = np.array([[1, 2, 0], [4, 5, 6], [7, 8, 9]])
KERNEL = np.array([[1, 0], [-1, 1]])
DTYPES = [np.float32, np.float64]
seeds = st.integers(0, 2**32 - 1)


def random_conv(rng, dtype=np.float64, single=False):
    """Draw x, w, b and a legal stride, padding and dilation, each a pair."""
    stride, dilation = rng.integers(1, 4, (2, 2))
    padding, kernel = rng.integers(0, 3, 2), rng.integers(1, 4, 2)
    span = dilation * (kernel - 1) + 1
    size = np.maximum(span - 2 * padding, 1) + rng.integers(0, 5, 2)
    c, o, n = rng.integers(1, 4, 3)
    x = rng.normal(size=(c, *size) if single else (n, c, *size)).astype(dtype)
    w = rng.normal(size=(o, c, *kernel)).astype(dtype)
    b = rng.normal(size=o).astype(dtype)
    steps = (stride, padding, dilation)
    names = ("stride", "padding", "dilation")
    return (x, w, b), {k: tuple(v.tolist()) for k, v in zip(names, steps, strict=True)}


def random_pool(rng, single=False, low=-3, high=4):
    """Draw x with many equal entries, and a legal kernel, stride and padding."""
    kernel, stride = rng.integers(1, 4, (2, 2))
    padding = rng.integers(0, kernel // 2 + 1)
    size = np.maximum(kernel - 2 * padding, 1) + rng.integers(0, 6, 2)
    n, c = rng.integers(1, 4, 2)
    x = rng.integers(low, high, (c, *size) if single else (n, c, *size)).astype(float)
    settings = dict(stride=tuple(stride.tolist()), padding=tuple(padding.tolist()))
    return x, tuple(kernel.tolist()), settings


# The source and the oracles


def test_the_sources_example_is_a_correlation():
    np.testing.assert_array_equal(correlate2d(IMAGE, KERNEL), [[2, 3], [5, 6]])


def test_the_true_convolution_of_the_sources_example_flips_the_kernel():
    np.testing.assert_array_equal(convolve2d(IMAGE, KERNEL), [[4, 8], [7, 8]])


def test_correlation_and_convolution_of_the_oracle_differ():
    image, kernel = np.arange(9).reshape(3, 3), [[0, 1], [2, 3]]
    np.testing.assert_array_equal(correlate2d(image, kernel), [[19, 25], [37, 43]])
    np.testing.assert_array_equal(convolve2d(image, kernel), [[5, 11], [23, 29]])


@pytest.mark.parametrize("mode", ["valid", "full"])
@pytest.mark.parametrize("seed", range(5))
def test_one_channel_agrees_with_scipy(mode, seed):
    from scipy import signal  # it loads all of SciPy

    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=rng.integers(1, 4, 2))
    image = rng.normal(size=rng.integers(3, 7, 2))
    for ours, theirs in [
        (correlate2d, signal.correlate2d),
        (convolve2d, signal.convolve2d),
    ]:
        close(ours(image, kernel, mode), theirs(image, kernel, mode), 1e-13)


def test_the_full_mode_lets_a_kernel_be_larger_than_its_image():
    from scipy import signal

    image, kernel = np.ones((2, 2)), np.arange(12.0).reshape(3, 4)
    wanted = signal.convolve2d(image, kernel, "full")
    close(convolve2d(image, kernel, "full"), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(30))
def test_a_convolution_agrees_with_pytorch_both_ways(torch, seed, dtype):
    (x, w, b), settings = random_conv(np.random.default_rng(seed), dtype)
    rtol = 1e-10 if dtype == np.float64 else 1e-4
    y, cache = conv2d_forward(x, w, b, **settings)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
    wanted = torch.nn.functional.conv2d(*leaves, **settings)
    dy = np.random.default_rng(seed).normal(size=y.shape).astype(dtype)
    close(y, wanted.detach(), rtol)
    gradients = torch.autograd.grad(wanted, leaves, torch.tensor(dy))
    for ours, theirs in zip(conv2d_backward(dy, cache), gradients, strict=True):
        assert ours.dtype == dtype
        close(ours, theirs, rtol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(30))
def test_poolings_agree_with_pytorch_both_ways(torch, seed, dtype):
    rng = np.random.default_rng(seed)
    x, kernel, settings = random_pool(rng)
    x = x.astype(dtype)
    leaf, functional = torch.tensor(x, requires_grad=True), torch.nn.functional
    poolings = [
        (max_pool2d_forward, max_pool2d_backward, functional.max_pool2d, {}, {}),
        *(
            (
                avg_pool2d_forward,
                avg_pool2d_backward,
                functional.avg_pool2d,
                dict(count_padding=counts),
                dict(count_include_pad=counts),
            )
            for counts in (True, False)
        ),
    ]
    for pool, back, theirs, own, other in poolings:
        y, cache = pool(x, kernel, **settings, **own)
        wanted = theirs(leaf, kernel, **settings, **other)
        dy = rng.normal(size=y.shape).astype(dtype)
        close(y, wanted.detach(), 1e-6)
        (gradient,) = torch.autograd.grad(wanted, leaf, torch.tensor(dy))
        close(back(dy, cache), gradient, 1e-12 if dtype == np.float64 else 1e-6)


def test_an_epoch_of_the_network_agrees_with_pytorch(torch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 2, 9, 8)), rng.integers(0, 5, 64)
    params = init_params((2, 9, 8), (3, 4), 5, rng=rng)
    (c1, c2), dense = params
    leaves = [torch.tensor(a, requires_grad=True) for a in (*c1, *c2, *dense[:2])]
    optimiser, state = Adam(lr=0.01), Adam(lr=0.01).init(params)
    theirs, f = torch.optim.Adam(leaves, lr=0.01), torch.nn.functional
    for rows in minibatches(64, 16, rng=rng):
        loss, gradients = loss_and_gradients(x[rows], y[rows], params)
        params, state = optimiser.update(params, gradients, state)
        z = torch.tensor(x[rows])
        for w, b in (leaves[:2], leaves[2:4]):
            z = f.max_pool2d(f.relu(f.conv2d(z, w, b, padding=1)), 2)
        z = z.flatten(1) @ leaves[4].T + leaves[5]
        wanted = f.cross_entropy(z, torch.tensor(y[rows]))
        theirs.zero_grad()
        wanted.backward()
        theirs.step()
        close(loss, wanted.detach())
    for ours, leaf in zip(
        [*params[0][0], *params[0][1], *params[1][:2]], leaves, strict=True
    ):
        close(ours, leaf.detach(), 1e-8)


# The formula of a layer


@pytest.mark.parametrize("seed", range(20))
def test_a_layer_is_the_sum_of_correlations_over_the_channels(seed):
    (x, w, b), settings = random_conv(np.random.default_rng(seed), single=True)
    (sh, sw), (p, q), (dh, dw) = settings.values()
    kh, kw = w.shape[2:]
    spread = np.zeros((*w.shape[:2], dh * (kh - 1) + 1, dw * (kw - 1) + 1))
    spread[..., ::dh, ::dw] = w
    padded = np.pad(x, ((0, 0), (p, p), (q, q)))
    wanted = [
        b_o + sum(map(correlate2d, padded, w_o))[::sh, ::sw]
        for w_o, b_o in zip(spread, b, strict=True)
    ]
    close(conv2d(x, w, b, **settings), wanted, 1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_gradients_of_a_layer_are_correlations_and_full_convolutions(seed):
    (x, w, b), _ = random_conv(np.random.default_rng(seed), single=True)
    x = np.random.default_rng(seed).normal(size=(len(x), 6, 7))
    y, cache = conv2d_forward(x, w, b)
    dy = np.random.default_rng(seed).normal(size=y.shape)
    dx, dw, db = conv2d_backward(dy, cache)
    close(dw, [[correlate2d(x_c, dy_o) for x_c in x] for dy_o in dy])
    full = [
        [convolve2d(d, k, "full") for k in w_o] for d, w_o in zip(dy, w, strict=True)
    ]
    close(dx, np.sum(full, axis=0))
    close(db, dy.sum(axis=(1, 2)))


@pytest.mark.parametrize("filters", [31, 32, 40])
def test_each_of_many_filters_gets_the_gradient_that_it_gets_alone(filters):
    rng = np.random.default_rng(filters)
    x, w = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(filters, 3, 3, 2))
    y, cache = conv2d_forward(x, w)
    dy = rng.normal(size=y.shape)
    together = conv2d_backward(dy, cache)
    for o in range(0, filters, 5):
        _, cache = conv2d_forward(x, w[[o]])
        alone = conv2d_backward(dy[:, [o]], cache)
        close(together.dw[[o]], alone.dw, 1e-12)
        close(together.db[[o]], alone.db, 1e-12)


def test_there_is_one_bias_for_each_output_channel():
    x, w = np.ones((3, 4, 4)), np.zeros((2, 3, 3, 3))
    y = conv2d(x, w, [1.0, -2.0])
    np.testing.assert_array_equal(y, [np.ones((2, 2)), np.full((2, 2), -2.0)])


def test_without_a_bias_it_is_zero():
    (x, w, b), settings = random_conv(np.random.default_rng(3))
    close(conv2d(x, w, **settings), conv2d(x, w, 0 * b, **settings), 0)


def test_an_integer_stands_for_a_pair():
    (x, w, b), _ = random_conv(np.random.default_rng(4))
    x = np.random.default_rng(4).normal(size=(2, w.shape[1], 9, 9))
    pairs = dict(stride=(2, 2), padding=(1, 1), dilation=(2, 2))
    numbers = dict(stride=2, padding=1, dilation=2)
    close(conv2d(x, w, b, **numbers), conv2d(x, w, b, **pairs), 0)
    for pool in (max_pool2d, avg_pool2d):
        wanted = pool(x, (3, 3), stride=(2, 2), padding=(1, 1))
        close(pool(x, 3, stride=2, padding=1), wanted, 0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("single", [True, False])
def test_a_layer_passes_the_gradient_check(seed, single):
    rng = np.random.default_rng(seed)
    params, settings = random_conv(rng, single=single)
    y, cache = conv2d_forward(*params, **settings)
    dy = rng.normal(size=y.shape)

    def loss(params):
        return np.sum(dy * conv2d(*params, **settings))

    gradients = conv2d_backward(dy, cache)
    assert check_gradient(loss, params, tuple(gradients)) < 1e-6
    alone = conv2d_backward(dy, cache, wrt_x=False)
    assert alone.dx is None
    close(alone.dw, gradients.dw, 0)
    close(alone.db, gradients.db, 0)


def test_a_cache_serves_more_than_once():
    rng = np.random.default_rng(5)
    (x, w, b), settings = random_conv(rng)
    y, cache = conv2d_forward(x, w, b, **settings)
    first = conv2d_backward(np.ones_like(y), cache)
    again = conv2d_backward(np.ones_like(y), cache)
    for a, c in zip(first, again, strict=True):
        close(a, c, 0)


# Laws


@given(seeds)
def test_a_layer_is_linear_in_image_and_in_kernel(seed):
    rng = np.random.default_rng(seed)
    (x, w, _), settings = random_conv(rng)
    x2, w2 = rng.normal(size=x.shape), rng.normal(size=w.shape)
    y = conv2d(x, w, **settings)
    close(conv2d(x - 2 * x2, w, **settings), y - 2 * conv2d(x2, w, **settings), 1e-12)
    close(conv2d(x, w - 2 * w2, **settings), y - 2 * conv2d(x, w2, **settings), 1e-12)


@given(seeds)
def test_a_backward_pass_is_the_adjoint_of_its_forward_pass(seed):
    rng = np.random.default_rng(seed)
    (x, w, _), settings = random_conv(rng)
    y, cache = conv2d_forward(x, w, **settings)
    dy = rng.normal(size=y.shape)
    dx, dw, _ = conv2d_backward(dy, cache)
    inner, scale = np.sum(y * dy), np.sum(np.abs(y * dy))
    assert abs(np.sum(x * dx) - inner) <= 1e-12 * scale
    assert abs(np.sum(w * dw) - inner) <= 1e-12 * scale
    x, kernel, settings = random_pool(rng)
    y, cache = avg_pool2d_forward(x, kernel, **settings)
    dy = rng.normal(size=y.shape)
    gap = np.sum(y * dy) - np.sum(x * avg_pool2d_backward(dy, cache))
    assert abs(gap) <= 1e-12 * max(1, np.sum(np.abs(y * dy)))


@given(seeds)
def test_a_shifted_image_gives_shifted_maps(seed):
    rng = np.random.default_rng(seed)
    (_, w, b), _ = random_conv(rng)
    x, s = rng.normal(size=(w.shape[1], 12, 12)), int(rng.integers(1, 4))
    y = conv2d(x, w, b, stride=s)
    down = conv2d(x[:, s:, s:], w, b, stride=s)
    close(down, y[:, 1:, 1:][:, : down.shape[1], : down.shape[2]], 1e-12)


@given(seeds)
def test_a_full_convolution_is_a_valid_correlation_with_the_flipped_kernel(seed):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=rng.integers(1, 4, 2))
    image = rng.normal(size=rng.integers(1, 6, 2))
    (kh, kw), full = kernel.shape, convolve2d(image, kernel, "full")
    padded = np.pad(image, ((kh - 1,) * 2, (kw - 1,) * 2))
    close(full, correlate2d(padded, kernel[::-1, ::-1]), 1e-12)
    close(full, convolve2d(kernel, image, "full"), 1e-12)
    turned = correlate2d(image[::-1, ::-1], kernel, "full")[::-1, ::-1]
    close(full, turned, 1e-12)


@given(seeds)
def test_a_batch_is_its_images_in_any_order(seed):
    rng = np.random.default_rng(seed)
    (x, w, b), settings = random_conv(rng)
    order = rng.permutation(len(x))
    y, cache = conv2d_forward(x, w, b, **settings)
    close(conv2d(x[order], w, b, **settings), y[order], 1e-12)
    close([conv2d(image, w, b, **settings) for image in x], y, 1e-12)
    dy = rng.normal(size=y.shape)
    alone = [
        conv2d_backward(d, conv2d_forward(image, w, b, **settings)[1])
        for d, image in zip(dy, x, strict=True)
    ]
    dx, dw, db = conv2d_backward(dy, cache)
    close(dx, [g.dx for g in alone], 1e-12)
    close(dw, sum(g.dw for g in alone), 1e-12)
    close(db, sum(g.db for g in alone), 1e-12)


# Pooling


def test_two_by_two_max_pooling_keeps_the_largest_of_each_block():
    x = np.arange(16.0).reshape(1, 4, 4)
    np.testing.assert_array_equal(max_pool2d(x, 2), [[[5, 7], [13, 15]]])
    np.testing.assert_array_equal(avg_pool2d(x, 2), [[[2.5, 4.5], [10.5, 12.5]]])


def windows_of(x, kernel, stride, padding, value):
    """Yield the place and the padded window of each output, by plain loops."""
    (kh, kw), (sh, sw), (p, q) = kernel, stride, padding
    padded = np.pad(x, ((0, 0), (p, p), (q, q)), constant_values=value)
    for i in range((padded.shape[1] - kh) // sh + 1):
        for j in range((padded.shape[2] - kw) // sw + 1):
            yield (i, j), padded[:, i * sh : i * sh + kh, j * sw : j * sw + kw]


@pytest.mark.parametrize("seed", range(20))
def test_poolings_follow_their_formulas(seed):
    x, kernel, settings = random_pool(np.random.default_rng(seed), single=True)
    largest = max_pool2d(x, kernel, **settings)
    counted = avg_pool2d(x, kernel, **settings)
    inside = avg_pool2d(x, kernel, **settings, count_padding=False)
    places = [settings["stride"], settings["padding"]]
    for (i, j), window in windows_of(x, kernel, *places, np.nan):
        close(largest[:, i, j], np.nanmax(window, axis=(1, 2)), 0)
        close(inside[:, i, j], np.nanmean(window, axis=(1, 2)), 1e-12)
        close(counted[:, i, j], np.nan_to_num(window).mean(axis=(1, 2)), 1e-12)
    assert largest.shape == counted.shape == inside.shape == (len(x), i + 1, j + 1)


@pytest.mark.parametrize("seed", range(20))
def test_of_equal_maxima_the_first_in_reading_order_gets_the_gradient(seed):
    rng = np.random.default_rng(seed)
    x, kernel, settings = random_pool(rng, single=True, low=0, high=2)
    y, cache = max_pool2d_forward(x, kernel, **settings)
    dy, wanted = rng.normal(size=y.shape), np.zeros_like(x)
    (sh, sw), (p, q) = settings.values()
    for (i, j), window in windows_of(x, kernel, (sh, sw), (p, q), -np.inf):
        for c, place in enumerate(window.reshape(len(x), -1).argmax(axis=1)):
            u, v = divmod(int(place), kernel[1])
            wanted[c, i * sh + u - p, j * sw + v - q] += dy[c, i, j]
    close(max_pool2d_backward(dy, cache), wanted, 1e-12)


def test_relus_zeros_tie_and_share_nothing():
    y, cache = max_pool2d_forward(np.zeros((1, 4, 4)), 2)
    dx = max_pool2d_backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(dx[0], np.kron(np.ones((2, 2)), [[1, 0], [0, 0]]))


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_poolings_pass_the_gradient_check(seed, single):
    rng = np.random.default_rng(seed)
    x, kernel, settings = random_pool(rng, single)
    x = rng.permutation(x.size).reshape(x.shape) / 10
    y, cache = max_pool2d_forward(x, kernel, **settings)
    dy = rng.normal(size=y.shape)

    def largest(x):
        return np.sum(dy * max_pool2d(x, kernel, **settings))

    check_gradient(largest, x, max_pool2d_backward(dy, cache))
    for counts in (True, False):
        _, cache = avg_pool2d_forward(x, kernel, **settings, count_padding=counts)

        def average(x, counts=counts):
            return np.sum(dy * avg_pool2d(x, kernel, **settings, count_padding=counts))

        check_gradient(average, x, avg_pool2d_backward(dy, cache))


@given(seeds)
def test_max_pooling_commutes_with_what_is_monotone(seed):
    x, kernel, settings = random_pool(np.random.default_rng(seed))
    y = max_pool2d(x, kernel, **settings)
    close(max_pool2d(np.tanh(x) + 2, kernel, **settings), np.tanh(y) + 2, 0)
    assert (avg_pool2d(x, kernel, **settings, count_padding=False) <= y + 1e-12).all()


def test_an_average_of_padding_and_ones_is_one_only_if_padding_does_not_count():
    x = np.ones((1, 4, 4))
    settings = dict(kernel=2, stride=2, padding=1)
    assert (avg_pool2d(x, **settings, count_padding=False) == 1).all()
    counted = avg_pool2d(x, **settings)[0]
    np.testing.assert_array_equal(
        counted, [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]]
    )


# Sizes


@given(seeds)
def test_the_output_size_counts_the_places_that_fit(seed):
    rng = np.random.default_rng(seed)
    n, k, s, d = rng.integers(1, 9, 4).tolist()
    p = int(rng.integers(0, 4))
    starts = range(0, n + 2 * p, s)
    fits = sum(start + d * (k - 1) < n + 2 * p for start in starts)
    if fits:
        assert output_size(n, k, stride=s, padding=p, dilation=d) == fits
    else:
        with pytest.raises(ValueError, match="kernel: wanted a span of at most"):
            output_size(n, k, stride=s, padding=p, dilation=d)


@given(seeds)
def test_a_layers_maps_have_the_size_of_the_formula(seed):
    (x, w, b), settings = random_conv(np.random.default_rng(seed))
    sizes = [
        output_size(n, k, **{name: pair[axis] for name, pair in settings.items()})
        for axis, (n, k) in enumerate(zip(x.shape[2:], w.shape[2:], strict=True))
    ]
    assert conv2d(x, w, b, **settings).shape == (len(x), len(w), *sizes)


def test_half_a_step_left_over_is_lost():
    assert output_size(7, 2, stride=2) == output_size(6, 2, stride=2) == 3


@given(seeds)
def test_a_unit_sees_its_receptive_field_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    layers = [
        Window(*map(int, (*rng.integers(1, 4, 2), rng.integers(3), rng.integers(1, 3))))
        for _ in range(rng.integers(1, 4))
    ]
    n = 60
    seen = np.eye(n)[:, None, None, :]
    for kernel, stride, padding, dilation in layers:
        w = np.ones((1, 1, 1, kernel))
        ways = dict(stride=(1, stride), padding=(0, padding), dilation=(1, dilation))
        seen = conv2d(seen, w, **ways)
    fields = receptive_field(layers)
    assert len(fields) == len(layers)
    size, jump, first = fields[-1]
    for i, column in enumerate(seen[:, 0, 0].T):
        touched = np.flatnonzero(column)
        wanted = np.arange(first + i * jump, first + i * jump + size)
        wanted = wanted[(wanted >= 0) & (wanted < n)]
        assert set(touched) <= set(wanted)
        if 0 <= first + i * jump and first + i * jump + size <= n:
            assert (touched[0], touched[-1]) == (wanted[0], wanted[-1])


def test_a_stack_of_three_by_three_kernels_sees_two_more_a_layer():
    sizes = [field.size for field in receptive_field([(3,)] * 4)]
    assert sizes == [3, 5, 7, 9]
    dilated = receptive_field([(3, 1, 0, d) for d in (1, 2, 4, 8)])
    assert [field.size for field in dilated] == [3, 7, 15, 31]
    assert receptive_field([]) == ()
    assert receptive_field([(2, 2), (3, 2, 1)]) == (
        ReceptiveField(2, 2, 0),
        ReceptiveField(6, 4, -2),
    )


# The transposed convolution


def random_transpose(seed, dtype=np.float64, single=False):
    rng = np.random.default_rng(seed)
    n, c, o, height, width, kh, kw = rng.integers(1, 5, 7)
    stride = tuple(rng.integers(1, 4, 2).tolist())
    room = [
        (m - 1) * s + k
        for m, s, k in zip((height, width), stride, (kh, kw), strict=True)
    ]
    padding = tuple(int(rng.integers(0, min(3, (r - 1) // 2 + 1))) for r in room)
    lead = () if single else (n,)
    arrays = [
        rng.normal(size=shape).astype(dtype)
        for shape in ((*lead, c, height, width), (c, o, kh, kw), (o,))
    ]
    return rng, arrays, dict(stride=stride, padding=padding)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(30))
def test_a_transposed_convolution_agrees_with_pytorch_both_ways(torch, seed, dtype):
    rng, arrays, settings = random_transpose(seed, dtype, single=seed % 2)
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    wanted = torch.nn.functional.conv_transpose2d(*leaves, **settings)
    y, cache = cnn.conv_transpose2d_forward(*arrays, **settings)
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    close(y, wanted.detach(), rtol)
    close(cnn.conv_transpose2d(*arrays, **settings), y, 0)
    dy = rng.normal(size=y.shape).astype(dtype)
    found = torch.autograd.grad(wanted, leaves, torch.tensor(dy))
    gradients = cnn.conv_transpose2d_backward(dy, cache)
    for ours, theirs in zip(gradients, found, strict=True):
        assert ours.dtype == dtype
        close(ours, theirs, rtol)
    assert cnn.conv_transpose2d_backward(dy, cache, wrt_x=False).dx is None


@pytest.mark.parametrize("seed", range(10))
def test_it_is_the_transpose_of_the_convolution(seed):
    rng, (x, w, _), settings = random_transpose(seed)
    y = cnn.conv_transpose2d(x, w, **settings)
    other = rng.normal(size=y.shape)
    np.testing.assert_allclose(
        np.sum(y * other), np.sum(x * conv2d(other, w, **settings)), rtol=1e-10
    )
    _, cache = conv2d_forward(np.zeros_like(y), w, **settings)
    close(y, conv2d_backward(x, cache).dx, 1e-12)


def test_a_transposed_convolution_steps_by_1_and_cuts_nothing_if_nothing_is_said():
    x, w = np.ones((1, 2, 3)), np.ones((1, 1, 3, 2))
    for y in (cnn.conv_transpose2d(x, w), cnn.conv_transpose2d_forward(x, w)[0]):
        assert y.shape == (1, 4, 4)


@pytest.mark.parametrize("seed", range(6))
def test_a_transposed_convolution_passes_the_gradient_check(seed):
    rng, arrays, settings = random_transpose(seed, single=seed % 2)
    y, cache = cnn.conv_transpose2d_forward(*arrays, **settings)
    dy = rng.normal(size=y.shape)

    def loss(arrays):
        return np.sum(dy * cnn.conv_transpose2d(*arrays, **settings))

    gradients = cnn.conv_transpose2d_backward(dy, cache)
    check_gradient(loss, tuple(arrays), tuple(gradients))


# The small network


def network(seed=0, dtype=np.float64, filters=(3, 2)):
    rng = np.random.default_rng(seed)
    params = init_params((2, 6, 5), filters, 4, rng=rng, dtype=dtype)
    x = rng.normal(size=(3, 2, 6, 5)).astype(dtype)
    return params, x, np.array([1, 3, 0])


@pytest.mark.parametrize("filters", [(3, 2), (2,), ()])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_network_passes_the_gradient_check(filters, reduction):
    params, x, y = network(filters=filters)

    def loss(params):
        return loss_and_gradients(x, y, params, reduction=reduction).loss

    _, gradients = loss_and_gradients(x, y, params, reduction=reduction)
    check_gradient(loss, params, gradients)


def test_a_network_may_be_as_small_as_one_filter_and_one_class():
    params = init_params((1, 2, 2), (1,), 1, rng=np.random.default_rng(0), kernel=1)
    assert (params.convs[0].w.shape, params.dense.W.shape) == ((1, 1, 1, 1), (1, 1))
    with pytest.raises(ValueError, match="with H, W >= 8, got"):
        init_params((1, 8, 7), (1, 1, 1), 1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
def test_a_network_pads_so_that_maps_keep_the_images_size(kernel):
    rng = np.random.default_rng(kernel)
    params = init_params((1, 8, 6), (2,), 3, rng=rng, kernel=kernel)
    run = cnn.cnn(rng.normal(size=(1, 8, 6)), params)
    assert [maps.shape for maps in run.pooled] == [(2, 4, 3)]


def test_one_image_is_a_batch_of_one():
    params, x, y = network()
    one, batch = (
        loss_and_gradients(x[0], y[0], params),
        loss_and_gradients(x[:1], y[:1], params),
    )
    close(one.loss, batch.loss, 1e-12)
    for a, b in zip(one.gradients.convs, batch.gradients.convs, strict=True):
        close(a.w, b.w, 1e-12)
    assert cnn.cnn(x[0], params).logits.shape == (4,)
    assert predict(x[0], params) == predict(x, params)[0]


def test_a_pass_keeps_what_it_computes():
    params, x, _ = network()
    run = cnn.cnn(x, params)
    maps = np.maximum(conv2d(x, *params.convs[0], padding=1), 0)
    close(run.maps[0], maps, 0)
    close(run.pooled[0], max_pool2d(maps, 2), 0)
    features = run.pooled[-1].reshape(3, -1)
    close(run.logits, features @ params.dense.W.T + params.dense.b, 1e-12)
    np.testing.assert_array_equal(predict(x, params), run.logits.argmax(axis=1))


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("filters", [(3, 2), ()])
def test_a_pass_carries_gradients_back_to_the_images(filters, single):
    params, x, _ = network(filters=filters)
    x = x[0] if single else x
    run, cache = cnn.cnn_forward(x, params)
    np.testing.assert_array_equal(run.logits, cnn.cnn(x, params).logits)
    d_logits = np.random.default_rng(1).normal(size=run.logits.shape)
    gradients = cnn.cnn_backward(d_logits, cache)

    def loss(arguments):
        return np.sum(d_logits * cnn.cnn(*arguments).logits)

    check_gradient(loss, (x, params), tuple(gradients))
    assert cnn.cnn_backward(d_logits, cache, wrt_x=False).dx is None or not filters


def test_the_draws_have_the_variance_that_was_promised():
    rng = np.random.default_rng(0)
    params = init_params((8, 32, 32), (64, 32), 50, kernel=5, rng=rng)
    for w, b in params.convs:
        np.testing.assert_allclose(w.var(), 2 / (w.shape[1] * 25), rtol=0.05)
        assert not b.any()
    np.testing.assert_allclose(params.dense.W.var(), 1 / (32 * 64), rtol=0.05)
    assert params.dense.W.shape == (50, 32 * 8 * 8)
    again = init_params((1, 8, 8), (3,), 2, rng=np.random.default_rng(7))
    same = init_params((1, 8, 8), (3,), 2, rng=np.random.default_rng(7))
    close(again.convs[0].w, same.convs[0].w, 0)


def test_on_the_digits_the_network_halves_a_linear_models_errors():
    images, labels = load_digits()
    rng = np.random.default_rng(0)
    train_set, test_set = split(images[:, None], labels, rng=rng)
    x, y = train_set.x.astype(np.float32), train_set.y
    params = init_params((1, 8, 8), (24,), 10, rng=rng, dtype=np.float32)
    optimiser, state = Adam(lr=0.01), Adam(lr=0.01).init(params)
    for _ in range(15):
        for rows in minibatches(len(x), 64, rng=rng):
            _, gradients = loss_and_gradients(x[rows], y[rows], params)
            params, state = optimiser.update(params, gradients, state)
    errors = np.mean(predict(test_set.x, params) != test_set.y)
    settings = dict(epochs=40, batch_size=64, rng=rng, loss="cross_entropy_with_logits")
    flat = x.reshape(len(x), -1)
    *_, last = train(flat, y, init_layers(64, 10, rng=rng), Adam(0.01), **settings)
    logits = mlp(test_set.x.reshape(len(test_set.x), -1), last.params)
    linear = np.mean(logits.argmax(axis=1) != test_set.y)
    assert errors < 0.02 < 0.03 < linear
    assert errors <= linear / 2


# Types and extremes


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_type_stays_what_it_is(dtype):
    (x, w, b), settings = random_conv(np.random.default_rng(6), dtype)
    y, cache = conv2d_forward(x, w, b, **settings)
    arrays = [y, *conv2d_backward(y, cache), conv2d(x, w)]
    for counts in (True, False):
        pooled, cache = avg_pool2d_forward(x, 1, padding=0, count_padding=counts)
        arrays += [pooled, avg_pool2d_backward(pooled, cache)]
    pooled, cache = max_pool2d_forward(x, 1)
    arrays += [pooled, max_pool2d_backward(pooled.astype(np.float64), cache)]
    arrays += [correlate2d(x[0, 0], w[0, 0], "full"), convolve2d(x[0, 0], x[0, 0])]
    params, x, y = network(dtype=dtype)
    loss, gradients = loss_and_gradients(x, y, params)
    arrays += [loss, *gradients.dense[:2], *gradients.convs[0], *gradients.convs[1]]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


def test_integers_are_taken_for_numbers():
    y = conv2d(np.arange(9).reshape(1, 3, 3), np.ones((1, 1, 2, 2), int), [1])
    np.testing.assert_array_equal(y, [[[9, 13], [21, 25]]])


def test_logits_of_thousands_give_finite_losses_and_gradients():
    params, x, y = network()
    loss, gradients = loss_and_gradients(1e3 * x, y, params)
    big = np.full((1, 4, 4), 1e300)
    pooled, cache = max_pool2d_forward(-big, 2, padding=1)
    arrays = [loss, *gradients.dense[:2], *gradients.convs[0], pooled]
    assert all(np.isfinite(a).all() for a in arrays)
    assert np.isfinite(max_pool2d_backward(pooled, cache)).all()


# Live figures


def test_a_live_figure_can_trace_convolution_and_pooling_both_ways():
    def model(image, kernel, b):
        x, w = image[None], kernel[None, None]
        y, cache = conv2d_forward(x, w, b[None], padding=1, dilation=(2, 1))
        largest, cells = max_pool2d_forward(x, 2, padding=1)
        average, counts = avg_pool2d_forward(x, 3, stride=1, count_padding=False)
        return dict(
            correlation=correlate2d(image, kernel),
            convolution=convolve2d(image, kernel, "full"),
            strided=conv2d(x, w, b[None], stride=2)[0],
            y=y,
            largest=largest,
            average=average,
            d_largest=max_pool2d_backward(np.ones(largest.shape), cells),
            d_average=avg_pool2d_backward(np.ones(average.shape), counts),
            **conv2d_backward(np.ones(y.shape), cache)._asdict(),
        )

    rng = np.random.default_rng(0)
    shapes = dict(image=(4, 4), kernel=(2, 2), b=())
    program = trace(model, {k: rng.normal(size=s) for k, s in shapes.items()})
    for values in rng.integers(-3, 4, (20, 21)) / 2:
        arguments = values[:16].reshape(4, 4), values[16:20].reshape(2, 2), values[20]
        replayed = program.replay(values)
        for name, value in model(*arguments).items():
            close(replayed[name], value, 1e-12)


def test_a_bias_alone_can_slide():
    x, w = np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2))
    program = trace(lambda b: dict(y=conv2d(x, w, b[None])), dict(b=0.0))
    close(program.replay([2.5])["y"], conv2d(x, w, [2.5]))


def test_a_live_figure_can_trace_the_sizes():
    def model(n, kernel, stride, padding, dilation):
        settings = dict(stride=stride, padding=padding, dilation=dilation)
        field = receptive_field([(kernel, stride, padding, dilation)] * 2)[-1]
        size = output_size(n, kernel, **settings)
        return dict(out=size, field=np.stack(field))

    program = trace(model, dict(n=9, kernel=3, stride=1, padding=0, dilation=1))
    for values in [(9, 3, 2, 1, 1), (8, 2, 3, 0, 2), (5, 5, 1, 0, 1)]:
        wanted = model(*values)
        replayed = program.replay(values)
        assert replayed["out"] == wanted["out"]
        np.testing.assert_array_equal(replayed["field"], wanted["field"])


# What is refused

ONES = np.ones((1, 1, 2, 2))
X = np.ones((1, 4, 4))
Y, CONV = conv2d_forward(X, ONES)
LARGEST, MAX = max_pool2d_forward(X, 2)
AVERAGE, AVG = avg_pool2d_forward(X, 2)
RNG = np.random.default_rng(0)
PARAMS = init_params((1, 4, 4), (2,), 3, rng=RNG)
WIDE = (
    "kernel: wanted a span of at most {} (length {} + 2 * padding {}), "
    "got {} (kernel {}, dilation {})"
)
REFUSED = [
    (correlate2d, ([1.0], KERNEL), {}, "image: wanted shape (H, W), got (1,)"),
    (correlate2d, (IMAGE, [[[1]]]), {}, "kernel: wanted shape (kh, kw), got (1, 1, 1)"),
    (convolve2d, (IMAGE, [[np.nan]]), {}, "kernel: wanted finite numbers, got nan"),
    (convolve2d, ([1.0], KERNEL), {}, "image: wanted shape (H, W), got (1,)"),
    (correlate2d, (IMAGE, np.ones((1, 4))), {}, WIDE.format(3, 3, 0, 4, 4, 1)),
    (
        correlate2d,
        (IMAGE, KERNEL, "same"),
        {},
        "mode: wanted one of 'valid', 'full', got 'same'",
    ),
    (conv2d, (np.ones((4, 4)), ONES), {}, "x: wanted shape (..., C, H, W), got (4, 4)"),
    (
        conv2d,
        (np.ones((1, 1, 1, 4, 4)), ONES),
        {},
        "x: wanted shape (C, H, W) or (N, C, H, W), got (1, 1, 1, 4, 4)",
    ),
    (
        conv2d,
        (np.ones((0, 1, 4, 4)), ONES),
        {},
        "x: wanted at least one value, got shape (0, 1, 4, 4)",
    ),
    (
        conv2d,
        (np.ones((2, 4, 4)), ONES),
        {},
        "w: wanted shape (O, 2, kh, kw), got (1, 1, 2, 2)",
    ),
    (conv2d, (X, ONES, [1.0, 2.0]), {}, "b: wanted shape (1,), got (2,)"),
    (conv2d, (X, ONES), dict(stride=0), "stride: wanted an integer >= 1, got 0"),
    (conv2d, (X, ONES), dict(stride=1.5), "stride: wanted an integer, got 1.5"),
    (conv2d, (X, ONES), dict(stride=(1, True)), "stride: wanted an integer, got True"),
    (
        conv2d,
        (X, ONES),
        dict(padding=(1, 1, 1)),
        "padding: wanted an integer or a pair, got (1, 1, 1)",
    ),
    (
        conv2d,
        (X, ONES),
        dict(stride=[1, 1, 1]),
        "stride: wanted an integer or a pair, got [1, 1, 1]",
    ),
    (
        conv2d,
        (X, ONES),
        dict(dilation=(1,)),
        "dilation: wanted an integer or a pair, got (1,)",
    ),
    (conv2d, (X, ONES), dict(padding=-1), "padding: wanted an integer >= 0, got -1"),
    (conv2d, (X, ONES), dict(dilation=0), "dilation: wanted an integer >= 1, got 0"),
    (conv2d, (X, ONES), dict(dilation=4), WIDE.format(4, 4, 0, 5, 2, 4)),
    (
        conv2d,
        (X, ONES),
        dict(dilation=(1, 6), padding=1),
        WIDE.format(6, 4, 1, 7, 2, 6),
    ),
    (
        conv2d,
        (X, ONES),
        dict(padding=np.array([1, 1])),
        "padding: wanted an integer or a pair, got array([1, 1])",
    ),
    (conv2d_backward, (Y, (Y, CONV)), {}, "cache: wanted ConvCache, got the pair (val"),
    (conv2d_backward, (Y, MAX), {}, "cache: wanted ConvCache, got MaxPoolCache"),
    (max_pool2d_backward, (LARGEST, CONV), {}, "cache: wanted MaxPoolCache, got Conv"),
    (
        avg_pool2d_backward,
        (AVERAGE, MAX),
        {},
        "cache: wanted AvgPoolCache, got MaxPool",
    ),
    (
        cnn.conv_transpose2d,
        (X, np.ones((2, 1, 2, 2))),
        {},
        "w: wanted shape (1, O, kh, kw), got (2, 1, 2, 2)",
    ),
    (cnn.conv_transpose2d, (X, ONES, [1, 2]), {}, "b: wanted shape (1,), got (2,)"),
    (cnn.conv_transpose2d, (X, ONES), dict(stride=0), "stride: wanted an integer >= 1"),
    (
        cnn.conv_transpose2d,
        (X, ONES),
        dict(padding=3),
        "padding: wanted less, for an output of (-1, -1) pixels, got 3",
    ),
    (
        cnn.conv_transpose2d_backward,
        (X, cnn.conv_transpose2d_forward(X, ONES)[1]),
        {},
        "dy: wanted shape (1, 5, 5) as y has, got (1, 4, 4)",
    ),
    (cnn.conv_transpose2d_backward, (X, CONV), {}, "cache: wanted ConvTransposeCache"),
    (conv2d_backward, (X, CONV), {}, "dy: wanted shape (1, 3, 3) as y has"),
    (max_pool2d, (X, 5), {}, WIDE.format(4, 4, 0, 5, 5, 1)),
    (max_pool2d, (X, 0), {}, "kernel: wanted an integer >= 1, got 0"),
    (max_pool2d, (X, (2, 2, 2)), {}, "kernel: wanted an integer or a pair"),
    (max_pool2d, (X, 2), dict(stride=0), "stride: wanted an integer >= 1, got 0"),
    (
        max_pool2d,
        (X, (3, 2)),
        dict(padding=(2, 1)),
        "padding: wanted at most half of kernel 3, got 2",
    ),
    (max_pool2d, (X[0], 2), {}, "x: wanted shape (..., C, H, W), got (4, 4)"),
    (
        avg_pool2d,
        (X, 2),
        dict(padding=(1, 2)),
        "padding: wanted at most half of kernel 2, got 2",
    ),
    (avg_pool2d, ([[["a"]]], 1), {}, "x: wanted real numbers, got dtype <U1"),
    (max_pool2d_backward, (X, MAX), {}, "dy: wanted shape (1, 2, 2) as y has"),
    (avg_pool2d_backward, (X, AVG), {}, "dy: wanted shape (1, 2, 2) as y has"),
    (output_size, (0, 1), {}, "n: wanted an integer >= 1, got 0"),
    (output_size, (3, 2), dict(padding=-1), "padding: wanted an integer >= 0, got -1"),
    (output_size, (3, 0), {}, "kernel: wanted an integer >= 1, got 0"),
    (output_size, ("3", 1), {}, "n: wanted an integer, got '3'"),
    (receptive_field, ([(3, 0)],), {}, "stride: wanted an integer >= 1, got 0"),
    (receptive_field, ([(3.0,)],), {}, "kernel: wanted an integer, got 3.0"),
    (
        receptive_field,
        ([(3, 1, 0, 0)],),
        {},
        "dilation: wanted an integer >= 1, got 0",
    ),
    (
        init_params,
        ((1, 3, 8), (2, 2), 3),
        dict(rng=RNG),
        "image: wanted (C, H, W) with H, W >= 4, got (1, 3, 8)",
    ),
    (
        init_params,
        ((1, 8), (2,), 3),
        dict(rng=RNG),
        "image: wanted (C, H, W) with H, W >= 2, got (1, 8)",
    ),
    (init_params, ((1, 8, 0), (2,), 3), dict(rng=RNG), "image[2]: wanted an integer"),
    (init_params, ((1, 8, 8), (0,), 3), dict(rng=RNG), "filters[0]: wanted an integer"),
    (init_params, ((1, 8, 8), (2,), 0), dict(rng=RNG), "classes: wanted an integer >="),
    (
        init_params,
        ((1, 8, 8), (2,), 3),
        dict(kernel=2, rng=RNG),
        "kernel: wanted an odd number, got 2",
    ),
    (
        init_params,
        ((1, 8, 8), (2,), 3),
        dict(kernel=0, rng=RNG),
        "kernel: wanted an integer >= 1, got 0",
    ),
    (
        init_params,
        ((1, 8, 8), (2,), 3),
        dict(rng=1),
        "rng: wanted a numpy.random.Generator, got int",
    ),
    (
        init_params,
        ((1, 8, 8), (2,), 3),
        dict(rng=RNG, dtype=int),
        "dtype: wanted float32 or float64",
    ),
    (
        cnn.cnn,
        (np.ones((1, 6, 6)), PARAMS),
        {},
        "dense.W: wanted shape (K, 18), got (3, 8)",
    ),
    (
        cnn.cnn,
        (X, PARAMS._replace(dense=PARAMS.dense._replace(b=[0.0]))),
        {},
        "dense.b: wanted shape (3,), got (1,)",
    ),
    (
        cnn.cnn,
        (X, CNNParams((ConvLayer(np.ones((2, 3, 3, 3)), np.ones(2)),), PARAMS.dense)),
        {},
        "x: wanted images (..., C, H, W) of C = 3 channels, as convs[0].w has, got"
        f" {X.shape}",
    ),
    (
        cnn.cnn,
        (X, CNNParams((ConvLayer(np.ones((2, 1, 3)), np.ones(2)),), PARAMS.dense)),
        {},
        "convs[0].w: wanted shape (O, 1, kh, kw), got (2, 1, 3)",
    ),
    (predict, (X[0], PARAMS), {}, "x: wanted shape (..., C, H, W), got (4, 4)"),
    (loss_and_gradients, (X, 3, PARAMS), {}, "y: wanted classes from 0 to 2, got 3"),
    (
        loss_and_gradients,
        (X, 1, PARAMS),
        dict(reduction="none"),
        "reduction: wanted one of 'mean', 'sum', got 'none'",
    ),
]


@pytest.mark.parametrize(("function", "arguments", "settings", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(function, arguments, settings, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        function(*arguments, **settings)


def test_all_public_names_are_there():
    assert sorted(cnn.__all__) == list(cnn.__all__)
    assert all(hasattr(cnn, name) for name in cnn.__all__)
