"""Every verdict is fair: the rule for the library's records, which ``tools.lint_house`` applies.

A record declares the contests that it decides (``aigc_lib.core.contest``), or says why there are
none. Refused is a contest whose settings were chosen on the test's data or in unequal numbers,
whose best was still learning, or that leaves out a fact.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aigc_lib.core.contest import Contest, Contestant

ENDED = 0.10  # a curve has ended if its last quarter made at most this share of its gain
# Records of comparisons that do not declare yet what they rest on. This list only gets shorter.
UNDECLARED = {
    "answering", "contest", "finance", "quality",
    "recommendation", "recommendation-choices", "recommendation-fresh", "scenes",
}  # fmt: skip


def records(root: Path) -> Iterator[str]:
    """Every record declares its contests, each of them fair, or stands on the list."""
    found = {path.stem: path for path in sorted((root / "aigc_lib").glob("**/results/*.json"))}
    for name in sorted(UNDECLARED - found.keys()):
        yield f"there is no record {name}: take it off the list of undeclared ones"
    for name, path in found.items():
        content = json.loads(path.read_text(encoding="utf8"))
        contests, why = content.get("contests"), content.get("why_none")
        if contests is None and name not in UNDECLARED:
            yield f"{name} does not declare its contests, nor why it has none"
        elif contests is not None and name in UNDECLARED:
            yield f"{name} declares its contests: take it off the list of undeclared ones"
        elif contests is not None and bool(contests) == bool(why):
            yield f"{name} needs contests, or else a sentence `why_none`"
        names = [str(told.get("name")) for told in contests or []]
        for told, each in zip(contests or [], names, strict=True):
            yield from (f"{name}, contest {each!r}: {fault}" for fault in faults(told))
            if names.count(each) > 1:
                yield f"{name} has several contests of the name {each!r}"


def faults(told: dict[str, Any]) -> Iterator[str]:
    """What makes a declared verdict unfair, or leaves a fact out: a sentence each."""
    try:
        everyone = {name: Contestant(**each) for name, each in told["contestants"].items()}
        contest = Contest(**told | {"contestants": everyone})
        difference = told["verdict"]["difference"]
    except (TypeError, ValueError, LookupError) as error:
        yield f"a fact is missing: {error}"
        return
    if not all((contest.measure, contest.chosen_on, contest.tested_on)):
        yield "measure, chosen_on and tested_on are not all told"
    elif f" {contest.tested_on.lower()} " in f" {contest.chosen_on.lower()} ":
        yield f"settings were chosen on the test's data, {contest.tested_on!r}"
    quarters = {name: each.get("last_quarter", "") for name, each in told["contestants"].items()}
    if (quarters != {name: each.last_quarter for name, each in everyone.items()}
            or not np.allclose(difference, contest.verdict["difference"])
            or not difference[1] <= difference[0] <= difference[2]):  # fmt: skip
        yield "its difference or a last quarter is not that of its scores and curves"
    yield from _scores(contest)
    yield from _tuning(contest)


def _scores(contest: Contest) -> Iterator[str]:
    sign = 1 if contest.better == "higher" else -1
    means = {name: sign * float(np.mean(each.scores)) for name, each in contest.contestants.items()}
    best = max(means, key=lambda name: means[name])
    if means[contest.verdict["best"]] < means[best]:
        yield f"{best!r} has a better mean than the best, {contest.verdict['best']!r}"
    seeds = min(len(each.scores) for each in contest.contestants.values())
    if seeds < (3 if contest.verdict["over"] == "seeds" else 1):
        yield f"{seeds} seeds are too few: at least 3"
    for line in (contest.floor, contest.baseline):
        if isinstance(line, str) and line not in contest.contestants:
            yield f"floor and baseline are contestants or scores, not {line!r}"


def _tuning(contest: Contest) -> Iterator[str]:
    everyone = contest.contestants
    given = {name: each.settings for name, each in everyone.items()}
    alone = [name for name, each in everyone.items() if each.curve and each.settings < 2]
    if (len(set(given.values())) > 1 or alone) and not contest.unequal:
        yield f"unequal or single numbers of settings, and no sentence `unequal`: {given}"
    for name, each in everyone.items():
        share = each.last_quarter
        if each.curve is None:
            if not each.why:
                yield f"{name!r} has neither a curve nor a sentence why"
        elif share is None or share > ENDED:
            said = f"{name!r} was still learning: the last quarter made {share} of its gain"
            if name == contest.verdict["best"]:
                yield f"the best, {said}"
            elif not each.why:
                yield f"{said}, and no sentence `why` tells what the verdict then means"
