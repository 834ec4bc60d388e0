"""The tool: whatever is typed or shown, an answer or a refusal with a reason, no exception."""

import pytest
import torch

from aigc_lib.chapters.ch18_words_with_pictures import app, products
from aigc_lib.chapters.ch18_words_with_pictures.app import Description, Refusal, Results
from tests.support import small


@pytest.fixture(autouse=True)
def _pictures():
    small.need("emoji")
    small.need("emoji-words")


@pytest.mark.parametrize(
    ("words", "among"),
    [
        ("cat", "cat"), ("CAT!!!", "cat"), ("ｃａｔ", "cat"), ("猫", "cat"), ("c\u00adat", "cat"),
        ("mango", "mango"), ("芒果", "mango"), ("cat 猫", "cat"), ("🐧", "penguin"),
        ("🥭!\ud800", "mango"),
    ],
)  # fmt: skip
def test_known_words_find_their_picture_in_either_language(words, among):
    found = app.search(words, best=8)
    assert isinstance(found, Results)
    assert among in [each.en for each in found.pictures]
    near = [each.nearness for each in found.pictures]
    assert near == sorted(near, reverse=True)
    assert -1.001 <= near[-1] <= near[0] <= 1.001


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "no word"), ("   \n", "no word"), ("?!…", "no word"), ("the of a", "no word"),
        ("qwertyuiop", "nobody taught me qwertyuiop"), ("кошка", "nobody taught me"),
        ("x " * 200, "at most 200"), ("猫" * 201, "at most 200"), ("\x00\ufffd", "no word"),
        (None, "NoneType"), (7, "int"), (["cat"], "list"), (b"cat", "bytes"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_with_a_reason(words, said):
    found = app.search(words)
    assert isinstance(found, Refusal)
    assert said in found.reason
    assert "no answer: " in app.told(found)


def test_unknown_words_are_named_and_have_no_part_in_the_answer():
    alone, mixed = app.search("cat"), app.search("cat zyxwvut")
    assert isinstance(alone, Results)
    assert isinstance(mixed, Results)
    assert mixed.unknown == ("zyxwvut",)
    assert mixed.pictures == alone.pictures
    assert "nobody taught me zyxwvut" in app.told(mixed)
    assert len(app.search("cat", best=-3).pictures) == 1


@pytest.mark.parametrize(
    ("picture", "language", "said"),
    [
        (None, "en", "NoneType"), ("cat.png", "en", "str"),
        (torch.rand(3, 32, 32), "en", "float32"),
        (torch.zeros(3, 64, 64, dtype=torch.uint8), "en", "(3, 64, 64)"),
        (torch.zeros(32, 32, dtype=torch.uint8), "en", "(32, 32)"),
        (torch.zeros(1, 3, 32, 32, dtype=torch.uint8), "en", "(1, 3, 32, 32)"),
        (torch.zeros(3, 32, 32, dtype=torch.uint8), "fr", "en and zh"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_a_reason(picture, language, said):
    found = app.describe(picture, language)
    assert isinstance(found, Refusal)
    assert said in found.reason


def test_of_noise_and_of_nothing_no_garment_is_stated():
    noise = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8,
                          generator=torch.Generator().manual_seed(1))  # fmt: skip
    for picture in (noise, *(torch.full_like(noise, level) for level in (0, 128, 235, 255))):
        for language in ("en", "zh"):
            found = app.describe(picture, language)
            assert isinstance(found, Description)
            assert found.struck_out >= 2
            assert not any(name in found.text for g in products.GARMENTS for name in g[1:])


def test_one_article_alone_leaves_the_other_side_open():
    scene = products.compose(30, 9, "exam")
    pictures = scene.images.clone()
    pictures[..., 16:] = 235
    for picture in pictures:
        found = app.describe(picture)
        assert isinstance(found, Description)
        assert "right: something that I cannot make out" in found.text


def test_the_demo_shows_both_tools(capsys):
    app.demo([])
    said = capsys.readouterr().out
    assert said.startswith("> cat\n")
    assert "左边：" in said
    assert "claims struck out" in said
    app.demo(["a", "sad", "face"])
    assert capsys.readouterr().out.startswith("> a sad face\n")
