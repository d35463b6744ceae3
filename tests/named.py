"""Layers under other activations, for tests that try them all."""

__all__ = ["named"]


def named(layers, hidden="tanh", output="identity"):
    """Return the layers, the last of which ends in ``output``."""
    last = len(layers) - 1
    return tuple(
        layer._replace(phi=output if i == last else hidden)
        for i, layer in enumerate(layers)
    )
