"""The adversarial game: its losses and their slopes, and who holds still when."""

import re

import numpy as np
import pytest

from dlbook.backprop import Layer, mlp
from dlbook.compiler import trace
from dlbook.datasets import ring
from dlbook.gan import (
    KINDS,
    Players,
    d_discriminator_loss,
    d_generator_loss,
    discriminate,
    discriminator_gradients,
    discriminator_loss,
    discriminator_step,
    generate,
    generator_gradients,
    generator_loss,
    generator_step,
    gradient_penalty,
    gradient_penalty_gradients,
    init_params,
    mode_counts,
    optimal_discriminator,
    train,
    train_step,
)
from dlbook.gradcheck import check_gradient, numerical_gradient
from dlbook.optim import SGD, Adam
from named import named

LOGIT = np.log(0.999 / 0.001)


def sigmoid(o):
    return 1 / (1 + np.exp(-o))


def random_game(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    noise, sample = rng.integers(1, 4, size=2).tolist()
    params = init_params(
        (noise, 5, sample), (sample, 4, 3, 1), rng=rng, dtype=dtype
    )  # fmt: skip
    params = Players(
        *(
            tuple(
                layer._replace(b=0.3 * rng.normal(size=layer.b.shape).astype(dtype))
                for layer in net
            )
            for net in params
        )
    )
    real = rng.normal(size=(rng.integers(1, 6), sample)).astype(dtype)
    return rng, params, real, rng.normal(size=(4, noise)).astype(dtype)


def under(params, hidden):
    """The same players with another activation in their hidden layers."""
    return Players(*(named(net, hidden) for net in params))


@pytest.mark.parametrize(
    ("logit", "saturating", "other"),
    [(-LOGIT, -0.001, -0.999), (LOGIT, -0.999, -0.001)],
    ids=["D = 0.001", "D = 0.999"],
)
def test_the_saturating_loss_has_no_slope_where_d_is_sure_of_a_fake(
    logit, saturating, other
):
    np.testing.assert_allclose(d_generator_loss([logit]), [other], rtol=1e-12)
    slope = d_generator_loss([logit], kind="saturating")
    np.testing.assert_allclose(slope, [saturating], rtol=1e-12)
    by_hand = numerical_gradient(lambda o: np.log(1 - sigmoid(o)), np.array(logit))
    np.testing.assert_allclose(slope[0], by_hand, rtol=1e-6)


def test_the_fixed_points_are_log_four_for_d_and_log_two_for_g():
    d_loss = discriminator_loss([0.0, 0.0], [0.0])
    np.testing.assert_allclose(d_loss, np.log(4))
    np.testing.assert_allclose(d_loss, 1.386, atol=5e-4)
    np.testing.assert_allclose(d_loss / 2, 0.693, atol=5e-4)
    np.testing.assert_allclose(generator_loss([0.0]), np.log(2))
    np.testing.assert_allclose(generator_loss([0.0], kind="saturating"), -np.log(2))


@pytest.mark.parametrize("shapes", [((5,), (3,)), ((2, 1), (4, 1)), ((), ())])
def test_the_losses_are_means_of_logarithms(shapes):
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(size=shape) for shape in shapes)
    expected = -np.mean(np.log(sigmoid(real))) - np.mean(np.log(1 - sigmoid(fake)))
    for kind in ("non_saturating", "saturating"):
        value = discriminator_loss(real, fake, kind=kind)
        np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(discriminator_loss(real, fake), expected, rtol=1e-12)
    g_loss = -np.mean(np.log(sigmoid(fake)))
    np.testing.assert_allclose(generator_loss(fake), g_loss, rtol=1e-12)
    minimax = generator_loss(fake, kind="saturating")
    np.testing.assert_allclose(minimax, np.mean(np.log(1 - sigmoid(fake))), rtol=1e-12)


