"""One style sheet and one script for the whole site, made when the book is built.

The style sheet joins the mathematics font, the palette of `dlbook.plotting`, the
colours of code, the book's own rules, those of the live figures and those of
sphinx-design: one request, and the page is laid out once and for all.
"""

import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from pygments.formatters import HtmlFormatter

from dlbook.live.views.page import runtime
from dlbook.live.views.style import colours, smaller
from dlbook.mathml import STYLE_SHEET
from dlbook.site.font import font_face

__all__ = ["palette_css", "setup", "style_sheet"]

OWN = ("base", "layout", "content", "cells", "print")
CODE = {"light": "a11y-high-contrast-light", "dark": "a11y-high-contrast-dark"}
DARK = ':root:not([data-theme="light"])'


def themed(light, dark):
    """Return rules for the light page and for the dark one.

    Dark holds where the system is dark and the reader has not chosen light, and
    where the reader has chosen dark. Paper is white whatever the screen is.
    """
    return (
        f"{light}\n@media screen and (prefers-color-scheme:dark)"
        f"{{{dark.replace('ROOT', DARK)}}}\n"
        f"@media screen{{{dark.replace('ROOT', ':root[data-theme=dark]')}}}\n"
    )


def palette_css():
    """Return the palette of `dlbook.plotting` as CSS variables, light and dark.

    Returns
    -------
    str
        Rules that set ``--dl-<role>`` on the root element.

    Examples
    --------
    >>> "--dl-input:" in palette_css()
    True
    """
    light, dark = colours("light"), colours("dark")
    return themed(f":root{{{light}}}", f"ROOT{{color-scheme:dark;{dark}}}")


def code_css():
    """Return the colours of highlighted code, light and dark."""
    rules = {
        mode: "".join(
            line
            for line in HtmlFormatter(style=name)
            .get_style_defs(".highlight" if mode == "light" else "ROOT .highlight")
            .splitlines(keepends=True)
            if re.match(r"(ROOT )?\.highlight \.", line) and "border" not in line
        )
        for mode, name in CODE.items()
    }
    return themed(rules["light"], rules["dark"])


def style_sheet(cache):
    """Return the site's style sheet.

    Parameters
    ----------
    cache : path-like
        A folder that outlives the build, for the cut font.

    Returns
    -------
    str
        CSS.
    """
    here = files("dlbook.site") / "css"
    design = files("sphinx_design.static") / "sphinx-design.min.css"
    parts = [palette_css(), code_css(), design.read_text("utf-8")]
    parts.append(STYLE_SHEET.read_text("utf-8"))
    parts += [(here / f"{name}.css").read_text("utf-8") for name in OWN[:-1]]
    parts.append((files("dlbook.live.views") / "live.css").read_text("utf-8"))
    parts.append((here / f"{OWN[-1]}.css").read_text("utf-8"))
    return font_face(cache) + smaller("\n".join(parts))


def write_assets(app, config):
    """Write the files that all pages load, where Sphinx copies them from.

    A build copies them only beside a page that it writes: a change rebuilds the pages.
    """
    folder = Path(app.doctreedir, "site")
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"book.css": style_sheet(Path(app.doctreedir, "font"))}
    texts["runtime.js"] = runtime()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    config.html_static_path.append(str(folder))
    config.dlbook_assets = sha256("".join(texts.values()).encode()).hexdigest()


def setup(app):
    """Write the assets before the first page."""
    app.add_config_value("dlbook_assets", "", "html")
    app.connect("config-inited", write_assets, priority=901)
