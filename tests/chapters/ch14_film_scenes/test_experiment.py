"""Chapter 14's makers of scenes, their judge, and what is measured of them."""

import pytest
import torch

from aigc_lib.chapters.ch14_film_scenes import experiment, scene_classifier, scenes
from aigc_lib.chapters.ch14_film_scenes.networks import (
    SceneDiscriminator,
    SceneGenerator,
)
from aigc_lib.core import results
from aigc_lib.nets.unet import Description
from aigc_lib.pretrained.weights import read_card
from tests.support import small

TOKENS = scenes.tokens(scenes.descriptions(held_out=True)[:6])


def test_a_description_is_the_sum_of_its_words():
    torch.manual_seed(0)
    reader = Description(18, 5)
    rows = reader.table.weight
    wanted = torch.stack([sum(rows[k] for k in row) for row in TOKENS.tolist()])
    torch.testing.assert_close(reader(TOKENS), wanted)
    torch.testing.assert_close(reader(TOKENS.flip(1)), wanted)


def test_who_reads_depends_on_the_game():
    torch.manual_seed(0)
    pictures = torch.rand(6, 3, 32, 32) * 2 - 1
    other = TOKENS.roll(1, dims=0)
    for kind, generator, discriminator in (
        ("both read", True, True),
        ("generator reads", True, False),
        ("nobody reads", False, False),
    ):
        gan = experiment.players(kind, 0)
        gan.generator.eval()
        z = gan.noise(6)
        drawn = [gan.generate(z, words) for words in (TOKENS, other)]
        said = [gan.discriminate(pictures, words) for words in (TOKENS, other)]
        assert drawn[0].shape == (6, 3, 32, 32)
        assert said[0].shape == (6, 1)
        assert torch.equal(*drawn) != generator
        assert torch.equal(*said) != discriminator
        assert float(drawn[0].detach().abs().max()) <= 1


def test_the_penalty_reaches_the_words():
    torch.manual_seed(0)
    network = SceneDiscriminator(18)
    at = torch.rand(4, 3, 32, 32, requires_grad=True)
    (slope,) = torch.autograd.grad(network(at, TOKENS[:4]).sum(), at, create_graph=True)
    slope.square().sum().backward()
    assert float(network.description.table.weight.grad.abs().sum()) > 0


def test_real_scenes_get_full_marks_and_shuffled_ones_do_not():
    small.need("emoji")
    judge, exam = scene_classifier.load(), experiment.exam(5)
    found = experiment.measure(judge, exam.real, exam)
    assert found["all"] > 0.97
    assert len(found["pairs"]) == 10
    assert found["variety"] == pytest.approx(1)
    wrong = exam._replace(labels=exam.labels.roll(4, dims=0))  # the next pair's descriptions
    assert experiment.measure(judge, exam.real, wrong)["all"] < 0.05
    grey = torch.full_like(exam.real, 128)
    of_grey = experiment.measure(judge, grey, exam)
    assert of_grey["variety"] == 0
    assert of_grey["frechet"] > 50 * found["frechet"]


def test_the_spread_is_within_descriptions():
    labels = torch.tensor([[0, 0, 0, 0]] * 2 + [[1, 0, 0, 0]] * 2)
    images = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
    images[2:] = 100  # between descriptions only
    assert experiment.spread(images, labels) == 0
    images[1] = 10
    images[3] = 110
    assert experiment.spread(images, labels) == pytest.approx(50**0.5)


def test_the_shipped_painter_scores_as_its_card_says():
    small.need("emoji")
    row = read_card("scenes", model="scenes")["painter"]
    exam = experiment.exam()
    drawn = experiment.draw(experiment.load_painter(), exam.labels, 7)
    found = experiment.measure(scene_classifier.load(), drawn, exam)
    assert found["all"] == pytest.approx(row["all"], abs=0.02)
    assert found["frechet"] == pytest.approx(row["frechet"], rel=0.05)
    assert row in results.load("scenes")["rows"]


def test_the_best_of_n_is_what_the_picker_likes():
    picker = scene_classifier.load("picker")
    torch.manual_seed(0)
    network = SceneGenerator(0).eval()
    labels = scenes.descriptions(held_out=True)[:3]
    one = experiment.best_of(network, picker, labels, 1, seed=4)
    assert torch.equal(one, experiment.draw(network, labels, 4))
    wanted = scenes.tokens(labels)
    liked = [
        scene_classifier.answers(picker, experiment.best_of(network, picker, labels, n, seed=4))
        .gather(1, wanted)
        .sum(1)
        for n in (1, 8)
    ]
    every = experiment.draw(network, labels.repeat_interleave(8, dim=0), 4)
    best = (
        scene_classifier.answers(picker, every).gather(1, wanted.repeat_interleave(8, dim=0)).sum(1)
    )
    torch.testing.assert_close(liked[1], best.view(3, 8).max(1)[0])


def test_training_teaches_a_judge_and_the_players():
    small.need("emoji")
    train = scenes.compose(640, 1)
    judge = scene_classifier.fit(train, epochs=3)
    # Ten objects, four backgrounds, two sides, two sizes.
    share = scene_classifier.right(judge, train.images, train.labels).double().mean(0)
    assert share[1] > 0.8
    assert share[2] > 0.8
    gan = experiment.fit("both read", train, 0, 640)
    assert gan.images_seen == 640
    again = experiment.fit("both read", train, 0, 640)
    assert torch.equal(gan.generator.layers[0].weight, again.generator.layers[0].weight)


def test_a_walk_keeps_the_length_of_its_vectors():
    steps = experiment.walk(64, 30, 0)
    ends = steps[[0, -1]].norm(dim=1)
    assert steps.shape == (30, 64)
    assert float(steps.norm(dim=1).min()) > 0.85 * float(ends.min())
    gaps = steps.diff(dim=0).norm(dim=1)
    assert float(gaps.max()) < 1.5 * float(gaps.min())
