"""Compare two SVG drawings element by element, whatever groups share attributes."""

import re
from xml.etree import ElementTree

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SHARED = (
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width"),
    *("stroke-dasharray", "stroke-dashoffset", "stroke-linejoin", "stroke-linecap"),
    *("font-size", "font-weight", "font-style", "text-anchor", "clip-path", "class"),
    *("display", "opacity", "shape-rendering"),
)
#: What a script lays over a drawing for the hand.
HANDLES = {"dl-grip", "dl-plane", "dl-cursor", "dl-ink"}
DEFAULTS = {"fill-opacity": "1", "stroke-opacity": "1", "opacity": "1"}
TREE = """svg => {
  const walk = e => [e.tagName, Object.fromEntries([...e.attributes].map(
    a => [a.name, a.value])), e.children.length ? "" : e.textContent,
    [...e.children].map(walk)];
  return walk(svg);
}"""


#: A rectangle in four commands, which the page writes by its corners once it moves,
#: closed by a command or by its first corner.
BOX = re.compile(r"M([-\d.]+) ([-\d.]+)H([-\d.]+)V([-\d.]+)H[-\d.]+Z")
CORNERS = r"M\1 \2L\3 \2 \3 \4 \1 \4Z", r"M\1 \2L\3 \2 \3 \4 \1 \4 \1 \2"


def from_markup(text):
    """Return the tree of an SVG's markup: tag, attributes, text, children."""
    return _tree(ElementTree.fromstring(text))


def _tree(e):
    text = "" if len(e) else e.text or ""
    return [e.tag, dict(e.attrib), text, [_tree(child) for child in e]]


def leaves(tree, inherited=()):
    """Return what is drawn, in order, each with all attributes that hold for it."""
    tag, attributes, text, children = tree
    here = {**dict(inherited), **attributes}
    if attributes.get("class", "").partition(" ")[0] in HANDLES:
        return []
    if children:
        kept = {k: v for k, v in here.items() if k in SHARED or k == "data-part"}
        return [leaf for child in children for leaf in leaves(child, kept)]
    shown = {**DEFAULTS, **here}
    if shown.get("display") == "none":
        return [(tag, {"display": "none"}, "")]
    if float(shown["fill-opacity"]) == 0:
        shown |= {"fill": "none", "fill-opacity": "1"}
    return [] if tag in ("g", "defs") else [(tag, shown, text)]


def differences(wanted, got, tolerance=0.0101):
    """Return where two drawings differ: texts exactly, numbers by the tolerance."""
    a, b = leaves(wanted), leaves(got)
    if len(a) != len(b):
        return [f"{len(a)} elements, {len(b)} elements"]
    found = []
    for left, right in zip(a, b, strict=True):
        (tag, old, text), (other, new, words) = left, right
        if (tag, text) != (other, words) or old.keys() != new.keys():
            found.append(f"{left}\n{right}")
            continue
        found += [
            f"{tag} {text!r} {name} {old[name]!r} {new[name]!r}"
            for name in old
            if not _close(old[name], new[name], tolerance)
        ]
    return found


def _close(old, new, tolerance):
    both = ([BOX.sub(corners, text) for text in (old, new)] for corners in CORNERS)
    return any(_near(*texts, tolerance) for texts in both)


def _near(old, new, tolerance):
    if old == new:
        return True
    if NUMBER.sub("#", old) != NUMBER.sub("#", new) or "#" in old:
        return False
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(abs(float(x) - float(y)) <= tolerance for x, y in pairs)