def test_the_critic_wants_real_samples_to_score_high():
    high, low = [3.0, 5.0], [-1.0]
    assert discriminator_loss(high, low, kind="wasserstein") == -1 - 4
    assert discriminator_loss(low, high, kind="wasserstein") == 4 + 1
    assert generator_loss(high, kind="wasserstein") == -4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shapes", [((5,), (3,)), ((2, 1), (4, 1)), ((), ())])
def test_every_loss_has_its_slope(kind, shapes):
    rng = np.random.default_rng(1)
    real, fake = (rng.normal(size=shape) for shape in shapes)
    check_gradient(
        lambda o: discriminator_loss(*o, kind=kind),
        (real, fake),
        tuple(d_discriminator_loss(real, fake, kind=kind)),
    )
    check_gradient(
        lambda o: generator_loss(o, kind=kind), fake, d_generator_loss(fake, kind=kind)
    )


def test_without_a_name_the_game_is_the_sources():
    real, fake = np.array([0.3]), np.array([-0.8])
    for f in (generator_loss, d_generator_loss):
        assert f(fake) == f(fake, kind="non_saturating") != f(fake, kind="saturating")
    for f in (discriminator_loss, d_discriminator_loss):
        assert f(real, fake) == f(real, fake, kind="saturating")
        assert f(real, fake) != f(real, fake, kind="wasserstein")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_give_finite_losses_and_slopes(dtype):
    o = np.array([-1000.0, 1000.0], dtype)
    for kind in KINDS:
        values = [generator_loss(o, kind=kind), discriminator_loss(o, -o, kind=kind)]
        values += [d_generator_loss(o, kind=kind)]
        values += d_discriminator_loss(o, o, kind=kind)
        assert all(np.isfinite(v).all() and v.dtype == dtype for v in values)
    np.testing.assert_array_equal(2 * d_generator_loss(o), [-1, 0])
    np.testing.assert_array_equal(2 * d_generator_loss(o, kind="saturating"), [0, -1])
    assert generator_loss(o) == 500


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hidden", ["tanh", "softplus"])
@pytest.mark.parametrize("seed", range(4))
def test_both_players_gradients_equal_their_numerical_ones(kind, hidden, seed):
    _, params, real, z = random_game(seed)
    params, game = under(params, hidden), dict(kind=kind)
    loss, grads = discriminator_gradients(real, z, params, **game)
    fake = generate(z, params.generator)
    halves = (discriminate(x, params.discriminator) for x in (real, fake))
    np.testing.assert_allclose(loss, discriminator_loss(*halves, kind=kind), rtol=1e-12)

    def d_loss(layers):
        new = params._replace(discriminator=layers)
        # A critic's loss is a small difference: the 1 sets the scale of its rounding.
        return 1 + discriminator_gradients(real, z, new, **game).loss

    check_gradient(d_loss, params.discriminator, grads)
    loss, grads = generator_gradients(z, params, **game)
    logits = discriminate(fake, params.discriminator)
    np.testing.assert_allclose(loss, generator_loss(logits, kind=kind), rtol=1e-12)

    def g_loss(layers):
        return generator_gradients(z, params._replace(generator=layers), **game).loss

    check_gradient(g_loss, params.generator, grads)


