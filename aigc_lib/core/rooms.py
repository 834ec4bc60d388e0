"""The chapters' rooms, found by their files: ``aigc_lib/chapters/ch14_film_scenes`` and so on.

A room may hold ``exercises``, ``data``, ``app``, ``prepare`` and recorders; whoever wants them asks
here by the chapter's number. No list of chapters stands anywhere, so a new one is found by itself.
"""

import importlib
import importlib.util
import pkgutil
import re
from types import ModuleType


def rooms() -> dict[str, str]:
    """The number of each chapter that has a room, ``"14"``, and the room's full module name."""
    chapters = importlib.import_module("aigc_lib.chapters")
    names = sorted(module.name for module in pkgutil.iter_modules(chapters.__path__))
    found = {name: re.match(r"ch(\d\d)_", name) for name in names}
    return {match[1]: f"{chapters.__name__}.{name}" for name, match in found.items() if match}


def rooms_with(part: str) -> list[str]:
    """The numbers of the chapters whose room has a module of this name, in order; imports none."""
    return [n for n, room in rooms().items() if importlib.util.find_spec(f"{room}.{part}")]


def modules_of(number: str) -> list[str]:
    """The names of the modules in a chapter's room, such as ``["app", "data", ...]``.

    Raises:
        ValueError: the chapter has no room.
    """
    room = importlib.import_module(_room(number))
    return [module.name for module in pkgutil.iter_modules(room.__path__)]


def load_part(number: str, part: str) -> ModuleType:
    """The module ``part`` of a chapter's room: ``load_part("14", "exercises")``.

    Raises:
        ValueError: the chapter has no room, or its room no such module.
        ModuleNotFoundError: the module needs a package that is not installed.
    """
    if part not in modules_of(number):
        known = ", ".join(rooms_with(part))
        raise ValueError(f"chapter {number} has no {part}; chapters with one: {known or 'none'}")
    return importlib.import_module(f"{_room(number)}.{part}")


def _room(number: str) -> str:
    known = rooms()
    if number not in known:
        raise ValueError(f"there is no room for chapter {number!r}; there are: {', '.join(known)}")
    return known[number]
