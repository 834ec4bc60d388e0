"""aigc_lib.recipes.gan: what a recipe builds, and that it survives a checkpoint."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from aigc_lib.core.speed import Speed
from aigc_lib.gan import losses
from aigc_lib.gan.augment import Augmented
from aigc_lib.recipes.gan import Config, DCGANConfig, MLPConfig, build, from_plain, plain, stream
from tests.support import small

CPU = torch.device("cpu")
TINY = DCGANConfig(width=4, latent_dim=8, batch=16)


@pytest.mark.parametrize("config", [MLPConfig(hidden=(8, 9)), DCGANConfig(width=6), TINY])
def test_a_recipe_survives_as_plain_values(config: Config) -> None:
    values = plain(config)
    assert all(isinstance(v, int | float | str | bool | list) for v in values.values())
    assert from_plain(values) == config


def test_a_recipe_of_another_program_is_refused() -> None:
    with pytest.raises(KeyError):
        from_plain({"model": "vae"})
    with pytest.raises(TypeError):
        from_plain({"model": "mlp", "wings": 2})


def test_the_same_recipe_builds_the_same_players() -> None:
    one, two, other = (build(r, CPU) for r in (TINY, TINY, replace(TINY, seed=1)))
    assert not small.differing(one.state_dict(), two.state_dict())
    assert small.differing(one.state_dict(), other.state_dict())
    assert one.opt_g.param_groups[0]["lr"] == 2e-3
    assert one.opt_d.param_groups[0]["betas"] == (0.0, 0.99)
    gan = build(TINY, CPU, Speed(channels_last=True))
    weight = next(p for p in gan.discriminator.parameters() if p.ndim == 4)
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_what_the_players_are_told() -> None:
    z, labels = torch.zeros(3, 8), torch.tensor([0, 4, 9])
    told, untold = TINY.networks(), DCGANConfig(width=4, latent_dim=8, conditional=False).networks()
    assert told[0](z, labels).shape == untold[0](z).shape == (3, 1, 28, 28)
    images = torch.zeros(3, 1, 28, 28)
    assert told[1](images, labels).shape == untold[1](images).shape == (3, 1)
    for network, given in zip(told, (z, images), strict=True):
        with pytest.raises(ValueError, match="built for 10 classes"):
            network(given)
    augmented = DCGANConfig(width=4, augment="translation,flip").networks()[1]
    assert isinstance(augmented, Augmented)
    assert [change.__name__ for change in augmented.policy] == ["translation", "flip"]


def test_the_game_of_a_recipe() -> None:
    lazy = TINY.game()
    assert lazy.penalty_every == 8
    assert lazy.discriminator is losses.discriminator_loss
    assert DCGANConfig(r1=0, loss="hinge").game() == losses.HINGE
    assert DCGANConfig(r1=0, loss="wgan-gp").game() == losses.WGAN_GP
    assert DCGANConfig(r1=0, loss="least-squares").game() == losses.LEAST_SQUARES
    assert MLPConfig().game() == losses.NON_SATURATING


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (DCGANConfig(loss="wgan-gp"), "brings its own penalty"),
        (DCGANConfig(minibatch_spread=True), "judges each image by itself"),
        (DCGANConfig(minibatch_spread=True, r1=0, loss="wgan-gp"), "judges each image by itself"),
        (DCGANConfig(r1=-1), "need weight >= 0"),
        (DCGANConfig(r1_every=0), "every >= 1"),
    ],
)
def test_settings_that_do_not_go_together(config: DCGANConfig, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        config.game()


def test_a_stream_has_labels_where_they_are_wanted(tmp_path: Path) -> None:
    small.need("mnist")
    images, labels = next(stream(TINY, CPU))
    assert (images.shape, labels.shape) == ((16, 1, 28, 28), (16,))
    alone = next(stream(MLPConfig(batch=16), CPU))
    assert torch.equal(alone, images)  # the order follows from the seed
