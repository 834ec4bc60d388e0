"""A book of three pages, for what is made from the site: it has what folds, moves and is drawn."""

import json
from pathlib import Path

import pytest

from tests.support.book import book
from tools.build_site import build

FIRST = """
The energy is $E = mc^2$, the mean $\\mathbb{E}\\mathcal{N}\\mathcal{L}\\mathbf{x}$,
and 生成对抗网络 长期. [Over there](#a-place).

$$\\int_0^1 x \\, dx = \\tfrac12$$

```mermaid
flowchart LR
    start --> finish
```

::::{tab-set}
:::{tab-item} One
the first tab
:::
:::{tab-item} Two
the second tab
:::
::::

<div class="widget-subarea"><div class="jupyter-widgets">
<img alt="" src="../_static/logo.svg" width="90">
<div class="widget-slider"><span class="widget-label">step</span>
<span class="widget-readout">7</span>
</div></div></div>
"""
CELL = {"cell_type": "code", "execution_count": 1, "outputs": [], "metadata": {}}
FOLDED = CELL | {"metadata": {"tags": ["hide-input"]}}
TEXT = {"cell_type": "markdown", "metadata": {}}
CELLS = [
    TEXT | {"source": "# Second page: a notebook"},
    CELL | {"source": "x = '" + "wide " * 40 + "'"},
    TEXT | {"source": "(a-place)=\n## A place"},
    FOLDED | {"source": "folded = 1\nassert folded"},
    TEXT | {"source": "## Exercises\n\n### Exercise 1\n\nWhat is it?"},
    FOLDED | {"source": "### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION"},
    TEXT | {"source": "## References\n\nNone."},
]
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
SECOND = json.dumps({
    "cells": [{"id": f"c{n}"} | cell for n, cell in enumerate(CELLS)],
    "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5,
})  # fmt: skip
PAGES = {"first": FIRST, "second": SECOND}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book, built."""
    root = book(tmp_path_factory.mktemp("book"), PAGES)
    assert build(root) == 0
    return root
