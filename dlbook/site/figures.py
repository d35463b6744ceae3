"""Live figures on the page: their markup in the text, their scripts in one file.

A live figure leaves its markup and its script in the ``text/html`` of its notebook
(`dlbook.live.views.display`). The markup goes where the cell stands. The compiled
models of a page go into one script file, so that the page needs neither inline scripts
nor ``eval``, and a browser fetches the runtime, which is the same for all pages, once.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from dlbook.live.views.display import stored
from dlbook.live.views.page import NUMBER
from dlbook.site import answers
from dlbook.site.assets import place

__all__ = [
    "LiveFigureDirective", "LiveFigureRenderer", "live_figure", "page_script", "setup",
]  # fmt: skip


class live_figure(nodes.General, nodes.Element):  # noqa: N801 (docutils' custom)
    """A live figure: ``html`` for the page, ``script`` for its file, a ``picture``."""


class LiveFigureRenderer:
    """myst-nb's plug-in: turns stored live figures and forms for answers into nodes."""

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return the node of a live figure or a form, and None for any other output.

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
            One `live_figure` or `answers.answer_form`.
        """
        book = renderer.renderer.sphinx_env.app.extensions
        if data.mime_type != "text/html" or inline or "dlbook.site" not in book:
            return None
        if spec := answers.stored(data.content):
            return [answers.answer_form("", spec=spec)]
        content = stored(data.content)
        if not content:
            return None
        return [numbered(live_figure("", **content), renderer.renderer.document)]


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
        texts = ["".join(o.get("data", {}).get("text/html", "")) for o in outputs]
        found = {figure["name"]: figure for figure in map(stored, texts) if figure}
        if name in found:
            return [live_figure("", **found[name])]
        names = ", ".join(found)
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
            if not figure.parent.get("mime_type"):
                continue  # shown by the directive: its picture stands in its notebook
            uri = figure["picture"]
            picture = nodes.image(uri=uri, candidates={"?": uri})
            figure.parent.parent.replace_self(picture)


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
    context["live_script"] = place(app.outdir, f"live/{pagename}.js", script)


def setup(app):
    """Register the node, the picture for other builders, and the page's script."""
    app.add_enumerable_node(
        live_figure, "figure", title, html=(visit_live, None), latex=(skip_live, None)
    )
    app.add_directive("live-figure", LiveFigureDirective)
    app.add_post_transform(StaticPicture)
    app.connect("html-page-context", write_script)
