"""Real data that survives: `load("mnist")` and `load_text("tang")` give all, whatever the source.

sources.py   folders and downloads        packages.py   npm, pip and Debian archives
datasets.py  files, checksums, chains     application_sets.py  those of the applications
cache.py     verified files in a folder   derived.py    computed results, kept
images.py    uint8 image sets             batches.py    the loader on the device
corpora.py   texts built from archives    text.py       texts as strings
tuning.py    small texts to tune on       toy.py        mixtures of Gaussians
models.py    pretrained networks          reuters.py    dated news with topics
dialogue.py  questions and commands       questions.py  both as lists
emoji_archives.py  captioned pictures     emoji.py      the same as a library; scenes.py composes
movielens_archives.py  ratings and films  movielens.py  both as tables
"""

from aigc_lib.data.batches import Batches, epoch_order
from aigc_lib.data.cache import cache_dir, fetch
from aigc_lib.data.datasets import DATASETS
from aigc_lib.data.images import ImageSet, load, normalise, read_idx, to_uint8
from aigc_lib.data.sources import DataError
from aigc_lib.data.text import load_text

__all__ = [
    "DATASETS",
    "Batches",
    "DataError",
    "ImageSet",
    "cache_dir",
    "epoch_order",
    "fetch",
    "load",
    "load_text",
    "normalise",
    "read_idx",
    "to_uint8",
]
