"""What is asked for when the book is installed, against what its pages import."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from tools import needs
from tools.notebook import ROOT, chapters, code_cells, source

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
HOME = "https://github.com/aigc-book/aigc-from-first-steps-to-practice"

# IPython runs the cell where the library cannot be imported, and tells what it would install.
COLAB = """
import sys
from IPython.core.interactiveshell import InteractiveShell
class Hidden:
    def find_spec(self, name, *_):
        if name == "aigc_lib":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
if sys.argv[1] == "colab":
    sys.modules["google.colab"] = sys
shell = InteractiveShell.instance()
shell.system = lambda command: print("RUN", command)
shell.run_cell(sys.stdin.read())
"""


def names(requirements: list[str]) -> set[str]:
    return {re.sub(r"[-_.]+", "-", Requirement(each).name).lower() for each in requirements}


def test_the_recorded_needs_are_those_of_the_pages():
    told = json.loads(needs.NEEDS.read_text("utf8"))
    assert told == needs.needs(), "run: python -m tools.needs"
    assert {"peft", "gguf", "sklearn"} <= set(told["11"])  # notebook alone, unseen, in a function
    assert told["12"] == ["gymnasium"]
    assert told["08"] == ["scipy"]  # in a function that chapter 6 does not use of that module
    assert told["06"] == []


def test_the_extra_brings_what_the_pages_need():
    brought = names(EXTRAS["chapters"])
    makers = metadata.packages_distributions()
    for number, wanted in needs.needs().items():
        for module in wanted:
            assert names(makers[module]) & brought, (number, module)
    assert "aigc-lib[chapters]" in EXTRAS["book"]


@pytest.fixture(scope="module")
def first_cell() -> str:
    cells = {source(code_cells(json.loads(path.read_text("utf8")))[0]) for path in chapters()}
    (cell,) = cells  # one form for all
    return cell


def run(cell: str, where: str) -> str:
    command = [sys.executable, "-c", COLAB, where]
    return subprocess.run(command, input=cell, capture_output=True, text=True, check=True).stdout


def test_on_colab_the_first_cell_installs_the_library_with_what_chapters_need(first_cell):
    (line,) = re.findall(r"^RUN (.*)$", run(first_cell, "colab"), re.MULTILINE)
    *command, asked = shlex.split(line)
    assert command == [sys.executable, "-m", "pip", "install", "-q"]
    assert (Requirement(asked).name, Requirement(asked).extras) == ("aigc-lib", {"chapters"})
    assert Requirement(asked).url == f"git+{HOME}"


def test_elsewhere_the_first_cell_installs_nothing(first_cell):
    out = run(first_cell, "home")
    assert "RUN" not in out
    assert "ModuleNotFoundError" in out


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("torch", "2.10.0"),
        ("torch", "2.10.0+cu128"),  # Colab's kind
        ("torchvision", "0.25.0+cu128"),
        ("torch", metadata.version("torch")),
        ("torchvision", metadata.version("torchvision")),
    ],
)
def test_a_pytorch_that_works_is_kept(package, version):
    (asked,) = (r for r in map(Requirement, PROJECT["dependencies"]) if r.name == package)
    assert asked.specifier.contains(version)
