"""A clone whose owner lets git write CRLF, as on Windows, still has files that bash can run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = (".ci/run", "Makefile", "tests/nbval.cfg", "tests/nbval.args")


# Untouched by the settings of this machine.
PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, *arguments: str, env: dict[str, str] = PLAIN) -> str:
    """What git says."""
    run = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=os.environ | env,
        capture_output=True,
        encoding="utf8",
        check=True,
    )
    return run.stdout


def test_a_clone_that_asks_for_crlf_gets_lf(tmp_path: Path):
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", str(origin))
    for name in (".gitattributes", *FILES):
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, origin / name)
    git(origin, "add", ".")
    git(origin, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "files")
    crlf = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    git(tmp_path, "clone", "--quiet", *crlf, str(origin), str(clone))
    assert [name for name in FILES if b"\r" in (clone / name).read_bytes()] == []


def test_every_tracked_file_is_kept_as_text_with_lf_or_as_binary():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone, so nothing is tracked")
    # One line a file: i/ what is stored, w/ what lies here, attr/ what .gitattributes says.
    # With this machine's settings, as they may have to name the folder as safe.
    for line in git(ROOT, "ls-files", "--eol", env={}).splitlines():
        stored, _, rule = line.partition("\t")[0].split(maxsplit=2)
        if rule.strip() == "attr/-text":
            assert stored == "i/-text", f"marked as binary but text: {line}"
        else:
            assert rule.strip() == "attr/text=auto eol=lf", line
            assert stored in ("i/lf", "i/none"), f"stored with CR, or binary but unmarked: {line}"
