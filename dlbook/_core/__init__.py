"""What the models share and a reader of them need not know: checks, trees, windows."""
