r"""The Dirac-GAN: the smallest game of its kind, two numbers on an orbit.

All data are at 0. The generator has one parameter and puts all its samples at
:math:`\theta`. The discriminator has one parameter and gives the logit
:math:`o = \psi x`. The game is solved at (0, 0). Following both gradients, the two
parameters chase each other around that point. In the saturating and the Wasserstein
game the field keeps their distance from it, and finite steps spiral outwards. In the
non-saturating game the field leads inwards, ever more slowly. They arrive where the
discriminator's loss has a gradient penalty,

.. math:: \frac{\gamma}{2} \lVert \nabla_x o \rVert^2 = \frac{\gamma}{2} \psi^2 .
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook._core.check import array, choice, integer, like, number
from dlbook._core.formulas import sigmoid
from dlbook._core.types import ArrayLike
from dlbook.gan import KINDS

__all__ = ["DiracField", "dirac_field", "dirac_orbit"]


class DiracField(NamedTuple):
    """The way the two parameters are drawn: each one's negative gradient."""

    theta: float
    psi: float


def dirac_field(
    theta: ArrayLike,
    psi: ArrayLike,
    *,
    kind: str = "non_saturating",
    penalty: float = 0.0,
) -> DiracField:
    r"""Return the negative gradients of both players.

    .. math::

       \dot\psi = -\theta\,\sigma(\psi \theta) - \gamma \psi, \qquad
       \dot\theta = \psi\,\sigma(-\psi \theta) \;\text{or}\;
       \psi\,\sigma(\psi \theta)

    The first is the non-saturating generator, the second the saturating one. With
    "wasserstein" :math:`\dot\psi = -\theta - \gamma\psi` and :math:`\dot\theta = \psi`.

    Parameters
    ----------
    theta, psi : float or array_like of any one shape
        Parameters of the generator and of the discriminator.
    kind : {"non_saturating", "saturating", "wasserstein"}
        The game, as in `dlbook.gan`.
    penalty : float
        Weight gamma of the gradient penalty, not negative.

    Returns
    -------
    DiracField
        theta and psi, in the shape of the parameters.

    Raises
    ------
    ValueError
        If the shapes differ, the kind is unknown, or the penalty is negative.

    See Also
    --------
    dirac_orbit : follows it.

    References
    ----------
    Mescheder, Geiger and Nowozin 2018, :cite:`mescheder2018`.

    Examples
    --------
    >>> dirac_field(1.0, 0.0)
    DiracField(theta=np.float64(0.0), psi=np.float64(-0.5))
    """
    theta = array(theta, "theta")
    psi = like(psi, "psi", theta, "theta")
    choice(kind, "kind", KINDS)
    return _field(theta, psi, kind, number(penalty, "penalty", low=0))


def dirac_orbit(
    theta: float,
    psi: float,
    *,
    lr: float,
    steps: int,
    kind: str = "non_saturating",
    penalty: float = 0.0,
    alternating: bool = False,
) -> np.ndarray:
    """Follow both negative gradients, step by step.

    Parameters
    ----------
    theta, psi : float
        Where to start.
    lr : float
        Learning rate of both players, positive.
    steps : int
        Number of steps.
    kind, penalty
        As for `dirac_field`.
    alternating : bool
        Whether the generator sees the discriminator's new parameter; without it both
        step at once.

    Returns
    -------
    ndarray of shape (steps + 1, 2)
        theta and psi at the start and after each step.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range or the kind is unknown.

    See Also
    --------
    dirac_field : the field that it follows.

    References
    ----------
    Mescheder, Geiger and Nowozin 2018, :cite:`mescheder2018`.

    Examples
    --------
    >>> orbit = dirac_orbit(1.0, 0.0, lr=0.1, steps=2, kind="wasserstein")
    >>> orbit.round(4)
    array([[ 1.  ,  0.  ],
           [ 1.  , -0.1 ],
           [ 0.99, -0.2 ]])
    """
    theta, psi = number(theta, "theta"), number(psi, "psi")
    lr, steps = number(lr, "lr", above=0), integer(steps, "steps", low=1)
    choice(kind, "kind", KINDS)
    penalty, path = number(penalty, "penalty", low=0), [(theta, psi)]
    for _ in range(steps):
        new_psi = psi + lr * _field(theta, psi, kind, penalty).psi
        seen = new_psi if alternating else psi
        theta, psi = theta + lr * _field(theta, seen, kind, penalty).theta, new_psi
        path.append((theta, psi))
    return np.stack([np.stack(column) for column in zip(*path, strict=True)], axis=1)


def _field(theta, psi, kind, penalty):
    if kind == "wasserstein":
        return DiracField(+psi, -theta - penalty * psi)
    fake = sigmoid(psi * theta)
    pull = sigmoid(-psi * theta) if kind == "non_saturating" else fake
    return DiracField(psi * pull, -theta * fake - penalty * psi)
