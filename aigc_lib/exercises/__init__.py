"""Checks of the reader's answers: ``check("06.1", answer)`` in a chapter.

Each chapter with exercises has a module here, with a function ``check_N(answer)`` for exercise N.
It returns one sentence that says why the answer is right, or raises ``WrongAnswer`` with a hint
that leads on without giving the solution away.
"""

from collections.abc import Callable
from typing import Any

from aigc_lib.exercises import (
    adversarial_objective,
    are_you_ready,
    convolutional_gans,
    core_concepts,
    customer_service,
    evaluating_generators,
    film_scenes,
    financial_monitoring,
    fine_tuning,
    first_gan,
    pretraining_language_models,
    recommendation,
    reinforcement_learning,
    training_dynamics,
    training_on_gpus,
    what_is_aigc,
    workflow,
)
from aigc_lib.exercises.compare import NotAnswered, WrongAnswer, is_missing

__all__ = ["CHECKERS", "NotAnswered", "WrongAnswer", "check"]

# Exercise -> its checker, such as "06.1": first_gan.check_1.
CHECKERS: dict[str, Callable[..., str]] = {
    "00.1": are_you_ready.check_1,
    "00.2": are_you_ready.check_2,
    "00.3": are_you_ready.check_3,
    "00.4": are_you_ready.check_4,
    "00.5": are_you_ready.check_5,
    "00.6": are_you_ready.check_6,
    "00.7": are_you_ready.check_7,
    "01.1": what_is_aigc.check_1,
    "01.2": what_is_aigc.check_2,
    "01.3": what_is_aigc.check_3,
    "01.4": what_is_aigc.check_4,
    "01.5": what_is_aigc.check_5,
    "01.6": what_is_aigc.check_6,
    "02.1": core_concepts.check_1,
    "02.2": core_concepts.check_2,
    "02.3": core_concepts.check_3,
    "02.4": core_concepts.check_4,
    "02.5": core_concepts.check_5,
    "02.6": core_concepts.check_6,
    "02.7": core_concepts.check_7,
    "03.1": adversarial_objective.check_1,
    "03.2": adversarial_objective.check_2,
    "03.3": adversarial_objective.check_3,
    "03.4": adversarial_objective.check_4,
    "03.5": adversarial_objective.check_5,
    "03.6": adversarial_objective.check_6,
    "03.7": adversarial_objective.check_7,
    "04.1": training_dynamics.check_1,
    "04.2": training_dynamics.check_2,
    "04.3": training_dynamics.check_3,
    "04.4": training_dynamics.check_4,
    "04.5": training_dynamics.check_5,
    "04.6": training_dynamics.check_6,
    "04.7": training_dynamics.check_7,
    "05.1": workflow.check_1,
    "05.2": workflow.check_2,
    "05.3": workflow.check_3,
    "05.4": workflow.check_4,
    "05.5": workflow.check_5,
    "05.6": workflow.check_6,
    "05.7": workflow.check_7,
    "06.1": first_gan.check_1,
    "06.2": first_gan.check_2,
    "06.3": first_gan.check_3,
    "06.4": first_gan.check_4,
    "06.5": first_gan.check_5,
    "06.6": first_gan.check_6,
    "07.1": convolutional_gans.check_1,
    "07.2": convolutional_gans.check_2,
    "07.3": convolutional_gans.check_3,
    "07.4": convolutional_gans.check_4,
    "07.5": convolutional_gans.check_5,
    "07.6": convolutional_gans.check_6,
    "07.7": convolutional_gans.check_7,
    "08.1": evaluating_generators.check_1,
    "08.2": evaluating_generators.check_2,
    "08.3": evaluating_generators.check_3,
    "08.4": evaluating_generators.check_4,
    "08.5": evaluating_generators.check_5,
    "08.6": evaluating_generators.check_6,
    "08.7": evaluating_generators.check_7,
    "09.1": training_on_gpus.check_1,
    "09.2": training_on_gpus.check_2,
    "09.3": training_on_gpus.check_3,
    "09.4": training_on_gpus.check_4,
    "09.5": training_on_gpus.check_5,
    "09.6": training_on_gpus.check_6,
    "09.7": training_on_gpus.check_7,
    "10.1": pretraining_language_models.check_1,
    "10.2": pretraining_language_models.check_2,
    "10.3": pretraining_language_models.check_3,
    "10.4": pretraining_language_models.check_4,
    "10.5": pretraining_language_models.check_5,
    "10.6": pretraining_language_models.check_6,
    "10.7": pretraining_language_models.check_7,
    "10.8": pretraining_language_models.check_8,
    "10.9": pretraining_language_models.check_9,
    "11.1": fine_tuning.check_1,
    "11.2": fine_tuning.check_2,
    "11.3": fine_tuning.check_3,
    "11.4": fine_tuning.check_4,
    "11.5": fine_tuning.check_5,
    "11.6": fine_tuning.check_6,
    "11.7": fine_tuning.check_7,
    "12.1": reinforcement_learning.check_1,
    "12.2": reinforcement_learning.check_2,
    "12.3": reinforcement_learning.check_3,
    "12.4": reinforcement_learning.check_4,
    "12.5": reinforcement_learning.check_5,
    "12.6": reinforcement_learning.check_6,
    "12.7": reinforcement_learning.check_7,
    "14.1": film_scenes.check_1,
    "14.2": film_scenes.check_2,
    "14.3": film_scenes.check_3,
    "14.4": film_scenes.check_4,
    "14.5": film_scenes.check_5,
    "14.6": film_scenes.check_6,
    "15.1": customer_service.check_1,
    "15.2": customer_service.check_2,
    "15.3": customer_service.check_3,
    "15.4": customer_service.check_4,
    "15.5": customer_service.check_5,
    "15.6": customer_service.check_6,
    "16.1": financial_monitoring.check_1,
    "16.2": financial_monitoring.check_2,
    "16.3": financial_monitoring.check_3,
    "16.4": financial_monitoring.check_4,
    "16.5": financial_monitoring.check_5,
    "16.6": financial_monitoring.check_6,
    "16.7": financial_monitoring.check_7,
    "17.1": recommendation.check_1,
    "17.2": recommendation.check_2,
    "17.3": recommendation.check_3,
    "17.4": recommendation.check_4,
    "17.5": recommendation.check_5,
    "17.6": recommendation.check_6,
    "17.7": recommendation.check_7,
}


