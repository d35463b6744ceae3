r"""Numbers in formulas: brackets where signs collide, the same at first and later."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dlbook.live
from dlbook.live.inputs.labels import label, latex_name
from dlbook.live.text.formula import expand, mathml, render, slots
from dlbook.live.text.numbers import JAVASCRIPT
from dlbook.mathml import LaTeXError, to_mathml

NEGATIVE = {"a": -0.5, "b": 2.0, "v": [-1.0, 2.0], "M": [[1.0, -2.0], [3.0, 4.0]]}


@pytest.mark.parametrize(
    ("template", "latex"),
    [
        ("<<a>>", "-0.5"),
        ("z = <<a>>", "z = -0.5"),
        (r"<<a>> \cdot <<b>>", r"-0.5 \cdot 2"),
        (r"<<b>> \cdot <<a>>", r"2 \cdot (-0.5)"),
        ("<<b>> + <<a>>", "2 + (-0.5)"),
        ("<<b>> - <<a>>", "2 - (-0.5)"),
        (r"<<b>> \times <<a>>", r"2 \times (-0.5)"),
        ("-<<a>>", "-(-0.5)"),
        ("<<a>>^2", "(-0.5)^2"),
        ("{<<a>>}^2", "{(-0.5)}^2"),
        ("<<b>>^2", "2^2"),
        ("w <<a>>", "w (-0.5)"),
        ("(<<a>>)", "(-0.5)"),
        ("|<<a>>|", "|-0.5|"),
        (r"\left[<<a>>, <<a>>\right]", r"\left[-0.5, -0.5\right]"),
        (r"\log <<a>>", r"\log (-0.5)"),
        (r"\sum <<a>>", r"\sum (-0.5)"),
        ("x^<<b>>", "x^{2}"),
        ("x^{<<a>>}", "x^{-0.5}"),
        (r"\frac<<a>><<b>>", r"\frac{-0.5}{2}"),
        (r"\frac{<<a>>}{<<b>>}", r"\frac{-0.5}{2}"),
        ("x <<a:+.1f>> = 0", "x -0.5 = 0"),
        ("x <<b:+.1f>> = 0", "x +2.0 = 0"),
        (r"x \cdot <<b:+.1f>>", r"x \cdot (+2.0)"),
        ("<<b:+.1f>>", "+2.0"),
        (r"a = 1, \quad <<a>>", r"a = 1, \quad -0.5"),
        ("<<v[0]>>", "-1"),
        ("<<M[1,0]:.2f>>", "3.00"),
        ("<<M[0, 1] : .1f>>", "-2.0"),
        (r"\begin{aligned} z &= <<a>> \\ &+ <<a>> \end{aligned}", None),
        ("a > <<a>>, <<a>>", "a > -0.5, -0.5"),
    ],
)
def test_a_sign_gets_brackets_where_it_would_collide(template, latex):
    if latex is None:
        latex = r"\begin{aligned} z &= -0.5 \\ &+ (-0.5) \end{aligned}"
    assert render(template, NEGATIVE) == latex
    to_mathml(latex)


@pytest.mark.parametrize(
    ("value", "spec", "latex"),
    [
        (7.9e-31, ".1e", r"z \cdot (7.9 \times 10^{-31})"),
        (12345.678, ",.1f", "z \\cdot 12{,}345.7"),
        (0.25, ".0%", r"z \cdot 25\%"),
        (np.inf, ".1f", r"z \cdot \infty"),
        (-np.inf, ".1f", r"z \cdot (-\infty)"),
        (np.nan, ".1f", r"z \cdot \text{undefined}"),
        (-0.0004, ".2f", r"z \cdot 0.00"),
        (True, "d", r"z \cdot 1"),
    ],
)
def test_numbers_of_every_kind_are_latex(value, spec, latex):
    got = render(rf"z \cdot <<x:{spec}>>", {"x": value})
    assert got == latex
    to_mathml(got)


def test_a_slot_of_an_array_becomes_a_matrix():
    got = render("<<M>> <<v:.1f>> + <<a>>", NEGATIVE)
    matrix = r"\begin{bmatrix}1&-2\\3&4\end{bmatrix}"
    assert got == matrix + r" \begin{bmatrix}-1.0\\2.0\end{bmatrix} + (-0.5)"
    html, found = mathml("<<M:.1f>>", NEGATIVE)
    assert [(s.name, s.index, s.spec) for s in found] == [
        ("M", (0, 0), ".1f"),
        ("M", (0, 1), ".1f"),
        ("M", (1, 0), ".1f"),
        ("M", (1, 1), ".1f"),
    ]
    assert expand("<<a>> <<v[0]>>", NEGATIVE) == "<<a>> <<v[0]>>"
    assert len(ET.fromstring(html).findall(".//mtd")) == 4


def test_slots_are_listed_in_order_with_their_place():
    found = slots(r"<<b:.1f>> + <<v[1]>>^2", NEGATIVE)
    assert [(s.name, s.index, s.spec, s.kind) for s in found] == [
        ("b", (), ".1f", "plain"),
        ("v", (1,), ".4g", "brackets"),
    ]
    assert [(s.start, s.end) for s in found] == [(0, 9), (12, 20)]


TEMPLATE = (
    r"z = <<a:{s}>> \cdot <<b:{s}>> + <<a:{s}>>^2 - \log <<b:{s}>> + x^{{<<a:{s}>>}}"
    r" w <<b:+.2f>> = \frac{{<<a:{s}>>}}{{2}} \begin{{matrix}} <<b:{s}>> \end{{matrix}}"
)


def fake(element):
    """Return an element as JavaScript sees it: children and their text."""
    children = [fake(child) for child in element]
    return {"children": children, "textContent": element.text or ""}


def texts(element):
    return (
        [(element.text or "")] if not len(element) else [e.text or "" for e in element]
    )


@pytest.fixture(scope="module")
def engine():
    racer = pytest.importorskip("py_mini_racer", reason="needs mini-racer")
    with racer.MiniRacer() as context:
        context.eval(JAVASCRIPT.read_text(encoding="utf-8"))
        yield context


@given(
    st.lists(st.floats(-1000, 1000) | st.floats(), min_size=4, max_size=4),
    st.sampled_from([".2f", "", "+.1f", ".1e", "d", ",.1f"]),
)
def test_a_slot_set_in_place_is_a_slot_written_anew(engine, numbers, spec):
    template = TEMPLATE.format(s=spec)
    first, later = numbers[:2], numbers[2:]
    html, found = mathml(template, dict(zip("ab", first, strict=True)))
    anew, _ = mathml(template, dict(zip("ab", later, strict=True)))
    where = ".//*[@data-slot]"
    elements = [fake(e) for e in ET.fromstring(html).iterfind(where)]
    want = [texts(e) for e in ET.fromstring(anew).iterfind(where)]
    jobs = [
        [element, "ab".index(slot.name), slot.spec]
        for element, slot in zip(elements, found, strict=True)
    ]
    values = ", ".join(
        {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(v), repr(v))
        for v in later
    )
    got = engine.eval(
        f"""JSON.stringify({json.dumps(jobs)}.map(([e, k, spec]) => {{
            setSlot(e, [{values}][k], spec);
            return e.children.length ? e.children.map(c => c.textContent)
                : [e.textContent];
        }}))"""
    )
    assert json.loads(got) == want


def test_an_untouched_number_is_not_written_again(engine):
    written = engine.eval(
        """(() => {
        let writes = 0;
        const element = {children: [], get textContent() { return "1.0"; },
                         set textContent(text) { writes += 1; }};
        setSlot(element, 1, ".1f"); setSlot(element, 2, ".1f");
        return writes; })()"""
    )
    assert written == 1


def test_markup_of_slots_has_an_address_and_no_style():
    html, _ = mathml(r"<<b>> \cdot <<a>> = x <<a:+.1f>>", NEGATIVE, display=False)
    close = 'stretchy="false" lspace="0" rspace="0"'
    assert html == (
        '<math><mrow><mn data-slot="0">2</mn><mo>⋅</mo>'
        f'<mrow data-slot="1"><mo form="prefix" {close}>(</mo><mn>−0.5</mn>'
        f'<mo form="postfix" {close}>)</mo></mrow><mo>=</mo><mi>x</mi>'
        '<mrow data-slot="2"><mo form="infix">−</mo><mn>0.5</mn></mrow></mrow></math>'
    )
    assert mathml("<<a>>", NEGATIVE)[0].startswith('<math display="block">')


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("<<c>>", "<<c>>: no such value; known are a, b, v, M"),
        ("<<v[2]>>", "v: wanted a place within shape (2,), got (2,)"),
        ("<<v[0,0]>>", "v: wanted 1 places in the brackets, as its shape (2,)"),
        ("<<M[0]>>", "M: wanted 2 places in the brackets, as its shape (2, 2)"),
        ("<<a[0]>>", "a: wanted 0 places in the brackets, as its shape ()"),
        ("<<1a>>", "<<1a>>: wanted <<name>>, <<name[0]>> or <<name:.2f>>"),
        ("<<v[-1]>>", "<<v[-1]>>: wanted <<name>>"),
        ("<<a:8.2f>>", "format '8.2f': wanted"),
        ("<<a>><<b>>", "a number and <<b>> stand side by side"),
        ("2<<b>>", "a number and <<b>> stand side by side"),
        ("<<b>>2", "<<b>> and 2 stand side by side"),
        (r"\foo <<a>>", r"unknown command \foo"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(template, message):
    for function in (render, mathml):
        with pytest.raises(ValueError, match=re.escape(message)):
            function(template, NEGATIVE)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.zeros((2, 2, 2)), ValueError, "wanted a number, a vector or a matrix, got"),
        ([], ValueError, "wanted a number, a vector or a matrix, got shape (0,)"),
        ("text", TypeError, "a: wanted real numbers, got dtype <U4"),
        (1j, TypeError, "a: wanted real numbers, got dtype complex128"),
    ],
)
def test_only_real_numbers_can_be_shown(value, error, message):
    with pytest.raises(error, match=re.escape(message)):
        render("<<a>>", {"a": value})


def test_without_values_the_message_says_so():
    with pytest.raises(ValueError, match="no such value; known are none"):
        render("<<a>>", {})


@pytest.mark.parametrize(
    ("arguments", "latex", "spoken"),
    [
        (("x1",), "x_{1}", "input x 1"),
        (("x", (0,)), "x_{1}", "input x 1"),
        (("w_2",), "w_{2}", "weight w 2"),
        (("b",), "b", "bias b"),
        (("W_xh", (0, 1)), "W_{xh,12}", "weight W x h 1 2"),
        (("W_xh12",), "W_{xh,12}", "weight W x h 1 2"),
        (("W", (0, 10)), "W_{1,11}", "weight W 1 11"),
        (("b_h", (0,)), "b_{h,1}", "bias b h 1"),
        (("eta",), r"\eta", "eta"),
        (("lr",), r"\eta", "learning rate eta"),
        (("eps", (1,)), r"\varepsilon_{2}", "epsilon 2"),
        (("log_var",), r"\log\sigma^{2}", "log variance"),
        (("log_var", (0,)), r"\log\sigma_{1}^{2}", "log variance 1"),
        (("h_prev", (1,)), "h_{t-1,2}", "h before 2"),
        (("y_hat", (1,)), r"\hat{y}_{2}", "y hat 2"),
        (("C_tilde",), r"\tilde{C}", "C tilde"),
        (("w_bar",), r"\bar{w}", "weight w bar"),
        (("p_data",), r"p_{\mathrm{data}}", "p data"),
        (("temperature",), r"\text{temperature}", "temperature"),
        (("sigma_max",), r"\sigma_{\mathrm{max}}", "sigma max"),
        (("w_mu", (1,)), r"w_{\mu,2}", "weight w mu 2"),
        (("beta1",), r"\beta_{1}", "beta 1"),
    ],
)
def test_names_in_code_are_labels_in_mathematics(arguments, latex, spoken):
    got = label(*arguments)
    assert got == (latex, to_mathml(latex), spoken)
    assert latex_name(*arguments) == latex


def test_a_label_can_be_given():
    assert label("rate", latex=r"\alpha").latex == r"\alpha"
    assert label("k", (0, 1), latex="K^{*}").latex == "{K^{*}}_{12}"
    with pytest.raises(LaTeXError, match="unknown command"):
        label("rate", latex=r"\foo")


def test_only_an_identifier_has_a_label():
    with pytest.raises(ValueError, match="wanted an identifier such as W_xh, got '2x'"):
        label("2x")


def test_formulas_need_no_matplotlib():
    code = "import sys, dlbook.live.text.formula, dlbook.worked; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"matplotlib", "ipywidgets"} & set(done.stdout.split())


def test_the_package_offers_its_names_and_no_others():
    assert set(dlbook.live.__all__) <= set(dir(dlbook.live))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dlbook.live.nothing
