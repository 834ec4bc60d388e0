"""aigc_lib.recipes.diffusion: what the recipe builds, and how its model draws."""

from dataclasses import replace

import pytest
import torch

from aigc_lib.recipes.diffusion import (
    DiffusionConfig,
    Drawing,
    build,
    draw,
    from_plain,
    network_of,
    plain,
    stream,
)
from tests.support import small

CPU = torch.device("cpu")
TINY = DiffusionConfig(widths=(8, 8), batch=16)


def test_a_recipe_survives_as_plain_values() -> None:
    values = plain(TINY)
    assert all(isinstance(v, int | float | str | list) for v in values.values())
    assert from_plain(values) == TINY
    # A checkpoint also holds what the loop adds.
    assert from_plain({**values, "images": 9, "warmup": 1, "last_lr": 0.1}) == TINY
    with pytest.raises(TypeError):
        from_plain({**values, "wings": 2})


def test_the_same_recipe_builds_the_same_model() -> None:
    one, two, other = (build(c, CPU) for c in (TINY, TINY, replace(TINY, seed=1)))
    assert not small.differing(one.state_dict(), two.state_dict())
    assert small.differing(one.state_dict(), other.state_dict())
    assert one.optimizer.param_groups[0]["lr"] == 1.4e-2
    assert one.null is not None
    assert one.null.tolist() == [10]


def test_the_stream_holds_pictures_with_their_class_as_the_only_word() -> None:
    small.need("mnist")
    images, tokens = next(stream(TINY, CPU))
    assert images.shape == (16, 1, 28, 28)
    assert tokens.shape == (16, 1)
    assert images.dtype == torch.uint8
    assert 0 <= int(tokens.min()) <= int(tokens.max()) <= 9


def test_drawing_follows_from_seed_classes_and_guidance() -> None:
    torch.manual_seed(0)
    network, labels = network_of(TINY).eval(), torch.tensor([3, 3, 7])
    for block in network.going_down:  # blocks begin as ways around themselves
        torch.nn.init.normal_(block.second.weight, std=0.05)
    few = Drawing(guidance=2.0, steps=2, method="euler")
    one = draw(network, labels, 0, few)
    assert one.shape == (3, 1, 28, 28)
    assert one.dtype == torch.uint8
    assert torch.equal(one, draw(network, labels, 0, few))
    assert not torch.equal(one, draw(network, labels, 1, few))
    assert not torch.equal(one, draw(network, labels.flip(0), 0, few))
    assert not torch.equal(one, draw(network, labels, 0, replace(few, guidance=3.0)))
    assert not torch.equal(one, draw(network, labels, 0, replace(few, method="heun")))
    # Of many, each batch has noise of its own.
    many = draw(network, torch.full((251,), 3), 0, few)
    assert not torch.equal(many[0], many[250])
