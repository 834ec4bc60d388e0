"""Two real processes train a language model as one would, and keep the same weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from tests.support import letters

ROOT, STEPS = Path(__file__).resolve().parents[2], 20
WIDTH = letters.SIZE.width

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun's gloo needs a POSIX system"),
]


def test_two_ranks_make_the_steps_of_one(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    letters.main(alone, STEPS)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    done = subprocess.run(
        [*command, "2", "-m", "tests.support.letters", str(tmp_path), str(STEPS)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tick", "10", "tick", "20"]  # said once
    first, second = (torch.load(tmp_path / f"rank{rank}.pt") for rank in (0, 1))
    one, start = torch.load(alone / "rank0.pt"), letters.model(3).state_dict()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        same = torch.ones(len(value), dtype=torch.bool)
        if name.endswith("qkv.bias"):
            # What is added to every key changes no attention: its gradient is rounding alone, which
            # Adam makes as large as any other.
            same[WIDTH : 2 * WIDTH] = False
        torch.testing.assert_close(value[same], one[name][same], rtol=0, atol=1e-5, msg=name)
    # The comparison can fail: the steps moved the weights much further than its tolerance.
    assert max(float((one[k] - start[k]).abs().max()) for k in start) > 1e-2
    rows = [
        ckpt.load(path / "checkpoint.pt")["parts"]["run"]["history"] for path in (alone, tmp_path)
    ]
    for row, wanted in zip(rows[1], rows[0], strict=True):
        assert row["steps"] == wanted["steps"]
        assert row["loss"] == pytest.approx(wanted["loss"], rel=1e-5)
