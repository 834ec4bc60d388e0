"""Where and how a computation runs: device, seeds, size of the work, memory.

Nothing here is needed to understand a model. It keeps the chapters free of questions such as
"do I have a GPU?", and it answers them in one place.
"""

import ctypes
import os
import platform
import random
import sys
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")


def device() -> torch.device:
    """The device that training uses: a CUDA GPU if there is one, else the CPU.

    In a job of several processes (torchrun) each takes the GPU of its own number on its machine.

    The environment variable ``AIGC_DEVICE`` (``cpu``, ``cuda``, ``cuda:1``, ``mps``) overrides
    the choice. Apple's ``mps`` is never chosen by itself: for the small networks of this book it
    is slower than the CPU, and it lacks float64.

    Raises:
        RuntimeError: ``AIGC_DEVICE`` names none of this machine's devices; the message lists them.
    """
    wanted = os.environ.get("AIGC_DEVICE", "")
    if not wanted:
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    known = ["cpu"] + ["mps"] * torch.backends.mps.is_available()
    if torch.cuda.is_available():
        known += ["cuda", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    if wanted not in known:
        told = f"is not usable here. Unset it, or set it to one of: {', '.join(known)}"
        raise RuntimeError(f"AIGC_DEVICE={wanted!r} {told}.")
    return torch.device(wanted)


def scale(*, cpu: T, gpu: T) -> T:
    """Pick the size of an experiment: ``cpu`` on a laptop, ``gpu`` where a GPU is found.

    >>> images = scale(cpu=600_000, gpu=12_000_000)
    """
    return gpu if device().type == "cuda" else cpu


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch (every device), so that a run can be repeated.

    The same seed gives the same bits on the same machine, library versions and thread count.
    On another processor sums are taken in another order; the numbers then agree only roughly.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def keep_memory() -> bool:
    """Let this process keep memory that it has freed, for the next tensor of that size.

    By default the C library of Linux gives large blocks back to the system at once, and each new
    tensor then pays for fresh, zeroed pages: about a fifth of a convolutional training step on a
    CPU. The peak is the same; only the memory between two peaks is no longer returned. It holds
    for the whole process, to its end.

    Returns:
        True if it took effect; False where the C library is not GNU's (macOS, Windows, Alpine).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    option = ctypes.CDLL(None).mallopt
    trim, mmap = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD in malloc.h
    return bool(option(mmap, 32 * 2**20) and option(trim, 2**30))


def peak_memory_mib() -> float:
    """Most memory this process has held so far, in MiB (resident set; GPU memory is not in it).

    Returns ``nan`` where the operating system does not tell (Windows).
    """
    try:
        # On Linux getrusage counts the parent's memory too: a child starts with its parent's peak.
        with open("/proc/self/status", encoding="utf8") as status:
            return next(int(x.split()[1]) for x in status if x.startswith("VmHWM:")) / 2**10
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ModuleNotFoundError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes there, KiB here


def cpu_name() -> str:
    """The processor's name for people, such as ``AMD EPYC``; never the machine's host name."""
    try:
        with open("/proc/cpuinfo", encoding="utf8") as info:
            names = [line.split(":", 1)[1] for line in info if line.startswith("model name")]
        return names[0].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def machine() -> dict[str, str]:
    """What a measured number must carry beside it: processor, cores, device and versions."""
    found = device()
    return {
        "cpu": cpu_name(),
        "cores": str(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
        "device": torch.cuda.get_device_name(found) if found.type == "cuda" else found.type,
        "threads": str(torch.get_num_threads()),
        "os": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
