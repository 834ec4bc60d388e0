"""The room of chapter 0, the self-test: seven questions that tell a reader where to start.

Its own files:
    exercises.py  the seven checks: words, shapes, broadcasting, logarithms, means, slopes

What it uses of the shared packages:
    exercises          check(...) finds an exercise's function in this room and runs it
    exercises.compare  compares an answer with the right one; WrongAnswer with a hint
"""
