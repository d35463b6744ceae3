"""Why a part of a formula has no value."""

__all__ = ["NotEvaluable", "UnknownName"]


class NotEvaluable(ValueError):
    """The formula uses what has no rule; the message says what."""


class UnknownName(NotEvaluable):
    """The formula uses a name that no value was given for."""
