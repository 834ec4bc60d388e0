"""What builds, runs and checks the book; nothing here is needed to read it."""

from aigc_lib.core.unicode import lenient_output

lenient_output()  # here, so that every `python -m tools.…` prints to any terminal
