"""Text at the edges: one form for what people type, and ? for what a terminal lacks."""

import re
import sys
import unicodedata


def normalize_text(text: str) -> str:
    """A text as somebody typed it, in the one form that the chapters' tools compare.

    Full-width letters and digits, ligatures and split accents become the usual ones (NFKC, Unicode
    Standard Annex 15), and what nobody sees, such as a soft hyphen, goes. In a shell whose locale
    is not UTF-8, Python hands over lone surrogates for the bytes typed: they are read as UTF-8,
    and become � where they are none. ASCII stays as it is.
    """
    try:
        text = text.encode("utf8", "surrogateescape").decode("utf8")
    except UnicodeError:
        text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    seen = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", seen)


def lenient_output() -> None:
    """From here on, stdout shows ? for characters that the terminal or file cannot hold.

    Where the encoding is cp1252, gbk or ASCII, ``print("≈")`` would raise UnicodeEncodeError. For
    stderr, Python itself sets an error handler that never raises; a notebook's stdout needs none.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
