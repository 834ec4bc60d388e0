"""aigc_lib.gan.training.fit: randomness, history, log, callbacks, and what it refuses."""

import copy
import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import TrainingError
from aigc_lib.data.batches import Batches
from aigc_lib.gan.losses import NON_SATURATING, AdversarialLoss
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit, step
from tests.support import small

# ---------------------------------------------------------------------------------- randomness


def trained(seed: int, weights: int = 0, images: int = 96, **more) -> Gan:
    gan = small.gan(seed, weights=weights, **more)
    fit(gan, small.batches(), images, tick=32, progress=False)
    return gan


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    one = trained(0).state_dict()
    assert not small.differing(one, trained(0).state_dict())
    for other in (trained(1), trained(0, weights=1)):
        assert "/generator/layers.0.weight" in small.differing(one, other.state_dict())


def test_noise_never_repeats_and_is_standard_normal() -> None:
    gan, seen = small.gan(), []
    gan.generator.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach().clone()))
    fit(gan, small.batches(), 16 * 60, tick=16 * 60, progress=False)
    z = torch.cat(seen)
    assert z.shape == (960, small.LATENT)
    assert len(z.unique(dim=0)) == 960
    assert abs(float(z.mean())) < 5 / math.sqrt(z.numel())  # five standard errors
    assert abs(float(z.var()) - 1) < 5 * math.sqrt(2 / z.numel())


def test_looking_at_samples_changes_nothing() -> None:
    watched = small.gan(dropout=0.3)

    def look(gan: Gan, _: object) -> None:
        gan.sample(50, seed=3)
        gan.sample(5, seed=4, averaged=False)
        torch.rand(7)  # even what else draws from PyTorch's own generator

    torch.manual_seed(9)
    fit(watched, small.batches(), 96, tick=32, on_tick=look, progress=False)
    alone = small.gan(dropout=0.3)
    torch.manual_seed(9)
    fit(alone, small.batches(), 96, tick=32, progress=False)
    assert not small.differing(watched.state_dict(), alone.state_dict())


def test_sampling_leaves_batchnorm_and_the_mode_alone() -> None:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 36), nn.BatchNorm1d(36), nn.Tanh(),
                              nn.Dropout(0.5), nn.Unflatten(1, small.SHAPE))  # fmt: skip
    gan = Gan(generator, small.gan().discriminator, latent_dim=4)
    before = copy.deepcopy(gan.state_dict())
    first = gan.sample(20, seed=0, averaged=False)
    assert torch.equal(first, gan.sample(20, seed=0, averaged=False))
    assert not small.differing(before, gan.state_dict())
    assert gan.generator.training
    assert not gan.average.training


