"""The built site in a browser, page by page: what a reader meets and does.

Every page is opened from the disk with all hosts out of reach. The fixtures fail a
test whose page logs an error, breaks its content policy or asks another host.
"""

import re

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from conftest import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [entry["file"] for part in TOC["parts"] for entry in part["chapters"]]
PAGES = ["index", TOC["root"], *CHAPTERS, "search", "genindex", "404"]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BAD = ("serious", "critical")
#: Two pages that are loaded soon, with code in the second, for what any page can.
SMALL_PAGES = ("chapters/glossary", "chapters/own_figure")

# By the module: a page's tests stand together, and share it when it is ``visited``.
each_page = pytest.mark.parametrize("name", PAGES, scope="module")
each_chapter = pytest.mark.parametrize("name", CHAPTERS, scope="module")
one_chapter = pytest.mark.parametrize("name", CHAPTERS[:1], scope="module")

SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""

WIDE = """() => {
  const root = document.documentElement, room = root.clientWidth;
  if (root.scrollWidth <= room) return [];
  return [...document.querySelectorAll("main *")]
    .filter(e => e.getBoundingClientRect().right > room + 1 && !e.closest(
      ".math-scroll, .table-scroll, .text_html, .dl-formula, pre"))
    .map(e => e.outerHTML.slice(0, 120)).concat([`${root.scrollWidth} > ${room}`]);
}"""

SMALL = """() => [...document.querySelectorAll("main :is(text, p, td, label)")]
  .filter(e => e.checkVisibility() && e.textContent.trim())
  .filter(e => {
    const own = parseFloat(getComputedStyle(e).fontSize);
    const svg = e.ownerSVGElement;
    const width = svg && svg.getBoundingClientRect().width;
    return own * (svg ? width / svg.viewBox.baseVal.width : 1) < 8.95;
  }).map(e => e.textContent.trim().slice(0, 60))"""

HIDDEN = """() =>
  [...document.querySelectorAll("article :is(p, li, pre, math, svg, img)")]
  .filter(e => !e.checkVisibility()
    && !e.closest("details:not([open]), svg svg, .dl-controls, .dl-answer"))
  .map(e => e.outerHTML.slice(0, 120))"""


#: Text and controls with too little contrast. axe looks for what lies under each
#: element on the screen, and takes a hundred times as long for as many.
PALE = """() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const rgba = text => {  // a mixed colour is written as color(srgb 0.97 0.97 0.97)
    const scale = text.startsWith("color(srgb") ? 255 : 1;
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r * scale, g * scale, b * scale, a];
  };
  const light = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((v, k) => a * v + (1 - a) * below[k]);
  const paper = new Map([[null, [255, 255, 255]]]), seen = new Map([[null, 1]]);
  const behind = e => {
    if (!paper.has(e)) {
      const style = getComputedStyle(e);
      paper.set(e, over(rgba(style.backgroundColor), behind(e.parentElement)));
      seen.set(e, style.opacity * seen.get(e.parentElement));
    }
    return paper.get(e);
  };
  return [...document.querySelectorAll("body *:not(svg, svg *, annotation, option)")]
    .filter(e => e.matches("input[type=text], input[type=search], select")
      || [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => e.checkVisibility() && !e.closest(":disabled, [aria-disabled=true]"))
    .filter(e => {
      const style = getComputedStyle(e), ground = behind(e);
      const ink = rgba(style.color);
      if (!seen.get(e)) return false;  // shown when it is pointed at or focused
      ink[3] *= seen.get(e);
      const [a, b] = [over(ink, ground), ground].map(light);
      const size = parseFloat(style.fontSize), bold = style.fontWeight >= 700;
      const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < wanted;
    }).map(e => e.outerHTML.slice(0, 120));
}"""

#: Links within other text that nothing but their colour marks.
UNMARKED = """() => [...document.querySelectorAll(":is(p, li, td, dd) a[href]")]
  .filter(a => a.checkVisibility() && a.textContent.trim())
  .filter(a => [...a.parentElement.childNodes].some(n =>
    n.nodeType === 3 && /\\w/.test(n.data)))
  .filter(a => !getComputedStyle(a).textDecorationLine.includes("underline"))
  .map(a => a.outerHTML.slice(0, 120))"""

