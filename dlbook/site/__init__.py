"""The reader's site: a Sphinx extension and a theme for the built book.

All mathematics is MathML, live figures are compiled, and a page asks no other host
for anything. The site works from a disk, from any folder of a server, and, but for
the sliders and the search, without scripts.
"""

from __future__ import annotations

import gc
from importlib.resources import files
from typing import Any

from sphinx.application import Sphinx

from dlbook.site import (
    answers,
    assets,
    epub,
    figures,
    front,
    links,
    maths,
    offline,
    page,
    publish,
    search,
    tidy,
)

__all__ = ["setup"]


def choose_theme(app, config):
    """Use the book's own theme, whatever Jupyter Book proposes."""
    config.html_theme = "dlbook"
    config.html_theme_options = {}
    config.html_permalinks_icon = "#"
    config.html_domain_indices = False
    config.html_sourcelink_suffix = ""


def collect_rarely(app, config):
    """Look for garbage after every hundred thousand new objects, until the build ends.

    A page's tree is as many objects that refer to one another. Looking through them
    again and again while a tree is unpickled takes ten times as long as unpickling it.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    app.connect("build-finished", lambda *_: gc.set_threshold(*before))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx.

    Parameters
    ----------
    app : Sphinx
        The application that builds the book.

    Returns
    -------
    dict
        That pages may be read and written side by side.

    Examples
    --------
    In ``conf.py``, or below ``sphinx`` in ``_config.yml``::

        extensions = ["dlbook.site"]
    """
    app.add_html_theme("dlbook", str(files("dlbook.site") / "theme"))
    app.connect("config-inited", collect_rarely)
    app.connect("config-inited", choose_theme, priority=900)
    parts = (maths, answers, figures, tidy, assets, page, publish, search, links, epub)
    for part in (*parts, front, offline):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
