"""What chapter 20 measures with: marks, manifests, attacks, detectors, membership, shares."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aigc_lib.chapters.ch20_trust import (
    collapse,
    detector,
    fairness,
    membership,
    picture_mark,
    private,
    provenance,
    record_shares,
    robustness,
    watermark,
)
from aigc_lib.data.images import load
from aigc_lib.lm.sampling import generate
from aigc_lib.pretrained.loaders import load_classifier, load_writer


def photograph(seed=0):
    """A smooth colour picture with some texture, uint8 (3, 128, 128)."""
    rng = torch.Generator().manual_seed(seed)
    wide = torch.nn.functional.interpolate(
        torch.rand(1, 3, 9, 9, generator=rng), 128, mode="bicubic"
    )
    return (
        (255 * wide[0] + 6 * torch.randn(3, 128, 128, generator=rng)).clamp(0, 255).to(torch.uint8)
    )


@pytest.fixture(scope="module")
def writer():
    return load_writer("shakespeare")


def test_writing_without_a_mark_is_the_librarys_and_goes_on_beyond_the_context(writer):
    prompt = torch.tensor([writer.tokenizer.encode("ROMEO:\nI ")] * 2)
    ours = watermark.write(writer.model, prompt, 40, seed=3)
    assert torch.equal(ours.tokens, generate(writer.model, prompt, 40, seed=3))
    assert ours.price == 0
    long = watermark.write(writer.model, prompt, 120, seed=3)
    assert long.tokens.shape == (2, prompt.shape[1] + 120)


def test_marked_text_is_green_for_its_key_only_and_noise_takes_the_mark_away(writer):
    prompt = torch.tensor([writer.tokenizer.encode("ROMEO:\nI ")] * 8)
    mark = watermark.Mark(key=5)
    made = watermark.write(writer.model, prompt, 150, mark, without=torch.arange(16))
    own = [watermark.count(row.tolist(), mark).z for row in made.tokens]
    other = [watermark.count(row.tolist(), mark._replace(key=6)).z for row in made.tokens]
    assert np.mean(own) > 4
    assert abs(np.mean(other)) < 1.5
    assert 0.05 < made.price < mark.delta**2 / 8
    spoilt = watermark.noisy(made.tokens, 0.3, 16, seed=0)
    changed = float((spoilt != made.tokens).double().mean())
    assert 0.2 < changed < 0.3  # some are replaced by themselves
    assert np.mean([watermark.count(row.tolist(), mark).z for row in spoilt]) < np.mean(own) / 2


def test_the_share_of_green_is_gamma_and_contexts_decide():
    rng = torch.Generator().manual_seed(0)
    before = torch.randint(90, (400, 4), generator=rng)
    tokens = torch.arange(90).expand(400, -1)
    for gamma in (0.25, 0.5):
        green = watermark.Mark(1, gamma).green(before, tokens)
        assert float(green.double().mean()) == pytest.approx(gamma, abs=0.01)
    assert not torch.equal(green[0], green[1])
    assert torch.equal(green, watermark.Mark(1, 0.5).green(before, tokens))


def test_rewording_swaps_about_the_share_of_words():
    text = " ".join(["thou"] * 400)
    new = watermark.reworded(text, 0.25, ["you"], seed=0).split(" ")
    assert len(new) == 400
    assert 70 < new.count("you") < 130


def test_the_level_is_exact():
    rng = np.random.default_rng(0)
    draws = rng.binomial(50, 0.5, 40_000)
    from scipy.stats import binom

    rejected = np.mean(binom.sf(draws - 1, 50, 0.5) <= 0.05)
    assert watermark.level(50, 0.5, 0.05) == pytest.approx(rejected, abs=0.004)
    assert watermark.count([1, 2], watermark.Mark(1)).p == 1.0


def test_a_picture_mark_lives_through_jpeg_and_dies_by_cropping_until_one_searches():
    clean = photograph()
    marked = picture_mark.embed(clean, 11)
    assert float((marked.float() - clean.float()).abs().max()) <= 3
    assert picture_mark.detect(clean, 11).p > 0.01
    assert picture_mark.detect(marked, 11).p == pytest.approx(1 / 200)
    assert picture_mark.detect(detector.jpeg(marked, 50), 11).p == pytest.approx(1 / 200)
    cropped = marked[:, 6:, 2:]
    assert picture_mark.detect(cropped, 11).p > 0.01
    assert picture_mark.detect(cropped, 11, reach=6) == (1 / 200, (6, 2))


def test_a_manifest_holds_for_its_bytes_its_claims_and_its_maker_only():
    key, other = provenance.new_key(), provenance.new_key()
    manifest = provenance.sign(b"picture", {"made by": "a GAN"}, key)
    assert provenance.verify(b"picture", manifest, key.public)
    assert not provenance.verify(b"pictvre", manifest, key.public)
    assert not provenance.verify(b"picture", manifest | {"claims": {}}, key.public)
    assert not provenance.verify(b"picture", manifest, other.public)
    assert not provenance.verify(b"picture", manifest | {"signature": []}, key.public)


def test_an_attack_stays_in_its_ball_and_raises_the_loss():
    test = load("mnist", "test")
    x, y = test.images[:40].float() / 255, test.labels[:40]
    model = robustness.Bright(load_classifier()).eval()
    before = robustness.right(model, x, y).double().mean()
    for norm, eps in (("linf", 0.1), ("l2", 1.5)):
        moved = robustness.attack(model, x, y, eps, 5, norm=norm)
        apart = (moved - x).flatten(1)
        size = apart.abs().amax(1) if norm == "linf" else apart.norm(dim=1)
        assert float(size.max()) <= eps + 1e-5
        assert 0 <= float(moved.min()) <= float(moved.max()) <= 1
        assert robustness.right(model, moved, y).double().mean() < before - 0.4
    assert torch.equal(robustness.attack(model, x, y, 0.0, 5), x)


def test_training_on_attacks_helps_against_them_and_leaves_the_start_alone():
    train, test = load("mnist"), load("mnist", "test")
    start = robustness.Bright(load_classifier()).eval()
    weights = {k: v.clone() for k, v in start.state_dict().items()}
    model = robustness.train(start, train.images, train.labels, 20, eps=0.1, moves=1)
    x, y = test.images[:60].float() / 255, test.labels[:60]
    before, after = (
        robustness.right(m, robustness.attack(m, x, y, 0.1, 8), y).double().mean()
        for m in (start, model)
    )
    assert after > before + 0.2
    assert all(torch.equal(v, weights[k]) for k, v in start.state_dict().items())


def test_a_smoothed_plane_is_certified_below_its_distance():
    def plane(x):
        right = x.flatten(1)[:, 0] - 0.5
        return torch.stack([right, -right], 1)

    smooth = robustness.Smoothed(lambda x: F.pad(plane(x), (0, 8), value=-9), 0.25)
    x = torch.zeros(3, 1, 1, 1)
    x[:, 0, 0, 0] = torch.tensor([0.8, 0.5, 0.2])
    answer, radius = smooth.certify(x, n=2_000)
    assert answer.tolist() in ([0, -1, 1], [0, 0, 1], [0, 1, 1])
    for k in (0, 2):
        assert 0.22 < float(radius[k]) <= 0.3  # the true distance is 0.3
    moved = smooth.attack(x[:1], torch.tensor([0]), 0.4, 5, 32)
    assert float((moved - x[:1]).norm()) == pytest.approx(0.4, abs=1e-3)
    assert smooth.votes(moved, 200, 1).argmax(1).item() == 1


def test_a_threshold_of_scores_has_its_rate_on_strangers():
    rng = torch.Generator().manual_seed(0)
    real, others = torch.randn(5_000, generator=rng), torch.randn(5_000, generator=rng)
    found = detector.judged(real, torch.randn(5_000, generator=rng) + 2, others)
    assert 0.005 < found.alarms < 0.016
    assert 0.90 < found.auc < 0.94  # Phi(2 / root 2) = 0.921
    assert 0.30 < found.caught < 0.43  # Phi(2 - 2.33) = 0.372


def test_the_spectrum_has_a_wave_at_its_frequency_and_blur_takes_the_fine_ones():
    column = torch.arange(28)
    for waves in (2, 7, 12):
        wave = 127 + 100 * torch.cos(2 * torch.pi * waves * column / 28).expand(1, 1, 28, 28)
        assert int(detector.spectrum(wave.to(torch.uint8))[0, 1:].argmax()) + 1 == waves
    test = load("mnist", "test").images[:50]
    for kind in ("jpeg", "noise", "blur"):
        other = detector.shaken(test, kind)
        assert other.shape == test.shape
        assert 0 < float((other.float() - test.float()).abs().mean()) < 15
    change = (detector.spectrum(other) - detector.spectrum(test)).mean(0)
    assert change[-1] < change[1] - 0.2


def test_membership_is_found_where_it_shows_and_not_where_it_does_not():
    rng = torch.Generator().manual_seed(0)
    had = membership.halves(16, 400, 0)
    assert had.sum(1).tolist() == [200] * 16
    hard = torch.randn(400, generator=rng)
    for gain, low, high in ((4.0, 0.8, 1.0), (0.0, 0.0, 0.08)):
        sure = hard + gain * had + torch.randn(16, 400, generator=rng)
        score = membership.lira(sure[0], sure[1:], had[1:])
        found = membership.at_rate(score, had[0], 0.02, 0)
        assert low <= found.hits / found.members <= high
        assert found.alarms / found.strangers < 0.1


def test_private_training_learns_and_its_noise_costs():
    train = load("fashion-mnist")
    x, y = train.images[:400].flatten(1).float() / 255 - 0.5, train.labels[:400]
    had = torch.ones(1, 400, dtype=torch.bool)
    share = [
        float((private.fit(x, y, had, sigma, 0, 60).logits(x)[0].argmax(1) == y).double().mean())
        for sigma in (0.0, 20.0)
    ]
    assert share[0] > 0.7
    assert share[1] < share[0] - 0.2


def test_ordinary_networks_side_by_side_learn_what_they_had():
    train = load("fashion-mnist")
    x, y = train.images[:400].flatten(1).float() / 255 - 0.5, train.labels[:400]
    had = membership.halves(3, 400, 1)
    right = membership.fit(x, y, had, 0, 120).logits(x).argmax(2) == y
    assert float(right[had].double().mean()) > float(right[~had].double().mean()) + 0.1


def test_digits_drawn_by_gaussians_forget_their_variety():
    train = load("mnist")
    loops = [
        collapse.digit_loop(train.images[:5_000], train.labels[:5_000], 6, real, 0, a_class=60)
        for real in (0.0, 0.5)
    ]
    spread = [[float(x.float().var(0).mean()) for x in loop] for loop in loops]
    assert spread[0][-1] < 0.9 * spread[0][0]
    assert spread[0][-1] < spread[1][-1]


def test_evening_out_has_the_wanted_shares_at_its_price():
    classes = torch.tensor([0] * 600 + [1] * 300 + [2] * 100)
    shares, wanted = torch.tensor([0.6, 0.3, 0.1]), torch.full((3,), 1 / 3)
    kept = fairness.even_out(classes, shares, wanted, 0)
    now = torch.bincount(classes[kept.mask]) / kept.mask.sum()
    assert float((now - wanted).abs().max()) < 0.1
    assert kept.price == pytest.approx(10 / 3, rel=0.2)


def test_nearly_black_pixels_are_counted_and_cleaned_away():
    images = torch.tensor([0, 1, 3, 4, 10, 11, 255], dtype=torch.uint8).view(1, 1, 1, 7)
    assert detector.faint(images).tolist() == [2]
    assert detector.cleaned(images).flatten().tolist() == [0, 0, 0, 0, 0, 11, 255]
    assert detector.cleaned(images).dtype == torch.uint8


def test_marked_pictures_give_the_pattern_away_and_unmarked_ones_do_not():
    plain = [photograph(seed) for seed in range(10)]
    truth = picture_mark.pattern(11, 128)
    stolen = picture_mark.stolen(picture_mark.embed(x, 11) for x in plain)
    assert float((stolen == truth).double().mean()) > 0.8
    assert 0.4 < float((picture_mark.stolen(plain) == truth).double().mean()) < 0.6
    other = photograph(10)
    forged = (other.float() + 3 * stolen).round().clamp(0, 255).to(torch.uint8)
    assert picture_mark.detect(other, 11).p > 0.01
    assert picture_mark.detect(forged, 11).p <= 0.01


def test_whoever_survives_several_attacks_survives_each():
    test = load("mnist", "test")
    x, y = test.images[:60].float() / 255, test.labels[:60]
    model = robustness.Bright(load_classifier()).eval()
    one, three = (robustness.survivors(model, x, y, 0.05, 5, starts) for starts in (1, 3))
    clean = robustness.right(model, x, y)
    moved = robustness.attack(model, x[clean], y[clean], 0.05, 5)
    assert torch.equal(one[clean], robustness.right(model, moved, y[clean]))
    assert bool((one | ~three).all())
    assert 0 < three.sum() <= one.sum() < clean.sum()


def test_a_judge_says_what_it_reads_and_of_what_it_is_sure():
    def judge(images):
        return images[:, 0, 0, :2] * 5  # two classes, told by two pixels

    pixels = torch.tensor([[255, 0], [128, 127], [0, 255]], dtype=torch.uint8)
    seen = fairness.read(judge, pixels.view(3, 1, 1, 2))
    assert seen.classes.tolist() == [0, 0, 1]
    assert seen.sure.tolist() == [True, False, True]


def test_the_controls_of_the_shares_keep_what_they_say():
    labels = torch.arange(10).repeat(2_000)
    for rare, low, high in (("5 to 9", 0.08, 0.12), ("none", 0.5, 0.5), ("0 to 4", 0.88, 0.92)):
        share = float((labels[record_shares.kept(labels, rare)] >= 5).double().mean())
        assert low <= share <= high
