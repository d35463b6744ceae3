"""Where a window comes to as it moves over an image, in convolution and in pooling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from dlbook._core.check import array, integer

__all__ = [
    "ReceptiveField",
    "Sweep",
    "Window",
    "cells",
    "images",
    "output_size",
    "pad",
    "receptive_field",
    "sweep_over",
    "taps",
    "unpad",
]


class Window(NamedTuple):
    """How one layer looks along an axis: its kernel, and how the kernel moves."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1


class ReceptiveField(NamedTuple):
    """What the units of one layer see of the input, along an axis."""

    size: int
    """Inputs from the first to the last that a unit sees."""
    jump: int
    """Inputs from one unit's field to the next unit's."""
    first: int
    """Index of the first input that unit 0 sees; negative in the padding."""


class Sweep(NamedTuple):
    """A window's way over an image; every entry is a pair (rows, columns)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    image: tuple[int, int]
    out: tuple[int, int]


def output_size(
    n: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    r"""Count the places where a kernel fits along an axis.

    .. math:: \text{out} = \left\lfloor
       \frac{n + 2p - d\,(k - 1) - 1}{s} \right\rfloor + 1

    Parameters
    ----------
    n : int
        Length of the axis.
    kernel : int
        Length k of the kernel along it.
    stride : int
        Step s from one place to the next.
    padding : int
        Cells p added at both ends.
    dilation : int
        Distance d between neighbouring cells of the kernel.

    Returns
    -------
    int
        Length of the output.

    Raises
    ------
    TypeError
        If an argument is no integer.
    ValueError
        If one is too small, or the kernel does not fit into the padded axis.

    See Also
    --------
    receptive_field : the other way: what one output saw.

    References
    ----------
    Dumoulin and Visin 2016, :cite:`dumoulin2016`.

    Examples
    --------
    >>> output_size(3, 2), output_size(8, 3, stride=2, padding=1), output_size(
    ...     8, 3, dilation=2
    ... )
    (2, 4, 4)
    """
    n = _whole(n, "n", low=1)
    kernel, stride, padding, dilation = _checked(kernel, stride, padding, dilation)
    room, span = n + 2 * padding, dilation * (kernel - 1) + 1
    too_wide = span > room
    if not getattr(too_wide, "symbolic", False) and too_wide:
        raise ValueError(
            f"kernel: wanted a span of at most {room} (length {n} + 2 * padding "
            f"{padding}), got {span} (kernel {kernel}, dilation {dilation})"
        )
    return (room - span) // stride + 1


def receptive_field(windows: Sequence) -> tuple[ReceptiveField, ...]:
    r"""Follow how much of the input the units of each layer see.

    .. math::

       r_l &= r_{l-1} + d_l\,(k_l - 1)\,j_{l-1}, & r_0 &= 1 \\
       j_l &= s_l\,j_{l-1}, & j_0 &= 1 \\
       f_l &= f_{l-1} - p_l\,j_{l-1}, & f_0 &= 0

    Unit i of layer l sees the inputs from :math:`f_l + i j_l` to
    :math:`f_l + i j_l + r_l - 1`.

    Parameters
    ----------
    windows : sequence of Window or of tuples (kernel, stride, padding, dilation)
        The layers from first to last, convolutions and poolings alike.

    Returns
    -------
    tuple of ReceptiveField
        One for each layer.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If a number is too small.

    See Also
    --------
    output_size : how many outputs there are.

    References
    ----------
    Araujo, Norris and Sim 2019, :cite:`araujo2019`.

    Examples
    --------
    >>> receptive_field([Window(3, padding=1), Window(2, stride=2), Window(3)])[-1]
    ReceptiveField(size=8, jump=2, first=-1)
    """
    size, jump, first, fields = 1, 1, 0, []
    for layer in windows:
        kernel, stride, padding, dilation = _checked(*Window(*layer))
        size = size + dilation * (kernel - 1) * jump
        first = first - padding * jump
        jump = jump * stride
        fields.append(ReceptiveField(size, jump, first))
    return tuple(fields)


def sweep_over(image, kernel, stride=1, padding=0, dilation=1):
    """Check how a window moves over an image, axis by axis."""
    kernel, stride = _pair(kernel, "kernel"), _pair(stride, "stride")
    padding, dilation = _pair(padding, "padding"), _pair(dilation, "dilation")
    out = tuple(
        output_size(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(image, kernel, stride, padding, dilation, strict=True)
    )
    return Sweep(kernel, stride, padding, dilation, tuple(image), out)


def cells(sweep):
    """Yield, for each cell of a window in reading order, the places it comes to."""
    for u, v in product(*map(range, sweep.kernel)):
        yield ..., taps(sweep, 0, u), taps(sweep, 1, v)


def taps(sweep, axis, k):
    """Return the places of the padded axis that the kernel's cell k comes to."""
    start = k * sweep.dilation[axis]
    return slice(
        start,
        start + (sweep.out[axis] - 1) * sweep.stride[axis] + 1,
        sweep.stride[axis],
    )


def pad(x, padding, value=0.0):
    """Put cells around the last two axes."""
    if not any(padding):
        return x
    (h, w), (p, q) = x.shape[-2:], padding
    padded = np.full_like(x, value, shape=(*x.shape[:-2], h + 2 * p, w + 2 * q))
    padded[..., p : p + h, q : q + w] = x
    return padded


def unpad(x, padding):
    """Take away what `pad` put around."""
    (h, w), (p, q) = x.shape[-2:], padding
    return x[..., p : h - p, q : w - q]


def images(x) -> np.ndarray:
    """Check one image or a batch of them."""
    x = array(x, "x", (..., "C", "H", "W"))
    if x.ndim > 4:
        raise ValueError(f"x: wanted shape (C, H, W) or (N, C, H, W), got {x.shape}")
    return x


def _whole(value, name, low):
    return value if getattr(value, "symbolic", False) else integer(value, name, low)


def _checked(kernel, stride, padding, dilation):
    return (
        _whole(kernel, "kernel", low=1),
        _whole(stride, "stride", low=1),
        _whole(padding, "padding", low=0),
        _whole(dilation, "dilation", low=1),
    )


def _pair(value, name):
    if not isinstance(value, (tuple, list)):
        if np.ndim(value) > 0:
            raise TypeError(f"{name}: wanted an integer or a pair, got {value!r}")
        return (value, value)
    if len(value) != 2:
        raise ValueError(f"{name}: wanted an integer or a pair, got {value!r}")
    return tuple(value)
