"""Let a chat model write reports of twenty weeks of figures, and check every number.

aigc record 21 news     # about four minutes on one thread, most of it writing
"""

from functools import cache

from aigc_lib.chapters.ch21_outlook import data, news
from aigc_lib.core.results import Recording
from aigc_lib.pretrained import chat_model

CHOSEN, LONGEST = news.WEEKS[1::3], 130  # every third week; tokens


def main(weeks: int = len(CHOSEN)) -> None:
    """One row a week: the model's report and what the program found in it.

    Args:
        weeks: how many, from the first that is chosen on.
    """
    recording = Recording("news", __file__, "aigc record 21 news", key=("week",))
    bikes = data.load()
    example, load = news.table(bikes, news.EXAMPLE), cache(chat_model.load)
    for week in recording.missing(CHOSEN[:weeks]):
        figures = news.table(bikes, week)
        report = load().reply(news.prompt(figures, example), LONGEST)
        rows = {"model": news.check(report, figures)._asdict()}
        recording.add({"week": week, "report": report, **rows})
    recording.declare(why_none="The template is right by construction; the page says so, and asks "
                      "only how often the model is.")  # fmt: skip