def test_generator_and_discriminator_are_networks():
    _, params, real, z = random_game(1)
    expected = mlp(z, params.generator)
    np.testing.assert_array_equal(generate(z, params.generator), expected)
    logits = discriminate(real, params.discriminator)
    np.testing.assert_array_equal(logits, mlp(real, params.discriminator)[:, 0])
    assert discriminate(real[0], params.discriminator).shape == ()
    players = init_params((2, 4, 3), (3, 4, 1), hidden="relu", rng=RNG)
    assert [[layer.phi for layer in net] for net in players] == [
        ["relu", "identity"]
    ] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_player_moves_alone_and_lowers_its_own_loss(kind):
    _, params, real, z = random_game(2)
    sgd = SGD(lr=1e-3)
    d = discriminator_step(real, z, params, sgd, ())
    before, grads = discriminator_gradients(real, z, params)
    assert d.loss == before
    np.testing.assert_array_equal(
        d.layers[0].W, params.discriminator[0].W - 1e-3 * grads[0].W
    )
    after = params._replace(discriminator=d.layers)
    assert discriminator_gradients(real, z, after).loss < before
    g = generator_step(z, params, sgd, ())
    before, grads = generator_gradients(z, params)
    assert g.loss == before
    np.testing.assert_array_equal(
        g.layers[0].W, params.generator[0].W - 1e-3 * grads[0].W
    )
    after = params._replace(generator=g.layers)
    assert generator_gradients(z, after).loss < before
    params, game = under(params, "relu"), dict(kind=kind)
    for player, done in (
        (discriminator_gradients(real, z, params, **game),
         discriminator_step(real, z, params, sgd, (), **game)),
        (generator_gradients(z, params, **game),
         generator_step(z, params, sgd, (), **game)),
    ):  # fmt: skip
        assert done.loss == player.loss


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_moves_d_with_g_held_fixed_and_then_g_against_the_new_d(kind):
    rng, params, real, z = random_game(3)
    z_g, params = rng.normal(size=z.shape), under(params, "relu")
    adam = Players(Adam(lr=0.01), Adam(lr=0.02))
    state = Players(*(o.init(p) for o, p in zip(adam, params, strict=True)))
    game = dict(kind=kind)
    done = train_step(real, z, z_g, params, adam, state, **game)
    d = discriminator_step(
        real, z, params, adam.discriminator, state.discriminator, **game
    )
    middle = params._replace(discriminator=d.layers)
    g = generator_step(z_g, middle, adam.generator, state.generator, **game)
    assert (done.step, done.d_loss, done.g_loss) == (1, d.loss, g.loss)
    for mine, theirs in ((done.params.generator, g), (done.params.discriminator, d)):
        for a, b in zip(mine, theirs.layers, strict=True):
            np.testing.assert_array_equal(a.W, b.W)
            np.testing.assert_array_equal(a.b, b.b)
    assert (done.state.generator.step, done.state.discriminator.step) == (1, 1)
    g_loss_against_old = generator_gradients(z_g, params, **game).loss
    assert done.g_loss != g_loss_against_old


# The penalty on the critic's slope

SMOOTH = ["identity", "sigmoid", "tanh", "softplus"]


@pytest.mark.parametrize("hidden", [*SMOOTH, "leaky_relu", "relu"])
@pytest.mark.parametrize("seed", range(3))
def test_the_penalty_is_of_the_slopes_that_differences_find(hidden, seed):
    _, params, real, _ = random_game(seed)
    critic = named(params.discriminator, hidden)
    slopes = [
        numerical_gradient(lambda v: float(discriminate(v, critic)), x) for x in real
    ]
    wanted = np.mean((np.linalg.norm(slopes, axis=1) - 1) ** 2)
    np.testing.assert_allclose(gradient_penalty(real, critic), wanted, rtol=1e-6)


@pytest.mark.parametrize("output", ["identity", "tanh"])
@pytest.mark.parametrize("hidden", [*SMOOTH, "leaky_relu", "relu"])
@pytest.mark.parametrize("seed", range(3))
def test_the_penalty_has_its_gradient(hidden, output, seed):
    _, params, real, _ = random_game(seed)
    critic = named(params.discriminator, hidden, output)
    penalty, gradients = gradient_penalty_gradients(real, critic)
    assert penalty == gradient_penalty(real, critic)
    check_gradient(lambda layers: gradient_penalty(real, layers), critic, gradients)


def test_a_critic_without_slope_is_penalised_by_one_and_has_no_direction():
    flat = (Layer(np.zeros((1, 2)), np.zeros(1), "identity"),)
    penalty, gradients = gradient_penalty_gradients([[1.0, 2.0]], flat)
    assert penalty == 1
    np.testing.assert_array_equal(gradients[0].W, [[0, 0]])


