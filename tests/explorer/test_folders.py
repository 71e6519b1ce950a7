"""What is found below the folders that the explorer was given, and that no id leads outside of them."""

import os

import pytest

from mesascope.core.errors import StorageError, UsageError
from mesascope.explorer.folders import ID, Folders, Missing
from mesascope.explorer.progress import Watched
from mesascope.store.fs import hold, let_go
from mesascope.store.results import write_json
from tests.explorer.folders import named, put, study_under_way, three
from tests.reports import sample_audit


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    three(folder / "Red Doors!")
    named(folder / "planner", "organism", "organism:planner")
    study_under_way(folder / "studies" / "grid")
    return folder


def test_results_have_ids_that_are_no_paths_and_stay(root):
    found = Folders([root]).results()
    assert [(r.name, len(r.audits)) for r in found] == [("Red Doors!", 3), ("planner", 1)]
    assert all(ID.fullmatch(r.id) for r in found)
    assert [r.id for r in found] == [r.id for r in Folders([root]).results()]
    assert found[0].id.startswith("red-doors-")


def test_an_id_leads_to_its_result_and_its_audits(root):
    folders = Folders([root])
    result = folders.results()[0]
    assert Folders([root]).result(result.id) == result
    assert [d["seed"] for d in folders.documents(result)] == [0, 1, 2]
    assert folders.audit(folders.id_of(result.audits[1].parent)) == result.audits[1]


def test_a_document_is_read_again_once_it_has_changed(tmp_path):
    put(tmp_path / "one", sample_audit.sample_audit(3))
    folders = Folders([tmp_path])
    result = folders.results()[0]
    assert folders.documents(result)[0] is folders.documents(result)[0]
    put(tmp_path / "one", sample_audit.sample_audit(41))
    assert folders.documents(folders.results()[0])[0]["seed"] == 41


PAYLOADS = [
    prefix + up * depth + target
    for prefix in ("", "/", "./", "a/", "file:")
    for up in ("../", "..%2f", "%2e%2e/", "..\\", "....//", "..%00/")
    for depth in (1, 3)
    for target in ("etc/passwd", "audit.json", "planner")
] + ["", ".", "..", "~", "\x00", "a" * 65, "A", "\u00e9", "a b", "-" * 64, "planner", "Red Doors!", "seed-0", "con"]


def test_no_payload_leads_anywhere(root):
    folders = Folders([root])
    assert len(PAYLOADS) > 190
    for payload in PAYLOADS:
        for ask in (folders.result, folders.audit):
            with pytest.raises(Missing):
                ask(payload)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_left_out(tmp_path):
    outside = put(tmp_path / "outside", sample_audit.sample_audit(0))
    inside = put(tmp_path / "root" / "own", sample_audit.sample_audit(1))
    (tmp_path / "root" / "folder").symlink_to(outside)
    (tmp_path / "root" / "file").mkdir()
    (tmp_path / "root" / "file" / "audit.json").symlink_to(outside / "audit.json")
    folders = Folders([tmp_path / "root"])
    assert [r.folder for r in folders.results()] == [inside]
    with pytest.raises(StorageError, match="link"):
        folders.document(tmp_path / "root" / "file" / "audit.json")
    with pytest.raises(StorageError, match="outside"):
        folders.document(outside / "audit.json")


def test_a_root_that_is_none_is_said(tmp_path):
    (tmp_path / "file").touch()
    for path, found in ((tmp_path / "nothing", "nothing"), (tmp_path / "file", "a file")):
        with pytest.raises(UsageError, match=found):
            Folders([path])


def test_a_document_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    put(tmp_path / "good", sample_audit.sample_audit(0))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "audit.json").write_text("{")
    (tmp_path / "worse").mkdir()
    (tmp_path / "worse" / "study.json").write_text("[]")
    found = {r.name: r for r in Folders([tmp_path]).results()}
    assert set(found) == {"good", "bad", "worse"}
    assert "cannot be read" in found["worse"].about.result


def test_a_study_under_way_is_told_from_its_journal_and_its_locks(root, tmp_path):
    folder = study_under_way(tmp_path / "grid", 3)
    folders, watched = Folders([tmp_path]), Watched()
    id_, name, at = folders.running()[0]
    assert (name, at) == ("grid", folder)
    lock = hold(folder / ".mesascope-0123456789abcdef.lock")
    found = watched.look(name, id_, at)
    assert (found.done, found.running, found.failed, found.conditions) == (3, 1, 0, {"plain": 3})
    let_go(lock)
    study_under_way(tmp_path / "grid", 5)
    assert (watched.look(name, id_, at).done, watched.look(name, id_, at).running) == (5, 0)
    write_json(folder / "study.json", {"kind": "study", "title": "grid"})
    assert folders.running() == []
    assert [r.about.kind for r in folders.results()] == ["study"]


def test_a_damaged_journal_is_said(tmp_path):
    folder = study_under_way(tmp_path / "grid", 3)
    text = (folder / "cells.jsonl").read_text()
    (folder / "cells.jsonl").write_text(text.replace("plain", "plaim", 1))
    assert "line 1" in Watched().look("grid", "id", folder).problem
