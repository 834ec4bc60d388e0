"""The pairing of labels and proofs must catch a statement without a proof, in every form."""

import json

import pytest

from tools.labels import in_tests, on_pages, unpaired

THEOREM = "```{prf:theorem} Optimum\n:label: thm-optimum\n\nD is best at 1/2.\n```\n"
EQUATION = "$$\na = b\n$$ (eq-a)\n"
PAGE = f"# A chapter\n\n{THEOREM}\ntext\n\n{EQUATION}"
PROOF = """
import pytest

@pytest.mark.label("thm-optimum")
@pytest.mark.parametrize("x", [1, 2])
def test_optimum(x):
    assert x

@pytest.mark.label("eq-a")
def test_a():
    assert True
"""


def problems(tmp_path, page=PAGE, tests=PROOF, suffix=".md"):
    file = tmp_path / f"page{suffix}"
    if suffix == ".ipynb":
        cells = [
            {"cell_type": "markdown", "source": page.splitlines(keepends=True)},
            {"cell_type": "code", "source": ["'''" + THEOREM.replace("thm", "code") + "'''"]},
        ]
        file.write_text(json.dumps({"cells": cells}), encoding="utf8")
    else:
        file.write_text(page, encoding="utf8")
    (tmp_path / "test_page.py").write_text(tests, encoding="utf8")
    return unpaired(on_pages([file]), in_tests([tmp_path / "test_page.py"]))


@pytest.mark.parametrize("suffix", [".md", ".ipynb"])
def test_the_good_twin_passes(tmp_path, suffix):
    assert problems(tmp_path, suffix=suffix) == []


@pytest.mark.parametrize("kind", ["definition", "theorem", "lemma", "proposition", "corollary"])
@pytest.mark.parametrize("fence", ["```", "~~~", ":::", "````"])
def test_an_unlabelled_statement_is_caught(tmp_path, kind, fence):
    bare = f"{fence}{{prf:{kind}}} Bare\n:class: wide\n\nIt holds.\n{fence}\n"
    assert problems(tmp_path, PAGE + bare) == [f"page.md: the {kind} 'Bare' has no :label:"]
    titleless = bare.replace(" Bare", "")
    assert problems(tmp_path, PAGE + titleless) == [
        f"page.md: the {kind} '(no title)' has no :label:"
    ]


@pytest.mark.parametrize(
    "extra",
    [
        THEOREM.replace("thm-optimum", "new"),
        "::::{note}\n" + THEOREM.replace("thm-optimum", "new") + "::::\n",
        "::: wide\n" + THEOREM.replace("thm-optimum", "new") + ":::\n",
        "```{math}\n:label: new\na = b\n```\n",
        "$$a = b$$ (new)\n",
        "$$\n\\begin{aligned}\na &= b\n\\end{aligned}\n$$ (new)\n",
        "````{prf:proof}\n$$ a = b $$ (new)\n````\n",
        "````{prf:proof}\n```{math}\n:label: new\na\n```\n````\n",
    ],
)
@pytest.mark.parametrize("suffix", [".md", ".ipynb"])
def test_a_label_without_a_test_is_caught(tmp_path, extra, suffix):
    assert problems(tmp_path, PAGE + extra, suffix=suffix) == [
        f"page{suffix}: no test is marked label('new')"
    ]


def test_a_test_without_a_label_on_a_page_is_caught(tmp_path):
    extra = '@pytest.mark.label("gone")\ndef test_gone():\n    assert True\n'
    assert problems(tmp_path, tests=PROOF + extra) == [
        "test_page.py::test_gone: no page states 'gone'"
    ]


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ("@pytest.mark.skip\n@pytest.mark.label", "proves nothing"),
        ("@pytest.mark.xfail(reason='')\n@pytest.mark.label", "proves nothing"),
        ("@pytest.mark.skipif(True)\n@pytest.mark.label", "proves nothing"),
        ("@pytest.mark.usefixtures", "no test is marked"),
        ("# @pytest.mark.label", "no test is marked"),
    ],
)
def test_a_proof_that_does_not_run_is_caught(tmp_path, instead, said):
    tests = PROOF.replace("@pytest.mark.label", instead, 1)
    assert any(said in problem for problem in problems(tmp_path, tests=tests))


def test_a_proof_that_pytest_would_not_collect_is_caught(tmp_path):
    found = problems(tmp_path, tests=PROOF.replace("def test_a(", "def prove_a("))
    assert any("only a test function" in problem for problem in found)


def test_a_computed_label_is_caught(tmp_path):
    found = problems(tmp_path, tests=PROOF.replace('"eq-a"', '"eq" + "-a"'))
    assert any("written out" in problem for problem in found)


def test_a_label_given_twice_is_caught(tmp_path):
    assert problems(tmp_path, PAGE + EQUATION) == [
        "page.md and page.md: the label 'eq-a' is given 2 times"
    ]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("````md", "````"), ("~~~text", "~~~"), ("````{code-block} markdown", "````")],
)
def test_an_example_in_a_code_block_is_no_statement(tmp_path, opening, closing):
    example = (THEOREM + EQUATION).replace("thm-optimum", "example").replace("eq-a", "example-eq")
    assert problems(tmp_path, f"{PAGE}{opening}\n{example}{closing}\n") == []


def test_a_statement_after_a_code_block_counts(tmp_path):
    page = f"{PAGE}```python\nx = 1\n```\n{THEOREM.replace('thm-optimum', 'new')}"
    assert any("label('new')" in problem for problem in problems(tmp_path, page))
