"""What the chapters on generators say of training, held from seeds of its own.

Such training is chaotic: its numbers differ from machine to machine, so nbval does not
compare them. Here the chapters' own functions train again, and a test holds the sign of
each comparison that the text makes, over five networks or more.
"""

from functools import cache

import numpy as np
import pytest

import runs
from dlbook import datasets
from dlbook.gan import mode_counts, optimal_discriminator

SEED = 101


@cache
def chapter(stem):
    return runs.definitions(stem, constants=())


@cache
def digits(bits=False):
    found = datasets.load_digits()
    pixels = found.images.reshape(-1, 64) / found.images.max()
    pixels = (pixels >= 0.5).astype(float) if bits else pixels.astype(np.float32)
    return datasets.split(pixels, found.labels, rng=np.random.default_rng(0))


# Chapter 7 --------------------------------------------------------------------------


@cache
def trained(latent, betas, lr, warm=0, noise=1.0, epochs=30):
    """Train five networks for each beta, as the chapter does."""
    vae, rng = chapter("07_vae"), np.random.default_rng(SEED)
    start = vae["networks"](5 * len(betas), 64, 32, latent, rng)
    beta = np.repeat(betas, 5)[:, None, None]
    return vae["fit"](
        digits(True)[0].x, start, rng, beta, noise, warm, lr=lr, epochs=epochs
    )


def scores(networks):
    """Return R and the divergence on held-out digits, a row for each beta."""
    rng = np.random.default_rng(SEED)
    found = chapter("07_vae")["score"](digits(True)[1].x, networks, rng)
    return [value.reshape(-1, 5) for value in found]


def divergences(networks):
    """Return the divergence of each latent dimension of each network."""
    vae = chapter("07_vae")
    return vae["vae_kl"](*vae["encode"](digits(True)[1].x, networks)[1:])


def test_beta_trades_reconstruction_for_divergence_and_one_bounds_best():
    R, kl = scores(trained(2, (0.1, 1.0, 4.0), 0.02))
    assert (np.diff(R, axis=0) < 0).all(), R
    assert (np.diff(kl, axis=0) < 0).all(), kl
    bound = (R - kl).mean(axis=1)
    assert np.argmax(bound) == 1, bound
    train, test = digits(True)
    mean = train.x.mean(axis=0).clip(1e-6, 1 - 1e-6)
    alone = test.x @ np.log(mean) + (1 - test.x) @ np.log(1 - mean)
    assert R[2].mean() == pytest.approx(alone.mean(), abs=0.6)


def test_a_larger_beta_leaves_fewer_dimensions_in_use_and_warm_up_little_changes():
    networks = trained(8, (0.25, 1.0, 2.0, 4.0), 0.01)
    used = (divergences(networks) > 0.1).sum(axis=1).reshape(-1, 5)
    assert (np.diff(used, axis=0) < 0).all(), used
    assert (used[0] == 8).all() and (used[3] == 0).all(), used
    R, kl = scores(networks)
    warm = np.subtract(*scores(trained(8, (1.0,), 0.01, warm=10)))
    assert abs(warm.mean() - (R - kl)[1].mean()) < 0.35, (R - kl, warm)


def test_a_hidden_beta_of_64_collapses_the_posterior():
    assert divergences(trained(2, (64.0,), 0.02, epochs=10)).max() < 0.02


def test_draws_of_an_autoencoder_fall_into_holes_and_those_of_a_vae_do_not():
    vae, train = chapter("07_vae"), digits(True)[0]

    def far(networks, fitted):
        rng, shares = np.random.default_rng(SEED), []
        for k, codes in enumerate(vae["encode"](train.x, networks)[1]):
            root = np.linalg.cholesky(np.cov(codes.T)) if fitted else np.eye(2)
            z = rng.normal(size=(1000, 2)) @ root.T + fitted * codes.mean(axis=0)
            shown = vae["decode"](z, vae["one"](networks, k))[1] > 0
            off = (shown @ (1 - train.x).T + ~shown @ train.x.T).min(axis=1)
            shares.append(np.mean(off > 6))
        return shares

    ours = far(trained(2, (0.1, 1.0, 4.0), 0.02), False)[5:10]
    theirs = far(trained(2, (0.0,), 0.02, noise=0.0), True)
    assert max(ours) < 0.01 < np.mean(theirs), (ours, theirs)


# Chapter 8 --------------------------------------------------------------------------


def games(x, sizes_G, sizes_D, *rates, **settings):
    """Return the last generators and discriminators of games side by side."""
    gan, rng = chapter("08_gan"), np.random.default_rng(SEED)
    *_, (_, G, D) = gan["play"](x, sizes_G, sizes_D, rng, *rates, **settings)
    return G, D


