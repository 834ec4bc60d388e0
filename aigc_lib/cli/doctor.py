"""What ``aigc doctor`` looks at: does this machine run the book, and how long will it take?

Every check is a function that returns findings; nothing is installed, fetched or changed.
"""

import json
import os
import platform
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import torch

from aigc_lib.cli import EXTRA
from aigc_lib.core import runtime
from aigc_lib.core.words import say
from aigc_lib.data.cache import cache_dir, fault
from aigc_lib.data.registry import datasets
from aigc_lib.gan.losses import with_r1
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import step
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator

GIB = 2**30
TIMINGS = Path(__file__).with_name("timings.json")  # written when the chapters are executed
GPU_TIMINGS = Path(__file__).with_name("timings-gpu.json")  # as tools/gpu.py measures them
NEEDS = Path(__file__).with_name("needs.json")  # what each chapter imports: tools/needs.py
KERNEL = "pip install jupyterlab"


class Finding(NamedTuple):
    """One line of the report; ``advice`` says what to do, and is empty where all is well."""

    what: str
    found: str
    advice: str = ""


def software() -> list[Finding]:
    """Python, PyTorch and the packages that the chapters import, with their versions."""
    found = [Finding("Python", platform.python_version()), Finding("PyTorch", torch.__version__)]
    more = sorted({name for names in needed().values() for name in names})
    makers = metadata.packages_distributions()  # sklearn is in scikit-learn
    for name in ("torchvision", "matplotlib", "ipywidgets", "ipykernel", *more):
        if find_spec(name) is None:
            advice = KERNEL if name == "ipykernel" else EXTRA
            found.append(Finding(name, "not installed", advice))
        else:
            told = metadata.version(makers[name][0]) if name in makers else "installed"
            found.append(Finding(name, told))
    return found


def needed() -> dict[str, list[str]]:
    """For each chapter's number, the packages that it imports beyond the core dependencies."""
    found: dict[str, list[str]] = json.loads(NEEDS.read_text(encoding="utf8"))
    return found


def lacking() -> dict[str, list[str]]:
    """Of what each chapter needs, the packages that are not installed."""
    return {k: [n for n in names if find_spec(n) is None] for k, names in needed().items()}


def hardware() -> list[Finding]:
    """Processor, accelerator, memory, and the disk that holds the data."""
    machine, device = runtime.machine(), runtime.device()
    cores = f"{machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads used"
    found = [Finding("processor", cores)]
    if device.type == "cuda":
        memory = torch.cuda.get_device_properties(device).total_memory
        told = f"{machine['device']}, {memory / GIB:.0f} GiB"
    else:
        told = f"No GPU is used (device: {device.type}): every chapter runs on the processor"
    found.append(Finding("GPU", told))
    memory = psutil.virtual_memory()
    held = f"{memory.total / GIB:.1f} GiB, of which {memory.available / GIB:.1f} GiB free"
    found.append(Finding("memory", held))
    cache = cache_dir()
    # Path.exists would raise where the cache of another user is closed.
    existing = next(p for p in (cache, *cache.parents) if os.path.exists(p))
    free = shutil.disk_usage(existing).free / GIB
    little = "free at least 1 GiB there, or name another folder in AIGC_CACHE" if free < 1 else ""
    found.append(Finding("data folder", f"{cache}, {free:.1f} GiB free", little))
    return found


def data() -> list[Finding]:
    """Which data sets are complete in the cache, by size and checksum."""
    found = []
    for name, dataset in datasets().items():
        folder = cache_dir() / dataset.folder
        ready = not any(fault(folder / file, spec) for file, spec in dataset.files.items())
        advice = "" if ready else f"aigc prepare {name}"
        found.append(Finding(f"data {name}", "ready" if ready else "to be fetched", advice))
    return found


def probe(rounds: int = 5, steps: int = 8) -> float:
    """Seconds for ``steps`` steps of chapter 7's GAN on the processor: the median of ``rounds``.

    The recorded run times carry the same number, from the machine that they were measured on; the
    ratio of the two scales them to this machine. Always the processor, as the recorded times are.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = DCGenerator(64, 1, width=32), DCDiscriminator(1, 32)
        players = Gan(*networks, latent_dim=64, device=torch.device("cpu"))
        real, game = torch.rand(64, 1, 28, 28) * 2 - 1, with_r1(1.0, every=8)
        times = []
        for _ in range(rounds + 1):
            start = time.perf_counter()
            for _ in range(steps):
                step(players, real, game)
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:])  # the first also warms up


def chapters(
    timings: dict[str, Any], seconds: float, free: float, lacks: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """How long each recorded chapter will take here, and whether it can run.

    Args:
        timings: the content of ``TIMINGS``, with its ``probe_seconds``.
        seconds: what ``probe`` took here.
        free: memory that is free, in bytes.
        lacks: packages that are missing, by the chapter's number; see ``lacking``.
    """
    slower = seconds / timings["probe_seconds"]
    found = []
    for name, cost in timings["chapters"].items():
        if missing := lacks.get(name[:2]):
            found.append(Finding(name, f"does not run without {', '.join(missing)}", EXTRA))
            continue
        gib = cost["peak_mib"] / 1024
        short = f"close other programs: {free / GIB:.1f} GiB are free" if gib > free / GIB else ""
        told = f"about {duration(cost['seconds'] * slower)}, {gib:.1f} GiB of memory"
        found.append(Finding(name, told, short))
    return found


def on_a_gpu(timings: Mapping[str, Any], names: Sequence[str]) -> list[Finding]:
    """What each chapter takes on the GPU that ``timings``, the content of ``GPU_TIMINGS``, is of.

    Times of another GPU are not scaled: small networks wait for the processor there, so that no
    single number says how much faster or slower a card is.
    """
    found, known = [], timings["chapters"]
    for name in names:
        told = "not measured yet"
        if cost := known.get(name):
            gib = cost["peak_mib"] / 1024
            told = f"about {duration(cost['seconds'])}, {gib:.1f} GiB of the GPU's memory"
        found.append(Finding(name, told))
    return found


def duration(seconds: float) -> str:
    """For people: 40 s, 3 min; to a step of 10 s or a minute, as an estimate deserves."""
    if seconds < 95:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{round(seconds / 60)} min"


def examine() -> None:
    """Check this machine: software, memory, disk, data, and how long the chapters will take."""
    print(report())


def report() -> str:
    """The whole examination as text."""
    parts = {"Software": software(), "Machine": hardware(), "Data": data()}
    timings = json.loads(TIMINGS.read_text(encoding="utf8"))
    free = psutil.virtual_memory().available
    parts["Chapters, on this processor"] = chapters(timings, probe(), free, lacking())
    gpu = json.loads(GPU_TIMINGS.read_text(encoding="utf8"))
    where = f"Chapters, on a GPU ({gpu['machine']}, measured {gpu['date']})"
    parts[where] = on_a_gpu(gpu, list(timings["chapters"]))
    lines = []
    for title, english in parts.items():
        lines.append(say(title))
        found = [Finding(*map(say, finding)) for finding in english]
        wide = max(len(finding.what) for finding in found)
        for finding in found:
            mark = "->" if finding.advice else "ok"
            lines.append(f"  {mark} {finding.what:{wide}}  {finding.found}")
    mend = [finding for found in parts.values() for finding in found if finding.advice]
    lines.append(say("To do:" if mend else "All is ready."))
    lines += [f"  {say(finding.what)}: {say(finding.advice)}" for finding in mend]
    return "\n".join(lines)
