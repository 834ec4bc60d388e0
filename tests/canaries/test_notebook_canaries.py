"""The run of the notebooks must fail where a page is wrong, and pass where it is right.

Small notebooks are made, each wrong in one way, and run by the options that ``make test`` uses.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from nbval.plugin import get_sanitize_patterns

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = "tests/nbval.args"
REPORT = "from aigc_lib.core.show import report, took\n"


def cell(source, stdout="", result="", error="", reported="", tags=(), ran=True):
    """A code cell as an author could have stored it."""
    outputs = []
    if reported:  # "label: number", as ``report`` shows it between the bounds 5 and 20
        label, number = reported.split(": ")
        bounds = "(must lie between 5 and 20)"
        html = f'<div class="aigc-report">{label}: <b>{number}</b><!-- {bounds} --></div>'
        data = {"text/html": html, "text/plain": f"{reported} {bounds}"}
        outputs.append(v4.new_output("display_data", data))
    if stdout:
        outputs.append(v4.new_output("stream", name="stdout", text=stdout))
    if result:
        outputs.append(v4.new_output("execute_result", {"text/plain": result}, execution_count=1))
    if error:
        name, value = error.split(": ")
        outputs.append(v4.new_output("error", ename=name, evalue=value, traceback=[]))
    return v4.new_code_cell(
        source,
        outputs=outputs,
        execution_count=1 if ran else None,
        metadata={"tags": list(tags)} if tags else {},
    )


# Recorded on another machine: every number that may differ does.
GOOD = [
    cell(
        REPORT + "report('distance', 12.9, 5, 20, 'nats')",
        reported="distance: ≈ 12.31 nats",
    ),
    cell("took('training', 0.3)", "training: ◷ 61.2 s\n"),
    cell("6 * 7", result="42"),
    cell("object()", result="<object at 0x7f00deadbeef>"),
    cell("1 / 0", error="ZeroDivisionError: division by zero", tags=["raises-exception"]),
    cell("import random; print(random.random())", "0.5\n", tags=["nbval-ignore-output"]),
    cell("assert random.random() < 1"),
]

# Name: the cells, the one that must fail, what nbval must say.
CANARIES = {
    "error": ([cell("x = 1"), cell("x / 0")], 1, "ZeroDivisionError"),
    "error-in-an-ignored-cell": (
        [cell("x = 1"), cell("x / 0", tags=["nbval-ignore-output"])],
        1,
        "ZeroDivisionError",
    ),
    "error-that-does-not-come": (
        [cell("x = 1"), cell("x", error="ValueError: no", tags=["raises-exception"])],
        1,
        "output fields",
    ),
    "other-error": (
        [
            cell("x = 1"),
            cell(
                "x / 0",
                error="ZeroDivisionError: float division by zero",
                tags=["raises-exception"],
            ),
        ],
        1,
        "mismatch",
    ),
    "wrong-number-printed": (
        [cell("print(1)", "1\n"), cell("print(12.5)", "12.6\n")],
        1,
        "mismatch",
    ),
    "wrong-result": ([cell("x = 1"), cell("6 * 7", result="43")], 1, "mismatch"),
    "wrong-number-beside-a-measured-one": (
        [
            cell("x = 1"),
            cell(
                "print('3 runs: ≈ 9 (must lie between 5 and 20)')",
                "4 runs: ≈ 8 (must lie between 5 and 20)\n",
            ),
        ],
        1,
        "mismatch",
    ),
    "wrong-bounds": (
        [
            cell("x = 1"),
            cell("print('≈ 9 (must lie between 5 and 20)')", "≈ 8 (must lie between 5 and 15)\n"),
        ],
        1,
        "mismatch",
    ),
    "measured-number-out-of-bounds": (
        [
            cell(REPORT),
            cell("report('x', 21.3, 5, 20)", reported="x: ≈ 12.31"),
        ],
        1,
        "it must lie between 5 and 20",
    ),
    "other-bounds-than-those-on-the-page": (
        [cell(REPORT), cell("report('x', 9, 5, 21)", reported="x: ≈ 9")],
        1,
        "mismatch",
    ),
    "another-label-than-on-the-page": (
        [cell(REPORT), cell("report('x', 9, 5, 20)", reported="y: ≈ 9")],
        1,
        "mismatch",
    ),
    "missing-output": ([cell("x = 1"), cell("y = x", result="1")], 1, "Missing output"),
    "unexecuted-with-output": ([cell("x = 1"), cell("x", result="1", ran=False)], 1, "Unrun"),
}
SLOW = {
    "good": ([cell("print(1)", "1\n")], None, ""),
    "timeout": ([cell("x = 1"), cell("import time; time.sleep(60)")], 1, "Timeout of 2 seconds"),
}


def run(folder, notebooks, *options):
    """Run notebooks as ``make test`` does; ``{name: {cell: message of its failure, or ""}}``."""
    for name, cells in notebooks.items():
        nbformat.write(v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    report = folder / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        f"@{ARGUMENTS}",
        *options,
        f"--junitxml={report}",
        str(folder),
    ]
    # What this run of pytest was told is not meant for that one.
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf8",
        timeout=180,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    results = {name: {} for name in notebooks}
    for case in ElementTree.parse(report).iter("testcase"):
        trouble = [*case.iter("failure"), *case.iter("error")]
        name = re.split(r"[./\\]", case.get("classname").removesuffix(".ipynb"))[-1]
        results[name][int(case.get("name").split()[-1])] = "".join(t.text or "" for t in trouble)
    return results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    notebooks = {"good": GOOD, **{name: cells for name, (cells, _, _) in CANARIES.items()}}
    return run(tmp_path_factory.mktemp("canaries"), notebooks)


def test_the_good_twin_passes(results):
    assert results["good"] == dict.fromkeys(range(len(GOOD)), "")


@pytest.mark.parametrize("name", CANARIES)
def test_a_wrong_notebook_fails_in_the_wrong_cell(results, name):
    cells, wrong, said = CANARIES[name]
    assert len(results[name]) == len(cells)
    assert said in results[name][wrong]
    assert [number for number, trouble in results[name].items() if trouble] == [wrong]


def test_a_cell_that_takes_too_long_fails(tmp_path):
    found = run(
        tmp_path, {name: cells for name, (cells, _, _) in SLOW.items()}, "--nbval-cell-timeout=2"
    )
    assert found["good"] == {0: ""}
    assert found["timeout"][0] == ""
    assert SLOW["timeout"][2] in found["timeout"][1]


def test_make_runs_the_notebooks_with_these_options():
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    assert re.search(rf"pytest .*@{ARGUMENTS} notebooks$", makefile, re.MULTILINE)


def sanitised(text):
    for regex, replacement in get_sanitize_patterns(
        (ROOT / "tests" / "nbval.cfg").read_text(encoding="ascii")
    ):
        text = re.sub(regex, replacement, text)
    return text


HTML = "<div>d: <b>{}</b><!-- (must lie between 5 and {}) --></div>"
BAR = "100%|██████████| 10/10 [00:01<00:00, 9.91it/s]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("d: ≈ 12.31 (must lie between 5 and 20)", "d: ≈ -1.2e-05 (must lie between 5 and 20)"),
        ("≈ 1,234.5 s/it (must lie between 5 and 9)", "≈ 7 s/it (must lie between 5 and 9)"),
        ("≈ 12% (must lie between 5 and 20)", "≈ 12.5% (must lie between 5 and 20)"),
        (HTML.format("≈ 12.31 nats", 20), HTML.format("≈ -1.2e-05 nats", 20)),
        (HTML.format("≈ 12.31", 20), HTML.format("≈ 1,234", 20)),
        ("took ◷ 61.2 s", "took ◷ 7.0 s"),
        ("◷ 812 MiB, ◷ 1.2 GiB", "◷ 99 MiB, ◷ 1,000 GiB"),
        ("◷ 1.20 × (◷ 1.10 × to ◷ 1.30 ×)", "◷ 1.10 × (◷ 0.90 × to ◷ 1.40 ×)"),
        ("◷ 120 GFLOP/s, ◷ 9 GB/s, ◷ 13 FLOP/byte", "◷ 90 GFLOP/s, ◷ 10 GB/s, ◷ 9 FLOP/byte"),
        ("reaches ◷ 35 % of the peak", "reaches ◷ 8 % of the peak"),
        (BAR, "100%|██████████| 10/10 [1:00:01<00:00, 2.00s/it]"),
        ("<function f at 0x7f3a00>", "<function f at 0x10dd3f4c0>"),
        ("torch 2.14.1+cu130 Python 3.11.7", "torch 2.15.0 Python 3.13.0rc1"),
        ("in tmp1x_9abcd/a.pt", "in tmpabcdefgh/a.pt"),
    ],
)
def test_the_sanitiser_forgives_what_may_differ(one, other):
    assert one != other
    assert sanitised(one) == sanitised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12.31", "12.32"),
        ("≈ 12.31", "≈ 12.32"),  # no bounds, so nothing asserted them
        ("≈ 12.31 of 5 (must lie between 5 and 20)", "≈ 12.31 of 6 (must lie between 5 and 20)"),
        ("≈ 9 and 8\n(must lie between 5 and 20)", "≈ 7 and 8\n(must lie between 5 and 20)"),
        ("≈ 9 (must lie between 5 and 20)", "≈ 9 (must lie between 5 and 21)"),
        ("≈ 9 (must lie between 5 and 20)", "≈ nan (must lie between 5 and 20)"),
        ("≈ 9 (must lie between 5 and 20) 1", "≈ 9 (must lie between 5 and 20) 2"),
        ("a: 1 ≈ 9 (must lie between 5 and 20)", "a: 2 ≈ 9 (must lie between 5 and 20)"),
        (HTML.format("≈ 12.31", 20), HTML.format("≈ 12.31", 21)),
        ("<b>≈ 9</b>", "<b>≈ 8</b>"),  # no bounds, so nothing asserted them
        ("took ◷ 61.2", "took ◷ 61.3"),
        ("took ◷ 61.2 s", "took ◷ 61.2 min"),
        ("◷ 120 GFLOP/s", "◷ 120 GB/s"),
        ("◷ 35 % of 4", "◷ 35 % of 5"),
        ("took ◷ 61.2 s, 3 epochs", "took ◷ 61.2 s, 4 epochs"),
        ("◷ 5 samples", "◷ 6 samples"),
        (BAR, BAR.replace("10/10", "11/11")),
        (BAR, BAR.replace("100%", "90%")),
        (BAR.replace("it/s", "it/s, loss=1"), BAR.replace("it/s", "it/s, loss=2")),
        ("[00:01<00:00, 9.91it/s]", "[00:02<00:00, 9.91it/s]"),
        ("0x7f3a00", "0x7f3a01"),
        ("at 0x7f3a00 bytes", "at 0x7f3a01 bytes"),
        ("torch 2.5 s", "torch 2.6 s"),
        ("accuracy 0.9.1", "accuracy 0.9.2"),
        ("tmp1234567", "tmp1234568"),
    ],
)
def test_the_sanitiser_hides_nothing_else(one, other):
    assert sanitised(one) != sanitised(other)
