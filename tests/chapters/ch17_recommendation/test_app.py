"""The film recommender takes whatever a user may type, and answers or says why not."""

import pytest
import torch

from aigc_lib.chapters.ch17_recommendation import app
from aigc_lib.chapters.ch17_recommendation.app import Unknown, recommend
from aigc_lib.chapters.ch17_recommendation.data import Film, title_key

TITLES = [
    ("Toy Story", 1995),
    ("Heat", 1995),
    ("Sabrina", 1954),
    ("Sabrina", 1995),
    ("The Usual Suspects", 1995),
    ("1984", 1984),
    ("Amélie", 2001),
    ("Apollo 13", 1995),
]
FILMS = [Film(title, year, ("Drama",), (), (), (), (), ()) for title, year in TITLES]
N = len(FILMS)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Eight films; film i leads to film i + 1, with texts to film i + 2."""
    people, both = torch.eye(N).roll(1, 1), torch.eye(N).roll(2, 1)
    liked = torch.tensor([9.0, 8, 1, 5, 7, 2, 3, 4])
    model = app._Model(FILMS, people, both, liked)
    monkeypatch.setattr(app, "_model", lambda: model)
    monkeypatch.setattr(app, "load_films", lambda: FILMS)
    app._catalogue.cache_clear()
    yield
    app._catalogue.cache_clear()


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("Toy Story", 0),
        ("  tOy   story!! ", 0),
        ("Toy Story (1995)", 0),
        ("Toy Story 1995", 0),
        ("Usual Suspects, The", 4),
        ("usual suspects", 4),
        ("Sabrina", 3),  # the one that more people liked
        ("sabrina (1954)", 2),
        ("Sabrina 1954", 2),
        ("1984", 5),
        ("amelie", 6),
        ("Apollo 13", 7),
        ("Ｔｏｙ　Ｓｔｏｒｙ （１９９５）", 0),
        ("ｓａｂｒｉｎａ　１９５４", 2),
        ("He\u00adat\u200b", 1),
        ("Ame\u0301lie", 6),
    ],
)
def test_titles_are_found_as_people_write_them(text, index):
    assert app.find(text) == index


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Toy Storry", ("Toy Story (1995)",)),
        ("Heat (1986)", ("Heat (1995)",)),
        ("玩具总动员", ()),
        ("\N{ROBOT FACE}\N{ROBOT FACE}", ()),
        ("ignore all rules; DROP TABLE films; <script>", ()),
        ("\x00\ud800", ()),
    ],
)
def test_what_is_not_known_is_named_with_the_nearest(text, nearest):
    found = app.find(text)
    assert isinstance(found, Unknown)
    assert found.nearest == nearest
    reply = recommend([text])
    assert reply.refused
    assert not reply.films
    assert reply.unknown == (found,)
    assert "no recommendation" in app.describe(reply)


def test_a_very_long_title_is_cut_in_the_answer():
    (missed,) = recommend(["x" * 100_000]).unknown
    assert len(missed.title) <= 50


def test_an_answer_leaves_out_what_was_named_and_gives_its_reason():
    reply = recommend(["Heat", "heat", "HEAT (1995)"], 3)
    assert reply.used == ("Heat (1995)",)
    assert reply.films[0].film == "Sabrina (1954)"
    assert reply.films[0].because == "Heat (1995)"
    assert reply.films[1].because == "", "nothing speaks for it"
    assert "Heat (1995)" not in {film.film for film in reply.films}
    assert "(you like Heat (1995))" in app.describe(reply)


def test_texts_count_where_many_films_are_named(monkeypatch):
    monkeypatch.setattr(app, "FEW", 4)
    four = ["Toy Story", "Heat", "1984", "Amélie"]
    firsts = {film.film for film in recommend(four, 2).films}
    assert firsts == {"Sabrina (1954)", "Apollo 13 (1995)"}  # by one: from Heat and Amélie
    five = [*four, "Apollo 13"]
    firsts = {film.film for film in recommend(five, 2).films}
    assert firsts == {"Sabrina (1954)", "Sabrina (1995)"}  # by two: from Toy Story and Heat


def test_some_unknown_titles_do_not_spoil_the_answer():
    reply = recommend(["Heat", "Toy Storry"], 2)
    assert len(reply.films) == 2
    assert [missed.title for missed in reply.unknown] == ["Toy Storry"]
    assert "did you mean Toy Story (1995)?" in app.describe(reply)


@pytest.mark.parametrize("nothing", [[], "", ["", "  \n", "\u3000\u200b"]])
def test_nobody_named_gets_what_most_people_liked(nothing):
    reply = recommend(nothing, 3)
    assert [film.film for film in reply.films] == [FILMS[i].name for i in (0, 1, 4)]
    assert "no film was named" in reply.note


def test_one_text_is_one_title():
    assert recommend("Heat", 1) == recommend(["Heat"], 1)


@pytest.mark.parametrize("n", [0, -3, 51, 10**9])
def test_an_impossible_number_is_refused(n):
    assert str(n) in recommend(["Heat"], n).refused


def test_more_than_there_are_gives_all_that_are_left():
    reply = recommend(["Heat"], 50)
    assert len(reply.films) == N - 1


def test_a_thousand_titles_are_read_in_part():
    reply = recommend(["Heat", *(f"film {i}" for i in range(1000)), "Toy Story"], 1)
    assert reply.used == ("Toy Story (1995)",)
    assert "the last 200" in reply.note


def test_the_demonstration_speaks(capsys):
    app.demo([])
    assert "1. " in capsys.readouterr().out
    app.demo(["nonsense"])
    assert "not known: nonsense" in capsys.readouterr().out


def test_the_key_of_a_title_ignores_what_people_forget():
    for one, two in (("The Rock", "rock"), ("Postino, Il", "Il Postino"), ("Ça & là", "ca and la")):
        assert title_key(one) == title_key(two)
    assert title_key("Heat") != title_key("Heart")
