"""The page's controls for the inputs of the hand, beside what is set in the picture."""

from html import escape

from dlbook.live.inputs.labels import label
from dlbook.live.inputs.points import Points

__all__ = ["controls"]


def controls(live):
    """Return the markup of a group of controls for each input of the hand."""
    return "\n".join(_box(live, name, hand) for name, hand in live.hands.items())


def _box(live, name, hand):
    spoken = escape(label(name).spoken)
    inside = _KINDS[type(hand)](f"{live.name}-{name}", hand)
    return (
        f'<div class="dl-group dl-wide dl-hand" role="group" aria-label="{spoken}" '
        f'data-hand="{name}">{inside}</div>'
    )


def _button(action, text):
    return f'<button type="button" data-do="{action}">{text}</button>'


def _points(ident, hand):
    options = "".join(f"<option>{escape(name)}</option>" for name in hand.classes)
    choice = f'<label for="{ident}-class">Class</label><select id="{ident}-class">'
    parts = [f"{choice}{options}</select>"] if len(hand.classes) > 1 else []
    parts += [_button("add", "Add a point"), _button("clear", "Remove all")]
    told = (
        "Click or tap to add a point, drag to move it; two clicks or Delete remove it. "
        "By keyboard: arrows move (in small steps with Shift), C changes the class."
    )
    return "".join(parts) + f'<p class="dl-hint">{told}</p>'


_KINDS = {Points: _points}
