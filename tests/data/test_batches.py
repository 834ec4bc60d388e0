"""The loader: exact order, exact resumption, one clear error for what does not fit."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lib.data.batches import Batches, epoch_order


def numbered(size):
    """Images (size, 1, 1, 2) whose two bytes hold their number."""
    number = torch.arange(size)
    return torch.stack([number // 256, number % 256], 1).to(torch.uint8).reshape(size, 1, 1, 2)


def numbers(images):
    high, low = images.reshape(-1, 2).long().unbind(1)
    return (high * 256 + low).tolist()


def reference_order(size, seed, epoch):
    """Fisher-Yates over NumPy's own Mersenne Twister: the order without any of torch."""
    mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    draws = np.random.RandomState(mixed)._bit_generator.random_raw(size).tolist()
    order = list(range(size))
    for i in range(size - 1):
        j = i + draws[i] % (size - i)
        order[i], order[j] = order[j], order[i]
    return order


sizes = st.tuples(st.integers(1, 300), st.integers(1, 300)).map(lambda t: (max(t), min(t)))
seeds = st.integers(0, 2**63 - 1)


@settings(deadline=None)
@given(sizes=sizes, seed=seeds, epochs=st.integers(1, 3))
def test_each_epoch_is_the_reference_permutation_less_its_incomplete_batch(sizes, seed, epochs):
    size, batch = sizes
    batches = Batches(numbered(size), batch, seed=seed)
    assert batches.steps_per_epoch == size // batch
    for epoch in range(epochs):
        seen = []
        for step in range(size // batch):
            images = next(batches)
            assert images.shape == (batch, 1, 1, 2)
            assert images.dtype == torch.uint8
            assert (batches.epoch, batches.position) == (epoch, step + 1)
            seen += numbers(images)
        order = reference_order(size, seed, epoch)
        assert sorted(order) == list(range(size))
        assert seen == order[: len(seen)]
        assert size - len(seen) == size % batch


@settings(deadline=None)
@given(sizes=sizes, seed=seeds, taken=st.integers(0, 20), shuffle=st.booleans())
def test_a_resumed_stream_goes_on_exactly(sizes, seed, taken, shuffle):
    size, batch = sizes
    images = numbered(size)
    first = Batches(images, batch, seed=seed, shuffle=shuffle)
    for _ in islice(first, taken):
        pass
    state = first.state_dict()
    assert state["epoch"] * first.steps_per_epoch + state["position"] == taken
    second = Batches(images, batch, seed=seed, shuffle=shuffle)
    next(second)  # wherever it was before
    second.load_state_dict(state)
    assert second.state_dict() == state
    for _ in range(2 * first.steps_per_epoch + 1):
        assert torch.equal(next(first), next(second))
    assert first.state_dict() == second.state_dict()


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = {tuple(epoch_order(50, s, e).tolist()) for s in range(10) for e in range(10)}
    assert len(orders) == 100
    far = epoch_order(50, 2**40 + 7, 0).tolist()  # seeds that differ above bit 32 only
    assert far != epoch_order(50, 7, 0).tolist()


def test_every_image_is_as_likely_in_every_place():
    first = torch.stack([epoch_order(8, 3, epoch) for epoch in range(4000)])
    counts = torch.stack([torch.bincount(first[:, place], minlength=8) for place in range(8)])
    chi_squared = ((counts - 500) ** 2 / 500).sum().item()
    assert 20 < chi_squared < 93  # 49 degrees of freedom: both tails below 1e-4


def test_labels_stay_with_their_images():
    images = numbered(600)
    batches = Batches(images, 64, seed=5, labels=torch.arange(600))
    for pictures, labels in islice(batches, 30):
        assert numbers(pictures) == labels.tolist()


def test_without_shuffling_every_epoch_is_in_order():
    batches = Batches(numbered(7), 3, seed=0, shuffle=False)
    assert [numbers(b) for b in islice(batches, 4)] == [[0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]]


def test_other_random_numbers_are_left_alone():
    torch.manual_seed(1)
    np.random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    for _ in islice(Batches(numbered(9), 4, seed=2), 10):
        pass
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]


def test_a_batch_is_a_copy():
    images = numbered(10)
    next(Batches(images, 5, seed=0)).zero_()
    assert torch.equal(images, numbered(10))


def test_the_state_survives_a_safe_file(tmp_path):
    batches = Batches(numbered(10), np.int64(3), seed=np.int64(4))
    next(batches)
    torch.save(batches.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state == {
        "seed": 4, "batch": 3, "size": 10, "shuffle": True, "epoch": 0, "position": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, r"another stream.*seed 1 \(here 0\)"),
        ({"batch": 4}, r"batch 4 \(here 3\)"),
        ({"size": 60_000}, r"size 60000 \(here 10\)"),
        ({"shuffle": False}, r"shuffle False \(here True\)"),
        ({"position": 4}, "no such place: epoch 1, position 4"),
        ({"position": -1}, "no such place"),
        ({"epoch": -1}, "no such place"),
        ({"epoch": None}, "it has no epoch"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, said):
    batches = Batches(numbered(10), 3, seed=0)
    for _ in islice(batches, 4):
        pass
    before = batches.state_dict()
    state = {key: value for key, value in (before | change).items() if value is not None}
    twin = Batches(numbered(10), 3, seed=0)
    twin.load_state_dict(before)
    with pytest.raises(ValueError, match=said):
        batches.load_state_dict(state)
    assert batches.state_dict() == before
    assert torch.equal(next(batches), next(twin))


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"batch": 0}, ValueError, "batch is 0, but must be from 1 to the 10 images"),
        ({"batch": -3}, ValueError, "batch is -3"),
        ({"batch": 11}, ValueError, "batch is 11"),
        ({"batch": 2.5}, TypeError, "integer"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"images": numbered(10).float()}, TypeError, "uint8 images, got torch.float32"),
        ({"images": numbered(10)[0]}, ValueError, r"\(N, C, H, W\), got shape \(1, 1, 2\)"),
        ({"images": numbered(0)}, ValueError, "the 0 images"),
        ({"labels": torch.arange(9)}, ValueError, r"10 images but labels of shape \(9,\)"),
        ({"labels": torch.tensor(3)}, ValueError, r"labels of shape \(\)"),
        ({"labels": torch.arange(10, device="meta")}, ValueError, "on cpu but labels on meta"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, said):
    arguments = {"images": numbered(10), "batch": 3, "seed": 0} | arguments
    with pytest.raises(error, match=said):
        Batches(**arguments)
