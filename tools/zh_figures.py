"""The figures of the chapters with Chinese words in them, beside those with English ones.

    python -m tools.execute           # keeps each figure that a chapter draws, below _build
    python -m tools.zh_figures [04]   # draws those that hold words a second time, in Chinese

A twin lies in ``translations/zh/figures`` under a name made of the English picture's pixels. So no
list links the two, and a picture that changed has no twin, and is shown in English, until this is
run again. Words come from the catalogues; what they lack is told.
"""

import base64
import hashlib
import io
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import tyro
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from aigc_lib.core.words import catalogue, say
from tools.normalize import smaller
from tools.notebook import ROOT
from tools.translation import FOLDER, LANGUAGE

KEPT = ROOT / "_build" / "figures"  # made by ``keep``, on this machine, and read by nobody else
TWINS = FOLDER / "figures"
FONTS = ["DejaVu Sans", "Noto Sans CJK SC"]
WORD = re.compile(r"[A-Za-z]{3,}")


def fingerprint(png: bytes) -> str:
    """The name of a picture: a hash of its pixels, however they are stored."""
    with Image.open(io.BytesIO(png)) as image:
        pixels = image.convert("RGB")
    return hashlib.sha256(repr(pixels.size).encode() + pixels.tobytes()).hexdigest()[:16]


def keep(folder: Path) -> None:
    """From here on keep every figure that is drawn as a PNG in memory: it, how, and its name."""
    draw, folder = FigureCanvasBase.print_figure, Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def drawn(self: FigureCanvasBase, filename: Any, *args: Any, **options: Any) -> Any:
        result = draw(self, filename, *args, **options)
        if isinstance(filename, io.BytesIO) and filename.getvalue()[1:4] == b"PNG":
            whole = pickle.dumps((self.figure, options))
            (folder / f"{fingerprint(filename.getvalue())}.pickle").write_bytes(whole)
        return result

    FigureCanvasBase.print_figure = drawn  # type: ignore[method-assign]


def in_chinese(text: str, lacking: set[str]) -> str:
    """A text of a figure, whole or line by line; what the catalogues do not hold is noted."""
    if (whole := catalogue(LANGUAGE).get(text)) is not None:
        return whole
    lines = []
    for line in text.split("\n"):
        found = say(line, LANGUAGE)
        plain = re.sub(r"\$[^$]*\$", "", line)
        if found == line and WORD.search(plain) and plain.isascii():
            lacking.add(line)
        lines.append(found)
    return "\n".join(lines)


def translate(figure: Figure, lacking: set[str]) -> bool:
    """Put Chinese words into a figure; returns whether there were any to put."""
    figure.draw_without_rendering()  # now tick labels have their texts
    changed = False
    for ax in figure.findobj(Axes):
        for axis in (ax.xaxis, ax.yaxis):
            labels = [label.get_text() for label in axis.get_ticklabels()]
            found = [in_chinese(label, lacking) for label in labels]
            if found != labels:
                axis.set_ticks(axis.get_ticklocs(), found)
                changed = True
    for text in figure.findobj(Text):
        found = in_chinese(text.get_text(), lacking)
        changed |= found != text.get_text()
        text.set_text(found)
        # Beside a formula Matplotlib takes one font for all words, and falls back on no other.
        text.set_fontfamily(FONTS[1:] if "$" in found else FONTS)
    return changed


def twins(root: Path, kept: Path) -> Iterator[str]:
    """Draw the twins of all kept figures of a chapter; what the catalogues lack."""
    lacking: set[str] = set()
    (root / TWINS).mkdir(parents=True, exist_ok=True)
    with plt.rc_context({"axes.unicode_minus": False}):
        for path in sorted(kept.glob("*.pickle")):
            figure, options = pickle.loads(path.read_bytes())
            if not translate(figure, lacking):
                continue
            buffer = io.BytesIO()
            figure.canvas.print_figure(buffer, **options)
            small = smaller(base64.b64encode(buffer.getvalue()).decode())
            (root / TWINS / f"{path.stem}.png").write_bytes(base64.b64decode(small))
            plt.close(figure)
    yield from sorted(lacking)


def find_font() -> None:
    """Tell Matplotlib of the system's Chinese font.

    Raises:
        SystemExit: there is none.
    """
    for path in (p for p in font_manager.findSystemFonts() if "NotoSansCJK-" in p):
        font_manager.fontManager.addfont(path)
    if FONTS[1] not in {font.name for font in font_manager.fontManager.ttflist}:
        raise SystemExit(f"the font {FONTS[1]} is needed; the package is called fonts-noto-cjk")


def main(chapters: tyro.conf.Positional[tuple[str, ...]] = ()) -> int:
    """Draw the figures of chapters in Chinese, as they were drawn when the chapters last ran.

    Args:
        chapters: their numbers; all by default.
    """
    matplotlib.use("agg")
    find_font()
    for kept in sorted(KEPT.glob("*/")):
        if not chapters or kept.name[:2] in chapters:
            for text in twins(ROOT, kept):
                print(f"{kept.name}: no Chinese for {text!r}")
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
