"""The library keeps the shape that it was given; its sizes are printed."""

import subprocess
import sys

import pytest

from tools import lint_house
from tools.notebook import ROOT

LINT_IMPORTS = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()"]


@pytest.mark.parametrize("rule", lint_house.RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule):
    problems = list(rule(ROOT))
    assert not problems, "\n".join(problems)


def test_imports_go_downwards_and_chapters_are_independent():
    done = subprocess.run(
        [*LINT_IMPORTS, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert "Contracts: 2 kept, 0 broken" in done.stdout


def test_the_sizes_are_told(capsys):
    lint_house.main()
    said = capsys.readouterr().out
    assert "shared packages " in said
    assert "library and tools " in said
    assert said.count("room ch") == len(list((ROOT / "aigc_lib" / "chapters").glob("ch*")))
