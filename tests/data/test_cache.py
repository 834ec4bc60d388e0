"""The cache: verified, atomic, shared; nothing corrupt is used and nothing is lost."""

import errno

import pytest

from aigc_lib.cli.prepare import prepare
from aigc_lib.data import cache, registry
from aigc_lib.data.sources import DataError, Unavailable, packaged
from tests.support import tiny
from tests.support.tiny import FILES, fetch_quietly, got, names, use

FIRST = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache folder of the tiny data set, which does not exist yet."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AIGC_DATA", raising=False)
    return tmp_path / "cache" / "Tiny" / "raw"


def test_sources_are_tried_in_order_until_all_files_are_there(folder, monkeypatch):
    closed, broken = tiny.Failing(), tiny.Failing(KeyError("odd"))
    some, rest, never = tiny.Giver({FIRST: FILES[FIRST]}), tiny.Giver(FILES), tiny.Giver(FILES)
    use(monkeypatch, closed, broken, some, rest, never)
    assert fetch_quietly() == folder
    assert got(folder) == FILES
    assert names(folder) == sorted(FILES)
    assert (closed.asked, broken.asked) == (1, 1)
    assert some.asked == [sorted(FILES)]
    assert rest.asked == [sorted(set(FILES) - {FIRST})]
    assert never.asked == []


def test_a_full_cache_asks_no_source(folder, monkeypatch):
    giver = tiny.Giver(FILES)
    use(monkeypatch, giver)
    fetch_quietly()
    fetch_quietly()
    assert len(giver.asked) == 1


def test_when_every_source_fails_one_error_says_all(folder, monkeypatch):
    use(monkeypatch, tiny.Failing(), tiny.Failing(TimeoutError("timed out")))
    with pytest.raises(DataError) as caught:
        cache.fetch("tiny-digits")
    said = str(caught.value)
    order = [
        f"1. the cache {folder}",
        "2. source 1: closed on Sundays",
        "3. source 2: TimeoutError",
    ]
    places = [said.index(part) for part in order]
    assert places == sorted(places)
    for part in [*FILES, "AIGC_DATA", "aigc prepare tiny-digits"]:
        assert part in said
    assert names(folder) == []


def spoil(data):
    yield "flipped", data[:500] + bytes([data[500] ^ 1]) + data[501:], "corrupt"
    yield "truncated", data[:-1], "truncated"
    yield "longer", data + b"\0", "truncated or another"
    yield "empty", b"", "truncated"
    yield "swapped", FILES[LABELS], f"this is the {LABELS} of tiny-digits under a wrong name"


@pytest.mark.parametrize(("how", "bad", "said"), list(spoil(FILES[FIRST])))
def test_a_corrupt_file_is_kept_aside_and_fetched_again(folder, monkeypatch, how, bad, said):
    giver = tiny.Giver(FILES)
    use(monkeypatch, giver)
    fetch_quietly()
    (folder / FIRST).write_bytes(bad)
    with pytest.warns(UserWarning, match="Kept aside") as warned:
        cache.fetch("tiny-digits")
    assert said in str(warned[0].message)
    assert giver.asked[-1] == [FIRST]
    aside = [name for name in names(folder) if name.startswith(f"{FIRST}.corrupt-")]
    assert len(aside) == 1
    assert got(folder) == {**FILES, aside[0]: bad}


def test_a_corrupt_file_with_no_source_left_is_an_error_and_is_kept(folder, monkeypatch):
    use(monkeypatch, tiny.Giver(FILES))
    fetch_quietly()
    bad = FILES[FIRST][:-7]
    (folder / FIRST).write_bytes(bad)
    use(monkeypatch, tiny.Failing())
    for _ in range(2):  # the second time nothing more piles up
        with pytest.warns(UserWarning, match="Kept aside"), pytest.raises(DataError):
            cache.fetch("tiny-digits")
    assert [data for name, data in got(folder).items() if ".corrupt-" in name] == [bad]


