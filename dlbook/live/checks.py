"""The compiled model against plain NumPy, and the figures of a notebook."""

import numpy as np

from dlbook.live.running import broken

__all__ = ["compare", "random_settings"]

NUDGE = 1e-9
REACH = 20  # steps, before another run begins
# Where a gradient is rounding alone, Adam makes steps of 1e-11 of it.
CLOSE = dict(rtol=1e-9, atol=1e-10, equal_nan=True)
NEAR = dict(rtol=1e-5, atol=1e-6, equal_nan=True)


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
    """Raise if the compiled functions of a figure and NumPy differ on some setting.

    Both may fall on different sides of a jump where rounding decides, as in
    ``step(0.1 + 0.2 - 0.3)``. There the compiled model has to give what NumPy gives a
    hair's breadth beside the setting.
    """
    now = None
    for values in random_settings(live.sliders, n, rng):
        with np.errstate(all="ignore"):
            now = _reached(live, values, now, rng)
            for function in live.programs:
                compiled = live.replay(values, now, function)
                plain = live.plain(values, now, function)
                for name, value in compiled.items():
                    if np.allclose(value, plain[name], **CLOSE):
                        continue
                    if _jumps(live, values, now, function, name, value, rng):
                        continue
                    setting = dict(
                        zip([s.id for s in live.sliders], values, strict=True)
                    )
                    run = f" after {now.steps} steps" if now else ""
                    raise AssertionError(
                        f"figure {live.name!r}: {function}: {name} at {setting}{run}:\n"
                        f"compiled {value}\nNumPy    {plain[name]}"
                    )


def _reached(live, values, now, rng):
    """Return a moment to compare at: some steps on, or of a new run."""
    if live.system is None:
        return None
    if now is not None and now.steps < REACH:
        following = live.advance(values, now)
        if not broken(now.state, following.state):
            return following
    return live.begin(values, int(rng.integers(2**32)))


def _jumps(live, values, now, function, name, value, rng):
    """Return whether NumPy jumps there, and ``value`` is what it gives beside."""
    plain = live.plain(values, now, function)[name]
    found = np.isclose(value, plain, **CLOSE)
    for _ in range(32):
        beside = values + NUDGE * rng.choice([-1, 0, 1], size=values.shape)
        other = live.plain(beside, now, function)[name]
        found |= ~np.isclose(other, plain, **NEAR) & np.isclose(value, other, **NEAR)
    return found.all()
