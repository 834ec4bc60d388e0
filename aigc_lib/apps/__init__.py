"""Small working tools, one at the end of each chapter of Part IV: typed functions that a page, a
program or ``aigc demo NAME`` can call.

A tool's module has a function that answers one request with a typed result (an answer, or a refusal
with its reason, never an exception for what a user may type) and ``demo(words)``, which the command
calls with the words that follow its name.

service.py  chapter 15         finance.py         chapter 16
film.py     chapter 14         recommendation.py  chapter 17
"""
