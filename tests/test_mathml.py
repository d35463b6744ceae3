r"""Formulas become MathML Core that browsers set as TeX does, or an error."""

import base64
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dlbook.mathml import STYLE_SHEET, LaTeXError, symbols, to_mathml
from dlbook.mathml.emit import Context, write
from dlbook.mathml.latex import parse
from dlbook.mathml.source import source

# Formulas of every chapter's kind.
FORMULAS = [
    r"z = \sum_{i=1}^{n} w_i x_i + b",
    r"\frac{\partial L}{\partial w_j} = -\sum_i (y_i - \hat y_i)\,\hat{y}_i\,x_{ij}",
    r"L = \tfrac12 \sum_i (y_i - \hat{y}_i)^2, \quad \dfrac{a}{b}",
    r"h_t = \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)",
    r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t",
    r"\mathbb{E}_{q(z \mid x)}[\log p(x \mid z)] - D_{\mathrm{KL}}(q \,\|\, p)",
    r"\begin{aligned} z &= 1 \\[4pt] &= 2 && \text{(why)} \\ & - x\end{aligned}",
    r"f(z) = \begin{cases} 1 & \text{if $z > 0$} \\ 0 & \text{else} \end{cases}",
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} \begin{Bmatrix} a \\ b\end{Bmatrix}",
    r"\begin{array}{rl} a & b \end{array} \begin{smallmatrix} 1 \end{smallmatrix}",
    r"\begin{gathered} a \\ b \end{gathered} \begin{vmatrix} a \end{vmatrix}",
    r"\underbrace{w \cdot x}_{\text{score}} + \overbrace{a + b}^{n}, \underline{x}",
    r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
    r"\operatorname*{arg\,max}_i z_i = \max_i z_i = \argmax z + \lim_{h \to 0} h",
    r"\min_G \max_D V(D, G) \propto \sigma_{\max} \int_0^1 x\,dx",
    r"\left(\frac{R}{\gamma}\right)^2 + \left.x\right|_0, \left\{ a \middle| b\right\}",
    r"\left\lfloor \frac{n + 2p}{s} \right\rfloor + \lVert w \rVert_2^2 + \|v\|",
    r"\mathbf{x} \in \mathbb{R}^n, \boldsymbol{\mu}, \mathcal{N}, \mathit{loss}",
    r"\sqrt{1 + \sqrt[3]{x}}, \binom{n}{k}, \boxed{E}, \phantom{x}",
    r"f'(x) + f'' + g''' + h'''' + D^*(x) + x'_i{}^2",
    r"a \xrightarrow{f} b \stackrel{!}{=} c \overset{n}{+} d \underset{x}{\to} e",
    r"\bigl(a + \Big| b\bigr) / \bigm| 1{,}000 \ge 10^{-5} \%",
    r"\displaystyle \sum_i x_i \textstyle \prod \limits_i y \sum\nolimits_j",
    r"p(x|z) = |x| + |y|, \bar x, \vec{v}, \dot x, \ddot x, \widehat{xy} \overline{ab}",
    r"\nabla_\theta L \approx \infty, x < y > z, \{1, \dots, n\}; 5! : \ell",
    r"a \\ b & c \\",
]


def body(latex, display=False):
    """Return the markup between <semantics> and its annotation."""
    return re.search("<semantics>(.*)<annotation", to_mathml(latex, display))[1]


@pytest.mark.parametrize("latex", FORMULAS)
@pytest.mark.parametrize("display", [False, True])
def test_markup_is_well_formed_and_keeps_its_latex(latex, display):
    math = ET.fromstring(to_mathml(latex, display))
    assert math.get("display") == ("block" if display else None)
    (semantics,) = math
    shown, annotation = semantics
    assert annotation.text == latex
    arity = {"mfrac": 2, "msub": 2, "msup": 2, "mroot": 2, "mover": 2, "munder": 2}
    arity |= {"msubsup": 3, "munderover": 3, "mtd": None}
    for element in shown.iter():
        if arity.get(element.tag):
            assert len(element) == arity[element.tag], ET.tostring(element)
        if element.tag in ("mi", "mn", "mo", "mtext"):
            assert element.text or len(element), ET.tostring(element)
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)