#: Takes out what is drawn and the marks of code and formulas: thousands of elements
#: that hold a line or a sign each, in which axe has nothing to find but colours.
FLATTEN = """() => {
  const told = ":is([role], [tabindex], a, title, desc)";
  for (const e of document.querySelectorAll(`svg :not(${told}, :has(${told}))`))
    e.remove();
  for (const e of document.querySelectorAll("pre, math")) e.textContent = e.textContent;
}"""

#: Figures that are not to be seen without scripts, or whose controls seem to answer.
UNREAD = """() => [...document.querySelectorAll(".dl-live")].filter(figure => {
  const controls = [...figure.querySelectorAll("[data-slider]")];
  const told = figure.querySelector(".dl-readout").textContent;
  const drawn = figure.querySelector(".dl-row svg");
  return !(figure.closest("details:not([open])") || drawn.checkVisibility())
    || !controls.every(control => control.matches(":disabled"))
    || !(controls.length ? /\\d/ : /./).test(told);
}).map(figure => figure.id)"""

#: On paper: names and values beyond the edge, and figures that a page takes whole only.
CUT = """() => {
  const seen = [...document.querySelectorAll(".dl-controls :is(label, output)")]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().width > 0);
  const cut = seen.filter(e => {
    const box = e.getBoundingClientRect();
    return box.left < 0 || box.right > innerWidth;
  });
  const whole = [...document.querySelectorAll(".dl-live")]
    .filter(e => getComputedStyle(e).breakInside === "avoid");
  const torn = [...document.querySelectorAll(".dl-live .dl-row")]
    .filter(e => getComputedStyle(e).breakInside !== "avoid");
  return [...cut, ...whole, ...torn].map(e => e.outerHTML.slice(0, 120));
}"""

#: How far the right edges of cells set flush right, and of what stands in them,
#: are apart. A sign at the end has space of its own.
APART = """() => [...document.querySelectorAll("mtd.dl-right")]
  .filter(cell => cell.checkVisibility() && cell.matches(":has(> :last-child:not(mo))"))
  .map(cell => {
    const style = getComputedStyle(cell), box = cell.getBoundingClientRect();
    const inner = box.right - parseFloat(style.paddingRight);
    return inner - cell.lastElementChild.getBoundingClientRect().right;
  })
  .filter(gap => Math.abs(gap) > 1.5)"""

#: Headings that the page lists and lacks.
UNLISTED = """() => [...document.querySelectorAll(".page-contents a")]
  .map(link => link.getAttribute("href"))
  .filter(target => !document.getElementById(target.slice(1)))"""


def open_page(page, site, name, wait="load"):
    page.goto((site / f"{name}.html").as_uri(), wait_until=wait)
    return page


def faults(page, **options):
    """axe's serious and critical findings, one line each."""
    options = {"resultTypes": ["violations"], "preload": False, **options}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}"
        for rule in found
        if rule["impact"] in BAD
        for node in rule["nodes"]
    ]


def test_every_page_of_the_site_is_tested(built_site):
    pages = {p.relative_to(built_site).as_posix() for p in built_site.rglob("*.html")}
    assert pages == {f"{name}.html" for name in PAGES}


@each_page
def test_a_page_reads_well_on_a_desk_in_light_and_in_dark(visited):
    assert visited.evaluate(SHIFTS) < 0.02
    assert visited.locator("h1").count() == 1
    assert visited.locator("html").get_attribute("lang") == "en"
    assert visited.evaluate(UNLISTED) == []
    assert visited.evaluate(WIDE) == []
    assert visited.evaluate(UNMARKED) == []
    assert visited.evaluate(PALE) == []
    visited.emulate_media(color_scheme="dark")
    paper = visited.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", paper)[:3])) < 150
    assert visited.evaluate(PALE) == []


