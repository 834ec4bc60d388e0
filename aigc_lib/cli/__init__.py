"""The command ``aigc``."""

EXTRA = "pip install 'aigc-lib[chapters]'"  # brings what chapters import beyond the library's own
