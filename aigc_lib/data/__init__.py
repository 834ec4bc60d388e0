"""Real data that survives: whatever its source, it is checked, cached and loaded in one call.

images.py    load("mnist"): uint8 image sets     texts.py    load_text("tang"): strings
batches.py   the endless loader on the device    toy.py      mixtures of Gaussians, known exactly
registry.py  every data set, with its checksums  corpora.py  texts built from archives
cache.py     verified files in one folder        derived.py  computed results, kept
sources.py   what a source is, folders           packages.py downloads; npm, pip, Debian archives

A data set that only one chapter reads is declared in that chapter's room, in ``data.py``.
"""
