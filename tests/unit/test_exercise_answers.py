"""Every chapter's checks take the right answers and refuse the usual wrong ones, with their hints.

The answers stand in ``answers_CHAPTER.py``: RIGHT, by exercise, and WRONG, with what the hint says.
"""

import pytest

from aigc_lib.exercises import CHECKERS, NotAnswered, WrongAnswer, check
from tests.unit import (
    answers_adversarial_objective,
    answers_are_you_ready,
    answers_convolutional_gans,
    answers_core_concepts,
    answers_customer_service,
    answers_evaluating_generators,
    answers_film_scenes,
    answers_financial_monitoring,
    answers_fine_tuning,
    answers_first_gan,
    answers_pretraining_language_models,
    answers_recommendation,
    answers_reinforcement_learning,
    answers_training_dynamics,
    answers_training_on_gpus,
    answers_what_is_aigc,
    answers_workflow,
)

CHAPTERS = (
    answers_are_you_ready,
    answers_what_is_aigc,
    answers_core_concepts,
    answers_adversarial_objective,
    answers_training_dynamics,
    answers_workflow,
    answers_first_gan,
    answers_convolutional_gans,
    answers_evaluating_generators,
    answers_training_on_gpus,
    answers_pretraining_language_models,
    answers_fine_tuning,
    answers_reinforcement_learning,
    answers_film_scenes,
    answers_customer_service,
    answers_financial_monitoring,
    answers_recommendation,
)
RIGHT = {name: answer for chapter in CHAPTERS for name, answer in chapter.RIGHT.items()}
WRONG = [case for chapter in CHAPTERS for case in chapter.WRONG]


def test_every_exercise_has_its_answers():
    assert RIGHT.keys() == CHECKERS.keys() == {name for name, _, _ in WRONG}


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