def test_samples_follow_from_the_seed_in_any_batch() -> None:
    gan = trained(0)
    images = gan.sample(10, seed=1)
    assert images.shape == (10, *small.SHAPE)
    assert not images.requires_grad
    assert float(images.abs().max()) <= 1
    torch.testing.assert_close(images, gan.sample(10, seed=1, batch=3), rtol=0, atol=1e-6)
    assert not torch.allclose(images, gan.sample(10, seed=2))
    raw = gan.sample(10, seed=1, averaged=False)
    assert not torch.equal(images, raw)
    z = torch.randn(10, small.LATENT, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(raw, gan.generator(z).detach())
    torch.testing.assert_close(images, gan.average(z))


# ------------------------------------------------------------------------------ history and log


def test_statistics_of_a_discriminator_that_knows_nothing() -> None:
    gan = small.gan(lr=1e-12)
    nn.init.zeros_(gan.discriminator.layers[-1].weight)
    nn.init.zeros_(gan.discriminator.layers[-1].bias)
    (row,) = fit(gan, small.batches(), 48, tick=48, progress=False)
    assert row["d_loss"] == pytest.approx(2 * math.log(2), abs=1e-6)
    assert row["g_loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert (row["d_real"], row["d_fake"]) == pytest.approx((0.5, 0.5), abs=1e-6)


def test_history_log_and_callback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gan, told = small.gan(), []
    log = tmp_path / "new" / "log.jsonl"
    history = fit(gan, small.batches(), 100, tick=40, log=log, on_tick=lambda g, row: told.append(
        (g.images_seen, dict(row))))  # fmt: skip
    # Whole batches of 16: the first tick ends at 48, the second at 96, the last at 112.
    assert [row["images"] for row in history] == [48, 96, 112]
    assert gan.images_seen == 112
    assert history is gan.history
    assert told == [(row["images"], row) for row in history]
    assert [json.loads(line) for line in log.read_text(encoding="utf8").splitlines()] == history
    for row in history:
        assert set(row) == {"images", "seconds", "d_loss", "g_loss", "d_real", "d_fake"}
        assert 0 < row["d_real"] < 1
        assert 0 < row["d_fake"] < 1
    assert 0 < history[0]["seconds"] < history[1]["seconds"] < history[2]["seconds"]
    shown = capsys.readouterr()
    assert "training" in shown.err
    assert not shown.out


def test_a_row_is_the_mean_of_its_steps() -> None:
    fine = fit(small.gan(), small.batches(), 96, tick=16, progress=False)
    (coarse,) = fit(small.gan(), small.batches(), 96, tick=96, progress=False)
    for key in ("d_loss", "g_loss", "d_real", "d_fake"):
        assert coarse[key] == pytest.approx(sum(row[key] for row in fine) / 6, rel=1e-5)


def test_training_goes_on_where_it_stopped_and_stops_when_done() -> None:
    gan, batches = small.gan(), small.batches()
    fit(gan, batches, 48, tick=16, progress=False)
    fit(gan, batches, 96, tick=16, progress=False)
    whole = small.gan()
    history = fit(whole, small.batches(), 96, tick=16, progress=False)
    assert not small.differing(gan.state_dict(), whole.state_dict())
    assert [row["images"] for row in gan.history] == [row["images"] for row in history]
    assert fit(gan, batches, 96, progress=False, tick=16) == gan.history  # nothing left to do
    assert gan.images_seen == 96


def test_the_discriminator_learns_to_tell_black_from_noise() -> None:
    gan = small.gan(lr=(1e-12, 1e-2))
    black = Batches(torch.zeros(64, *small.SHAPE, dtype=torch.uint8), 16, seed=0)
    history = fit(gan, black, 16 * 60, tick=160, progress=False)
    assert history[-1]["d_real"] > 0.95
    assert history[-1]["d_fake"] < 0.05
    assert history[-1]["d_loss"] < 0.1 < history[0]["d_loss"]


# ------------------------------------------------------------------------------------- refusals


def poisoned(after: int) -> AdversarialLoss:
    """A game whose discriminator's loss is not a number from some step on."""
    steps = iter(range(10**6))

    def loss(real: Tensor, fake: Tensor) -> Tensor:
        value = NON_SATURATING.discriminator(real, fake)
        return value * math.nan if next(steps) >= after else value

    return AdversarialLoss(loss, NON_SATURATING.generator)


def test_nan_stops_training_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    path, log = tmp_path / "checkpoint.pt", tmp_path / "log.jsonl"
    gan = small.gan()
    with pytest.raises(TrainingError, match=r"between image 64 and 96: .*'d_loss': nan") as caught:
        fit(gan, small.batches(), 960, tick=32, loss=poisoned(5), checkpoint=path, log=log,
            progress=False)  # fmt: skip
    assert "Lower the learning rate" in str(caught.value)
    good = small.gan()
    fit(good, small.batches(), 64, tick=32, progress=False)
    assert not small.differing(ckpt.load(path)["parts"]["gan"], good.state_dict())
    assert len(log.read_text(encoding="utf8").splitlines()) == 2


def test_a_broken_weight_is_found_before_it_is_saved(tmp_path: Path) -> None:
    """The loss of the last step is finite, the weights that it made are not."""
    steps = iter(range(100))

    def loss(fake: Tensor) -> Tensor:
        value = NON_SATURATING.generator(fake)  # sqrt has an infinite slope at 0, and inf * 0 = nan
        return value + (fake * 0).square().sum().sqrt() if next(steps) == 2 else value

    game = AdversarialLoss(NON_SATURATING.discriminator, loss)
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(TrainingError, match="a loss or a weight stopped being a finite number"):
        fit(small.gan(), small.batches(), 160, tick=16, loss=game, checkpoint=path, progress=False)
    state = ckpt.load(path)["parts"]["gan"]
    assert state["images_seen"] == 32
    assert all(bool(w.isfinite().all()) for w in state["generator"].values())


@pytest.mark.parametrize(("images", "tick"), [(15, 16), (0, 16), (-1, 16), (160, 15), (160, 0)])
def test_less_than_a_batch_is_refused(images: int, tick: int) -> None:
    with pytest.raises(ValueError, match=r"at least one batch \(16 images\)"):
        fit(small.gan(), small.batches(), images, tick=tick)


def test_floats_are_taken_as_they_are() -> None:
    images = small.images(16)
    one, two = small.gan(), small.gan()
    step(one, images)
    step(two, normalize(images))
    assert not small.differing(one.state_dict(), two.state_dict())


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        small.gan().sample(0, seed=0)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="lr must be positive"):
        small.gan(lr=(1e-3, 0.0))
    with pytest.raises(ValueError, match="half_life"):
        small.gan(ema_half_life=0)
