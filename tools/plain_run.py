"""Run a chapter's cells as plain Python, without Jupyter: ``python -m tools.plain_run 06 RESULT``.

For machines that have PyTorch and little else. Magics are left out; where IPython or ipywidgets are
missing, stand-ins take what is shown. Every cell runs, whatever the one before it did, so that one
run finds all that fails. RESULT is a JSON file: seconds, peak of the GPU's memory, what each failed
cell said.
"""

import contextlib
import io
import json
import os
import re
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from tools.notebook import NOTEBOOKS, code_cells, source, tags


class Widget:
    """Stands in for any widget: it keeps what it is told, and calls who watches its value."""

    model_id = "0"

    def __init__(self, *_: Any, **told: Any) -> None:
        self.watchers: list[Any] = []
        self.value: Any = ""
        self.__dict__.update(told)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name == "value":
            for call in self.watchers:
                call({"name": name, "new": value, "owner": self})

    def observe(self, call: Any, names: str = "value") -> None:
        """Call this whenever the value changes."""
        self.watchers.append(call)

    def on_click(self, call: Any) -> None:
        """Nobody clicks here."""

    add_class = on_click


def shown(*values: Any, **_: Any) -> None:
    """Stands in for IPython's ``display``."""


def stand_ins() -> None:
    """Put modules that keep nothing in the places of those that are not installed."""
    try:
        import ipywidgets  # noqa: F401
    except ModuleNotFoundError:
        widgets: Any = ModuleType("ipywidgets")
        widgets.__getattr__ = lambda name: Widget if name[0].isupper() else shown
        sys.modules["ipywidgets"] = widgets
    try:
        import IPython.display  # noqa: F401
    except ModuleNotFoundError:
        ipython: Any = ModuleType("IPython")
        ipython.display = ModuleType("IPython.display")
        ipython.display.__getattr__ = lambda name: shown
        ipython.get_ipython = lambda: None
        sys.modules |= {"IPython": ipython, "IPython.display": ipython.display}


def run(path: Path) -> dict[str, Any]:
    """Run all cells in this process, in the notebook's folder."""
    import matplotlib as mpl
    import torch

    from aigc_lib.core import runtime

    mpl.use("Agg")
    stand_ins()
    os.chdir(path.parent)
    space: dict[str, Any] = {"__name__": "__main__", "display": shown}
    cells = code_cells(json.loads(path.read_text(encoding="utf8")))
    failed, start = {}, time.perf_counter()
    for cell in cells:
        text = re.sub(r"^(\s*)[%!].*", r"\1pass", source(cell), flags=re.MULTILINE)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(text, f"<{cell['id']}>", "exec"), space)
        except Exception as error:
            if "raises-exception" not in tags(cell):
                told = traceback.extract_tb(error.__traceback__)[1:]
                at = " <- ".join(f"{Path(f.filename).name}:{f.lineno}" for f in told[::-1][:4])
                failed[cell["id"]] = f"{type(error).__name__}: {str(error)[:300]} ({at})"
    gpu = torch.cuda.is_available() and runtime.device().type == "cuda"
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "peak_mib": round(torch.cuda.max_memory_allocated() / 2**20) if gpu else None,
        "cells": len(cells),
        "failed": failed,
    }


def main() -> int:
    """Command line entry: 1 if a cell failed."""
    number, result = sys.argv[1:]
    (path,) = NOTEBOOKS.glob(f"{number}-*.ipynb")
    target = Path(result).resolve()
    from aigc_lib.core.files import write_atomically

    found = {"chapter": path.stem, **run(path)}
    write_atomically(target, (json.dumps(found, indent=2) + "\n").encode())
    for cell, told in found["failed"].items():
        print(f"{path.stem}, cell {cell}: {told}")
    print(f"{path.stem}: {found['seconds']} s, {len(found['failed'])} of {found['cells']} failed")
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
