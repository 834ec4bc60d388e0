"""aigc_lib.diffusion.training: the whole loop against one in plain PyTorch, and its parts."""

import copy
import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core.speed import Speed
from aigc_lib.core.training import TrainingError
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import training
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import even_times, sample
from aigc_lib.diffusion.schedules import COSINE, STRAIGHT, Schedule, Target
from aigc_lib.diffusion.training import Diffusion, accelerate, fit, learn, loss_of
from aigc_lib.nets.unet import UNet
from tests.support import noisy, small

NULL = torch.zeros(2, dtype=torch.long)


# --------------------------------------------------------- the same training, in plain PyTorch


def plain(images: int, warmup: int, last: float) -> tuple[nn.Module, nn.Module, list[float]]:
    """Straight paths, velocity, dropped descriptions, Adam, averaged weights; shares no code."""
    net, stream = noisy.network(), noisy.batches()
    average, seen, losses = copy.deepcopy(net), 0, []
    adam = torch.optim.Adam(net.parameters(), 1e-2, (0.9, 0.99), foreach=False, fused=False)
    rng = torch.Generator().manual_seed(3)
    while seen < images:
        pictures, words = next(stream)
        n = len(pictures)
        x = pictures.float() / 255 * 2 - 1
        z = torch.randn(x.shape, generator=rng)
        chance = torch.rand(n, 2, generator=rng)
        words[chance[:, 1] < 0.5] = 0
        t = chance[:, 0].view(n, 1, 1, 1)
        loss = F.mse_loss(net((1 - t) * z + t * x, chance[:, 0], words), x - z)
        adam.zero_grad()
        loss.backward()
        falling = (1 + math.cos(math.pi * (seen - warmup) / (images - warmup))) / 2
        share = (seen + 1) / warmup if seen < warmup else last + (1 - last) * falling
        adam.param_groups[0]["lr"] = 1e-2 * share
        adam.step()
        keep = 0.5 ** (n / min(50, 0.1 * seen)) if seen else 0.0
        with torch.no_grad():
            for mean, p in zip(average.parameters(), net.parameters(), strict=True):
                mean.copy_(keep * mean + (1 - keep) * p)
        losses.append(loss.item())
        seen += n
    return net, average, losses


