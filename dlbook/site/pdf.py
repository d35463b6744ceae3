"""The whole book as one PDF: ``python -m dlbook.site.pdf``.

Chromium prints the joined pages of the built site. It is printed twice: the first
time tells on which page each chapter and section begins.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter

from dlbook.site.joined import document, join

__all__ = ["find_chromium", "main", "print_book"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def find_chromium():
    """Return the browser's program: the variable CHROMIUM, or one on the path.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    for candidate in (os.environ.get("CHROMIUM"), *map(shutil.which, PROGRAMS)):
        if candidate and Path(candidate).exists():
            return candidate
    raise FileNotFoundError("no Chromium: install it, or name its program in CHROMIUM")


def print_page(chromium, html, pdf):
    """Let Chromium print a file of the disk, with an outline made from its headings."""
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, "--headless", "--disable-gpu", "--no-first-run"]
        command += ["--no-pdf-header-footer", "--generate-pdf-document-outline"]
        command += [f"--user-data-dir={profile}", f"--print-to-pdf={pdf}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # pragma: no branch
            command.append("--no-sandbox")  # which Chromium refuses to the root user
        command.append(html.as_uri())
        subprocess.run(command, check=True, capture_output=True, timeout=300)


def page_numbers(reader):
    """Return the page on which each named place of a PDF lies, counted from one."""
    places = reader.named_destinations
    return {
        name.lstrip("/"): reader.get_destination_page_number(place) + 1
        for name, place in places.items()
    }


def print_book(site, output, chromium):
    """Print the book.

    Parameters
    ----------
    site : path-like
        The folder of the built HTML.
    output : path-like
        Where to write the PDF.
    chromium : str
        The browser's program.

    Returns
    -------
    int
        The number of pages.
    """
    site = Path(site).resolve()
    soup = BeautifulSoup((site / "search.html").read_text("utf-8"), "html.parser")
    title = soup.select_one(".bar-title").get_text()
    style = soup.select_one("link[rel=stylesheet]")["href"]
    html, pdf = site / "_whole-book.html", Path(output).resolve()
    text, headings = join(site)
    numbers = {}
    try:
        for _ in range(2):
            html.write_text(document(title, style, text, headings, numbers), "utf-8")
            print_page(chromium, html, pdf)
            numbers = page_numbers(PdfReader(pdf))
    finally:
        html.unlink(missing_ok=True)
    writer = PdfWriter(clone_from=pdf)
    writer.add_metadata({"/Title": title, "/Creator": "dlbook"})
    writer.write(pdf)
    return len(writer.pages)


def main(arguments=None):
    """Run the command."""
    parser = argparse.ArgumentParser(prog="dlbook.site.pdf", description=__doc__)
    parser.add_argument("--site", default="_build/html", help="the built HTML")
    parser.add_argument("--output", default="_build/book.pdf", help="the PDF to write")
    options = parser.parse_args(arguments)
    if not Path(options.site, "search.html").exists():
        parser.error(f"{options.site}: no built book; run `jupyter-book build .` first")
    pages = print_book(options.site, options.output, find_chromium())
    print(f"{options.output}: {pages} pages")


if __name__ == "__main__":
    sys.exit(main())
