"""The long experiments of chapters 5 and 6: ``python tests/runs.py`` stores them again.

The functions are the chapters' own: `definitions` runs the cells that define them.
"""

import ast
import sys
from pathlib import Path

import nbformat
import numpy as np

from dlbook.lstm import LSTMParams
from dlbook.optim import tree_map

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "dlbook" / "data"
WEIGHTS = LSTMParams._fields[:8]
CONSTANTS = {"digits", "pixels", "text", "cut", "known", "held_out", "V", "piece", "N"}
CONSTANTS |= {"runs"}
LENGTHS = [1, 2, 4, 8, 16, 32, 64]


def definitions(stem, constants=CONSTANTS):
    """Run a chapter's imports and definitions, and constants that need nothing else."""
    cells = nbformat.read(ROOT / "chapters" / f"{stem}.ipynb", as_version=4).cells
    found = {"__name__": stem}  # a class asks for it
    for cell in cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
                if isinstance(node, kinds) or _is_data(node, constants):
                    exec(compile(ast.Module([node], []), stem, "exec"), found)
    return found


def _is_data(node, constants):
    """Tell whether a statement gives one of the constants that the functions use."""
    if not isinstance(node, ast.Assign):
        return False
    names = {n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)}
    return names <= set(constants)


def lstm_runs(chapter, seeds=range(5)):
    """Return the arrays of lstm.npz for some seeds."""
    train, right = chapter["train_latch"], chapter["right"]
    nets = [
        [train("lstm", seed, forget_bias=float(bias)) for seed in seeds]
        for bias in range(5)
    ]
    runs = {
        name: np.array([[getattr(net.cell, name) for net in row] for row in nets])
        for name in WEIGHTS
    }
    for name in ("W_ho", "b_o"):
        output = [[getattr(net.output, name) for net in row] for row in nets]
        runs[f"output_{name}"] = np.array(output)
    runs["rnn_right"] = np.array(
        [
            [right(train("rnn", seed, units=17, orthogonal=start)) for seed in seeds]
            for start in (False, True)
        ]
    )
    runs["steps_needed"] = np.array(
        [
            [[chapter["steps_needed"](T, float(b), s) for s in seeds] for b in range(7)]
            for T in (20, 40, 80)
        ]
    )
    runs["gru_right"] = np.array(
        [[gru_right(chapter, bias, seed) for seed in seeds] for bias in (0, 2, 4)]
    )
    readers = [("rnn", 128), ("lstm", 60), ("lstm", 128), ("gru", 70)]
    runs["text"] = np.array(
        [[text_losses(chapter, *reader, seed) for seed in seeds] for reader in readers]
    )
    runs["many_lengths"] = np.array([many_lengths(chapter, seed) for seed in seeds])
    return runs


def many_lengths(chapter, seed):
    """Return the shares right of a network that was trained at many lengths."""
    net = chapter["at_many_lengths"](seed)
    return chapter["right_at"](net, [40, 100, 200, 400])


def gru_right(chapter, bias, seed):
    """Return the share that a GRU answers right at 40 and at 400 steps."""
    begin = chapter["start_of"]("gru", seed, 9)
    b_z = np.full(9, bias, np.float32)
    begin = begin._replace(cell=begin.cell._replace(b_z=b_z))
    rng = np.random.default_rng(1000 + seed)
    latch_task = chapter["datasets"].latch_task
    batches = (latch_task(32, 40, rng=rng) for _ in range(400))
    *_, (_, last) = chapter["train"](begin, batches)
    return [chapter["right"](last, length) for length in (40, 400)]


def text_losses(chapter, kind, units, seed, steps=1200):
    """Return the loss on the training text and on the held-out text, by 150 steps."""
    losses = []
    reading = chapter["train_text"](kind, units, seed, steps)
    for count, params in enumerate(reading, start=1):
        if count % 150 == 0:
            texts = chapter["known"], chapter["held_out"]
            losses.append([chapter["text_loss"](text, params) for text in texts])
    return np.array(losses)


def sweep_errors(chapter, sizes, seed):
    """Return the error on the training and on the test digits, and the network."""
    known, new, *_ = chapter["split"](seed)
    net = chapter["train_ae"](known, sizes, seed)
    return [chapter["error_on"](data, net) for data in (known, new)], net


def anomaly(chapter, K, seed):
    """Return how well autoencoder and PCA tell capitals from digits."""
    known, new, *_ = chapter["split"](seed)
    net, pca = chapter["train_ae"](known, (64, 64, K), seed), chapter["pca"]
    model = pca.pca(known, K)
    capitals = np.array([chapter["glyph"](c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"])

    def by_pca(data):
        return ((pca.pca_decode(pca.pca_encode(data, model), model) - data) ** 2).sum(1)

    ours = [chapter["errors_of"](data, net) for data in (new, capitals)]
    pairs = [ours, [by_pca(data) for data in (new, capitals)]]
    return [chapter["told_apart"](*pair) for pair in pairs]


def autoencoder_runs(chapter, seeds=range(5)):
    """Return the arrays of autoencoder.npz for some seeds."""
    _, test_x, _, labels = chapter["split"](0)
    samples = test_x[[np.flatnonzero(labels == c)[0] for c in range(10)]]
    nets = [[sweep_errors(chapter, (64, 128, K), s) for s in seeds] for K in LENGTHS]
    shown = [chapter["autoencoder"].autoencode(samples, row[0][1]) for row in nets]
    hidden = [(), (128,), (128, 64)]
    deep = [
        [[sweep_errors(chapter, (64, *h, K), s)[0] for s in seeds] for h in hidden]
        for K in (2, 8)
    ]
    return dict(
        sweep=np.array([[found[0] for found in row] for row in nets]),
        shown=np.round(np.multiply(shown, 255)).astype(np.uint8),
        deep=np.array(deep),
        denoised=np.array([chapter["denoised_errors"](seed) for seed in seeds]),
        holes=np.array(
            [[chapter["hole_distances"](s, K) for s in seeds] for K in (2, 8)]
        ),
        anomaly=np.array([[anomaly(chapter, K, s) for s in seeds] for K in (2, 8, 32)]),
    )


def reader_runs(chapter, seeds=range(5)):
    """Return the share of influence from afar by seed, and the first seed's weights."""
    far, first = [], {}
    for kind, units, steps in [("rnn", 128, 450), ("lstm", 60, 900)]:
        nets = [[*chapter["train_text"](kind, units, s, steps)][-1] for s in seeds]
        far.append([chapter["far_share"](net) for net in nets])
        first[f"{kind}_reader"] = in_one_row(nets[0])
    return dict(far=np.array(far, float), **first)


def in_one_row(net):
    """Return all weights of a network as one array."""
    found = []
    tree_map(found.append, net)
    return np.concatenate(found, axis=None)


def main():
    """Make everything again, and store it."""
    chapter = definitions("05_lstm")
    _store("lstm", lstm_runs(chapter) | reader_runs(chapter))
    _store("autoencoder", autoencoder_runs(definitions("06_autoencoder")))


def _store(name, runs):
    """Store the weights as they are, and results to the digits that are shown."""
    rounded = {k: v.round(4) if v.dtype == float else v for k, v in runs.items()}
    np.savez_compressed(DATA / f"{name}.npz", **rounded)


if __name__ == "__main__":
    sys.exit(main())
