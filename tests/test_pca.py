"""Principal components: the floor under every linear code, and angles between spans."""

import re

import numpy as np
import pytest

from dlbook.pca import (
    pca,
    pca_decode,
    pca_encode,
    pca_floor,
    principal_angles,
    projector,
)

SHAPES = [(40, 5), (5, 5), (3, 6), (1, 4), (30, 1)]


def data(shape, seed=0):
    rng = np.random.default_rng(seed)
    scales = np.linspace(1, 3, shape[1])
    return rng.normal(size=shape) * scales + rng.normal(size=shape[1])


def error(x, x_hat):
    return np.mean(np.sum((x - x_hat) ** 2, axis=1))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_components_are_eigenvectors_of_the_covariance(shape):
    x = data(shape)
    fit = pca(x, shape[1])
    covariance = np.cov(x.T, bias=True).reshape(shape[1], shape[1])
    np.testing.assert_allclose(fit.mean, x.mean(axis=0))
    np.testing.assert_allclose(
        fit.components @ covariance, fit.variances[:, None] * fit.components, atol=1e-12
    )
    np.testing.assert_allclose(
        fit.components @ fit.components.T, np.eye(shape[1]), atol=1e-13
    )
    expected = np.linalg.eigvalsh(covariance)[::-1]
    np.testing.assert_allclose(fit.variances, expected, atol=1e-12)
    assert (np.diff(fit.variances) <= 0).all()


def test_wide_data_are_decomposed_by_their_few_examples(monkeypatch):
    x, svd, decomposed = (
        np.random.default_rng(4).normal(size=(20, 600)),
        np.linalg.svd,
        [],
    )

    def recorded(a, full_matrices):
        decomposed.append((a.shape, full_matrices))
        return svd(a, full_matrices)

    monkeypatch.setattr(np.linalg, "svd", recorded)
    fit = pca(x, 2)
    # With all of V, or with zeros below the data, the time is cubic in 600.
    assert decomposed == [((20, 600), False)]
    _, s, _ = svd(x - x.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(fit.variances[:20], s**2 / 20, atol=1e-12)
    assert fit.variances.shape == (600,)
    assert not fit.variances[20:].any()


@pytest.mark.parametrize("k", [3, 5, 7])
def test_beyond_the_rank_of_few_examples_the_basis_is_completed(k):
    x = np.random.default_rng(5).normal(size=(3, 7))
    fit = pca(x, k)
    np.testing.assert_allclose(fit.components @ fit.components.T, np.eye(k), atol=1e-12)
    code = pca_encode(x, fit)
    np.testing.assert_allclose(pca_decode(code, fit), x, atol=1e-12)


def test_without_components_every_code_stands_for_the_mean():
    x = np.random.default_rng(6).normal(size=(4, 3))
    fit = pca(x, 0)
    code = pca_encode(x, fit)
    assert code.shape == (4, 0)
    np.testing.assert_array_equal(
        pca_decode(code, fit), np.tile(x.mean(axis=0), (4, 1))
    )
    np.testing.assert_array_equal(pca_decode(code[0], fit), x.mean(axis=0))
    with pytest.raises(ValueError, match=r"^h: wanted shape \(..., 0\), got \(2,\)$"):
        pca_decode([1.0, 2.0], fit)


def test_the_largest_entry_of_each_component_is_positive():
    components = pca(data((40, 6)), 6).components
    assert all(row[np.argmax(np.abs(row))] > 0 for row in components)
    np.testing.assert_allclose(pca(-data((40, 6)), 6).components, components)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_floor_is_the_error_of_k_components(shape):
    x = data(shape)
    for k in range(shape[1] + 1):
        fit = pca(x, k)
        h = pca_encode(x, fit)
        assert h.shape == (shape[0], k)
        if k:
            x_hat = pca_decode(h, fit)
            np.testing.assert_allclose(error(x, x_hat), pca_floor(x, k), atol=1e-12)
    assert pca_floor(x, shape[1]) == 0
    total = error(x, x.mean(axis=0))
    np.testing.assert_allclose(pca_floor(x, 0), total, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_no_affine_code_of_rank_k_goes_below_the_floor(seed):
    rng = np.random.default_rng(seed)
    n, d = rng.integers(2, 20), rng.integers(2, 8)
    k, x = rng.integers(1, d), data((n, d), seed)
    fit = pca(x, k)
    near = fit.components.T @ fit.components
    near = near + 0.1 * rng.normal(size=(d, k)) @ rng.normal(size=(k, d))
    u, s, v = np.linalg.svd(near)
    for matrix in (
        rng.normal(size=(d, k)) @ rng.normal(size=(k, d)),
        u[:, :k] * s[:k] @ v[:k],
    ):
        x_hat = (x - fit.mean) @ matrix.T + fit.mean + 0.1 * rng.normal(size=d)
        assert error(x, x_hat) >= pca_floor(x, k) - 1e-12


def test_a_point_and_a_batch_have_the_same_codes():
    x = data((10, 4))
    fit = pca(x, 2)
    h = pca_encode(x, fit)
    np.testing.assert_allclose(h[3], pca_encode(x[3], fit))
    np.testing.assert_allclose(pca_decode(h, fit)[3], pca_decode(h[3], fit))


def test_uncentred_data_would_find_the_mean_and_not_the_variance():
    x = np.array([[10.0, 1.0], [10.0, -1.0], [10.0, 2.0], [10.0, -2.0]])
    np.testing.assert_allclose(pca(x, 1).components, [[0, 1]], atol=1e-12)
    uncentred = np.linalg.svd(x)[2][0]
    np.testing.assert_allclose(np.abs(uncentred), [1, 0], atol=1e-12)


def test_the_projector_knows_the_span_and_not_the_rows():
    rng = np.random.default_rng(1)
    W, turn = rng.normal(size=(2, 5)), rng.normal(size=(2, 2))
    P = projector(W)
    np.testing.assert_allclose(projector(turn @ W), P, atol=1e-12)
    np.testing.assert_allclose(P @ P, P, atol=1e-13)
    np.testing.assert_allclose(P, P.T, atol=1e-14)
    np.testing.assert_allclose(W @ P, W, atol=1e-13)
    np.testing.assert_allclose(np.trace(P), 2)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.3, np.pi / 4, 1.5, np.pi / 2])
