"""All news reports that this chapter embeds."""

from aigc_lib.chapters.ch16_financial_monitoring import corpus


def prepare() -> None:
    """All news reports that this chapter embeds."""
    corpus.load().points()
