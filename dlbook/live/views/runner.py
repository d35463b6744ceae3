"""The kernel's controls of a run: what the page's buttons do, done by Python."""

from time import perf_counter

import ipywidgets as widgets

from dlbook.live.running import broken

__all__ = ["Runner"]

#: Seconds between two pictures, and of them what is left for steps.
EVERY, WORK = 0.2, 0.1
PACES = {"1 step a picture": 1, "10 steps a picture": 10, "100 steps a picture": 100}


class Runner(widgets.VBox):
    """Buttons that play, step, restart and seed a figure's run, and its count.

    Parameters
    ----------
    live : LiveFigure
        One that learns.
    draw : callable
        Called with the number of steps to take before the picture is drawn.
    """

    def __init__(self, live, draw):
        self.live, self.now, self.values = live, None, None
        self.player = widgets.Play(
            min=0, max=10**9, interval=1000 * EVERY, description="Play"
        )
        self.player.observe(lambda change: self._tick(change, draw), names="value")
        self.pace = widgets.Dropdown(options=PACES, description="Speed")
        self.one, self.restart, self.seed = (
            widgets.Button(description=text)
            for text in ("One step", "Restart", "Another seed")
        )
        self.one.on_click(lambda _: draw(1))
        self.restart.on_click(lambda _: self._begin(self.now.seed, draw))
        self.seed.on_click(lambda _: self._begin(self.now.seed + 1, draw))
        self.count = widgets.HTML()
        wrapped = widgets.Layout(flex_flow="row wrap")
        buttons = [self.player, self.one, self.restart, self.seed]
        super().__init__([widgets.HBox(buttons, layout=wrapped), self.pace, self.count])

    def _tick(self, change, draw):
        if change.new:  # its button to stop sets it to zero
            draw(self.pace.value)

    def _begin(self, seed, draw):
        self.now = self.live.begin(self.values, seed)
        draw(0)

    def forget(self):
        """Let the next picture be of a new run with the first seed."""
        self.stop()
        self.now = None

    def stop(self):
        """Stop playing."""
        playing = "playing" if self.player.has_trait("playing") else "_playing"
        setattr(self.player, playing, False)

    def advance(self, values, steps):
        """Return the moment after as many steps as there is time for, one at least."""
        if self.now is None or self._restarts(values):
            self.now = self.live.begin(values, self.now.seed if self.now else 0)
        self.values, told, until = values, "", perf_counter() + WORK
        for _ in range(steps):
            after = self.live.advance(values, self.now)
            if broken(self.now.state, after.state):
                self.stop()
                told = f"; step {after.steps} gives numbers that are not finite"
                break
            self.now = after
            if perf_counter() > until:
                break
        self.count.value = f"after {self.now.steps} steps, seed {self.now.seed}{told}"
        return self.now

    def _restarts(self, values):
        starting = self.live.starting
        return any(values[k] != self.values[k] for k in starting)
