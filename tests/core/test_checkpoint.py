"""aigc_lib.core.checkpoint: a file is whole or not there at all, and safe to read."""

import errno
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core.checkpoint import CheckpointError
from tests.support import small

STATE = {
    "weights": OrderedDict(a=torch.arange(600.0).view(20, 30), b=torch.tensor([1, -2])),
    "rows": [{"loss": 1.5, "seen": 3}, {"loss": float("inf"), "seen": 4}],
    "betas": (0.5, 0.99),
    "name": "émile",
    "nothing": None,
    "yes": True,
}


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "checkpoint.pt"
    ckpt.save(path, STATE)
    assert not small.differing(ckpt.load(path), {"format": ckpt.FORMAT, **STATE})
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint.pt"]


# ------------------------------------------------------------------------------ failing to write


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    path = tmp_path / "checkpoint.pt"
    ckpt.save(path, STATE)
    before = path.read_bytes()

    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fails)
        with pytest.raises(CheckpointError, match="previous checkpoint is untouched") as caught:
            ckpt.save(path, {"weights": torch.zeros(5)})
    assert os.strerror(number) in str(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]  # no half-written file left


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(CheckpointError, match="could not write the checkpoint"):
        ckpt.save(tmp_path / "runs" / "checkpoint.pt", STATE)


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        ({"rows": [{"score": np.float64(3)}]}, r"state\['rows'\]\[0\]\['score'\] is .*numpy"),
        ({"out": Path("x")}, r"state\['out'\] is of type pathlib"),
        ({"f": print}, r"state\['f'\]"),
        ({"x": {np.int64(3): 1}}, r"a key of state\['x'\] is .*numpy"),
    ],
)
def test_what_could_not_be_read_back_is_not_saved(
    tmp_path: Path, bad: Mapping[str, object], where: str
) -> None:
    path = tmp_path / "checkpoint.pt"
    ckpt.save(path, STATE)
    with pytest.raises(CheckpointError, match=where):
        ckpt.save(path, bad)
    assert not small.differing(ckpt.load(path), {"format": ckpt.FORMAT, **STATE})


# -------------------------------------------------------------------------------- failing to read


def refused(path: Path, match: str = "is damaged or not a checkpoint") -> None:
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=match) as caught:
        ckpt.load(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(CheckpointError, match=r"there is no checkpoint at .*Train first"):
            ckpt.load(path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "checkpoint.pt"
    ckpt.save(path, STATE)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path)


def test_a_flipped_bit_is_refused_or_without_effect(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    ckpt.save(path, STATE)
    content, whole = path.read_bytes(), ckpt.load(path)
    found = 0
    rng = np.random.default_rng(0)
    for position in rng.choice(len(content), 300, replace=False):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            state = ckpt.load(path)
        except CheckpointError:
            found += 1
        else:  # padding, or a field of the container that nothing depends on
            assert not small.differing(state, whole)
    assert 150 < found <= 300
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # every byte of the numbers counts
        (info,) = [i for i in archive.infolist() if i.file_size == 2400]
    begin = content.index(torch.arange(600.0).numpy().tobytes())
    assert begin > info.header_offset
    for position in (begin, begin + 1201, begin + 2399):
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        refused(path)


class Evil:
    """What a stranger may put in a pickle: a call."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("pwned",)


def test_a_file_from_a_stranger_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "checkpoint.pt"
    torch.save({"format": ckpt.FORMAT, "x": Evil()}, path)
    refused(path)
    path.write_bytes(pickle.dumps({"format": ckpt.FORMAT, "x": Evil()}))
    refused(path)
    torch.save({"format": ckpt.FORMAT, "net": nn.Linear(2, 2)}, path)
    refused(path)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]
    pickle.loads(pickle.dumps(Evil()))  # loaded carelessly it does act
    assert (tmp_path / "pwned").is_dir()


@pytest.mark.parametrize("state", [{}, {"format": 0}, {"format": "1"}, [1], torch.zeros(2)])
def test_other_formats_are_refused(tmp_path: Path, state: object) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save(state, path)
    refused(path, "is not a checkpoint of format 1. Train again")
