"""Trees: structure in, structure out, and messages that say where they differ."""

import re
from typing import NamedTuple

import numpy as np
import pytest

from dlbook._core.tree import fill, named_leaves, named_map, tree_map, unzip_map


class Layer(NamedTuple):
    W: object
    b: object


class Other(NamedTuple):
    W: object
    b: object


TREE = (Layer(1, 2), (Layer(3, None), 4), ())


def test_every_leaf_is_mapped_and_every_tuple_keeps_its_kind():
    mapped = tree_map(lambda a: 10 * a, TREE)
    assert mapped == (Layer(10, 20), (Layer(30, None), 40), ())
    assert type(mapped[0]) is Layer
    assert type(mapped[1]) is tuple


def test_lists_and_dicts_keep_their_kind_and_dicts_are_matched_by_key():
    tree = {"b": [1, 2], "W": (3,)}
    mapped = tree_map(lambda a, b: a - b, tree, {"W": (1,), "b": [5, 7]})
    assert mapped == {"b": [-4, -5], "W": (2,)}
    assert list(mapped) == ["b", "W"]
    assert [path for path, _ in named_leaves(tree)] == [
        "['b'][0]",
        "['b'][1]",
        "['W'][0]",
    ]
    assert fill(tree, [7, 8, 9]) == {"b": [7, 8], "W": (9,)}


def test_a_choice_stays_as_it_is_and_a_gradient_may_leave_it_open():
    tree, gradient = Layer(1, "tanh"), Layer(2, None)
    assert tree_map(lambda a: -a, tree) == Layer(-1, "tanh")
    assert tree_map(lambda a, g: a - g, tree, gradient) == Layer(-1, "tanh")
    assert unzip_map(lambda path, a: (a, -a), tree) == (tree, Layer(-1, "tanh"))
    assert named_leaves(tree) == [(".W", 1)]


def test_an_array_is_a_tree_by_itself():
    assert tree_map(lambda a, b: a - b, 5, 3) == 2
    assert named_leaves(5) == [("", 5)]
    assert named_leaves(None) == []


def test_several_trees_are_walked_side_by_side():
    assert tree_map(lambda a, b, c: a * b + c, (1, 2), (3, 4), (5, 6)) == (8, 14)


def test_paths_say_how_a_leaf_is_reached():
    paths = ["[0].W", "[0].b", "[1][0].W", "[1][1]"]
    assert [path for path, _ in named_leaves(TREE)] == paths
    assert [leaf for _, leaf in named_leaves(TREE)] == [1, 2, 3, 4]
    assert named_map(lambda path, a: f"{path}={a}", Layer(7, (8,))) == Layer(
        ".W=7", (".b[0]=8",)
    )


def test_a_tree_is_rebuilt_from_its_leaves():
    assert fill(TREE, [leaf for _, leaf in named_leaves(TREE)]) == TREE


def test_a_function_with_several_results_gives_several_trees():
    low, high = unzip_map(lambda path, a: (a - 1, a + 1), TREE)
    assert low == (Layer(0, 1), (Layer(2, None), 3), ())
    assert high == (Layer(2, 3), (Layer(4, None), 5), ())


def test_an_array_in_the_place_of_a_leaf_is_left_whole():
    a = np.ones((2, 3))
    assert tree_map(lambda x: x, Layer(a, a)).W is a


@pytest.mark.parametrize(
    ("trees", "error", "message"),
    [
        (
            (Layer(1, 2), Other(1, 2)),
            ValueError,
            "trees: wanted one structure, got Layer of 2 and Other of 2 at the top",
        ),
        (
            ((1, 2), (1, 2, 3)),
            ValueError,
            "trees: wanted one structure, got tuple of 2 and tuple of 3 at the top",
        ),
        (
            (Layer(1, 2), Layer(1, None)),
            ValueError,
            "trees: wanted one structure, got array and None at .b",
        ),
        (
            (((1,),), (2,)),
            ValueError,
            "trees: wanted one structure, got tuple of 1 and array at [0]",
        ),
        (
            ([1, 2], (1, 2)),
            ValueError,
            "trees: wanted one structure, got list of 2 and tuple of 2 at the top",
        ),
        (
            ((1, {"W": 2}), (1, {"b": 2})),
            ValueError,
            "trees: wanted one structure, got dict of 'W' and dict of 'b' at [1]",
        ),
        (
            ((1, "tanh"), (1, "relu")),
            ValueError,
            "trees: wanted one structure, got 'tanh' and 'relu' at [1]",
        ),
    ],
)
def test_structures_that_differ_are_refused(trees, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        tree_map(lambda *arrays: None, *trees)


def test_a_tree_without_arrays_has_nothing_to_unzip():
    message = re.escape("tree: wanted at least one array, got (None,)")
    with pytest.raises(ValueError, match=f"^{message}$"):
        unzip_map(lambda path, a: (a, a), (None,))
