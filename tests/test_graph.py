"""The computational graph: every operation's derivative, and the sum over the ways."""

import re

import numpy as np
import pytest

from dlbook.backprop import Layer, mlp_backward, mlp_forward
from dlbook.compiler import trace
from dlbook.gradcheck import check_gradient
from dlbook.graph import (
    Value,
    backward,
    backward_steps,
    topological_order,
)

UNARY = {
    "exp": (Value.exp, np.exp, (-3, 3)),
    "log": (Value.log, np.log, (0.1, 3)),
    "tanh": (Value.tanh, np.tanh, (-3, 3)),
    "sigmoid": (Value.sigmoid, lambda a: 1 / (1 + np.exp(-a)), (-3, 3)),
    "relu": (Value.relu, lambda a: max(a, 0.0), (-3, 3)),
    "neg": (lambda a: -a, lambda a: -a, (-3, 3)),
    "**3": (lambda a: a**3, lambda a: a**3, (-3, 3)),
    "**1": (lambda a: a**1, lambda a: a, (-3, 3)),
    "**-1.5": (lambda a: a**-1.5, lambda a: a**-1.5, (0.1, 3)),
    "**-1": (lambda a: a**-1, lambda a: 1 / a, (-3, -0.1)),
    "**-2": (lambda a: a**-2, lambda a: 1 / a**2, (-3, -0.1)),
    "**0": (lambda a: a**0, lambda a: 1 + 0 * a, (-3, 3)),
    "**1.764": (lambda a: a**1.764, lambda a: a**1.764, (0.1, 3)),
    "**0.5": (lambda a: a**0.5, np.sqrt, (0.1, 3)),
}
BINARY = {
    "+": (lambda a, b: a + b),
    "-": (lambda a, b: a - b),
    "*": (lambda a, b: a * b),
    "/": (lambda a, b: a / b),
}


def gradients(f, *numbers):
    leaves = [Value(number) for number in numbers]
    root = f(*leaves)
    backward(root)
    return root, np.array([leaf.grad for leaf in leaves])


@pytest.mark.parametrize("op", UNARY)
def test_each_function_has_its_value_and_its_derivative(op):
    f, plain, (low, high) = UNARY[op]
    for a in np.random.default_rng(1).uniform(low, high, 20):
        root, grads = gradients(f, a)
        assert root.op == op
        np.testing.assert_allclose(root.value, plain(a), rtol=1e-14)
        check_gradient(lambda v: plain(v[0]), np.array([a]), grads)


@pytest.mark.parametrize("op", BINARY)
def test_each_operator_has_its_value_and_both_derivatives(op):
    f = BINARY[op]
    for a, b in np.random.default_rng(2).uniform(0.3, 3, (20, 2)) * [1, -1]:
        root, grads = gradients(f, a, b)
        assert root.op == op
        np.testing.assert_allclose(root.value, f(a, b), rtol=1e-15)
        check_gradient(lambda v: f(*v), np.array([a, b]), grads)


@pytest.mark.parametrize("number", [3, 2.5, np.float64(1.5), np.float32(0.5)])
@pytest.mark.parametrize("op", BINARY)
def test_a_plain_number_may_stand_on_either_side(op, number):
    left, right = (lambda a: BINARY[op](number, a)), (lambda a: BINARY[op](a, number))
    for f in (left, right):
        root, grads = gradients(f, -1.25)
        assert isinstance(root, Value)
        assert root.value == f(-1.25)
        check_gradient(lambda v, f=f: f(v[0]), np.array([-1.25]), grads)


def test_what_arrives_by_two_ways_adds_up():
    root, grads = gradients(lambda x: x * x, 3.0)
    assert (root.value, grads[0]) == (9, 6)
    root, grads = gradients(lambda x, y: (x + y) * (x - y) + x / y, 3.0, 2.0)
    np.testing.assert_allclose(grads, [2 * 3 + 1 / 2, -2 * 2 - 3 / 4])


def test_relu_has_slope_zero_at_zero():
    assert gradients(Value.relu, 0.0)[1] == 0


STEPS = {
    "+": (lambda a, b, f: a + b),
    "-": (lambda a, b, f: a - b),
    "*": (lambda a, b, f: f["tanh"](a * b)),
    "/": (lambda a, b, f: a / (f["exp"](b) + 1)),
    "tanh": (lambda a, b, f: f["tanh"](a)),
    "sigmoid": (lambda a, b, f: f["sigmoid"](a - b)),
    "exp": (lambda a, b, f: f["exp"](f["tanh"](b))),
}
ON_VALUES = {name: UNARY[name][0] for name in ("tanh", "sigmoid", "exp")}
ON_NUMBERS = {name: UNARY[name][1] for name in ("tanh", "sigmoid", "exp")}


