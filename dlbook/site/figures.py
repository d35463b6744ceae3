"""Live figures on the page: their markup in the text, their scripts in one file.

A live figure leaves ``application/vnd.dlbook.live+json`` in its notebook. The markup
goes where the cell stands. The compiled models of a page go into one script file,
so that the page needs neither inline scripts nor ``eval``, and a browser fetches the
runtime, which is the same for all pages, once.
"""

import json
import re
from hashlib import sha256
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from dlbook.live.views.page import NUMBER

__all__ = [
    "LIVE", "LiveFigureDirective", "LiveFigureRenderer", "as_node", "live_figure",
    "page_script", "setup",
]  # fmt: skip

LIVE = "application/vnd.dlbook.live+json"
FOLDER = "_live"
PICTURE = re.compile(r'<img[^>]*src="data:image/png;base64,([^"]+)"')


class live_figure(nodes.General, nodes.Element):  # noqa: N801 (docutils' custom)
    """A live figure: ``html`` for the page, ``script`` for the page's script file."""


class LiveFigureRenderer:
    """myst-nb's plug-in: turns the stored output of a live figure into a node."""

    mime_priority_overrides = [
        (builder, LIVE, 0) for builder in ("html", "dirhtml", "singlehtml")
    ]

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return the node of a live figure, and None for any other output.

        Parameters
        ----------
        renderer : NbElementRenderer
            myst-nb's renderer of one notebook.
        data : MimeData
            One form of one output.
        inline : bool
            Whether the output stands in a line of text.

        Returns
        -------
        list of Node or None
            One `live_figure`.

        Raises
        ------
        ValueError
            If the output is of another version than this package writes.
        """
        if data.mime_type != LIVE or inline:
            return None
        return [numbered(as_node(data.content), renderer.renderer.document)]


def as_node(content):
    """Return the node of a stored figure; see `LiveFigureRenderer.handle_mime`."""
    if isinstance(content, str):
        content = json.loads(content)
    if content["version"] != 1:
        raise ValueError(
            f"live figure {content['name']!r}: wanted version 1, got "
            f"{content['version']!r}; run the notebook again"
        )
    return live_figure("", **{k: content[k] for k in ("name", "html", "script")})


def numbered(node, document):
    """Give a figure the label ``fig-<name>``, and with it a number of its own."""
    node["names"].append(f"fig-{node['name']}")
    document.note_explicit_target(node)
    return node


def title(node):
    """Return the title of a figure that has a number, for ``{numref}``."""
    return node["name"] if node["names"] else None


class LiveFigureDirective(SphinxDirective):
    """Show a figure of a notebook on another page: ``{live-figure} notebook name``."""

    required_arguments = 2

    def run(self):
        """Return the figure as the notebook stores it."""
        notebook, name = self.arguments
        relative, path = self.env.relfn2path(f"{notebook}.ipynb")
        self.env.note_dependency(relative)
        try:
            cells = json.loads(Path(path).read_text("utf-8"))["cells"]
        except OSError as error:
            raise self.error(f"live-figure: cannot read {relative}: {error}") from None
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        forms = [output.get("data", {}) for output in outputs]
        stored = [form[LIVE] for form in forms if LIVE in form]
        for content in stored:
            if content["name"] == name:
                return [as_node(content)]
        names = ", ".join(content["name"] for content in stored)
        raise self.error(f"live-figure: {relative} has {names}, and no {name!r}")


def visit_live(self, node):
    """Write the figure's markup, and its number before its caption."""
    html, ident = node["html"], next(iter(node["ids"]), None)
    numbers = self.builder.fignumbers.get("figure", {})
    if ident in numbers:
        words = self.config.numfig_format["figure"]
        number = words % ".".join(map(str, numbers[ident]))
        link = f'<a id="{ident}" href="#{ident}">{number}</a>. '
        html = html.replace(NUMBER, f'<span class="dl-number">{link}</span>', 1)
    self.body.append(html)
    raise nodes.SkipNode


def skip_live(self, node):
    """Leave the figure out where another form of the output is shown."""
    raise nodes.SkipNode


class StaticPicture(SphinxPostTransform):
    """Show a live figure's picture where no script runs, in LaTeX for one."""

    default_priority = 3  # before myst-nb selects one form of each output

    def run(self, **kwargs):
        """Replace each output that holds a live figure by its stored picture."""
        if self.app.builder.format == "html":
            return
        for figure in list(self.document.findall(live_figure)):
            bundle = figure.parent.parent
            if not figure.parent.get("mime_type"):
                continue  # shown by the directive: its picture stands in its notebook
            for raw in bundle.findall(nodes.raw):
                if found := PICTURE.search(raw.astext()):
                    uri = f"data:image/png;base64,{found[1]}"
                    picture = nodes.image(uri=uri, candidates={"?": uri})
                    bundle.replace_self(picture)
                    break


def page_script(doctree):
    """Return the text of a page's script: the compiled models of all its figures.

    Parameters
    ----------
    doctree : document or None
        The page; None for a page that comes from a template alone.

    Returns
    -------
    str
        JavaScript, empty if the page has no live figure.
    """
    if doctree is None:
        return ""
    return "\n".join(figure["script"] for figure in doctree.findall(live_figure))


def write_script(app, pagename, templatename, context, doctree):
    """Write a page's script file and let the page load it."""
    script = page_script(doctree)
    if not script:
        return
    path = Path(app.outdir, FOLDER, f"{pagename}.js")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    version = sha256(script.encode()).hexdigest()[:8]
    context["live_script"] = f"{FOLDER}/{pagename}.js?v={version}"


def setup(app):
    """Register the node, the picture for other builders, and the page's script."""
    app.add_enumerable_node(
        live_figure, "figure", title, html=(visit_live, None), latex=(skip_live, None)
    )
    app.add_directive("live-figure", LiveFigureDirective)
    app.add_post_transform(StaticPicture)
    app.connect("html-page-context", write_script)
