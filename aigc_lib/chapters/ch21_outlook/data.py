"""Bikes lent in Washington, D.C., hour by hour through 2011, and what was known of each day.

The table is that of Fanaee-T and Gama (2014), doi:10.1007/s13748-013-0040-3, published at UCI
(doi:10.24432/C5W894) under CC BY 4.0, as the package ISLP carries it. Hours in which no bike was
lent are not in it.
"""

import csv
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.packages import from_wheel
from aigc_lib.data.sources import packaged, pins

NAME, FILE = "bikes", "Bikeshare.csv"
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class Bikes(NamedTuple):
    """One year.

    Attributes:
        counts: bikes lent in each hour, float (365, 24).
        weekday: int64 (365,), 0 is Sunday.
        working: whether it is neither a weekend nor a holiday, bool (365,).
    """

    counts: Tensor
    weekday: Tensor
    working: Tensor


def read(path: Path) -> Bikes:
    """The year in a table with the columns day (1 to 365), hr, weekday, workingday and bikers."""
    counts, weekday = torch.zeros(365, 24), torch.zeros(365, dtype=torch.int64)
    working = torch.zeros(365, dtype=torch.bool)
    with path.open(encoding="utf8", newline="") as stream:
        for row in csv.DictReader(stream):
            day = int(row["day"]) - 1
            counts[day, int(row["hr"])] = int(row["bikers"])
            weekday[day], working[day] = int(row["weekday"]), row["workingday"] == "1"
    return Bikes(counts, weekday, working)


def load() -> Bikes:
    """The year 2011.

    Raises:
        DataError: the table cannot be had; see ``aigc_lib.data.cache.fetch``.
    """
    return read(fetch(NAME) / FILE)


BIKES = packaged(
    NAME,
    "the Python package ISLP",
    partial(from_wheel, "ISLP==0.6.0", "ISLP/data"),
    pins("""
    ac6950ae6f11efcc69c29d6bb13e8881c001e27d36434660d59444a1414f712c 567588 Bikeshare.csv
    """),
)
DATASETS = (BIKES,)
