"""The weights of the chat model, converted once."""

from aigc_lib.pretrained import chat_model


def prepare() -> None:
    """The weights of the chat model, converted once."""
    chat_model.load()
