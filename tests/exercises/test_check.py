"""``check`` and the comparisons behind it, with exercises made up for the purpose."""

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from aigc_lib import exercises
from aigc_lib.exercises import check
from aigc_lib.exercises.compare import (
    NotAnswered,
    WrongAnswer,
    close,
    equal,
    is_function,
    need,
    numbers,
    same_shape,
    same_tensor,
)

BOOK = {name: exercises.checkers(name[:2])[name] for name in exercises.exercises()}


def check_square(answer, power=2):
    f = is_function(answer, parameters=1)
    for x in (0.0, 1.0, 3.0):
        close(f(x), x**power, what=f"f({x:g})", hint="multiply x by itself")
    return "every x is multiplied by itself."


@pytest.fixture(autouse=True)
def dummy(monkeypatch):
    room = SimpleNamespace(check_1=check_square, check_2=lambda a: "fine.")
    monkeypatch.setattr(exercises, "rooms_with", lambda part: ["99"])
    monkeypatch.setattr(exercises, "load_part", lambda number, part: room)


def test_a_right_answer_says_why(capsys):
    check("99.1", lambda x: x * x)
    assert capsys.readouterr().out == "✓ 99.1 — correct: every x is multiplied by itself.\n"


def test_context_reaches_the_checker(capsys):
    check("99.1", lambda x: x**3, power=3)
    assert "✓ 99.1" in capsys.readouterr().out


def test_a_wrong_answer_raises_a_hint_and_prints_nothing(capsys):
    with pytest.raises(WrongAnswer, match=r"^✗ 99\.1 — not yet: f\(3\), 6, .*multiply x by itself"):
        check("99.1", lambda x: x * (x + 1) / 2 if x < 2 else 2 * x)
    assert capsys.readouterr().out == ""


def stub(x):
    raise NotImplementedError()


@pytest.mark.parametrize("placeholder", [None, ..., NotImplemented, stub, lambda x: None])
def test_placeholders_are_not_answered_yet(placeholder, capsys):
    with pytest.raises(NotAnswered, match=r"99\.1 — not answered yet"):
        check("99.1", placeholder)
    assert capsys.readouterr().out == ""


def unfinished(x):
    raise NotImplementedError("no kernel for this dtype")


@pytest.mark.parametrize(
    ("answer", "said"),
    [(lambda x: 1 / x, "ZeroDivisionError"), (unfinished, "no kernel for this dtype")],
)
def test_an_answer_that_crashes_is_a_wrong_answer_that_names_the_error(answer, said):
    with pytest.raises(WrongAnswer, match=said) as caught:
        check("99.1", answer)
    assert not isinstance(caught.value, NotAnswered)
    assert caught.value.__cause__ is not None


def test_a_missing_package_is_not_the_answers_fault():
    def needy(_):
        raise ModuleNotFoundError("No module named 'scipy'")

    with pytest.raises(ModuleNotFoundError, match="scipy"):
        check("99.1", needy)


def test_an_unknown_exercise_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no exercise '99\.7'; there are: 99\.1, 99\.2"):
        check("99.7", 1)


def test_a_notebook_shows_the_message_and_no_traceback(tmp_path, monkeypatch):
    ipython = pytest.importorskip("IPython.core.interactiveshell")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = ipython.InteractiveShell.instance(history_length=0)
    shell.history_manager.enabled = False
    shown = []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, value, lines: shown.extend(lines))
    try:
        shell.run_cell("from aigc_lib.exercises import WrongAnswer\nraise WrongAnswer('a hint')")
    finally:
        ipython.InteractiveShell.clear_instance()
    assert shown == ["a hint"]


@pytest.mark.parametrize(
    "value", [2.0, 2.00009, np.float64(2), torch.tensor([2.0], requires_grad=True)]
)
def test_close_accepts(value):
    close(value, 2.0, tol=1e-4)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (2.0003, "look again"),
        (-2.0, "sign"),
        (4.0, "twice"),
        (1.0, "half"),
        (2 / math.log(2), "bits"),
        (2 * math.log(2), "which logarithm"),
        (200.0, "per cent"),
        (math.nan, "nan: look for"),
        (math.inf, "inf: look for"),
        ("2", "is a str"),
        (True, "is a bool"),
        (torch.zeros(2, 3), "Tensor of shape (2, 3)"),
        (lambda: 2.0, "call it first"),
    ],
)
def test_close_refuses_with_the_hint_that_fits(value, hint):
    with pytest.raises(WrongAnswer, match=re.escape(hint)):
        close(value, 2.0, tol=1e-4, hint="look again")


def test_close_does_not_guess_factors_of_zero():
    with pytest.raises(WrongAnswer, match="look again"):
        close(1e-3, 0.0, hint="look again")


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((3, 4), "transposed"),
        ((4, 3, 1), "size 1"),
        ((8, 4, 3), "should be gone"),
        ((3,), "reduced away"),
        ((5, 5), "has shape (5, 5) and should have (4, 3)"),
    ],
)
def test_shape_slips_are_named(shape, hint):
    with pytest.raises(WrongAnswer, match=re.escape(hint)):
        same_shape(torch.zeros(shape), (4, 3))
    assert same_shape(torch.zeros(4, 3), (4, 3)).shape == (4, 3)


