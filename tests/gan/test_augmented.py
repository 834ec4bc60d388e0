"""aigc_lib.gan.augment.Augmented: what the discriminator sees, in training and out of it."""

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.gan.augment import Augmented, augment, translation
from aigc_lib.gan.losses import NON_SATURATING, r1_penalty
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit, step
from aigc_lib.nets.mlp import MLPDiscriminator
from tests.support import small

POLICY = "translation,brightness"


class Seeing(nn.Module):
    """An MLP discriminator that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner = MLPDiscriminator((8,), small.SHAPE)
        self.seen: list[Tensor] = []
        self.told: list[tuple[Tensor, ...]] = []

    def forward(self, images: Tensor, *condition: Tensor) -> Tensor:
        self.seen.append(images.detach().clone())
        self.told.append(condition)
        return self.inner(images)


def images(n: int = 16, seed: int = 0) -> Tensor:
    return torch.rand(n, *small.SHAPE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_in_training_it_sees_changed_images_and_otherwise_the_plain_ones() -> None:
    plain = Seeing()
    net, x = Augmented(plain, POLICY), images()
    torch.manual_seed(3)
    logits = net(x)
    torch.manual_seed(3)
    changed = augment(x, POLICY)
    assert torch.equal(plain.seen[0], changed)
    assert not torch.equal(changed, x)
    assert torch.equal(logits, plain.inner(changed))
    net.eval()
    state = torch.get_rng_state()
    assert torch.equal(net(x), plain.inner(x))
    assert torch.equal(plain.seen[1], x)
    assert torch.equal(torch.get_rng_state(), state)
    assert not plain.training


def test_without_a_policy_it_is_the_plain_discriminator() -> None:
    plain, x = Seeing(), images()
    state = torch.get_rng_state()
    assert torch.equal(Augmented(plain, "")(x), plain.inner(x))
    assert torch.equal(torch.get_rng_state(), state)


def test_conditions_are_handed_on() -> None:
    plain, labels = Seeing(), torch.arange(16)
    Augmented(plain, POLICY)(images(), labels)
    assert len(plain.told[0]) == 1
    assert torch.equal(plain.told[0][0], labels)


def test_a_policy_may_hold_functions_with_settings_of_their_own() -> None:
    plain, x = Seeing(), images()
    Augmented(plain, [lambda im, rng: translation(im, rng, share=0.0)])(x)
    assert torch.equal(plain.seen[0], x)
    Augmented(plain, [lambda im, rng: im + 1])(x)
    assert torch.equal(plain.seen[1], x + 1)


def brightnesses(seen: list[Tensor], before: list[Tensor]) -> list[Tensor]:
    return [(a - b).flatten(1)[:, 0] for a, b in zip(seen, before, strict=True)]


def test_real_and_generated_images_are_changed_alike_but_independently() -> None:
    torch.manual_seed(0)
    plain = Seeing()
    base = small.gan()
    made: list[Tensor] = []
    base.generator.register_forward_hook(lambda *call: made.append(call[2].detach().clone()))
    gan = Gan(base.generator, Augmented(plain, "brightness"), latent_dim=small.LATENT, lr=1e-6)
    for k in range(60):
        real = images(seed=k)
        step(gan, real)
        added = brightnesses(plain.seen[-3:], [real, made[-1], made[-1]])
        assert not torch.allclose(added[0], added[1])
        assert not torch.allclose(added[1], added[2])  # and anew for the generator's step
    assert len(plain.seen) == 180
    for place in range(3):  # of the same distribution: uniform from -1/2 to 1/2
        before = [images(seed=k) for k in range(60)] if place == 0 else made
        added = torch.cat(brightnesses(plain.seen[place::3], before))
        assert abs(float(added.mean())) < 5 * (1 / 12 / 960) ** 0.5
        assert abs(float(added.var()) - 1 / 12) < 5 * (1 / 180 / 960) ** 0.5


def test_the_generator_learns_through_the_change() -> None:
    net, x = Augmented(Seeing().double(), POLICY), images().double().requires_grad_()
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(1)).double()
    torch.manual_seed(3)
    (gradient,) = torch.autograd.grad(net(x).sum(), x)
    ends = []
    for sign in (1, -1):
        torch.manual_seed(3)  # the same changes
        with torch.no_grad():
            ends.append(net(x + sign * 1e-6 * direction).sum())
    wanted = float((ends[0] - ends[1]) / 2e-6)
    assert float((gradient * direction).sum()) == pytest.approx(wanted, rel=1e-6)
    assert abs(wanted) > 1e-2
    assert float(gradient.abs().max()) > 1e-3


def test_penalties_reach_the_weights_through_the_change() -> None:
    net = Augmented(Seeing(), POLICY)
    value = r1_penalty(net, images(), images(), torch.Generator())
    value.backward()
    assert value.item() > 0
    assert float(net.discriminator.inner.layers[1].weight.grad.abs().max()) > 0


def test_training_ends_with_the_same_bits_from_the_same_seeds() -> None:
    states = []
    for seed in (1, 1, 2):
        base = small.gan()
        gan = Gan(base.generator, Augmented(base.discriminator, POLICY), latent_dim=small.LATENT)
        torch.manual_seed(seed)
        fit(gan, small.batches(), 96, loss=NON_SATURATING, tick=48, progress=False)
        states.append(gan.state_dict())
        assert gan.discriminator.training
    assert not small.differing(states[0], states[1])
    assert small.differing(states[0], states[2])