def test_fit_is_the_loop_written_out() -> None:
    net, average, losses = plain(320, 48, 0.1)
    model = noisy.model(3, lr=1e-2, ema_half_life=50, null=NULL, drop=0.5)
    rows = fit(model, noisy.batches(), 320, warmup=48, last_lr=0.1, tick=160, progress=False)
    for found, wanted in ((model.network, net), (model.average, average)):
        for a, b in zip(found.parameters(), wanted.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
    assert [row["images"] for row in rows] == [160, 320]
    for row, part in zip(rows, (losses[:20], losses[20:]), strict=True):
        assert row["loss"] == pytest.approx(sum(part) / 20, rel=1e-5)
    start = noisy.network()  # the comparison can fail: the weights moved, and the average lags
    for a, b in ((net, start), (net, average)):
        gap = max(float((p - q).detach().abs().max())
                  for p, q in zip(a.parameters(), b.parameters(), strict=True))  # fmt: skip
        assert gap > 1e-3
    assert not model.average.training
    assert model.network.training


@pytest.mark.parametrize("schedule", [STRAIGHT, COSINE], ids=["straight", "cosine"])
@pytest.mark.parametrize("target", ["picture", "noise", "velocity"])
def test_the_loss_of_each_target(target: Target, schedule: Schedule) -> None:
    model = noisy.model(5, target=target, schedule=schedule)
    x, words = torch.rand(8, *noisy.SHAPE) * 2 - 1, noisy.told(8)
    found = loss_of(model, x, words)
    rng = torch.Generator().manual_seed(5)
    z, t = torch.randn(x.shape, generator=rng), torch.rand(8, 2, generator=rng)[:, 0]
    total = 0.0
    for i in range(8):
        u = float(t[i])
        a, b, da, db = u, 1 - u, 1.0, -1.0
        if schedule is COSINE:
            a, b = math.sin(u * math.pi / 2), math.cos(u * math.pi / 2)
            da, db = b * math.pi / 2, -a * math.pi / 2
        wanted = {"picture": x[i], "noise": z[i], "velocity": da * x[i] + db * z[i]}[target]
        answer = model.network((a * x[i] + b * z[i])[None], t[i : i + 1], words[i : i + 1])
        total += float((answer[0] - wanted).detach().square().sum())
    assert found.item() == pytest.approx(total / x.numel(), rel=1e-5)
    assert found.requires_grad


def test_a_step_returns_the_loss_before_it_and_moves_all_weights() -> None:
    model, twin = noisy.model(1), noisy.model(1)
    pictures, words = next(noisy.batches())
    before = copy.deepcopy(model.network.state_dict())
    loss = learn(model, pictures, words)
    assert loss.shape == ()
    assert not loss.requires_grad
    wanted = loss_of(twin, pictures / 127.5 - 1, words)
    torch.testing.assert_close(loss, wanted.detach())
    for name, p in model.network.named_parameters():
        assert not torch.equal(p, before[name]), name


# -------------------------------------------------------------------------------------- its parts


@pytest.mark.parametrize(
    ("null", "drop", "share"),
    [(NULL, 0.3, 0.3), (NULL, 0.0, 0.0), (NULL, 1.0, 1.0), (None, 0.5, 0.0)],
)
def test_a_share_of_descriptions_is_dropped(null: Tensor | None, drop: float, share: float) -> None:
    model, seen = noisy.model(null=null, drop=drop), []
    words, n = torch.randint(1, 4, (2_000, 2)), 2_000

    def predict(x: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        seen.append((t, tokens))
        return x * 0

    model.predict = predict
    loss_of(model, torch.zeros(n, *noisy.SHAPE), words)
    ((t, tokens),) = seen
    gone = (tokens == 0).all(dim=1)
    assert float(gone.float().mean()) == pytest.approx(
        share, abs=5 * math.sqrt(share * (1 - share) / n)
    )
    assert torch.equal(tokens[~gone], words[~gone])  # all or nothing
    # Times are uniform, and no guide to what is dropped.
    assert float(t.mean()) == pytest.approx(0.5, abs=5 / math.sqrt(12 * n))
    assert float(t.var()) == pytest.approx(1 / 12, rel=0.1)
    if 0 < share < 1:
        assert abs(float(torch.corrcoef(torch.stack([t, gone.float()]))[0, 1])) < 5 / math.sqrt(n)


def rates(monkeypatch: pytest.MonkeyPatch, **more) -> list[float]:
    """The learning rate of each step."""
    seen, real = [], training.learn

    def watch(model: Diffusion, images: Tensor, tokens: Tensor) -> Tensor:
        seen.append(model.optimizer.param_groups[0]["lr"])
        return real(model, images, tokens)

    monkeypatch.setattr(training, "learn", watch)
    fit(noisy.model(lr=0.02), noisy.batches(), 160, tick=80, progress=False, **more)
    return seen


def test_the_learning_rate_rises_and_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = rates(monkeypatch, warmup=32, last_lr=0.25)
    assert len(seen) == 20
    assert seen[:4] == pytest.approx([0.02 * (1 + done) / 32 for done in (0, 8, 16, 24)])
    assert seen[4] == max(seen) == pytest.approx(0.02)
    assert seen[12] == pytest.approx(0.02 * (0.25 + 1) / 2)  # half of the way down
    assert 0.005 < seen[-1] < 0.0053
    assert all(a > b for a, b in pairwise(seen[4:]))


def test_a_last_share_of_1_keeps_it_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rates(monkeypatch, warmup=0, last_lr=1.0) == pytest.approx([0.02] * 20)


def test_it_learns_black_and_white() -> None:
    """Two pictures, told by a word: the target's variance is 1 of them, and 1 of the noise."""
    torch.manual_seed(0)
    model = Diffusion(UNet(3, 1, (16,), 8), lr=2e-2, ema_half_life=500, seed=0)
    images = torch.tensor([0, 255], dtype=torch.uint8).repeat(32).view(64, 1, 1, 1)
    words = torch.tensor([1, 2]).repeat(32)[:, None]
    stream = Batches(images.expand(64, 1, 4, 4), 32, seed=0, labels=words)
    rows = fit(model, stream, 32 * 200, warmup=320, tick=3_200, progress=False)
    assert 0.0 < rows[-1]["loss"] < 0.5 * rows[0]["loss"] < 1.0 < 2.0
    told = torch.tensor([[1], [2]]).repeat(20, 1)
    noise = torch.randn(40, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    drawn = sample(denoiser(model.average, told), noise, even_times(8)).mean((1, 2, 3))
    assert -1 <= float(drawn[::2].mean()) < -0.85
    assert 0.85 < float(drawn[1::2].mean()) <= 1


# ------------------------------------------------------------------------- history and callbacks


def test_history_log_and_callback(tmp_path: Path) -> None:
    model, told, path = noisy.model(), [], tmp_path / "c.pt"
    log = tmp_path / "log.jsonl"

    def look(m: Diffusion, row: dict[str, float]) -> None:
        kept = ckpt.load(path)["parts"]["model"]["images_seen"] if path.exists() else 0
        told.append((m.images_seen, len(m.history), kept))
        row["seen"] = 1.0
        torch.rand(3)

    rows = fit(model, noisy.batches(), 40, tick=16, on_tick=look, checkpoint=path, log=log,
               progress=False)  # fmt: skip
    # First the call, then the history, then the files; the last tick is what is left.
    assert told == [(16, 0, 0), (32, 1, 16), (40, 2, 32)]
    assert rows is model.history
    assert [json.loads(line) for line in log.read_text(encoding="utf8").splitlines()] == rows
    for row in rows:
        assert set(row) == {"images", "seconds", "loss", "seen"}
    alone = noisy.model()
    fit(alone, noisy.batches(), 40, tick=16, progress=False)
    assert not small.differing(model.network.state_dict(), alone.network.state_dict())
    assert fit(model, noisy.batches(), 40, tick=16, progress=False) == rows  # nothing left to do


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    states = []
    for seed, weights in ((0, 0), (0, 0), (1, 0), (0, 1)):
        model = noisy.model(seed, weights)
        fit(model, noisy.batches(), 32, tick=16, progress=False)
        states.append(model.state_dict())
    assert not small.differing(*states[:2])
    for other in states[2:]:
        assert "/network/enter.weight" in small.differing(states[0], other)


# ------------------------------------------------------------------------------------ the switches


def trained(speed: Speed) -> Diffusion:
    model = accelerate(noisy.model(), speed)
    fit(model, noisy.batches(), 64, tick=32, warmup=8, progress=False)
    return model


def test_on_a_cpu_a_recorded_training_is_the_same_bits() -> None:
    recorded = trained(Speed(graph=True))
    assert recorded.graph
    assert not small.differing(recorded.state_dict(), trained(Speed()).state_dict())


def test_channels_last_gives_the_same_training() -> None:
    fast, slow = trained(Speed(channels_last=True)), trained(Speed())
    for a, b in zip(fast.average.parameters(), slow.average.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4)
    for net in (fast.network, fast.average):
        assert net.going_down[0].first.weight.is_contiguous(memory_format=torch.channels_last)


def test_bf16_stays_near_and_keeps_weights_and_losses_in_float32() -> None:
    fast, slow = accelerate(noisy.model(), Speed(bf16=True)), noisy.model()
    x, words = torch.rand(32, *noisy.SHAPE) * 2 - 1, noisy.told(32)
    found, wanted = loss_of(fast, x, words), loss_of(slow, x, words)
    assert found.dtype == torch.float32
    assert 1e-7 < abs(float(found / wanted) - 1) < 0.02  # it is at work, and it is near
    learn(fast, *next(noisy.batches()))
    assert {p.dtype for p in fast.network.parameters()} == {torch.float32}


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(("images", "tick"), [(7, 8), (0, 8), (-1, 8), (80, 7), (80, 0)])
def test_less_than_a_batch_is_refused(images: int, tick: int) -> None:
    with pytest.raises(ValueError, match=r"at least one batch \(8 images\)"):
        fit(noisy.model(), noisy.batches(), images, tick=tick)


def test_nan_stops_training_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    path, model, calls = tmp_path / "c.pt", noisy.model(), iter(range(100))
    network = model.network
    model.predict = lambda *given: network(*given) * (math.nan if next(calls) >= 3 else 1.0)
    with pytest.raises(TrainingError, match=r"between image 16 and 32: .*'loss': nan") as caught:
        fit(model, noisy.batches(), 80, tick=16, checkpoint=path, progress=False)
    assert "Lower the learning rate" in str(caught.value)
    state = ckpt.load(path)["parts"]["model"]
    assert state["images_seen"] == 16
    assert all(bool(w.isfinite().all()) for w in state["network"].values())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_recorded_training_is_the_eager_one() -> None:
    found = []
    for speed in (Speed(graph=True), Speed()):
        model = accelerate(noisy.model(device="cuda"), speed)
        told = noisy.batches(200)
        on_device = Batches(told.images.cuda(), noisy.BATCH, seed=0, labels=told.labels.cuda())
        fit(model, on_device, 240, tick=80, warmup=8, progress=False)
        found.append(torch.cat([p.detach().flatten() for p in model.average.parameters()]))
    torch.testing.assert_close(*found, rtol=0, atol=1e-3)
