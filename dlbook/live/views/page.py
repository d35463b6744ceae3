"""The page's view: markup that reads in full without a script, and the script."""

import inspect
import json
import re
import textwrap
from html import escape
from pathlib import Path

import numpy as np
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from dlbook.live.bindings.changes import Words
from dlbook.live.bindings.looks import Cells
from dlbook.live.inputs.labels import label
from dlbook.live.text import numbers
from dlbook.live.text.formula import mathml
from dlbook.live.views import hand, run
from dlbook.live.views.shrink import shrunk
from dlbook.mathml import to_mathml

__all__ = ["NUMBER", "html", "prose", "runtime", "script", "source"]

SCRIPTS = Path(__file__).parent / "script"
#: The parts of runtime.js, in the place of the comment that stands for them; in this
#: order they are fewer bytes when compressed.
PARTS = (
    *("changes.js", "figure.js", "stage.js", "challenges.js", "run.js"),
    *("hand.js", "points.js", "links.js", "pad.js", "cells.js"),
)

#: Stands where the book writes a figure's number.
NUMBER = '<span class="dl-number"></span>'

#: With more sliders than this, groups of more than a handful are folded.
MANY, HANDFUL = 16, 4


def runtime():
    """Return the text of the script that all pages share."""
    parts = [numbers.JAVASCRIPT, *(SCRIPTS / name for name in PARTS)]
    parts = "\n".join(part.read_text("utf-8") for part in parts)
    text = (SCRIPTS / "runtime.js").read_text("utf-8")
    return shrunk(text.replace("/* parts */", parts))


def source(live):
    """Return the source texts of a figure's functions, as far as they have any."""
    own = live.system.functions if live.system else []
    found = []
    for function in (*own, live.model):
        try:
            found.append(textwrap.dedent(inspect.getsource(function)))
        except (OSError, TypeError):
            continue
    return "\n\n".join(found)


def html(live, drawing=None):
    """Return the markup of a figure for the page, drawn already or not."""
    drawing = drawing or live.draw()
    values = live.evaluate(live.values)
    rows = {}
    for panel, svg in zip(drawing.panels, drawing.svg(live.title), strict=True):
        rows.setdefault(panel.row, []).append(svg)
    name = live.name
    parts = [
        f'<figure class="dl-live" id="live-{name}" aria-label="{escape(live.title)}">',
        caption(live),
        '<div class="dl-stage"><div class="dl-picture">',
        *(f'<div class="dl-row">{"".join(row)}</div>' for row in rows.values()),
        "</div></div>",
        *(
            f'<div class="dl-formula" data-formula="{k}">{mathml(f, values)[0]}</div>'
            for k, f in enumerate(live.formulas)
        ),
        f'<p class="dl-readout" id="{name}-readout">{_readout(live, values)}</p>',
        _challenges(live),
        _hands(live) if moves(live) else "",
        "</figure>",
    ]
    return "\n".join(part for part in parts if part)


def moves(live):
    """Return whether a reader can set or run anything in a figure."""
    return bool(live.sliders or live.system)


def caption(live):
    """Return what stands above the picture; the book puts a number before it."""
    text = prose(live.caption)
    return f"<figcaption><b>{NUMBER}{escape(live.title)}.</b> {text}</figcaption>"


def prose(text):
    """Return words with mathematics between dollar signs."""
    pieces = re.split(r"\$([^$]+)\$", text)
    return "".join(
        _plain(to_mathml(piece)) if k % 2 else escape(piece, quote=False)
        for k, piece in enumerate(pieces)
    )


def _readout(live, values):
    """Return the words of the read-out, each number in an element of its own."""
    return "".join(
        f'<span class="dl-at">{escape(part)}</span>' if k % 2 else escape(part)
        for k, part in enumerate(live.readout.parts(values))
    )


