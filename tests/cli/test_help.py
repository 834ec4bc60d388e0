"""The command ``aigc``: its help and its exit codes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from aigc_lib.cli import main
from tests.support.command import C_LOCALE, aigc, on_the_cpu  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]

COMMANDS = list(main.COMMANDS)

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


def test_help_in_chinese_has_a_sentence_for_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIGC_LANGUAGE", "zh")
    for command in main.HELP.values():
        assert re.match("[\u4e00-\u9fff`]", main.in_the_readers_language(command)), command
    with pytest.raises(SystemExit):
        aigc(monkeypatch, "--help")
    assert "检查这台机器" in capsys.readouterr().out
    monkeypatch.delenv("AIGC_LANGUAGE")
    with pytest.raises(SystemExit):
        aigc(monkeypatch, "--help")
    assert "Check this machine" in capsys.readouterr().out


def test_unknown_options_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (
        ["train", "--lerning-rate", "1"],
        ["fly"],
        ["train", "--data", "cifar"],
    ):
        with pytest.raises(SystemExit) as caught:
            aigc(monkeypatch, *arguments)
        assert caught.value.code == 2


def test_an_unknown_tool_is_told_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("x", "06", "financial monitoring", ""):
        with pytest.raises(SystemExit, match=r"aigc: no tool .*; there are: .*14 \(film scenes\)"):
            aigc(monkeypatch, "demo", name)


def test_demo_hands_the_words_to_its_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    loaded = []

    def load(number: str, part: str) -> SimpleNamespace:
        loaded.append((number, part))
        return SimpleNamespace(demo=asked.append)

    monkeypatch.setattr(main, "load_part", load)
    for name in ("film", "14", "monitoring", "16", "service", "recommendation"):
        aigc(monkeypatch, "demo", name, "a cat", "at night")
    assert asked == [["a cat", "at night"]] * 6
    assert loaded == [(number, "app") for number in ("14", "14", "16", "16", "15", "17")]
    aigc(monkeypatch, "demo", "film")
    assert asked[-1] == []


def test_demo_without_the_books_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacks(number: str, part: str) -> None:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")

    monkeypatch.setattr(main, "load_part", lacks)
    with pytest.raises(SystemExit, match=r"'scipy'.* pip install 'aigc-lib\[chapters\]'$"):
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
