"""Running the command ``aigc`` inside a test."""

import sys
from pathlib import Path

import pytest

from aigc_lib.cli import main


def aigc(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The command in this process; starting Python for each would take a minute."""
    monkeypatch.setattr(sys, "argv", ["aigc", *map(str, arguments)])
    main.main()


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to work in, and no GPU."""
    monkeypatch.setenv("AIGC_DEVICE", "cpu")
    monkeypatch.chdir(tmp_path)
