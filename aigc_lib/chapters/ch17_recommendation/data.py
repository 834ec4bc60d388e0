"""MovieLens 100K: who rated which film when, and what the films are (chapter 17).

``from_films`` says what the files are built from. GroupLens allows research use of the
ratings and no passing on: they are loaded at each build, never committed.
"""

import csv
import io
import re
import sqlite3
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.packages import pip_download
from aigc_lib.data.sources import File, packaged, pins

RATINGS, FILMS = "ratings.tsv", "films.tsv"
INSIDE = "recbole/dataset_example/ml-100k/ml-100k"
ARTICLE = re.compile(r"(.+), (The|A|An|Il|La|Le|Les|L'|Das|Der|Die|El|Los)$")


def title_key(title: str) -> str:
    """Letters and digits of a title, without accents, case, brackets and a leading article."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    plain = re.sub(r"\(.*?\)", "", plain).strip()
    turned = ARTICLE.match(plain)
    plain = f"{turned[2]} {turned[1]}" if turned else plain
    plain = re.sub(r"^(the|a|an) ", "", plain.lower().replace("&", "and"))
    return re.sub(r"[^a-z0-9]+", "", plain)


def _table(data: bytes) -> list[list[str]]:
    """The rows of a table with tabs, without its head."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf8", newline="")
    return list(csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def _named(row: list[str]) -> tuple[str, str, str] | None:
    """Title, year and genres, joined by |, of a row of the table of items; None without a name."""
    _, title, year, genres = row
    inside = re.search(r" \((\d{4})\)$", title)
    if inside:
        title, year = title[: inside.start()], inside[1]
    if not year.isdigit():
        return None
    turned = ARTICLE.match(title)
    title = f"{turned[2]} {turned[1]}" if turned else title
    return " ".join(title.split()), year, "|".join(genres.split())


def _people(path: Path) -> dict[str, list[tuple[int, list[str]]]]:
    """By key of the title: the years, and director, cast, writer, country, language of each."""
    found: dict[str, list[tuple[int, list[str]]]] = {}
    base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    query = 'SELECT Title, Year, Director, "Cast", Writer, Country, Language FROM omdb ORDER BY ID'
    for title, year, *told in base.execute(query):
        lists = ["|".join(x.strip() for x in (t or "").split(",") if x.strip()) for t in told]
        found.setdefault(title_key(title), []).append((int(year), lists))
    base.close()
    return found


def from_films(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build both tables from the Python packages recbole and bokeh-sampledata."""
    for folder in ("one", "two"):
        (into / folder).mkdir()
    with zipfile.ZipFile(pip_download("recbole==1.2.1", into / "one")) as archive:
        items, given = (_table(archive.read(f"{INSIDE}.{kind}")) for kind in ("item", "inter"))
    with zipfile.ZipFile(pip_download("bokeh-sampledata==2026.1", into / "two")) as archive:
        base = Path(archive.extract("bokeh_sampledata/_data/movies.db", into / "two"))
    known = _people(base)
    films: dict[tuple[str, str], list[str]] = {}
    number: dict[str, int] = {}
    for row in items:
        film = _named(row)
        if film is None:
            continue
        title, year, genres = film
        near = [told for y, told in known.get(title_key(title), []) if abs(y - int(year)) <= 1]
        films.setdefault((title, year), [title, year, genres, *(near[0] if near else [""] * 5)])
        number[row[0]] = list(films).index((title, year))
    rows: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for user, item, stars, time in given:
        if item in number:
            key = int(user) - 1, number[item]
            one = int(float(time)), *key, int(float(stars))
            rows[key] = min(one, rows.get(key, one))  # rated twice: the first time counts
    texts = {
        FILMS: "".join("\t".join(row) + "\n" for row in films.values()),
        RATINGS: "".join(f"{u}\t{f}\t{s}\t{t}\n" for t, u, f, s in sorted(rows.values())),
    }
    for file in wanted:
        (into / file).write_bytes(texts[file].encode())


@dataclass(frozen=True)
class Film:
    """One film; a list is empty where the second table does not know the film."""

    title: str
    year: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    writers: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Title and year, which are different for every film."""
        return f"{self.title} ({self.year})"

    @property
    def text(self) -> str:
        """What is told about the film, as sentences in English."""
        lists = self.genres, self.directors, self.cast[:6], self.countries
        told = zip(("", "Directed by ", "With ", ""), lists, strict=True)
        return (
            ". ".join([self.name, *(how + ", ".join(names) for how, names in told if names)]) + "."
        )


class Ratings(NamedTuple):
    """One entry a rating, in the order of time: int64 tensors of one length."""

    user: Tensor  # 0, 1, 2, ...
    film: Tensor  # index into ``load_films()``
    stars: Tensor  # 1 to 5
    time: Tensor  # seconds since 1970


def load_films() -> list[Film]:
    """All films, fetched first where the cache lacks them; DataError as in `fetch`."""
    films = []
    for line in (fetch("movielens") / FILMS).read_text("utf8").splitlines():
        title, year, *lists = line.split("\t")
        films.append(Film(title, int(year), *(tuple(x.split("|")) if x else () for x in lists)))
    return films


def load_ratings() -> Ratings:
    """All ratings in the order of time; otherwise as ``load_films``."""
    lines = (fetch("movielens") / RATINGS).read_text("utf8").splitlines()
    table = torch.tensor([[int(x) for x in line.split("\t")] for line in lines])
    return Ratings(*table.T.contiguous())


# Research use only: loaded at each build, never committed.
DATASETS = (packaged(
    "movielens",
    "the Python packages recbole and bokeh-sampledata",
    from_films,
    pins("""
    105c12778de5aef95384c675f54c20e12bfb2f0e7a2038952f43c5978b21df45 441576 films.tsv
    e7a2f53e349d0f7faad9ad496108382b4ddb578db9e5431b8b19648fe8075178 1971762 ratings.tsv
    """),
),)  # fmt: skip
