"""Real data that survives: `load("mnist")` gives the whole set as uint8, whatever its source.

sources.py   folders and downloads        packages.py   npm and Debian archives
datasets.py  files, checksums, chains     cache.py      verified files in one folder
images.py    uint8 image sets             batches.py    the loader on the device
"""

from aigc_lib.data.batches import Batches, epoch_order
from aigc_lib.data.cache import cache_dir, fetch
from aigc_lib.data.datasets import DATASETS
from aigc_lib.data.images import ImageSet, load, normalise, read_idx, to_uint8
from aigc_lib.data.sources import DataError

__all__ = [
    "DATASETS",
    "Batches",
    "DataError",
    "ImageSet",
    "cache_dir",
    "epoch_order",
    "fetch",
    "load",
    "normalise",
    "read_idx",
    "to_uint8",
]
