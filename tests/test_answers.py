"""Answers that the page checks, predictions, and the edition without solutions."""

import html
import itertools
import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from dlbook.live import LiveFigure, check_answer, check_prediction
from dlbook.live.answers import hashed
from dlbook.live.views.display import bundle
from dlbook.plotting import subplots
from dlbook.site.answers import markup, stored, unsolved
from dlbook.site.joined import join
from test_notebooks import CHAPTERS, code_cells, each_chapter, prose, read
from test_site import PALE, faults
from test_site_build import CONFIG, build

EXERCISE = """
:::{exercise} Three numbers
:label: ex-numbers

What are they?
:::

:::{dropdown} Hint

Count.
:::

::::{solution-start} ex-numbers
:class: dropdown
::::

They are secret.
"""
END = "The secret goes on.\n\n::::{solution-end}\n::::\n\nAfter the exercise."
QUESTIONS = {
    "A quarter of five, $x$": 1.25,
    "How many": 3,
    "Precisely": "-0.1250",
    "Which": {"the first": False, "the second": True},
}
#: For each question what is right, and what is not.
RIGHT = ("1.25", "1,25", "5/4", " 1.2500 ", "+1.26", "125 %", "1.25e0")
WRONG = ("1.3", "0", "-1.25", "−1.25")
UNREADABLE = ("", "two", "1.2.5", "5/", "/4", "1/0", "1 or 2", "0x10")


# In Python --------------------------------------------------------------------------


def keys(right):
    """The number of answers that are right, and the form's question."""
    (question,) = check_answer("a", {"q": right}).spec["questions"]
    return len(question["right"]), question


def test_a_whole_number_is_met_exactly_and_another_to_its_last_decimal():
    assert keys(3) == (1, {"text": "q", "digits": 0, "right": [hashed("a 0 3")]})
    many, question = keys(1.25)
    assert (many, question["digits"]) == (3, 2)
    assert question["right"] == [hashed(f"a 0 {k}") for k in (124, 125, 126)]
    assert keys(1 / 3)[1]["right"] == [hashed(f"a 0 {k}") for k in (33, 34)]
    assert keys("0.0092")[1]["right"] == [hashed(f"a 0 {k}") for k in (91, 92, 93)]


def test_a_last_bit_does_not_change_what_is_right():
    assert keys(0.1 + 0.2) == keys(0.3)


@pytest.mark.parametrize(
    ("right", "told"),
    [
        ({"a": True, "b": True}, "wanted one true choice, got 2"),
        ({"a": False}, "wanted one true choice, got 0"),
        (float("nan"), "wanted a finite number, got nan"),
    ],
)
def test_what_cannot_be_answered_is_refused(right, told):
    with pytest.raises(ValueError, match=f"a: 'q': {told}"):
        check_answer("a", {"q": right})


def test_the_form_does_not_tell_the_answer():
    form = check_answer("ex-numbers", QUESTIONS)
    kept, shown = form._repr_html_(), markup(form.spec)
    assert stored(kept) == form.spec
    for text in (kept, shown, repr(form)):
        assert (
            "A quarter of five" in text and "the second" in text or text == repr(form)
        )
        assert not re.search(r"1\.25|0\.125|true|True", text)


def test_a_prediction_names_its_figure():
    form = check_prediction("small", "Up?", {"yes": True, "no": False})
    assert form.spec["figure"] == "small"
    assert 'data-figure="small"' in markup(form.spec)


# On the page ------------------------------------------------------------------------


def figure():
    fig, ax = subplots(figsize=(3, 2))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    (line,) = ax.plot([0, 1], [0, 1])
    sliders = dict(w=(0, 1, 0.1, 0.5))
    live = LiveFigure("small", fig, lambda w: dict(w=w), sliders, title="A line")
    live.describe("w is {w:.1f}.")
    return live


