"""Numbers in text and in formulas, the same digits in both views; knows no picture."""
