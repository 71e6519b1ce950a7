"""What no module may do, read off the syntax trees: run code from files, write files, speak to the terminal."""

import ast

import pytest

from tests.house.tree import ROOT, modules

RUNS_CODE = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CALLS_CODE = {"eval", "exec", "compile", "__import__"}
LOADS_CODE = {
    ("yaml", "load"),
    ("torch", "load"),
    ("numpy", "load"),
    ("np", "load"),
    ("jnp", "load"),
    ("save_util", "load_from_zip_file"),
}
WRITES = {
    "write_text", "write_bytes", "mkdir", "makedirs", "touch", "unlink", "rename", "renames", "rmdir", "rmtree",
    "removedirs", "symlink_to", "hardlink_to", "tofile", "savez", "savez_compressed", "savetxt", "savefig",
    "copyfile", "copytree", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "save_file",
    "tree_serialise_leaves",
}  # fmt: skip
WRITES_OF = {
    ("os", "remove"),
    ("os", "replace"),
    ("os", "open"),
    ("shutil", "move"),
    ("shutil", "copy"),
    ("np", "save"),
}
SPEAKS = {("typer", "echo"), ("typer", "secho"), ("rich", "print"), ("stdout", "write"), ("stderr", "write")}

STARTS = {"Thread", "ThreadPoolExecutor", "ProcessPoolExecutor", "Process", "Popen", "run_in_executor", "Timer"}

# Lets Stable-Baselines3 unpickle a file, where whoever loads it says `unpickle=True`.
MAY_RUN_CODE = {"mesascope/adapters/sb3/trusted.py"}
MAY_WRITE = "mesascope/store/fs.py"
# The command's entry point swaps standard output for nothing when its reader has gone.
MAY_OPEN = {MAY_WRITE, "mesascope/cli/main.py"}
# Progress rewrites its own line, the verdict draws a table; both let through only text that has been made harmless.
MAY_SPEAK = {"mesascope/cli/terminal.py", "mesascope/cli/progress.py", "mesascope/reports/terminal.py"}


def called(node):
    """Owner and name of what is called: ("np", "load") for np.load(...), (None, "open") for open(...)."""
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        return name, node.func.attr
    return None, getattr(node.func, "id", "")


def says(node, name, value):
    """Whether a call gives a constant to an argument by its name."""
    return any(k.arg == name and getattr(k.value, "value", None) is value for k in node.keywords)


def loads_data_alone(owner, node):
    """Whether a call tells PyTorch to refuse whatever is no tensor, or NumPy whatever would be unpickled."""
    return {
        "torch": says(node, "weights_only", True),
        "np": says(node, "allow_pickle", False),
    }.get(owner, False)


def running_code(tree):
    """Everything that could run code which came in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in RUNS_CODE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in RUNS_CODE:
            yield node.module
        elif isinstance(node, ast.Call):
            owner, name = called(node)
            loads = (owner, name) in LOADS_CODE and not loads_data_alone(owner, node)
            if (owner is None and name in CALLS_CODE) or loads or owner in RUNS_CODE:
                yield name
            yield from (k.arg for k in node.keywords if k.arg == "allow_pickle" and not says(node, k.arg, False))


def writing_files(tree):
    """Everything that could write, move or remove a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            owner, name = called(node)
            # A function of the store by the same name is how writing is meant to be done.
            if owner is not None and name in WRITES and owner not in ("fs", "store", "results"):
                yield name
            elif (owner, name) in WRITES_OF:
                yield f"{owner}.{name}"
            elif name == "open" and owner in (None, "io", "gzip", "path", "Path"):
                modes = [*node.args[:2], *(k.value for k in node.keywords if k.arg == "mode")]
                words = [str(mode.value) for mode in modes if isinstance(mode, ast.Constant)]
                if any(set(word) & set("wax+") and len(word) <= 3 for word in words):
                    yield "open for writing"


def speaking(tree):
    """Everything that could put text on the terminal past the one exit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            owner, name = called(node)
            if (owner is None and name in ("print", "Console")) or (owner, name) in SPEAKS:
                yield name


def starting(tree):
    """Everything that could start a thread or a process."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            owner, name = called(node)
            if name in STARTS or owner in ("subprocess", "multiprocessing"):
                yield name


def found(check, allowed=()):
    return {name: hits for name, tree in modules().items() if name not in allowed and (hits := list(check(tree)))}


def test_no_module_can_run_code_from_a_file():
    assert found(running_code, MAY_RUN_CODE) == {}
    assert list(running_code(ast.parse((ROOT / "start.py").read_text()))) == []


def test_only_the_store_writes_files():
    assert found(writing_files, MAY_OPEN) == {}


def test_only_the_terminal_and_progress_speak():
    assert found(speaking, MAY_SPEAK) == {}


def test_only_jobs_start_threads_and_processes():
    assert {name.rpartition("/")[0] for name in found(starting)} == {"mesascope/jobs"}


@pytest.mark.parametrize(
    ("check", "source"),
    [
        *((running_code, line) for line in ("import pickle", "from dill import load", "import os, marshal.x")),
        *((running_code, line) for line in ("eval(x)", "np.load(f)", "f(allow_pickle=True)", "torch.load(f)")),
        *((running_code, line) for line in ("torch.load(f, weights_only=False)", "save_util.load_from_zip_file(f)")),
        *(
            (writing_files, line)
            for line in ("open(p, 'w')", "open(p, mode='ab')", "p.write_text(x)", "os.replace(a, b)")
        ),
        *(
            (writing_files, line)
            for line in ("(p / 'a').mkdir()", "np.save(p, a)", "path.open('w')", "tempfile.mkdtemp()")
        ),
        *((starting, line) for line in ("Thread(target=f)", "subprocess.run(c)", "futures.ThreadPoolExecutor(1)")),
        *((speaking, line) for line in ("print(x)", "sys.stdout.write(x)", "typer.echo(x)", "Console().print(x)")),
    ],
)
def test_each_check_can_fail(check, source):
    assert list(check(ast.parse(source)))


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (running_code, "re.compile(x); model.eval(); jsonlib.load(f); torch.load(f, weights_only=True)"),
        (running_code, "np.load(f, allow_pickle=False)"),
        (writing_files, "open(p); open(p, 'rb'); results.write_text(p, x); write_bytes(p, x); text.replace(a, b)"),
        (speaking, "terminal.line(x); console().print(x)"),
    ],
)
def test_each_check_can_pass(check, source):
    assert list(check(ast.parse(source))) == []
