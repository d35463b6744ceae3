"""The search: each section, term and function is an entry that the browser looks up.

MiniSearch, a library in the theme, does the looking; this module says what there is.
The entries come as a script and not as data, so that a page from a disk can load them.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from dlbook.site.assets import place
from dlbook.site.figures import live_figure

__all__ = ["entries", "setup", "words"]

#: Other names of what a title names; found as if they stood in it.
ALSO = {
    "perceptron": "neuron threshold unit Rosenblatt",
    "backpropagation": "back-propagation backprop BP reverse mode MLP autodiff",
    "convolutional networks": "CNN ConvNet convolution convolutional neural network",
    "recurrent networks": "RNN recurrent neural network sequence BPTT Elman",
    "long short-term memory": "LSTM gates cell",
    "lstm": "LSTM long short-term memory",
    "autoencoders": "AE autoencoder auto-encoder bottleneck",
    "variational autoencoders": "VAE ELBO",
    "generative adversarial networks": "GAN generative adversarial network",
    "gated recurrent unit": "GRU",
    "principal component": "PCA",
    "kl divergence": "KL Kullback-Leibler divergence relative entropy",
    "kullback": "KL relative entropy",
    "evidence lower bound": "ELBO",
    "jensen": "JS divergence",
    "stochastic gradient descent": "SGD",
    "softmax": "normalised exponential",
    "cross-entropy": "log loss negative log-likelihood NLL",
    "learning rate": "step size eta η",
    "wasserstein": "WGAN earth mover",
}
#: How much an entry of a kind counts.
KINDS = {"chapter": 4, "section": 1.6, "term": 1.5, "page": 1, "entry": 0.4}
SKIPPED = (nodes.raw, nodes.image, nodes.comment, nodes.literal_block, nodes.title)
FIGURE_TEXT = re.compile(r"<figcaption>(.*?)</figcaption>", re.S)
TAGS = re.compile(r"<annotation.*?</annotation>|<[^>]+>", re.S)


def words(node):
    """Return the text of a part of a page: prose, captions, the letters of formulas.

    Parameters
    ----------
    node : docutils.nodes.Node
        Sections inside of it are left out, for they are entries of their own.

    Returns
    -------
    str
        In one line.

    Examples
    --------
    >>> words(nodes.paragraph("", "", nodes.Text("rate "), nodes.math("", r"\\eta")))
    'rate eta'
    """
    return " ".join("".join(_pieces(node)).split())


def _pieces(node):
    if isinstance(node, nodes.Text):
        yield node.astext()
    elif isinstance(node, (nodes.math, nodes.math_block)):
        yield f" {' '.join(re.findall(r'[A-Za-z]{2,}', node.astext()))} "
    elif isinstance(node, live_figure):
        yield " ".join(TAGS.sub("", text) for text in FIGURE_TEXT.findall(node["html"]))
    else:
        inner = (nodes.section, addnodes.desc, *SKIPPED)
        for child in node.children:
            if not isinstance(child, inner) or _untitled(child):
                yield from _pieces(child)
        if not isinstance(node, nodes.Inline):
            yield " "


def _untitled(node):
    """Whether this is a section without a title, such as the inside of an exercise."""
    return isinstance(node, nodes.section) and not isinstance(node[0], nodes.title)


def entries(docname, doctree):
    """Yield what can be found on a page.

    Parameters
    ----------
    docname : str
    doctree : docutils.nodes.document

    Yields
    ------
    dict of str to str
        ``page``, ``id``, ``title``, ``text``, ``kind`` and, for a part, ``of``: the
        title of its page.
    """
    page = next((t.astext() for t in doctree.findall(nodes.title)), docname)
    chapter = Path(docname).name[0].isdigit()
    for section in doctree.findall(nodes.section):
        if _untitled(section):
            continue
        whole, title = isinstance(section.parent, nodes.document), section[0].astext()
        kind = ("chapter" if whole else "section") if chapter else "page"
        yield _entry(docname, section, "" if whole else page, title, kind, section)
    for item in doctree.findall(nodes.definition_list_item):
        term = item.next_node(nodes.term)
        if term is not None and term["ids"]:
            name = term.next_node(nodes.Text)
            yield _entry(docname, term, page, str(name), "term", item[-1])
    for desc in doctree.findall(addnodes.desc):
        signature = desc.next_node(addnodes.desc_signature)
        if signature is not None and signature["ids"]:
            name = signature["ids"][0]
            yield _entry(docname, signature, page, name, "entry", desc[-1])


def _entry(docname, target, page, title, kind, content):
    ident = "" if kind == "chapter" else next(iter(target["ids"]), "")
    lower = title.lower()
    also = " ".join(names for name, names in ALSO.items() if name in lower)
    found = dict(page=docname, id=ident, of=page, title=title, kind=kind)
    return found | dict(also=also, text=words(content))


def search_page(app):
    """Write the entries of all pages into one script, and add the page that asks it."""
    if app.builder.name == "epub":
        return
    found = [
        entry
        for docname in sorted(app.env.found_docs)
        for entry in entries(docname, app.env.get_doctree(docname))
    ]
    told = json.dumps({"kinds": KINDS, "entries": found}, ensure_ascii=False)
    written = place(app.outdir, "index/entries.js", f"self.bookEntries={told};\n")
    yield "search", {"title": "Search", "entries": written}, "search.html"


def take_over(app):
    """Leave Sphinx's own index out: nothing would read it."""
    app.builder.search = False


def setup(app):
    """Register the page and its index."""
    app.connect("builder-inited", take_over)
    app.connect("html-collect-pages", search_page)
