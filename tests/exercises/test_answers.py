"""Every chapter's checks take the right answers and refuse the usual wrong ones, with their hints.

They stand in the chapter's folder of tests, in ``answers.py``: RIGHT, by exercise, and WRONG, with
what the hint says.
"""

import importlib
import re

import pytest

from aigc_lib.core.rooms import rooms, rooms_with
from aigc_lib.exercises import check, exercises
from aigc_lib.exercises.compare import NotAnswered, WrongAnswer

CHAPTERS = [
    importlib.import_module(f"{rooms()[n].replace('aigc_lib', 'tests', 1)}.answers")
    for n in rooms_with("exercises")
]
RIGHT = {name: answer for chapter in CHAPTERS for name, answer in chapter.RIGHT.items()}
WRONG = [case for chapter in CHAPTERS for case in chapter.WRONG]


def test_every_exercise_has_its_answers():
    assert RIGHT.keys() == set(exercises()) == {name for name, _, _ in WRONG}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name, capsys):
    check(name, RIGHT[name])
    assert f"✓ {name}" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_its_hint(name, answer, hint):
    with pytest.raises(WrongAnswer, match=hint):
        check(name, answer)


@pytest.mark.parametrize("name", RIGHT)
def test_no_answer_is_not_a_wrong_answer(name):
    with pytest.raises(NotAnswered):
        check(name, None)


ENGLISH = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){2,}\b")


@pytest.mark.parametrize(("name", "answer"), [case[:2] for case in WRONG])
def test_a_hint_in_chinese_holds_no_english_sentence(name, answer, monkeypatch):
    monkeypatch.setenv("AIGC_LANGUAGE", "zh")
    with pytest.raises(WrongAnswer) as caught:
        check(name, answer)
    said = re.sub(r"'[^']*'", "", str(caught.value))  # what is quoted is the exercise's
    if not re.search("运行你的答案时出现了|PyTorch 说", said):
        assert not ENGLISH.search(said), said


@pytest.mark.parametrize("name", RIGHT)
def test_praise_in_chinese_holds_no_english_sentence(name, monkeypatch, capsys):
    monkeypatch.setenv("AIGC_LANGUAGE", "zh")
    check(name, RIGHT[name])
    assert not ENGLISH.search(capsys.readouterr().out)
