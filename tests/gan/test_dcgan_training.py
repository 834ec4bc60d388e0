"""aigc_lib.nets.dcgan in the loop: every loss, both layouts in memory, labels, resumption."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.data.batches import Batches
from aigc_lib.gan.augment import Augmented
from aigc_lib.gan.losses import (
    HINGE,
    LEAST_SQUARES,
    NON_SATURATING,
    WGAN_GP,
    AdversarialLoss,
    with_r1,
)
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit, step
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator
from tests.support import small

RUN = {"tick": 16, "progress": False}


def images(n: int = 48, channels: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, channels, 28, 28), generator=rng, dtype=torch.uint8)


def batches(classes: int = 0) -> Batches:
    labels = torch.arange(48) % classes if classes else None
    return Batches(images(), 16, seed=0, labels=labels)


def gan(weights: int = 0, classes: int = 0, policy: str = "", **options) -> Gan:
    torch.manual_seed(weights)
    generator = DCGenerator(8, 1, 4, classes)
    discriminator = DCDiscriminator(1, 4, classes, **options)
    return Gan(generator, Augmented(discriminator, policy), latent_dim=8, ema_half_life=100)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize(
    "loss",
    [NON_SATURATING, LEAST_SQUARES, HINGE, WGAN_GP, with_r1(1.0)],
    ids=["non-saturating", "least squares", "hinge", "WGAN-GP", "R1"],
)
def test_every_weight_moves_under_every_loss(
    loss: AdversarialLoss, spectral: bool, classes: int
) -> None:
    players = gan(classes=classes, spectral=spectral, policy="translation,contrast")
    before = copy.deepcopy(players.state_dict())
    stream = batches(classes)
    for _ in range(2):
        found = step(players, next(stream), loss)
        assert bool(found.isfinite().all())
    for name in ("generator", "discriminator"):
        for key, p in getattr(players, name).named_parameters():
            still = torch.equal(p, before[name][key])
            # Added to every answer, real and generated, it cancels; in the hinge's within margins.
            cancels = loss in (HINGE, WGAN_GP) and key.endswith("head.bias")
            assert still == cancels, key


@pytest.mark.parametrize("classes", [0, 3])
def test_channels_last_changes_the_layout_and_no_result(classes: int) -> None:
    torch.manual_seed(0)
    nets = [DCGenerator(8, 3, 4, classes), DCDiscriminator(3, 4, classes, minibatch_spread=True)]
    for p in (p for net in nets for p in net.parameters()):
        nn.init.normal_(p, std=0.3)
    twins = [copy.deepcopy(net).to(memory_format=torch.channels_last) for net in nets]
    assert twins[0].layers[4].weight.is_contiguous(memory_format=torch.channels_last)
    z = torch.randn(6, 8)
    condition = [torch.arange(6) % classes] if classes else []
    results = []
    for generator, discriminator in (nets, twins):
        made = generator(z, *condition)
        logits = discriminator(made, *condition)
        logits.square().mean().backward()
        results.append([made, logits, *(p.grad for net in (generator, discriminator)
                                        for p in net.parameters())])  # fmt: skip
    assert results[1][0].is_contiguous(memory_format=torch.channels_last)
    for one, two in zip(*results, strict=True):
        scale = float(one.detach().abs().max())
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("stop", [16, 80])
def test_it_resumes_bit_for_bit(tmp_path: Path, stop: int, last: bool) -> None:
    """BatchNorm, spectral norm, labels, a lazy penalty and random changes of images, at once."""
    loss, path = with_r1(1.0, every=4), tmp_path / "c.pt"

    def players(weights: int) -> Gan:
        made = gan(weights, 3, "translation,cutout,brightness", spectral=True)
        if last:
            for network in (made.generator, made.discriminator, made.average):
                network.to(memory_format=torch.channels_last)
        return made

    whole, part, other = players(0), players(0), players(1)
    torch.manual_seed(5)
    fit(whole, batches(3), 160, loss=loss, **RUN)
    torch.manual_seed(5)
    fit(part, batches(3), stop, loss=loss, checkpoint=path, **RUN)
    torch.manual_seed(6)
    fit(other, batches(3), 160, loss=loss, checkpoint=path, **RUN)
    assert not small.differing(whole.state_dict(), other.state_dict())
    assert small.differing(whole.state_dict(), part.state_dict())


def test_the_averaged_generator_follows_batchnorms_statistics() -> None:
    players = gan()
    fit(players, batches(), 320, **RUN)
    trained, average = players.generator.layers[2], players.average.layers[2]
    assert int(average.num_batches_tracked) == int(trained.num_batches_tracked) == 20
    moved = (average.running_var - 1).abs().max()  # where it began
    off = (average.running_var - trained.running_var).abs().max()
    assert float(moved) > 0.1
    assert float(off) < float(moved) / 2


# -------------------------------------------------------------------------- conditional sampling


def test_labels_decide_what_is_sampled() -> None:
    players = gan(classes=3)
    for p in (*players.generator.parameters(), *players.average.parameters()):
        nn.init.normal_(p, std=0.5)
    labels = torch.tensor([0, 1, 2, 2, 1])
    found = players.sample(5, seed=1, labels=labels)
    z = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(found, players.average(z, labels))
        players.generator.eval()
        raw = players.generator(z, labels)
        players.generator.train()
    torch.testing.assert_close(players.sample(5, seed=1, labels=labels, averaged=False), raw)
    in_parts = players.sample(5, seed=1, labels=labels, batch=2)
    torch.testing.assert_close(found, in_parts, rtol=0, atol=1e-6)
    other = players.sample(5, seed=1, labels=labels.flip(0))  # the same z, other classes
    same = labels == labels.flip(0)
    torch.testing.assert_close(found[same], other[same], rtol=0, atol=1e-6)
    assert not torch.allclose(found[~same], other[~same], atol=1e-4)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (torch.zeros(4).long(), r"5 samples need labels \(5,\), int64, on cpu, got \(4,\)"),
        (torch.zeros(5, 1).long(), r"got \(5, 1\)"),
        (torch.zeros(5), r"got \(5,\), torch.float32"),
        (torch.zeros(5).int(), r"torch.int32"),
        (torch.zeros(5, device="meta").long(), "on meta"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: Tensor, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        gan(classes=3).sample(5, seed=0, labels=labels)


def test_labels_missing_or_too_many_are_refused_and_the_mode_is_kept() -> None:
    players = gan(classes=3)
    with pytest.raises(ValueError, match="for 3 classes: give labels"):
        players.sample(5, seed=0, averaged=False)
    assert players.generator.training
    with pytest.raises(ValueError, match="call it without labels"):
        gan().sample(5, seed=0, labels=torch.zeros(5).long())
    with pytest.raises(ValueError, match="n must be at least 1"):
        players.sample(0, seed=0, labels=torch.zeros(0).long())
