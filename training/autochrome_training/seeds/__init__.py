"""Colorizers of the literature, each in a form that our engine runs.

`networks.py` has the generators, `adversary.py` the discriminators, `sampling.py` PixelCNNs, `dense.py` the loop that
trains them, `exporting.py` their ONNX files, and `figures.py` the table.
"""
