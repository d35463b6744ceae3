"""What the models share and a reader of them need not know: checks, trees, windows."""

__all__ = ["publish"]


def publish(module):
    """Let what a public module offers from here name that module as its home.

    Then `help`, a traceback's class and a pickle say ``dlbook.cnn``, where a reader
    finds it, whichever room of this package holds the code.

    >>> from dlbook import cnn
    >>> cnn.ConvCache
    <class 'dlbook.cnn.ConvCache'>
    """
    for name in module["__all__"]:
        thing = module.get(name)  # what the module makes itself comes later
        if getattr(thing, "__module__", "").startswith(f"{__name__}."):
            thing.__module__ = module["__name__"]
