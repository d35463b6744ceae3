"""The package against PyTorch, HIPS autograd and SciPy, on random cases."""

import importlib
import inspect

import autograd.numpy as anp
import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from autograd import make_vjp
from scipy.spatial.distance import jensenshannon

from conftest import ROOT
from dlbook import dirac_gan, divergences, gan, linear_gaussian, optim, pca
from oracles import CASES

RTOL = {"float64": 1e-10, "float32": 1e-4}
SEEDS = range(5)

#: Modules that an oracle holds in the file named, or that need none.
ELSEWHERE = {
    "optim": "test_oracles.py",
    "pca": "test_oracles.py",
    "divergences": "test_oracles.py",
    "linear_gaussian": "test_oracles.py",
    "dirac_gan": "test_oracles.py",
    "cnn": "test_cnn.py",
    "rnn": "test_rnn.py",
    "lstm": "test_lstm.py",
    "gru": "test_gru.py",
    "attention": "test_attention.py",
    "sequences": "test_sequences.py",
    "graph": "test_graph.py",
    "gradcheck": "is itself the oracle of every gradient",
}
DRAWS = "draws, batches or loops over what is held here; its own test file has its laws"
WITHOUT = {
    "backprop": {"init_params", "minibatches", "train", "train_step"},
    "autoencoder": {
        *("add_noise", "init_params", "mask", "pca_floor", "train"),
    },
    "vae": {"init_params", "kl_samples", "monte_carlo_kl", "train"},
    "gan": {
        *("discriminator_step", "generator_step", "init_params"),
        *("mode_counts", "optimal_discriminator", "train", "train_step"),
    },
    "perceptron": {
        *("count_errors", "learn", "margin", "max_margin", "novikoff_bound", "update"),
    },
}

each_case = pytest.mark.parametrize("name", CASES)
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
each_seed = pytest.mark.parametrize("seed", SEEDS)


def close(got, wanted, dtype):
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    size = np.max(np.abs(wanted), initial=1e-3)
    np.testing.assert_allclose(got, wanted, rtol=RTOL[dtype], atol=RTOL[dtype] * size)


@each_seed
@each_dtype
@each_case
def test_values_and_gradients_are_those_of_pytorch(torch, name, dtype, seed):
    drawn = CASES[name][0](np.random.default_rng(seed), dtype)
    leaves = [torch.tensor(a, requires_grad=True) for a in drawn.arguments]
    wanted = drawn.oracle(torch, *leaves)
    close(drawn.value, wanted.detach(), dtype)
    assert drawn.value.dtype == dtype
    if drawn.gradients:
        dy = np.ones_like(drawn.value) if drawn.dy is None else drawn.dy
        found = torch.autograd.grad(wanted, leaves, torch.tensor(dy))
        for ours, theirs in zip(drawn.gradients, found, strict=True):
            close(ours, theirs, dtype)
            assert ours.dtype == dtype


@each_seed
@pytest.mark.parametrize(
    "name",
    [name for name in CASES if CASES[name][0](np.random.default_rng(0), "f8").formula],
)
def test_values_and_gradients_are_those_of_autograd(name, seed):
    drawn = CASES[name][0](np.random.default_rng(seed), "float64")
    for k, ours in enumerate(drawn.gradients):

        def of_one(argument, k=k):
            arguments = [*drawn.arguments]
            arguments[k] = argument
            return drawn.formula(anp, *arguments)

        back, value = make_vjp(of_one)(drawn.arguments[k])
        close(drawn.value, value, "float64")
        dy = np.ones_like(drawn.value) if drawn.dy is None else drawn.dy
        close(ours, back(dy), "float64")


def test_every_public_function_of_a_formula_is_held_by_an_oracle():
    covered = {name for _, names in CASES.values() for name in names}
    for path in sorted((ROOT / "dlbook").glob("[a-z]*.py")):
        module = importlib.import_module(f"dlbook.{path.stem}")
        if path.stem in (*ELSEWHERE, "datasets", "notebooks", "plotting"):
            continue
        functions = {
            name for name in module.__all__ if inspect.isfunction(getattr(module, name))
        }
        named = {
            name.split(".")[1] for name in covered if name.startswith(path.stem + ".")
        }
        without = WITHOUT.get(path.stem, set())
        assert functions == named | without, DRAWS
        assert not named & without


# Optimisers ---------------------------------------------------------------------------


@each_seed
@each_dtype
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_ten_steps_of_an_optimiser_are_pytorchs(torch, name, dtype, decay, seed):
    rng = np.random.default_rng(seed)
    params = tuple(rng.normal(size=shape).astype(dtype) for shape in [(3, 2), (4,)])
    lr, also = float(rng.uniform(0.01, 0.3)), dict(weight_decay=decay)
    ours, make = {
        "sgd": (optim.SGD(lr, **also), lambda p: torch.optim.SGD(p, lr, **also)),
        "momentum": (
            optim.Momentum(lr, 0.8, **also),
            lambda p: torch.optim.SGD(p, lr, 0.8, **also),
        ),
        "adam": (
            optim.Adam(lr, 0.8, 0.95, **also),
            lambda p: torch.optim.Adam(p, lr, (0.8, 0.95), **also),
        ),
    }[name]
    leaves = [torch.tensor(p, requires_grad=True) for p in params]
    theirs, state = make(leaves), ours.init(params)
    for _ in range(10):
        grads = tuple(rng.normal(size=p.shape).astype(dtype) for p in params)
        for leaf, grad in zip(leaves, grads, strict=True):
            leaf.grad = torch.tensor(grad)
        theirs.step()
        params, state = ours.update(params, grads, state)
        for leaf, array in zip(leaves, params, strict=True):
            close(array, leaf.detach(), dtype)


