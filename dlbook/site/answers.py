"""Forms for answers, at their exercises and figures, and the edition without solutions.

A notebook computes the answers and leaves a form (`dlbook.live.answers`) among the
outputs of a solution, or below a figure. On the page the form stands at the end of its
exercise, or above its figure. ``dlbook_solutions: false`` in ``_config.yml`` builds a
course's edition: exercises, hints and forms, without the solutions.
"""

import json
import re
from html import escape, unescape

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx_exercise.directive import SolutionDirective, SolutionStartDirective
from sphinx_exercise.nodes import solution_node

from dlbook.live.views.page import prose

__all__ = ["answer_form", "markup", "setup", "stored", "unsolved"]

LOGGER = logging.getLogger(__name__)
FORM = re.compile(r'<div class="dl-asked" data-form="([^"]*)"')
HEARD = re.compile(r"<annotation.*?</annotation>|<[^>]+>", re.S)
GATE = re.compile(r"^(:{3,})\{solution-(start|end)\}")


class answer_form(nodes.General, nodes.Element):  # noqa: N801 (docutils' custom)
    """A form: ``spec`` is that of `dlbook.live.answers.Form`."""


class StableSolution(SolutionDirective):
    """A solution whose label follows from that of its exercise."""

    def run(self):
        """Label it as the exercise, with ``-solution``."""
        self.options.setdefault("label", f"{self.arguments[0]}-solution")
        return super().run()


class StableSolutionStart(SolutionStartDirective):
    """The begin of a solution between two gates."""

    def run(self):
        """Label it as the exercise, with ``-solution``."""
        self.options.setdefault("label", f"{self.arguments[0]}-solution")
        return super().run()


def stored(html):
    """Return the spec of the form that an output keeps, or None for any other output.

    Parameters
    ----------
    html : str
        The ``text/html`` of an output.

    Examples
    --------
    >>> stored('<div class="dl-asked" data-form="{&quot;figure&quot;: &quot;a&quot;}">')
    {'figure': 'a'}
    >>> stored("<table></table>")
    """
    found = FORM.match(html)
    return json.loads(unescape(found[1])) if found else None


def markup(spec):
    """Return the form as the page has it before its script runs.

    Parameters
    ----------
    spec : dict
        That of `dlbook.live.answers.Form`.

    Returns
    -------
    str
        HTML whose fields are disabled; ``answers.js`` enables them.
    """
    name = spec.get("exercise") or spec["figure"]
    asked = "".join(_field(f"{name} {k}", q) for k, q in enumerate(spec["questions"]))
    if "exercise" in spec:
        legend, kind, buttons = "Your answer", "exercise", "<button>Check</button>"
    else:
        legend, kind = "Predict before you move it", "figure"
        buttons = "<button>Predict</button>"
    return (
        f'<form class="dl-answer" data-{kind}="{escape(name)}" autocomplete="off">'
        f"<fieldset disabled><legend>{legend}</legend>{asked}"
        f'<div class="dl-buttons">{buttons}</div></fieldset></form>\n'
    )


def _field(key, question):
    """Return a question with its field or its choices, and room for the verdict."""
    ident, text = key.replace(" ", "-answer-"), prose(question["text"])
    known = f'data-key="{escape(key)}" data-right="{" ".join(question["right"])}"'
    verdict = '<output aria-live="polite"></output>'
    if "options" in question:
        choices = "".join(
            f'<label><input type="radio" name="{ident}" value="{k}" '
            f'aria-label="{said(prose(option))}"> <span>{prose(option)}</span></label>'
            for k, option in enumerate(question["options"])
        )
        return (
            f'<fieldset class="dl-ask" {known}><legend>{text}</legend>{choices}'
            f"{verdict}</fieldset>"
        )
    digits = question["digits"]
    form = f" <small>({digits} decimals)</small>" if digits > 1 else ""
    return (
        f'<div class="dl-ask" {known} data-digits="{digits}">'
        f'<label for="{ident}">{text}{form}</label> '
        f'<input type="text" id="{ident}" aria-label="{said(text + form)}" size="9"'
        f' spellcheck="false"> {verdict}</div>'
    )


def said(html):
    """Return the words and signs of a label, for a formula alone gives no name.

    Examples
    --------
    >>> said("the <math><mi>p</mi><annotation>p</annotation></math> &lt; 1")
    'the p &lt; 1'
    """
    return escape(unescape(HEARD.sub("", html)).strip())


def visit_form(self, node):
    """Write the form."""
    self.body.append(markup(node["spec"]))
    raise nodes.SkipNode


def skip_form(self, node):
    """Leave the form out where nobody could fill it in."""
    raise nodes.SkipNode


class PlaceForms(SphinxTransform):
    """Move each form to its exercise or its figure, and drop the cell that it leaves.

    In a course's edition the solutions go then.
    """

    default_priority = 15  # after sphinx-exercise has joined the parts of a solution

    def apply(self, **kwargs):
        """Move the forms of one page."""
        exercises, figures = {}, {}
        for node in self.document.findall(nodes.Element):
            if node.get("type") == "exercise":
                exercises[node["label"]] = node
            elif node.tagname == "live_figure":
                figures[node["name"]] = node
        for form in list(self.document.findall(answer_form)):
            drop(bundle_of(form))
            kind, name = next(iter(form["spec"].items()))
            place = (exercises if kind == "exercise" else figures).get(name)
            if place is None:
                LOGGER.warning("a form asks about %r: no such %s here", name, kind)
            elif kind == "exercise":
                place.append(form)
            else:
                bundle = bundle_of(place)
                bundle.parent.insert(bundle.parent.index(bundle), form)
        if not self.config.dlbook_solutions:
            for solution in list(self.document.findall(solution_node)):
                solution.parent.remove(solution)


def bundle_of(node):
    """Return the output, in all its forms, that a node is one form of."""
    bundle = node
    while bundle.parent and bundle.get("nb_element") != "mime_bundle":
        bundle = bundle.parent
    return bundle if bundle.parent else node


def drop(node):
    """Remove a node, and what then is left empty around it."""
    parent = node.parent
    parent.remove(node)
    if not parent.children:
        drop(parent)


def unsolved(text):
    """Return a notebook, as the text of its file, without the solutions.

    Parameters
    ----------
    text : str
        JSON. A solution goes from ``{solution-start}`` to ``{solution-end}``.

    Returns
    -------
    str
        JSON; each exercise and its hint stay.
    """
    book = json.loads(text)
    kept, inside = [], False
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            kept += [] if inside else [cell]
            continue
        lines, fence = [], ""
        for line in "".join(cell["source"]).split("\n"):
            if gate := GATE.match(line):
                inside, fence = gate[2] == "start", gate[1]
            elif fence:  # the options and the end of the gate
                fence = "" if line.strip() == fence else fence
            elif not inside:
                lines.append(line)
        if source := "\n".join(lines).strip("\n"):
            kept.append(cell | {"source": source})
    book["cells"] = kept
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def setup(app):
    """Register the form, the labels of solutions, and the setting of a course."""
    app.setup_extension("sphinx_exercise")
    app.add_config_value("dlbook_solutions", True, "env", bool)
    app.add_node(answer_form, html=(visit_form, None), latex=(skip_form, None))
    app.add_directive("solution", StableSolution, override=True)
    app.add_directive("solution-start", StableSolutionStart, override=True)
    app.add_transform(PlaceForms)
