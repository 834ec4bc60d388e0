"""Running the command ``aigc`` inside a test."""

import os
import sys
from pathlib import Path

import pytest

from aigc_lib.cli import main

# What a child process meets on an old server or in a bare container: ASCII, and no way around it.
C_LOCALE = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
C_LOCALE.pop("PYTHONIOENCODING", None)


def aigc(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The command in this process; starting Python for each would take a minute."""
    monkeypatch.setattr(sys, "argv", ["aigc", *map(str, arguments)])
    main.main()


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to work in, and no GPU."""
    monkeypatch.setenv("AIGC_DEVICE", "cpu")
    monkeypatch.chdir(tmp_path)
