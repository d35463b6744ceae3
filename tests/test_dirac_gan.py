"""The Dirac-GAN: its field from the losses of the game, and where its orbits go."""

import re

import numpy as np
import pytest

from dlbook.compiler import trace
from dlbook.dirac_gan import dirac_field, dirac_orbit
from dlbook.gan import KINDS, discriminator_loss, generator_loss
from dlbook.gradcheck import numerical_gradient


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("penalty", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(4))
def test_the_field_is_each_players_negative_gradient(kind, penalty, seed):
    theta, psi = np.random.default_rng(seed).normal(size=2) * 2

    def d_loss(psi):
        game = discriminator_loss([0.0], [psi * theta], kind=kind)
        return game + penalty / 2 * psi**2

    def g_loss(theta):
        return generator_loss([psi * theta], kind=kind)

    field = dirac_field(theta, psi, kind=kind, penalty=penalty)
    close = dict(rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(field.psi, -numerical_gradient(d_loss, psi), **close)
    np.testing.assert_allclose(field.theta, -numerical_gradient(g_loss, theta), **close)


def test_the_game_is_non_saturating_and_without_penalty_by_default():
    default = dirac_field(1.2, -0.7)
    assert default == dirac_field(1.2, -0.7, kind="non_saturating", penalty=0.0)
    orbit = dirac_orbit(1.2, -0.7, lr=0.5, steps=1)
    np.testing.assert_allclose(orbit[1] - orbit[0], 0.5 * np.array(default))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_the_equilibrium_is_the_origin(kind, penalty):
    assert dirac_field(0.0, 0.0, kind=kind, penalty=penalty) == (0, 0)
    grid = np.linspace(-2, 2, 9)
    theta, psi = np.meshgrid(grid, grid)
    field = dirac_field(theta, psi, kind=kind, penalty=penalty)
    still = np.hypot(*field) == 0
    assert still.sum() == 1 and still[4, 4]


@pytest.mark.parametrize("kind", ["saturating", "wasserstein"])
def test_without_penalty_the_field_turns_and_keeps_the_distance(kind):
    theta, psi = np.random.default_rng(0).normal(size=(2, 50))
    field = dirac_field(theta, psi, kind=kind)
    np.testing.assert_allclose(theta * field.theta + psi * field.psi, 0, atol=1e-15)


def test_the_non_saturating_field_turns_too_and_pulls_inwards_ever_more_weakly():
    theta, psi = np.random.default_rng(0).normal(size=(2, 50))
    field = dirac_field(theta, psi)
    inwards = theta * field.theta + psi * field.psi
    np.testing.assert_allclose(inwards, -psi * theta * np.tanh(psi * theta / 2))
    radius = np.hypot(*dirac_orbit(1.0, 0.5, lr=0.02, steps=4000).T)[::1000]
    assert (np.diff(radius) < 0).all()
    assert (np.diff(radius, 2) > 0).all()


@pytest.mark.parametrize("kind", ["saturating", "wasserstein"])
def test_simultaneous_steps_leave_the_circle_outwards(kind):
    orbit = dirac_orbit(1.0, 0.5, lr=0.2, steps=100, kind=kind)
    assert (np.diff(np.hypot(*orbit.T)) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alternating", [True, False])
def test_a_gradient_penalty_makes_the_game_converge(kind, alternating):
    settings = dict(lr=0.1, steps=2000, kind=kind, alternating=alternating)
    with_penalty = dirac_orbit(1.0, 0.5, penalty=0.5, **settings)
    without = dirac_orbit(1.0, 0.5, **settings)
    assert np.hypot(*with_penalty[-1]) < 1e-6
    assert np.hypot(*without.T).min() > 0.15


@pytest.mark.parametrize("kind", KINDS)
def test_alternating_steps_show_the_generator_the_new_discriminator(kind):
    both = dirac_orbit(1.0, 0.5, lr=0.3, steps=1, kind=kind)
    turns = dirac_orbit(1.0, 0.5, lr=0.3, steps=1, kind=kind, alternating=True)
    psi = 0.5 + 0.3 * dirac_field(1.0, 0.5, kind=kind).psi
    theta_together = 1.0 + 0.3 * dirac_field(1.0, 0.5, kind=kind).theta
    theta_in_turn = 1.0 + 0.3 * dirac_field(1.0, psi, kind=kind).theta
    np.testing.assert_allclose(both[1], [theta_together, psi], rtol=1e-14)
    np.testing.assert_allclose(turns[1], [theta_in_turn, psi], rtol=1e-14)


def test_an_orbit_has_its_start_and_every_step():
    orbit = dirac_orbit(1.0, 0.5, lr=0.1, steps=7, penalty=0.2)
    assert orbit.shape == (8, 2)
    np.testing.assert_array_equal(orbit[0], [1.0, 0.5])
    rest = dirac_orbit(*orbit[3], lr=0.1, steps=4, penalty=0.2)
    np.testing.assert_array_equal(rest, orbit[3:])


def test_extreme_parameters_give_the_limits():
    assert dirac_field(1000.0, 1000.0) == (0, -1000)
    assert dirac_field(1000.0, -1000.0) == (-1000, 0)
    assert dirac_field(1000.0, -1000.0, kind="saturating") == (0, 0)


def test_float32_stays_float32():
    theta = np.ones(3, np.float32)
    for kind in KINDS:
        field = dirac_field(theta, np.ones(3), kind=kind, penalty=0.5)
        assert {a.dtype for a in field} == {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_live_figure_can_trace_field_and_orbit(kind):
    def model(theta, psi, penalty):
        field = dirac_field(theta, psi, kind=kind, penalty=penalty)
        settings = dict(lr=0.2, steps=5, kind=kind, penalty=penalty)
        orbit = dirac_orbit(theta, psi, **settings, alternating=True)
        return dict(field=np.stack(field), orbit=orbit)

    program = trace(model, {"theta": 1.0, "psi": 0.5, "penalty": 0.1})
    for values in np.random.default_rng(0).uniform(0, 2, (20, 3)):
        replayed = program.replay(values)
        for name, value in model(*values).items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-11)


START = dict(lr=0.1, steps=3)
NAMES = "'non_saturating', 'saturating', 'wasserstein'"
REFUSED = [
    (dirac_field, (1.0, [1.0]), {}, "psi: wanted shape () as theta has, got (1,)"),
    (dirac_field, (np.nan, 1.0), {}, "theta: wanted finite numbers, got nan"),
    (dirac_field, (1, 1), {"kind": 1}, f"kind: wanted one of {NAMES}, got 1"),
    (dirac_field, (1, 1), {"penalty": -1}, "penalty: wanted a number >= 0, got -1.0"),
    (dirac_orbit, ([1.0], 1), START, "theta: wanted shape (), got (1,)"),
    (dirac_orbit, (1, np.inf), START, "psi: wanted finite numbers, got inf"),
    (dirac_orbit, (1, 1), {**START, "lr": 0}, "lr: wanted a number > 0, got 0.0"),
    (
        dirac_orbit,
        (1, 1),
        {**START, "steps": 0},
        "steps: wanted an integer >= 1, got 0",
    ),
    (
        dirac_orbit,
        (1, 1),
        {**START, "kind": "minimax"},
        f"kind: wanted one of {NAMES}, got 'minimax'",
    ),
    (
        dirac_orbit,
        (1, 1),
        {**START, "penalty": -1},
        "penalty: wanted a number >= 0, got -1.0",
    ),
]


@pytest.mark.parametrize(("function", "args", "kwargs", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, kwargs, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args, **kwargs)
