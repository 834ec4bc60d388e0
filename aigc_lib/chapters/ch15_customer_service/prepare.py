"""All sentences that this chapter embeds."""

from aigc_lib.chapters.ch15_customer_service import app, faq_task, intent_task, reply_selection


def prepare() -> None:
    """All sentences that this chapter embeds."""
    data = faq_task.load()
    data.points("answer")
    data.points("swedish", "test")
    for part in data.parts:
        data.points("question", part)
    faq_task.reworded(data)
    for sentences in intent_task.load().values():
        sentences.points()
    reply_selection.known_replies()
    app.desk("en")
