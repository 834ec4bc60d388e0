"""The Makefile: a reader's settings of pip and Python do not lead its environments astray."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.notebook import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")

PLAIN = {key: value for key, value in os.environ.items() if "MAKE" not in key}
ASTRAY = {
    "PIP_USER": "1",
    "PIP_TARGET": "/elsewhere",
    "PIP_PREFIX": "/elsewhere",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PYTHONPATH": "/elsewhere",
    "PYTHONHOME": "/elsewhere",
    "PYTHONUSERBASE": "/elsewhere",
    "PYTHONSAFEPATH": "1",
    "PYTHONOPTIMIZE": "2",
}


def test_settings_that_lead_astray_do_not_reach_the_recipes(tmp_path: Path) -> None:
    (tmp_path / "show.mk").write_text("include book/Makefile\nshow: ; @env\n")
    (tmp_path / "book").symlink_to(ROOT)
    kept = {"PIP_INDEX_URL": "https://mirror.example/simple", "AIGC_CACHE": "/shared"}
    done = subprocess.run(
        ["make", "-f", "show.mk", "show"],
        env=PLAIN | ASTRAY | kept, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert told["PIP_USER"] == "0"  # said, for pip's own file of settings may say otherwise
    assert not (ASTRAY.keys() - {"PIP_USER"}) & told.keys()
    assert kept.items() <= told.items()


def test_help_lists_every_target() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, env=PLAIN, capture_output=True, text=True, check=True
    )
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    told = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")}
    assert told == phony
