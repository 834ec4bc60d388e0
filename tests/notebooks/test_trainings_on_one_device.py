"""Every training step of the library, on a device that is pretended: it keeps to one, and the
weights are those of the processor.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch10_pretraining_language_models import mae_training
from aigc_lib.chapters.ch10_pretraining_language_models.mae import MAEConfig, MaskedAutoencoder
from aigc_lib.chapters.ch12_reinforcement_learning import alignment
from aigc_lib.chapters.ch12_reinforcement_learning.text_losses import Prompt
from aigc_lib.chapters.ch14_film_scenes import experiment, scene_classifier
from aigc_lib.chapters.ch14_film_scenes.scenes import Scenes, descriptions
from aigc_lib.core import runtime
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion.training import fit as fit_diffusion
from aigc_lib.gan.losses import with_r1
from aigc_lib.gan.training import fit as fit_gan
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.training import Run, evaluate
from aigc_lib.lm.training import fit as fit_lm
from tests.support import letters, noisy, small
from tests.support.pretended_device import pretended_device


def gan() -> nn.Module:
    players = small.gan(device=runtime.device())
    images = small.images(100).to(runtime.device())
    batches, loss = Batches(images, small.BATCH, seed=0), with_r1(1.0, every=2)
    fit_gan(players, batches, 80, loss=loss, last_lr=0.1, tick=48, progress=False)
    players.sample(4, seed=1).cpu().numpy()
    return players.average


def diffusion() -> nn.Module:
    device, told = runtime.device(), noisy.batches()
    model = noisy.model(device=device, null=torch.zeros(2, dtype=torch.long))
    batches = Batches(told.images.to(device), 8, seed=0, labels=told.labels.to(device))
    fit_diffusion(model, batches, 32, tick=16, progress=False)
    return model.average


def language() -> nn.Module:
    device = runtime.device()
    run = Run(letters.model().to(device))
    batches = TokenBatches(letters.text().to(device), 8, letters.SIZE.context)
    fit_lm(run, batches, 4, tick=2, progress=False)
    evaluate(run.model, letters.text().to(device))
    return run.model


def masked() -> nn.Module:
    torch.manual_seed(0)
    model = MaskedAutoencoder(MAEConfig(8, 4, 1, 8, 1, 2, 8)).to(runtime.device())
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (32, 1, 8, 8), generator=rng, dtype=torch.uint8)
    batches = Batches(images.to(runtime.device()), 8, seed=0)
    settings = mae_training.Config(steps=4, warmup=1)
    mae_training.fit(
        model, batches, settings, 0, tick=2, progress=False,
        on_tick=lambda row: row.update(held_out=mae_training.evaluate(model, images)),
    )  # fmt: skip
    return model


def steered() -> nn.Module:
    device = runtime.device()
    policy, reference = (letters.model().to(device) for _ in range(2))
    start = torch.tensor([1, 2], device=device)
    prompt = Prompt(start, 4, torch.tensor([0], device=device))

    def reward(texts: Tensor) -> Tensor:  # counted on the processor, as words are
        return torch.tensor([float(text.count(3)) for text in texts.tolist()])

    settings = alignment.Config(steps=2, batch=8)
    alignment.steer(policy, reference, prompt, reward, settings, progress=False)
    texts = alignment.write(reference, prompt, 64, seed=1)
    pairs = alignment.pair_up(texts, reward(texts), seed=0)
    alignment.prefer(policy, reference, prompt, pairs, settings, progress=False)
    return policy


def scenes() -> Scenes:
    labels = descriptions(held_out=False).repeat(2, 1)[:128]
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (128, 3, 32, 32), generator=rng, dtype=torch.uint8)
    return Scenes(images, labels)


def film() -> nn.Module:
    players = experiment.fit("both read", scenes(), seed=0, images=128)
    experiment.draw(players.average, scenes().labels[:4], seed=0).numpy()
    return players.average


def judge() -> nn.Module:
    classifier = scene_classifier.fit(scenes(), epochs=1)
    scene_classifier.answers(classifier, scenes().images[:4]).numpy()
    return classifier


STEPS = [gan, diffusion, language, masked, steered, film, judge]


def weights(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()]).cpu()


@pytest.mark.parametrize("train", STEPS)
def test_a_training_keeps_to_its_device_and_learns_the_same(
    train: Callable[[], nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIGC_DEVICE", "cpu")
    here = weights(train())
    with pretended_device():
        there = weights(train())
    # Not the same bits: Adam is not fused there, and makes much of gradients that are almost zero.
    assert float((there - here).norm() / here.norm()) < 1e-4


def test_a_batch_left_behind_is_found() -> None:
    with pretended_device() as device:
        run = Run(letters.model().to(device))
        with pytest.raises(RuntimeError, match="same device"):
            fit_lm(run, letters.batches(), 1, progress=False)
