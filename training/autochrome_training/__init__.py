"""Training of Autochrome's networks. Read in this order:

data → color → film → encoding → objective → optimizer → network → pretrained → teacher → student →
loop → export → report.
"""