@each_seed
@each_dtype
def test_clipping_is_pytorchs(torch, dtype, seed):
    rng = np.random.default_rng(seed)
    grads = tuple(rng.normal(size=shape).astype(dtype) for shape in [(3, 2), (4,)])
    limit = float(rng.uniform(0.5, 6))
    leaves = [torch.tensor(g, requires_grad=True) for g in grads]
    for leaf, grad in zip(leaves, grads, strict=True):
        leaf.grad = torch.tensor(grad)
    norm = torch.nn.utils.clip_grad_norm_(leaves, limit)
    close(optim.global_norm(grads), norm, dtype)
    clipped = optim.clip_by_global_norm(grads, limit)
    for ours, leaf in zip(clipped, leaves, strict=True):
        close(ours, leaf.grad, dtype)


# Closed forms -------------------------------------------------------------------------


@each_seed
def test_principal_components_are_scipys(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(12, 5)) @ rng.normal(size=(5, 5)) + rng.normal(size=5)
    fit = pca.pca(x, 3)
    _, s, Vt = scipy.linalg.svd(x - x.mean(0))
    close(fit.variances[:3], s[:3] ** 2 / len(x), "float64")
    close(pca.projector(fit.components), Vt[:3].T @ Vt[:3], "float64")
    code = pca.pca_encode(x, fit)
    close(np.abs(code), np.abs((x - x.mean(0)) @ Vt[:3].T), "float64")
    low_rank = (x - x.mean(0)) @ Vt[:3].T @ Vt[:3] + x.mean(0)
    close(pca.pca_decode(code, fit), low_rank, "float64")
    close(pca.pca_floor(x, 3), np.sum((x - low_rank) ** 2) / len(x), "float64")
    A, B = rng.normal(size=(2, 2, 5))
    wanted = scipy.linalg.subspace_angles(A.T, B.T)
    close(np.sort(pca.principal_angles(A, B)), np.sort(wanted), "float64")


@each_seed
def test_divergences_are_scipys(seed):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(6), size=2)
    x = np.sort(rng.normal(size=6))
    close(divergences.js_divergence(p, q), jensenshannon(p, q) ** 2, "float64")
    wanted = scipy.stats.wasserstein_distance(x, x, p, q)
    close(divergences.wasserstein(p, q, x), wanted, "float64")
    a, b = rng.normal(size=(2, 9))
    wanted = scipy.stats.wasserstein_distance(a, b)
    close(divergences.wasserstein_samples(a, b), wanted, "float64")


@each_seed
def test_the_evidence_of_a_linear_model_is_scipys(seed):
    rng = np.random.default_rng(seed)
    W, b, v = rng.normal(size=(4, 2)), rng.normal(size=4), float(rng.uniform(0.2, 2))
    x, model = rng.normal(size=(5, 4)), linear_gaussian.LinearGaussian(W, b, v)
    wanted = scipy.stats.multivariate_normal(b, W @ W.T + v * np.eye(4)).logpdf(x)
    close(linear_gaussian.log_evidence(x, model), wanted, "float64")
    # Gaussian conditioning on the joint distribution of z and x
    joint = np.block([[np.eye(2), W.T], [W, W @ W.T + v * np.eye(4)]])
    gain = joint[:2, 2:] @ np.linalg.inv(joint[2:, 2:])
    found = linear_gaussian.posterior(x, model)
    close(found.mean, (x - b) @ gain.T, "float64")
    close(found.covariance, joint[:2, :2] - gain @ joint[2:, :2], "float64")
    mu, log_var = linear_gaussian.best_code(x, model)
    best = linear_gaussian.exact_elbo(x, model, mu, log_var).elbo
    assert (best <= wanted + 1e-10).all()
    for _ in range(5):
        other = mu + rng.normal(size=mu.shape), log_var + rng.normal(size=log_var.shape)
        worse = linear_gaussian.exact_elbo(x, model, *other).elbo
        assert (worse <= best + 1e-10).all()


@each_seed
@pytest.mark.parametrize("kind", gan.KINDS)
def test_the_field_of_the_smallest_game_is_pytorchs(torch, kind, seed):
    theta, psi = np.random.default_rng(seed).normal(size=2)
    t, p = (torch.tensor(v, requires_grad=True) for v in (theta, psi))
    log = torch.nn.functional.logsigmoid
    if kind == "wasserstein":
        g_loss, d_loss = -p * t, p * t
    else:
        g_loss = -log(p * t) if kind == "non_saturating" else log(-p * t)
        d_loss = -log(-p * t)  # the real sample lies at 0 and has no gradient
    field = dirac_gan.dirac_field(theta, psi, kind=kind)
    close(field.theta, -torch.autograd.grad(g_loss, t)[0], "float64")
    close(field.psi, -torch.autograd.grad(d_loss, p)[0], "float64")
