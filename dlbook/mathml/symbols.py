"""The LaTeX the book may write: every command, its character and its class.

The classes are TeX's. ``var`` is set in italics and ``ord`` upright; ``big`` is a
large operator; ``fence`` is a bar, which opens and closes alike. What stands in no
table is refused.
"""

__all__ = [
    "ACCENTS",
    "BRACES",
    "CHARACTERS",
    "COMMANDS",
    "DELIMITERS",
    "FENCES",
    "FONTS",
    "FUNCTIONS",
    "KINDS",
    "SIZES",
    "SPACES",
    "STYLES",
    "TEXTS",
]


def _table(**rows):
    table = {}
    for cls, row in rows.items():
        words = row.split()
        for name, char in zip(words[::2], words[1::2], strict=True):
            table[name] = char, cls
    return table


CHARACTERS = _table(
    ord=". . / / ! ! ? ? @ @ ⊤ ⊤",
    bin="+ + - − * ∗",
    rel="= = < < > > : :",
    punct=", , ; ;",
    open="( ( [ [",
    close=") ) ] ]",
    fence="| |",
)

COMMANDS = _table(
    var=r"""
    \alpha α \beta β \gamma γ \delta δ \epsilon ϵ \varepsilon ε \zeta ζ \eta η
    \theta θ \vartheta ϑ \iota ι \kappa κ \lambda λ \mu μ \nu ν \xi ξ \pi π \rho ρ
    \varrho ϱ \sigma σ \varsigma ς \tau τ \upsilon υ \phi ϕ \varphi φ \chi χ \psi ψ
    \omega ω \ell ℓ \partial ∂ \imath ı \jmath ȷ""",
    ord=r"""
    \Gamma Γ \Delta Δ \Theta Θ \Lambda Λ \Xi Ξ \Pi Π \Sigma Σ \Upsilon Υ \Phi Φ
    \Psi Ψ \Omega Ω \nabla ∇ \infty ∞ \forall ∀ \exists ∃ \emptyset ∅ \top ⊤ \bot ⊥
    \Re ℜ \Im ℑ \hbar ℏ \prime ′ \% % \# # \& & \$ $ \_ _ \dots … \ldots … \cdots ⋯
    \dotsc … \dotsb ⋯ \vdots ⋮ \ddots ⋱ \checkmark ✓ \dagger † \degree ° \angle ∠
    \square □ \blacksquare ■""",
    big=r"""
    \sum ∑ \prod ∏ \int ∫ \iint ∬ \oint ∮ \bigcup ⋃ \bigcap ⋂ \bigoplus ⨁
    \bigodot ⨀ \bigotimes ⨂ \bigvee ⋁ \bigwedge ⋀""",
    bin=r"""
    \cdot ⋅ \times × \div ÷ \pm ± \mp ∓ \ast ∗ \star ⋆ \circ ∘ \bullet ∙ \oplus ⊕
    \ominus ⊖ \otimes ⊗ \odot ⊙ \cup ∪ \cap ∩ \setminus ∖ \wedge ∧ \vee ∨ \land ∧
    \lor ∨""",
    rel=r"""
    \le ≤ \leq ≤ \ge ≥ \geq ≥ \ne ≠ \neq ≠ \equiv ≡ \approx ≈ \sim ∼ \simeq ≃
    \cong ≅ \propto ∝ \ll ≪ \gg ≫ \lesssim ≲ \gtrsim ≳ \in ∈ \ni ∋ \notin ∉
    \subset ⊂ \subseteq ⊆ \supset ⊃ \supseteq ⊇ \mid ∣ \parallel ∥ \perp ⊥ \to →
    \gets ← \rightarrow → \leftarrow ← \leftrightarrow ↔ \longrightarrow ⟶
    \longleftarrow ⟵ \Rightarrow ⇒ \Leftarrow ⇐ \Leftrightarrow ⇔ \Longrightarrow ⟹
    \implies ⟹ \iff ⟺ \mapsto ↦ \uparrow ↑ \downarrow ↓ \nearrow ↗ \searrow ↘
    \coloneqq ≔ \colon : \doteq ≐ \models ⊨ \vdash ⊢ \lt < \gt >""",
    open=r"\{ { \lbrace { \langle ⟨ \lfloor ⌊ \lceil ⌈ \lvert | \lVert ‖ \lbrack [",
    close=r"\} } \rbrace } \rangle ⟩ \rfloor ⌋ \rceil ⌉ \rvert | \rVert ‖ \rbrack ]",
    fence=r"\| ‖ \vert | \Vert ‖",
)

