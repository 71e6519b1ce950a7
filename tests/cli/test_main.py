import json
import subprocess
import sys

import pytest

from mesascope.cli import main, terminal, worlds
from mesascope.core.errors import AgentFileError, StorageError


def run(capsys, *arguments):
    code = main.run(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands(capsys, arguments):
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    for name in ("worlds", "organisms", "instruments", "doctor"):
        assert name in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wrlds"], "mesascope: unknown command 'wrlds': did you mean 'worlds'?\n"),
        (["worlds", "--jsn"], "mesascope: unknown option '--jsn': did you mean '--json'?\n"),
        (["worlds", "red-door"], "mesascope: unknown world 'red-door': did you mean 'red-doors'?\n"),
        (["worlds", "a", "b"], "mesascope: Got unexpected extra argument(s) (b)\n"),
    ],
)
def test_what_is_not_known_is_answered_in_one_line_that_names_the_nearest(capsys, arguments, message):
    assert run(capsys, *arguments) == (2, "", message)


def raising(error):
    def raises(*_, **__):
        raise error

    return raises


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (AgentFileError("x: expected a, found b"), 3, "agent-file"),
        (StorageError("cannot write x"), 4, "storage"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("by\nzero"), 1, "internal"),
    ],
)
def test_every_failure_is_one_line_and_its_own_exit_code(capsys, monkeypatch, error, code, name):
    monkeypatch.setattr(terminal, "table", raising(error))
    monkeypatch.setattr(terminal, "block", raising(error))
    found, out, err = run(capsys, "worlds")
    assert (found, out) == (code, "")
    assert err.startswith("mesascope: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err

    real = terminal.document

    def fails_for_results(value):
        if "error" not in value:
            raise error
        real(value)

    monkeypatch.setattr(terminal, "document", fails_for_results)
    found, out, err = run(capsys, "worlds", "--json")
    assert found == code
    assert json.loads(out)["error"]["code"] == name
    assert json.loads(out)["error"]["exit_code"] == code


def test_a_fault_of_ours_shows_its_traceback_when_asked(monkeypatch):
    monkeypatch.setenv("MESASCOPE_DEBUG", "1")
    monkeypatch.setattr(terminal, "table", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main.run(["worlds"])


def test_main_leaves_with_the_exit_code(capsys):
    with pytest.raises(SystemExit) as left:
        main.main(["wrlds"])
    assert left.value.code == 2


def test_a_reader_that_went_away_is_no_traceback():
    script = "import sys; from mesascope.cli.main import main; main(['worlds', '--json'])"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_every_command_has_a_line_of_help(capsys):
    for command in main.app.registered_commands:
        code, out, _ = run(capsys, command.name, "--help")
        assert code == 0
        assert worlds.command.__doc__ is not None
        assert command.callback.__doc__.splitlines()[0].split(";")[0][:40] in " ".join(out.split())
