"""Figures that learn: by hand, by the perceptron's rule, by Adam, and without bound."""

import numpy as np

from dlbook import datasets, perceptron
from dlbook.backprop import init_params, mlp, train_step
from dlbook.live import LiveFigure
from dlbook.optim import Adam
from dlbook.plotting import colour
from zoo import axes, done

SIDE = np.linspace(-1.5, 2.5, 21)
PLANE = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)
ENDS = np.array([-4.0, 4.0])


def drift(**options):
    """A walk that draws every kind of number, with a history that fills up."""

    def start(sliders, rng):
        return dict(
            x=rng.normal(0, sliders.spread, size=3), seen=0, low=np.zeros(2, bool),
            past=np.full(6, np.nan),
        )  # fmt: skip

    def step(state, sliders, rng):
        x, k = state["x"], rng.integers(3)
        x = x + sliders.rate * rng.uniform(-1, 1, size=3)[rng.permutation(3)]
        x = x + np.where(np.arange(3) == k, rng.normal(), 0)
        past = np.where(np.arange(6) == state["seen"] % 6, x[0], state["past"])
        return dict(x=x, seen=state["seen"] + 1, low=x[:2] < 0, past=past)

    def model(state, steps, rate, spread, shown):
        return dict(
            x=state["x"], past=state["past"], low=np.sum(state["low"]), y=rate * shown,
            at=np.arange(6),
        )  # fmt: skip

    fig, ax = axes()
    (points,) = ax.plot([0, 1, 2], [0, 0, 0], "o")
    (line,) = ax.plot(np.arange(6), np.zeros(6))
    ax.set(xlim=(-1, 6), ylim=(-9, 9))
    sliders = dict(rate=(0, 1, 0.1, 0.5), spread=(0, 2, 0.5, 1), shown=(0, 3, 1, 1))
    live = LiveFigure(
        "drift", fig, model, sliders, state=start, step=step, steps=12, **options
    )
    live.bind(points, y="x")
    live.bind(line, x="at", y="past")
    return done(live, "After {steps} steps x is at {x[0]:.3f}; {low:d} are low.")


def rule():
    """The perceptron's rule on points, one at a time."""
    rng = np.random.default_rng(3)
    x = np.concatenate(
        [rng.normal([-1, -0.5], 0.6, (12, 2)), rng.normal(1, 0.6, (12, 2))]
    )
    y = np.repeat([0, 1], 12)

    def start(sliders, rng):
        return dict(w=rng.normal(size=2), b=0.0, k=0)

    def step(state, sliders, rng):
        k = rng.integers(len(x))
        w, b = perceptron.update(
            np.take(x, k, axis=0), np.take(y, k), state["w"], state["b"], lr=sliders.lr
        )
        return dict(w=w, b=b, k=k)

    def model(state, steps, lr):
        w, b, k = state["w"], state["b"], state["k"]
        line = -(w[0] * ENDS + b) / w[1]
        wrong = np.sum(perceptron.predict(x, w, b) != y)
        return dict(line=line, wrong=wrong, seen=np.take(x, k, axis=0))

    fig, ax = axes()
    ax.scatter(*x.T, c=[colour("input" if k else "error") for k in y], s=12)
    (line,) = ax.plot(ENDS, ENDS, color=colour("weight"))
    (seen,) = ax.plot([0], [0], "o", markersize=9, markerfacecolor="none")
    ax.set(xlim=(-4, 4), ylim=(-3, 3))
    live = LiveFigure(
        "rule", fig, model, dict(lr=(0.1, 1, 0.1, 1)), state=start, step=step, steps=60
    )
    live.bind(line, y="line")
    live.bind(seen, x="seen[0]", y="seen[1]")
    return done(live, "After {steps} steps {wrong:d} of 24 points are wrong.")


def moons():
    """A network 2-8-8-1 that learns two moons by Adam, the plane in shades."""
    x, y = datasets.moons(100, 0.15, rng=np.random.default_rng(0))
    y = y[:, None]

    def start(sliders, rng):
        layers = init_params(2, 8, 8, 1, rng=rng)  # tanh, and logits
        return dict(layers=layers, adam=Adam().init(layers), loss=np.full(200, np.nan))

    def step(state, sliders, rng):
        after = train_step(
            x, y, state["layers"], Adam(lr=sliders.lr), state["adam"],
            loss="binary_cross_entropy_with_logits",
        )  # fmt: skip
        loss = np.append(state["loss"][1:], after.loss)
        return dict(layers=after.params, adam=after.state, loss=loss)

    def model(state, steps, lr):
        logits = mlp(PLANE, state["layers"])[:, 0]
        right = np.mean((mlp(x, state["layers"]) > 0) == y)
        return dict(
            shade=np.tanh(logits / 2), right=100 * right, loss=state["loss"],
            last=state["loss"][-1],
        )  # fmt: skip

    fig, (left, right) = axes(2)
    mesh = left.pcolormesh(SIDE, SIDE, np.zeros((21, 21)), cmap="RdBu", vmin=-1, vmax=1)
    left.scatter(*x.T, c=[colour("input" if k else "error") for k in y[:, 0]], s=8)
    (curve,) = right.plot(np.arange(-199, 1), np.zeros(200))
    right.set(xlim=(-200, 0), ylim=(0, 1))
    live = LiveFigure(
        "moons", fig, model, dict(lr=(0.005, 0.1, 0.005, 0.02)), state=start, step=step,
        steps=300,
    )  # fmt: skip
    live.bind(mesh, values="shade")
    live.bind(curve, y="loss")
    return done(live, "After {steps} steps {right:.0f} % are right, loss {last:.3f}.")


def burst():
    """A number that doubles until it is not finite."""
    fig, ax = axes()
    (line,) = ax.plot([0, 1], [0, 1])
    live = LiveFigure(
        "burst", fig, lambda state, by: dict(y=np.log10(state["x"])),
        dict(by=(0, 4, 1, 2)), state=dict(x=np.array(1e300)),
        step=lambda state, sliders, rng: dict(x=state["x"] * 10.0**sliders.by),
    )  # fmt: skip
    live.bind(line, x="y", y="y")
    return done(live, "It has {y:.0f} digits.")


LEARNERS = [drift, rule, moons, burst]
