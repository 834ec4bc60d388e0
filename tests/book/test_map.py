"""The maps in the docstrings of ``aigc_lib`` and ``aigc_lib.data`` name every module."""

import re
from pathlib import Path

import pytest

import aigc_lib
from aigc_lib import data

LIBRARY = Path(aigc_lib.__file__).parent


@pytest.mark.parametrize(
    ("folder", "text"),
    [(".", aigc_lib.__doc__), ("nets", aigc_lib.__doc__), ("data", data.__doc__)],
)
def test_every_module_is_on_the_map(folder, text):
    modules = {path.stem for path in (LIBRARY / folder).glob("*.py")} - {"__init__", "__main__"}
    assert modules
    assert {name for name in modules if not re.search(rf"\b{name}\b", text)} == set()


def test_the_map_names_only_what_there_is():
    named = re.findall(r"^    ([a-z_]+)(?:\.[a-z]+)? ", aigc_lib.__doc__, re.MULTILINE)
    assert {name for name in named if not (LIBRARY / name).exists()} == {
        name for name in named if (LIBRARY / f"{name}.py").exists()
    }
