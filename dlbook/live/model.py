"""The model of a live figure: a NumPy function, called or compiled."""

import inspect

import numpy as np

from dlbook.compiler import trace
from dlbook.live.challenges import met

__all__ = ["Model"]


class Model:
    """A function of the sliders' values.

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
        Whether the function is compiled for the page.

    Attributes
    ----------
    shapes : dict of str to tuple
        Of the arguments and the outputs.
    program : Program or None
        The compiled function.
    """

    def __init__(self, figure, function, sliders, inputs, hands, compile):
        self.figure, self.function = figure, function
        self.sliders, self.inputs, self.hands = sliders, inputs, hands
        self.tests = []
        state = [slider.value for slider in sliders]
        self.shapes = {key: np.shape(v) for key, v in self.evaluate(state).items()}
        self.program = None
        if compile:
            self.program = trace(self._on_arrays, self.arguments(state), name=figure)

    def test(self, function):
        """Add a truth value of inputs and outputs to the output ``met``."""
        self.tests.append(function)
        state = [slider.value for slider in self.sliders]
        found = self.evaluate(state)["met"]
        self.shapes["met"] = found.shape
        if self.program:
            self.program = trace(
                self._on_arrays, self.arguments(state), name=self.figure
            )
        return bool(found[-1])

    def _on_arrays(self, **arrays):
        return self._outputs(self.gathered(arrays))

    def _outputs(self, given):
        """Return the outputs as a dict, and which of the tests are met."""
        outputs = self.function(**given)
        if hasattr(outputs, "_asdict"):
            outputs = outputs._asdict()
        if not self.tests or not isinstance(outputs, dict):
            return outputs
        return outputs | {"met": met(self.figure, self.tests, given | outputs)}

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

    def arguments(self, state):
        """Return the arrays of the arguments at a vector of the sliders' values."""
        result, start = {}, 0
        for name, shape in self.inputs.items():
            size = int(np.prod(shape))
            part = np.asarray(state[start : start + size], float).reshape(shape)
            if self.sliders[start].whole:
                part = np.rint(part).astype(np.int64)
            result[name] = part if shape else part[()]
            start += size
        return result

    def evaluate(self, state):
        """Return the arrays of the arguments and the outputs, all by name."""
        arguments = self.arguments(state)
        given = self.gathered(arguments)
        try:
            inspect.signature(self.function).bind(**given)
        except TypeError as error:
            raise ValueError(f"figure {self.figure!r}: sliders: {error}") from None
        outputs = self._outputs(given)
        if not isinstance(outputs, dict):
            kind = type(outputs).__name__
            raise ValueError(
                f"figure {self.figure!r}: the model: wanted a dict of arrays, "
                f"got {kind}"
            )
        return arguments | {key: np.asarray(v) for key, v in outputs.items()}

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
        result, end = {}, 0
        for name, shape in self.inputs.items():
            result[name] = end
            end += int(np.prod(shape))
        for name in self.shown(names):
            result[name] = end
            end += int(np.prod(self.shapes[name]))
        return result
