"""The tree of a page, tidied before it becomes HTML.

Solutions, code and other things folded become ``details`` elements, which open without
a script and when the reader searches the page. Wide tables get a box to scroll in.
Pictures must have a text alternative. What extensions add for servers that this
site does not ask is taken out.
"""

from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

__all__ = ["fold", "scroller", "setup"]

LOGGER = logging.getLogger(__name__)


class fold(nodes.General, nodes.Element):  # noqa: N801 (docutils' custom)
    """A box whose first child, a paragraph, opens and closes it."""


class scroller(nodes.General, nodes.Element):  # noqa: N801
    """A box that scrolls sideways if its content is wide."""


def visit_fold(self, node):
    """Begin the box; its summary follows."""
    state = {"open": "open"} if node.get("opened") else {}
    self.body.append(self.starttag(node, "details", CLASS="fold", **state))


def depart_fold(self, node):
    """End the box."""
    self.body.append("</div></details>\n")


class fold_title(nodes.TextElement):  # noqa: N801
    """The line that opens and closes a `fold`."""


def visit_title(self, node):
    """Write the summary."""
    self.body.append("<summary>")


def depart_title(self, node):
    """End the summary and begin the content."""
    self.body.append('</summary>\n<div class="fold-content">\n')


def visit_scroller(self, node):
    """Open the box."""
    self.body.append('<div class="table-scroll">')


def depart_scroller(self, node):
    """Close the box."""
    self.body.append("</div>\n")


def folded(box, classes, **attributes):
    """Return the `fold` of a box whose first child is its title."""
    title = fold_title("", "", *box[0].children)
    for link in list(title.findall(nodes.reference)):
        link.replace_self(link.children)
    ids = box["ids"] + box[0]["ids"]
    return fold("", title, *box[1:], classes=classes, ids=ids, **attributes)


class FoldDropdowns(SphinxPostTransform):
    """Turn each dropdown of sphinx-design that has a title into a `fold`."""

    default_priority = 190  # before sphinx-design's own
    formats = ("html",)

    def run(self, **kwargs):
        """Replace the dropdowns."""
        for box in list(self.document.findall(nodes.container)):
            if box.get("design_component") == "dropdown" and box["has_title"]:
                classes = ["hint", *box["container_classes"]]
                box.replace_self(folded(box, classes, opened=box["opened"]))


def fold_boxes(doctree):
    """Turn each box of class ``dropdown`` that has a title into a `fold`."""
    for box in list(doctree.findall(nodes.Admonition)):
        if "dropdown" in box["classes"] and isinstance(box[0], nodes.title):
            classes = [name for name in box["classes"] if name != "dropdown"]
            box.replace_self(folded(box, classes))


def fold_code(doctree):
    """Turn hidden code into a `fold`; what cells in a row hide opens at once.

    The extension's own box has a name for screen readers that nobody sees.
    """
    waiting = []
    for hidden in list(doctree.findall(HideCodeCellNode)):
        cell, code = hidden.parent, [*waiting, *hidden.children]
        box = fold("", fold_title("", "Show the code"), *code, classes=["code"])
        cell.replace(hidden, box)
        after = cell.next_node(nodes.Element, descend=False, siblings=True)
        joins = after is not None and "tag_hide-input" in after["classes"]
        waiting = code if joins and cell.children == [box] else []
        if waiting:
            cell.parent.remove(cell)


def wrap_tables(doctree):
    """Put each table into a box of its own, and let a listener know what it reads.

    A table without a caption gets its section's title as one that is only heard, and
    its first column heads the rows.
    """
    for table in list(doctree.findall(nodes.table)):
        box = scroller()
        table.replace_self(box)
        box.append(table)
        for column in list(table.findall(nodes.colspec))[:1]:
            column["stub"] = 1
        section = box
        while section and not isinstance(section, nodes.section):
            section = section.parent
        if section and not isinstance(table[0], nodes.title):
            name = escape(section[0].astext())
            text = f'<caption class="visually-hidden">{name}</caption>'
            table.insert(0, nodes.raw("", text, format="html"))


def check_pictures(doctree):
    """Warn of each picture that a reader who cannot see it learns nothing of."""
    for picture in doctree.findall(nodes.image):
        if picture.get("alt", "") in ("", picture["uri"]):
            LOGGER.warning(
                "picture %s has no text alternative; in a notebook give its cell the "
                'metadata {"mystnb": {"image": {"alt": "..."}}}',
                picture["uri"],
                location=picture,
                type="alt",
            )


def drop_foreign(doctree):
    """Take out the settings of a server that would run the page's code."""
    for raw in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in raw.astext() or "kernelName =" in raw.astext():
            raw.parent.remove(raw)


def make_ids_unique(doctree):
    """Leave each id to the first element that has it.

    Extensions give the content of every box the same id, and docstrings, which are
    parsed one by one, count their citations from one again.
    """
    seen = set()
    for element in doctree.findall(nodes.Element):
        element["ids"] = [name for name in element["ids"] if name not in seen]
        seen.update(element["ids"])


def tidy(app, doctree, docname):
    """Tidy one page."""
    if app.builder.format != "html":
        return
    drop_foreign(doctree)
    make_ids_unique(doctree)
    fold_boxes(doctree)
    fold_code(doctree)
    wrap_tables(doctree)
    check_pictures(doctree)


def setup(app):
    """Register the nodes, and tidy after all extensions."""
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_title, depart_title))
    app.add_node(scroller, html=(visit_scroller, depart_scroller))
    app.add_post_transform(FoldDropdowns)
    app.connect("doctree-resolved", tidy, priority=900)
