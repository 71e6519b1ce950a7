import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mesascope.core.errors import StorageError
from mesascope.store import fs
from tests.store.faults import Stopped, every_fault

OLD, NEW = b"old content", b"the new content, which is longer"


def partials(folder):
    return [path.name for path in folder.rglob("*.partial")]


@pytest.mark.parametrize("mode", ["stop", "fail", "half"])
def test_a_write_struck_at_any_operation_leaves_the_old_or_the_new_file(tmp_path, monkeypatch, mode):
    def prepare(k):
        path = tmp_path / str(k) / "file.json"
        fs.write_bytes(path, OLD)
        return path

    def check(path, error):
        assert path.read_bytes() in ((OLD, NEW) if error else (NEW,))
        if mode == "stop":
            assert error is None or isinstance(error, Stopped)
        else:
            assert error is None or isinstance(error, StorageError)
            assert partials(path.parent) == []

    strikes = every_fault(monkeypatch, mode, prepare, lambda path: fs.write_bytes(path, NEW), check)
    assert strikes >= 5  # open, write, fsync, close, replace at the least


def test_a_full_disk_is_named_with_the_bytes_needed_and_free(tmp_path, monkeypatch):
    def full(handle, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match=rf"report.html: the disk is full: {len(NEW)} bytes needed, \d+ free"):
        fs.write_bytes(tmp_path / "report.html", NEW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are of Unix")
def test_a_file_size_limit_leaves_the_old_file(tmp_path):
    script = (
        "import resource, sys; from pathlib import Path; from mesascope.store import fs\n"
        "from mesascope.core.errors import StorageError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: fs.write_bytes(Path(sys.argv[1]), b'x' * 10_000)\n"
        "except StorageError as error: print(error, error.exit_code)\n"
    )
    path = tmp_path / "file"
    path.write_bytes(OLD)
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "10000 bytes are more than a file may have here 4" in done.stdout
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]


def _can_mount():
    return shutil.which("unshare") and not subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode


@pytest.mark.skipif(not _can_mount(), reason="needs leave to mount a file system of one's own")
def test_a_disk_that_is_really_full_leaves_the_old_file_and_takes_the_new_one_after_space_is_freed(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from mesascope.store import fs\n"
        "from mesascope.core.errors import StorageError\n"
        "folder = Path(sys.argv[1]); fs.write_bytes(folder / 'file', b'old')\n"
        "fs.write_bytes(folder / 'ballast', b'x' * 700_000)\n"
        "try: fs.write_bytes(folder / 'file', b'y' * 500_000)\n"
        "except StorageError as error: print(error)\n"
        "print(sorted(os.listdir(folder)), (folder / 'file').read_bytes())\n"
        "os.unlink(folder / 'ballast'); fs.write_bytes(folder / 'file', b'y' * 500_000)\n"
        "print((folder / 'file').stat().st_size)\n"
    )
    mounted = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-m", "sh", "-c", mounted, "sh", str(tmp_path), sys.executable, script]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "the disk is full: 500000 bytes needed" in lines[0]
    assert lines[1:] == ["['ballast', 'file'] b'old'", "500000"]


@pytest.mark.parametrize("act", [fs.check_writable, lambda folder: fs.write_bytes(folder / "file", NEW)])
def test_a_folder_under_a_file_is_refused_by_name(tmp_path, act):
    (tmp_path / "file").write_bytes(OLD)
    folder = tmp_path / "file" / "below"
    with pytest.raises(StorageError, match="below.*not a directory"):
        act(folder)
    assert (tmp_path / "file").read_bytes() == OLD


def test_an_unwritable_folder_is_refused_by_name(tmp_path, monkeypatch):
    # Root may write anywhere, so the refusal is played.
    def denied(path, flags, mode=0o777):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    for act in (fs.check_writable, lambda folder: fs.write_bytes(folder / "file", NEW)):
        with pytest.raises(StorageError, match=f"{tmp_path.name}.*permission denied") as caught:
            act(tmp_path)
        assert caught.value.exit_code == 4
    assert list(tmp_path.iterdir()) == []


def test_checking_a_missing_folder_makes_nothing(tmp_path):
    fs.check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 255, "with space", "Ünïcode-目", "-rf", "a'b\"c"])
def test_names_of_all_kinds_are_written(tmp_path, name):
    fs.write_bytes(tmp_path / "new" / name, NEW)
    assert os.listdir(tmp_path / "new") == [name]
    assert (tmp_path / "new" / name).read_bytes() == NEW


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(StorageError, match="too long"):
        fs.write_bytes(tmp_path / ("x" * 256), NEW)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    (tmp_path / "here").mkdir()
    with pytest.raises(StorageError, match="here"):
        fs.write_bytes(tmp_path / "here", NEW)
    assert partials(tmp_path) == []


def test_removing_takes_files_and_empty_folders_only(tmp_path):
    fs.write_bytes(tmp_path / "a" / "file", OLD)
    with pytest.raises(StorageError, match="cannot remove .*a:"):
        fs.remove(tmp_path / "a")
    fs.remove(tmp_path / "a" / "file")
    fs.remove(tmp_path / "a")
    fs.remove(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_reading_is_capped_and_takes_regular_files_only(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert fs.read_bytes(path, 5) == b"12345"
    with pytest.raises(OSError, match="5 bytes, more than the 4 allowed"):
        fs.read_bytes(path, 4)
    os.mkfifo(tmp_path / "pipe")
    for strange in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="not a regular file|[Ii]s a directory"):
            fs.read_bytes(strange, 100)
