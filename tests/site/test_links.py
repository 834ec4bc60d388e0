"""Every link, anchor and file of the built site, and what publishing it needs."""

from pathlib import Path

from tests.site import links


def test_every_reference_resolves_and_none_is_loaded_from_outside(site: Path):
    assert links.problems(site) == []


def test_the_checker_saw_the_site(site: Path):
    found = [links.Page(page.read_text("utf8")) for page in links.pages(site)]
    assert len(found) >= 10
    assert sum(len(page.references) for page in found) > 500
    assert sum(ref.loaded for page in found for ref in page.references) > 100


def test_style_sheets_load_nothing_from_outside(site: Path):
    outside = [
        f"{sheet.relative_to(site)}: {address[:80]}"
        for sheet in site.rglob("*.css")
        for address in links.loaded_by_style(sheet.read_text("utf8"))
        if address.startswith(("http:", "https:", "//"))
    ]
    assert outside == []


def test_chapters_can_be_opened_in_colab_and_downloaded(site: Path):
    chapters = sorted((site / "notebooks").glob("*.html"))
    assert chapters
    for chapter in chapters:
        page = links.Page(chapter.read_text("utf8"))
        addresses = [reference.address for reference in page.references]
        notebook = f"{chapter.stem}.ipynb"
        colab = "https://colab.research.google.com/github/"
        assert any(
            a.startswith(colab) and a.endswith(f"/main/notebooks/{notebook}") for a in addresses
        ), chapter.name
        assert any(not a.startswith("http") and a.endswith(notebook) for a in addresses), (
            chapter.name
        )


def test_pages_serves_the_folder_as_it_is(site: Path):
    assert (site / ".nojekyll").is_file()
