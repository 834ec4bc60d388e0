"""Pieces, families, renderings, training and ranks of the search."""

import json
import tarfile

import pytest
import torch
import torch.nn.functional as F

from aigc_lib.chapters.ch18_words_with_pictures import (
    contrastive,
    data,
    encoders,
    record_words,
    retrieval,
)
from aigc_lib.core import results
from tests.support import small


@pytest.fixture(scope="module")
def pictures():
    small.need("emoji")
    small.need("emoji-words")
    return data.load()


def test_a_text_becomes_words_triples_signs_and_pairs():
    assert encoders.pieces("Cat 猫脸") == ["cat", "<ca", "cat", "at>", "猫", "脸", "猫脸"]
    assert encoders.pieces("a1, b") == ["a1", "<a1", "a1>", "b", "<b>"]
    assert encoders.pieces("…!") == []
    bags = encoders.bag(["cat", "猫", "", "many words " * 50])
    assert bags.shape == (4, encoders.LONGEST)
    assert (bags[2] == 0).all()
    assert (bags[3] > 0).all()
    assert (bags[0] > 0).sum() == 4
    assert int(bags.max()) < encoders.BUCKETS


def test_points_have_length_one_and_padding_counts_for_nothing():
    texts = encoders.TextEncoder().eval()
    one = texts(encoders.bag(["cat"]))
    longer = F.pad(encoders.bag(["cat"]), (0, 40))
    torch.testing.assert_close(one, texts(longer))
    torch.testing.assert_close(one.norm(dim=1), torch.ones(1))
    seen = encoders.ImageEncoder().eval()(torch.zeros(2, 3, 32, 32, dtype=torch.uint8))
    torch.testing.assert_close(seen.norm(dim=1), torch.ones(2))


def test_relatives_are_one_family_and_stand_on_one_side(pictures):
    names = [told[0] for told in pictures.texts["en"]]
    family = data.families(pictures.cutouts, names)
    assert family[names.index("man cook")] == family[names.index("woman cook")]
    assert family[names.index("cat")] != family[names.index("pizza")]
    clocks = [k for k, name in enumerate(names) if "o’clock" in name or "thirty" in name]
    assert len(clocks) == 24
    assert len({family[k] for k in clocks}) == 1
    assert family[names.index("red heart")] == family[names.index("orange heart")]
    sides = {part: {family[k] for k in rows.tolist()} for part, rows in pictures.parts.items()}
    assert not sides["train"] & (sides["valid"] | sides["test"])
    assert not sides["valid"] & sides["test"]
    assert [len(pictures.parts[part]) for part in ("test", "valid")] == [data.TEST, data.VALID]
    assert [len(sides[part]) for part in ("test", "valid")] == [data.TEST, data.VALID]


def test_relatives_of_relatives_belong_too():
    cutouts = torch.randint(0, 256, (4, 4, 64, 64), dtype=torch.uint8,
                            generator=torch.Generator().manual_seed(0))  # fmt: skip
    cutouts[2] = cutouts[1]
    family = data.families(cutouts, ["man cook", "woman cook", "full moon", "tree"])
    assert family[0] == family[1] == family[2] != family[3]


def test_the_keywords_are_read_from_the_archive(tmp_path, monkeypatch):
    content = {
        "meta/groups": {"subgroups": {"34": "animal-mammal"}},
        "en/data": [
            {"hexcode": "1F408-FE0F", "subgroup": 34, "tags": ["pet"]},
            {"hexcode": "1F1E9"},
        ],
        "zh/data": [{"hexcode": "1F408", "tags": ["宠物"]}, {"hexcode": "1F1E9", "tags": []}],
    }
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        for name, rows in content.items():
            (tmp_path / "file").write_text(json.dumps(rows))
            tar.add(tmp_path / "file", f"package/{name}.json")
    monkeypatch.setattr(data, "npm_pack", lambda package, into: tmp_path / "a.tgz")
    data.from_emojibase(wanted={"words.json": None}, into=tmp_path)
    found = json.loads((tmp_path / "words.json").read_text("utf8"))
    assert found["1f408"] == {"kind": "animal-mammal", "en": ["pet"], "zh": ["宠物"]}
    assert found["1f1e9"] == {"kind": "", "en": [], "zh": []}


