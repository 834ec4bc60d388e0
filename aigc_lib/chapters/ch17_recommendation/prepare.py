"""All films that this chapter embeds."""

from aigc_lib.chapters.ch17_recommendation import experiment


def prepare() -> None:
    """All films that this chapter embeds."""
    experiment.load()
