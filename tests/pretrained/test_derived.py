"""Computed results in the cache: once, whole, checked, and never in the way."""

import pytest
import torch

from aigc_lib.pretrained import derived as module
from aigc_lib.pretrained.derived import derived


class Count:
    """Builds a result and counts how often it was asked to."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor([self.calls])}


def only(folder, pattern="*.safetensors"):
    (found,) = (folder / "derived").glob(pattern)
    return found


def test_it_is_computed_once_for_each_key(tmp_path):
    build = Count()
    first = derived("x", "data 1", build, tmp_path)
    again = derived("x", "data 1", build, tmp_path)
    assert build.calls == 1
    assert again.keys() == {"a", "b"}
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert derived("x", "data 2", build, tmp_path)["b"].item() == 2
    assert derived("y", "data 1", build, tmp_path)["b"].item() == 3


@pytest.mark.parametrize("place", [-1, 60, 4])
def test_a_damaged_file_is_kept_aside_and_computed_again(tmp_path, place):
    build = Count()
    derived("x", "k", build, tmp_path)
    path = only(tmp_path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.warns(UserWarning, match=r"Kept aside as x-\w+\.corrupt; computed again"):
        assert derived("x", "k", build, tmp_path)["b"].item() == 2
    assert only(tmp_path, "*.corrupt").read_bytes() == bytes(data)
    assert derived("x", "k", build, tmp_path)["b"].item() == 2


def test_a_file_cut_short_is_computed_again(tmp_path):
    build = Count()
    derived("x", "k", build, tmp_path)
    path = only(tmp_path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.warns(UserWarning, match="cannot be read"):
        derived("x", "k", build, tmp_path)
    assert build.calls == 2


def test_a_file_made_from_something_else_is_not_taken(tmp_path):
    build = Count()
    derived("x", "k", build, tmp_path)
    derived("x", "other", build, tmp_path)
    one, two = sorted((tmp_path / "derived").glob("*.safetensors"))
    one.write_bytes(two.read_bytes())
    with pytest.warns(UserWarning, match="made from"):
        [derived("x", key, build, tmp_path) for key in ("k", "other")]
    assert build.calls == 3


def test_a_cache_that_cannot_be_written_costs_a_warning_only(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.warns(UserWarning, match="will be computed again next time"):
        assert derived("x", "k", Count(), tmp_path)["b"].item() == 1


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden"])
def test_a_name_is_a_plain_file_name(tmp_path, name):
    with pytest.raises(ValueError, match="plain file name"):
        derived(name, "k", Count(), tmp_path)
    assert list(tmp_path.iterdir()) == []
