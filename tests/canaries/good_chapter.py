"""A chapter that obeys every rule of the lint, as small as it can be."""

import copy

from nbformat import v4

from tools.notebook import KERNELSPEC, LANGUAGE_INFO, WIDGET_STATE, WIDGET_VIEW

OPENING = """<!-- timing -->
**Run time:** 71 s on 2 CPU cores · **peak memory:** 0.9 GiB (measured; see [](../book/timings.md))
<!-- /timing -->

## What you'll do

Train, and colour in `color`.

## What you'll learn

$D:\\mathcal{X} \\to [0, 1]$ and /or more, at https://example.org/home/page.

## What you'll need

Patience.

**Code of this chapter:** [`ch06_good`](https://github.com/example/book/blob/main/aigc_lib/chapters/ch06_good/__init__.py)
"""
SETUP = """import sys

try:
    import aigc_lib
except ModuleNotFoundError:
    if "google.colab" not in sys.modules:
        raise
    book = "git+https://github.com/example/book"
    %pip install -q "aigc-lib[chapters] @ {book}"
"""
ALT = "A line that rises from one to two as the step goes from zero to one"


def _code(source, *outputs, **metadata):
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def _printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def _exercise(number):
    mark = {"schema_version": 3, "locked": False, "task": False}
    name = f"06.{number}"
    return [
        v4.new_markdown_cell(f"### Exercise {name}\n\nAdd one and one."),
        _code(
            "### BEGIN SOLUTION\nanswer = 2\n### END SOLUTION",
            nbgrader={**mark, "grade": False, "solution": True, "grade_id": f"a{number}"},
        ),
        _code(
            f'check("{name}", answer)',
            _printed(f"✓ {name} — correct: one more.\n"),
            nbgrader={
                **mark,
                "grade": True,
                "solution": False,
                "grade_id": f"c{number}",
                "points": 1,
            },
            tags=["hide-output"],
        ),
    ]


def good_chapter():
    """The notebook, as the parsed JSON of its file."""
    view = {"model_id": "abc", "version_major": 2, "version_minor": 0}
    nb = v4.new_notebook(cells=[
        v4.new_markdown_cell("# A chapter"),
        v4.new_markdown_cell(OPENING),
        _code(SETUP, tags=["hide-input"]),
        _code("plt.plot([1, 2])\nplt.show()",
              v4.new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure>"}),
              mystnb={"image": {"alt": ALT}}),
        _code("slider()", v4.new_output("display_data", {WIDGET_VIEW: view, "text/plain": "s"})),
        _code("noise()", _printed("0.1\n"), tags=["nbval-ignore-output"]),
        _code("report('n', 1, 0, 2)", _printed("n: ≈ 1 (must lie between 0 and 2)\n"),
              tags=["hide-input"]),
        _code("1 / 0", v4.new_output("error", ename="ZeroDivisionError", evalue="division by zero",
                                     traceback=["Cell In[5], line 1"]), tags=["raises-exception"]),
        v4.new_markdown_cell("## Summary\n\nIt trains."),
        v4.new_markdown_cell("## Where the source article goes wrong\n\nNowhere."),
        v4.new_markdown_cell("## Exercises"),
        *[cell for number in range(1, 5) for cell in _exercise(number)],
        v4.new_markdown_cell("## References\n\nNormalizing flows and behavior."),
    ])  # fmt: skip
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
    nb.metadata.update(
        kernelspec=KERNELSPEC, language_info=LANGUAGE_INFO,
        widgets={WIDGET_STATE: {"state": {"abc": {}}, "version_major": 2, "version_minor": 0}},
    )  # fmt: skip
    return copy.deepcopy(nb)