def test_a_wrong_file_from_a_source_is_reported_and_never_used(folder, monkeypatch, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for name, data in FILES.items():
        (mine / name).write_bytes(data[:-1] if name == FIRST else data)
    before = got(mine)
    monkeypatch.setenv("AIGC_DATA", str(mine))
    use(monkeypatch, registry.from_reader)
    with pytest.warns(UserWarning, match=FIRST), pytest.raises(DataError, match="truncated"):
        cache.fetch("tiny-digits")
    use(monkeypatch, registry.from_reader, tiny.Giver(FILES))
    with pytest.warns(UserWarning, match="not used"):
        cache.fetch("tiny-digits")
    assert got(folder) == FILES
    assert got(mine) == before


def test_a_readers_own_copy_goes_before_the_package(tmp_path, monkeypatch):
    package = tiny.Giver(FILES)
    pins = tiny.dataset(FILES).files
    monkeypatch.setitem(
        registry.datasets(), "tiny-text", packaged("tiny-text", "the package", package, pins)
    )
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "one"))
    monkeypatch.setenv("AIGC_DATA", str(tmp_path / "mine"))
    tiny.put(tmp_path / "mine" / "tiny-text", FILES)
    assert got(cache.fetch("tiny-text")) == FILES
    assert package.asked == []
    monkeypatch.delenv("AIGC_DATA")
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "two"))
    assert got(cache.fetch("tiny-text")) == FILES
    assert package.asked == [sorted(FILES)]


def test_a_disk_that_fills_up_stops_the_search_and_leaves_nothing(folder, monkeypatch):
    def filling(*, wanted, into):
        (into / FIRST).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    after = tiny.Giver(FILES)
    use(monkeypatch, filling, after)
    with pytest.raises(DataError, match="no space left") as caught:
        cache.fetch("tiny-digits")
    assert f"{2 * sum(map(len, FILES.values())):,} bytes are needed" in str(caught.value)
    assert after.asked == []
    assert names(folder) == []


def test_too_little_space_is_seen_before_anything_is_fetched(folder, monkeypatch):
    giver = tiny.Giver(FILES)
    use(monkeypatch, giver)
    usage = cache.shutil.disk_usage
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda p: usage(p)._replace(free=1_234))
    with pytest.raises(DataError, match=r"1,234 are free"):
        cache.fetch("tiny-digits")
    assert giver.asked == []
    assert names(folder) == []


def test_a_cache_that_cannot_be_written(folder, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    use(monkeypatch, tiny.Giver(FILES))
    with pytest.raises(DataError, match=r"cannot write to the cache.*set AIGC_CACHE"):
        cache.fetch("tiny-digits")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"AIGC_CACHE": "{tmp}/c", "XDG_CACHE_HOME": "{tmp}/x"}, "c"),
        ("linux", {"XDG_CACHE_HOME": "{tmp}/x"}, "x/aigc"),
        ("linux", {}, "home/.cache/aigc"),
        ("darwin", {"XDG_CACHE_HOME": "{tmp}/x"}, "home/Library/Caches/aigc"),
        ("win32", {"LOCALAPPDATA": "{tmp}/local"}, "local/aigc"),
        ("win32", {}, "home/AppData/Local/aigc"),
    ],
)
def test_where_the_cache_is(monkeypatch, tmp_path, platform, variables, expected):
    for name in ("AIGC_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp=tmp_path))
    monkeypatch.setattr(cache.sys, "platform", platform)
    monkeypatch.setattr(cache.Path, "home", lambda: tmp_path / "home")
    assert cache.cache_dir() == tmp_path / expected


def test_a_root_of_ones_own(folder, monkeypatch, tmp_path):
    use(monkeypatch, tiny.Giver(FILES))
    assert cache.fetch("tiny-digits", tmp_path / "other") == tmp_path / "other" / "Tiny" / "raw"
    assert not folder.exists()


def test_the_command_fetches_the_rest_after_a_failure(folder, monkeypatch, capsys):
    use(monkeypatch, tiny.Failing(Unavailable("shut")), name="tiny-shut")
    use(monkeypatch, tiny.Giver(FILES))
    assert prepare(["tiny-shut", "tiny-digts", "tiny-digits"]) == 2
    out, err = capsys.readouterr()
    assert out == f"tiny-digits: {folder}\n"
    assert "shut" in err
    assert "Did you mean 'tiny-digits'?" in err
    assert prepare(["tiny-digits"]) == 0


def test_the_command_fetches_all_by_default(folder, monkeypatch, capsys):
    monkeypatch.setattr("aigc_lib.cli.prepare.datasets", lambda: {"tiny-digits": None})
    monkeypatch.setattr("aigc_lib.cli.prepare.rooms_with", lambda part: [])
    use(monkeypatch, tiny.Giver(FILES))
    assert prepare() == 0
    assert capsys.readouterr().out == f"tiny-digits: {folder}\n"
