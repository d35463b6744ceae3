"""What a notebook keeps of a live figure: a picture, and the live view in its place.

The picture with its numbers survives any sanitiser. A script beside it, which clients
run in notebooks that they trust, puts the page's own view in its place; it needs no
kernel. The runtime and the style come with the first figure of a kernel.
"""

import base64
import io
import json
import re
import sys
from html import escape

from dlbook.live.drawing.painter import picture
from dlbook.live.text.formula import render
from dlbook.live.views import page, run
from dlbook.live.views.style import notebook_style

__all__ = ["bundle", "carried", "static", "stored"]

DPI = 110
_PUSH = '(self.dlbook=self.dlbook||[]).push({"markup":'
_HERE = ",at:document.currentScript,"
_carrier = None


def bundle(live):
    """Return the figure in every form in which a notebook may show it.

    Parameters
    ----------
    live : LiveFigure

    Returns
    -------
    dict of str to str
        By media type: a picture with numbers, which becomes live where scripts run,
        and text.
    """
    global _carrier
    live.redraw()
    drawing = live.draw()
    markup = json.dumps(page.html(live, drawing), ensure_ascii=False)
    told = page.script(live, drawing).partition(".push({")[2]
    told = told or f'"name":"{live.name}"}});'
    kept = f"{static(live)}\n{_script(f'{_PUSH}{markup}{_HERE}{told}')}"
    kept = f'<div class="dl-kept" data-figure="{live.name}">\n{kept}</div>'
    _carrier = _carrier or live.name
    if live.name == _carrier or "google.colab" in sys.modules:  # Colab parts outputs
        kept += carried()
    return {"text/html": kept, "text/plain": repr(live)}


def carried():
    """Return the style and the runtime that a notebook's first figure brings."""
    return f"\n<style>{notebook_style()}</style>\n{_script(page.runtime())}"


def _script(text):
    """Return a script that no parser of HTML ends too early."""
    text = re.sub(r"<(?=/script|!--)", r"\\x3c", text.strip(), flags=re.I)
    return f"<script>{text}</script>"


def stored(html):
    """Return what a notebook keeps of a live figure, or None for any other output.

    Parameters
    ----------
    html : str
        The ``text/html`` of an output.

    Returns
    -------
    dict of str to str
        ``name``, ``html`` (the page's markup), ``script`` (empty if the figure's model
        is not compiled) and ``picture`` (an address that holds all of it).
    """
    found = re.match(r'<div class="dl-kept" data-figure="([a-z0-9-]+)"', html)
    if not found:
        return None
    start = html.index(_PUSH) + len(_PUSH)
    text = html[start : html.index("</script>", start)].replace(r"\x3c", "<")
    markup, end = json.JSONDecoder().raw_decode(text)
    told = text[end:].removeprefix(_HERE)
    script = (
        f"(self.dlbook=self.dlbook||[]).push({{{told}\n" if "compute:" in told else ""
    )
    picture = re.search(r'<img [^>]*src="([^"]+)"', html)[1]
    return dict(name=found[1], html=markup, script=script, picture=picture)


def static(live):
    """Return the figure as HTML that survives any sanitiser: a picture and numbers."""
    values = live.evaluate(live.values)
    text = f"{run.told(live)} {live.readout.fill(values)}".strip()
    text = escape(text)
    image, width = _small_png(live)
    formulas = "".join(f"<p>$${escape(render(f, values))}$$</p>" for f in live.formulas)
    title = f"{escape(live.title)}."
    caption = f" {escape(live.caption, quote=False)}" if live.caption else ""
    return (
        f"<p><strong>{title}</strong>{caption}</p>\n"
        f'<p><img alt="{title} {text}" width="{width}" '
        f'src="data:image/png;base64,{image}"></p>\n{formulas}<p>{text}</p>\n'
        f"<ul>{''.join(_settings(live, group) for group in live.groups)}</ul>"
    )


def _settings(live, group):
    """Return one group of sliders as a line of a list."""
    numbers = [
        f"${escape(s.label.latex)}$ = {escape(s.text(value))}"
        for s, value in zip(live.sliders, live.values, strict=True)
        if s in group.sliders
    ]
    title = f"{escape(group.title)}: " if group.title else ""
    return f"<li>{title}{', '.join(numbers)}</li>"


def _small_png(live):
    """Return the picture in few colours, for it is stored, and its width."""
    buffer = io.BytesIO()
    image = picture(live.fig, DPI)
    image.quantize(128).save(buffer, "png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii"), image.width
