"""What people type in one form, and what is printed where the encoding lacks the characters."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_lib.core.unicode import lenient_output, normalize_text
from tests.support.command import C_LOCALE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ｈｏｗ　ｌｏｎｇ？ １２３", "how long? 123"),
        ("ﬁlm, cafe\u0301, ⼀", "film, café, 一"),
        ("de\u00adli\u200bvery\ufeff", "delivery"),
        ("退貨 🙂 Ünïcode", "退貨 🙂 Ünïcode"),  # nothing is simplified, nothing lost
        ("".join(map(chr, range(128))), "".join(map(chr, range(128)))),
        ("退货".encode().decode("ascii", "surrogateescape"), "退货"),  # typed in a C locale
        ("Fu\udcdf", "Fu\ufffd"),  # Latin-1 there
        ("a\ud800b", "a\ufffdb"),
        ("", ""),
    ],
)
def test_one_form_for_what_is_typed(typed, meant):
    assert normalize_text(typed) == meant
    assert normalize_text(meant) == meant


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "? ??!"), ("cp1252", "é ??!"), ("gbk", "é 退?!"), ("utf8", "é 退🙂!")],
)
def test_output_never_fails_for_a_character(monkeypatch, encoding, shown):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    lenient_output()
    print("é 退🙂!", end="", flush=True)
    assert raw.getvalue().decode(encoding) == shown


def test_a_stdout_without_an_encoding_stays_as_it_is(monkeypatch):
    class Notebook:
        """As ipykernel's: it has no ``reconfigure``."""

    stdout = Notebook()
    monkeypatch.setattr(sys, "stdout", stdout)
    lenient_output()
    assert vars(stdout) == {}


def test_every_tool_prints_to_any_terminal(tmp_path):
    """As a module of ``tools``: here the lint, on a page whose name ASCII lacks."""
    page = tmp_path / "退货.ipynb"
    page.write_text("no JSON", encoding="utf8")
    done = subprocess.run(
        [sys.executable, "-m", "tools.lint_notebooks", page],
        cwd=ROOT, env=C_LOCALE, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"??????.ipynb: not readable as JSON")