def _challenges(live):
    if not (live.challenges and live.program):
        return ""
    mark = '<span class="dl-mark">open</span> '
    tasks = [f"<span>{prose(c.text)}</span>" for c in live.challenges]
    lines = "".join(f"<li>{mark}{task}</li>" for task in tasks)
    name = f"{live.name}-challenges"
    return (
        f'<div class="dl-challenges"><p id="{name}">Challenges</p>'
        f'<ul aria-labelledby="{name}">{lines}</ul></div>'
    )


def script(live, drawing=None):
    """Return the text that gives a figure's compiled model to the runtime."""
    if not (live.program and moves(live)):
        return ""
    drawing = drawing or live.draw()
    values = live.evaluate(live.values)
    offsets = live.offsets
    formulas = []
    for template in live.formulas:
        slots = mathml(template, values)[1]
        formulas.append([[_place(s, values, offsets), s.spec] for s in slots])
    spec = {
        "name": live.name,
        "sliders": _sliders(live.sliders),
        "changes": [change.spec(drawing) for change in live.changes],
        "formulas": formulas,
        "readout": live.readout.pieces(drawing.address),
        "drags": [_drag(drawing, *drag) for drag in live.drags],
        "met": live.challenges and drawing.address(live.scope.source("met")),
        "links": _links(live, drawing),
        "hands": [_hand(live, *editor.spec(drawing)) for editor in live.editors],
    }
    text = json.dumps(spec, separators=(",", ":"), ensure_ascii=False)
    compute = live.program.javascript(live.shown_outputs)
    members = f"{text[:-1]},compute:{compute}{run.functions(live)}"
    return f"(self.dlbook=self.dlbook||[]).push({members}}});\n"


def _links(live, drawing):
    """Return where the numbers of each name and of each bound artist are.

    A name of an input that the model gives back, too, has two places: those of the
    sliders are told to be the others.
    """
    names, same, shown = {}, [], []
    shapes = live.scope.shapes  # a state is not shown itself
    for name, start in live.offsets.items():
        if name not in shapes:
            continue
        size = int(np.prod(shapes[name]))
        names[name] = [start, size]
        own = [k for k, s in enumerate(live.sliders) if s.name == name]
        if own and own[0] != start:
            same.append([own[0], start, size])
    cells = {c.source.name for c in live.changes if isinstance(c, Cells)}
    for change in live.changes:
        first, count = drawing.part(change.artists[0]), len(change.artists)
        for source in change.sources():
            if isinstance(change, Words) and source.name in cells:
                continue  # its cell is marked
            each = count if source.index.size == count else 1
            shown.append([first, count, each, drawing.address(source)])
    return [names, same, shown]


def _sliders(sliders):
    """Return what the script needs of each, equal numbers of the hand in one entry."""
    result, before = [], None
    for s in sliders:
        entry, kind = _slider(s), (s.low, s.high, s.step, s.hand)
        if s.hand and kind == before:
            result[-1][3].append(entry[3])
        else:
            result.append([*entry[:3], [entry[3]], entry[4]] if s.hand else entry)
        before = kind
    return result


def _hand(live, kind, name, *rest):
    """Return how the script lets a reader set an input, and where its numbers are."""
    chosen = [k for k, s in enumerate(live.sliders) if s.name.split(".")[0] == name]
    return [kind, name, chosen[0], chosen[-1] + 1, *rest]


def _slider(s):
    spec = [s.low, s.step, s.positions, s.value, s.digits]
    spec = [int(n) if float(n).is_integer() else n for n in spec]
    return [*spec, list(s.choices)] if s.choices else spec


def _place(slot, values, offsets):
    shape = values[slot.name].shape
    place = 0
    for k, side in zip(slot.index, shape, strict=True):
        place = place * side + k
    return offsets[slot.name] + place


def _drag(drawing, artist, xs, ys):
    x, y = drawing.scales(artist)
    return [drawing.part(artist), xs, ys, x.spec(), y.spec(), drawing.plane(artist)]