@pytest.mark.parametrize("kind", KINDS)
def test_the_penalty_is_added_between_real_and_fake(kind):
    rng, params, real, _ = random_game(4)
    z = rng.normal(size=(len(real), params.generator[0].W.shape[1]))
    mix, fake = rng.uniform(size=len(real)), generate(z, params.generator)
    between = mix[:, None] * real + (1 - mix[:, None]) * fake
    plain = discriminator_gradients(real, z, params, kind=kind)
    steep = gradient_penalty_gradients(between, params.discriminator)
    settings = dict(kind=kind, penalty=3.0, mix=mix)
    loss, gradients = discriminator_gradients(real, z, params, **settings)
    np.testing.assert_allclose(loss, plain.loss + 3 * steep.loss, rtol=1e-12)
    for sum_, a, b in zip(gradients, plain.gradients, steep.gradients, strict=True):
        np.testing.assert_allclose(sum_.W, a.W + 3 * b.W, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(sum_.b, a.b + 3 * b.b, rtol=1e-12, atol=1e-14)
    done = discriminator_step(real, z, params, SGD(lr=0.1), (), **settings)
    assert done.loss == loss
    both, state = Players(SGD(0.1), SGD(0.1)), Players((), ())
    two = train_step(real, z, z, params, both, state, **settings)
    np.testing.assert_array_equal(two.params.discriminator[0].W, done.layers[0].W)


def test_the_penalty_keeps_the_critics_slope_near_one():
    def slopes(penalty):
        rng = np.random.default_rng(0)
        x = 3 + 0.2 * rng.normal(size=(500, 1))
        params = init_params((1, 1), (1, 16, 1), rng=rng)
        both, settings = Players(SGD(1e-9), Adam(0.02)), dict(kind="wasserstein")
        *_, last = train(
            x, params, both, steps=300, batch_size=64, rng=rng, penalty=penalty,
            **settings,
        )  # fmt: skip
        return gradient_penalty(
            np.linspace(0, 3, 50)[:, None], last.params.discriminator
        )

    assert slopes(10.0) < 0.05 < 1 < slopes(0.0)


@pytest.mark.parametrize("d_steps", [1, 3])
def test_training_is_its_steps_in_the_order_of_the_seed(d_steps):
    rng, params, _, _ = random_game(5)
    x = rng.normal(size=(30, params.generator[-1].b.shape[0]))
    both = Players(Adam(lr=0.01), SGD(lr=0.1))
    params, settings = under(params, "relu"), dict(kind="wasserstein")
    found = list(
        train(x, params, both, steps=3, batch_size=4, d_steps=d_steps,
              rng=np.random.default_rng(6), **settings)
    )  # fmt: skip
    rng, width = np.random.default_rng(6), params.generator[0].W.shape[1]
    state = Players(*(o.init(p) for o, p in zip(both, params, strict=True)))

    def draw():
        return x[rng.integers(30, size=4)], rng.standard_normal((4, width))

    for number, done in enumerate(found, start=1):
        for _ in range(d_steps - 1):
            d = discriminator_step(*draw(), params, both[1], state[1], **settings)
            params, state = Players(params[0], d.layers), Players(state[0], d.state)
        real, z_d = draw()
        _, z_g = draw()
        expected = train_step(real, z_d, z_g, params, both, state, **settings)
        params, state = expected.params, expected.state
        assert done[:3] == (number, expected.d_loss, expected.g_loss)
        np.testing.assert_array_equal(done.params[0][0].W, params[0][0].W)
        np.testing.assert_array_equal(done.params[1][0].W, params[1][0].W)
        assert done.state.generator.step == number


def test_a_generator_in_one_dimension_finds_the_data():
    rng = np.random.default_rng(7)
    x = 2 + 0.7 * rng.standard_normal((1000, 1))
    params = init_params((1, 8, 1), (1, 16, 1), rng=rng)
    both = Players(Adam(lr=0.005, beta1=0.5), Adam(lr=0.01, beta1=0.5))
    *_, last = train(x, params, both, steps=800, batch_size=64, rng=rng)
    fake = generate(rng.standard_normal((2000, 1)), last.params.generator)
    assert abs(fake.mean() - 2) < 0.4
    assert 0.2 < fake.std() < 1.4
    assert abs(last.d_loss - np.log(4)) < 0.3


def test_the_optimal_discriminator_is_p_over_p_plus_q():
    rng = np.random.default_rng(8)
    p, q = rng.exponential(size=(2, 50))
    best = optimal_discriminator(p, q)
    np.testing.assert_allclose(best, p / (p + q), rtol=1e-14)
    at = [optimal_discriminator(a, b) for a, b in ((1, 0), (0, 1), (0, 0), (2, 2))]
    assert at == [1, 0, 0.5, 0.5]

    def game(d):
        return -(p * np.log(d) + q * np.log(1 - d))

    for d in (best + 1e-3 * (1 - best), best - 1e-3 * best):
        assert (game(d) > game(best)).all()


def test_training_d_alone_approaches_the_optimal_discriminator():
    rng = np.random.default_rng(9)
    real, z = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([[0.0], [1.0]])
    generator = (Layer(np.eye(1), np.zeros(1), "identity"),)
    params = Players(generator, init_params((1, 1), (1, 1), rng=rng).discriminator)
    sgd = SGD(lr=0.5)
    for _ in range(2000):
        d = discriminator_step(real, z, params, sgd, ())
        params = params._replace(discriminator=d.layers)
    found = sigmoid(discriminate([[0.0], [1.0]], params.discriminator))
    best = optimal_discriminator([0.75, 0.25], [0.5, 0.5])
    np.testing.assert_allclose(found, best, rtol=1e-4)


def test_mode_counts_find_the_ring_and_miss_what_was_dropped():
    x, mode = ring(4000, noise=0.02, rng=np.random.default_rng(10))
    angle = 2 * np.pi * np.arange(8) / 8
    centres = np.column_stack([np.cos(angle), np.sin(angle)])
    counts = mode_counts(x, centres, within=0.1)
    np.testing.assert_array_equal(counts, np.full(8, 500))
    counts = mode_counts(x[mode < 3], centres, within=0.1)
    np.testing.assert_array_equal(counts > 0, np.arange(8) < 3)
    assert mode_counts(np.zeros((5, 2)), centres, within=0.1).sum() == 0
    np.testing.assert_array_equal(
        mode_counts([[0.5], [0.6]], [[0.0], [1.0]], 0.5), [1, 1]
    )


def test_initial_players_fit_each_other():
    params = init_params((2, 8, 3), (3, 6, 1), rng=np.random.default_rng(0))
    assert [p.W.shape for p in params.generator] == [(8, 2), (3, 8)]
    assert [p.W.shape for p in params.discriminator] == [(6, 3), (1, 6)]


def test_float32_stays_float32():
    rng, params, real, z = random_game(6, np.float32)
    assert generate(z, params.generator).dtype == np.float32
    adam = Players(Adam(lr=0.01), Adam(lr=0.01))
    settings = dict(steps=1, batch_size=2, rng=rng, d_steps=2)
    for kind in KINDS:
        (done,) = train(real, params, adam, kind=kind, **settings)
        arrays = [a for net in done.params for layer in net for a in layer[:2]]
        penalty = gradient_penalty_gradients(real, params.discriminator)
        arrays += [penalty.loss, *penalty.gradients[0][:2]]
        (steep,) = train(real, params, adam, kind=kind, penalty=1.0, **settings)
        arrays += [steep.d_loss, *steep.params.discriminator[0][:2]]
        arrays += [optimal_discriminator(real**2, real.astype(float) ** 2)]
        arrays += [generator_gradients(z, params, kind=kind).loss]
        arrays += [discriminator_gradients(real, z, params, kind=kind).loss]
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_live_figure_can_trace_players_and_losses(kind):
    def model(z, W_g, b_g, W_d, b_d, real, p):
        x = generate(z, (Layer(W_g, b_g, "identity"),))
        fake = discriminate(x, (Layer(W_d, b_d, "identity"),))
        slopes = d_discriminator_loss(real, fake, kind=kind)
        return dict(
            fake=fake,
            d_loss=discriminator_loss(real, fake, kind=kind),
            g_loss=generator_loss(fake, kind=kind),
            slopes=np.stack([slopes.real, slopes.fake]),
            g_slope=d_generator_loss(fake, kind=kind),
            best=optimal_discriminator(p, np.array([0.2, 0.4])),
        )

    shapes = [(2,), (2, 2), (2,), (1, 2), (1,), (), (2,)]
    names = model.__code__.co_varnames[: len(shapes)]
    inputs = {n: np.full(s, 0.5) for n, s in zip(names, shapes, strict=True)}
    program, rng = trace(model, inputs), np.random.default_rng(11)
    for _ in range(20):
        values = {n: rng.normal(size=s) for n, s in zip(names, shapes, strict=True)}
        values["p"] = rng.exponential(size=2)
        flat = np.concatenate([np.ravel(v) for v in values.values()])
        for name, replayed in program.replay(flat).items():
            np.testing.assert_allclose(replayed, model(**values)[name], rtol=1e-11)


RNG = np.random.default_rng(0)
PARAMS = init_params((1, 2), (2, 1), rng=np.random.default_rng(0))
X, Z, SGD1, STATE = np.ones((4, 2)), np.ones((3, 1)), SGD(lr=1), Players((), ())
BOTH = Players(SGD1, SGD1)
FIT = dict(steps=1, batch_size=2, rng=RNG)
NAMES = "kind: wanted one of 'non_saturating', 'saturating', 'wasserstein', got 'hinge'"
REFUSED = [
    (discriminator_loss, ([np.nan], [0.0]), {}, "real: wanted finite numbers, got nan"),
    (discriminator_loss, ([0.0], [np.inf]), {}, "fake: wanted finite numbers, got inf"),
    (discriminator_loss, ([0.0], [0.0]), {"kind": "hinge"}, NAMES),
    (
        d_discriminator_loss,
        ([], [0.0]),
        {},
        "real: wanted at least one value, got shape (0,)",
    ),
    (
        d_discriminator_loss,
        ([0.0], []),
        {},
        "fake: wanted at least one value, got shape (0,)",
    ),
    (d_discriminator_loss, ([0.0], [0.0]), {"kind": "hinge"}, NAMES),
    (generator_loss, ([np.nan],), {}, "logits: wanted finite numbers, got nan"),
    (generator_loss, ([0.0],), {"kind": "hinge"}, NAMES),
    (d_generator_loss, ([],), {}, "logits: wanted at least one value, got shape (0,)"),
    (d_generator_loss, ([0.0],), {"kind": "hinge"}, NAMES),
    (
        init_params,
        ((1, 2), (3, 1)),
        {"rng": RNG},
        "discriminator_sizes: wanted 2 first and 1 last, got (3, 1)",
    ),
    (
        init_params,
        ((1, 2), [2, 2]),
        {"rng": RNG},
        "discriminator_sizes: wanted 2 first and 1 last, got (2, 2)",
    ),
    (
        generate,
        (X, PARAMS.generator),
        {},
        "layers[0].W: wanted shape (K, 2), got (2, 1)",
    ),
    (
        discriminate,
        (Z, PARAMS.generator),
        {},
        "layers: wanted a discriminator with one output, got 2",
    ),
    (
        discriminator_gradients,
        (X[0], Z, PARAMS),
        {},
        "real: wanted shape (N, 2), got (2,)",
    ),
    (
        discriminator_gradients,
        (X, Z[0], PARAMS),
        {},
        "z: wanted shape (M, L), got (1,)",
    ),
    (generator_gradients, (Z[0], PARAMS), {}, "z: wanted shape (M, L), got (1,)"),
    (generator_step, (Z[0], PARAMS, SGD1, ()), {}, "z: wanted shape (M, L), got (1,)"),
    (
        discriminator_gradients,
        (X, Z, PARAMS),
        {"penalty": 1},
        "mix: wanted numbers from 0 to 1 for a penalty, got None",
    ),
    (
        discriminator_gradients,
        (X, Z, PARAMS),
        {"penalty": 1, "mix": np.ones(4)},
        "z: wanted 4 rows as real has, got 3",
    ),
    (
        discriminator_gradients,
        (X[:3], Z, PARAMS),
        {"penalty": 1, "mix": np.full(3, 2.0)},
        "mix: wanted values <= 1, got 2.0",
    ),
    (
        train,
        (X, PARAMS, BOTH),
        {**FIT, "penalty": -1},
        "penalty: wanted a number >= 0, got -1.0",
    ),
    (
        gradient_penalty,
        (X[0], PARAMS.discriminator),
        {},
        "x: wanted shape (N, D), got (2,)",
    ),
    (
        gradient_penalty,
        (Z, PARAMS.generator),
        {},
        "layers: wanted a discriminator with one output, got 2",
    ),
    (
        train_step,
        (X, Z, Z[0], PARAMS, BOTH, STATE),
        {},
        "z_g: wanted shape (M, 1), got (1,)",
    ),
    (train, (X[0], PARAMS, BOTH), FIT, "x: wanted shape (N, 2), got (2,)"),
    (train, (X, PARAMS, BOTH), {**FIT, "kind": "hinge"}, NAMES),
    (
        train,
        (X, PARAMS, BOTH),
        {**FIT, "steps": 0},
        "steps: wanted an integer >= 1, got 0",
    ),
    (
        train,
        (X, PARAMS, BOTH),
        {**FIT, "d_steps": 0},
        "d_steps: wanted an integer >= 1, got 0",
    ),
    (
        train,
        (X, PARAMS, BOTH),
        {**FIT, "batch_size": 0},
        "batch_size: wanted an integer >= 1, got 0",
    ),
    (optimal_discriminator, ([-1.0], [1.0]), {}, "p: wanted values >= 0, got -1.0"),
    (optimal_discriminator, ([1.0], [-1.0]), {}, "q: wanted values >= 0, got -1.0"),
    (
        optimal_discriminator,
        ([1.0], 1.0),
        {},
        "q: wanted shape (1,) as p has, got ()",
    ),
    (mode_counts, (X[0], X, 1), {}, "x: wanted shape (N, D), got (2,)"),
    (mode_counts, (X, Z, 1), {}, "centres: wanted shape (K, 2), got (3, 1)"),
    (mode_counts, (X, X, 0), {}, "within: wanted a number > 0, got 0.0"),
]


@pytest.mark.parametrize(("function", "args", "kwargs", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, kwargs, message):
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        function(*args, **kwargs)


def test_what_are_no_players_no_optimisers_and_no_sizes_is_refused():
    with pytest.raises(
        TypeError, match="^optimisers: wanted Players of two optimisers"
    ):
        train(X, PARAMS, SGD1, **FIT)
    with pytest.raises(TypeError, match="^optimisers.discriminator: wanted an optim"):
        train(X, PARAMS, Players(SGD1, None), **FIT)
    with pytest.raises(TypeError, match="^params: wanted Players, got tuple$"):
        train(X, tuple(PARAMS), BOTH, **FIT)
    with pytest.raises(TypeError, match="^generator_sizes: wanted at least two sizes"):
        init_params(2, 1, rng=RNG)


def test_a_missing_generator_of_random_numbers_is_refused():
    wanted = "^rng: wanted a numpy.random.Generator, got NoneType$"
    with pytest.raises(TypeError, match=wanted):
        init_params((1, 2), (2, 1), rng=None)
    with pytest.raises(TypeError, match=wanted):
        train(X, PARAMS, BOTH, **{**FIT, "rng": None})
