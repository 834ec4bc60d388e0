"""``run_ticks``: what happens in which order, what a file holds, and what a kill leaves."""

import json
from itertools import pairwise

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core.training import TrainingError, insist_on_finite, run_ticks


class Counter:
    """Trains by counting."""

    def __init__(self):
        self.done, self.history = 0, []

    def state_dict(self):
        return {"done": self.done, "history": self.history}

    def load_state_dict(self, state):
        self.done, self.history = state["done"], list(state["history"])

    def work(self, n):
        self.done += n
        return {"mean": float(self.done)}


def run(counter, end=5, tick=2, **more):
    return run_ticks(
        counter, counter.work, {"counter": counter}, clock=lambda: counter.done, unit="steps",
        end=end, tick=tick, device=torch.device("cpu"), progress=False, **more,
    )  # fmt: skip


def test_the_callback_comes_before_the_row_is_kept_and_before_the_files(tmp_path):
    counter, path, log = Counter(), tmp_path / "run.pt", tmp_path / "log.jsonl"
    seen = []

    def tell(row):
        held = len(ckpt.load(path)["parts"]["counter"]["history"]) if path.exists() else 0
        seen.append((row["steps"], len(counter.history), held))
        row["added"] = 1.0

    history = run(counter, on_tick=tell, checkpoint=path, log=log)
    assert seen == [(2, 0, 0), (4, 1, 1), (5, 2, 2)]
    assert [(row["steps"], row["mean"], row["added"]) for row in history] == [
        (2, 2.0, 1.0), (4, 4.0, 1.0), (5, 5.0, 1.0),
    ]  # fmt: skip
    assert ckpt.load(path)["parts"]["counter"]["history"] == history
    assert [json.loads(line) for line in log.read_text("utf8").splitlines()] == history


def test_a_kill_in_the_callback_leaves_nothing_of_its_tick(tmp_path):
    path = tmp_path / "run.pt"

    def kill(row):
        if row["steps"] == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Counter(), on_tick=kill, checkpoint=path)
    again = Counter()
    history = run(again, checkpoint=path)
    assert [row["steps"] for row in history] == [2, 4, 5]
    assert all(a["seconds"] <= b["seconds"] for a, b in pairwise(history))


def test_the_callback_leaves_no_trace_in_the_random_state():
    torch.manual_seed(3)
    run(Counter(), on_tick=lambda row: torch.rand(7))
    found = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(found, torch.rand(1))


def test_what_is_not_finite_ends_the_training_and_says_when():
    insist_on_finite({"loss": 1.0, "g": -2.0}, "before step 3")
    for bad in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(TrainingError, match=r"before step 3: .*'g': "):
            insist_on_finite({"loss": 1.0, "g": bad}, "before step 3")
