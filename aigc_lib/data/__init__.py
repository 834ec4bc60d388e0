"""Real data that survives: whatever its source, it is checked, cached and loaded in one call.

batches.py   Batches: the endless loader on the device
cache.py     fetch: verified files in one folder
corpora.py   plays and poems, built from package archives
emoji.py     colour pictures with English and Chinese captions, and where they come from
images.py    load("mnist"): uint8 image sets
packages.py  downloads, and npm, pip and Debian archives, as sources
registry.py  every data set, with its checksums and its sources in order
sources.py   what a data set is; folders as sources; DataError
texts.py     load_text("tang"): texts as strings, split by whole plays and poets
toy.py       mixtures of Gaussians, known exactly; which modes samples cover

A data set that only one chapter reads is declared in that chapter's room, in ``data.py``.
"""
