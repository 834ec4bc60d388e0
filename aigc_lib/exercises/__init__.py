"""Checks of the reader's answers: ``check("06.1", answer)`` in a chapter.

Each chapter with exercises has a module here, with a function ``check_N(answer)`` for exercise N.
It returns one sentence that says why the answer is right, or raises ``WrongAnswer`` with a hint
that leads on without giving the solution away.
"""

from collections.abc import Callable
from typing import Any

from aigc_lib.exercises import adversarial_objective, first_gan, training_dynamics
from aigc_lib.exercises.compare import NotAnswered, WrongAnswer, is_missing

__all__ = ["CHECKERS", "NotAnswered", "WrongAnswer", "check"]

# Exercise -> its checker, such as "06.1": first_gan.check_1.
CHECKERS: dict[str, Callable[..., str]] = {
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
    "06.1": first_gan.check_1,
    "06.2": first_gan.check_2,
    "06.3": first_gan.check_3,
    "06.4": first_gan.check_4,
    "06.5": first_gan.check_5,
    "06.6": first_gan.check_6,
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
