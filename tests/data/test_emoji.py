"""The library of captioned pictures, and how it is cut out of two archives."""

import io
import json
import tarfile

import pytest
from PIL import Image

from aigc_lib.data import emoji
from aigc_lib.data.cache import fetch
from aigc_lib.data.emoji import Library
from tests.support import small


def test_the_library_has_captions_in_two_languages_and_no_flags():
    small.need("emoji")
    library = Library(fetch("emoji"))
    assert len(library) == 1_623
    cat = library.find(" Cat ")
    assert cat is not None
    assert (cat.code, cat.zh) == ("1f408", "猫")
    picture = library.picture("cat")
    assert picture.shape == (4, 64, 64)
    assert int(picture[3].max()) == 255
    assert int(picture[3, 0, 0]) == 0  # transparent in the corner
    assert not any("flag:" in e.en or "keycap" in e.en for e in library.entries)
    assert library.find("unicorn pizza") is None
    with pytest.raises(ValueError, match="no picture is called"):
        library.picture("unicorn pizza")


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), colour).save(buffer, format="png")
    return buffer.getvalue()


def test_the_archives_are_cut_to_what_is_captioned(monkeypatch, tmp_path):
    rows = [
        {"image": f"{code}.png", "unified": code, "has_img_google": has, "subcategory": kind}
        for code, has, kind in (
            ("1F408-FE0F", True, "animal-mammal"),
            ("1F436", True, "animal-mammal"),
            ("1F1E9", True, "country-flag"),
            ("1F400", False, "animal-mammal"),
            ("1F401", True, "animal-mammal"),  # no caption
        )
    ]
    labels = {"1F408": ("Cat", "猫"), "1F436": ("dog", "狗"), "1F1E9": ("f", "旗")}
    content = {
        "pictures": {
            "package/emoji.json": json.dumps(rows).encode(),
            **{f"{emoji.FOLDER}{r['image']}": png(k) for k, r in enumerate(rows)},
        },
        "captions": {
            f"package/{language}/compact.json": json.dumps(
                [{"hexcode": code, "label": label[k]} for code, label in labels.items()]
            ).encode()
            for k, language in enumerate(("en", "zh"))
        },
    }
    for name, files in content.items():
        with tarfile.open(tmp_path / f"{name}.tgz", "w:gz") as tar:
            for file, data in files.items():
                info = tarfile.TarInfo(file)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

    def npm_pack(package, into):
        name = "captions" if package.startswith("emojibase") else "pictures"
        return tmp_path / f"{name}.tgz"

    monkeypatch.setattr(emoji, "npm_pack", npm_pack)
    out = tmp_path / "out"
    out.mkdir()
    emoji.from_emoji(wanted={"pictures.bin": None, "index.json": None}, into=out)
    index = json.loads((out / "index.json").read_text("utf8"))
    assert [(e["code"], e["en"], e["zh"]) for e in index] == [
        ("1f408", "cat", "猫"),
        ("1f436", "dog", "狗"),
    ]
    data = (out / "pictures.bin").read_bytes()
    assert len(data) == sum(e["size"] for e in index)
    second = data[index[1]["start"] :]
    assert Image.open(io.BytesIO(second)).size == (64, 64)
