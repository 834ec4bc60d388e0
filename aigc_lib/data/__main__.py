"""`python -m aigc_lib.data [NAME ...]`: fetch data sets into the cache and say where they are."""

import argparse
import sys

from aigc_lib.data.cache import fetch
from aigc_lib.data.datasets import DATASETS
from aigc_lib.data.sources import DataError


def main(arguments: list[str] | None = None) -> int:
    """Fetch the named data sets, all by default; return 0, or 1 when one could not be had."""
    parser = argparse.ArgumentParser(prog="python -m aigc_lib.data", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(DATASETS)}; all by default")
    failed = False
    for name in parser.parse_args(arguments).name or DATASETS:
        try:
            print(f"{name}: {fetch(name)}", flush=True)
        except (DataError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
