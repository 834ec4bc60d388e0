"""Let a chat model write reports of twenty weeks of figures, and check every number.

aigc record 21 news     # about four minutes on one thread, most of it writing
"""

from aigc_lib.chapters.ch21_outlook import data, news
from aigc_lib.core.results import Recording
from aigc_lib.pretrained import chat_model

CHOSEN, LONGEST = news.WEEKS[1::3], 130  # every third week; tokens


def main() -> None:
    """One row a week: the model's report and what the program found in it."""
    recording = Recording("news", __file__, "aigc record 21 news", key=("week",))
    bikes = data.load()
    left = [week for week in CHOSEN if week not in {row["week"] for row in recording.rows}]
    example = news.table(bikes, news.EXAMPLE)
    chat = chat_model.load() if left else None
    for week in recording.missing(left):
        assert chat is not None
        figures = news.table(bikes, week)
        report = chat.reply(news.prompt(figures, example), LONGEST)
        rows = {"model": news.check(report, figures)._asdict()}
        recording.add({"week": week, "report": report, **rows})
    recording.declare(why_none="The template is right by construction; the page says so, and asks "
                      "only how often the model is.")  # fmt: skip
