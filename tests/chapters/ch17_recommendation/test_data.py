"""MovieLens and the table of films, built from tiny archives of the same form."""

import sqlite3
import zipfile

import pytest

from aigc_lib.chapters.ch17_recommendation import data
from aigc_lib.chapters.ch17_recommendation import data as movielens_archives
from aigc_lib.chapters.ch17_recommendation.data import FILMS, INSIDE, RATINGS, Film, from_films

ITEMS = """item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq
1\tUsual Suspects, The\t1995\tCrime Thriller
2\tunkonwn\tunkonwn\tunknown
3\tThe Land: Part "Two" (1995)\tV\tAnimation Children's
4\tUsual Suspects, The\t1995\tCrime
5\tUsual Suspects, The\t1950\tDrama
"""
GIVEN = """user_id:token\titem_id:token\trating:float\ttimestamp:float
2\t1\t3\t50
1\t4\t2\t90
1\t1\t5\t20
2\t2\t4\t10
1\t3\t4\t20
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    base = tmp_path / "movies.db"
    with sqlite3.connect(base) as table:
        table.execute(
            'CREATE TABLE omdb (ID INTEGER, Title TEXT, Year INTEGER, Director TEXT, "Cast" TEXT, '
            "Writer TEXT, Country TEXT, Language TEXT, imdbRating REAL)"
        )
        row = (7, "The Usual Suspects", 1996, "A. B.", "C, D,  E", None, "X, Y", "English", 8.5)
        table.execute("INSERT INTO omdb VALUES (?,?,?,?,?,?,?,?,?)", row)
    table.close()

    def download(package, into):
        path = into / "one.whl"
        with zipfile.ZipFile(path, "w") as archive:
            if package.startswith("recbole=="):
                archive.writestr(f"{INSIDE}.item", ITEMS)
                archive.writestr(f"{INSIDE}.inter", GIVEN)
            else:
                archive.write(base, "bokeh_sampledata/_data/movies.db")
        return path

    monkeypatch.setattr(movielens_archives, "pip_download", download)
    into = tmp_path / "into"
    into.mkdir()
    from_films(wanted={FILMS: None, RATINGS: None}, into=into)
    monkeypatch.setattr(data, "fetch", lambda name: into)
    return into


def test_the_same_film_is_one_and_the_nameless_is_left_out(folder):
    films = data.load_films()
    assert [film.name for film in films] == [
        "The Usual Suspects (1995)",
        'The Land: Part "Two" (1995)',
        "The Usual Suspects (1950)",
    ]
    assert films[0] == Film(
        "The Usual Suspects", 1995, ("Crime", "Thriller"), ("A. B.",), ("C", "D", "E"), (),
        ("X", "Y"), ("English",),
    )  # fmt: skip
    assert films[2].directors == (), "a film of another year is not the same"
    assert films[0].text == (
        "The Usual Suspects (1995). Crime, Thriller. Directed by A. B.. With C, D, E. X, Y."
    )


def test_ratings_are_in_the_order_of_time_and_the_first_of_two_counts(folder):
    ratings = data.load_ratings()
    table = list(zip(*(column.tolist() for column in ratings), strict=True))
    assert table == [(0, 0, 5, 20), (0, 1, 4, 20), (1, 0, 3, 50)]


def test_nothing_of_later_years_is_taken(folder):
    assert "8.5" not in (folder / FILMS).read_text("utf8")
