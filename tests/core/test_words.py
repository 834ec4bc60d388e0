"""The catalogue: what is said in Chinese, whole messages and composed ones."""

import pytest

from aigc_lib.core.words import catalogue, read, say
from aigc_lib.exercises import WrongAnswer, check


def test_a_message_is_looked_up_and_an_unknown_one_stays():
    assert say("Play", "zh") == "播放"
    assert say("Play", "en") == say("Play") == "Play"
    assert say("nobody says this", "zh") == "nobody says this"


def test_what_stands_in_the_fields_is_looked_up_in_turn():
    said = say("✗ 00.3 — not yet: divide each row by its sum", "zh")
    assert said == "✗ 00.3 — 还不对：把每一行除以它的和"


def test_a_check_speaks_the_language_that_the_environment_names(monkeypatch):
    monkeypatch.setenv("AIGC_LANGUAGE", "zh")
    with pytest.raises(WrongAnswer, match=r"✗ 00.4 — 还不对：答案是 50，不对：把三个概率相乘"):
        check("00.4", 50)


def test_fields_are_the_same_in_both_languages():
    fields = r"\{(\w+)\}"
    import re

    for english, chinese in catalogue("zh").items():
        if english.startswith(("Show code", "Hide code")):
            continue  # the kind of cell is left out
        assert sorted(re.findall(fields, english)) == sorted(re.findall(fields, chinese)), english


def test_an_entry_twice_is_refused():
    entry = 'msgid "a"\nmsgstr "b"\n'
    assert read(entry) == {"a": "b"}
    with pytest.raises(ValueError, match="twice"):
        read(f"{entry}\n{entry}")
