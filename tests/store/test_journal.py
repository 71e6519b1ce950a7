"""A journal: nothing is lost but a torn last line, however many processes write, wherever one of them ends."""

import json
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.errors import StorageError
from mesascope.store.journal import Journal, encoded, parsed
from tests.store.faults import every_fault


def row(number, **more):
    return {"fingerprint": f"{number:064x}", "value": number / 7, **more}


def filled(path, count):
    journal = Journal(path)
    for number in range(count):
        journal.add(row(number), 6)
    return path


def numbers(path):
    return sorted(int(fingerprint, 16) for fingerprint in Journal(path).fingerprints())


def test_rows_are_plain_json_lines_and_are_found_again_as_they_were_returned(tmp_path):
    journal = Journal(tmp_path / "a" / "rows.jsonl")
    assert journal.find("0" * 64) is None
    kept = journal.add(row(3, text='a\n"b', nan=float("nan")), 3)
    assert kept == {"fingerprint": f"{3:064x}", "value": 0.429, "text": 'a\n"b', "nan": None}
    assert Journal(journal.path).find(f"{3:064x}") == kept
    line = json.loads(journal.path.read_text())
    assert {key: line[key] for key in kept} == kept
    assert list(line)[-2:] == ["crc32", "fingerprint"]


def test_torn_at_every_byte_of_the_last_records_only_the_torn_one_is_lost_and_it_is_added_to_twice(tmp_path):
    whole = filled(tmp_path / "whole.jsonl", 5).read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for length in range(ends[1], len(whole) + 1):
        path = tmp_path / "torn.jsonl"
        path.write_bytes(whole[:length])
        there = sum(end - 1 <= length for end in ends)  # a line that lacks its end alone is whole
        assert numbers(path) == list(range(there))
        for number in (8, 9):
            Journal(path).add(row(number))
            assert numbers(path) == sorted([*range(there), 8, *([9] if number == 9 else [])])
        assert path.read_bytes().startswith(whole[: ends[there - 1]])


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_any_flipped_byte_before_the_last_line_is_an_error_that_names_the_line(tmp_path, place):
    path = filled(tmp_path / "rows.jsonl", 3)
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    line = whole[start : whole.index(b"\n", start)]
    for offset in {int(place * len(line)), *range(len(line) - 95, len(line) - 70)}:
        data = bytearray(whole)
        data[start + offset] ^= 1
        path.write_bytes(bytes(data))
        with pytest.raises(StorageError, match="rows.jsonl, line 2"):
            Journal(path)


@pytest.mark.parametrize("mode", ["stop", "fail", "half"])
@pytest.mark.parametrize("torn", [b"", b'{"half a'])
def test_struck_at_any_operation_every_earlier_row_is_there_and_the_next_one_can_be_added(
    tmp_path, monkeypatch, mode, torn
):
    def prepare(k):
        path = filled(tmp_path / str(k) / "rows.jsonl", 2)
        path.write_bytes(path.read_bytes() + torn)
        return path

    def check(path, error):
        assert numbers(path) in ([0, 1], [0, 1, 2])
        assert error is not None or numbers(path) == [0, 1, 2]
        Journal(path).add(row(3))
        assert {0, 1, 3} <= set(numbers(path))
        shutil.rmtree(path.parent)

    assert every_fault(monkeypatch, mode, prepare, lambda path: Journal(path).add(row(2)), check) >= 4


def test_the_first_result_of_a_job_stays(tmp_path):
    first, second = (Journal(tmp_path / "rows.jsonl") for _ in range(2))
    first.add(row(1, by="first"))
    assert second.add(row(1, by="second"))["by"] == "first"
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 1


def test_a_journal_that_was_removed_is_begun_anew(tmp_path):
    journal = Journal(filled(tmp_path / "rows.jsonl", 2))
    journal.path.unlink()
    journal.refresh()
    assert journal.fingerprints() == set()
    journal.add(row(5))
    assert numbers(journal.path) == [5]


def test_lines_of_earlier_versions_are_read_and_added_to(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row(0)) + "\n" + json.dumps(row(1)))  # the last one without its end
    Journal(path).add(row(2))
    assert numbers(path) == [0, 1, 2]


def test_processes_that_write_at_once_lose_no_row_and_write_none_twice(tmp_path):
    script = (
        "import sys; from pathlib import Path; from mesascope.store.journal import Journal\n"
        "import random; path, worker = Path(sys.argv[1]), int(sys.argv[2])\n"
        "order = list(range(40)); random.Random(worker).shuffle(order)\n"
        "journal = Journal(path)\n"
        "for number in order: journal.add({'fingerprint': f'{number:064x}', 'by': worker})\n"
    )
    path = tmp_path / "rows.jsonl"
    running = [subprocess.Popen([sys.executable, "-c", script, str(path), str(worker)]) for worker in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    lines = path.read_text().splitlines()
    assert len(lines) == 40
    assert numbers(path) == list(range(40))


@given(st.dictionaries(st.text(max_size=5), st.none() | st.integers(0, 9) | st.text(max_size=5), max_size=4))
def test_what_is_encoded_is_parsed(found):
    found = {key: value for key, value in found.items() if key not in ("crc32", "fingerprint")} | {"fingerprint": "a"}
    assert parsed(encoded(found), "here") == found
