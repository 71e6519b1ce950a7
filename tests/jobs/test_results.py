"""Places of results: found again by fingerprint, another job's never overwritten, and whole whenever the process ends."""

import json
import shutil

import pytest

from mesascope.core.errors import StorageError
from mesascope.jobs.job import Job
from mesascope.jobs.results import Files, Lines, Table
from tests.store.faults import every_fault


def job(number, **more):
    return Job("row", {"number": number, **more}, lambda listener: {"value": number / 7}, f"row {number}")


def files(folder):
    return Files(lambda job: folder / f"{job.spec['number']}.json")


PLACES = {
    "files": files,
    "lines": lambda folder: Lines(folder / "rows.jsonl"),
    "keyed": lambda folder: Table(folder / "rows.json"),
}
places = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


def put(results, job):
    made = {**job.work(None), "fingerprint": job.fingerprint}
    return results.put(job, made)


@places
def test_what_is_put_is_found_again_as_it_was_returned(place, tmp_path):
    results = place(tmp_path / "out")
    assert results.find(job(1)) is None
    stored = put(results, job(1))
    assert stored["value"] == 0.142857  # as the file has it
    put(results, job(2))
    for again in (results, place(tmp_path / "out")):
        assert again.find(job(1)) == stored
        assert again.find(job(2))["value"] == 0.285714


def test_another_jobs_document_is_refused_and_stays(tmp_path):
    results = files(tmp_path)
    put(results, job(1))
    before = (tmp_path / "1.json").read_bytes()
    with pytest.raises(StorageError, match=r"1\.json holds another row .*name another folder with --out"):
        results.find(job(1, version=2))
    assert (tmp_path / "1.json").read_bytes() == before


@places
def test_results_of_other_jobs_stay_in_a_shared_file(place, tmp_path):
    for number in range(3):  # each time as another run would
        put(place(tmp_path), job(number))
    assert [place(tmp_path).find(job(number)) is not None for number in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("name", "text"), [("1.json", "{"), ("1.json", "[]"), ("rows.jsonl", "{}"), ("rows.json", "3")]
)
def test_a_damaged_file_is_named_and_stays(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    place = next(
        place
        for kind, place in PLACES.items()
        if {"files": "1", "lines": "rows.jsonl", "keyed": "rows.json"}[kind] in name
    )
    with pytest.raises(StorageError, match=name):
        place(tmp_path).find(job(1))
    assert (tmp_path / name).read_text() == text


@places
@pytest.mark.parametrize("mode", ["stop", "fail"])
def test_wherever_it_is_cut_off_a_result_is_there_or_not(place, mode, tmp_path, monkeypatch):
    def prepare(k):
        folder = tmp_path / str(k)
        put(place(folder), job(1))
        return folder

    def check(folder, error):
        found = place(folder).find(job(2))
        assert place(folder).find(job(1))["value"] == 0.142857
        assert found is None or found["value"] == 0.285714
        assert error is not None or found is not None
        assert put(place(folder), job(2))["value"] == 0.285714
        shutil.rmtree(folder)

    assert every_fault(monkeypatch, mode, prepare, lambda folder: put(place(folder), job(2)), check) >= 5


def test_a_file_of_keys_is_plain_json(tmp_path):
    put(Table(tmp_path / "rows.json"), job(1))
    assert list(json.loads((tmp_path / "rows.json").read_text())) == [job(1).fingerprint]
