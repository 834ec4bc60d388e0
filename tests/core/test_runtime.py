"""aigc_lib.core.runtime: the device, the seeds, the memory and the machine."""

import math
import os
import platform
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from aigc_lib.core import runtime


def test_the_device_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIGC_DEVICE", raising=False)
    for available, name in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=available: found)
        assert runtime.device().type == name


def test_the_device_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIGC_DEVICE", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert runtime.device() == torch.device("cpu")
    for name, wanted in (("", "cuda"), ("cuda", "cuda"), ("cuda:1", "cuda:1")):
        monkeypatch.setenv("AIGC_DEVICE", name)
        assert str(runtime.device()).removesuffix(":0") == wanted


@pytest.mark.parametrize("name", ["gpu", "cuda", "cuda:77", "CPU?", "xpu:9", "meta", "mps"])
def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("AIGC_DEVICE", name)
    with pytest.raises(RuntimeError, match=r"is not usable here.* to one of: cpu\.$") as caught:
        runtime.device()
    assert repr(name) in str(caught.value)


def test_the_devices_that_are_there_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setenv("AIGC_DEVICE", "meta")
    with pytest.raises(RuntimeError, match="cpu, mps, cuda, cuda:0, cuda:1"):
        runtime.device()


def test_scale_follows_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("cuda", 20), ("cpu", 10), ("mps", 10)):
        monkeypatch.setattr(runtime, "device", lambda found=name: torch.device(found))
        assert runtime.scale(cpu=10, gpu=20) == size


def draw() -> list[float]:
    return [random.random(), float(np.random.rand()), float(torch.rand(())), float(torch.rand(()))]


@pytest.mark.parametrize("seed", [0, 7, -3, 2**40 + 7])
def test_a_seed_repeats_all_three_generators(seed: int) -> None:
    runtime.seed_everything(seed)
    first = draw()
    assert first != draw()
    runtime.seed_everything(seed)
    assert draw() == first
    runtime.seed_everything(seed + 1)
    other = draw()
    assert not set(first) & set(other)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
def test_peak_memory_counts_what_was_held_and_given_back() -> None:
    code = (
        "from aigc_lib.core import runtime; before = runtime.peak_memory_mib(); "
        "x = bytearray(b'1') * (200 << 20); del x; print(before, runtime.peak_memory_mib())"
    )
    ballast = bytearray(b"1") * (900 << 20)  # the child's peak must not be its parent's
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert len(ballast) == 900 << 20
    assert 190 < after - before < 260
    if sys.platform == "linux":
        assert 50 < before < 850
    here = runtime.peak_memory_mib()
    assert 900 < here < 20_000


@pytest.mark.skipif(sys.platform != "win32", reason="other systems tell")
def test_peak_memory_is_nan_where_it_is_not_told() -> None:
    assert math.isnan(runtime.peak_memory_mib())


def test_the_machine_is_described_but_not_named() -> None:
    found = runtime.machine()
    assert set(found) == {"cpu", "cores", "device", "threads", "os", "python", "torch"}
    assert all(isinstance(value, str) and value for value in found.values())
    assert 1 <= int(found["cores"]) <= os.cpu_count()
    assert found["threads"] == str(torch.get_num_threads())
    assert found["torch"] == torch.__version__
    assert found["python"] == platform.python_version()
    host = platform.node()
    assert len(host) < 4 or not any(host in value for value in found.values())


def test_kept_memory_is_used_again() -> None:
    """In a process of its own, for it holds to the end; counted in page faults, not in time."""
    code = """
import resource, sys, torch
from aigc_lib.core import runtime
torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert runtime.keep_memory()
def work():
    held = [torch.ones(500_000 + 1000 * i) for i in range(20)]
for _ in range(5):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    if platform.libc_ver()[0] != "glibc":
        assert not runtime.keep_memory()
        return
    faults = {
        how: int(subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True,
                                check=True).stdout)
        for how in ("give", "keep")
    }  # fmt: skip
    assert faults["keep"] < faults["give"] / 20