@pytest.mark.parametrize("latex", FORMULAS)
def test_a_tree_written_back_reads_as_the_same_tree(latex):
    again = source(parse(latex))
    assert (
        to_mathml(again).partition("<annotation")[0]
        == (to_mathml(latex).partition("<annotation")[0])
    )


def test_every_known_symbol_is_one_character_in_one_token():
    for name, (char, cls) in (symbols.COMMANDS | symbols.CHARACTERS).items():
        (token,) = ET.fromstring(f"<r>{body(name)}</r>")
        assert token.text == char, name
        assert token.tag == ("mi" if cls in ("var", "ord") else "mo") or cls == "ord"
    for name, (text, _) in symbols.FUNCTIONS.items():
        assert ET.fromstring(body(name)).text == text


MINUS, ZERO = "−", ' lspace="0" rspace="0"'


@pytest.mark.parametrize(
    ("latex", "markup"),
    [
        ("-b", '<mrow><mo form="prefix">−</mo><mi>b</mi></mrow>'),
        ("a-b", '<mrow><mi>a</mi><mo form="infix">−</mo><mi>b</mi></mrow>'),
        (
            "a=-b",
            '<mrow><mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mi>b</mi></mrow>',
        ),
        (r"\quad-b", '<mrow><mspace width="1em"></mspace><mo form="prefix">−</mo>'),
        ("x_{i-1}", f"<msub><mi>x</mi><mrow><mi>i</mi><mo{ZERO}>−</mo><mn>1</mn>"),
        ("D^*", f"<msup><mi>D</mi><mo{ZERO}>∗</mo></msup>"),
        ("1{,}0", f"<mrow><mn>1</mn><mrow><mo{ZERO}>,</mo></mrow><mn>0</mn></mrow>"),
        ("a.", f"<mrow><mi>a</mi><mo{ZERO}>.</mo></mrow>"),
        ("x'", f"<mrow><mi>x</mi><mo{ZERO}>′</mo></mrow>"),
        ("x''_i^2", f"<msubsup><mrow><mi>x</mi><mo{ZERO}>″</mo></mrow><mi>i</mi><mn>2"),
        ("<", "<mo>&lt;</mo>"),
        (r"\mathrm{KL}", "<mi>KL</mi>"),
        (r"\mathrm{d}", '<mi mathvariant="normal">d</mi>'),
        (r"\mathit{hat}", "<mi>ℎ𝑎𝑡</mi>"),
        (r"\mathbb{E}\mathbb{R}", "<mrow><mi>𝔼</mi><mi>ℝ</mi></mrow>"),
        (r"\mathbf{W}_1", "<msub><mi>𝐖</mi><mn>1</mn></msub>"),
        (r"\mathbf{1.5}", "<mn>𝟏.𝟓</mn>"),
        (r"\boldsymbol{\mu\epsilon}", "<mrow><mi>𝝁</mi><mi>𝝐</mi></mrow>"),
        (r"\mathbf{a+b}", '<mrow><mi>𝐚</mi><mo form="infix">+</mo><mi>𝐛</mi></mrow>'),
        (r"\Delta", '<mi mathvariant="normal">Δ</mi>'),
        (
            r"\tanh x",
            '<mrow><mi>tanh</mi><mspace width="0.167em"></mspace><mo>\u2061</mo>'
            "<mi>x</mi></mrow>",
        ),
        (
            r"2\log(x)",
            '<mrow><mn>2</mn><mspace width="0.167em"></mspace><mi>log</mi>'
            '<mo>\u2061</mo><mo stretchy="false">(</mo><mi>x</mi>',
        ),
        (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        (r"\sqrt{ab}", "<msqrt><mi>a</mi><mi>b</mi></msqrt>"),
        ("", "<mrow></mrow>"),
        ("^2", "<msup><mrow></mrow><mn>2</mn></msup>"),
        (r"\text{a b\_\textdegree}".replace(r"\textdegree", ""), "<mtext>a\u00a0b_"),
        (r"\textbf{x}", "<mtext><b>x</b></mtext>"),
        (r"\text{if $x$}", "<mrow><mtext>if\u00a0</mtext><mi>x</mi></mrow>"),
    ],
)
def test_markup_follows_tex(latex, markup):
    assert body(latex).startswith(markup)


@pytest.mark.parametrize(
    ("latex", "tag"),
    [
        (r"\sum_i", "munder"),
        (r"\sum^n", "mover"),
        (r"\sum_i^n", "munderover"),
        (r"\sum\nolimits_i", "msub"),
        (r"\int_0^1", "msubsup"),
        (r"\int\limits_0^1", "munderover"),
        (r"\max_i", "munder"),
        (r"\log_2", "msub"),
        (r"\operatorname*{mean}_i", "munder"),
        (r"\operatorname{mean}_i", "msub"),
        (r"\underbrace{a}_b", "munder"),
    ],
)
def test_limits_go_where_tex_sets_them(latex, tag):
    assert ET.fromstring(body(latex, display=True)).tag == tag


def test_bars_open_and_close_in_pairs_and_divide_alone():
    forms = re.compile(r"<mo([^>]*)>\|</mo>")
    assert ["postfix" in f for f in forms.findall(body("|x|+|y|"))] == [0, 1, 0, 1]
    assert forms.findall(body("p(a|b)")) == [f' stretchy="false"{ZERO}']
    inside = forms.findall(body("|p(a|b)|"))
    assert ["form" in form for form in inside] == [True, False, True]


def test_a_line_that_is_set_in_continues_the_one_above():
    cells = ET.fromstring(body(r"\begin{aligned} a &= b \\ &\quad + c\end{aligned}"))
    assert [mo.get("form") for mo in cells.iter("mo")] == [None, "infix"]


def test_cells_of_aligned_rows_continue_what_is_left_of_them():
    cells = ET.fromstring(body(r"\begin{aligned} a &- b \\ &+ c & -d\end{aligned}"))
    assert [mo.get("form") for mo in cells.iter("mo")] == ["infix", "infix", "prefix"]
    assert [mtd.get("class") for mtd in cells.iter("mtd")] == [
        "dl-right",
        "dl-left",
        "dl-right",
        "dl-left",
        "dl-right",
    ]


def test_the_style_sheet_knows_every_class_that_tables_have():
    sheet = STYLE_SHEET.read_text(encoding="utf-8")
    for latex in FORMULAS:
        for name in re.findall('class="(dl-[a-z]+)"', to_mathml(latex)):
            assert f".{name}" in sheet or name == "dl-gathered"


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"2 \foo", r"unknown command \foo in 2 >>>\foo"),
        ("a é", "unknown character é in a >>>é"),
        ("²", "unknown character ² in >>>²"),
        ("a % b", "unknown character % in a >>>% b"),
        (r"\begin{foo}", "unknown environment foo"),
        (r"\begin{array}{c|c}\end{array}", "wanted columns l, c or r, got c|c"),
        (r"\begin{bmatrix} 1", "unexpected end, wanted & or \\\\ or \\end"),
        (r"\begin{bmatrix} 1 \end{pmatrix}", r"wanted \end{bmatrix}"),
        (r"\begin bmatrix", "wanted {, got b"),
        ("{a", "unexpected end, wanted }"),
        ("a}", "unexpected }"),
        (r"\frac{1}", "an argument is missing before the end"),
        ("x^", "an argument is missing before the end"),
        ("x^}", "an argument is missing before }"),
        ("x_12", "braces are missing around 12 in x_>>>12"),
        ("x_1_2", "a second _"),
        ("f'''''", "more than four primes"),
        ("x^1^2", "a second ^"),
        (r"\left( x", "unexpected end, wanted \\right"),
        (r"\left x", "wanted a delimiter, got x"),
        (r"\left", "wanted a delimiter, got the end"),
        (r"a \right)", r"unexpected \right"),
        (r"a \middle| b", r"unknown command \middle"),
        (r"\sqrt[3", "unexpected end, wanted ]"),
        (r"\text{a", "wanted } after"),
        (r"\text x", "wanted {, got x"),
        (r"\text{a \alpha}", "a command or a single $ within a text"),
        (r"\text{5 $}", "a command or a single $ within a text"),
        (r"\text{<<x>>}", "a slot within a text"),
        (r"\operatorname{a_b}", "wanted a name in letters"),
        (r"\mathbb{\mu}", r"\mathbb has no μ"),
        (r"\mathcal{1}", r"\mathcal has no 1"),
        (r"\label{a}", r"unknown command \label"),
        (r"2<<x>>", "a number and <<x>> stand side by side"),
        ("<<x>>", "<<x>>: a slot outside of a live or worked formula"),
    ],
)
def test_what_cannot_be_set_is_an_error_that_shows_the_place(latex, message):
    with pytest.raises(LaTeXError, match=re.escape(message)):
        to_mathml(latex)


