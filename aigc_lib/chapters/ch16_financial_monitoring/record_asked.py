"""Ask a language model for the topics of chapter 16's news, beside what is trained on few labels.

    aigc record 16 asked     # on one thread about ten minutes, nearly all of them reading

All are judged on the same 150 reports, drawn once from the test part. The wording, and how names
are compared, are chosen on 60 reports from between training and test; for ten examples, with a
draw of examples that the test does not use.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch16_financial_monitoring import corpus as newsroom
from aigc_lib.chapters.ch16_financial_monitoring import few_labels
from aigc_lib.chapters.ch16_financial_monitoring import topic_prompting as prompting
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.pretrained import chat_model
from aigc_lib.pretrained.sentence_embedder import embed

ASKED = {"valid": 60, "test": 150}  # reports to name
TRAINED = few_labels.METHODS[:3]
CHOSEN = (("centres", 0), ("asked", 0), ("asked", 10))  # how, and labels: what has wordings
WEIGHT = 3.0  # of a name among the stories of a centre: of 0, 1, 3, 10 the best in `valid`
Row = dict[str, Any]
load = cache(chat_model.load)


def sample(corpus: newsroom.Corpus, part: str) -> Tensor:
    """Places in ``corpus.where(part)`` of the stories that are to be named."""
    places = torch.randperm(len(corpus.where(part)), generator=torch.Generator().manual_seed(0))
    return places[: ASKED[part]]


def examples(corpus: newsroom.Corpus, n: int, draw: int) -> list[tuple[str, int]]:
    """The n labelled stories of a draw, as the trained methods get them, in an order by chance."""
    if not n:
        return []
    rows = newsroom.few(corpus, n, draw)
    rows = rows[torch.randperm(n, generator=torch.Generator().manual_seed(draw))]
    return [(corpus.texts[i], int(corpus.topic[i])) for i in rows.tolist()]


def untrained(
    corpus: newsroom.Corpus, how: str, wording: str, texts: Sequence[str], n: int, draw: int
) -> tuple[dict[str, Tensor], list[float]]:
    """Topics (N,) by each way to compare names, and the names' scores after an empty story."""
    asked = prompting.WORDINGS[wording]
    if how == "centres":
        rows = newsroom.few(corpus, n, draw) if n else torch.empty(0, dtype=torch.int64)
        names, shown = embed(asked.sentences(), longest=newsroom.LONGEST), corpus.points()[rows]
        centres = few_labels.centres(names, WEIGHT, shown, corpus.topic[rows])
        return {"cosine": (embed(texts, longest=newsroom.LONGEST) @ centres.T).argmax(1)}, []
    asker = prompting.Asker(load(), asked, examples(corpus, n, draw))
    empty, scores = asker(""), torch.stack([asker(text) for text in texts])
    ways = prompting.rankings(scores, empty, asker.lengths)
    return {way: each.argmax(1) for way, each in ways.items()}, empty.tolist()


def chosen(rows: Sequence[Row], how: str, n: int) -> tuple[str, str]:
    """The wording and the way to compare names that were best where one chooses."""
    n = 0 if how == "centres" else n
    tried = [r for r in rows if (r["part"], r["how"], r["labels"]) == ("valid", how, n)]
    best = max(tried, key=lambda row: float(row["right"]))
    return best["wording"], best["way"]


def measured(
    corpus: newsroom.Corpus, rows: Sequence[Row], part: str, how: str, n: int, draw: int
) -> Iterator[Row]:
    """The rows of a run: all wordings where one chooses, the chosen one in the test."""
    places = sample(corpus, part)
    asked = corpus.where(part)[places]
    texts, truth = [corpus.texts[i] for i in asked.tolist()], corpus.topic[asked]
    best = ("", "") if how in TRAINED else chosen(rows, how, n) if part == "test" else None
    for wording in [best[0]] if best else prompting.WORDINGS:
        start, empty = time.process_time(), list[float]()
        if how in TRAINED:
            found = {"": few_labels.guesses(corpus, how, n, draw)[places]}
        else:
            found, empty = untrained(corpus, how, wording, texts, n, draw)
        spent = 1000 * (time.process_time() - start) / len(texts)
        for way, guess in found.items():
            if best and way != best[1]:
                continue
            hits = (guess == truth).int().tolist()
            yield {
                "part": part, "how": how, "labels": n, "draw": draw, "wording": wording, "way": way,
                "right": sum(hits) / len(hits), "hits": "".join(map(str, hits)),
                "ms": round(spent, 1), "empty": [round(score, 3) for score in empty],
            }  # fmt: skip


def contest(rows: Sequence[Row], draws: int) -> Contest:
    """Who is best with ten labels, or with none, in the mean over the draws."""

    def scores(how: str, n: int) -> list[float]:
        found = [r["right"] for r in rows if (r["part"], r["how"], r["labels"]) == ("test", how, n)]
        return found * (draws if len(found) == 1 else 1)

    why = "Nothing is trained, or it is fitted to the end."
    everyone = {
        f"{how}, {n}": Contestant(
            sum((r["part"], r["how"], r["labels"]) == ("valid", how, n) for r in rows) or 8,
            chosen(rows, how, n), scores(how, n), why=why,
        )
        for how, n in (*CHOSEN, ("centres", 10))
    }  # fmt: skip
    why = "Its steps were picked out of a dozen combinations, see the record `finance`."
    for how, settings in (("words", 0), ("embedding", 0), ("network", 12)):
        everyone[f"{how}, 10"] = Contestant(settings, None, scores(how, 10), why=why)
    ranks = sorted(everyone, key=lambda name: -sum(everyone[name].scores))
    against = next(name for name in ranks[1:] if ("asked" in name) != ("asked" in ranks[0]))
    return Contest(
        "topics with ten labels or none", "topics right, share", "higher",
        "reports from between training and test", "150 reports of the test part", everyone,
        {"best": ranks[0], "against": against}, baseline="words, 10",
        unequal="The regressions were not tuned; whoever is asked had wordings to choose from.",
    )  # fmt: skip


def main(draws: int = 5) -> None:
    """Record what every way to name topics gets right.

    Args:
        draws: of the labelled reports, from 0 on; the next one serves to choose the wording.
    """
    torch.set_num_threads(1)
    corpus, command = newsroom.load(), f"aigc record 16 asked --draws {draws}"
    recording = Recording("asked", __file__, command, key=("part", "how", "labels", "draw"))
    trained = itertools.product((*TRAINED, "centres"), few_labels.SIZES)
    runs = [("valid", how, n, draws if n else 0) for how, n in CHOSEN]
    runs += [
        ("test", how, n, d) for how, n in (*CHOSEN, *trained) for d in range(draws if n else 1)
    ]
    for run in recording.missing(runs):
        recording.add(*list(measured(corpus, recording.rows, *run)))
    recording.declare(contest(recording.rows, draws))