def notebook():
    """A notebook with an exercise, a figure, an answer and a prediction, as stored."""
    live = figure()
    outputs = {
        "live": bundle(live),
        "check_prediction(...)": check_prediction(
            live, "Does $w$ rise?", {"it rises": True, "it falls": False}
        ),
        "secret = 1": None,
        "check_answer(...)": check_answer("ex-numbers", QUESTIONS),
    }
    cells = []
    for k, (source, shown) in enumerate(outputs.items()):
        cell = nbformat.v4.new_code_cell(source, execution_count=k + 1, id=f"c{k}")
        if shown is not None:
            data = shown if isinstance(shown, dict) else {
                "text/html": shown._repr_html_(), "text/plain": repr(shown)
            }  # fmt: skip
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
        if "check" in source:
            cell.metadata["tags"] = ["remove-input"]
        cells.append(cell)
    texts = [
        nbformat.v4.new_markdown_cell(text, id=f"m{k}")
        for k, text in enumerate(["# Exercises", EXERCISE.strip(), END])
    ]
    order = [texts[0], *cells[:2], texts[1], *cells[2:], texts[2]]
    book = nbformat.v4.new_notebook(cells=order)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.metadata["kernelspec"] = kernel
    return book


def write(folder, *lines):
    folder.mkdir()
    (folder / "conf.py").write_text("\n".join([CONFIG, *lines]), "utf-8")
    nbformat.write(notebook(), folder / "index.ipynb")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    base = tmp_path_factory.mktemp("answers")
    write(base / "source")
    assert build(base / "source", "html", base / "html") == ""
    return base / "html"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    base = tmp_path_factory.mktemp("course")
    write(base / "source", "dlbook_solutions = False")
    assert build(base / "source", "html", base / "html") == ""
    return base / "html"


def opened(page, book):
    page.goto((book / "index.html").as_uri())
    return page


def give(page, place, text):
    """Type or choose an answer, check, and return the verdict: its sign and words."""
    ask = page.locator("[data-exercise] .dl-ask").nth(place)
    if place == 3:
        ask.get_by_label(text, exact=True).check()
    else:
        ask.locator("input").fill(text)
    page.get_by_role("button", name="Check").click()
    return verdict(ask.locator("output"))


def verdict(output):
    sign = output.evaluate("e => getComputedStyle(e, '::before').content")
    return f"{sign[1:2]} {output.inner_text()}"


def test_the_form_stands_in_its_exercise_and_leaves_no_empty_cell(book):
    text = (book / "index.html").read_text("utf-8")
    exercise = text[text.index('id="ex-numbers"') :]
    assert exercise.index("<form") < exercise.index("Hint")
    assert "check_answer" not in text and "check_prediction" not in text
    assert not re.search(r'<div class="cell[^"]*">\s*</div>', text)
    assert text.index('<form class="dl-answer" data-figure') < text.index("live-small")
    assert 'id="ex-numbers-solution"' in text


def test_a_right_number_is_right_however_it_is_written_and_no_other_is(page, book):
    opened(page, book)
    invalid = page.locator("#ex-numbers-answer-0[aria-invalid=true]")
    for right, wrong in itertools.zip_longest(RIGHT, WRONG, fillvalue="7"):
        assert (give(page, 0, wrong), invalid.count()) == ("✗ Not yet.", 1), wrong
        assert (give(page, 0, right), invalid.count()) == ("✓ Right.", 0), right


def test_what_is_no_number_is_told_so(page, book):
    opened(page, book)
    for text in UNREADABLE:
        told = give(page, 0, text)
        assert told.endswith("such as 1.25, 1,25 or 5/4."), text
        assert give(page, 0, "1.25") == "✓ Right."


def test_each_kind_of_question_is_checked(page, book):
    opened(page, book)
    assert give(page, 1, "3") == give(page, 2, "−1/8") == "✓ Right."
    assert give(page, 1, "2.99") == give(page, 2, "-0.13") == "✗ Not yet."
    assert give(page, 3, "the first") == "✗ Not yet."
    assert give(page, 3, "the second") == "✓ Right."


def test_a_verdict_goes_when_the_answer_changes_and_is_spoken(page, book):
    opened(page, book)
    give(page, 0, "1.3")
    output = page.locator("[data-exercise] output").first
    assert output.get_attribute("aria-live") == "polite"
    page.locator("#ex-numbers-answer-0").press_sequentially("1")
    assert output.inner_text() == ""


