"""The kernel's view: ipywidgets that call the model in Python, with every move."""

from base64 import b64encode
from html import escape

import ipywidgets as widgets
import numpy as np

from dlbook.live.drawing.painter import Painter
from dlbook.live.text.formula import render
from dlbook.live.views.runner import Runner

__all__ = ["Widget"]

#: Pixels an inch, two of them to each pixel of a style sheet.
DPI, SHARP = 96, 2
#: What is set by hand on the page is typed here.
TYPED = dict(layout=widgets.Layout(width="24em"))
FIELD = dict(layout=widgets.Layout(width="15em"), continuous_update=True)
#: ipywidgets 7 has another word for what is shown when a control is pointed at.
TIP = (
    "tooltip"
    if widgets.DOMWidget.class_traits().get("tooltip")
    else ("description_tooltip")
)
#: A dark notebook turns light and dark of the picture around and keeps its colours.
STYLE = """<style>[data-jp-theme-light=false] .dl-drawn,.vscode-dark .dl-drawn,
html[theme=dark] .dl-drawn{filter:invert(.93) hue-rotate(180deg)}</style>"""


class Widget(widgets.HBox):
    """The figure with its formulas and read-out, and beside it a control each slider.

    What the model raises stands in the read-out, and the picture pales, until it
    answers again.

    Parameters
    ----------
    live : LiveFigure
    """

    def __init__(self, live):
        self.live = live
        self.painter = Painter(live.fig, live.artists, SHARP * DPI)
        self.picture = widgets.HTML()
        self.formulas = [widgets.HTMLMath() for _ in live.formulas]
        self.readout = widgets.HTML()
        own = [k for k, slider in enumerate(live.sliders) if not slider.hand]
        self.controls = {k: _control(live.sliders[k]) for k in own}
        self.fields = {n: widgets.Textarea(description=n, **TYPED) for n in live.hands}
        self.reset = widgets.Button(description="Reset")
        self.reset.on_click(lambda _: self._reset())
        self.runner = Runner(live, self._update) if live.system else None
        self._set(live.values)
        for control in (*self.controls.values(), *self.fields.values()):
            control.observe(lambda _: self._update(), names="value")
        groups = [self.runner] if self.runner else []
        groups += [*self.fields.values(), *(self._group(g) for g in live.groups)]
        shown = widgets.VBox([self.picture, *self.formulas, self.readout])
        moved = widgets.VBox([*groups, self.reset], layout=_SCROLLED)
        super().__init__([shown, moved], layout=_WRAPPED)
        self.add_class("dl-widget")

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

    def _reset(self):
        if self.runner:
            self.runner.forget()
        self._set(self.live.defaults)

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

    def _update(self, steps=0):
        if self._quiet:
            return
        try:
            state = np.array(self.state())
            now = self.runner.advance(state, steps) if self.runner else None
            values = self.live.show(state, now)
            for box, template in zip(self.formulas, self.live.formulas, strict=True):
                box.value = f"$$\\displaystyle {render(template, values)}$$"
            self._show(self.live.readout.fill(values), values.get("met", ()))
        except Exception as error:  # the reader's own model may raise anything
            self.readout.value = (
                f"<p><strong>{type(error).__name__}:</strong> {escape(str(error))}</p>"
            )
            self.picture.value = f'<div style="opacity:.3">{self.picture.value}</div>'

    def _show(self, text, met):
        tasks = zip(self.live.challenges, met, strict=True)
        tasks = [f"{'met' if m else 'open'}: {escape(c.text)}" for c, m in tasks]
        tasks = "".join(f"<li>{task}</li>" for task in tasks)
        self.readout.value = f"<p>{escape(text)}</p>" + (tasks and f"<ul>{tasks}</ul>")
        data = b64encode(self.painter.png()).decode("ascii")
        width = round(DPI * self.live.fig.get_size_inches()[0])
        self.picture.value = (
            f'{STYLE}<img class="dl-drawn" alt="{escape(self.live.title)}. '
            f'{escape(text)}" width="{width}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{data}">'
        )

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
        if not (slider.play and slider.whole):
            return control
        middle = widgets.Layout(align_items="center")
        return widgets.HBox([control, _player(slider, control)], layout=middle)


def _whole(slider, value):
    return int(round(value)) if slider.whole else float(value)


_WRAPPED = widgets.Layout(flex_flow="row wrap", align_items="flex-start")
_SCROLLED = widgets.Layout(max_height="32em", overflow="auto", padding="0 0 0 1em")


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
    """Return the widget for one slider, called what the page calls it."""
    named = {"description": f"${slider.label.latex}$", TIP: slider.label.spoken}
    named["style"] = {"description_width": "initial"}
    value = _whole(slider, slider.value)
    if slider.switch:
        return widgets.Checkbox(bool(value), indent=False, **named)
    if slider.choices:
        low = _whole(slider, slider.low)
        options = [(name, low + k) for k, name in enumerate(slider.choices)]
        kind = widgets.SelectionSlider if slider.play else widgets.Dropdown
        return kind(options=options, value=value, **named)
    named |= dict(min=_whole(slider, slider.low), max=_whole(slider, slider.high))
    named |= dict(step=_whole(slider, slider.step), **FIELD)
    if slider.whole:
        return widgets.IntSlider(value, **named)
    return widgets.FloatSlider(value, readout_format=f".{slider.digits}f", **named)