def made(G, n, seed=5):
    noise = np.random.default_rng(seed).normal(size=(n, G[0][0].shape[-1]))
    return chapter("08_gan")["forward"](noise.astype(np.float32), G)[0]


@cache
def on_ring(eta_G, eta_D, **settings):
    """Return modes found, and the largest share that one mode ever had."""
    gan, rng = chapter("08_gan"), np.random.default_rng(SEED)
    ring = datasets.ring(4000, 0.05, rng=np.random.default_rng(0)).x.astype(np.float32)
    sizes, largest = ((2, 32, 32, 2), (2, 32, 32, 1)), 0
    for _, G, _ in gan["play"](ring, *sizes, rng, eta_G, eta_D, 480, 30, **settings):
        counts = np.array([mode_counts(f, EIGHT, within=0.2) for f in made(G, 1000)])
        largest = np.maximum(largest, counts.max(axis=1) / 1000)
    return (counts >= 10).sum(axis=1), largest


TURN = 2 * np.pi * np.arange(8) / 8
EIGHT = np.stack([np.cos(TURN), np.sin(TURN)], axis=1)


def test_a_slow_discriminator_lets_the_ring_collapse_and_equal_rates_do_not():
    (equal, _), (slow, largest) = on_ring(0.01, 0.01), on_ring(0.02, 0.003)
    assert np.mean(equal >= 7) >= 0.6 and np.mean(slow <= 2) >= 0.6, (equal, slow)
    assert equal.mean() > slow.mean() + 3, (equal, slow)
    assert np.median(largest) > 0.5, largest  # at some moment on one mode


def test_more_steps_of_the_discriminator_keep_the_modes():
    three = on_ring(0.02, 0.003, d_steps=3)[0]
    assert three.mean() > on_ring(0.02, 0.003)[0].mean() + 2, three


def test_a_wasserstein_game_with_penalty_covers_the_ring_evenly():
    found, largest = on_ring(0.003, 0.01, kind="wasserstein", d_steps=3, gamma=2.0)
    assert found.mean() >= 7 and largest.max() < 0.2, (found, largest)


def test_three_steps_bring_the_discriminator_closer_to_its_optimum():
    gan = chapter("08_gan")
    petals = datasets.load_iris().features[:, 2]
    rng = np.random.default_rng(0)
    x = np.repeat(petals, 20) + 0.25 * rng.normal(size=3000) - petals.mean()
    edges = np.linspace(-4, 4, 41)
    middle = (edges[1:] + edges[:-1]) / 2
    p = gan["bell"](middle[:, None], petals - petals.mean(), 0.25).mean(axis=1) * 0.2
    off = []
    for d_steps in (1, 3):
        rng, sizes = np.random.default_rng(SEED), [(1, 24, 24, 1)] * 2
        frames = gan["play"](
            x[:, None].astype(np.float32), *sizes, rng, 0.002, 0.005, 480, 80, n=8,
            d_steps=d_steps,
        )  # fmt: skip
        far = 0
        for _, G, D in list(frames)[1:]:
            q = [np.histogram(f, edges)[0] / 4000 for f in made(G, 4000)[..., 0]]
            at = gan["forward"](middle[:, None].astype(np.float32), D)[0][..., 0]
            best = [optimal_discriminator(p, one + 1e-12) for one in q]
            far = far + (np.abs(gan["sigmoid"](at) - best) * (p + q)).sum(axis=1)
        off.append(far)
    assert np.mean(off[1] < off[0]) >= 0.8, off


def test_the_penalty_brings_generated_digits_nearer_to_the_data():
    train, x = digits()[0], []
    for gamma in (0.0, 0.1):
        sizes = (8, 64, 64, 64), (64, 64, 64, 1)
        G, _ = games(train.x, *sizes, 0.002, 0.004, 700, 700, gamma=gamma)
        x.append(made(G, 1000).clip(0, 1).astype(float))
    frechet = chapter("08_gan")["frechet"]
    data = train.x.mean(axis=0), np.cov(train.x.T)
    usual, penalised = (
        [frechet(*data, one.mean(axis=0), np.cov(one.T)) for one in runs] for runs in x
    )
    assert np.mean(penalised) < np.mean(usual) - 0.1, (usual, penalised)
    half = [np.mean((a > 0.25) & (a < 0.75)) for a in (x[0], digits()[1].x)]
    assert half[0] > 1.5 * half[1], "generated digits are softer than real ones"
