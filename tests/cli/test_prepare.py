"""``aigc prepare``: what can be had is prepared, what cannot is said."""

from aigc_lib.cli import prepare
from aigc_lib.data.sources import DataError


def test_one_thing_missing_does_not_keep_the_rest_from_being_prepared(monkeypatch, capsys):
    done = []

    def missing():
        raise DataError("no source gave model.safetensors")

    monkeypatch.setattr(prepare, "fetch_all", lambda names: int(bool(names)))
    steps = {"a": lambda: done.append("a"), "b": missing, "c": lambda: done.append("c")}
    monkeypatch.setattr(prepare, "STEPS", steps)
    assert prepare.main() == 1
    assert done == ["a", "c"]
    said = capsys.readouterr()
    assert said.out == "a: ready\nc: ready\n"
    assert said.err == "error: b: no source gave model.safetensors\n"


def test_zero_if_all_is_there_one_if_a_data_set_is_not(monkeypatch):
    monkeypatch.setattr(prepare, "STEPS", {})
    for failed in (0, 1):
        monkeypatch.setattr(prepare, "fetch_all", lambda names, failed=failed: failed)
        assert prepare.main() == failed
