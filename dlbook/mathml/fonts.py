"""Letters in another alphabet, as Unicode has them.

MathML Core knows no bold or blackboard letters by attribute: they are characters.
"""

from dlbook.mathml.latex import LaTeXError
from dlbook.mathml.symbols import FONTS

__all__ = ["styled"]

_SCRIPT = dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True))
_EXCEPTIONS = {
    r"\mathcal": _SCRIPT,
    r"\mathscr": _SCRIPT,
    r"\mathbb": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    r"\mathit": {"h": "ℎ"},
    r"\mathfrak": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
}
_BOLD = {
    r"\mathbf": {"∇": "𝛁", "∂": "𝛛", "ϵ": "𝛜", "ϑ": "𝛝", "ϕ": "𝛟"},
    r"\boldsymbol": {"∇": "𝜵", "∂": "𝝏", "ϵ": "𝝐", "ϑ": "𝝑", "ϕ": "𝝓"},
}
_BOLD[r"\bm"] = _BOLD[r"\boldsymbol"]


def styled(text, font):
    r"""Return the text in the alphabet of a font command.

    Examples
    --------
    >>> styled("ER", r"\mathbb")
    '𝔼ℝ'
    >>> styled("x", None)
    'x'
    """
    if FONTS.get(font) is None:
        return text
    return "".join(_letter(char, font) for char in text)


def _letter(char, font):
    special = _EXCEPTIONS.get(font, {}) | _BOLD.get(font, {})
    if char in special:
        return special[char]
    for first, last, start in zip("Aa0Αα", "Zz9Ωω", FONTS[font], strict=True):
        if start and first <= char <= last:
            return chr(start + ord(char) - ord(first))
    if char.isalnum():
        raise LaTeXError(f"{font} has no {char}")
    return char
