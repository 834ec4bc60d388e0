"""What every training loop shares: its rows, and its one way to say that it cannot go on."""

Row = dict[str, float]


class TrainingError(RuntimeError):
    """Training cannot go on; the message says since when and what to do."""