def test_the_form_is_answered_by_keyboard_and_sends_and_stores_nothing(page, book):
    opened(page, book)
    page.wait_for_load_state("networkidle")
    requests, address = [], page.url
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_label("A quarter of five").focus()
    page.keyboard.type("5/4")
    page.keyboard.press("Enter")
    assert verdict(page.locator("[data-exercise] output").first) == "✓ Right."
    assert page.evaluate("document.activeElement.id") == "ex-numbers-answer-1"
    assert page.url == address and requests == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""


def test_the_form_is_answered_by_touch(new_page, book):
    phone = {"viewport": {"width": 360, "height": 640}, "is_mobile": True}
    page = opened(new_page(has_touch=True, **phone), book)
    ask, told = (page.locator(f"[data-exercise] {of}") for of in (".dl-ask", "output"))
    check = page.get_by_role("button", name="Check")
    ask.nth(3).get_by_text("the first").tap()
    check.tap()
    assert verdict(told.nth(3)) == "✗ Not yet."
    ask.nth(3).get_by_text("the second").tap()
    assert told.nth(3).inner_text() == ""
    ask.first.locator("input").tap()
    page.keyboard.type("5/4")
    check.tap()
    assert [verdict(told.nth(k)) for k in (0, 3)] == 2 * ["✓ Right."]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_forms_are_accessible_and_stay_on_the_page(scheme, width, new_page, book):
    size = {"width": width, "height": 800}
    page = opened(new_page(color_scheme=scheme, viewport=size), book)
    give(page, 0, "1.3")
    assert not page.evaluate(PALE) + faults(page)
    room = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= room
    for target in page.locator(".dl-answer :is(button, input)").all():
        box = target.bounding_box()
        label = target.locator("xpath=..").bounding_box()
        assert max(box["height"], label["height"]) >= 24


def test_without_a_script_hint_and_solution_are_there_and_no_dead_form(new_page, book):
    page = opened(new_page(java_script_enabled=False), book)
    assert not page.locator("[data-exercise]").is_visible()
    assert page.locator("[data-figure] legend").first.is_visible()
    assert not page.locator("[data-figure] button").first.is_visible()
    page.locator("#ex-numbers-solution summary").click()
    assert page.get_by_text("They are secret.").is_visible()


def test_on_paper_there_is_a_line_to_write_on(page, book):
    opened(page, book).emulate_media(media="print")
    field = page.locator("#ex-numbers-answer-0")
    style = field.evaluate("e => ({...getComputedStyle(e)})")
    assert (style["borderBottomStyle"], style["borderTopStyle"]) == ("dotted", "none")
    assert not page.get_by_role("button", name="Check").is_visible()
    assert not page.locator("[data-figure].dl-answer").is_visible()


def predicted(page):
    page.get_by_role("button", name="Predict").click()
    return verdict(page.locator("form[data-figure] output"))


def test_a_prediction_is_checked_when_it_is_made(page, book):
    opened(page, book)
    assert predicted(page) == "– Choose one."
    page.get_by_label("it falls").check()
    assert predicted(page).startswith("✗ Not so.")
    page.get_by_label("it rises").check()
    assert predicted(page).startswith("✓ Right.")
    page.locator("#live-small input").press("ArrowRight")
    assert verdict(page.locator("form[data-figure] output")).startswith("✓ Right.")


def test_a_figure_moves_without_a_prediction_and_the_form_says_so(page, book):
    opened(page, book)
    told = page.locator("form[data-figure] output")
    page.locator("#live-small input").press("Tab")
    assert told.inner_text() == ""
    page.locator("#live-small input").press("ArrowRight")
    assert page.locator("#live-small .dl-readout").inner_text() == "w is 0.6."
    assert told.inner_text() == "You moved it first: compare what you see."
    page.get_by_label("it rises").check()
    assert predicted(page).startswith("✓ Right.")


def test_a_form_that_asks_about_nothing_here_is_a_warning(tmp_path):
    write(tmp_path / "source")
    path = tmp_path / "source" / "index.ipynb"
    text = path.read_text("utf-8").replace("label: ex-numbers", "label: ex-others")
    text = text.replace("{solution-start} ex-numbers", "{solution-start} ex-others")
    path.write_text(text, "utf-8")
    warnings = build(tmp_path / "source", "html", tmp_path / "html")
    assert "asks about 'ex-numbers': no such exercise here" in warnings


