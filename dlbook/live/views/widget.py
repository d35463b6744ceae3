"""The notebook's view: ipywidgets that call the NumPy function in the kernel."""

from html import escape

import ipywidgets as widgets

from dlbook.live.drawing.painter import Painter
from dlbook.live.text.formula import render

__all__ = ["Widget"]

DPI = 96
FIELD = dict(layout=widgets.Layout(width="15em"), continuous_update=True)


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
        self.controls = [_control(slider) for slider in live.sliders]
        self.reset = widgets.Button(description="Reset")
        self.reset.on_click(lambda _: self._set(live.defaults))
        self._set(live.state)
        for control in self.controls:
            control.observe(lambda _: self._update(), names="value")
        groups = [self._group(group) for group in live.groups]
        shown = [self.picture, *self.formulas, self.readout]
        super().__init__([*shown, _wrap(groups), self.reset])

    def state(self):
        """Return the values of all controls."""
        return [float(control.value) for control in self.controls]

    def _set(self, state):
        """Move all controls and draw once."""
        self._quiet = True
        for slider, control, value in zip(
            self.live.sliders, self.controls, state, strict=True
        ):
            control.value = bool(value) if slider.switch else _whole(slider, value)
        self._quiet = False
        self._update()

    def _update(self):
        if self._quiet:
            return
        values = self.live.redraw(self.state())
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
