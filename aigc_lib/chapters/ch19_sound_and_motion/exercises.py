"""Checks for chapter 19, "Sound and motion"."""

from typing import Any

import torch

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers, same_tensor


def check_1(answer: object) -> str:
    """How many thirty-seconds the last bar of a 3/4 tune with an upbeat of a quarter may hold."""
    mistakes = {"the upbeat and the last bar together are full: what is missing to 24?": [8, 24],
                "a bar of 3/4 holds 24 thirty-seconds, not 32": [24, 32]}  # fmt: skip
    hint = "a full bar, or what the upbeat of 8 leaves of it"
    found = sorted(int(x) for x in numbers(answer, 2, "give two numbers of thirty-seconds"))
    equal(found, [16, 24], hint=hint, what="the pair", mistakes=mistakes)
    return "24, or 24 - 8 = 16: then the upbeat and the last bar make one bar together"


def check_2(answer: object) -> str:
    """The energy distance of two lists of numbers, over all pairs."""
    distance = is_function(answer, 2)
    for x, y in (([0.0, 1.0], [0.0, 1.0]), ([0.0, 2.0, 4.0], [5.0]), ([1.0, 1.0], [4.0, 4.0])):
        between, *within = ((torch.tensor(a)[:, None] - torch.tensor(b)).abs().mean().item()
                            for a, b in ((x, y), (x, x), (y, y)))  # fmt: skip
        want, means = 2 * between - sum(within), sum(x) / len(x) - sum(y) / len(y)
        mistakes = {
            "the distance of the means does not see how the numbers are spread": abs(means),
            "the mean distance between the lists counts twice": between - sum(within),
            "subtract the mean distances within each list": 2 * between}  # fmt: skip
        wrong = {why: value for why, value in mistakes.items() if abs(value - want) > 1e-6}
        close(distance(x, y), want, tol=1e-5, hint="three means over all pairs, as in the formula",
              what=f"the distance of {x} and {y}", mistakes=wrong)  # fmt: skip
    return "0 for equal lists, and the more, the less the two mix"


def check_3(answer: object) -> str:
    """What a tone of 5,000 Hz is heard as at 8,000 samples a second."""
    mistakes = {"that is the tone itself, which 8,000 samples a second cannot hold": 5000.0,
                "it is folded at half the rate: as far below 4,000 as it was above": 1000.0,
                "that is half the rate, the limit; the tone is folded at it": 4000.0}  # fmt: skip
    close(answer, 3000.0, tol=0.5, hint="use the theorem with m = 1", what="it", mistakes=mistakes)
    return "8,000 - 5,000 = 3,000 Hz: a false tone; so multiples above 4,000 were left out"


def check_4(answer: object) -> str:
    """The longest run of moves that two melodies share."""
    longest = is_function(answer, 2)
    cases = [([2, 2, 1, 5, 3], [9, 0, 2, 1, 5], 3), ([1, 2], [3, 4], 0), ([7, 7, 7], [7, 7], 2),
             ([1, 2, 3], [1, 9, 2, 9, 3], 1), ([], [1], 0)]  # fmt: skip
    for one, other, want in cases:
        same = sum(a == b for a, b in zip(one, other, strict=False)) if want == 3 else -1
        mistakes = {
            "the moves must follow each other without a gap in both": 3 if want == 1 else -1,
            "that counts the places where both have the same move; runs may be shifted": same,
        }
        hint = "try every start in both, and go on as long as they agree"
        equal(longest(one, other), want, hint, f"for {one} and {other} the run", mistakes)
    return "every pair of starts is tried; the library's Runs looks at four moves first, for speed"


def _pair(answer: Any, ask: str, choice: str, wrong: dict[str, str], hint: str) -> Any:
    """The number of an answer, which is a choice and a number, once the choice is right."""
    need(isinstance(answer, tuple) and len(answer) == 2, ask)
    equal(answer[0], choice, hint, "the choice", wrong)
    return answer[1]


def check_5(answer: Any) -> str:
    """Which writer of the table copies, and which number says so."""
    mistakes = {"B's runs are as long as those of tunes that nobody copied": "B",
                "C is near the real tunes in statistics, and its runs are short": "C"}  # fmt: skip
    ask = "give a pair: the writer ('A', 'B' or 'C') and a fraction such as 0.5"
    hint = "compare the runs with those of real tunes, not the statistics"
    number = _pair(answer, ask, "A", mistakes, hint)
    close(number, 0.06, tol=1e-6, hint="the floor is the row of real tunes", what="the floor",
          mistakes={"that is the copier's own share": 0.31})  # fmt: skip
    return "A has the best statistics because it copies: 31 % of its tunes, real ones 6 %"


def check_6(answer: object) -> str:
    """Whether every sample lies in a frame where the window is not 0."""
    invertible = is_function(answer, 2)
    hann, box = torch.hann_window(8, dtype=torch.float64), torch.ones(8, dtype=torch.float64)
    gap = torch.tensor([1.0, 0, 0, 0, 1, 0, 0, 0], dtype=torch.float64)
    cases = [(hann, 4, True), (hann, 8, False), (box, 8, True), (box, 9, False), (gap, 4, False),
             (gap, 1, True), (hann, 7, True)]  # fmt: skip
    for window, hop, want in cases:
        name = f"for a window {[round(v, 2) for v in window.tolist()]} and hop {hop} it"
        hint = "sum the squared windows of all frames that hold a sample; none may be 0"
        equal(bool(invertible(window, hop)), want, hint, name)
    return "the sum of the squared windows must be positive everywhere: then one divides by it"


def check_7(answer: object) -> str:
    """Where a ball is that flew ``way`` between walls at 0 and ``room``."""
    way = torch.tensor([0.0, 3, 18, 20, 36, 40, -5, -20, 95.5], dtype=torch.float64)
    want = 18 - ((way % 36) - 18).abs()
    mistakes = {"at the wall it turns; it does not come out on the other side": way % 18,
                "it starts at the wall at 0, and that one starts at the other": 18 - want,
                "at the wall it turns; it does not stop": way.clamp(0, 18)}  # fmt: skip
    same_tensor(is_function(answer, 2)(way, 18.0), want, hint="a zigzag with period 2 * room",
                what="the place", mistakes=mistakes)  # fmt: skip
    return "room - |way mod 2 room - room|: up to the wall and back, for any way, negative too"


def check_8(answer: Any) -> str:
    """Which predictor to use for a film of 20 frames, and why not the one of least next error."""
    mistakes = {
        "its next frame is best, but the digit must still be read after 20": "regression",
        "a still picture keeps the digit and never moves: look at the place": "copy",
    }
    ask = "give the name and the number that decides, such as ('shift', 0.3)"
    hint = "asked for is a digit that can be read *and* is in its place at the end"
    number = _pair(answer, ask, "tracker", mistakes, hint)
    close(number, 1.2, tol=1e-6, hint="its distance from the place after 20 frames",
          what="the number", mistakes={"that is the error of the next frame": 2.1})  # fmt: skip
    return "1.2 pixels off and 90 % read: a small error of the next frame did not promise it"
