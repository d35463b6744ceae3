"""A matplotlib figure that answers to sliders, in a notebook and on the page."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from dlbook._core.types import ArrayLike
from dlbook.compiler.program import Program
from dlbook.live import bindings
from dlbook.live.bindings.editors import TextEditor, editor
from dlbook.live.bindings.sources import Scope
from dlbook.live.challenges import Challenge
from dlbook.live.checks import compare
from dlbook.live.drawing import Drawing, draw
from dlbook.live.drawing.svg import BOUND
from dlbook.live.inputs import Text
from dlbook.live.inputs.hand import Hand
from dlbook.live.inputs.sliders import group, read
from dlbook.live.model import Model
from dlbook.live.running import Moment
from dlbook.live.text.formula import mathml
from dlbook.live.text.templates import Template
from dlbook.live.views.display import bundle

if TYPE_CHECKING:  # only a notebook needs ipywidgets
    from dlbook.live.views.widget import Widget

__all__ = ["LiveFigure", "gather"]

_gathering: list[list[LiveFigure]] = []
#: A slot as format strings have it, which LaTeX would take for a group.
_BRACES = re.compile(r"\{([A-Za-z]\w*)((?:\[[^]]*\])?:[-+ ]?z?,?(?:\.\d+)?[fegd%])\}")


@contextmanager
def gather() -> Iterator[list[LiveFigure]]:
    """List the live figures that are made within a ``with`` block.

    Yields
    ------
    list of LiveFigure
        In the order in which they are made.

    Examples
    --------
    >>> from dlbook.plotting import subplots
    >>> with gather() as found:
    ...     fig, ax = subplots()
    ...     live = LiveFigure("a", fig, lambda x: {"y": x}, {"x": (0, 1, 1, 0)})
    >>> found == [live]
    True
    """
    found: list[LiveFigure] = []
    _gathering.append(found)
    try:
        yield found
    finally:
        _gathering.pop()


class LiveFigure:
    r"""A figure, a model, and sliders that move the model's arguments.

    The model is plain NumPy: it takes the sliders' values and returns a dict (or a
    NamedTuple) of numbers and arrays. In a notebook the kernel calls it. For the page
    it is compiled to JavaScript when the book is built.

    A figure that learns has a state as well, and a step that leads from one state to
    the next. Page and notebook then have buttons that play, take one step, restart and
    draw other random numbers. A slider that ``state`` reads restarts the run, and any
    other acts at once on the system that runs.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and hyphens; names the figure in the page's address.
    fig : matplotlib.figure.Figure
        Its axes become panels. It is closed for pyplot, so that it shows only once.
    model : callable
        Called with the sliders' values by name: numbers, vectors or matrices, integers
        where a slider has integer steps; in a figure that learns also with ``state``,
        ``steps`` and ``seed``, those of them that it names.
    sliders : dict of str to tuple or Hand
        ``name: (low, high, step, value)``, or an input of the hand of
        `dlbook.live.inputs`, such as `Points`.
    state : tree of array_like or callable, optional
        Where a run begins: arrays in a dict, a tuple or a NamedTuple, or a function
        ``state(sliders, rng)`` that returns them. ``sliders`` has the inputs as
        attributes; ``rng`` has `normal`, `uniform`, `integers` and `permutation` of
        `numpy.random.Generator`, whose numbers follow from the seed and the step, the
        same in Python and on the page.
    step : callable, optional
        ``step(state, sliders, rng)`` returns the next state, with arrays of the same
        names, shapes and kinds.
    steps : int
        How many steps the stored picture shows, which stands in print and where no
        script runs. The page begins at none.
    labels : dict of str to str, optional
        LaTeX of names.
    groups : dict of str to list of str, optional
        Titles and the sliders below them.
    choices : dict of str to sequence of str, optional
        Names of the positions of a slider; its entry in ``sliders`` is then the
        default position alone.
    play : str, optional
        The slider with a button that runs through it.
    title : str, optional
        What the figure is, in a few words: its name for those who hear it, and the
        beginning of its caption; made from ``name`` if not given.
    caption : str, optional
        What to look at, in a sentence or two; ``$...$`` is mathematics.
    compile : bool
        False leaves the figure on the page without sliders, for a model that cannot be
        compiled; the page says so.

    Raises
    ------
    ValueError
        If an argument is not as described; the message names the figure.
    TraceError
        If the model cannot be compiled; the message says what to write instead.

    Examples
    --------
    >>> fig, ax = plt.subplots(figsize=(3.4, 2.5))
    >>> bars = ax.bar(["square"], [0])
    >>> live = LiveFigure("demo", fig, lambda x: dict(y=x * x), dict(x=(0, 2, 0.5, 1)))
    >>> live.bind(bars, height="y")
    >>> live.describe("The square of {x} is {y}.")
    >>> live
    LiveFigure('demo': The square of 1 is 1.)

    Gradient descent on a square, with noise in each gradient:

    >>> def start(sliders, rng):
    ...     return dict(x=rng.uniform(1, 2))
    >>> def step(state, sliders, rng):
    ...     gradient = 2 * state["x"] + sliders.noise * rng.normal()
    ...     return dict(x=state["x"] - sliders.lr * gradient)
    >>> def model(state, steps, lr, noise):
    ...     return dict(x=state["x"], y=state["x"] ** 2)
    >>> fig, ax = plt.subplots(figsize=(3.4, 2.5))
    >>> (point,) = ax.plot([1], [1], "o")
    >>> sliders = dict(lr=(0, 1, 0.1, 0.3), noise=(0, 1, 0.1, 0))
    >>> live = LiveFigure(
    ...     "descent", fig, model, sliders, state=start, step=step, steps=8
    ... )
    >>> live.bind(point, x="x", y="y")
    >>> live.describe("After {steps} steps x is {x:.4f}.")
    >>> live.run(0)["x"].round(4), live.run(8)["x"].round(4)
    (np.float64(1.7237), np.float64(0.0011))
    >>> live.outputs(8, seed=1, noise=0.5)["y"].round(4)
    np.float64(0.0236)
    """

    def __init__(
        self, name: str, fig: Figure, model: Callable, sliders: Mapping[str, Any], *,
        state: Callable | dict | tuple | None = None, step: Callable | None = None,
        steps: int = 0, labels: Mapping[str, str] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        choices: Mapping[str, Sequence[str]] | None = None, play: str | None = None,
        title: str | None = None, caption: str = "", compile: bool = True,
    ):  # fmt: skip
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", str(name)):
            raise ValueError(
                f"figure {name!r}: wanted a name of lower-case letters, digits and "
                "hyphens, beginning with a letter"
            )
        self.name, self.fig, self.model = name, fig, model
        self.title = title or name.replace("-", " ").capitalize()
        self.caption = caption
        self.labels = dict(labels or {})
        self.sliders, inputs = read(name, sliders, self.labels, choices or {}, play)
        self.hands = {
            n: given for n, given in sliders.items() if isinstance(given, Hand)
        }
        self.groups = group(name, self.sliders, groups)
        self.artists: list[Any] = []
        self.changes: list[Any] = []
        self.drags: list[tuple] = []
        texts = [
            (n, given) for n, given in self.hands.items() if isinstance(given, Text)
        ]
        self.editors = [TextEditor(*entry) for entry in texts]
        self.formulas: list[str] = []
        self.readout: Template | None = None
        self.challenges: list[Challenge] = []
        self._taken: set[tuple[int, str]] = set()
        self.panels: Any = None
        if (state is None) != (step is None):
            self._fail("wanted both state= and step=, or neither")
        self.values: ArrayLike = self.defaults
        self.steps = steps
        self._model = Model(
            name, model, self.sliders, inputs, self.hands, compile, state, step
        )
        self.now = self.system and self.system.first
        self._last: tuple = None, None
        self.scope = Scope(name, self._model.shapes)
        plt.close(fig)
        for found in _gathering:
            found.append(self)

    # The model ----------------------------------------------------------------------

    @property
    def defaults(self) -> np.ndarray:
        """The sliders' values at first, as one vector."""
        return np.array([slider.value for slider in self.sliders])

    @property
    def program(self) -> Program | None:
        """The compiled model, or None."""
        return self._model.program

    @property
    def programs(self) -> dict[str, Program]:
        """The compiled functions by name: ``compute``, and ``start`` and ``step``."""
        return self._model.programs

    @property
    def system(self) -> Any:
        """What runs in a figure that learns, or None."""
        return self._model.system

    @property
    def starting(self) -> list[int]:
        """The numbers of the sliders that the start reads: they restart the run."""
        return self._read(self.system.starting)

    @property
    def acting(self) -> list[int]:
        """The numbers of the sliders that the step reads."""
        return self._read(self.system.acting)

    def _read(self, names):
        chosen = enumerate(slider.name.partition(".")[0] for slider in self.sliders)
        return [k for k, name in chosen if name in names]

    def evaluate(self, values: ArrayLike, now: Moment | None = None) -> dict[str, Any]:
        """Return the sliders' values and the model's outputs, all by name."""
        return self._model.evaluate(values, self.now if now is None else now)

    def vector(self, values: ArrayLike, now: Moment | None = None) -> np.ndarray:
        """Return what the compiled functions take: sliders' values, seed and state."""
        return self._model.vector(values, self.now if now is None else now)

    @property
    def offsets(self) -> dict[str, int]:
        """Where the script finds the values of each name that the page shows."""
        return self._model.offsets(self.scope.used)

    @property
    def shown_outputs(self) -> list[str]:
        """The outputs that the page shows, in the model's order."""
        return self._model.shown(self.scope.used)

    def replay(
        self, values: ArrayLike, now: Moment | None = None, function: str = "compute"
    ) -> Any:
        """Return what a compiled function gives, evaluated in Python."""
        return self.programs[function].replay(self.vector(values, now))

    def plain(
        self, values: ArrayLike, now: Moment | None = None, function: str = "compute"
    ) -> Any:
        """Return what the function itself gives."""
        return self._model.plain(values, now, function)

    def check(self, n: int = 200, rng: np.random.Generator | None = None) -> None:
        """Hold the compiled functions against plain NumPy.

        The model, ``start`` and ``step`` are compared at random settings, and at states
        that are reached by running.

        Parameters
        ----------
        n : int
            Number of random settings, besides every slider's ends.
        rng : numpy.random.Generator, optional
            Draws the settings; seeded with 0 if not given.

        Raises
        ------
        AssertionError
            With the first setting at which the two differ.
        """
        compare(self, n, np.random.default_rng(0) if rng is None else rng)

    # What the author says -------------------------------------------------------------

    def bind(
        self, artist: Any, *, colors: Sequence[str] = bindings.CLASSES,
        drag: Sequence[str] | None = None, points: str | None = None,
        paint: str | None = None, pick: str | None = None, **properties: str,
    ) -> None:  # fmt: skip
        """Bind properties of an artist to outputs of the model.

        Parameters
        ----------
        artist : Artist, BarContainer, plotting.Matrix or list of Artist
        colors : sequence of str
            Roles or colours of the classes that ``color=`` counts.
        drag : tuple of str, optional
            Names of the sliders that follow when the artist is dragged, or when the
            axes are clicked and it is nearest: one for x and one for y, vectors where
            the artist has several points.
        points : str, optional
            Name of an input `Points`: the artist, a list of scatters with one for each
            class, shows its points, and a reader sets them there.
        paint : str, optional
            Name of a matrix of sliders or of an input `Paint` whose cells a reader sets
            in those of the artist, or of an input `Pad` that is written on there.
        pick : str or tuple of str, optional
            The slider that follows when a reader points at a cell, or those for its row
            and its column.
        **properties : str or float
            See ``dlbook.live.bindings``.
        """
        by_hand = {"points": points, "paint": paint, "pick": pick}
        by_hand = {kind: name for kind, name in by_hand.items() if name is not None}
        for kind, name in by_hand.items():
            self._edit(kind, artist, name)
        for leaf in bindings.leaves(artist):
            if leaf not in self.artists:
                leaf.set_gid(f"{BOUND}{len(self.artists)}")
                self.artists.append(leaf)
            for name in (*properties, *by_hand):
                if (id(leaf), name) in self._taken:
                    kind = type(leaf).__name__
                    self._fail(f"{name} of this {kind} is bound already")
                self._taken.add((id(leaf), name))
        self.changes += bindings.changes(artist, properties, self.scope, colors)
        if drag is not None:
            self.drags.append((artist, *map(self._dragged, drag)))

    def formula(self, template: str) -> None:
        """Show a formula with the numbers filled in, see `dlbook.live.text.formula`."""
        values = self.evaluate(self.defaults)
        for name, spec in _BRACES.findall(template):
            if name in values:
                self._fail(f"formula: slots are written <<{name}{spec}>>")
        try:
            _, slots = mathml(template, values)
        except (ValueError, TypeError) as error:
            self._fail(f"formula: {error}", error)
        self.scope.used.update(slot.name for slot in slots)
        self.formulas.append(template)

    def describe(self, text: str) -> None:
        """Say in words what the picture shows; fields as in ``{z:.2f}``."""
        self.readout = Template(text, self.scope)

    def challenge(self, text: str, test: Callable) -> None:
        """Ask the reader to reach something; the figure says when it is reached.

        Parameters
        ----------
        text : str
            What to reach, with mathematics between dollar signs.
        test : callable
            Called by name with those inputs and outputs of the model that it names, and
            with the state and the count of steps; returns one truth value. It is
            compiled with the model, whose output ``met`` tells of all challenges.

        Raises
        ------
        ValueError
            If the test asks for what is not there.

        Warns
        -----
        UserWarning
            If the test holds at the first setting, as it may where a reader has changed
            a number.
        """
        if self._model.test(test):
            told = f"challenge {text!r}: is met at the first setting"
            warnings.warn(f"figure {self.name!r}: {told}", stacklevel=2)
        self.challenges.append(Challenge(text, test))
        self.scope.used.add("met")

    def _edit(self, kind, artist, name):
        """Let a reader set an input in an artist."""
        try:
            found = editor(kind, artist, name, self.hands, self.sliders, self.scope)
        except (ValueError, TypeError) as error:
            self._fail(error, error)
        self.editors.append(found)
        self.changes += found.changes

    def _dragged(self, name):
        """Return the numbers of the sliders that a name or an element of it means."""
        chosen = [k for k, s in enumerate(self.sliders) if name in (s.id, s.name)]
        if not chosen:
            self._fail(f"drag: there is no slider {name!r}")
        return chosen

    def _fail(self, message, cause=None):
        raise ValueError(f"figure {self.name!r}: {message}") from cause

    # Both views -----------------------------------------------------------------------

    def settings(self, **values: Any) -> np.ndarray:
        """Return the sliders' values, with some of them set.

        Parameters
        ----------
        **values : array_like
            By name (``x=[1, 0, 1]``) or by element (``x1=1``).
        """
        result = self.defaults
        for name, value in values.items():
            if name in self.hands:
                self._set_hand(result, name, value)
                continue
            chosen = [k for k, s in enumerate(self.sliders) if s.name == name]
            chosen = chosen or [k for k, s in enumerate(self.sliders) if s.id == name]
            if not chosen or np.size(value) != len(chosen):
                self._fail(f"no slider {name!r} with {np.size(value)} numbers")
            result[chosen] = np.ravel(value)
        return result

    def _set_hand(self, values, name, value):
        try:
            parts = self.hands[name].read(value)
        except (ValueError, TypeError, IndexError) as error:
            self._fail(f"{name}: {error}", error)
        for part, chosen in self._parts(name).items():
            for k, number in zip(chosen, np.ravel(parts[part]), strict=True):
                values[k] = self.sliders[k].nearest(number)

    def _parts(self, name):
        """Return the numbers of the sliders of each array of an input of the hand."""
        keys = {
            part: f"{name}.{part}" if part else name for part in self.hands[name].parts
        }
        return {
            part: [k for k, s in enumerate(self.sliders) if s.name == key]
            for part, key in keys.items()
        }

    def by_hand(self, values: ArrayLike, name: str) -> dict[str, np.ndarray]:
        """Return the arrays of an input of the hand at a vector of all values."""
        shapes = {
            part: np.shape(entry[3]) for part, entry in self.hands[name].parts.items()
        }
        return {
            part: np.reshape(np.asarray(values)[chosen], shapes[part])
            for part, chosen in self._parts(name).items()
        }

    def begin(self, values: ArrayLike, seed: int = 0) -> Moment | None:
        """Return the `Moment` at which a run with these sliders' values begins."""
        return self._ran(values, 0, seed)

    def advance(self, values: ArrayLike, now: Moment) -> Moment:
        """Return the `Moment` one step later."""
        return self.system.advance(self._model.given(values), now)

    def run(self, n: int, /, seed: int = 0, **sliders: Any) -> Any:
        """Return the state after some steps, as the page reaches it.

        Parameters
        ----------
        n : int
            How many steps.
        seed : int
            Of the random numbers; the page begins with 0.
        **sliders : array_like
            Values that stay all the while, see `settings`.
        """
        return self._ran(self.settings(**sliders), n, seed).state

    def outputs(self, n: int = 0, /, **named: Any) -> dict[str, Any]:
        """Return the model's outputs after some steps, and the sliders' values.

        Parameters
        ----------
        n : int
            How many steps; none in a figure without a state.
        **named : array_like
            Values of sliders, and the ``seed`` of a figure that learns.
        """
        seed = named.pop("seed", 0) if self.system else 0
        values = self.settings(**named)
        return self.evaluate(values, self._ran(values, n, seed))

    def met(self, n: int = 0, /, **named: Any) -> list[bool]:
        """Return which challenges are met after some steps, see `outputs`.

        Returns
        -------
        list of bool
        """
        if not self.challenges:
            return []
        return self.outputs(n, **named)["met"].astype(bool).tolist()

    def redraw(self, values: ArrayLike | None = None, **named: Any) -> dict[str, Any]:
        """Set the sliders and draw the figure anew by matplotlib.

        Parameters
        ----------
        values : array_like, optional
            All sliders' values; what ``settings(**named)`` gives if left out.
        **named : array_like
            Values of sliders, and of a figure that learns the ``steps`` that it takes
            first (its own ``steps`` if left out) and the ``seed``.

        Returns
        -------
        dict of str to ndarray
            The sliders' values and the model's outputs.
        """
        run = {"steps": self.steps, "seed": 0} if self.system else {}
        run = {key: named.pop(key, usual) for key, usual in run.items()}
        chosen = np.array(self.settings(**named) if values is None else values)
        key = chosen.tobytes(), *run.values()
        if key != self._last[0]:  # a figure is drawn more than once as it stands
            self._last = key, self._ran(chosen, *run.values())
        return self.show(chosen, self._last[1])

    def _ran(self, values, n=0, seed=0):
        if self.system is not None:
            return self.system.run(self._model.given(values), n, seed)
        if n:
            self._fail("it has no step=, so it takes no steps")

    def show(self, values: ArrayLike, now: Moment | None = None) -> dict[str, Any]:
        """Draw the figure at some values and at a `Moment` of its run."""
        self.values, self.now = values, now
        found = self.evaluate(values)
        for change in self.changes:
            change.apply(found)
        return found

    def draw(self) -> Drawing:
        """Return the `Drawing` of the figure as it stands."""
        if self.readout is None:
            self._fail("describe() is missing: say in words what the picture shows")
        if self.panels is None:
            self.redraw(self.values)
            if self.fig.axes and (engine := self.fig.get_layout_engine()):
                engine.execute(self.fig)
            self.fig.set_layout_engine("none")
            for ax in self.fig.axes:
                ax.autoscale(False)
        unset = self.hands.keys() - {editor.name for editor in self.editors}
        for name in sorted(unset):
            kind = type(self.hands[name]).__name__
            keyword = "points" if kind == "Points" else "paint"
            self._fail(f"{name} can be set nowhere: bind(..., {keyword}={name!r})")
        drawing = draw(self)
        self.panels = drawing.panels
        return drawing

    def svg(self) -> list[str]:
        """Return the markup of each panel, as the figure stands."""
        return self.draw().svg(self.title)

    def widget(self) -> Widget:
        """Return the figure with sliders that the kernel answers."""
        from dlbook.live.views.widget import Widget

        self.draw()
        return Widget(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self)

    def _ipython_display_(self):
        display(bundle(self), raw=True)
        if not self.program and hasattr(get_ipython(), "kernel"):
            display(self.widget())

    def __repr__(self):
        text = self.readout.fill(self.evaluate(self.values)) if self.readout else ""
        return f"LiveFigure({self.name!r}: {text})"
