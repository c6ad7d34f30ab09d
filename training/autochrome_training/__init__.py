"""Training of Autochrome's networks. Read in this order:

data → film → encoding → objective → network → loop → export → report.
"""
