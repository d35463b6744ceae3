"""The page's controls of a run, and what the script needs to go on."""

from math import inf, log

__all__ = ["controls", "functions", "told"]

#: Steps a second.
PACES = {2: "2 steps/s", 8: "8 steps/s", 30: "30 steps/s", 120: "120 steps/s"}
PACES |= {500: "500 steps/s", inf: "fastest"}
#: In how many seconds a reader sees the stored picture come to be.
WHOLE = 8


def controls(live):
    """Return the buttons that run a figure, or nothing for one that does not learn."""
    if live.system is None:
        return ""
    finite = [pace for pace in PACES if pace < inf]
    usual = min(finite, key=lambda pace: abs(log(pace * WHOLE / max(live.steps, 1))))
    options = "".join(
        f'<option value="{str(pace).replace("inf", "Infinity")}"'
        f"{' selected' if pace == usual else ''}>{text}</option>"
        for pace, text in PACES.items()
    )
    return (
        '<div class="dl-drive" role="group" aria-label="Run">'
        '<button type="button" data-run="play">Play</button>'
        '<button type="button" data-run="step">One step</button>'
        '<button type="button" data-run="restart">Restart</button>'
        '<button type="button" data-run="seed">Another seed</button>'
        f'<select data-run="speed" aria-label="Speed">{options}</select>'
        f'<span class="dl-count">{_count(live)}</span>'
        '<span class="dl-note" data-run="note" role="status"></span></div>'
    )


def _count(live):
    shown = '<output data-run="{}" aria-live="off">{}</output>'.format
    count, number = shown("count", live.now.steps), shown("number", live.now.seed)
    return f"after {count} steps, seed {number}"


def told(live):
    """Return in words at which moment of its run a figure stands."""
    return f"After {live.now.steps} steps, seed {live.now.seed}." if live.system else ""


def functions(live):
    """Return the members of the script's object that let a figure run."""
    if live.system is None:
        return ""
    parts = [f"{name}:{live.programs[name].javascript()}" for name in ("start", "step")]
    parts += [f"starting:{live.starting}", f"acting:{live.acting}"]
    return f",run:{{{','.join(parts)}}}"
