"""Checks of the reader's answers: ``check("06.1", answer)`` in a chapter.

A chapter's room has a module ``exercises``, with a function ``check_N(answer)`` for exercise N. It
returns one sentence that says why the answer is right, or raises ``WrongAnswer`` with a hint
that leads on without giving the solution away.

compare.py  comparing answers, with a hint at the mistake that fits; WrongAnswer
zh.po       what all checks say, in Chinese; what a chapter's say is in its room's zh.po
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

from aigc_lib.core.rooms import load_part, rooms_with
from aigc_lib.core.words import say
from aigc_lib.exercises.compare import NotAnswered, WrongAnswer, is_missing

UNANSWERED = "… {name} — not answered yet: replace the placeholder, then run this cell again"


def checkers(chapter: str) -> dict[str, Callable[..., str]]:
    """The exercises of a chapter, such as ``"06.1"``, and the function that checks each.

    Raises:
        ValueError: the chapter has no exercises.
    """
    found = inspect.getmembers(load_part(chapter, "exercises"), inspect.isfunction)
    numbers = {re.fullmatch(r"check_(\d+)", name): function for name, function in found}
    return {f"{chapter}.{match[1]}": each for match, each in numbers.items() if match}


def exercises() -> list[str]:
    """The names of all exercises of the book, in order."""
    return [name for number in rooms_with("exercises") for name in checkers(number)]


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
        ModuleNotFoundError: a package is missing that this exercise needs.
    """
    chapter = name.partition(".")[0]
    known = checkers(chapter) if chapter in rooms_with("exercises") else {}
    if name not in known:
        there = ", ".join(known or exercises())
        raise ValueError(f"there is no exercise {name!r}; there are: {there}")
    missing = _said(UNANSWERED, name=name)
    if is_missing(answer):
        raise NotAnswered(missing)
    try:
        why = known[name](answer, **context)
    except NotAnswered:
        raise NotAnswered(missing) from None
    except WrongAnswer as wrong:
        raise WrongAnswer(_said("✗ {name} — not yet: {hint}", name=name, hint=wrong)) from None
    except ModuleNotFoundError:
        raise  # a package that the exercise needs is missing: no fault of the answer
    except Exception as error:
        # A stub raises it bare; PyTorch says what is not implemented.
        if isinstance(error, NotImplementedError) and not error.args:
            raise NotAnswered(missing) from None
        hint = _said("using your answer raised {kind}: {error}", kind=type(error).__name__,
                     error=error)  # fmt: skip
        raise WrongAnswer(_said("✗ {name} — not yet: {hint}", name=name, hint=hint)) from error
    print(_said("✓ {name} — correct: {why}", name=name, why=why))


def _said(frame: str, **fields: object) -> str:
    """A message in the reader's language, of a frame and what stands in its fields."""
    return say(frame).format(**{name: say(str(value)) for name, value in fields.items()})
