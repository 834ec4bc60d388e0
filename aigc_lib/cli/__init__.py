"""The command ``aigc``."""
