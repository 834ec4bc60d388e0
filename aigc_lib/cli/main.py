"""``aigc --help`` lists what the command line can do, ``aigc train --help`` the options of one.

Every command is a function; its options are the function's arguments. The tools and recorders of
the chapters are found in their rooms, by number: ``aigc demo 14``, ``aigc record 07``.
"""

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import tyro

from aigc_lib.benchmark import compare
from aigc_lib.benchmark.loops import LOOPS
from aigc_lib.cli import EXTRA, doctor, prepare, record, train
from aigc_lib.cli.outputs import insist_writable
from aigc_lib.cli.train_diffusion import train_diffusion
from aigc_lib.core import distributed, results
from aigc_lib.core.rooms import load_part, rooms, rooms_with
from aigc_lib.core.unicode import lenient_output
from aigc_lib.core.words import say


def bench(
    rounds: int = 7,
    steps: int = 100,
    model: Literal["mlp", "dcgan"] = "mlp",
    record: bool = False,
) -> None:
    """Compare the textbook training loop with ours, side by side.

    Args:
        rounds: Measured rounds, at least 5.
        steps: Training steps of each loop in a round.
        model: Which networks both train.
        record: Write the result into the library's records, in place of the one that is there.
    """
    path = Path(compare.__file__).parent / "results" / f"bench-{model}.json"
    if record:
        insist_writable(path, ".json")
    result = compare.compare(rounds, steps, model=model)
    if record:
        command = f"aigc bench --rounds {rounds} --steps {steps} --model {model} --record"
        results.write(path, [result], command, "Two loops of the same networks, timed.")
    for name in LOOPS:
        print(f"{name:9s} {result['images_per_second'][name]:9,.0f} images/s"
              f"   {result['extra_mib'][name]:6.0f} MiB on top of PyTorch's own")  # fmt: skip
    print(f"ours is {result['ratio']:.2f} times as fast (median of {rounds} rounds; "
          f"from {result['ratio_low']:.2f} to {result['ratio_high']:.2f})")  # fmt: skip


def demo(
    chapter: tyro.conf.Positional[str], words: tyro.conf.Positional[tuple[str, ...]] = ()
) -> None:
    """Drive the working tool of a chapter: ``aigc demo 14 "a cat on the left at night"``.

    Args:
        chapter: Which tool: a chapter's number, or a word of its title, such as film.
        words: What to ask it; without words it shows an example.
    """
    numbers = rooms_with("app")
    titles = {number: rooms()[number].rpartition(".ch")[2].split("_")[1:] for number in numbers}
    found = [n for n in numbers if chapter == n or chapter.lower() in titles[n]]
    if len(found) != 1:
        known = ", ".join(f"{number} ({' '.join(title)})" for number, title in titles.items())
        raise ValueError(f"no tool {chapter!r}; there are: {known}")
    load_part(found[0], "app").demo(list(words))


COMMANDS: dict[str, Callable[..., int | None]] = {
    "doctor": doctor.examine,
    "prepare": prepare.prepare,
    "train": train.train_mlp,
    "train-dcgan": train.train_dcgan,
    "train-diffusion": train_diffusion,
    "sample": train.sample,
    "evaluate": train.evaluate,
    "bench": bench,
    "record": record.run,
    "demo": demo,
}

HELP = {command: command.__doc__ or "" for command in COMMANDS.values()}


def in_the_readers_language(text: str) -> str:
    """A docstring whose paragraphs and arguments are looked up in the catalogue."""

    def said(paragraph: str) -> str:
        plain = " ".join(paragraph.split())
        return found if (found := say(plain)) != plain else paragraph

    argument = re.compile(r"^( +\w+: )(.+(?:\n {8}.+)*)", re.MULTILINE)
    paragraphs = map(said, inspect.cleandoc(text).split("\n\n"))
    return argument.sub(lambda match: match[1] + said(match[2]), "\n\n".join(paragraphs))


def main() -> None:
    """Entry point of the command ``aigc``."""
    lenient_output()
    about = in_the_readers_language(__doc__)
    for command, help in HELP.items():
        command.__doc__ = in_the_readers_language(help)
    try:
        # A recorder's options are those of its own function, so it reads the rest of the line.
        if sys.argv[1:2] == ["record"] and len(sys.argv) > 3 and not sys.argv[3].startswith("-"):
            record.run_one(sys.argv[2], sys.argv[3], sys.argv[4:])
        elif tyro.extras.subcommand_cli_from_dict(COMMANDS, description=about):
            sys.exit(1)
    except ModuleNotFoundError as error:
        sys.exit(f"aigc: {error}. The packages that the chapters import come with: {EXTRA}")
    except (OSError, ValueError, RuntimeError) as error:  # the library's own errors are among them
        sys.exit(f"aigc: {error}")
    except KeyboardInterrupt:
        sys.exit("aigc: interrupted; the last checkpoint is whole, run the same command to go on")
    finally:
        distributed.stop()
