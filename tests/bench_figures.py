"""Measure how long the site's figures work: for a slider's move, and for a frame.

``python tests/bench_figures.py SITE`` opens the chapters of a built site in Chromium.
A move is the time from a slider's event until the page stands as it says, the least of
three, so that other programs do not count. For a figure that learns a frame is the
processor's time in one, at the greatest speed, with the processor slowed four times,
played a second and a half after the figure came into sight.
The table gives the 95th percentile and the largest, the last line that of all moves.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from conftest import ARGUMENTS, ROOT
from dlbook.site.pdf import find_chromium

#: How much slower a small phone is than this machine, and how long a run plays.
SLOWER, SECONDS = 4, 4

FIGURES = "list => list.map(e => [e.id, !!e.querySelector('[data-run=play]')])"
MOVES = """(figure, count) => {
  const ranges = [...figure.querySelectorAll("input[type=range]")], least = [];
  count = ranges.length ? 3 * count : 0;
  for (let n = 0; n < count; n++) {
    const i = n % (count / 3);
    const input = ranges[i % ranges.length], {min, max, step} = input;
    const places = Math.round((max - min) / step) + 1;
    input.value = +min + step * Math.floor((i * 0.618034 % 1) * places);
    const began = performance.now();
    input.dispatchEvent(new Event("input", {bubbles: true}));
    least[i] = Math.min(least[i] ?? Infinity, performance.now() - began);
  }
  return least;
}"""
PLAY = """async (figure, seconds) => {
  figure.querySelector(".dl-reset").click();
  const row = figure.querySelector(".dl-row");
  row.scrollIntoView({block: "center", behavior: "instant"});
  const speed = figure.querySelector("[data-run=speed]");
  speed.selectedIndex = speed.options.length - 1;
  await new Promise(done => setTimeout(done, 1500));
  const play = figure.querySelector("[data-run=play]");
  play.click();
  await new Promise(done => setTimeout(done, 1000 * seconds));
  if (play.textContent === "Pause") play.click();
  return figure.querySelector("[data-run=count]").textContent;
}"""


def described(times):
    """Return the 95th percentile and the largest as text."""
    if not times:
        return f"{'':16}"
    return f"{np.percentile(times, 95):8.2f}{max(times):8.2f}"


def played(browser, page, figure):
    """Play a figure; return the milliseconds of its frames and its count of steps."""
    link = page.context.new_cdp_session(page)
    link.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    steps = figure.evaluate(PLAY, SECONDS)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    link.detach()
    fired = [e for e in events if e["name"] == "FireAnimationFrame" and "tdur" in e]
    return [event["tdur"] / 1000 for event in fired], steps


def main():
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="folder of the built HTML")
    parser.add_argument("--pages", nargs="*", help="pages instead of all chapters")
    options = parser.parse_args()
    pages = options.pages or sorted(p.stem for p in ROOT.glob("chapters/*.ipynb"))
    print(f"{'ms':52}{'move':>8}{'most':>8}{'frame':>8}{'most':>8}{'steps':>8}")
    all_moves = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=[*ARGUMENTS], chromium_sandbox=False
        )
        for name in pages:
            page = browser.new_page()
            page.goto((options.site / f"chapters/{name}.html").absolute().as_uri())
            page.wait_for_function("!document.querySelector('[data-wakes]:disabled')")
            for id_, learns in page.locator(".dl-live").evaluate_all(FIGURES):
                figure = page.locator(f"[id='{id_}']")
                moves = figure.evaluate(MOVES, 200)
                all_moves += moves
                frames, steps = played(browser, page, figure) if learns else ([], "")
                text = described(moves) + described(frames) + f"{steps:>8}"
                print(f"{name[:20]:20} {id_:31}{text}", flush=True)
            page.close()
        browser.close()
    print(f"{'all':52}{described(all_moves)}")


if __name__ == "__main__":
    sys.exit(main())
