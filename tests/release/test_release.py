"""A release names one version everywhere, and conda and make install the same."""

import re
import tomllib

import pytest
import yaml

from tools import release
from tools.notebook import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]


def test_every_place_names_the_same_version():
    assert len(set(release.versions(ROOT).values())) == 1, release.versions(ROOT)


def test_the_notes_are_the_changelogs_words_without_the_details(capsys):
    assert release.main(f"v{PROJECT['version']}") == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) > 10
    assert "###" not in said
    assert "## " not in said


def test_a_tag_of_another_version_is_refused(capsys):
    assert release.main("v9.9.9") == 1
    assert "the tag is v9.9.9" in capsys.readouterr().err


def test_the_citation_has_what_the_format_needs():
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert {"cff-version", "message", "title", "authors", "version", "date-released"} <= set(found)
    assert found["license"] == PROJECT["license"]
    assert (
        found["repository-code"]
        == yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["repository"]["url"]
    )
    assert str(found["date-released"])[:4] in (ROOT / "CHANGELOG.md").read_text("utf8")


def test_conda_installs_what_make_installs():
    file = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))
    plain = [name for name in file["dependencies"] if isinstance(name, str)]
    (through_pip,) = [each["pip"] for each in file["dependencies"] if isinstance(each, dict)]
    assert set(plain) >= {"pip", "make"}
    (python,) = [name.removeprefix("python=") for name in plain if name.startswith("python=")]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert int(low) <= int(python.split(".")[1]) < int(high)
    make = (ROOT / "Makefile").read_text("utf8")
    assert f'--editable "{through_pip[1].split()[1]}"' in make
    assert through_pip[0].split() == ["--constraint", "constraints.txt"]
    assert "--constraint constraints.txt --editable" in make


@pytest.mark.parametrize("name", ["test", "publish", "weekly", "release"])
def test_workflows_are_whole(name):
    """Each job runs somewhere, not for ever, and reads at most what it says."""
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf8"))
    assert flow["permissions"]["contents"] == "read"
    for job in flow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        assert job["steps"]
        assert all("uses" in step or "run" in step for step in job["steps"])
        assert set(
            [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        ) <= (set(flow["jobs"]))


def test_a_release_is_published_only_after_all_checks():
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf8"))
    jobs = flow["jobs"]
    assert set(jobs["publish"]["needs"]) == {"check", "alone"}
    assert jobs["alone"]["needs"] == "build"
    writers = [name for name, job in jobs.items() if "permissions" in job]
    assert writers == ["publish"]
    assert flow[True] == {"push": {"tags": ["v*"]}}  # YAML reads ``on`` as true