def _controls(live):
    many = sum(not s.hand for s in live.sliders) > MANY
    groups = "\n".join(_group(live, g, many) for g in live.groups)
    groups = f'<div class="dl-groups">\n{groups}\n</div>\n' if groups else ""
    buttons = (
        '<button type="button" class="dl-reset">Reset</button>'
        '<button type="button" class="dl-link">Copy link</button>'
        '<span role="status"></span><span class="dl-spoken" aria-live="polite"></span>'
    )
    return (
        '<fieldset class="dl-controls" data-wakes disabled>'
        '<legend class="dl-spoken">Settings</legend>\n'
        f"{run.controls(live)}{hand.controls(live)}{groups}"
        f'<div class="dl-buttons">{buttons}</div></fieldset>'
    )


def _hands(live):
    """Return what sets a figure, or why nothing does, and its code."""
    return (_controls(live) if live.program else _still(live)) + _code(live)


def _group(live, group, many):
    blocks = "".join(_block(live, block) for block in group.blocks)
    title = escape(group.title)
    if many and len(group.sliders) > HANDFUL:
        names = dict.fromkeys(s.name for s in group.sliders)
        labels = [label(name, latex=live.labels.get(name)) for name in names]
        shown = ", ".join(_plain(name.mathml) for name in labels)
        title = title or ", ".join(names)
        return (
            f'<details class="dl-group dl-fold"><summary>{title} <span>{shown}</span>'
            f'</summary><fieldset aria-label="{title}">{blocks}</fieldset></details>'
        )
    wide = " dl-wide" if any(block.matrix for block in group.blocks) else ""
    legend = f"<legend>{title}</legend>" if title else ""
    tag = "fieldset" if title else "div"
    return f'<{tag} class="dl-group{wide}">{legend}{blocks}</{tag}>'


def _block(live, block):
    lines = ["".join(_control(live, s) for s in line) for line in block.lines]
    if not block.matrix:
        return f'<div class="dl-sliders">{lines[0]}</div>'
    return "".join(f'<div class="dl-line">{line}</div>' for line in lines)


def _control(live, s):
    ident = f"{live.name}-{s.id}"
    name = f'<label for="{ident}">{_plain(s.label.mathml)}</label>'
    value = escape(s.text(s.value))
    output = f'<output for="{ident}">{value}</output>'
    known = f'id="{ident}" data-slider="{live.sliders.index(s)}"'
    known += f' aria-label="{escape(s.label.spoken)}"'
    if s.switch:
        ticked = " checked" if s.value else ""
        field = f'<input type="checkbox" {known}{ticked}>'
        return f'<div class="dl-slider dl-switch">{name}{field}{output}</div>'
    if s.choices and not s.play:
        options = "".join(
            f"<option{' selected' if s.low + k == s.value else ''}>{escape(c)}</option>"
            for k, c in enumerate(s.choices)
        )
        return (
            f'<div class="dl-slider dl-choice">{name}'
            f"<select {known}>{options}</select></div>"
        )
    field = (
        f'<input type="range" {known} min="{s.low:g}" max="{s.high:g}" '
        f'step="{s.step:g}" value="{s.value:g}">'
    )
    if s.play:
        spoken = escape(s.label.spoken)
        field = (
            f'<span class="dl-run">{field}<button type="button" class="dl-play" '
            f'data-play aria-pressed="false" aria-label="Play: {spoken}"></button>'
            "</span>"
        )
    return f'<div class="dl-slider">{name}{output}{field}</div>'


def _plain(mathml):
    """Return a formula without its LaTeX, which a label has no use for."""
    return re.sub(r"</?semantics>|<annotation.*?</annotation>", "", mathml)


def _still(live):
    after = f", {run.told(live).lower()}" if live.system else "."
    return (
        '<p class="dl-still">The model behind this figure runs in a notebook only; '
        f"here it stands at its first setting{after}</p>"
    )


def _code(live):
    text = source(live)
    if not text:
        return ""
    shown = highlight(text, PythonLexer(), HtmlFormatter())
    told = "This very function, compiled, answers the sliders on this page."
    if live.system is not None:
        told = "These very functions, compiled, run on this page."
    note = f"<p>{told}</p>" if live.program else ""
    return (
        f'<details class="dl-code"><summary>Show the code</summary>{note}'
        f"{shown}</details>"
    )