def test_principal_angles_are_exact_from_zero_to_a_right_angle(angle):
    rng = np.random.default_rng(2)
    frame = np.linalg.qr(rng.normal(size=(5, 5)))[0].T
    A = frame[:2]
    B = [frame[0], np.cos(angle) * frame[1] + np.sin(angle) * frame[2]]
    turn = rng.normal(size=(2, 2))
    angles = principal_angles(turn @ A, B)
    np.testing.assert_allclose(angles, [0, angle], rtol=1e-6, atol=1e-14)
    np.testing.assert_allclose(principal_angles(B, A), angles, atol=1e-14)


def test_a_line_within_a_plane_has_one_angle():
    A, B = np.eye(3)[:2], [[1.0, 1.0, 1.0]]
    expected = [np.arccos(np.sqrt(2 / 3))]
    np.testing.assert_allclose(principal_angles(A, B), expected)
    np.testing.assert_allclose(principal_angles(B, A), expected)
    np.testing.assert_allclose(principal_angles(A, [[1.0, 1.0, 0.0]]), [0], atol=1e-15)


def test_the_angles_are_the_norm_of_the_projectors_difference():
    rng = np.random.default_rng(3)
    for _ in range(20):
        A, B = rng.normal(size=(2, 3, 6))
        largest = principal_angles(A, B)[-1]
        norm = np.linalg.norm(projector(A) - projector(B), 2)
        np.testing.assert_allclose(np.sin(largest), norm, rtol=1e-10)


def test_float32_stays_float32():
    x = data((10, 4)).astype(np.float32)
    fit = pca(x, 2)
    h = pca_encode(x, fit)
    arrays = [*fit, h, pca_decode(h, fit), pca_floor(x, 2), projector(fit.components)]
    arrays.append(principal_angles(x[:2], x[2:4]))
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


FIT = pca(data((10, 4)), 2)
REFUSED = [
    (pca, (np.ones(3), 1), ValueError, "x: wanted shape (N, D), got (3,)"),
    (pca, (np.ones((2, 3)), 4), ValueError, "k: wanted at most 3 components, got 4"),
    (pca, (np.ones((2, 3)), -1), ValueError, "k: wanted an integer >= 0, got -1"),
    (pca, (np.ones((2, 3)), 1.0), TypeError, "k: wanted an integer, got 1.0"),
    (
        pca,
        (np.full((2, 3), np.nan), 1),
        ValueError,
        "x: wanted finite numbers, got nan",
    ),
    (
        pca_floor,
        (np.ones((0, 3)), 1),
        ValueError,
        "x: wanted at least one value, got shape (0, 3)",
    ),
    (pca_encode, (np.ones(3), FIT), ValueError, "x: wanted shape (..., 4), got (3,)"),
    (pca_decode, (np.ones(3), FIT), ValueError, "h: wanted shape (..., 2), got (3,)"),
    (projector, (np.ones(3),), ValueError, "W: wanted shape (K, D), got (3,)"),
    (
        projector,
        (np.ones((2, 3)),),
        ValueError,
        "W: wanted 2 independent rows, got rank 1",
    ),
    (
        principal_angles,
        (np.ones((1, 3)), np.ones((1, 2))),
        ValueError,
        "B: wanted shape (K, 3), got (1, 2)",
    ),
    (
        principal_angles,
        (np.zeros((1, 3)), np.ones((1, 3))),
        ValueError,
        "A: wanted 1 independent rows, got rank 0",
    ),
]


@pytest.mark.parametrize(("function", "args", "error", "message"), REFUSED)
def test_bad_input_is_refused_by_name(function, args, error, message):
    with pytest.raises(error, match="^" + re.escape(message) + "$"):
        function(*args)