# In notebooks -----------------------------------------------------------------------


def test_an_exported_notebook_reads_well():
    page, _ = HTMLExporter().from_notebook_node(notebook())
    assert "The book&#39;s page asks and checks:" in page or (
        "The book's page asks and checks:" in page
    )


# For teachers -----------------------------------------------------------------------


def test_a_courses_edition_has_exercises_hints_and_forms_and_no_solution(course):
    files = [p for p in course.rglob("*") if p.suffix in (".html", ".js", ".ipynb")]
    texts = {p.name: p.read_text("utf-8") for p in files}
    assert {"index.html", "index.ipynb"} <= set(texts)
    assert any(name.startswith("entries.") for name in texts)
    assert not [name for name, text in texts.items() if "secret" in text]
    for name in ("index.html", "index.ipynb"):
        assert "What are they?" in texts[name] and "Count." in texts[name]
        assert "After the exercise." in texts[name]
    assert "ex-numbers-solution" not in texts["index.html"]
    assert 'data-exercise="ex-numbers"' in texts["index.html"]


def test_paper_of_a_course_has_hints_alone(course, book):
    for site, title in [(course, "Hints"), (book, "Hints and solutions")]:
        text, headings = join(site)
        assert headings[-1].text == title
        assert ("secret" in text) == (site == book) and "What are they?" in text
        hint = BeautifulSoup(text, "html.parser").select_one("#solutions .hint summary")
        assert hint.get_text().strip() == "Hint to Exercise 1"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_without_solutions_keeps_all_else(path):
    whole = read(path)
    left = nbformat.reads(unsolved(path.read_text("utf-8")), as_version=4)
    text, code = prose(left), [cell.source for cell in code_cells(left)]
    assert "{solution" not in text and "check_answer(" not in "\n".join(code)
    for word in (r"\{exercise\}", r"\} Hint", "^## "):
        assert len(re.findall(word, text, re.M)) == len(
            re.findall(word, prose(whole), re.M)
        )
    start = prose(whole).index("## Exercises")
    assert text.startswith(prose(whole)[:start])
    assert "## Summary" in text


def test_without_its_solutions_no_code_misses_a_name():
    """What a solution defines is used in solutions alone."""
    for path in CHAPTERS:
        whole = code_cells(read(path))
        left = code_cells(nbformat.reads(unsolved(path.read_text()), as_version=4))
        first = next(
            k for k, cell in enumerate(whole) if cell.get("id") not in
            {c.get("id") for c in left}
        )  # fmt: skip
        assert [c.source for c in left] == [c.source for c in whole[:first]], path.stem


@each_chapter
def test_at_least_half_of_the_exercises_are_checked(path):
    labels = re.findall(r"\{exercise\}.*\n:label: (\S+)", prose(read(path)))
    outputs = [o for cell in code_cells(read(path)) for o in cell.outputs]
    found = [stored("".join(o.get("data", {}).get("text/html", ""))) for o in outputs]
    checked = [spec["exercise"] for spec in found if spec and "exercise" in spec]
    assert len(set(checked)) == len(checked) and set(checked) <= set(labels)
    assert 2 * len(checked) >= len(labels)


@each_chapter
def test_one_figure_or_more_asks_for_a_prediction(path):
    outputs = [o for cell in code_cells(read(path)) for o in cell.outputs]
    texts = ["".join(o.get("data", {}).get("text/html", "")) for o in outputs]
    asked = [spec["figure"] for spec in map(stored, texts) if spec and "figure" in spec]
    assert asked
    for name in asked:
        assert any(f'data-figure="{name}"' in text for text in texts)


def test_the_stored_form_is_data_in_an_attribute():
    form = check_answer("a", {'"<q>" & $x_1$': {"<b>": True, "'": False}})
    text = form._repr_html_()
    assert "<b>" not in text and "<q>" not in text
    found = json.loads(html.unescape(re.search('data-form="([^"]*)"', text)[1]))
    assert found == form.spec
