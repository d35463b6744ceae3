"""The mathematics font, cut down to what a textbook's formulas need.

STIX Two Math (SIL Open Font License) comes inside the wheel of ``ziamath``. It is cut
when the book is built and written into the style sheet itself: no request of its own,
no text that jumps when the font arrives, and no browser that refuses to load a font
from a neighbouring folder of the disk.
"""

import logging
from base64 import b64encode
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from unicodedata import category

import fontTools
from fontTools import subset

__all__ = ["CHARACTERS", "font_face", "math_font"]

SIGNS = (
    "±×·÷°¬¨¯ıȷ…†‖–—‐′″‴⁗⋮⋯⋱ℂℊℋℎℏℐℑℒℓℕℙℚℛℜℝℤℬℯℰℱℳℴ"
    "←↑→↓↔↦⇐⇒⇔⟵⟶⟷⟸⟹⟺↗↘∀∂∃∅∇∈∉∋∏∐∑−∓∖∗∘∙√∝∞∠∣∥∧∨∩∪∫∬∮∴∵∼≃≅≈≔≜≝≠≡≤≥≪≫≺≻≐≲≳⊂⊃⊆⊇"
    "⊕⊖⊗⊘⊙⊢⊨⊤⊥⋀⋁⋂⋃⋅⋆⌈⌉⌊⌋⏞⏟□■✓△▽◦○⟨⟩⨀⨁⨂⩽⩾ˆˇ˘˙˜ϑϕϖϱϵ"
    "‾⁻⁰¹²³⁴⁵⁶⁷⁸⁹"  # overlines; powers of ten, which a slider may call up
)
RANGES = (
    (0x20, 0x7E),  # ASCII
    (0x2002, 0x200A),  # spaces
    (0x2061, 0x2064),  # invisible operators
    (0x300, 0x308),  # accents
    (0x393, 0x3A9),  # Greek, upright
    (0x3B1, 0x3C9),
    (0x1D400, 0x1D49B),  # Latin: bold, italic, bold italic
    (0x1D49C, 0x1D4B5),  # script capitals
    (0x1D538, 0x1D550),  # blackboard capitals
    (0x1D6E4, 0x1D755),  # Greek: italic, bold italic
    (0x1D7CE, 0x1D7D9),  # bold digits, blackboard 1
)
#: The characters that formulas may use; the site's tests hold the book to them.
CHARACTERS = frozenset(
    sign
    for first, last in (*((ord(s), ord(s)) for s in SIGNS + "⃗"), *RANGES)
    for sign in map(chr, range(first, last + 1))
    if category(sign) != "Cn"  # Unicode left holes where it had the letter already
)

#: Accents that stand over one letter and do not stretch.
NARROW = "\u0302\u0303\u0305"


def math_font():
    """Return the cut font.

    Returns
    -------
    bytes
        A WOFF2 file with the table of mathematics that stretches brackets and roots.

    Examples
    --------
    >>> math_font()[:4]
    b'wOF2'
    """
    # Another package of the build lets every logger speak.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["ccmp", "dtls"]
    options.notdef_outline = True
    options.hinting = False
    # Found without an import, which would load all of ziamath.
    folder = Path(find_spec("ziamath").origin).parent
    cutter, output = subset.Subsetter(options), BytesIO()
    cutter.populate(text="".join(sorted(CHARACTERS)))
    with subset.load_font(folder / "fonts/STIXTwoMath-Regular.ttf", options) as font:
        font.recalcTimestamp = False
        cutter.subset(font)
        _keep_narrow(font)
        subset.save_font(font, output, options)
    return output.getvalue()


def _keep_narrow(font):
    """Take out wide hats, tildes and bars: WebKit would put them over one letter."""
    names = {font.getBestCmap()[ord(sign)] for sign in NARROW}
    variants = font["MATH"].table.MathVariants
    coverage, forms = variants.HorizGlyphCoverage, variants.HorizGlyphConstruction
    kept = [k for k, name in enumerate(coverage.glyphs) if name not in names]
    coverage.glyphs = [coverage.glyphs[k] for k in kept]
    variants.HorizGlyphConstruction = [forms[k] for k in kept]
    variants.HorizGlyphCount = len(kept)


def font_face(cache):
    """Return the CSS rule that holds the font; cutting it takes two seconds once.

    Parameters
    ----------
    cache : path-like
        A folder that outlives the build.

    Returns
    -------
    str
        One ``@font-face`` rule.
    """
    key = fontTools.version.encode() + Path(__file__).read_bytes()
    path = Path(cache, f"stix-{sha256(key).hexdigest()[:12]}.woff2")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(math_font())
    data = b64encode(path.read_bytes()).decode()
    return (
        '@font-face{font-family:"STIX Two Math";font-display:block;'
        f'src:url("data:font/woff2;base64,{data}") format("woff2")}}\n'
    )
