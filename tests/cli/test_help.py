"""The command ``aigc``: its help and its exit codes."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.command import C_LOCALE, aigc, on_the_cpu  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]

COMMANDS = ["doctor", "train", "train-dcgan", "sample", "evaluate", "bench", "demo"]

pytestmark = pytest.mark.usefixtures("on_the_cpu")


@pytest.mark.parametrize("command", COMMANDS)
def test_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        aigc(monkeypatch, command, "--help")
    assert not caught.value.code
    out = capsys.readouterr().out
    assert f"usage: aigc {command}" in out
    if command == "train":
        for option in ("--data", "--hidden", "--lr", "--images", "--tick", "--out", "--seed"):
            assert option in out
        assert "--recipe" not in out
    if command == "train-dcgan":
        for option in (
            "--loss",
            "--r1",
            "--augment",
            "--width",
            "--speed.bf16",
        ):
            assert option in out


def test_unknown_options_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (
        ["train", "--lerning-rate", "1"],
        ["fly"],
        ["train", "--data", "cifar"],
        ["demo", "x"],
    ):
        with pytest.raises(SystemExit) as caught:
            aigc(monkeypatch, *arguments)
        assert caught.value.code == 2


def test_demo_hands_the_words_to_its_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    tool = SimpleNamespace(demo=asked.append)
    for name in ("film", "finance", "recommendation", "service"):
        monkeypatch.setitem(sys.modules, f"aigc_lib.chapters.{name}", tool)
        aigc(monkeypatch, "demo", name, "a cat", "at night")
    assert asked == [["a cat", "at night"]] * 4
    aigc(monkeypatch, "demo", "film")
    assert asked[-1] == []


def test_demo_without_the_books_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aigc_lib.chapters.ch15_customer_service.app", None)
    with pytest.raises(SystemExit, match=r"pip install 'aigc-lib\[book\]'"):
        aigc(monkeypatch, "demo", "service", "hello")


def test_the_module_is_the_command_and_exits_with_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aigc_lib", "sample", "--run", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "AIGC_DEVICE": "cpu"},
    )
    assert done.returncode == 1
    assert not done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("aigc: there is no checkpoint at")


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "service"]])
def test_a_terminal_that_lacks_characters_gets_the_rest(
    tmp_path: Path, arguments: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aigc_lib", *arguments],
        cwd=tmp_path, env={**C_LOCALE, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout
    assert not done.stderr


def test_chinese_is_read_in_a_locale_that_lacks_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aigc_lib", "demo", "service", "退货运费谁出？"],
        cwd=tmp_path, env={**C_LOCALE, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True,
    )  # fmt: skip
    assert b"[FAQ: return-cost]" in done.stdout
