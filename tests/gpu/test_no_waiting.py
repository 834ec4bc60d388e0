"""On a GPU no training step makes the host wait: PyTorch raises where one would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch

from aigc_lib.core.optim import cosine_lr, set_lr
from aigc_lib.core.speed import Speed, usual
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import training as diffusion
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.losses import with_r1
from aigc_lib.gan.training import step
from aigc_lib.lm import training as language
from aigc_lib.lm.batches import TokenBatches
from tests.support import letters, noisy, small

CUDA = torch.device("cuda")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@contextmanager
def no_waiting() -> Iterator[None]:
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


def gan_step() -> Callable[[], None]:
    gan = accelerate(small.gan(device="cuda", dropout=0.3), Speed())
    batches, loss = Batches(small.images().cuda(), small.BATCH, seed=0), with_r1(1.0, every=2)

    def one() -> None:
        gan.set_lr(cosine_lr(gan.images_seen, 1000, 1.0, 0))
        step(gan, next(batches), loss)

    return one


def diffusion_step() -> Callable[[], None]:
    model, told = noisy.model(device="cuda"), noisy.batches()
    batches = Batches(told.images.cuda(), noisy.BATCH, seed=0, labels=told.labels.cuda())

    def one() -> None:
        set_lr(model.optimizer, 1e-3)
        diffusion.learn(model, *next(batches))
        model.ema.update(model.network, noisy.BATCH, model.images_seen)

    return one


def language_step() -> Callable[[], None]:
    run = language.accelerate(language.Run(letters.model().cuda()), Speed(bf16=True))
    batches = TokenBatches(letters.text().cuda(), 8, letters.SIZE.context)

    def one() -> None:
        set_lr(run.optimizer, 1e-3)
        language.learn(run, 1.0, *next(batches))

    return one


@pytest.mark.parametrize("build", [gan_step, diffusion_step, language_step])
def test_no_step_waits(build: Callable[[], Callable[[], None]]) -> None:
    one, value = build(), torch.zeros((), device="cuda")
    for _ in range(3):  # the first steps set up kernels and memory
        one()
    with no_waiting():
        with pytest.raises(RuntimeError, match="synchroniz"):
            value.item()  # the mode does find one
        for _ in range(20):
            one()


def test_all_that_pays_trains_all_three_to_finite_weights() -> None:
    speed = usual(CUDA, Speed(channels_last=True))
    assert speed.graph
    gan = accelerate(small.gan(device="cuda"), usual(CUDA))
    for _ in range(8):
        gan.advance(gan, small.images(small.BATCH).cuda(), with_r1(1.0, every=3))
    model, told = diffusion.accelerate(noisy.model(device="cuda"), speed), noisy.batches(200)
    batches = Batches(told.images.cuda(), noisy.BATCH, seed=0, labels=told.labels.cuda())
    diffusion.fit(model, batches, 160, tick=80, progress=False)
    run = language.accelerate(language.Run(letters.model().cuda()), usual(CUDA))
    windows = TokenBatches(letters.text().cuda(), 8, letters.SIZE.context)
    language.fit(run, windows, 12, tick=6, progress=False)
    for network in (gan.average, model.average, run.model):
        assert all(bool(p.isfinite().all()) for p in network.parameters())


def test_the_order_of_batches_is_the_processors_and_no_batch_waits() -> None:
    images, labels = small.images(100), torch.arange(100)
    there = Batches(images.cuda(), 30, seed=6, labels=labels.cuda())
    here = Batches(images, 30, seed=6, labels=labels)
    with no_waiting():
        drawn = [next(there) for _ in range(10)]  # four epochs
    for (pictures, numbers), (expected, expected_numbers) in zip(drawn, here, strict=False):
        assert torch.equal(pictures.cpu(), expected)
        assert torch.equal(numbers.cpu(), expected_numbers)
