"""What a notebook keeps of a live figure: for a kernel, for the page, for neither."""

import base64
import io
from html import escape

from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from dlbook.live import page
from dlbook.live.formula import render

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
    picture = base64.b64encode(_small_png(live)).decode("ascii")
    formulas = "".join(f"<p>$${escape(render(f, values))}$$</p>" for f in live.formulas)
    cells = "".join(
        f"<tr><td>{escape(g.title)}</td><td>${escape(s.label.latex)}$</td>"
        f"<td>{escape(s.text(v))}</td><td>{escape(s.text(s.low))} to "
        f"{escape(s.text(s.high))}</td></tr>"
        for g in live.groups
        for s, v in ((s, live.state[live.sliders.index(s)]) for s in g.sliders)
    )
    head = "<tr><th>Slider</th><th></th><th>Value</th><th>Range</th></tr>"
    return (
        f'<p><img alt="{escape(live.title)}: {text}" '
        f'src="data:image/png;base64,{picture}"></p>\n{formulas}<p>{text}</p>\n'
        f"<table><thead>{head}</thead><tbody>{cells}</tbody></table>"
    )


def _small_png(live):
    """Return the picture in few colours, for it is stored with the notebook."""
    fig, before = live.fig, live.fig.dpi
    try:
        fig.dpi = DPI
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        image = Image.fromarray(canvas.buffer_rgba()).convert("RGB")
    finally:
        fig.dpi = before
    buffer = io.BytesIO()
    image.quantize(128).save(buffer, "png", optimize=True)
    return buffer.getvalue()
