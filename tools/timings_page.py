"""Write the table of ``book/timings.md`` from ``aigc_lib/cli/timings.json``.

python -m tools.timings_page           # rewrite the page
python -m tools.timings_page --check   # exit 1 if the page is not what the numbers say
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from aigc_lib.core.files import write_atomically
from tools.notebook import ROOT

NUMBERS = ROOT / "aigc_lib" / "cli" / "timings.json"
PAGE = ROOT / "book" / "timings.md"
START = "<!-- generated: tools/timings_page.py -->\n"
END = "<!-- end generated -->\n"
NAMES = {"cpu": "Processor", "cores": "Cores", "python": "Python", "torch": "PyTorch"}


def duration(seconds: float) -> str:
    """``75.2`` seconds as ``1 min 15 s``; below a minute as ``12 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def table(timings: Mapping[str, Any]) -> str:
    """The generated part of the page, in MyST.

    Args:
        timings: ``{"machine": {name: value}, "chapters": {file name without suffix:
            {"seconds": float, "peak_mib": float, "date": "YYYY-MM-DD"}}}``.
    """
    lines = ["| Chapter | Time | Peak memory | Date |", "|---|---:|---:|---|"]
    for name, row in sorted(timings["chapters"].items()):
        peak = f"{row['peak_mib']:,.0f} MiB"
        link = f"[](../notebooks/{name}.ipynb)"
        lines.append(f"| {link} | {duration(row['seconds'])} | {peak} | {row['date']} |")
    lines += ["", "| Measured on | |", "|---|---|"]
    lines += [f"| {NAMES.get(key, key)} | {value} |" for key, value in timings["machine"].items()]
    return "\n".join(lines) + "\n"


def render(page: str, timings: Mapping[str, Any]) -> str:
    """The page with its generated part replaced.

    Raises:
        ValueError: the page does not hold the two markers, once each and in order.
    """
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end or START in after or END in after:
        raise ValueError(f"the page needs the lines {START!r} and {END!r} once each")
    return f"{before}{START}{table(timings)}{END}{after}"


def main() -> int:
    """Command line entry."""
    old = PAGE.read_text("utf8")
    new = render(old, json.loads(NUMBERS.read_text("utf8")))
    if new == old:
        return 0
    if "--check" in sys.argv[1:]:
        print(
            "error: book/timings.md is not what aigc_lib/cli/timings.json says. Run: "
            "python -m tools.timings_page",
            file=sys.stderr,
        )
        return 1
    write_atomically(PAGE, new.encode())
    print(f"wrote {PAGE.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
