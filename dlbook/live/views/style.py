"""The colours of the palette as style rules, on the page and in a notebook."""

import re
from pathlib import Path

from dlbook.mathml import STYLE_SHEET
from dlbook.plotting import PALETTE

__all__ = ["colours", "notebook_style", "smaller"]

#: Where JupyterLab and what nbconvert exports, VS Code, and Colab are dark.
DARK = ("[data-jp-theme-light=false]", ".vscode-dark", "html[theme=dark]")


def colours(mode):
    """Return the palette as CSS variables ``--dl-<role>``.

    Parameters
    ----------
    mode : {"light", "dark"}
    """
    return "".join(f"--dl-{role}:{getattr(c, mode)};" for role, c in PALETTE.items())


def smaller(css):
    """Return a style sheet without comments and needless space."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", css)).strip()


def notebook_style():
    """Return the rules that a live figure needs in a notebook."""
    dark = ",".join(f"{place} .dl-kept" for place in DARK)
    rules = [
        f".dl-kept{{{colours('light')}color:var(--dl-ink);max-width:45rem}}",
        f"{dark}{{color-scheme:dark;{colours('dark')}}}",
        ".dl-kept :is(.dl-code,.dl-link){display:none}",
        ".dl-kept *{box-sizing:border-box}.dl-kept .dl-live{margin:0}",
    ]
    sheets = [STYLE_SHEET, Path(__file__).with_name("live.css")]
    return smaller("\n".join(rules + [sheet.read_text("utf-8") for sheet in sheets]))