@one_chapter
def test_text_that_is_too_pale_is_found(visited):
    assert visited.evaluate(PALE) == []
    for where in ("pre .kn", "article p", ".dl-reset"):
        found = visited.locator(where).first
        for style in ("color: #999", "opacity: 0.4", "background: #666"):
            found.evaluate("(e, style) => { e.style = style }", style)
            assert visited.evaluate(PALE), (where, style)
        found.evaluate("e => e.removeAttribute('style')")


@each_page
def test_nothing_leaves_a_narrow_page(visited):
    """320 px is a zoom of 400 % at 1280 px, 640 px one of 200 %."""
    for width in (360, 320, 640):
        visited.set_viewport_size({"width": width, "height": 740})
        assert visited.evaluate(WIDE) == [], width
        assert width != 360 or visited.evaluate(SMALL) == []


@each_chapter
def test_paper_shows_the_text_and_opens_what_is_folded(visited):
    """On the screen, all opened, the left sides of formulas stand at their signs."""
    visited.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visited.evaluate(APART) == []
    visited.set_viewport_size({"width": 660, "height": 900})  # of A4
    visited.emulate_media(media="print", color_scheme="dark")
    assert visited.locator("article details:not([open]):visible").count() == 0
    for unwanted in (".bar", ".book-contents", ".page-contents", ".copy"):
        assert visited.locator(f"{unwanted}:visible").count() == 0
    assert visited.evaluate(CUT) == []
    look = "['color', 'backgroundColor'].map(n => getComputedStyle(document.body)[n])"
    ink, paper = visited.evaluate(look)
    assert paper == "rgb(255, 255, 255)" and ink != paper
    visited.evaluate("dispatchEvent(new Event('afterprint'))")


@each_page
def test_a_page_has_no_grave_fault_for_readers_with_assistive_technology(visited):
    """The last test of a page, for it takes out what is drawn."""
    visited.evaluate(FLATTEN)
    every = {"type": "tag", "values": LEVELS}
    told = {"color-contrast": PALE, "link-in-text-block": UNMARKED}
    without = {rule: {"enabled": False} for rule in told}
    assert faults(visited, runOnly=every, rules=without) == []


@each_page
def test_a_page_reads_in_full_without_scripts(name, new_page, built_site):
    page = open_page(new_page(java_script_enabled=False), built_site, name)
    text = page.locator("main").inner_text()
    assert len(text) > (40 if name in ("search", "404", "genindex") else 100)
    assert page.evaluate(HIDDEN) == []
    assert page.evaluate(UNREAD) == []


#: Whether the preview stands above or below the link that has the focus.
BESIDE = """() => {
  const [box, at] = [document.querySelector(".preview"), document.activeElement]
    .map(e => e.getBoundingClientRect());
  return box.top >= at.bottom || box.bottom <= at.top;
}"""


def test_a_reference_shows_what_it_leads_to(page, built_site):
    open_page(page, built_site, "chapters/07_vae")
    panel = page.locator(".preview")
    for target in ("equation-vae", "fig-vae", "vae-"):
        link = page.locator(f'article a.reference[href^="#{target}"]').first
        link.scroll_into_view_if_needed()
        link.hover()
        panel.wait_for(state="visible")
        assert len(panel.inner_text()) > 15
        box = panel.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 900
        panel.hover()  # which the reader may do to read on, or to scroll
        page.wait_for_timeout(400)
        assert panel.is_visible()
        page.keyboard.press("Escape")
        panel.wait_for(state="hidden")
        page.mouse.move(0, 0)
    link = page.locator('article a.reference[href^="#equation-vae"]').first
    before = link.locator("xpath=preceding::a[@href][1]")
    before.focus()
    page.keyboard.press("Tab")
    assert link.evaluate("e => e === document.activeElement")
    panel.wait_for(state="visible")
    page.wait_for_function(BESIDE)  # the page may still be scrolling to the link
    page.mouse.wheel(0, 60)
    page.wait_for_timeout(400)
    page.wait_for_function(BESIDE)
    link.evaluate("e => e.blur()")
    panel.wait_for(state="hidden")