def test_tensors_are_compared_element_by_element():
    want = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    same_tensor(want + 9e-6, want)
    off = want.clone()
    off[1, 0] += 1e-3
    for answer, hint in [
        (off, r"index \(1, 0\), by 0\.001"),
        (-want, "sign"),
        (2 * want, "twice"),
        (want.double(), "dtype torch.float64"),
        (want / 0, "NaN or infinity"),
        ([[1.0, 2.0], [3.0, 4.0]], "must be a torch.Tensor"),
    ]:
        with pytest.raises(WrongAnswer, match=hint):
            same_tensor(answer, want)
    with pytest.raises(NotAnswered):
        same_tensor(None, want)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (4.0, "the variance"),  # and not "twice"
        (3.997, "the variance"),  # rounded
        (3.99, "look again"),
        (0.0, "nothing at all"),
        (5e-5, "nothing at all"),
        (5e-3, "look again"),
        (200.0, "per cent"),
    ],
)
def test_an_expected_mistake_gets_its_own_hint(value, hint):
    mistakes = {"that is the variance": 4.0, "that is nothing at all": torch.tensor(0)}
    with pytest.raises(WrongAnswer, match=f"the spread, .* is not right: .*{hint}"):
        close(value, 2.0, hint="look again", what="the spread", mistakes=mistakes)


def test_what_is_right_is_no_mistake():
    close(2.0, 2.0, mistakes={"that is something else": 2.0})
    same_tensor(torch.ones(2), torch.ones(2), mistakes={"that is something else": torch.ones(2)})
    equal("a", "a", hint="look again", mistakes={"that is something else": "a"})


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (torch.tensor([3.0, 1.0]), "the wrong end"),
        (torch.tensor([2.0, 2.0]), "their mean"),  # a number stands for a whole tensor of it
        (torch.tensor([2.0, 2.1]), r"look again; it is off most at index \(0,\), by 1"),
        (torch.tensor([-1.0, -3.0]), "sign"),
    ],
)
def test_an_expected_wrong_tensor_gets_its_own_hint(answer, hint):
    mistakes = {"begin at the wrong end": [3.0, 1.0], "that is their mean": 2.0}
    with pytest.raises(WrongAnswer, match=hint):
        same_tensor(answer, torch.tensor([1.0, 3.0]), hint="look again", mistakes=mistakes)


def test_words_lists_and_whole_numbers_are_equal_or_not():
    for value in ("b", 3, [1, 2], (1, 2), True):
        equal(value, value, hint="look again")
    mistakes = {"that is the first": "a", "that is the last": "c"}
    for answer, said in (
        ("a", "the letter is not 'a': that is the first"),
        ("c", "the letter is not 'c': that is the last"),
        (["b"], "the letter is not ['b']: look again"),
    ):
        with pytest.raises(WrongAnswer, match=f"^{re.escape(said)}$"):
            equal(answer, "b", hint="look again", what="the letter", mistakes=mistakes)
    with pytest.raises(NotAnswered):
        equal(None, "b", hint="look again")
    equal(None, None, hint="look again")


@pytest.mark.parametrize("pair", [(1, 2.5), [1, 2.5], torch.tensor([1, 2.5]), np.array([1, 2.5])])
def test_so_many_numbers_are_passed_on(pair):
    assert numbers(pair, 2, "give a pair") == [1.0, 2.5]


@pytest.mark.parametrize("answer", [1.0, (1.0,), (1.0, 2.0, 3.0), ("a", "b"), torch.tensor(1.0)])
def test_anything_but_so_many_numbers_is_asked_for_again(answer):
    with pytest.raises(WrongAnswer, match=r"^give a pair$") as caught:
        numbers(answer, 2, "give a pair")
    assert not isinstance(caught.value, NotAnswered)


def test_no_numbers_are_no_answer():
    with pytest.raises(NotAnswered):
        numbers(None, 2, "give a pair")


def test_what_is_needed_is_said():
    need([0], "give something")
    for holds in (False, None, [], torch.tensor(False)):
        with pytest.raises(WrongAnswer, match=r"^give something$"):
            need(holds, "give something")


def test_functions_are_told_from_their_results():
    assert is_function(len)([1, 2]) == 2
    for answer, hint in [(3.0, r"f and not f\(x\)"), (lambda a, b: a, "must accept 1 arguments")]:
        with pytest.raises(WrongAnswer, match=hint):
            is_function(answer, parameters=1)


def test_every_checker_of_the_book_is_named_after_its_chapter():
    for name, checker in BOOK.items():
        assert re.fullmatch(r"\d\d\.\d+", name), name
        assert checker.__name__ == f"check_{name.split('.')[1]}", name
