"""One style sheet and one script for the whole site, made when the book is built.

The name of each file holds the hash of its content, so that a page that a browser has
kept never meets a script or a style that was made for another one.


The style sheet joins the mathematics font, the palette of `dlbook.plotting`, the
colours of code, the book's own rules, those of the live figures and those of
sphinx-design: one request, and the page is laid out once and for all.
"""

import re
import shutil
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from pygments.formatters import HtmlFormatter

from dlbook.live.views.page import runtime
from dlbook.live.views.style import colours, smaller
from dlbook.mathml import STYLE_SHEET
from dlbook.site.font import font_face

__all__ = ["palette_css", "place", "plain_code", "setup", "style_sheet"]

FOLDER = "_assets"
STATIC = files("dlbook.site") / "theme" / "static"

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


def plain_code():
    """Return the classes of highlighted code that look as the text around them does.

    Returns
    -------
    set of str
        Those that have the colour of text in light and in dark.

    Examples
    --------
    >>> {"n", "p"} < plain_code(), "k" in plain_code()
    (True, False)
    """
    looks = [HtmlFormatter(style=name).class2style for name in CODE.values()]
    return {
        kind
        for kind in looks[0]
        if kind and all(look[kind][0] == look[""][0] for look in looks)
    }


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


def place(site, name, text):
    """Write a file that pages load, and take away what it was before.

    Parameters
    ----------
    site : path-like
        The folder of the built HTML.
    name : str
        The file's name, ``site.js`` for example; it may begin with folders.
    text : str

    Returns
    -------
    str
        The file's path in the site, which holds the hash of the text.
    """
    stem, kind = Path(name).stem, Path(name).suffix
    version = sha256(text.encode()).hexdigest()[:8]
    file = Path(FOLDER, name).with_name(f"{stem}.{version}{kind}")
    path = Path(site, file)
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob(f"{stem}.????????{kind}"):
        other.unlink()
    path.write_text(text, "utf-8")
    return file.as_posix()


def write_assets(app, config):
    """Write the files that all pages load, where Sphinx copies them from.

    A build copies them only beside a page that it writes: a change rebuilds the pages.
    """
    texts = {"book.css": style_sheet(Path(app.doctreedir, "font"))}
    texts["runtime.js"] = runtime()
    texts |= {f.name: f.read_text("utf-8") for f in STATIC.iterdir()}
    folder = Path(app.doctreedir, "site")
    config.dlbook_assets = {name: place(folder, name, t) for name, t in texts.items()}
    config.html_extra_path.append(str(folder))


def make_room(app, exception):
    """Let extensions write into the folder that `drop_others` takes out, every time."""
    Path(app.outdir, "_static").mkdir(parents=True, exist_ok=True)


def drop_others(app, exception):
    """Take out what extensions and Sphinx itself bring for pages of another make."""
    if exception is None and app.builder.name == "html":
        site = Path(app.outdir)
        shutil.rmtree(site / "_static", ignore_errors=True)
        current = {*app.config.dlbook_assets.values()}
        names = {Path(name).name.split(".")[0] for name in current}
        for path in (site / FOLDER).iterdir():
            name = path.relative_to(site).as_posix()
            if path.name.split(".")[0] in names and name not in current:
                path.unlink()


def setup(app):
    """Write the assets before the first page."""
    app.add_config_value("dlbook_assets", {}, "html")
    app.connect("config-inited", write_assets, priority=901)
    app.connect("build-finished", make_room, priority=1)
    app.connect("build-finished", drop_others, priority=950)
