"""The command line: ``aigc --help`` lists what it can do, ``aigc train --help`` the options of one.

Every command's options are the fields of a dataclass. The tools and recorders of the chapters are
found in their rooms, by number: ``aigc demo 14``, ``aigc record 07``.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from aigc_lib.benchmark import compare
from aigc_lib.benchmark.loops import LOOPS
from aigc_lib.cli import EXTRA, doctor, prepare, record
from aigc_lib.cli.outputs import insist_writable
from aigc_lib.cli.train import Evaluate, Sample, Train, TrainDCGAN
from aigc_lib.core import distributed, results
from aigc_lib.core.rooms import load_part, rooms, rooms_with
from aigc_lib.core.unicode import lenient_output


@dataclass(frozen=True)
class Bench:
    """Compare the textbook training loop with ours, side by side."""

    rounds: int = 7
    """Measured rounds, at least 5."""
    steps: int = 100
    """Training steps of each loop in a round."""
    model: Literal["mlp", "dcgan"] = "mlp"
    """Which networks both train."""
    record: bool = False
    """Write the result into the library's records, in place of the one that is there."""

    def __call__(self) -> None:
        """Print the comparison."""
        path = Path(compare.__file__).parent / "results" / f"bench-{self.model}.json"
        if self.record:
            insist_writable(path, ".json")
        result = compare.compare(self.rounds, self.steps, model=self.model)
        if self.record:
            command = f"aigc bench --rounds {self.rounds} --steps {self.steps}"
            results.write(path, [result], f"{command} --model {self.model} --record")
        for name in LOOPS:
            print(f"{name:9s} {result['images_per_second'][name]:9,.0f} images/s"
                  f"   {result['extra_mib'][name]:6.0f} MiB on top of PyTorch's own")  # fmt: skip
        print(f"ours is {result['ratio']:.2f} times as fast (median of {self.rounds} rounds; "
              f"from {result['ratio_low']:.2f} to {result['ratio_high']:.2f})")  # fmt: skip


@dataclass(frozen=True)
class Doctor:
    """Check this machine: software, memory, disk, data, and how long the chapters will take."""

    def __call__(self) -> None:
        """Print what was found and what to do about what is missing."""
        print(doctor.report())


@dataclass(frozen=True)
class Prepare:
    """Fetch data sets, all by default, and compute what the chapters share once."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Only these data sets, such as ``mnist``; nothing is computed then."""

    def __call__(self) -> None:
        """Print what is ready; exit with 1 if something could not be had."""
        if prepare.prepare(self.names):
            sys.exit(1)


@dataclass(frozen=True)
class Record:
    """Measure what a chapter shows as recorded; goes on where an earlier recording stopped.

    ``aigc record 07`` makes all records of chapter 7, ``aigc record 07 quality --help`` tells the
    options of one of them.
    """

    chapter: tyro.conf.Positional[str]
    """The chapter's number, such as 07."""

    def __call__(self) -> None:
        """Run the chapter's recorders, one after the other."""
        record.run(self.chapter)


@dataclass(frozen=True)
class Demo:
    """Drive the working tool of a chapter: ``aigc demo 14 "a cat on the left at night"``."""

    chapter: tyro.conf.Positional[str]
    """Which tool: a chapter's number, or a word of its title, such as film."""
    words: tyro.conf.Positional[tuple[str, ...]] = ()
    """What to ask it; without words it shows an example."""

    def __call__(self) -> None:
        """Run the tool's demonstration."""
        numbers = rooms_with("app")
        titles = {number: rooms()[number].rpartition(".ch")[2].split("_")[1:] for number in numbers}
        found = [n for n in numbers if self.chapter == n or self.chapter.lower() in titles[n]]
        if len(found) != 1:
            known = ", ".join(f"{number} ({' '.join(title)})" for number, title in titles.items())
            raise ValueError(f"no tool {self.chapter!r}; there are: {known}")
        load_part(found[0], "app").demo(list(self.words))


COMMANDS: dict[str, Callable[..., Callable[[], None]]] = {
    "doctor": Doctor,
    "prepare": Prepare,
    "train": Train,
    "train-dcgan": TrainDCGAN,
    "sample": Sample,
    "evaluate": Evaluate,
    "bench": Bench,
    "record": Record,
    "demo": Demo,
}


def main() -> None:
    """Entry point of the command ``aigc``."""
    lenient_output()
    try:
        # A recorder's options are those of its own function, so it reads the rest of the line.
        if sys.argv[1:2] == ["record"] and len(sys.argv) > 3 and not sys.argv[3].startswith("-"):
            record.run_one(sys.argv[2], sys.argv[3], sys.argv[4:])
        else:
            tyro.extras.subcommand_cli_from_dict(COMMANDS, description=__doc__)()
    except ModuleNotFoundError as error:
        sys.exit(f"aigc: {error}. The packages that the chapters import come with: {EXTRA}")
    except (OSError, ValueError, RuntimeError) as error:  # the library's own errors are among them
        sys.exit(f"aigc: {error}")
    except KeyboardInterrupt:
        sys.exit("aigc: interrupted; the last checkpoint is whole, run the same command to go on")
    finally:
        distributed.stop()
