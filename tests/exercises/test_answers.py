"""Every chapter's checks take the right answers and refuse the usual wrong ones, with their hints.

The answers stand in ``answers_CHAPTER.py``: RIGHT, by exercise, and WRONG, with what the hint says.
"""

import pytest

from aigc_lib.exercises import CHECKERS, check
from aigc_lib.exercises.compare import NotAnswered, WrongAnswer
from tests.chapters.ch00_are_you_ready import answers as answers_are_you_ready
from tests.chapters.ch01_what_is_aigc import answers as answers_what_is_aigc
from tests.chapters.ch02_core_concepts import answers as answers_core_concepts
from tests.chapters.ch03_adversarial_objective import answers
from tests.chapters.ch04_training_dynamics import answers as answers_training_dynamics
from tests.chapters.ch05_workflow import answers as answers_workflow
from tests.chapters.ch06_first_gan import answers as answers_first_gan
from tests.chapters.ch07_convolutional_gans import answers as answers_convolutional_gans
from tests.chapters.ch08_evaluating_generators import answers as answers_evaluating_generators
from tests.chapters.ch09_training_on_gpus import answers as answers_training_on_gpus
from tests.chapters.ch10_pretraining_language_models import (
    answers as answers_pretraining_language_models,
)
from tests.chapters.ch11_fine_tuning import answers as answers_fine_tuning
from tests.chapters.ch12_reinforcement_learning import answers as answers_reinforcement_learning
from tests.chapters.ch14_film_scenes import answers as answers_film_scenes
from tests.chapters.ch15_customer_service import answers as answers_customer_service
from tests.chapters.ch16_financial_monitoring import answers as answers_financial_monitoring
from tests.chapters.ch17_recommendation import answers as answers_recommendation

CHAPTERS = (
    answers_are_you_ready,
    answers_what_is_aigc,
    answers_core_concepts,
    answers,
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
