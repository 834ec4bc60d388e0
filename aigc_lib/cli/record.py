"""Recorders: the modules ``record_NAME`` of a room, each with a ``main`` that measures and records.

Most make one record, some several. What is recorded already is not measured again.
"""

from collections.abc import Sequence

import tyro

from aigc_lib.core.rooms import load_part, modules_of, rooms


def recorders(chapter: str) -> list[str]:
    """The names of a chapter's recorders, such as ``["contest", "quality", "stacked"]``.

    Raises:
        ValueError: the chapter has none, or there is no such chapter.
    """
    found = [m.removeprefix("record_") for m in modules_of(chapter) if m.startswith("record_")]
    if not found:
        known = [number for number in rooms() if any("record_" in m for m in modules_of(number))]
        raise ValueError(
            f"chapter {chapter} has no recorder; chapters with one: {', '.join(known)}"
        )
    return found


def run(chapter: tyro.conf.Positional[str]) -> None:
    """Measure what a chapter shows as recorded; goes on where an earlier recording stopped.

    ``aigc record 07`` makes all records of chapter 7, ``aigc record 07 quality --help`` tells the
    options of one of them.

    Args:
        chapter: The chapter's number, such as 07.
    """
    for name in recorders(chapter):
        load_part(chapter, f"record_{name}").main()


def run_one(chapter: str, name: str, arguments: Sequence[str]) -> None:
    """Run one recorder, with the options of its function read from the command line.

    Raises:
        ValueError: the chapter has no such recorder.
    """
    known = recorders(chapter)
    if name not in known:
        raise ValueError(f"chapter {chapter} has no recorder {name!r}; it has: {', '.join(known)}")
    main = load_part(chapter, f"record_{name}").main
    tyro.cli(main, prog=f"aigc record {chapter} {name}", args=arguments)
