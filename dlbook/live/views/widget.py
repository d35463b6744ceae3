"""The notebook's view: ipywidgets that call the NumPy function in the kernel."""

from html import escape

import ipywidgets as widgets

from dlbook.live.drawing.painter import Painter
from dlbook.live.text.formula import render

__all__ = ["Widget"]

DPI = 96
FIELD = dict(layout=widgets.Layout(width="15em"), continuous_update=True)
#: What is set by hand on the page is typed here.
TYPED = dict(layout=widgets.Layout(width="24em"))


class Widget(widgets.VBox):
    """The figure, its formulas and read-out, and a control for each slider.

    Parameters
    ----------
    live : LiveFigure
    """

    def __init__(self, live):
        self.live = live
        self.painter = Painter(live.fig, live.artists, DPI)
        own_size = widgets.Layout(align_self="flex-start", max_width="100%")
        self.picture = widgets.Image(format="png", layout=own_size)
        self.formulas = [widgets.HTMLMath() for _ in live.formulas]
        self.readout = widgets.HTML()
        own = [k for k, slider in enumerate(live.sliders) if not slider.hand]
        self.controls = {k: _control(live.sliders[k]) for k in own}
        self.fields = {n: widgets.Textarea(description=n, **TYPED) for n in live.hands}
        self.reset = widgets.Button(description="Reset")
        self.reset.on_click(lambda _: self._set(live.defaults))
        self._set(live.state)
        for control in (*self.controls.values(), *self.fields.values()):
            control.observe(lambda _: self._update(), names="value")
        groups = [*self.fields.values(), *(self._group(group) for group in live.groups)]
        shown = [self.picture, *self.formulas, self.readout]
        super().__init__([*shown, _wrap(groups), self.reset])

    def state(self):
        """Return the values of all controls.

        Raises
        ------
        ValueError
            If what was typed into a field is not what its input takes.
        """
        hands = self.live.hands
        typed = {n: hands[n].parse(field.value) for n, field in self.fields.items()}
        state = self.live.settings(**typed)
        for k, control in self.controls.items():
            state[k] = float(control.value)
        return state.tolist()

    def _set(self, state):
        """Move all controls and draw once."""
        self._quiet = True
        for k, control in self.controls.items():
            slider = self.live.sliders[k]
            control.value = (
                bool(state[k]) if slider.switch else _whole(slider, state[k])
            )
        for name, field in self.fields.items():
            field.value = self.live.hands[name].write(self.live.by_hand(state, name))
        self._quiet = False
        self._update()

    def _update(self):
        if self._quiet:
            return
        try:
            values = self.live.redraw(self.state())
        except ValueError as error:
            self.readout.value = f"<p>{escape(str(error))}</p>"
            return
        for box, template in zip(self.formulas, self.live.formulas, strict=True):
            box.value = f"$$\\displaystyle {render(template, values)}$$"
        self.readout.value = f"<p>{escape(self.live.readout.fill(values))}</p>"
        self.picture.value = self.painter.png()

    def _group(self, group):
        blocks = [self._block(block) for block in group.blocks]
        title = [widgets.HTML(f"<b>{escape(group.title)}</b>")] if group.title else []
        return widgets.VBox([*title, *blocks])

    def _block(self, block):
        lines = [[self._labelled(slider) for slider in line] for line in block.lines]
        if not block.matrix:
            return widgets.VBox(lines[0])
        return widgets.VBox([widgets.HBox(line) for line in lines])

    def _labelled(self, slider):
        control = self.controls[self.live.sliders.index(slider)]
        name = widgets.HTMLMath(f"${slider.label.latex}$")
        middle = widgets.Layout(align_items="center")
        players = [_player(slider, control)] if slider.play and slider.whole else []
        return widgets.HBox([name, control, *players], layout=middle)


def _whole(slider, value):
    return int(round(value)) if slider.whole else float(value)


def _wrap(boxes):
    return widgets.HBox(boxes, layout=widgets.Layout(flex_flow="row wrap"))


def _player(slider, control):
    """Return the buttons that run a slider along, step by step."""
    count = slider.positions - 1
    if slider.choices:
        player, place = widgets.Play(value=control.index, max=count), "index"
    else:
        known = dict(min=control.min, max=control.max, step=control.step)
        player, place = widgets.Play(value=control.value, **known), "value"
    player.interval = 400  # milliseconds: the kernel has to draw in between
    widgets.jslink((player, "value"), (control, place))
    return player


def _control(slider):
    """Return the widget for one slider."""
    value = _whole(slider, slider.value)
    if slider.switch:
        return widgets.Checkbox(bool(value), indent=False)
    if slider.choices:
        low = _whole(slider, slider.low)
        options = [(name, low + k) for k, name in enumerate(slider.choices)]
        kind = widgets.SelectionSlider if slider.play else widgets.Dropdown
        return kind(options=options, value=value)
    known = dict(min=_whole(slider, slider.low), max=_whole(slider, slider.high))
    step = _whole(slider, slider.step)
    if slider.whole:
        return widgets.IntSlider(value, step=step, **known, **FIELD)
    form = f".{slider.digits}f"
    return widgets.FloatSlider(value, step=step, readout_format=form, **known, **FIELD)
