"""Two arrays that ought to be one."""

import numpy as np

__all__ = ["close"]


def close(a, b, rtol=1e-10):
    """Hold two arrays equal, up to ``rtol`` of their largest entry."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"{a.shape} against {b.shape}"
    scale = np.max(np.abs(b), initial=1e-300)
    np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale)
