"""Each speed switch against its eager twin."""

import shutil
import sys

import pytest
import torch

from aigc_lib.core.speed import EAGER, Recorded, Speed
from aigc_lib.gan.acceleration import RecordedStep, accelerate
from aigc_lib.gan.losses import AdversarialLoss, with_r1
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit, step
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator
from tests.support import small


def convolutional(speed: Speed, device: str = "cpu") -> Gan:
    torch.manual_seed(0)
    players = DCGenerator(8, width=4), DCDiscriminator(width=4)
    return accelerate(Gan(*players, latent_dim=8, lr=1e-3, device=device), speed)


def digits(n: int = 16, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 1, 28, 28), generator=rng, dtype=torch.uint8)


def trained(speed: Speed, loss: AdversarialLoss, steps: int, device: str = "cpu") -> Gan:
    gan = convolutional(speed, device)
    for seed in range(steps):
        (gan.advance or step)(gan, digits(seed=seed).to(device), loss)
    return gan


def furthest(one: Gan, two: Gan) -> float:
    """The largest difference between two generators' samples."""
    return float((one.sample(8, seed=1) - two.sample(8, seed=1)).abs().max())


def test_channels_last_gives_the_same_logits_and_training() -> None:
    assert furthest(trained(Speed(channels_last=True), with_r1(1.0, 2), 1),
                    trained(EAGER, with_r1(1.0, 2), 1)) < 1e-4  # fmt: skip
    gan = convolutional(Speed(channels_last=True))
    weight = gan.discriminator.features[2].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert gan.generate(gan.noise(4)).is_contiguous(memory_format=torch.channels_last)


def test_bf16_stays_near_and_keeps_weights_and_losses_in_float32() -> None:
    fast, slow = convolutional(Speed(bf16=True)), convolutional(EAGER)
    z = torch.randn(16, 8)
    images = slow.generate(z)
    logits, wanted = fast.discriminate(images), slow.discriminate(images)
    assert logits.dtype == fast.generate(z).dtype == torch.float32
    gap = float((logits - wanted).detach().abs().max() / wanted.detach().abs().max())
    assert 1e-6 < gap < 0.05  # it is at work, and it is near
    found = step(fast, digits())
    assert found.dtype == torch.float32
    assert {p.dtype for p in fast.generator.parameters()} == {torch.float32}
    torch.testing.assert_close(found, step(slow, digits()), rtol=0.05, atol=0.02)


def test_on_a_cpu_a_replayed_step_is_the_step_bit_for_bit() -> None:
    loss = with_r1(1.0, every=2)
    graphed, plain = trained(Speed(graph=True), loss, 5), trained(EAGER, loss, 5)
    assert not small.differing(graphed.state_dict(), plain.state_dict())
    assert graphed.steps == 5


def test_fit_takes_recorded_steps() -> None:
    whole = []
    for speed in (EAGER, Speed(graph=True)):
        gan, loss = accelerate(small.gan(), speed), with_r1(1.0, every=3)
        assert isinstance(gan.advance, RecordedStep) is speed.graph
        fit(gan, small.batches(), 160, tick=80, loss=loss, progress=False)
        whole.append(gan.state_dict())
    assert not small.differing(*whole)


def test_a_compiled_network_is_the_same_function(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32" or not shutil.which("g++"):
        pytest.skip("torch.compile needs a C++ compiler")
    slow = convolutional(EAGER)
    fast = accelerate(convolutional(EAGER), Speed(compile=True))
    images = torch.rand(4, 1, 28, 28)
    torch.testing.assert_close(
        fast.discriminate(images), slow.discriminate(images), rtol=1e-4, atol=1e-5
    )
    # And penalties, which need second derivatives, pass around the compiled code.
    fast.generate = fast.generator  # one network compiled is enough to wait for
    step(fast, digits(), with_r1(1.0))
    assert all(bool(p.isfinite().all()) for p in fast.discriminator.parameters())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_replayed_steps_are_the_eager_ones() -> None:
    loss = with_r1(1.0, every=3)
    graphed, plain = (trained(s, loss, 20, "cuda") for s in (Speed(graph=True), EAGER))
    assert furthest(graphed, plain) < 1e-3
    assert graphed.steps == plain.steps == 20


def test_replayed_counts_nothing_on_a_cpu() -> None:
    calls = []
    work = Recorded(lambda x: calls.append(1) or x + 1, torch.device("cpu"), torch.Generator())
    for _ in range(6):
        assert float(work(torch.ones(()))) == 2
    assert len(calls) == 6
    assert work.graph is None


def test_without_switches_the_steps_call_the_networks_themselves() -> None:
    assert Speed() == EAGER
    gan = small.gan()
    assert gan.generate is gan.generator
    assert gan.discriminate is gan.discriminator
    twin = accelerate(small.gan(), EAGER)
    found, wanted = (step(one, small.images(16)) for one in (twin, gan))
    assert torch.equal(found, wanted)