def check(name: str, answer: object, **context: Any) -> None:
    """Check an answer, and say what is right about it or wrong with it.

    Args:
        name: the exercise, such as ``"06.1"``: chapter, then number.
        answer: what the exercise asks for: a number, a tensor, a function, ...
        context: whatever else the exercise's checker asks for.

    Raises:
        ValueError: there is no such exercise.
        NotAnswered: the answer is still a placeholder.
        WrongAnswer: the answer is wrong, or it fails when it is used.
    """
    if name not in CHECKERS:
        known = ", ".join(sorted(CHECKERS)) or "none"
        raise ValueError(f"there is no exercise {name!r}; there are: {known}")
    missing = f"… {name} — not answered yet: replace the placeholder, then run this cell again"
    if is_missing(answer):
        raise NotAnswered(missing)
    try:
        why = CHECKERS[name](answer, **context)
    except NotAnswered:
        raise NotAnswered(missing) from None
    except WrongAnswer as wrong:
        raise WrongAnswer(f"✗ {name} — not yet: {wrong}") from None
    except Exception as error:
        # A stub raises it bare; PyTorch says what is not implemented.
        if isinstance(error, NotImplementedError) and not error.args:
            raise NotAnswered(missing) from None
        raise WrongAnswer(
            f"✗ {name} — not yet: using your answer raised {type(error).__name__}: {error}"
        ) from error
    print(f"✓ {name} — correct: {why}")
