"""Let a chat model write two reports of each of seventeen weeks, and check every number.

aigc record 21 news     # about five minutes on one thread, most of it writing
"""

from functools import cache
from itertools import product

from aigc_lib.chapters.ch21_outlook import data, news
from aigc_lib.core.results import Recording
from aigc_lib.pretrained import chat_model

CHOSEN, LONGEST = news.WEEKS[1::3], 130  # every third week; tokens


def main(weeks: int = len(CHOSEN)) -> None:
    """A row for each week and order of the two examples: the report, and what the program found.

    Args:
        weeks: how many, from the first that is chosen on.
    """
    recording = Recording("news", __file__, "aigc record 21 news", key=("week", "last"))
    bikes = data.load()
    load, words = cache(chat_model.load), list(news.EXAMPLES)
    for week, last in recording.missing(list(product(CHOSEN[:weeks], words))):
        figures = news.table(bikes, week)
        order = sorted(words, key=lambda word: word == last)
        shown = [news.table(bikes, news.EXAMPLES[word]) for word in order]
        report = news.whole(load().reply(news.prompt(figures, *shown), LONGEST))
        rows = {"model": news.check(report, figures)._asdict()}
        recording.add({"week": week, "last": last, "report": report, **rows})
    recording.declare(why_none="The template is right by construction; the page says so, and asks "
                      "only how often the model is.")  # fmt: skip