# What may follow \left, \right, \middle and \big; a full stop is an empty delimiter.
DELIMITERS = {".": "", "/": "/", r"\backslash": "\\", "<": "⟨", ">": "⟩"} | {
    name: char
    for name, (char, cls) in (CHARACTERS | COMMANDS).items()
    if cls in ("open", "close", "fence")
}

# name: (text, whether limits go below and above it in a displayed formula)
FUNCTIONS = {
    rf"\{name}": (name, False)
    for name in "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth exp "
    "log ln lg arg deg dim ker".split()
} | {
    rf"\{name}": (text, True)
    for name, text in (
        ("max", "max"),
        ("min", "min"),
        ("sup", "sup"),
        ("inf", "inf"),
        ("lim", "lim"),
        ("det", "det"),
        ("gcd", "gcd"),
        ("Pr", "Pr"),
        ("argmax", "arg\u2009max"),
        ("argmin", "arg\u2009min"),
        ("limsup", "lim\u2009sup"),
        ("liminf", "lim\u2009inf"),
    )
}

SPACES = {
    r"\,": "0.167em",
    r"\thinspace": "0.167em",
    r"\:": "0.222em",
    r"\>": "0.222em",
    r"\;": "0.278em",
    r"\ ": "0.25em",
    "~": "0.25em",
    r"\!": "-0.167em",
    r"\enspace": "0.5em",
    r"\quad": "1em",
    r"\qquad": "2em",
}

# command: (character, whether it is told to stretch: it does only if the font has wider
# forms of it, and WebKit sets others tight then, too)
ACCENTS = {
    r"\hat": ("ˆ", False),
    r"\widehat": ("^", True),
    r"\tilde": ("˜", False),
    r"\widetilde": ("~", True),
    r"\bar": ("¯", False),
    r"\overline": ("‾", True),
    r"\vec": ("→", False),
    r"\dot": ("˙", True),
    r"\ddot": ("¨", True),
    r"\check": ("ˇ", True),
    r"\overrightarrow": ("→", True),
}

BRACES = {
    r"\underbrace": ("munder", "⏟"),
    r"\overbrace": ("mover", "⏞"),
    r"\underline": ("munder", "_"),
}

# command: the alphabet's code points of A, a, 0 and of capital and small alpha
FONTS = {
    r"\mathbb": (0x1D538, 0x1D552, 0x1D7D8, None, None),
    r"\mathcal": (0x1D49C, 0x1D4B6, None, None, None),
    r"\mathscr": (0x1D49C, 0x1D4B6, None, None, None),
    r"\mathfrak": (0x1D504, 0x1D51E, None, None, None),
    r"\mathbf": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
    r"\boldsymbol": (0x1D468, 0x1D482, 0x1D7CE, 0x1D71C, 0x1D736),
    r"\bm": (0x1D468, 0x1D482, 0x1D7CE, 0x1D71C, 0x1D736),
    r"\mathsf": (0x1D5A0, 0x1D5BA, 0x1D7E2, None, None),
    r"\mathtt": (0x1D670, 0x1D68A, 0x1D7F6, None, None),
    r"\mathit": (0x1D434, 0x1D44E, None, 0x1D6E2, 0x1D6FC),
    r"\mathrm": None,
}

TEXTS = {r"\text", r"\textrm", r"\mbox", r"\textbf", r"\textit", r"\texttt"}

STYLES = {r"\displaystyle": "true", r"\textstyle": "false"}

SIZES = {r"\big": "1.2em", r"\Big": "1.623em", r"\bigg": "2.047em", r"\Bigg": "2.47em"}

# environment: the delimiters around it
FENCES = {
    "matrix": ("", ""),
    "smallmatrix": ("", ""),
    "array": ("", ""),
    "pmatrix": ("(", ")"),
    "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"),
    "cases": ("{", ""),
    "aligned": ("", ""),
    "align*": ("", ""),
    "align": ("", ""),
    "split": ("", ""),
    "gathered": ("", ""),
    "gather*": ("", ""),
    "multline*": ("", ""),
    "equation*": ("", ""),
}

# environment: how its cells are aligned and spaced
KINDS = {name: "matrix" for name in FENCES} | {
    "cases": "cases",
    "smallmatrix": "smallmatrix",
    "aligned": "aligned",
    "align*": "aligned",
    "align": "aligned",
    "split": "aligned",
    "gathered": "gathered",
    "gather*": "gathered",
    "multline*": "gathered",
    "equation*": "gathered",
}
