"""One room for each chapter: everything that only this chapter needs.

A room is a package ``chNN_title``, found by its name; no list of them stands anywhere. Its
docstring is its map: a line for each of its files, and one for each shared module that the chapter
uses. Only ``zh.po`` has no line, which says in Chinese what the checks of the chapter say.
"""
