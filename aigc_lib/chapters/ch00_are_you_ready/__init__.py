"""The room of chapter 0, the self-test: seven questions that tell a reader where to start.

Its own files:
    exercises.py  the seven checks: words, shapes, broadcasting, logarithms, means, slopes

What it uses of the shared packages:
"""