def test_renderings_are_their_seed_and_plain_ones_lie_on_white(pictures):
    few = pictures.cutouts[:6]
    plain, one, again, other = (contrastive.render(few, seed) for seed in (None, 1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert plain.shape == one.shape == (6, 3, 32, 32)
    empty = torch.zeros(1, 4, 64, 64, dtype=torch.uint8)
    assert (contrastive.render(empty) == 255).all()


def test_a_caption_is_never_empty():
    bags = torch.ones(500, 1 + contrastive.KEYWORDS, encoders.LONGEST, dtype=torch.long)
    made = contrastive.caption(bags, torch.Generator().manual_seed(0))
    kept = (made > 0).double().mean(1)
    assert float(kept.min()) > 0.03
    share = float((made.view(bags.shape)[:, 0] > 0).any(1).double().mean())
    assert 0.6 < share < 0.75


def test_training_brings_pairs_together(pictures):
    rows = pictures.parts["train"][:300]
    material = contrastive.prepare(pictures, rows, renderings=2)
    model = contrastive.fit(material, seed=0, steps=40)
    again = contrastive.fit(material, seed=0, steps=40)
    torch.testing.assert_close(model.texts.table.weight, again.texts.table.weight)
    places = retrieval.ranks(
        model.read(pictures.names("en", rows)),
        model.look(contrastive.render(pictures.cutouts[rows])),
    )
    assert float(places.median()) < 75  # of 300, by chance 150


def test_the_shipped_search_is_the_recorded_one(pictures):
    row = next(r for r in results.load("words")["rows"]
               if (r["maker"], r["seed"]) == ("network", 0))  # fmt: skip
    found = retrieval.exam(contrastive.shipped(), pictures, pictures.parts["test"])
    for name in ("en->picture", "picture->zh", "en->zh"):
        assert retrieval.recall(found[name], 10) == pytest.approx(row[name]["10"], abs=0.025)
    assert float(found["zero-shot en"].mean()) == pytest.approx(row["zero-shot en"], abs=0.03)


def test_ranks_count_what_is_nearer_and_ties_by_half():
    gallery = torch.eye(3)
    assert retrieval.ranks(gallery, gallery).tolist() == [1, 1, 1]
    assert retrieval.ranks(gallery[[1, 0, 2]], gallery).tolist() == [2.5, 2.5, 1]
    same = torch.ones(5, 2)
    assert retrieval.ranks(same, same).tolist() == [3.0] * 5
    assert retrieval.recall(torch.tensor([1.0, 10, 11]), 10) == pytest.approx(2 / 3)


def test_what_the_record_says_of_the_languages_can_be_counted_again(pictures):
    row = next(r for r in results.load("words")["rows"] if r["maker"] == "pivot")
    test = pictures.parts["test"]
    en, zh = (retrieval.pivot(pictures, name, test) for name in ("en", "zh"))
    assert en.shape == (data.TEST, len(pictures.parts["train"]))
    assert retrieval.recall(retrieval.ranks(en, zh), 10) == pytest.approx(row["en->zh"]["10"])
    assert retrieval.recall(retrieval.ranks(zh, en), 10) == pytest.approx(row["zh->en"]["10"])


def test_the_classifier_on_labels_is_the_recorded_one(pictures):
    row = next(r for r in results.load("words")["rows"]
               if (r["maker"], r["seed"]) == ("network", 0))  # fmt: skip
    labels = retrieval.classes(pictures, pictures.parts["test"])
    right = retrieval.probed(contrastive.shipped(), pictures) == labels[labels >= 0]
    assert float(right.double().mean()) == pytest.approx(row["supervised"], abs=0.03)


def test_the_baselines_find_a_training_picture_by_its_words(pictures):
    rows = pictures.parts["train"][:200]
    for strength in (0.0, 30.0):
        baseline = retrieval.WordAverage(pictures, ("en",), strength)
        places = retrieval.ranks(baseline.read(pictures.names("en", rows)), baseline.look(rows))
        assert float(places.median()) < 40  # of 200


def test_the_chosen_ridge_is_the_recorded_one_and_not_at_the_edge_of_what_was_tried(pictures):
    rows = [r for r in results.load("words")["rows"] if "ridge" in r["maker"]]
    best = max(rows, key=lambda row: row["valid"])
    found = record_words.averaged(pictures, pictures.parts["test"], best["maker"])
    assert record_words.summary(found)["recall10"] == pytest.approx(best["recall10"], abs=0.01)
    assert not {"en->zh", "zh->en"} & found.keys()
    assert {row["maker"] for row in rows} == set(record_words.RIDGES)
    strengths = sorted({float(maker.split()[2]) for maker in record_words.RIDGES})
    assert float(best["maker"].split()[2]) in strengths[1:-1]


def test_a_ridge_through_its_pictures_is_the_ridge_through_its_colours(pictures):
    train, strength = pictures.parts["train"], 300.0
    ridge = retrieval.WordAverage(pictures, ("en",), strength)
    small = contrastive.render(pictures.cutouts).float()
    colours = F.avg_pool2d(small, 4).flatten(1).double()
    mean, scale = colours[train].mean(0), colours[train].float().std()
    known, test = ((colours[rows] - mean) / scale for rows in (train, pictures.parts["test"]))
    table, rarity = retrieval.texts_of(pictures, ("en",))
    wanted = F.normalize(table * rarity, dim=1).double()
    square = known.T @ known + strength * torch.eye(known.shape[1], dtype=torch.float64)
    solved = torch.linalg.solve(square, known.T @ (wanted - wanted.mean(0)))
    points = F.normalize(test @ solved, dim=1)
    looked = ridge.look(pictures.parts["test"]).double()
    assert points.abs().max() > 0.1
    torch.testing.assert_close(looked, points, atol=2e-4, rtol=0)


def test_classes_are_subgroups_and_do_not_overlap(pictures):
    labels = retrieval.classes(pictures, torch.arange(len(pictures.cutouts)))
    names = [pair[0] for pair in retrieval.CLASSES]
    cat = next(k for k, t in enumerate(pictures.texts["en"]) if t[0] == "cat")
    assert names[int(labels[cat])] == "animal"
    counts = torch.bincount(labels[labels >= 0], minlength=len(names))
    assert int(counts.min()) > 20
