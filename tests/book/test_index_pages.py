"""The lists are complete: every exercise, every statement with its tests, names where they are."""

import json
import re

import pytest

from aigc_lib.exercises import exercises as known
from tools import index_pages, library_names
from tools.labels import in_tests, on_pages
from tools.notebook import NOTEBOOKS, ROOT, chapters
from tools.places import graph, parts, places, titles

REPOSITORY = "https://example.org/book"
LISTS = ("exercises", "statements", "names")


def test_the_list_of_exercises_has_each_of_them_once():
    page = index_pages.exercises_page(ROOT)
    listed = re.findall(r"^- \[(\d\d\.\d+)\]\(\.\./notebooks/(\d\d)[\w-]+\.ipynb#exercise-(\d+)\)",
                        page, re.MULTILINE)  # fmt: skip
    assert [name for name, _, _ in listed] == sorted(
        known(), key=lambda n: [*map(int, n.split("."))]
    )
    assert all(name.startswith(number) for name, number, _ in listed)
    assert all(name.replace(".", "") == slug for name, _, slug in listed)
    assert f"There are {len(known())} exercises in {len(chapters())} chapters." in page


def test_an_exercise_is_listed_with_its_kind_points_and_first_sentence():
    cells = [
        {"cell_type": "markdown", "metadata": {},
         "source": "### Exercise 03.7\n\n*Open.* Is\nit so? Yes."},
        {"cell_type": "code", "source": 'check("03.7", x)',
         "metadata": {"nbgrader": {"grade": True, "points": 2}}},
    ]  # fmt: skip
    (found,) = index_pages.exercises({"cells": cells})
    assert found == index_pages.Exercise("03.7", "Open", "Is it so?", 2)


def test_the_list_of_statements_has_each_label_of_the_chapters_with_its_tests():
    page = index_pages.statements_page(ROOT, REPOSITORY)
    rows = dict(re.findall(r"^\* - [^\n`]*`([\w-]+)`[^\n]*\n  - (.+)$", page, re.MULTILINE))
    assert set(rows) == set(on_pages(sorted(NOTEBOOKS.glob("*.ipynb"))).labels)
    proofs = in_tests(sorted((ROOT / "tests").rglob("test_*.py"))).labels
    for label, tests in rows.items():
        assert re.findall(r"\[`(test_\w+)`\]", tests) == [p.split("::")[1] for p in proofs[label]]
        for address in re.findall(rf"\({REPOSITORY}/blob/main/([^)]+)\)", tests):
            assert (ROOT / address).is_file()


def test_statements_are_found_in_the_order_of_the_page():
    text = (
        "$$ a $$ (eq-a)\n\n```{prf:theorem} T {x}\n:label: thm-t\n\nx\n```\n\n"
        "```{math}\n:label: eq-b\nb\n```\n\n````{code}\n$$ c $$ (eq-c)\n````\n"
    )
    assert index_pages.statements(text) == [
        ("eq-a", "Formula {eq}`eq-a`, a"),
        ("thm-t", "{prf:ref}`thm-t`: T {x}"),
        ("eq-b", "Formula {eq}`eq-b`, b"),
    ]


def test_names_are_listed_with_their_first_line_and_their_chapters():
    page = library_names.names_page(ROOT, REPOSITORY)
    module = page.split("## gan.training\n")[1].split("\n## ")[0]
    assert (
        f"[`aigc_lib/gan/training.py`]({REPOSITORY}/blob/main/aigc_lib/gan/training.py)" in module
    )
    fit = module.split("{py:function} fit(")[1].split("````")[0]
    assert "[6](../notebooks/06-first-gan.ipynb)" in fit
    used = library_names.used(ROOT)
    assert {1, 6, 17} <= used["aigc_lib.core.show.report"]
    imported = [name for name in used if not (ROOT / f"{name.replace('.', '/')}.py").is_file()]
    listed = page.count("````{py:")
    assert 0.9 * len(imported) < listed <= len(imported)  # methods of classes are left out


def test_a_docstring_is_text_and_its_code_is_code():
    assert library_names.literal("a_b\n  ``x_y`` $1") == r"a\_b `x_y` \$1"


@pytest.fixture
def with_lists(tmp_path):
    """The book's folders with the lists written into them: a clone has none before its site."""
    for name in ("aigc_lib", "notebooks", "tests", "_config.yml", "_toc.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "book").mkdir()
    lists = {f"{name}.md" for name in LISTS}
    for page in (ROOT / "book").iterdir():
        if page.name not in lists:
            (tmp_path / "book" / page.name).symlink_to(page)
    index_pages.write(tmp_path)
    return tmp_path


def test_every_page_has_a_place_and_a_name(with_lists):
    order = [page for _, pages in parts(with_lists) for page in pages]
    found, names = places(with_lists), titles(with_lists)
    assert list(found) == order
    assert [found[page].next for page in order] == [*order[1:], None]
    assert set(names) == set(order)
    assert names["notebooks/06-first-gan"] == "6, a first GAN"


def test_places_say_what_the_diagram_of_the_learning_paths_says():
    names, needs = graph((ROOT / "book" / "learning-paths.md").read_text("utf8"))
    found = places(ROOT)
    numbers = {page: int(page[10:12]) for page in found if page.startswith("notebooks/")}
    assert set(names) == set(needs) == set(numbers.values()) - {0}
    for page, number in numbers.items():
        drawn = {0 if origin == "T" else int(origin[1:]) for origin in needs.get(number, ())}
        assert {numbers[other] for other in found[page].needs} == drawn
        assert all(page in found[other].opens for other in found[page].needs)


def test_the_pages_are_written_where_the_table_of_contents_has_them(with_lists):
    listed = {page for _, pages in parts(ROOT) for page in pages}
    ignored = (ROOT / ".gitignore").read_text("utf8")
    for name in LISTS:
        assert f"book/{name}" in listed
        assert f"/book/{name}.md" in ignored
        assert (with_lists / "book" / f"{name}.md").read_text("utf8").startswith("# ")
    assert json.loads(chapters()[0].read_text("utf8"))["cells"]  # nothing else was touched
