"""Ratings of films and what the films are, built from two package archives (chapter 17).

The ratings are MovieLens 100K (Harper and Konstan, 2015, doi:10.1145/2827872), which the Python
package recbole carries as tables of plain text; GroupLens allows research use, no passing on. Cast,
director, writer, country and language come from the table of films in the package bokeh-sampledata,
joined by title and year. Only what was fixed when a film came out is taken: votes, stars, awards
and reviews of later years would tell the future. Same form as in `corpora.py`: archives are read as
data, and the same bytes come out each time.

The same film under two numbers is one film here, and the entry without a name is left out.
"""

import csv
import io
import re
import sqlite3
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

from aigc_lib.data.packages import pip_download
from aigc_lib.data.sources import File

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
        number[row[0]] = list(films).index((title, year)) if (title, year) in films else len(films)
        near = [told for y, told in known.get(title_key(title), []) if abs(y - int(year)) <= 1]
        films.setdefault((title, year), [title, year, genres, *(near[0] if near else [""] * 5)])
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
