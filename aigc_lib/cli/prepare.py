"""``aigc prepare``: fetch all data, and compute what the chapters share once.

A room that has something to compute holds a module ``prepare`` with a function of that name:
embeddings of texts, say, or a chat model's weights in the form in which the chapters read them. A
chapter that finds them missing computes them itself; this command does it beforehand, for a class
or a test.
"""

import sys

import tyro

from aigc_lib.cli import EXTRA
from aigc_lib.core.rooms import load_part, rooms_with
from aigc_lib.data.cache import fetch
from aigc_lib.data.registry import datasets
from aigc_lib.data.sources import DataError


def prepare(names: tyro.conf.Positional[tuple[str, ...]] = ()) -> int:
    """Fetch data sets, all by default, and compute what the chapters share once.

    Args:
        names: Only these data sets, such as ``mnist``; nothing is computed then.

    Returns:
        how many things could not be had; each is told on stderr.
    """
    failed = 0
    for name in names or datasets():
        try:
            print(f"{name}: {fetch(name)}", flush=True)
        except (DataError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            failed += 1
    for number in [] if names else rooms_with("prepare"):
        try:
            load_part(number, "prepare").prepare()
            print(f"chapter {number}: ready", flush=True)
        except (DataError, ModuleNotFoundError) as error:
            told = f"{error}: {EXTRA}" if isinstance(error, ModuleNotFoundError) else error
            print(f"error: chapter {number}: {told}", file=sys.stderr, flush=True)
            failed += 1
    return failed
