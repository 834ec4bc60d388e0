"""All that a GPU has to prove, in eight minutes: ``make gpu``, or ``python -m tools.gpu OUT``.

In order of value: the tests that need a GPU; the chapters that train on one, as plain Python; the
records that nobody without a GPU can make; the other chapters. Each part is a process of its own
with a time limit, and what it found is written into OUT as soon as it ends. Started again with the
same OUT it goes on after the last part that ended. It needs neither network nor Jupyter, only the
core packages and pytest, and the data in the cache. The last file is ``summary.md``; the records in
``records`` and the run times in ``timings-gpu.json`` are in the form of the library's own.

    --minutes 8    how long all may take together
    --tiny         a dry run at sizes that prove nothing but that every part runs
"""

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from aigc_lib.core import results, runtime
from aigc_lib.core.files import write_atomically
from tools.notebook import ROOT

TESTS = ROOT / "tests"
NEEDS = ROOT / "aigc_lib" / "cli" / "needs.json"
# Chapters that train on the device, the exemplar first; then, after the records, the others.
TRAIN, OTHERS = "06 07 10 12 13 14 18 09", "08 04 05 03 02 01 00 11 15 16 17"
RECORDS = {"bench-mlp": 40, "bench-dcgan": 40, "language-speed": 70, "ladder": 70,
           "pretraining": 80, "gan-large": 100, "diffusion-large": 240,
           "ladder-compiled": 120}  # fmt: skip
DRY = ("bench-mlp", "language-speed", "pretraining", "gan-large")  # in a dry run; one of a kind
PAUSE, GRACE = 0.05, 5.0  # seconds between looks at a part; for it to end when its time is up


@dataclass(frozen=True)
class Part:
    """One measurement: its name, what Python is to run, its most seconds, packages it needs."""

    name: str
    words: tuple[str, ...]
    limit: float
    needs: tuple[str, ...] = ()


def gpu_tests() -> list[str]:
    """The files with tests that need a GPU."""
    files = sorted(TESTS.rglob("test_*.py"))
    return [str(f.relative_to(ROOT)) for f in files if "mark.gpu" in f.read_text(encoding="utf8")]


def parts(out: Path, tiny: bool) -> list[Part]:
    """All parts, in order of value."""
    needs = json.loads(NEEDS.read_text(encoding="utf8"))
    needs["09"] = ["psutil", "tyro"]  # it starts the command line
    size = ("--tiny",) if tiny else ()

    def chapter(n: str) -> Part:
        words = ("-m", "tools.plain_run", n, str(out / f"found-chapter-{n}.json"))
        return Part(f"chapter-{n}", words, 90, tuple(needs.get(n, ())))

    def record(name: str) -> Part:
        limit = 10 * RECORDS[name] if tiny else RECORDS[name]  # a dry run may be on a slow machine
        return Part(f"record-{name}", ("-m", "tools.gpu_records", name, *size), limit)

    tests = gpu_tests()[: 1 if tiny else None]
    words = ("-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *tests)
    first, last = ("00", "") if tiny else (TRAIN, OTHERS)
    records = DRY if tiny else RECORDS
    return [Part("tests", words, 90), *map(chapter, first.split()), *map(record, records),
            *map(chapter, last.split())]  # fmt: skip


def run(part: Part, out: Path, limit: float) -> dict[str, Any]:
    """Run one part, at most ``limit`` seconds; what it printed goes into its log."""
    missing = [name for name in part.needs if importlib.util.find_spec(name) is None]
    if missing:
        return {"status": "not run", "why": f"needs {', '.join(missing)}", "seconds": 0.0}
    env = {**os.environ, "AIGC_RECORDS": str(out / "records"), "PYTHONPATH": str(ROOT)}
    start, status = time.monotonic(), "out of time"
    with (out / f"{part.name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *part.words], cwd=ROOT, env=env, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            while time.monotonic() - start < limit:
                code = process.poll()
                if code is not None:
                    status = "passed" if code == 0 else "failed"
                    break
                time.sleep(PAUSE)
        finally:
            end(process)
    return {"status": status, "seconds": round(time.monotonic() - start, 1)}


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a part and all that it started; what it has written is whole."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(GRACE)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def summary(out: Path, plan: list[Part]) -> str:
    """One page: the machine, and what each part found."""
    here = runtime.machine()
    lines = ["# What this machine's GPU shows", "", f"{here['device']}, PyTorch {here['torch']}, "
             f"commit {results.commit()}, {date.today()}", "", "| part | | seconds | |",
             "|---|---|---:|---|"]  # fmt: skip
    for part in plan:
        path = out / f"{part.name}.json"
        found = json.loads(path.read_text("utf8")) if path.exists() else {"status": "no time left"}
        log = out / f"{part.name}.log"
        told = log.read_text("utf8", errors="replace").split("\n") if log.exists() else []
        last = next((line.strip() for line in reversed(told) if line.strip()), "")
        why = found.get("why") or last[:90].replace("|", "/")
        lines.append(f"| {part.name} | {found['status']} | {found.get('seconds', '')} | {why} |")
    return "\n".join([*lines, "", f"Records: {out / 'records'}", ""])


def timings(out: Path) -> dict[str, Any]:
    """The run times of the chapters that passed, as ``aigc doctor`` reads them."""
    found = [
        json.loads(path.read_text("utf8")) for path in sorted(out.glob("found-chapter-*.json"))
    ]
    here = runtime.machine()
    return {
        "machine": f"{here['device']}, PyTorch {here['torch']}",
        "commit": results.commit(),
        "date": date.today().isoformat(),
        "chapters": {
            each["chapter"]: {"seconds": each["seconds"], "peak_mib": each["peak_mib"] or 0}
            for each in found
            if not each["failed"]
        },
    }


def main(words: list[str] | None = None) -> int:
    """Command line entry: 1 if a part failed."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("out", type=Path, nargs="?", default=ROOT / "_build" / "gpu")
    reader.add_argument("--minutes", type=float, default=8.0)
    reader.add_argument("--tiny", action="store_true")
    told = reader.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the part that runs, too
    out, deadline = told.out.resolve(), time.monotonic() + 60 * told.minutes
    out.mkdir(parents=True, exist_ok=True)
    plan, bad = parts(out, told.tiny), 0
    for part in plan:
        path = out / f"{part.name}.json"
        left = deadline - time.monotonic() - GRACE
        if path.exists() or left < GRACE:
            continue
        found = run(part, out, min(part.limit, left))
        if found["status"] == "out of time" and left < part.limit:
            break  # all time is used: the next call runs this part again
        about = {"part": part.name, "command": ["python", *part.words], "commit": results.commit(),
                 "date": date.today().isoformat(), "machine": runtime.machine()}  # fmt: skip
        write_atomically(path, (json.dumps({**found, **about}, indent=2) + "\n").encode())
        bad += found["status"] in ("failed", "out of time")
        print(f"{part.name}: {found['status']} {found.get('why', '')} {found['seconds']} s",
              flush=True)  # fmt: skip
        write_atomically(out / "summary.md", summary(out, plan).encode())
    text = summary(out, plan)
    timed = json.dumps(timings(out), indent=2) + "\n"
    write_atomically(out / "timings-gpu.json", timed.encode())
    write_atomically(out / "summary.md", text.encode())
    print(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