def test_only_parts_of_a_formula_can_be_written():
    with pytest.raises(TypeError, match="wanted a part of a formula, got 3"):
        write(3, Context(None), "ord", None)


@pytest.fixture(scope="module")
def font():
    """A style sheet with the book's font for formulas, which stretches brackets."""
    spec = pytest.importorskip("ziamath", reason="needs ziamath").__spec__
    path = Path(spec.origin).with_name("fonts") / "STIXTwoMath-Regular.ttf"
    data = base64.b64encode(path.read_bytes()).decode()
    face = f"@font-face {{ font-family: M; src: url(data:font/ttf;base64,{data}) }}"
    return f"{face} math {{ font: 20px M }} {STYLE_SHEET.read_text(encoding='utf-8')}"


@pytest.fixture
def boxes(page, font):
    """Return a function from LaTeX to the boxes of the tokens in Chromium."""

    def measure(latex):
        page.set_content(f"<style>{font}</style>{to_mathml(latex, True)}")
        page.evaluate("document.fonts.load('20px M', 'x')")
        return page.evaluate(
            """() => [...document.querySelectorAll("math *")]
            .filter(e => !e.children.length && e.tagName !== "annotation")
            .map(e => [e.textContent, e.getBoundingClientRect()])
            .map(([text, b]) =>
                ({text, x: b.left, y: b.top, w: b.width, h: b.height}))"""
        )

    return measure


