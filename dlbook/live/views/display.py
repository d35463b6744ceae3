"""What a notebook keeps of a live figure: for a kernel, for the page, for neither."""

import base64
import io
from html import escape

from dlbook.live.drawing.painter import picture
from dlbook.live.text.formula import render
from dlbook.live.views import page

__all__ = ["LIVE", "WIDGET", "bundle", "static"]

WIDGET = "application/vnd.jupyter.widget-view+json"
LIVE = "application/vnd.dlbook.live+json"
DPI = 110


def bundle(live):
    """Return the figure in every form in which a notebook may show it.

    Parameters
    ----------
    live : LiveFigure

    Returns
    -------
    dict of str to object
        By media type: widgets for a kernel, markup and script for the page, a picture
        with its numbers for a notebook that nobody runs, and text.
    """
    live.redraw()
    name, script = live.name, page.script(live)
    data = {
        LIVE: {"version": 1, "name": name, "html": page.html(live), "script": script},
        "text/html": static(live),
        "text/plain": repr(live),
    }
    return data


def static(live):
    """Return the figure as HTML that survives any sanitiser: a picture and numbers."""
    values = live.evaluate(live.state)
    text = escape(live.readout.fill(values))
    image = base64.b64encode(_small_png(live)).decode("ascii")
    formulas = "".join(f"<p>$${escape(render(f, values))}$$</p>" for f in live.formulas)
    return (
        f'<p><img alt="{escape(live.title)}: {text}" '
        f'src="data:image/png;base64,{image}"></p>\n{formulas}<p>{text}</p>\n'
        f"<ul>{''.join(_settings(live, group) for group in live.groups)}</ul>"
    )


def _settings(live, group):
    """Return one group of sliders as a line of a list."""
    numbers = [
        f"${escape(s.label.latex)}$ = {escape(s.text(value))}"
        for s, value in zip(live.sliders, live.state, strict=True)
        if s in group.sliders
    ]
    title = f"{escape(group.title)}: " if group.title else ""
    return f"<li>{title}{', '.join(numbers)}</li>"


def _small_png(live):
    """Return the picture in few colours, for it is stored with the notebook."""
    buffer = io.BytesIO()
    picture(live.fig, DPI).quantize(128).save(buffer, "png", optimize=True)
    return buffer.getvalue()
