"""Comparing a reader's answer with the right one, with a hint at the mistake that fits.

The modules of the chapters import from here; ``aigc_lib.exercises`` imports those modules. A
comparison takes ``mistakes``: the wrong answers that an exercise expects, each under the hint that
explains it, ``{"that is the variance: take its root": 4.0}``. A placeholder raises ``NotAnswered``.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


class WrongAnswer(AssertionError):
    """An answer that is not right; its message is the hint. A notebook shows no traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback."""
        return [str(self)]


class NotAnswered(WrongAnswer):
    """There is no answer yet."""


# What a wrong number is of the right one, and the mistake that makes it so.
_FACTORS = (
    (-1.0, "the sign is the other way round"),
    (2.0, "it is twice the right number: is something counted twice?"),
    (0.5, "it is half the right number: is a term or a factor 2 missing?"),
    (1 / math.log(2), "it is in bits; use the natural logarithm (nats)"),
    (math.log(2), "it is log 2 times the right number: which logarithm is it?"),
    (100.0, "it is in per cent; give a fraction"),
    (0.01, "it is a hundredth of the right number: is it per cent?"),
)
Mistakes = Mapping[str, Any]
NONE: Mistakes = {}


def need(holds: object, hint: str) -> None:
    """Raise ``WrongAnswer`` with the hint, unless a condition holds."""
    if not holds:
        raise WrongAnswer(hint)


def is_missing(answer: object) -> bool:
    """Whether the answer is a placeholder: ``None``, ``...`` or ``NotImplemented``."""
    return answer is None or answer is Ellipsis or answer is NotImplemented


def _need_answer(answer: object, what: str) -> None:
    if is_missing(answer):
        raise NotAnswered(f"{what} is not there yet")


def _explain(got: Tensor, want: Tensor, tol: float, mistakes: Mistakes, hint: str) -> str:
    """The first of the exercise's mistakes, or of ``_FACTORS``, that gives ``got``; or the hint."""
    for why, wrong in mistakes.items():
        value = torch.as_tensor(wrong, dtype=torch.float64, device="cpu").detach()
        # Or to a thousandth: the reader may have rounded.
        if float((got - value).abs().max()) <= max(tol, float(value.abs().max()) / 1000):
            return why
    for factor, why in _FACTORS:
        if float((got - factor * want).abs().max()) <= tol < float(want.abs().max()) / 4:
            return why
    return hint


def close(
    answer: object,
    expected: float,
    tol: float = 1e-4,
    hint: str = "check each term by hand",
    what: str = "the answer",
    mistakes: Mistakes = NONE,
) -> None:
    """Pass if a number lies within ``tol`` of ``expected``.

    Args:
        answer: a number, or a tensor or array that holds one.
        expected: the right number; it is not told to the reader.
        tol: absolute distance allowed.
        hint: told if no mistake explains the number.
        what: what the number is, for the message.
        mistakes: wrong numbers, by their hints.

    Raises:
        WrongAnswer: not a number, not finite, or too far away.
    """
    _need_answer(answer, what)
    need(not callable(answer), f"{what} must be a number, and this is a function: call it first")
    try:
        if isinstance(answer, (bool, str)):
            raise TypeError
        plain: Any = answer.detach() if isinstance(answer, Tensor) else answer
        number = float(plain)
    except (TypeError, ValueError, RuntimeError):
        shape = f" of shape {tuple(answer.shape)}" if isinstance(answer, Tensor) else ""
        raise WrongAnswer(
            f"{what} must be one number, and this is a {type(answer).__name__}{shape}"
        ) from None
    if abs(number - expected) <= tol:
        return
    finite = math.isfinite(number)
    need(finite, f"{what} is {number}: look for log(0), a division by 0 or an overflow")
    got, want = torch.tensor([number, expected], dtype=torch.float64)
    why = _explain(got, want, tol, mistakes, hint)
    raise WrongAnswer(f"{what}, {number:.6g}, is not right: {why}")


