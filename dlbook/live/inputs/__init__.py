"""What a reader can set, and what it is called; an input knows no picture."""
