"""The classroom bundle of the book: install it and open it, without any network.

    python3 start.py           install if need be, then open JupyterLab and serve the site
    python3 start.py install   only install, into the folder .venv beside this file
    python3 start.py site      only serve the site (--room: to the other machines of the room too)
    python3 start.py lab       only open JupyterLab (--copy: the student copies, without solutions)
    python3 start.py run 06    run chapter 06 from the top; the copy with its outputs goes to runs

READ-ME-FIRST.html says more. Needs Python with its standard library only.
"""

import argparse
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment() -> dict[str, str]:
    """The reader's settings, without those that lead elsewhere, and with the bundle's data."""
    astray = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_FIND_LINKS")
    kept = {key: value for key, value in os.environ.items() if key not in astray}
    return kept | {"AIGC_CACHE": str(HERE / "data"), "PIP_CONFIG_FILE": os.devnull}


def install() -> None:
    """Put the packages of the folder wheels into .venv; an interrupted try is begun again."""
    made = json.loads((HERE / "bundle.json").read_text(encoding="utf8"))
    here = {"python": "{}.{}".format(*sys.version_info), "platform": sysconfig.get_platform()}
    if not any((HERE / "wheels").glob("*.whl")):
        sys.exit("This bundle has no packages in its folder wheels: it serves the site only.")
    for what, value in here.items():
        if made[what] != value:
            sys.exit(
                f"This bundle is for {what} {made[what]}, and this is {value}. Use that one, or "
                "make a bundle with yours (make bundle PYTHON=...)."
            )
    if (VENV / "installed").is_file():
        return
    print("Installing into", VENV, "(a few minutes; no network is used)", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    run = functools.partial(subprocess.run, env=environment(), check=False)
    if run([sys.executable, "-m", "venv", str(VENV)]).returncode:
        sys.exit(
            "Python could not make an environment (on Debian and Ubuntu: install python3-venv)."
        )
    options = ["--quiet", "--no-index", "--find-links", str(HERE / "wheels"), "--no-cache-dir"]
    pins = ["--constraint", str(HERE / "constraints.txt")]
    wanted = [*pins, "--requirement", str(HERE / "requirements.txt")]
    if run([str(PYTHON), "-m", "pip", "install", *options, *wanted]).returncode:
        sys.exit("The packages could not be installed; the lines above say why.")
    (VENV / "installed").touch()


def site(port: int, room: bool) -> http.server.ThreadingHTTPServer:
    """A server of the site, running; to this machine only unless ``room``."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(HERE / "site"))
    try:
        server = http.server.ThreadingHTTPServer(("" if room else "127.0.0.1", port), handler)
    except OSError as error:
        sys.exit(f"Port {port} cannot be used ({error}): name another one with --port.")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"The site: http://localhost:{server.server_address[1]}/", flush=True)
    return server


def lab(copies: bool) -> int:
    """Open JupyterLab on the chapters or on the student copies."""
    folder = HERE / ("student" if copies else "notebooks")
    return subprocess.run(
        [str(PYTHON), "-m", "jupyterlab", str(folder)], env=environment()
    ).returncode


def run(number: str) -> int:
    """Run a chapter from the top; its copy with outputs goes to ``runs``."""
    found = sorted((HERE / "notebooks").glob(f"{number}-*.ipynb"))
    if len(found) != 1:
        sys.exit(f"No chapter has the number {number}.")
    (HERE / "runs").mkdir(exist_ok=True)
    target = HERE / "runs" / found[0].name
    shutil.copyfile(found[0], target)
    command = [str(PYTHON), "-m", "jupyter", "execute", "--inplace", str(target)]
    status = subprocess.run(command, env=environment()).returncode
    print(f"Chapter {number} ran: {target}" if status == 0 else f"Chapter {number} failed.")
    return status


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="Install and open the book.")
    parser.add_argument("what", nargs="?", default="all",
                        choices=["all", "install", "site", "lab", "run"])  # fmt: skip
    parser.add_argument("chapter", nargs="?", default="")
    parser.add_argument("--port", type=int, default=8000, help="of the site")
    parser.add_argument("--room", action="store_true", help="serve the site to the room")
    parser.add_argument("--copy", action="store_true", help="open the student copies")
    given = parser.parse_args()
    if given.what in ("all", "install", "lab", "run"):
        install()
    server = site(given.port, given.room) if given.what in ("all", "site") else None
    if given.what == "run":
        return run(given.chapter)
    if given.what in ("all", "lab"):
        return lab(given.copy)
    if server:
        print("Stop with Ctrl-C.", flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
