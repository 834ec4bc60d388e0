"""Run chapters from top to bottom and store what they show: ``make execute``.

    python -m tools.execute [--timeout SECONDS] [notebook ...]

A chapter's file is replaced only when every cell ran. Its run time and peak memory are measured,
written into its opening cell and into ``aigc_lib/cli/timings.json``. What would change from run to
run without meaning anything (time stamps, Python's patch version, random widget ids) is left out.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import psutil
import tyro
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from aigc_lib.cli import doctor
from aigc_lib.core import runtime
from aigc_lib.core.files import write_atomically
from tools import timings_page
from tools.normalize import to_text
from tools.notebook import NOTEBOOKS, ROOT, TIMING, chapters, plain
from tools.zh_figures import KEPT

TIMINGS = ROOT / "aigc_lib" / "cli" / "timings.json"
SAMPLE_SECONDS = 0.1
# The kernel's first line: it keeps the figures, and leaves no name behind in the chapter.
KEEP = (
    "__import__('sys').path.append({root!r}); "
    "__import__('importlib').import_module('tools.zh_figures').keep({folder!r})"
)


class ThisPython(KernelSpecManager):
    """Starts the kernel in the interpreter that runs this tool, whatever kernels are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel of this interpreter, under any name."""
        return KernelSpec(resource_dir="", **get_kernel_dict())


def _sample_memory(pid: int, stop: threading.Event, peak: list[int]) -> None:
    """Keep in ``peak[0]`` the most bytes that a process and its children held together."""
    while not stop.wait(SAMPLE_SECONDS):
        with contextlib.suppress(psutil.Error):  # one of them ended meanwhile
            process = psutil.Process(pid)
            held = [p.memory_info().rss for p in (process, *process.children(recursive=True))]
            peak[0] = max(peak[0], sum(held))


def run(nb: NotebookNode, folder: Path, timeout: int, kept: Path) -> tuple[float, int]:
    """Execute ``nb`` in place with a kernel of its own; return seconds and peak MiB.

    Its figures are kept in the folder ``kept``, to be drawn again with Chinese words.

    Raises:
        RuntimeError: a cell failed, took longer than ``timeout`` seconds, or killed the kernel.
    """
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())
    at, peak, stop = [0], [0], threading.Event()

    def watch(**_: Any) -> None:
        pid = manager.provisioner.pid
        threading.Thread(target=_sample_memory, args=(pid, stop, peak), daemon=True).start()

    def remember(cell_index: int, **_: Any) -> None:
        at[0] = cell_index

    shutil.rmtree(kept, ignore_errors=True)
    first = KEEP.format(root=str(ROOT), folder=str(kept))
    client = NotebookClient(
        nb, km=manager, timeout=timeout, store_widget_state=True, record_timing=False,
        on_notebook_start=watch, on_cell_execute=remember,
        extra_arguments=["--log-level=ERROR", f"--IPKernelApp.exec_lines={[first]}"],
    )  # fmt: skip
    nb.metadata.pop("widgets", None)
    started = time.perf_counter()
    try:
        # The published pages are those of a CPU, so that everybody can repeat them.
        client.execute(cleanup_kc=True, cwd=str(folder), env={**os.environ, "AIGC_DEVICE": "cpu"})
    except CellExecutionError as error:
        why = f"{error.ename}: {error.evalue}\n{plain(error.traceback)}"
    except CellTimeoutError:
        why = f"it ran longer than {timeout} s"
    except DeadKernelError:
        why = "the kernel died, for want of memory perhaps"
    else:
        # Rounded here, so that the page and the table cannot round to different numbers.
        return round(time.perf_counter() - started, 1), round(peak[0] / 2**20)
    finally:
        stop.set()
    number = sum(cell.cell_type == "code" for cell in nb.cells[: at[0] + 1])
    raise RuntimeError(f"code cell {number} (id {nb.cells[at[0]].id}) failed: {why}")


def timing_line(seconds: float, mib: int, cores: int) -> str:
    """What the opening cell of a chapter says about its cost."""
    return (
        "<!-- timing -->\n"
        f"**Run time:** {max(1, round(seconds))} s on {cores} CPU core{'s' * (cores != 1)} · "
        f"**peak memory:** {mib / 1024:.1f} GiB (measured; see [](../book/timings.md))\n"
        "<!-- /timing -->"
    )


def execute(path: Path, timeout: int = 600) -> tuple[float, int]:
    """Run one chapter and replace its file; return seconds and peak MiB.

    Raises:
        RuntimeError: as ``run``, or the chapter has no timing lines; the file is as it was.
    """
    nb = nbformat.read(path, as_version=4)
    timed = [
        cell for cell in nb.cells if cell.cell_type == "markdown" and TIMING.search(cell.source)
    ]
    if len(timed) != 1:
        raise RuntimeError(
            "one Markdown cell must hold the lines '<!-- timing -->' and "
            f"'<!-- /timing -->'; {len(timed)} do"
        )
    seconds, mib = run(nb, path.parent, timeout, KEPT / path.stem)
    line = timing_line(seconds, mib, int(runtime.machine()["cores"]))
    timed[0].source = TIMING.sub(lambda _: line, timed[0].source)
    write_atomically(path, to_text(nb, path.stem).encode())
    return seconds, mib


def record(chapter: str, seconds: float, mib: int, file: Path = TIMINGS) -> None:
    """Enter a chapter's cost into the table of timings.

    The table names one machine. Costs measured on another, or with other versions, are dropped.
    """
    here = runtime.machine()
    machine = {name: here[name] for name in timings_page.NAMES} | {"cores": int(here["cores"])}
    table = json.loads(file.read_text(encoding="utf8")) if file.exists() else {}
    others = table.get("chapters", {})
    if others and table.get("machine") != machine:
        print(
            f"{file.name}: dropped {len(others)} timings of another machine; "
            "`make execute` measures all chapters on this one",
            file=sys.stderr,
        )
        others, table = {}, {}
    others[chapter] = {"seconds": seconds, "peak_mib": mib, "date": date.today().isoformat()}
    content = {
        "machine": machine,
        "probe_seconds": table.get("probe_seconds") or round(doctor.probe(), 4),
        "chapters": dict(sorted(others.items())),
    }
    write_atomically(file, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def main(notebooks: tyro.conf.Positional[tuple[Path, ...]] = (), timeout: int = 600) -> int:
    """Run chapters in place: 1 if one failed; the others are run all the same.

    Args:
        notebooks: which; all by default.
        timeout: seconds that a cell may take.
    """
    failed = 0
    for path in notebooks or chapters():
        print(f"{path.name}: running ...", flush=True)
        try:
            seconds, mib = execute(path, timeout)
        except (RuntimeError, OSError, ValueError, nbformat.ValidationError) as error:
            print(f"{path.name}: {error}\n{path.name} was not changed.", file=sys.stderr)
            failed += 1
        else:
            if path.resolve().parent == NOTEBOOKS:
                record(path.stem, seconds, mib)
            print(f"{path.name}: {seconds:.0f} s, at most {mib:.0f} MiB")
    for tool in ("tools.timings_page", "tools.needs"):
        failed += subprocess.run([sys.executable, "-m", tool], cwd=ROOT, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
