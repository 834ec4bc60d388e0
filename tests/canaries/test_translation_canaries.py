"""The gate of the translation must find one fault planted in a good one, whichever it is."""

import shutil
from pathlib import Path

import pytest

from tools import chinese, messages, parity, translation
from tools.overlay import overlaid
from tools.translate import check, main, new, status
from tools.translation import entries

ENGLISH = """\
(top)=
# A page

The {term}`loss <loss function>` of 2 networks is $a + b$, see [here](other.md#x) and `code(1)`.
In November 2026 it took 1.5 million steps, {cite:p}`someone2020` says; the learning rate was 0.1.

- one
- two

```python
never = "translated"
```

:::{figure} picture.png
:alt: A curve that falls
:width: 60px

By {eq}`eq-x`, <a href="a.html">a link</a>.
:::

$$x = 1$$ (eq-x)

with $x$ alone.
"""
CHINESE = [
    "(top)=\n# 一页",
    "2 个网络的{term}`损失函数`是 $a + b$，见[这里](other.md#x)和 `code(1)`。"
    "{cite:p}`someone2020` 说，2026 年 11 月它用了 150 万步；学习率为 0.1。",
    "- 一\n- 二",
    ":::{figure} picture.png\n:alt: 一条下降的曲线\n:width: 60px",
    '由 {eq}`eq-x`，<a href="a.html">链接</a>。\n:::',
    "只有 $x$。",
]
GLOSSARY = """\
# Glossary

```{glossary}
:sorted:

learning rate
学习率
  The size of a step.

loss function
损失函数
  What training makes small.
```
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A book of one page, with a good translation."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n  - file: book/page\n", "utf8"
    )
    (tmp_path / "book" / "glossary.md").write_text(GLOSSARY, "utf8")
    (tmp_path / "book" / "page.md").write_text(ENGLISH, "utf8")
    new(tmp_path, "book/page")
    path = translation.path_of(tmp_path, "book/page")
    done = entries(tmp_path, "book/page")
    assert len(done) == len(CHINESE)
    said = [e._replace(text=t, todo=False) for e, t in zip(done, CHINESE, strict=True)]
    path.write_text(translation.write(said), "utf8")
    return tmp_path


def edit(path: Path, old: str, to: str) -> None:
    text = path.read_text("utf8")
    assert old in text
    path.write_text(text.replace(old, to, 1), "utf8")


def test_the_good_translation_passes(root: Path):
    assert check(root, ["book/page"]) == []
    assert translation.translated(root) == ["book/page"]
    assert status(root) == [f"{'book/page':44}    6 of    6  published"]


FAULTS = [
    ("$a + b$", "$a - b$", "lacks the formula 'a+b'"),
    ("$a + b$", "$a$ $b$", "adds the formula"),
    ("2 个网络", "两个网络", "lacks the number '2'"),
    ("150 万", "15 万", "lacks the number '1500000'"),
    ("2026 年 11 月", "2026 年", "lacks the number '11'"),
    ("other.md#x", "other.md", "lacks the link 'other.md#x'"),
    ("a.html", "b.html", "lacks the link 'a.html'"),
    ("[这里](other.md#x)", "这里", "lacks the link"),
    ("someone2020", "someone2021", "lacks the role cite:p 'someone2020'"),
    ("`code(1)`", "`code(2)`", "lacks the code 'code(1)'"),
    ("{eq}`eq-x`", "{eq}`eq-y`", "lacks the role eq 'eq-x'"),
    ("(top)=\n", "", "lacks the label 'top'"),
    ("# 一页", "## 一页", "lacks the heading '#'"),
    ("- 二\n", "", "lacks the item"),
    (":width: 60px", ":width: 61px", "lacks the option 'width:60px'"),
    ("。\n:::", "。", "lacks the end ':::'"),
    ("picture.png", "picture2.png", "lacks the directive"),
    ("{term}`损失函数`", "损失函数", "lacks the role term 'loss function'"),
    ("{term}`损失函数`", "{term}`代价 <loss function>`", "the glossary says '损失函数'"),
    ("学习率", "步长", "has no '学习率'"),
    ("一条下降的曲线", "A curve that falls", "has no Chinese"),
    # typography
    ("2 个网络", "2个网络", "no space between"),
    (" $a + b$，", "$a + b$，", "no space between"),
    ("，见", ",见", "half-width punctuation"),
    ("步；", "步; ", "half-width punctuation"),
    ("0.1。", "0.1. 好.", "half-width full stop"),
    ("只有 $x$。", "只有 $x$ (好)。", "half-width brackets"),
    ("只有 $x$。", '"只有" $x$。', "quotation marks"),
    ("只有 $x$。", "「只有」 $x$。", "quotation marks"),
    ("，见", " ，见", "a space beside"),
    ("，见", "， 见", "a space beside"),
    ("，见", "，\n见", "a line break inside"),
    ("只有 $x$。", "只有 $x$。。", "punctuation twice"),
    ("只有 $x$。", "只有 $x$ 好...", "an ellipsis"),
    ("只有 $x$。", "**只有 $x$**好", "stars that mark nothing"),
    ("只有 $x$。", "**只有 $x$。**好", "stars that mark nothing"),
    ("只有 $x$。", "只有**“好”** $x$。", "stars that mark nothing"),
]


@pytest.mark.parametrize(("old", "to", "said"), FAULTS, ids=[f"{o}>{t}" for o, t, _ in FAULTS])
def test_a_planted_fault_is_found(root: Path, old: str, to: str, said: str):
    edit(translation.path_of(root, "book/page"), old, to)
    found = check(root, ["book/page"])
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("old", "to", "said"),
    [
        ("with $x$ alone.", "with $x$ at last.", "new in English"),
        ("with $x$ alone.", "with $x$ alone.\n\nAnd more.", "new in English"),
        ("- one\n- two\n\n", "", "no longer in English"),
        ("- one\n- two\n\n", "- one\n- two\n\n- one\n- two\n\n", "the order"),
    ],
)
def test_a_change_of_the_english_is_found(root: Path, old: str, to: str, said: str):
    edit(root / "book" / "page.md", old, to)
    found = check(root, ["book/page"])
    assert any(said in line for line in found), found
    assert new(root, "book/page").startswith("translations/zh/book/page.md: ")
    left = check(root, ["book/page"])
    assert all("to be translated" in line for line in left), left
    assert len(left) == {"new in English": 1}.get(said, 0)


def test_what_was_is_kept_beside_the_new_english_until_it_is_deleted(root: Path):
    edit(root / "book" / "page.md", "with $x$ alone.", "with $x$ at last.")
    new(root, "book/page")
    path = translation.path_of(root, "book/page")
    assert "with $x$ at last.\n\n<!-- was -->\n只有 $x$。" in path.read_text("utf8")
    edit(path, " todo -->\nwith $x$ at last.", " -->\n终于只有 $x$。")
    assert any("former translation" in line for line in check(root, ["book/page"]))
    edit(path, "\n\n<!-- was -->\n只有 $x$。", "")
    assert check(root, ["book/page"]) == []


def test_a_draft_is_held_to_nothing(root: Path):
    path = translation.path_of(root, "book/page")
    path.write_text(translation.DRAFT + path.read_text("utf8"), "utf8")
    assert translation.translated(root) == []


def test_a_translation_without_a_page_is_found(root: Path):
    path = translation.path_of(root, "book/page")
    shutil.copyfile(path, path.with_name("gone.md"))
    assert check(root, ["book/page"]) == ["book/gone: there is no such page in the book"]


def test_text_before_the_first_entry_is_found(root: Path):
    path = translation.path_of(root, "book/page")
    path.write_text(f"好\n{path.read_text('utf8')}", "utf8")
    assert "stands before the first entry" in check(root, ["book/page"])[0]


def test_the_page_is_put_together_again(root: Path):
    english = translation.read_page(root, "book/page")
    made = overlaid(english, entries(root, "book/page"))
    assert 'never = "translated"' in made
    assert "$$x = 1$$ (eq-x)" in made
    assert made.count("一条下降的曲线") == 1
    assert "A page" not in made
    stale = english.replace("with $x$ alone.", "with $x$ at last.")
    assert "with $x$ at last." in overlaid(stale, entries(root, "book/page"))


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# One\n", "Two"]},
        {
            "cell_type": "code", "id": "draw", "source": "plot()", "outputs": [
                {"output_type": "stream", "text": ["the answer: ◷ 2 s\n", "else\n"]},
                {"output_type": "display_data", "data": {"text/html": [
                    '<div class="aigc-report">the answer: <b>≈ 3</b><!-- (must lie) --></div>']}}],
            "metadata": {"mystnb": {
                "image": {"alt": "A curve"}, "code_prompt_show": "Show the checks"}},
        },
    ]
}  # fmt: skip


def test_cells_are_known_by_their_id():
    wanted = translation.units(NOTEBOOK)
    assert [unit.key for unit in wanted] == ["title", "draw.alt"]
    done = [translation.Entry(u.key, u.sha, f"好{i}", False) for i, u in enumerate(wanted)]
    made = overlaid(NOTEBOOK, done)
    assert made["cells"][0]["source"] == "好0"
    assert made["cells"][1]["metadata"]["mystnb"]["image"]["alt"] == "好1"
    assert made["cells"][1]["metadata"]["mystnb"]["code_prompt_show"] == "显示检查"
    told, shown = made["cells"][1]["outputs"]
    assert told["text"] == "答案：◷ 2 s\nelse\n"
    assert "答案：<b>≈ 3</b><!-- (must lie) -->" in shown["data"]["text/html"]
    assert NOTEBOOK["cells"][1]["metadata"]["mystnb"]["image"]["alt"] == "A curve"
    changed = [wanted[0]._replace(text="# Three"), wanted[1]]
    again = translation.renewed(changed, done)
    assert again[0].todo
    assert "<!-- was -->\n好0" in again[0].text
    assert again[1] == done[1]


def test_a_message_without_chinese_is_found_and_one_that_differs(tmp_path: Path):
    room = tmp_path / "aigc_lib" / "chapters" / "ch99_canary"
    room.mkdir(parents=True)
    shared = tmp_path / messages.SHARED
    shared.parent.mkdir(parents=True)
    shared.write_text('"""No message is in a docstring."""\n', "utf8")
    code = 'def check_1(x):\n    close(x, 3, what="the answer", hint=f"a bird of {n} legs")\n'
    (room / "exercises.py").write_text(code, "utf8")
    assert list(messages.problems(tmp_path)) == ["99: no Chinese for 'a bird of {n} legs'"]
    entry = 'msgid "the 2 answers"\nmsgstr "3 个答案"\n'
    (room / "zh.po").write_text(entry, "utf8")
    assert "its numbers are ['3'], not ['2']" in "".join(messages.problems(tmp_path))
    (room / "zh.po").write_text(entry.replace("3", "2"), "utf8")
    (room.parent / "zh.po").write_text(entry.replace("3 个", "2 个对的"), "utf8")
    assert "said in two ways" in "".join(messages.problems(tmp_path))


def test_a_run_of_the_chapter_does_not_make_its_translation_stale():
    def opening(seconds: int) -> translation.Unit:
        line = f"<!-- timing -->\n**Run time:** {seconds} s\n<!-- /timing -->\n\nWords."
        cell = {"cell_type": "markdown", "id": "opening", "metadata": {}, "source": line}
        return translation.units({"cells": [cell]})[0]

    assert opening(3) == opening(4)


@pytest.mark.parametrize(
    "fine",
    [
        "第 3 章（见上）讲 `code`、$x$ 和 GAN。",
        "他说：“好。”**重点**在这里，*强调*也行。",
        "它由 **GAN** 画成……真的——对吗？是的！",
        "| 名称 | 值 |\n|---|---|\n| 张量 | 3 |",
        "大约 71 % 的图片，3,000 步，1:2。",
        "- 一\n- 二：\n\n  第二段",
        "折叠的单元\n: 打开它。",
        "[How to](x.md) 与[这里](y.md)。",
    ],
)
def test_good_typography_passes(fine: str):
    assert list(chinese.problems(fine)) == []


def test_the_command_asks_which_page(capsys: pytest.CaptureFixture[str]):
    assert main("new", "book/") == 1
    assert "which page?" in capsys.readouterr().err
    assert main("new", "nowhere") == 1


def test_the_words_of_a_diagram_are_translated_and_its_arrows_stay():
    english = '```mermaid\nflowchart TB\n    accTitle: Way\n    A["one"] -- no --> B["two"]\n```'
    chinese_one = '```mermaid\nflowchart TB\n    accTitle: 路\n    A["一"] -- 否 --> B["二"]\n```'
    assert list(parity.differences(english, chinese_one, {})) == []
    turned = chinese_one.replace("A[", "C[")
    assert len(list(parity.differences(english, turned, {}))) == 2