def random_expression(seed, leaves, functions, length=25):
    """Combine nodes again and again, so that many are used more than once."""
    rng, nodes = np.random.default_rng(seed), list(leaves)
    for _ in range(length):
        a, b = (nodes[i] for i in rng.integers(len(nodes), size=2))
        nodes.append(STEPS[rng.choice(list(STEPS))](a, b, functions))
    return sum(nodes[-8:], nodes[0])


def random_graph(seed):
    numbers = np.random.default_rng(seed + 1000).uniform(-1, 1, 4)
    return gradients(lambda *v: random_expression(seed, v, ON_VALUES), *numbers)[0]


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_pass_the_gradient_check(seed):
    numbers = np.random.default_rng(seed).uniform(-1, 1, 4)

    def plain(leaves):
        return random_expression(seed, leaves, ON_NUMBERS)

    root, grads = gradients(
        lambda *leaves: random_expression(seed, leaves, ON_VALUES), *numbers
    )
    np.testing.assert_allclose(root.value, plain(numbers), rtol=1e-12)
    check_gradient(plain, numbers, grads)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_has_every_node_once_and_after_its_parents(seed):
    root = random_graph(seed)
    order = topological_order(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is root
    assert all(place[p] < place[node] for node in order for p in node.parents)
    assert all(p in place for node in order for p in node.parents)


def test_the_steps_back_are_the_edges_and_add_up_to_the_gradients():
    root = random_graph(3)
    messages = list(backward_steps(root))
    order = topological_order(root)
    assert len(messages) == sum(len(node.parents) for node in order)
    arrived = {node: 0.0 for node in order}
    done = []
    for m in messages:
        assert m.before == arrived[m.parent]
        assert m.after == m.before + m.sent
        assert m.sent == m.node.grad * m.local
        assert m.parent not in done, "a gradient was passed on before it was complete"
        if m.node not in done:
            done.append(m.node)
        arrived[m.parent] = m.after
    arrived[root] = 1.0
    assert all(node.grad == arrived[node] for node in arrived)
    sent = {}
    for m in messages:
        sent[m.parent] = sent.get(m.parent, 0.0) + m.sent
    for node, total in sent.items():
        np.testing.assert_allclose(total, node.grad, rtol=1e-12, atol=1e-14)


def test_the_gradients_grow_one_step_at_a_time():
    x = Value(3.0)
    steps = backward_steps(x * x)
    assert x.grad == 0
    next(steps)
    assert x.grad == 3
    next(steps)
    assert x.grad == 6


def test_going_back_twice_does_not_add_to_the_first_time():
    x = Value(2.0)
    y = x**3
    for _ in range(2):
        backward(y)
        assert (x.grad, y.grad) == (12, 1)


def test_a_corrupted_derivative_shows_in_the_gradient_check():
    def corrupted(x):
        y = x.tanh()
        y.local = (1 + y.value**2,)
        return y

    _, grads = gradients(corrupted, 0.5)
    with pytest.raises(AssertionError, match="relative error"):
        check_gradient(lambda v: np.tanh(v[0]), np.array([0.5]), grads)


def test_a_chain_of_ten_thousand_operations_needs_no_recursion():
    x = Value(0.5)
    y = x
    for _ in range(10_000):
        y = y + x
    backward(y)
    assert x.grad == 10_001


def test_a_network_of_values_has_the_gradients_of_the_matrix_form():
    rng = np.random.default_rng(4)
    arrays = (
        Layer(rng.normal(size=(3, 2)), rng.normal(size=3), "tanh"),
        Layer(rng.normal(size=(1, 3)), rng.normal(size=1), "tanh"),
    )
    x = rng.normal(size=2)
    h, leaves = [Value(a) for a in x], []
    for W, b, _ in arrays:
        W, b = [[Value(a) for a in row] for row in W], [Value(a) for a in b]
        leaves.append((W, b))
        rows = zip(W, b, strict=True)
        h = [sum((w * a for w, a in zip(r, h, strict=True)), c).tanh() for r, c in rows]
    backward(h[0])
    out, cache = mlp_forward(x, arrays)
    _, grads = mlp_backward([1.0], cache)
    np.testing.assert_allclose(h[0].value, out[0], rtol=1e-14)
    for (W, b), grad in zip(leaves, grads, strict=True):
        np.testing.assert_allclose([[v.grad for v in r] for r in W], grad.W, rtol=1e-12)
        np.testing.assert_allclose([v.grad for v in b], grad.b, rtol=1e-12)


def test_a_live_figure_can_trace_a_graph_there_and_back():
    def model(x, w, b):
        leaves = [Value(x, "x"), Value(w, "w"), Value(b, "b")]
        x, w, b = leaves
        y = (w * x + b).tanh() * x - (w / (b * b + 1)).sigmoid() + (-x) ** 2
        y = y + (w.exp() + 1).log().relu()
        sent = [message.sent for message in backward_steps(y)]
        grads = np.stack([leaf.grad for leaf in leaves])
        return dict(y=y.value, grads=grads, sent=np.stack(sent))

    program = trace(model, dict(x=0.5, w=-0.3, b=1.2))
    for values in np.random.default_rng(18).normal(size=(50, 3)):
        replayed = program.replay(values)
        for name, value in model(*values).items():
            np.testing.assert_allclose(replayed[name], value, rtol=1e-11, atol=1e-14)


def test_a_value_prints_its_name_and_gradient():
    x = Value(3.0, "x")
    y = x * 2
    backward(y)
    assert repr(x) == "Value(x = 3, grad=2)"
    assert repr(y) == "Value(6, grad=1)"


def test_extreme_arguments_give_the_limits():
    assert Value(1000.0).sigmoid().value == Value(1000.0).tanh().value == 1
    assert Value(-1000.0).sigmoid().value == Value(-1000.0).exp().value == 0
    assert gradients(Value.sigmoid, -1000.0)[1] == gradients(Value.tanh, 1000.0)[1] == 0


REFUSED = [
    (lambda: Value("a"), TypeError, "value: wanted real numbers, got dtype <U1"),
    (lambda: Value([1.0, 2.0]), ValueError, "value: wanted shape (), got (2,)"),
    (lambda: Value(np.nan), ValueError, "value: wanted finite numbers, got nan"),
    (lambda: Value(1.0) + "a", TypeError, "value: wanted real numbers, got dtype <U1"),
    (
        lambda: Value(1.0) / 0,
        ValueError,
        "divisor: wanted a number other than 0, got 0",
    ),
    (lambda: Value(0.0).log(), ValueError, "value: wanted a number > 0, got 0.0"),
    (lambda: Value(0.0) ** 0.5, ValueError, "base: wanted a number > 0, got 0.0"),
    (lambda: Value(-1.0) ** 1.5, ValueError, "base: wanted a number >= 0, got -1.0"),
    (lambda: Value(-1.0) ** -0.5, ValueError, "base: wanted a number > 0, got -1.0"),
    (
        lambda: Value(0.0) ** -1,
        ValueError,
        "base: wanted a number other than 0 for -1, got 0.0",
    ),
    (
        lambda: Value(2.0) ** Value(2.0),
        TypeError,
        "exponent: wanted real numbers, got dtype object",
    ),
    (lambda: Value(1e3).exp(), ValueError, "value: wanted finite numbers, got inf"),
    (lambda: Value(1e200) ** 2, ValueError, "value: wanted finite numbers, got inf"),
    (lambda: Value(1e200) * 1e200, ValueError, "value: wanted finite numbers, got inf"),
    (
        lambda: Value(0.0) / 1e-310,
        ValueError,
        "slope of /: wanted finite numbers, got inf",
    ),
    (lambda: backward(1.0), TypeError, "root: wanted a Value, got float"),
    (lambda: topological_order(None), TypeError, "root: wanted a Value, got NoneType"),
]


@pytest.mark.parametrize(("act", "error", "message"), REFUSED)
def test_bad_input_is_refused_by_name(act, error, message):
    with pytest.raises(error, match="^" + re.escape(message) + "$"):
        act()


@pytest.mark.parametrize(
    ("base", "exponent", "value", "slope"),
    [
        (0.0, 1.764, 0.0, 0.0),
        (0.0, 1, 0.0, 1.0),
        (0.0, 2, 0.0, 0.0),
        (0.0, 0, 1.0, 0.0),
        (-2.0, 0, 1.0, 0.0),
        (-2.0, -1, -0.5, -0.25),
        (-2.0, -2, 0.25, 0.25),
    ],
)
def test_a_power_is_taken_wherever_it_has_a_value_and_a_slope(
    base, exponent, value, slope
):
    x = Value(base)
    y = x**exponent
    backward(y)
    assert (y.value, x.grad) == (value, slope)
