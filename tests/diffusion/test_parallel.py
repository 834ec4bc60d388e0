"""Two real processes train a diffusion model as one would, and keep the same weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from tests.support import noisy, small

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun's gloo needs a POSIX system"),
]


def test_two_ranks_make_the_steps_of_one(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    noisy.main(alone, 160)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    done = subprocess.run(
        [*command, "2", "-m", "tests.support.noisy", str(tmp_path), "160"],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tick", "80", "tick", "160"]  # said once
    ranks = [torch.load(tmp_path / f"rank{rank}.pt") for rank in (0, 1)]
    assert not small.differing(*ranks)
    one = small.flat(torch.load(alone / "rank0.pt"))
    two = small.flat(ranks[0])
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=1e-5, msg=name)
    rows = [
        ckpt.load(path / "checkpoint.pt")["parts"]["model"]["history"] for path in (alone, tmp_path)
    ]
    for row, wanted in zip(rows[1], rows[0], strict=True):
        assert row["images"] == wanted["images"]
        assert row["loss"] == pytest.approx(wanted["loss"], rel=1e-5)
    # The comparison can fail: the steps moved the weights much further than its tolerance.
    start = small.flat({"network": noisy.network().state_dict()})
    assert max(float((one[k] - start[k]).abs().max()) for k in start) > 1e-2
