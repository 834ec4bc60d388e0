"""Training that is killed at any moment goes on to the same bits as if it never had been."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.gan.training import fit
from tests.support import interrupted, small

ROOT = Path(__file__).resolve().parents[2]
END = interrupted.TICK * interrupted.TICKS


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@contextmanager
def running(folder: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The training as a process, killed at the end of the block (SIGKILL; TerminateProcess)."""
    command = [sys.executable, "-m", "tests.support.interrupted", str(folder), *map(str, arguments)]
    # One thread, as above: sums in another order would be other bits.
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_between_ticks(folder: Path, dice: random.Random) -> None:
    """Kill at a random moment in one of the first ticks."""
    with running(folder) as process:
        for _ in range(dice.randint(1, 5)):
            assert process.stdout.readline()
        time.sleep(dice.uniform(0, 0.06))


def kill_while_writing(folder: Path, name: str, after: int = 0) -> None:
    """Kill, after some ticks, when the file lies beside its place but is not yet moved there."""
    before = set(folder.glob(f".{name}.*"))
    with running(folder, 0.3) as process:
        for _ in range(after):
            assert process.stdout.readline()
        while not set(folder.glob(f".{name}.*")) - before:
            assert process.poll() is None
            time.sleep(0.01)
    assert len(set(folder.glob(f".{name}.*")) - before) == 1  # it did happen in the middle


def seen(folder: Path) -> int:
    return ckpt.load(folder / "checkpoint.pt")["parts"]["gan"]["images_seen"]


@pytest.mark.timeout(300)
def test_killed_again_and_again_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    interrupted.main(whole, pause=0)
    dice = random.Random(5)
    kill_between_ticks(broken, dice)
    progress = [seen(broken)]
    kill_while_writing(broken, "checkpoint.pt")
    assert seen(broken) == progress[-1]  # the old checkpoint is there, whole
    kill_between_ticks(broken, dice)
    progress.append(seen(broken))
    kill_while_writing(broken, "log.jsonl", after=1)  # the checkpoint is then ahead of the log
    progress.append(seen(broken))
    assert 0 < progress[0] < progress[1] < progress[2] < END
    with running(broken) as process:
        assert process.wait(timeout=200) == 0
    one, two = (ckpt.load(folder / "checkpoint.pt") for folder in (whole, broken))
    assert not small.differing(one, two)
    assert seen(broken) == END
    rows = [json.loads(row) for row in (broken / "log.jsonl").read_text("utf8").splitlines()]
    assert rows == two["parts"]["gan"]["history"]
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("stop", [16, 48, 96, 112])  # an epoch has 6 batches of 16
def test_resumed_in_another_gan_it_goes_on_to_the_same_bits(tmp_path: Path, stop: int) -> None:
    whole, part = small.gan(3, dropout=0.3), small.gan(3, dropout=0.3)
    run, path = {"tick": 16, "progress": False}, tmp_path / "checkpoint.pt"
    torch.manual_seed(1)
    fit(whole, small.batches(), 208, **run)
    torch.manual_seed(1)
    fit(part, small.batches(), stop, checkpoint=path, **run)
    other = small.gan(4, weights=9, dropout=0.3)  # all that it begins with is replaced
    torch.manual_seed(2)
    fit(other, small.batches(), 208, checkpoint=path, **run)
    assert not small.differing(whole.state_dict(), other.state_dict())


def test_a_state_that_was_loaded_is_not_shared() -> None:
    one, two = small.gan(), small.gan(weights=1)
    fit(one, small.batches(), 48, tick=16, progress=False)
    two.load_state_dict(one.state_dict())
    assert not small.differing(one.state_dict(), two.state_dict())
    fit(two, small.batches(), 96, tick=16, progress=False)
    again = small.gan()
    fit(again, small.batches(), 48, tick=16, progress=False)
    assert not small.differing(one.state_dict(), again.state_dict())


def test_a_lost_log_is_written_again_even_if_nothing_is_left_to_do(tmp_path: Path) -> None:
    run = {"tick": 16, "checkpoint": tmp_path / "c.pt", "log": tmp_path / "l", "progress": False}
    fit(small.gan(), small.batches(), 64, **run)
    content = (tmp_path / "l").read_bytes()
    (tmp_path / "l").unlink()
    fit(small.gan(), small.batches(), 64, **run)
    assert (tmp_path / "l").read_bytes() == content