def tokens(found, text):
    return [box for box in found if box["text"] == text]


def test_chromium_sets_formulas_as_they_are_meant(boxes):
    found = boxes(r"\begin{aligned} x &= 1 \\ y + z &= 22\end{aligned}")
    first, second = tokens(found, "=")
    assert abs(first["x"] - second["x"]) < 0.5
    assert second["y"] > first["y"] + 15

    found = boxes(r"\sum_{i=1}^{n} \frac{a}{b}")
    big, low, high = (tokens(found, text)[0] for text in "∑in")
    assert high["y"] < big["y"] < low["y"]
    assert tokens(found, "a")[0]["y"] + 10 < tokens(found, "b")[0]["y"]

    found = boxes(r"\begin{bmatrix} 1 \\ 2 \\ 3 \end{bmatrix} (")
    assert tokens(found, "[")[0]["h"] > 50 > 30 > tokens(found, "(")[0]["h"]

    found = boxes(r"\hat{y} \tilde{C}")
    hat, y = tokens(found, "ˆ")[0], tokens(found, "y")[0]
    assert abs((hat["x"] + hat["w"] / 2) - (y["x"] + y["w"] / 2)) < 5

    found = boxes("a = -b - c")
    equals, sign, b, minus, c = found[1:]
    assert b["x"] - (sign["x"] + sign["w"]) < 1
    assert c["x"] - (minus["x"] + minus["w"]) > 3
    assert sign["x"] - (equals["x"] + equals["w"]) > 3

    found = boxes(r"\tanh x")
    assert found[-1]["x"] - (found[0]["x"] + found[0]["w"]) > 2

    found = boxes(r"\begin{cases} 1 & x \\ 22 & y\end{cases}")
    assert abs(tokens(found, "1")[0]["x"] - tokens(found, "22")[0]["x"]) < 0.5
    assert tokens(found, "{")[0]["h"] > 30
