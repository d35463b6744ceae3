"""The functions of a live figure: NumPy, called or compiled."""

import inspect

import numpy as np

from dlbook.compiler import Random, trace
from dlbook.live.challenges import met
from dlbook.live.running import Inputs, System, flat

__all__ = ["Model"]

#: What a model with a state may ask for besides its sliders.
RUN = ("seed", "steps", "state")


class Model:
    """A function of the sliders' values, and of the state of a figure that learns.

    Parameters
    ----------
    figure : str
        Name of the figure, for messages.
    function : callable
        Called by name with numbers and arrays; returns a dict or a NamedTuple.
    sliders : list of Slider
    inputs : dict of str to tuple
        Shape of each argument, and of each array of an input of the hand.
    hands : dict of str to Hand
        The inputs of the hand.
    compile : bool
        Whether the functions are compiled for the page.
    start, step : optional
        As `dlbook.live.running.System` takes them.

    Attributes
    ----------
    system : System or None
        What runs, in a figure that learns.
    tests : list of callable
        Of the figure's challenges.
    shapes : dict of str to tuple
        Of the arguments, the count of steps and the outputs.
    """

    def __init__(
        self, figure, function, sliders, inputs, hands, compile, start=None, step=None
    ):
        self.figure, self.function = figure, function
        self.sliders, self.inputs, self.hands = sliders, inputs, hands
        self.system, now = None, None
        values = [slider.value for slider in sliders]
        if step is not None:
            for name in set(RUN) & set(inputs):
                self._fail(f"slider {name!r}: {name} is the run's own; wanted another")
            self.system = System(figure, start, step, self.given(values))
            now = self.system.first
        self.tests, self.wants = [], self._wants()
        found = self.evaluate(values, now)
        self.shapes = {key: np.shape(value) for key, value in found.items()}
        self._first = self.arguments(values) | (now._asdict() if now else {})
        self._programs, self._old = {}, False
        if compile:
            for name in self._functions():
                self._compile(name)

    def _compile(self, name):
        function = self._functions()[name]
        self._programs[name] = trace(function, self._first, name=self.figure)

    def test(self, function):
        """Add a truth value of inputs, state and outputs to the output ``met``."""
        self.tests.append(function)
        now = self.system and self.system.first
        found = self.evaluate([s.value for s in self.sliders], now)["met"]
        self.shapes["met"] = found.shape
        self._old = True
        return bool(found[-1])

    @property
    def programs(self):
        """The compiled ``compute``, and in a figure that learns ``start`` and ``step``.

        All take the sliders' values, the seed, the count of steps and the state.
        """
        if self._old and self._programs:
            self._compile("compute")
        self._old = False
        return self._programs

    @property
    def program(self):
        """The compiled function, or None."""
        return self.programs.get("compute")

    def _wants(self):
        """Return what the function asks for of the run; refuse what nobody gives."""
        signature = inspect.signature(self.function)
        wants = [key for key in RUN if self.system and key in signature.parameters]
        try:
            names = [name.partition(".")[0] for name in self.inputs]
            signature.bind(**dict.fromkeys([*names, *wants]))
        except TypeError as error:
            self._fail(f"sliders: {error}")
        return wants

    def _functions(self):
        """Return what is compiled: functions of the arrays of all inputs, by name."""

        def compute(**given):
            run = {key: given[key] for key in RUN if key in given}
            return self._outputs(self._inputs(given), run)

        def start(**given):
            sliders, rng = Inputs(self._inputs(given)), Random(given["seed"], 0)
            return {"state": self.system.start(sliders, rng)}

        def step(**given):
            sliders = Inputs(self._inputs(given))
            rng = Random(given["seed"], given["steps"] + 1)
            state = self.system.step(given["state"], sliders, rng)
            return {"state": self.system.ordered(state)}

        functions = {"compute": compute}
        return functions | ({"start": start, "step": step} if self.system else {})

    def _inputs(self, given):
        return self.gathered({name: given[name] for name in self.inputs})

    def gathered(self, arrays):
        """Return the function's arguments, those of the hand made of their arrays."""
        parts, result = {}, {}
        for key, value in arrays.items():
            name, _, part = key.partition(".")
            parts.setdefault(name, {})[part] = value
        for name, own in parts.items():
            hand = self.hands.get(name)
            result[name] = hand.gather(own) if hand else own[""]
        return result

    def given(self, values):
        """Return what the functions get at a vector of the sliders' values."""
        return self.gathered(self.arguments(values))

    def arguments(self, values):
        """Return the arrays of the arguments at a vector of the sliders' values."""
        result, start = {}, 0
        for name, shape in self.inputs.items():
            size = int(np.prod(shape))
            part = np.asarray(values[start : start + size], float).reshape(shape)
            if self.sliders[start].whole:
                part = np.rint(part).astype(np.intp)
            result[name] = part if shape else part[()]
            start += size
        return result

    def evaluate(self, values, now=None):
        """Return the arrays of the arguments and the outputs, all by name.

        Parameters
        ----------
        values : array_like
            The sliders' values.
        now : Moment, optional
            Of the run, in a figure that learns.
        """
        arguments = self.arguments(values)
        run = {} if now is None else now._asdict()
        outputs = self._outputs(self.gathered(arguments), run)
        run.pop("state", None)
        return arguments | run | {key: np.asarray(v) for key, v in outputs.items()}

    def _outputs(self, given, run):
        """Return the outputs as a dict, and which of the tests are met."""
        outputs = self.function(**given, **{key: run[key] for key in self.wants})
        if hasattr(outputs, "_asdict"):
            outputs = outputs._asdict()
        if not isinstance(outputs, dict):
            self._fail(
                f"the model: wanted a dict of arrays, got {type(outputs).__name__}"
            )
        for name in {"met", *run} & outputs.keys():
            self._fail(f"the model: {name!r} is the figure's own; wanted another name")
        if not self.tests:
            return outputs
        return outputs | {"met": met(self.figure, self.tests, given | run | outputs)}

    def plain(self, values, now=None, function="compute"):
        """Return by NumPy what a compiled function gives."""
        if function == "compute":
            return self.evaluate(values, now)
        inputs = self.given(values)
        if function == "start":
            return flat(self.system.begin(inputs, now.seed).state)
        return flat(self.system.advance(inputs, now).state)

    def vector(self, values, now=None):
        """Return what the compiled functions take, one vector for each of values."""
        values = np.asarray(values, float)
        run = () if now is None else (now.seed, now.steps, *flat(now.state).values())
        run = np.concatenate([*map(np.ravel, run), []])
        lead = values.shape[:-1]
        return np.append(values, np.broadcast_to(run, (*lead, run.size)), axis=-1)

    def shown(self, names):
        """Return the outputs among some names, in the compiled function's order."""
        outputs = self.program.outputs if self.program else ()
        return [name for name in outputs if name in names]

    def offsets(self, names):
        """Return where the script finds each name: arguments first, then outputs.

        Parameters
        ----------
        names : set of str
            What the page shows; other outputs are not computed there.
        """
        state = flat(self.system.first.state) if self.system else {}
        run = {"seed": (), "steps": ()} if self.system else {}
        run |= {name: np.shape(leaf) for name, leaf in state.items()}
        shown = {name: self.shapes[name] for name in self.shown(names)}
        result, end = {}, 0
        for name, shape in (*self.inputs.items(), *run.items(), *shown.items()):
            result[name] = end
            end += int(np.prod(shape))
        return result

    def _fail(self, message):
        raise ValueError(f"figure {self.figure!r}: {message}") from None
