"""What every test runs under: checked shapes and types, fixed Hypothesis examples, and programs compiled once."""

import gc
import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

from tests.golden.environment import processor
from tests.order import LONGEST


def _kept() -> Path:
    """A folder of the user's for compiled programs, or one beside pytest's own cache where there is none to write to."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        below = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
        folder = below / "mesascope" / "tests" / processor()
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # the latter where there is no home folder
        pass
    return Path(__file__).resolve().parents[1] / ".pytest_cache" / f"jax-{processor()}"


# More than half of the time goes into compiling. Compiled programs are kept for the other workers of this run, for the next
# one, and for other clones; in the environment, so that the processes which tests start find them too.
_compiled = _kept()
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_compiled))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# Nearly every program here runs once, on little, so that hardly anything is optimized. What runs long asks for more itself, by
# the fixture `optimized`, or is started as a process without `tests.quick_to_compile.SETTINGS`.
# Every jaxlib that is allowed knows these flags; at one it does not know, it ends.
_QUICK_TO_COMPILE = (
    "--xla_backend_optimization_level=1",  # where JAX does not lower it to 0, see `optimized`
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_parallel_codegen_split_count=1",
    "--xla_cpu_use_fusion_emitters=false",
)
os.environ.setdefault("XLA_FLAGS", " ".join(_QUICK_TO_COMPILE))
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
# Matrices here are small. The threads of OpenBLAS wait for the next one in a loop, which took up to a third of a test's time and
# the other worker's core with it. Workers and processes of tests inherit this; a process that has NumPy already stays as it is.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Before any module of the package is imported: every jaxtyping annotation in it is checked from here on. Reports are spared:
# they hold text, call small functions by the hundred thousand, and mypy reads them.
_TEXT = ("drawing", "reports")
_package = Path(__file__).resolve().parents[1] / "mesascope"
_checked = [f"mesascope.{part.name}" for part in sorted(_package.iterdir()) if part.is_dir() and part.name not in _TEXT]
_hook = install_import_hook(_checked, "beartype.beartype")
_hook.__enter__()

settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

MOST_KEPT = 2**30
"""Bytes of compiled programs above which all are thrown away before a run: what no test needs any more is among them."""


AGENTS = (
    *("torch", "stable_baselines3", "sb3_contrib", "gymnasium", "minigrid"),
    *("flax", "orbax", "onnx", "onnxruntime", "transformers"),
)
"""Libraries of other people's agents, whose tests are left out without them (`tests/QUARANTINES.md`)."""


def pytest_configure(config):
    """Where they were installed for these tests, none of these may be left out for want of one."""
    if os.environ.get("MESASCOPE_AGENTS"):
        missing = [name for name in AGENTS if find_spec(name) is None]
        if missing:
            raise pytest.UsageError(f"MESASCOPE_AGENTS is set and these are not installed: {', '.join(missing)}")


def pytest_sessionstart(session):
    """Keeps the folder of compiled programs from growing for ever; workers leave that to the process that started them."""
    if not hasattr(session.config, "workerinput") and _compiled.is_dir():
        kept = [entry for entry in os.scandir(_compiled) if entry.is_file()]
        with suppress(FileNotFoundError):  # another run is at it
            if sum(entry.stat().st_size for entry in kept) > MOST_KEPT:
                for entry in kept:
                    os.unlink(entry)


MOST_MAPPED = 20_000
"""Memory maps of this process above which its compiled programs are let go of. Each takes several, a kernel commonly allows
65,530, and a process that asks for more is ended."""


def _mapped() -> int:
    """Memory maps of this process; 0 where the system does not say."""
    try:
        return Path("/proc/self/maps").read_bytes().count(b"\n")
    except OSError:
        return 0


@pytest.fixture(autouse=True, scope="module")
def _few_programs():
    """Between two files: programs that both need are read again from the folder above."""
    yield
    if _mapped() > MOST_MAPPED:
        import jax  # not above: it reads the environment that is set there

        jax.clear_caches()
        gc.collect()


@pytest.fixture(scope="module")
def optimized():
    """Programs of a file that run for longer than they are compiled."""
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


def pytest_collection_modifyitems(items):
    """Puts the longest files first; everything else stays in its order."""
    place = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


def pytest_collection_finish(session):
    """Everything is imported by now and stays: the garbage collector need not look at it again, nor as often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


COUNTED = ("tests/core", "tests/instruments")
"""Where tests count towards the coverage of what they are named after, unless they are slow. To watch every call slows down
all code, that of JAX most of all, by half."""
COUNTED_THOUGH_SLOW = ("tests/instruments/closed_loop",)
"""Where hardly any test is not slow."""


def _counts(item) -> bool:
    slow = item.get_closest_marker("slow") is not None
    return item.nodeid.startswith(COUNTED_THOUGH_SLOW if slow else COUNTED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Coverage looks away, during setup too, from tests that do not count."""
    plugin = item.config.pluginmanager.getplugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    if controller is None or not controller.started or _counts(item):
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()
