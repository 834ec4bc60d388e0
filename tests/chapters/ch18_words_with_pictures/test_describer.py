"""Claims, the judge and what is stated: nothing that was not verified is ever said."""

import pytest
import torch

from aigc_lib.chapters.ch18_words_with_pictures import captioner, describer, judge, products
from aigc_lib.chapters.ch18_words_with_pictures.describer import Checked
from aigc_lib.core import results
from aigc_lib.pretrained.weights import read_card

THRESHOLD = read_card("words", model="describer")["scores"]["threshold"]


@pytest.fixture(scope="module")
def exam():
    return products.compose(150, 70_000, "exam")


def test_the_shipped_captioner_is_the_recorded_one(exam):
    model = captioner.shipped()
    row = next(r for r in results.load("describer")["rows"]
               if (r["maker"], r["seed"]) == ("network", 0))  # fmt: skip
    assert row["threshold"] == THRESHOLD
    for language in ("en", "zh"):
        said = captioner.claims(captioner.write(model, exam.images, language))
        share = (said == exam.labels).double().mean()
        assert float(share) == pytest.approx(row[f"seen {language}"]["facts"], abs=0.04)
        assert share > 0.9


def test_a_step_of_writing_reads_the_picture_and_the_words(exam):
    model = captioner.Captioner().eval()
    words = products.tokens(exam.labels[:3], 0)
    with torch.no_grad():
        logits = model(exam.images[:3], words)
        other = model(exam.images[3:6], words)
        changed = words.clone()
        changed[:, 3] = 0
        later = model(exam.images[:3], changed)
    assert logits.shape == (3, products.LENGTH, len(products.WORDS))
    assert not torch.allclose(logits, other)
    torch.testing.assert_close(logits[:, :3], later[:, :3])  # no word looks ahead
    assert not torch.allclose(logits[:, 3:], later[:, 3:])


def test_training_lowers_the_price_of_the_words():
    scenes = products.compose(64, 3)
    told = products.tokens(scenes.labels, 0)

    def price(model):
        with torch.no_grad():
            logits = model(scenes.images, told[:, :-1]).log_softmax(-1)
        return -float(logits.gather(2, told[:, 1:, None]).mean())

    seen: list[int] = []
    trained = captioner.fit(scenes, 0, 30, on_step=lambda step, _: seen.append(step))
    assert seen == list(range(31))
    torch.manual_seed(0)
    assert price(trained) < 0.7 * price(captioner.Captioner().eval())


def test_the_rule_for_colours_measures_them(exam):
    found = judge.colours(exam.images)
    assert float((found == exam.labels[..., 1]).double().mean()) > 0.95
    empty = torch.full((2, 3, 32, 32), 230, dtype=torch.uint8)
    assert (judge.colours(empty) == -1).all()


def test_the_judge_knows_garments_and_strangers(exam):
    model = judge.shipped()
    answers = judge.garments(model, exam.images)
    torch.testing.assert_close(answers.sum(2), torch.ones(150, 2))
    assert float((answers.argmax(2) == exam.labels[..., 0]).double().mean()) > 0.88
    noise = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8,
                          generator=torch.Generator().manual_seed(0))  # fmt: skip
    assert (judge.garments(model, noise).argmax(2) == judge.NONE).all()
    claims = torch.tensor([[0, -1]])
    sure = judge.sure_of(model, exam.images[:1], claims)
    assert float(sure[0, 1]) == 0


def test_the_judge_hardly_sees_colours(exam):
    model = judge.shipped()
    grey = exam.images.float().amin(1, keepdim=True).expand(-1, 3, -1, -1).to(torch.uint8)
    # Not the same numbers: the ink is the largest difference of three. But the same garments.
    same = judge.garments(model, grey).argmax(2) == judge.garments(model, exam.images).argmax(2)
    assert float(same.double().mean()) > 0.9


