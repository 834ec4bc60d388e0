"""The words of a text, counted by hand."""

import pytest

from aigc_lib.lm import text_quality


def test_words_are_small_and_the_last_may_be_cut_off():
    assert text_quality.words("O LOVE, 'tis I! goo") == ["o", "love", "'tis", "i"]
    assert text_quality.words("") == text_quality.words("good") == []


def test_the_score_counts_real_and_different_words():
    found = text_quality.score(["the king the xqzt end", "the king end"])
    assert found == {"real": pytest.approx(5 / 6), "different": pytest.approx(50.0)}
    with pytest.raises(ValueError, match="no word"):
        text_quality.score(["", "one"])