def numbers(answer: Any, count: int, ask: str) -> list[float]:
    """Pass so many numbers on; anything else raises ``WrongAnswer`` with the message ``ask``."""
    _need_answer(answer, "the answer")
    try:
        found = [float(number) for number in answer]
    except (TypeError, ValueError):
        raise WrongAnswer(ask) from None
    need(len(found) == count, ask)
    return found


def same_shape(answer: object, shape: tuple[int, ...], what: str = "the answer") -> Tensor:
    """Pass a tensor of the given shape on; name the usual slip if the shape is another.

    Raises:
        WrongAnswer: not a tensor, or another shape.
    """
    _need_answer(answer, what)
    if not isinstance(answer, Tensor):
        raise WrongAnswer(f"{what} must be a torch.Tensor, and this is a {type(answer).__name__}")
    found = tuple(answer.shape)
    if found == shape:
        return answer
    if len(found) > 1 and found == shape[::-1]:
        slip = "; it seems transposed"
    elif [n for n in found if n != 1] == [n for n in shape if n != 1]:
        slip = "; a dimension of size 1 is too many or missing (unsqueeze, flatten, view)"
    elif found[1:] == shape:
        slip = "; the batch dimension should be gone: is a mean or a sum missing?"
    elif found == shape[1:]:
        slip = "; the batch dimension is missing: was it reduced away?"
    else:
        slip = ""
    raise WrongAnswer(f"{what} has shape {found} and should have {shape}{slip}")


def same_tensor(
    answer: object,
    expected: Tensor,
    tol: float = 1e-5,
    hint: str = "check it",
    what: str = "the answer",
    mistakes: Mistakes = NONE,
) -> None:
    """Pass if shape and dtype are equal and no element is further off than ``tol``.

    The arguments are those of ``close``; a mistake may be what broadcasts to ``expected``.

    Raises:
        WrongAnswer: anything differs; the message says what, and where it differs most.
    """
    tensor = same_shape(answer, tuple(expected.shape), what)
    same_type = tensor.dtype == expected.dtype
    need(same_type, f"{what} has dtype {tensor.dtype} and should have {expected.dtype}")
    got, want = tensor.detach().cpu().double(), expected.detach().cpu().double()
    finite = got.isfinite().all() or not want.isfinite().all()
    need(finite, f"{what} holds NaN or infinity: look for log(0) or a division by 0")
    off = (got - want).abs()
    if not off.numel() or float(off.max()) <= tol:
        return
    position = tuple(int(i) for i in torch.unravel_index(off.argmax(), off.shape))
    where = f"; it is off most at index {position}, by {float(off.max()):.3g}" if position else ""
    why = _explain(got, want, tol, mistakes, hint)
    raise WrongAnswer(f"{what} is not right: {why}{where}")


def equal(
    answer: object, expected: object, hint: str, what: str = "it", mistakes: Mistakes = NONE
) -> None:
    """Pass if a whole number, a word, a list or the like equals ``expected``.

    Raises:
        WrongAnswer: it does not; the message names the answer, and the mistake that it equals.
    """
    if answer == expected:
        return
    _need_answer(answer, what)
    why = next((why for why, wrong in mistakes.items() if answer == wrong), hint)
    raise WrongAnswer(f"{what} is not {answer!r}: {why}")


def is_function(answer: object, parameters: int | None = None) -> Callable[..., Any]:
    """Pass a function on.

    Args:
        answer: what the reader gave.
        parameters: how many positional arguments it must accept; None for any number.

    Raises:
        WrongAnswer: not callable, or it cannot be called with so many arguments.
    """
    _need_answer(answer, "the function")
    if not callable(answer):
        raise WrongAnswer(
            f"give the function itself, f and not f(x); this is a {type(answer).__name__}"
        )
    if parameters is not None:
        try:
            inspect.signature(answer).bind(*range(parameters))
        except TypeError:
            raise WrongAnswer(
                f"the function must accept {parameters} arguments; "
                f"its own are {inspect.signature(answer)}"
            ) from None
    return answer
