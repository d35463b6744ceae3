"""Digits as several hands write them: strokes through a few places, as a pen goes.

A hand is a way of forming the ten digits (where the pen starts, a loop or an angle, a
bar or none), how far it leans, how wide and how shaky it writes. The places are drawn
through by a smooth curve, except where a digit has a corner.
"""

import numpy as np

__all__ = ["HANDS", "written"]

# Each digit is a list of strokes; a stroke a list of places (x, y) in a unit square, y
# downwards. A place of three numbers is a corner.
ROUND = {
    0: [[(0.5, 0), (0.15, 0.2), (0.05, 0.55), (0.3, 0.97), (0.7, 0.93), (0.9, 0.5),
         (0.8, 0.12), (0.5, 0)]],
    1: [[(0.5, 0), (0.5, 1)]],
    2: [[(0.08, 0.25), (0.3, 0.02), (0.7, 0.05), (0.8, 0.3), (0.5, 0.65), (0.05, 1, 0),
         (0.95, 0.98)]],
    3: [[(0.1, 0.1), (0.5, 0), (0.85, 0.2), (0.4, 0.46, 0), (0.9, 0.7), (0.6, 1),
         (0.05, 0.9)]],
    4: [[(0.65, 0), (0.05, 0.62, 0), (1, 0.6)], [(0.68, 0.3), (0.66, 1)]],
    5: [[(0.9, 0), (0.2, 0.03, 0), (0.15, 0.45, 0), (0.6, 0.4), (0.9, 0.68),
         (0.6, 0.98), (0.05, 0.93)]],
    6: [[(0.75, 0), (0.35, 0.25), (0.1, 0.65), (0.35, 1), (0.8, 0.85), (0.75, 0.58),
         (0.4, 0.55), (0.15, 0.75)]],
    7: [[(0.05, 0.03), (0.95, 0.03, 0), (0.35, 1)]],
    8: [[(0.8, 0.12), (0.45, 0), (0.15, 0.2), (0.5, 0.47), (0.88, 0.75), (0.5, 1),
         (0.12, 0.76), (0.5, 0.47), (0.82, 0.22), (0.7, 0.05)]],
    9: [[(0.85, 0.2), (0.5, 0), (0.12, 0.25), (0.4, 0.5), (0.85, 0.25, 0), (0.8, 0.6),
         (0.6, 1)]],
}  # fmt: skip
SCHOOL = ROUND | {
    1: [[(0.2, 0.3), (0.6, 0, 0), (0.6, 1)]],
    2: [[(0.1, 0.2), (0.5, 0), (0.85, 0.25), (0.45, 0.7), (0.1, 0.95), (0.3, 0.85),
         (0.6, 0.97), (0.95, 0.9)]],
    4: [[(0.55, 0), (0.1, 0.6, 0), (0.95, 0.6)], [(0.7, 0.35), (0.62, 1)]],
    7: [[(0.1, 0.1), (0.15, 0.02, 0), (0.9, 0.02, 0), (0.4, 1)],
        [(0.25, 0.5), (0.85, 0.5)]],
    9: [[(0.8, 0.15), (0.45, 0), (0.15, 0.25), (0.45, 0.48), (0.8, 0.2, 0),
         (0.85, 0.65), (0.55, 1), (0.1, 0.9)]],
}  # fmt: skip
ANGULAR = ROUND | {
    0: [[(0.4, 0), (0.1, 0.4), (0.2, 0.9), (0.6, 1), (0.9, 0.55), (0.75, 0.1),
         (0.35, 0.03)]],
    3: [[(0.1, 0.05), (0.85, 0.03, 0), (0.45, 0.4, 0), (0.85, 0.65), (0.6, 0.98),
         (0.05, 0.95)]],
    4: [[(0.15, 0), (0.1, 0.5, 0), (0.9, 0.5)], [(0.8, 0), (0.75, 1)]],
    5: [[(0.25, 0), (0.18, 0.45, 0), (0.65, 0.42), (0.85, 0.7), (0.5, 1), (0.05, 0.95)],
        [(0.22, 0.02), (0.9, 0)]],
    6: [[(0.5, 0), (0.2, 0.5), (0.2, 0.95), (0.7, 0.97), (0.8, 0.65), (0.45, 0.55),
         (0.18, 0.75)]],
    8: [[(0.5, 0.48), (0.15, 0.25), (0.5, 0), (0.85, 0.22), (0.5, 0.48), (0.15, 0.75),
         (0.5, 1), (0.85, 0.75), (0.5, 0.48)]],
    9: [[(0.75, 0.1), (0.35, 0.05), (0.15, 0.3), (0.5, 0.45), (0.8, 0.1, 0),
         (0.7, 1)]],
}  # fmt: skip

#: Form of the digits, lean to the right, width to height, how much the hand shakes.
HANDS = {
    "upright": (ROUND, 0.0, 0.62, 0.012),
    "school": (SCHOOL, 0.1, 0.68, 0.012),
    "angular": (ANGULAR, 0.05, 0.6, 0.02),
    "leaning": (ROUND, 0.25, 0.55, 0.015),
    "hurried": (ANGULAR, 0.2, 0.55, 0.03),
    "wide": (SCHOOL, 0.0, 0.85, 0.02),
    "narrow": (ROUND, 0.08, 0.45, 0.015),
    "backward": (SCHOOL, -0.12, 0.6, 0.015),
}


def written(digit, hand, rng, side=64):
    """Return strokes of a digit as whole numbers on a pad.

    Parameters
    ----------
    digit : int
    hand : str
    rng : numpy.random.Generator
        Draws how the hand shakes, and how large and where it writes.

    Returns
    -------
    list of ndarray of shape (N, 2)
    """
    form, lean, width, shake = HANDS[hand]
    height = side * rng.uniform(0.55, 0.85)
    corner = rng.uniform(0.08, 0.15, 2) * side
    strokes = []
    for places in form[digit]:
        path = _smooth([(*p[:2], *p[2:]) for p in places], shake, rng)
        x = path[:, 0] * width + lean * (1 - path[:, 1])
        shown = corner + height * np.column_stack([x - min(lean, 0), path[:, 1]])
        shown = np.clip(np.rint(shown), 0, side - 1).astype(int)
        moved = np.append(True, np.any(np.diff(shown, axis=0), axis=1))
        strokes.append(shown[moved])
    return strokes


def _smooth(places, shake, rng):
    """Return a curve through shaken places; one with a third number is a corner."""
    moved = [np.add(p[:2], rng.normal(0, shake, 2)) for p in places]
    corners = [0, *(k for k, p in enumerate(places) if len(p) > 2), len(places) - 1]
    pieces = []
    for start, end in zip(corners, corners[1:], strict=False):
        part = np.array(moved[start : end + 1])
        around = np.vstack([2 * part[0] - part[1], part, 2 * part[-1] - part[-2]])
        for k in range(1, len(part)):
            pieces.append(_spline(*around[k - 1 : k + 3]))
    return np.vstack(pieces)


def _spline(before, start, end, after, n=12):
    """Return a piece of a Catmull-Rom spline."""
    t = np.linspace(0, 1, n)[:, None]
    return 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
