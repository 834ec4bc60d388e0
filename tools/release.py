"""What a release says of itself: one version everywhere, and the changelog's words for it.

    python -m tools.release v0.2.0   # prints the notes; ends with 1 if the versions differ

Only the standard library and PyYAML are needed, so that it runs before anything is installed.
"""

import re
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def versions(root: Path) -> dict[str, str]:
    """The version that each place names; the changelog's is that of its first section."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]
    library = (root / "aigc_lib" / "__init__.py").read_text("utf8")
    changelog = (root / "CHANGELOG.md").read_text("utf8")
    return {
        "pyproject.toml": project["version"],
        "aigc_lib": re.findall(r'^__version__ = "(.+)"$', library, re.MULTILINE)[0],
        "CITATION.cff": yaml.safe_load((root / "CITATION.cff").read_text("utf8"))["version"],
        "CHANGELOG.md": re.findall(r"^## ([^,\n]+)", changelog, re.MULTILINE)[0],
    }


def notes(root: Path, version: str) -> str:
    """The changelog's section of a version, without its details."""
    changelog = (root / "CHANGELOG.md").read_text("utf8")
    section = re.split(rf"^## {re.escape(version)}\b.*\n", changelog, flags=re.MULTILINE)[1]
    return re.split(r"^##", section, flags=re.MULTILINE)[0].strip() + "\n"


def main(tag: str, root: Path = ROOT) -> int:
    """Print the notes for a tag, or what differs from it."""
    found = versions(root)
    if wrong := {place: name for place, name in found.items() if f"v{name}" != tag}:
        print(f"the tag is {tag}, but: {wrong}", file=sys.stderr)
        return 1
    print(notes(root, tag.removeprefix("v")), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