def test_the_threshold_is_the_lowest_of_the_row_that_passes():
    wrong_of = ((0.9995, 400, 0), (0.996, 300, 1), (0.985, 100, 0), (0.97, 100, 5))
    sure = torch.cat([torch.full((n,), at) for at, n, _ in wrong_of])
    right = torch.cat([torch.arange(n) >= wrong for _, n, wrong in wrong_of])
    assert judge.threshold_for(sure, right, 0.01) == 0.98  # 1 of 800; then 6 of 900
    assert judge.threshold_for(sure, right, 0.05) == 0.5
    assert judge.threshold_for(sure[:400], right[:400], 0.01) == 0.5
    assert judge.threshold_for(sure[:298], right[:298], 0.01) == 1.0  # 299 in order are needed
    assert judge.threshold_for(sure[:299], right[:299], 0.01) == 0.5
    assert judge.threshold_for(sure[:299], ~right[:299], 0.01) == 1.0
    assert judge.threshold_for(sure[:0], right[:0], 0.01) == 1.0
    worst = torch.cat([~right[:1], right[1:]])
    assert judge.threshold_for(sure[:400], worst[:400], 0.01) == 1.0  # the first test ends it


def test_the_promise_is_broken_in_at_most_one_of_twenty_choices():
    rng = torch.Generator().manual_seed(0)
    sure = 1 - torch.rand(20_000, generator=rng) ** 3
    right = torch.rand(20_000, generator=rng) >= 0.1 * (1 - sure)  # the share wrong is known
    broken = careless = 0
    for _ in range(200):
        rows = torch.randint(20_000, (1_400,), generator=rng)
        at = judge.threshold_for(sure[rows], right[rows], 0.01)
        broken += float((~right[sure > at]).double().mean()) > 0.01
        order = rows[sure[rows].argsort(descending=True)]
        share = (~right[order]).double().cumsum(0) / torch.arange(1, 1_401)
        at = sure[order][(share <= 0.01).nonzero().max()]
        careless += float((~right[sure >= at]).double().mean()) > 0.01
    assert broken <= 18  # 5 % of 200, and thrice its scatter
    assert careless > 60


@pytest.mark.parametrize("language", ["en", "zh"])
def test_only_verified_words_are_said(language, exam):
    checked = describer.check(
        captioner.shipped(), judge.shipped(), exam.images, language, THRESHOLD
    )
    for claim, verified in zip(checked.claims[:40], checked.verified[:40], strict=True):
        text = describer.sentence(claim, verified, language)
        for half in range(2):
            said = text.split("; " if language == "en" else "；")[half]
            garment, colour = claim[half].tolist()
            zh = language == "zh"
            assert (products.GARMENTS[garment][1 + zh] in said) == bool(verified[half, 0])
            assert (products.COLOURS[colour][zh] in said) == bool(verified[half, 1])
    told = checked.stated(exam.labels)
    assert told["garments wrong"] < 0.03 * told["garments stated"]
    assert told["colours wrong"] < 0.03 * told["colours stated"]
    assert 0.7 < (told["garments stated"] + told["colours stated"]) / 600 < 1


def test_what_is_no_sentence_claims_nothing(exam, monkeypatch):
    monkeypatch.setattr(captioner, "write", lambda *_: [["<en>", "red"], ["<end>"]])
    found = describer.check(captioner.shipped(), judge.shipped(), exam.images[:2], "en", 0.0)
    assert (found.claims == -1).all()
    assert not found.verified.any()


def test_shares_are_counted_right():
    claims = torch.tensor([[[0, 1], [2, 3]]])
    labels = torch.tensor([[[0, 1], [2, 0]]])
    verified = torch.tensor([[[True, False], [True, True]]])
    told = Checked(claims, verified).stated(labels)
    assert told == {"proposed right": 0.75, "garments stated": 2, "garments wrong": 0,
                    "colours stated": 1, "colours wrong": 1}  # fmt: skip


def test_without_a_captioner_the_judge_proposes(exam):
    found = describer.check(None, judge.shipped(), exam.images, "en", 0.5)
    assert torch.equal(found.claims, judge.claims(judge.shipped(), exam.images))
    right = found.claims[..., 0] == exam.labels[..., 0]
    assert float(right.double().mean()) > 0.88
