"""Every labelled statement of the book has a test that proves it, and the other way round."""

from pathlib import Path

from tools.labels import in_tests, on_pages, unpaired

ROOT = Path(__file__).resolve().parents[2]


def test_labels_and_proofs_pair():
    pages = on_pages(
        [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "book").glob("**/*.md"))]
    )
    tests = in_tests(sorted((ROOT / "tests").rglob("test_*.py")))
    assert pages.labels, "no labelled statement found: is the book there?"
    problems = unpaired(pages, tests)
    assert not problems, "\n".join(problems)
