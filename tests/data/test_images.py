"""Loading, parsing and converting images; the real sets against their published facts."""

import gzip
import os
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lib.core.pixels import normalize, to_uint8
from aigc_lib.data import registry
from aigc_lib.data.cache import cache_dir
from aigc_lib.data.images import load, read_idx
from aigc_lib.data.sources import DataError
from tests.support import tiny

# Parsing


@settings(deadline=None)
@given(shape=st.lists(st.integers(0, 5), min_size=1, max_size=3), seed=st.integers(0, 9))
def test_idx_round_trip(tmp_path_factory, shape, seed):
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(tiny.idx(array))
    tensor = read_idx(path, len(shape))
    assert tensor.dtype == torch.uint8
    assert np.array_equal(tensor.numpy(), array)


GOOD = tiny.idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "begins with nothing"),
        (b"\0\0", "begins with 00 00"),
        (GOOD[:-1], "truncated"),
        (GOOD + b"\0", "39 bytes|41 bytes"),
        (GOOD[:9], "3 dimensions"),
        (tiny.idx(np.zeros(5, np.uint8)), "1 dimensions in its header where 3 belong"),
        (b"\0\0\x0d\x03" + GOOD[4:], "no IDX file of bytes"),
        (gzip.compress(GOOD, mtime=0), "still packed"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1), "truncated"),
    ],
)
def test_what_is_no_idx_file_is_refused(tmp_path, data, said):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(DataError, match=said) as caught:
        read_idx(tmp_path / "file", 3)
    assert str(tmp_path / "file") in str(caught.value)


# Loading


def known(monkeypatch, files):
    found = tiny.dataset(files, ("giver", tiny.Giver(files)))
    monkeypatch.setitem(registry.datasets(), "tiny-digits", found)


@pytest.mark.parametrize(("split", "count"), [("train", 20), ("test", 10)])
def test_load_gives_the_split_as_it_is(monkeypatch, tmp_path, split, count):
    files = tiny.contents()
    known(monkeypatch, files)
    loaded = load("tiny-digits", split, root=tmp_path)
    raw = files[f"{'train' if split == 'train' else 't10k'}-images-idx3-ubyte"]
    assert loaded.images.shape == (count, 1, 28, 28)
    assert loaded.images.dtype == torch.uint8
    assert loaded.images.numpy().tobytes() == raw[16:]
    assert loaded.labels.dtype == torch.int64
    assert loaded.labels.tolist() == [i % 10 for i in range(count)]
    assert (loaded.name, loaded.split, len(loaded)) == ("tiny-digits", split, count)
    assert loaded.classes == tuple("0123456789")
    moved = loaded.to("meta")
    assert moved.images.device.type == moved.labels.device.type == "meta"
    assert moved.classes == loaded.classes


def test_unknown_name_and_split(monkeypatch, tmp_path):
    known(monkeypatch, tiny.contents())
    with pytest.raises(ValueError, match=r"unknown data set 'tinydigits'.*mean 'tiny-digits'"):
        load("tinydigits", root=tmp_path)
    with pytest.raises(ValueError, match=r"unknown split 'tset'; known are train, test.*'test'"):
        load("tiny-digits", "tset", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.arange(19) % 10, "20 images but 19 labels"),
        (np.arange(20) % 11, "a label is 10, but the highest of 10 classes is 9"),
    ],
)
def test_labels_that_do_not_fit_the_images(monkeypatch, tmp_path, labels, said):
    files = tiny.contents() | {"train-labels-idx1-ubyte": tiny.idx(labels.astype(np.uint8))}
    known(monkeypatch, files)
    with pytest.raises(DataError, match=said):
        load("tiny-digits", root=tmp_path)


# Conversions


def test_conversions_are_exact_inverses_and_symmetric():
    every = torch.arange(256, dtype=torch.uint8)
    floats = normalize(every)
    assert floats.dtype == torch.float32
    assert (floats[0].item(), floats[-1].item()) == (-1.0, 1.0)
    assert (floats + floats.flip(0)).abs().max() < 1e-6
    expected = np.arange(256, dtype=np.float64) / 255 * 2 - 1
    assert np.abs(floats.numpy() - expected).max() < 1e-6
    assert torch.equal(to_uint8(floats), every)
    assert torch.equal(every, torch.arange(256, dtype=torch.uint8))  # untouched


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_to_uint8_rounds_clips_and_takes_any_float(dtype):
    given_ = [-9.0, -1.0, -0.5, 0.5, 1.0, 9.0, float("inf"), float("-inf"), float("nan")]
    images = torch.tensor(given_, dtype=dtype, requires_grad=True)
    assert to_uint8(images).tolist() == [0, 0, 64, 191, 255, 255, 255, 0, 0]
    assert images[2].item() == -0.5


def test_conversions_refuse_the_wrong_kind():
    with pytest.raises(TypeError, match="normalised already"):
        normalize(torch.zeros(3))
    with pytest.raises(TypeError, match="wants float images"):
        to_uint8(torch.zeros(3, dtype=torch.uint8))


# The real sets


@pytest.fixture
def real(request):
    """The data set of this name; without it: skipped, or failed where everything is required."""
    dataset = registry.find(request.param)
    folder = cache_dir() / dataset.folder
    if not all((folder / file).is_file() for file in dataset.files):
        reason = f"{dataset.name} is not in {folder}; `aigc prepare` fetches it"
        (pytest.fail if os.environ.get("AIGC_REQUIRE_ALL") == "1" else pytest.skip)(reason)
    return dataset


DIGITS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


@pytest.mark.parametrize(
    ("real", "counts", "mean", "std"),
    [
        ("mnist", DIGITS, 0.1307, 0.3081),
        ("fashion-mnist", {"train": [6000] * 10, "test": [1000] * 10}, 0.2860, 0.3530),
    ],
    indirect=["real"],
)
def test_the_real_sets_are_whole(real, counts, mean, std):
    for split in ("train", "test"):
        loaded = load(real.name, split)
        assert loaded.images.shape == (sum(counts[split]), 1, 28, 28)
        assert torch.bincount(loaded.labels).tolist() == counts[split]
    train = load(real.name).images.numpy() / np.float32(255)
    assert abs(train.mean(dtype=np.float64) - mean) < 5e-5  # as published to four digits
    assert abs(train.std(dtype=np.float64) - std) < 5e-5


@pytest.mark.parametrize("real", ["mnist", "fashion-mnist"], indirect=True)
def test_torchvision_reads_the_same_from_our_cache(real):
    from torchvision.datasets import MNIST, FashionMNIST

    reader = MNIST if real.name == "mnist" else FashionMNIST
    for split in ("train", "test"):
        theirs = reader(cache_dir(), train=split == "train", download=False)
        ours = load(real.name, split)
        assert torch.equal(ours.images.squeeze(1), theirs.data)
        assert torch.equal(ours.labels, theirs.targets)
    if real.name == "fashion-mnist":
        assert list(ours.classes) == theirs.classes
