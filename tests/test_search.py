"""The search: for fifty queries, the page and the section that a reader wants."""

from urllib.parse import unquote

import pytest

from test_site import open_page

#: What is looked for, the page of the first hit, and some of its title, if it matters.
WANTED = """
perceptron                  | 01_perceptron      |
backpropagation             | 02_backpropagation |
back-propagation            | 02_backpropagation |
backprop                    | 02_backpropagation |
convolutional network       | 03_cnn             |
CNN                         | 03_cnn             |
convnet                     | 03_cnn             |
recurrent network           | 04_rnn             |
RNN                         | 04_rnn             |
LSTM                        | 05_lstm            |
long short-term memory      | 05_lstm            |
autoencoder                 | 06_autoencoder     |
auto-encoder                | 06_autoencoder     |
VAE                         | 07_vae             |
variational autoencoder     | 07_vae             |
GAN                         | 08_gan             |
generative adversarial      | 08_gan             |
exploding gradients         |                    | xplod
gradient clipping           | 04_rnn             | lip
forget gate                 |                    | orget
mode collapse               |                    | ollapse
posterior collapse          |                    | ollapse
XOR                         | 01_perceptron      | XOR
NAND                        | 01_perceptron      |
learning rule               | 01_perceptron      | rule
chain rule                  |                    | hain
reverse mode                | 02_backpropagation |
softmax gradient            |                    | oftmax
vanishing gradients         |                    | anish
momentum                    |                    | omentum
weight decay                |                    |
receptive field             |                    | eceptive
padding                     |                    | adding
max pooling                 | 03_cnn             | ool
transposed convolution      |                    |
truncated backpropagation   | 04_rnn             | runcat
perplexity                  |                    |
teacher forcing             |                    | 
GRU                         | 05_lstm            | gated
peepholes                   | 05_lstm            | eephole
principal component         |                    | rincipal
PCA                         |                    | rincipal
denoising                   | 06_autoencoder     |
reparameterisation          | 07_vae             | eparam
reparameterization          | 07_vae             | eparam
ELBO                        |                    |
KL divergence               |                    | KL
Kullback                    |                    |
Wasserstein                 |                    | asserstein
learning rate               |                    | earning rate
"""
QUERIES = [
    [cell.strip() for cell in row.split("|")] for row in WANTED.split("\n")[1:-1]
]


@pytest.fixture(scope="module")
def hits(browser, built_site):
    """Where the search finds some words: the ten best entries."""
    page = browser.new_page()
    page.goto((built_site / "search.html").as_uri())
    yield lambda query: page.evaluate("query => bookSearch(query).slice(0, 10)", query)
    page.close()


@pytest.mark.parametrize("query, place, title", QUERIES, ids=[q[0] for q in QUERIES])
def test_the_first_hit_is_what_a_reader_wants(query, place, title, hits):
    found = hits(query)
    first = found[0]
    told = [(entry["page"], entry["title"]) for entry in found[:4]]
    assert place in first["page"], told
    assert title in first["title"], told


@pytest.mark.parametrize("a, b", [("labelled", "labeled"), ("normalise", "normalize")])
def test_spellings_find_each_other(a, b, hits):
    places = [[(e["page"], e["id"]) for e in hits(query)] for query in (a, b)]
    assert places[0] == places[1] != []


@pytest.mark.parametrize("query", ["perceptrn", "convolutoin", "autoencodr"])
def test_a_slip_of_the_finger_is_forgiven(query, hits):
    assert hits(query)


def test_words_of_the_language_itself_do_no_harm(page, built_site):
    for query in ("constructor", "__proto__", "toString", "<b>", "  "):
        open_page(page, built_site, "search")
        page.locator("main input[type=search]").fill(query)
        page.locator("main button[type=submit]").click()
        page.wait_for_function("() => document.querySelector('#search-results p')")
        assert page.locator("#search-results b").count() == 0, query


#: Whether the page has come to an element, at once or slowly.
NEAR = "place => Math.abs(place.getBoundingClientRect().top) < 400"


def test_a_hit_leads_to_its_section_with_the_words_marked(page, built_site):
    open_page(page, built_site, "search")
    page.locator("main input[type=search]").fill("exploding gradients")
    page.locator("main button[type=submit]").click()
    link = page.locator("#search-results li a").first
    context = page.locator("#search-results li .context").first
    context.locator("mark").first.wait_for()
    assert "On this page" not in context.inner_text()
    title = link.inner_text()
    link.click()
    page.wait_for_function("() => CSS.highlights.get('found')?.size > 1")
    section = page.evaluate("location.hash.slice(1)")
    place = page.locator(f"[id='{unquote(section)}']").first
    assert title in place.inner_text()
    page.wait_for_function(NEAR, arg=place.element_handle())
