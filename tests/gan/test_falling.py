"""Step sizes that fall: for more compute to bring a better end."""

import pytest

from aigc_lib.core.optim import cosine_lr
from aigc_lib.gan import training
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit
from aigc_lib.recipes.gan import LARGE, DCGANConfig, from_plain, plain
from tests.support import small


def rates(gan: Gan) -> tuple[float, float]:
    return tuple(opt.param_groups[0]["lr"] for opt in (gan.opt_g, gan.opt_d))


@pytest.mark.parametrize("tick", [small.BATCH, 160])
def test_both_players_steps_fall_along_the_curve_whatever_the_tick(
    tick: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    plain_step = training.step

    def spy(gan: Gan, *args: object) -> object:
        seen.append((gan.images_seen, *rates(gan)))
        return plain_step(gan, *args)

    monkeypatch.setattr(training, "step", spy)
    gan = small.gan()
    gan.lr = (2e-3, 1e-3)
    fit(gan, small.batches(), 320, last_lr=0.05, tick=tick, progress=False)
    assert [images for images, *_ in seen] == list(range(0, 320, small.BATCH))
    for images, lr_g, lr_d in seen:
        share = cosine_lr(images, 320, 1.0, 0, 0.05)
        assert (lr_g, lr_d) == (pytest.approx(2e-3 * share), pytest.approx(1e-3 * share))
    assert seen[0][1] == 2e-3
    assert seen[-1][1] < 0.06 * 2e-3


def test_unless_asked_they_stay() -> None:
    gan = small.gan()
    before = rates(gan)
    fit(gan, small.batches(), 160, tick=80, progress=False)
    assert rates(gan) == before == gan.lr


def test_a_killed_run_falls_on_to_the_same_bits(tmp_path) -> None:
    whole = small.gan()
    fit(whole, small.batches(), 320, last_lr=0.1, tick=80, progress=False)

    class Killed(Exception):
        pass

    def kill(_: Gan, row: dict[str, float]) -> None:
        if row["images"] == 240:
            raise Killed

    run = {"last_lr": 0.1, "tick": 80, "progress": False, "checkpoint": tmp_path / "c.pt"}
    with pytest.raises(Killed):
        fit(small.gan(), small.batches(), 320, on_tick=kill, **run)
    again = small.gan(seed=9, weights=9)
    fit(again, small.batches(), 320, **run)
    differing = small.differing(again.state_dict(), whole.state_dict())
    assert [name for name in differing if "seconds" not in name] == []


def test_the_recipe_for_a_gpu_is_wider_and_falls_and_survives_its_checkpoint() -> None:
    usual = DCGANConfig()
    assert LARGE.width > usual.width
    assert LARGE.batch > usual.batch
    assert LARGE.last_lr < 0.1 < usual.last_lr == 1
    assert from_plain(plain(LARGE)) == LARGE
    assert "last_lr" not in plain(usual)  # a run from before there was it goes on
    assert from_plain(plain(usual)) == usual
    sizes = [
        sum(p.numel() for net in config.networks() for p in net.parameters())
        for config in (usual, LARGE)
    ]
    assert sizes[1] > 2 * sizes[0]
