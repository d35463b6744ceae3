"""The views of a figure: the page's, the notebook's, and the kernel's widgets.

A view shows what figure, inputs, bindings and drawing say; it knows no model.
"""
