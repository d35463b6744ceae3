"""The compiled model against plain NumPy, and the figures of a notebook."""

import numpy as np

__all__ = ["compare", "random_settings"]

NUDGE = 1e-9
CLOSE = dict(rtol=1e-9, atol=1e-12, equal_nan=True)


def random_settings(sliders, n, rng):
    """Return settings of sliders: all at an end, each at its ends, and random ones.

    Parameters
    ----------
    sliders : list of Slider
    n : int
        Number of random settings.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (2 + 2 * (sliders of their own) + n, len(sliders))
    """
    default = np.array([slider.value for slider in sliders])
    low = np.array([slider.low for slider in sliders])
    high = np.array([slider.high for slider in sliders])
    ends = []
    for k, slider in enumerate(sliders):
        if slider.hand:  # one cell of many: the ends of all at once, and random ones
            continue
        for end in (low, high):
            ends.append(default.copy())
            ends[-1][k] = end[k]
    drawn = [
        [slider.at(int(rng.integers(slider.positions))) for slider in sliders]
        for _ in range(n)
    ]
    return np.array([low, high, *ends, *drawn])


def compare(live, n, rng):
    """Raise if the compiled model of a figure and NumPy differ on some setting.

    Both may fall on different sides of a jump where rounding decides, as in
    ``step(0.1 + 0.2 - 0.3)``. There the compiled model has to give what NumPy gives a
    hair's breadth beside the setting.
    """
    for state in random_settings(live.sliders, n, rng):
        with np.errstate(all="ignore"):
            compiled, plain = live.replay(state), live.evaluate(state)
            for name, value in compiled.items():
                if np.allclose(value, plain[name], **CLOSE):
                    continue
                if _jumps(live, state, name, value, rng):
                    continue
                setting = {s.id: v for s, v in zip(live.sliders, state, strict=True)}
                raise AssertionError(
                    f"figure {live.name!r}: {name} at {setting}:\n"
                    f"compiled {value}\nNumPy    {plain[name]}"
                )


def _jumps(live, state, name, value, rng):
    """Return whether NumPy gives each entry of ``value`` very near to the setting."""
    found = np.zeros(np.shape(value), bool)
    for _ in range(32):
        beside = state + NUDGE * rng.choice([-1, 0, 1], size=state.shape)
        other = live.evaluate(beside)[name]
        found |= np.isclose(value, other, rtol=1e-5, atol=1e-6, equal_nan=True)
    return found.all()
