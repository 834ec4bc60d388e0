"""Endless windows of a text, which lie on the device together with it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class TokenBatches:
    """Random windows of a text, for ever: inputs (B, T) and, one token later, targets (B, T).

    Args:
        tokens: the text as int64 (N,), on the device where training runs.
        batch: windows side by side.
        context: tokens in a window.
        seed: of the windows' places.

    Raises:
        ValueError: the text is shorter than one window and its last target.
    """

    def __init__(self, tokens: Tensor, batch: int, context: int, seed: int = 0) -> None:
        if tokens.ndim != 1 or len(tokens) < context + 1:
            raise ValueError(
                f"a window of {context} tokens and its last target need a text of at least "
                f"{context + 1} tokens, got shape {tuple(tokens.shape)}"
            )
        if batch < 1 or context < 1:
            raise ValueError(f"batch and context must be at least 1, got {batch} and {context}")
        self.tokens, self.batch, self.context = tokens, batch, context
        self.offsets = torch.arange(context + 1, device=tokens.device)
        self.rng = torch.Generator(tokens.device).manual_seed(seed)

    def __iter__(self) -> "TokenBatches":
        """Itself: the stream goes on where it is."""
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """The next inputs and targets, int64 (B, T) each."""
        starts = torch.randint(
            len(self.tokens) - self.context, (self.batch, 1),
            generator=self.rng, device=self.tokens.device,
        )  # fmt: skip
        windows = self.tokens[starts + self.offsets]
        return windows[:, :-1], windows[:, 1:]

    def state_dict(self) -> dict[str, Any]:
        """The place in the stream, and what it is a stream of."""
        return {"rng": self.rng.get_state(), "identity": self._identity()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the stream of ``state`` was.

        Raises:
            ValueError: the state is of another text, batch or context; the stream stays as it was.
        """
        if state.get("identity") != self._identity():
            raise ValueError(
                f"this state is of another stream: {state.get('identity')}, here {self._identity()}"
            )
        self.rng.set_state(state["rng"].cpu())

    def _identity(self) -> list[int]:
        return [len(self.tokens), self.batch, self.context]