def test_a_finger_follows_a_reference_as_ever(new_page, built_site):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    open_page(page, built_site, "chapters/07_vae")
    page.locator('article a.reference[href^="#equation-vae"]').first.tap()
    page.wait_for_timeout(500)
    assert "#equation-vae" in page.url
    assert not page.locator(".preview").is_visible()


def test_search_works_from_the_disk(page, built_site):
    open_page(page, built_site, "search")
    page.locator("main input[type=search]").fill("perceptron")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a")
    hrefs = [link.get_attribute("href") for link in links.all()]
    files = [href.split("?")[0].removeprefix("./") for href in hrefs]
    assert "chapters/01_perceptron.html" in files
    assert all((built_site / file).exists() for file in files)


def test_the_search_field_of_any_page_leads_to_results(page, built_site):
    open_page(page, built_site, SMALL_PAGES[0])
    page.keyboard.press("Control+k")
    page.keyboard.type("gradient")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert "q=gradient" in page.url


def test_the_reader_chooses_the_colours_and_they_stay(page, built_site):
    open_page(page, built_site, SMALL_PAGES[0])
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.locator("#theme-switch").press("Enter")
    assert page.locator("#theme-switch").inner_text() == "Colours: dark"
    assert page.evaluate(colour) != light
    open_page(page, built_site, SMALL_PAGES[1])
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_first_tab_stop_skips_to_the_text(page, built_site):
    open_page(page, built_site, SMALL_PAGES[0])
    page.keyboard.press("Tab")
    assert page.locator(".skip-link").evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    assert page.locator("main").evaluate("e => e === document.activeElement")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_phone_reaches_the_books_contents(scripts, new_page, built_site):
    size = {"width": 360, "height": 740}
    page = new_page(viewport=size, java_script_enabled=scripts)
    open_page(page, built_site, SMALL_PAGES[0])
    contents = page.locator("#book-contents")
    assert not contents.is_visible()
    page.locator("[popovertarget=book-contents]").first.focus()
    page.keyboard.press("Enter")
    assert contents.is_visible()
    page.keyboard.press("Escape")
    assert not contents.is_visible()
    page.locator("[popovertarget=book-contents]").first.click()
    contents.get_by_role("link", name="Errata").click()
    page.wait_for_url("**/errata.html")


def test_the_copy_button_takes_the_code_alone(new_page, built_site):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    open_page(page, built_site, "chapters/api")
    button = page.locator(".copy").first
    code = button.evaluate("e => e.previousElementSibling.textContent")
    button.press("Enter")
    page.wait_for_selector(".copy.done")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied and ">>>" not in copied
    assert set(copied.splitlines()) <= {line[4:] for line in code.splitlines()} | set(
        code.splitlines()
    )


def test_a_link_into_a_folded_box_opens_it(page, built_site):
    for name in CHAPTERS:
        open_page(page, built_site, name)
        folds = page.locator("article details[id]:not([open])")
        if folds.count():
            ident = folds.first.get_attribute("id")
            page.evaluate("id => location.hash = id", ident)
            page.wait_for_selector(f"details[id='{ident}'][open]")
            return
    pytest.fail("no chapter has a folded box with an address of its own")


def test_the_sites_own_address_shows_the_overview_and_its_figure(page, built_site):
    open_page(page, built_site, TOC["root"])
    wanted = page.locator("main").inner_text()
    open_page(page, built_site, "index")
    assert page.locator("main").inner_text() == wanted
    assert page.locator(".dl-live [data-wakes]:enabled").count()
    page.locator("nav .next, .prev-next .next").first.click()
    page.wait_for_url(f"**/{CHAPTERS[0]}.html")


def test_a_percent_sign_in_the_address_leaves_the_page_alive(page, built_site):
    page.goto((built_site / f"{SMALL_PAGES[1]}.html").as_uri() + "#%")
    assert page.locator("button.copy").count() > 0
