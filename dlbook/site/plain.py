"""Notebooks in plain Markdown, for clients that do not know MyST.

Colab, GitHub, VS Code and Notebook 7 show directives and roles as they are written.
Here titles become bold text, hints and solutions `details`, and equations, figures,
exercises and citations get the numbers and names that the book's build gave them.
"""

import json
import re

__all__ = ["names", "notebook", "plain"]

FENCE = re.compile(r"^(:{3,})\{([\w-]+)\}\s*(.*)$")
OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
LABEL = re.compile(r"^\(([\w-]+)\)=\s*$")
EQUATION = re.compile(r"^(\$\$)\s*\(([\w-]+)\)\s*$")
ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")
HEADING = re.compile(r"^(?=#{1,3} )", re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)#?([\w.-]+?)(\.ipynb)?(#[\w-]*)?\)")


def names(env):
    """Return what the build calls everything that a text can refer to.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        Of a finished build.

    Returns
    -------
    dict of str to str
        By ``kind:label``: the numbers of equations, figures and exercises, the titles
        of sections and pages, and the authors and years of citations.
    """
    found = {}
    maths, standard = env.get_domain("math"), env.get_domain("std")
    for label, (docname, _) in maths.equations.items():
        ident = f"equation-{label}"
        found[f"eq:{label}"] = _number(env, docname, "displaymath", ident)
    for label, (docname, ident, title) in standard.labels.items():
        found[f"ref:{label}"] = title
        if number := _number(env, docname, "figure", ident):
            found[f"numref:{label}"] = f"Figure {number}"
    for label, exercise in getattr(env, "sphinx_exercise_registry", {}).items():
        number = _number(env, exercise["docname"], "exercise", label)
        found[f"exercise:{label}"] = number
    for docname, title in env.titles.items():
        found[f"doc:{docname.rpartition('/')[2]}"] = title.astext()
    if "cite" in env.domains:
        for key, entry in env.get_domain("cite").bibdata.data.entries.items():
            people = next(iter(entry.persons.values()), [])
            found[f"cite:{key}"] = f"{_people(people)}, {entry.fields.get('year', '')}"
    return found


def _people(people):
    """Return the last names of up to two people, or of the first of them."""
    last = [" ".join(p.prelast_names + p.last_names) for p in people]
    last = [re.sub(r"[{}]", "", name) for name in last]
    return f"{last[0]} et al." if len(last) > 2 else " and ".join(last)


def _number(env, docname, kind, ident):
    numbers = env.toc_fignumbers.get(docname, {}).get(kind, {})
    return ".".join(map(str, numbers.get(ident, ())))


def plain(text, known):
    """Return MyST Markdown as plain Markdown.

    Parameters
    ----------
    text : str
        The source of one cell.
    known : dict of str to str
        What `names` gives.

    Examples
    --------
    >>> known = {"eq:loss": "2.1", "cite:block1962": "Block, 1962"}
    >>> plain("By {eq}`loss` {cite:p}`block1962`, a {term}`weight <weights>`.", known)
    'By (2.1) (Block, 1962), a weight.'
    >>> print(plain(":::{admonition} A mistake\\n:class: mistake\\n\\nNo.\\n:::", {}))
    > **A mistake**
    >
    > No.
    """
    lines, output = _inline(text, known).split("\n"), []
    while lines:
        line = lines.pop(0)
        if fence := FENCE.match(line):
            output += _block(fence, lines, known)
        elif equation := EQUATION.match(line):
            number = known.get(f"eq:{equation[2]}")
            output += [rf"\tag{{{number}}}" if number else "", "$$"]
        elif not LABEL.match(line):
            output.append(line)
    text = "\n".join(output)
    opened = text.count("<details>") - text.count("</details>")
    if opened < 0:  # the end of a solution that began in a cell before
        text = text.replace("</details>", "", 1)
    text += "\n\n</details>" * (opened > 0)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _block(fence, lines, known):
    """Return the lines of a directive, whose first line has been taken."""
    marks, kind, title = fence.groups()
    content, options = [], {}
    while lines and (option := OPTION.match(lines[0])) and not content:
        options[option[1]] = option[2]
        lines.pop(0)
    while lines and (line := lines.pop(0)).strip() != marks:
        content.append(line)
    body = plain("\n".join(content), known).split("\n")
    if kind == "exercise":
        number = known.get(f"exercise:{options.get('label')}", "")
        stars = f" ({title})" if title else ""
        return [f"**Exercise {number}{stars}.**".replace(" .", "."), "", *body]
    if kind == "dropdown":
        return [f"<details><summary>{title}</summary>", "", *body, "", "</details>"]
    if kind == "solution-start":
        number = known.get(f"exercise:{title}", "")
        return [f"<details><summary>Solution of exercise {number}</summary>", ""]
    if kind == "solution-end":
        return ["</details>"]
    quoted = [f"**{title}**", "", *body]
    return [f"> {line}".rstrip() for line in quoted]


def _inline(line, known):
    return LINK.sub(lambda link: _link(link, known), ROLE.sub(
        lambda role: _role(role, known), line
    ))  # fmt: skip


def _role(role, known):
    kind, text = role.groups()
    label = re.sub(r".*<([^>]+)>", r"\1", text)
    shown = re.sub(r"\s*<[^>]+>", "", text)
    if kind.startswith("cite"):
        told = [
            known.get(f"cite:{key.strip()}", key.strip()) for key in text.split(",")
        ]
        return f"({'; '.join(told)})" if kind != "cite:t" else " and ".join(
            " (".join(one.rsplit(", ", 1)) + ")" for one in told
        )  # fmt: skip
    if kind == "eq":
        return f"({known.get(f'eq:{label}', label)})"
    if kind in ("numref", "ref", "doc") and shown == label:
        return known.get(f"{kind}:{label.rpartition('/')[2]}", label)
    return shown


def _link(link, known):
    text, target, notebook, _ = link.groups()
    if notebook:
        return link[0]
    return text or known.get(f"ref:{target}", target)


def notebook(text, known):
    """Return a notebook, as the text of its file, with all its Markdown made plain.

    A text is parted before its headings: clients fold sections there, and a converter
    to slides begins a new one.
    """
    book = json.loads(text)
    cells = []
    for cell in book["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cells += _sections(cell, plain(source, known))
            continue
        if "jupyter" in cell["metadata"]:
            cell["metadata"]["cellView"] = "form"  # Colab's word for folded code
        cells.append(cell)
    book["cells"] = cells
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def _sections(cell, source):
    for number, part in enumerate(HEADING.split(source)):
        if not part.strip():
            continue
        metadata = cell["metadata"]
        if HEADING.match(part):
            kind = "subslide" if part.startswith("###") else "slide"
            metadata = metadata | {"slideshow": {"slide_type": kind}}
        ident = f"{cell['id']}-{number}" if number else cell["id"]
        text = part.strip("\n")
        yield cell | {"id": ident, "metadata": metadata, "source": text}
