"""The page's controls for the inputs of the hand, beside what is set in the picture."""

from html import escape

from dlbook.live.inputs.labels import label
from dlbook.live.inputs.pad import Pad
from dlbook.live.inputs.paint import Paint
from dlbook.live.inputs.points import Points
from dlbook.live.inputs.text import Text

__all__ = ["controls"]


def controls(live):
    """Return the markup of a group of controls for each input of the hand."""
    boxes, told = [], set()
    for name, hand in live.hands.items():
        spoken = escape(label(name, latex=live.labels.get(name)).spoken)
        inside, *hints = _KINDS[type(hand)](f"{live.name}-{name}", hand, spoken)
        inside += "".join(f'<p class="dl-hint">{h}</p>' for h in hints if h not in told)
        told.update(hints)
        boxes.append(_box(live, name, hand, spoken, inside))
    return "".join(boxes)


def _box(live, name, hand, spoken, inside):
    if isinstance(hand, Text):
        return f'<div class="dl-hand dl-typed" data-hand="{name}">{inside}</div>\n'
    drawn = [other for other in live.hands.values() if not isinstance(other, Text)]
    shown = f"<b>{spoken.capitalize()}</b>" if len(drawn) > 1 else ""
    known = f'class="dl-hand" data-hand="{name}" role="group" aria-label="{spoken}"'
    return f"<div {known}>{shown}{inside}</div>\n"


def _button(action, text):
    return f'<button type="button" data-do="{action}">{text}</button>'


def _points(ident, hand, spoken):
    options = "".join(f"<option>{escape(name)}</option>" for name in hand.classes)
    choice = f'<label for="{ident}-class">Class</label><select id="{ident}-class">'
    parts = [f"{choice}{options}</select>"] if len(hand.classes) > 1 else []
    parts += [_button("add", "Add a point"), _button("clear", "Remove all")]
    told = (
        "Click or tap to add a point, drag to move it; two clicks or Delete remove it. "
        "By keyboard: arrows move (in small steps with Shift)"
        f"{', C changes the class' if len(hand.classes) > 1 else ''}."
    )
    return "".join(parts), told


def _paint(ident, hand, spoken):
    low, high, step, _ = hand.parts[""]
    brush = (
        f'<label for="{ident}-brush">Brush</label><input type="range" '
        f'id="{ident}-brush" min="{low:g}" max="{high:g}" step="{step:g}" '
        f'value="{high:g}">'
    )
    told = "Paint in the picture, by keyboard with arrows and Space, or type a number."
    many = brush if (high - low) / step > 1.5 else ""
    return many + _button("clear", "Clear"), told


def _pad(ident, hand, spoken):
    told = (
        "Write in the picture; by keyboard, arrows move, Space lowers and lifts the "
        "pen, Backspace takes a stroke back."
    )
    return _button("undo", "Undo stroke") + _button("clear", "Clear"), told


def _text(ident, hand, spoken):
    shown = escape(hand.write({"": hand.parts[""][3]}))
    return (
        f'<label for="{ident}-text">{spoken.capitalize()}</label>'
        f'<input type="text" id="{ident}-text" '
        f'value="{shown}" maxlength="{hand.length}" autocapitalize="none" '
        'autocomplete="off" spellcheck="false">',
    )


_KINDS = {Points: _points, Paint: _paint, Pad: _pad, Text: _text}
