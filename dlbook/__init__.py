"""Deep learning, formula by formula: the NumPy code that the book's chapters import."""

__version__ = "0.1.0"
