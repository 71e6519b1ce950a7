import json
import os
import shutil
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import AgentFileError, DivergedError, StorageError, SubjectError
from mesascope.learned.registry import build
from mesascope.store import bundle
from mesascope.store.learned_algorithm import (
    FORMAT,
    Provenance,
    load_learned_algorithm,
    package_versions,
    save_learned_algorithm,
)
from tests.store.faults import every_fault

PROVENANCE = Provenance(
    world="red-doors",
    world_config={"size": 9, "alpha": 0.0},
    base_optimizer="exact-policy-gradient",
    base_optimizer_config={"batch": 64},
    seed=3,
    updates=1200,
    training_competence=0.98,
    packages=package_versions(),
)
SMALL = {"channels": 2, "ticks": 3}
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"


def small(seed=0, name="recall", **config):
    return build(name, config or SMALL, key=jax.random.key(seed), inputs=7)


def same(a, b):
    equal = jax.tree.map(lambda x, y: x.dtype == y.dtype and bool((x == y).all()), a, b)
    return jax.tree.structure(a) == jax.tree.structure(b) and all(jax.tree.leaves(equal))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agent")
    save_learned_algorithm(folder, small(), PROVENANCE)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


def refused(folder, words="found"):
    with pytest.raises(AgentFileError, match=words) as caught:
        load_learned_algorithm(folder)
    text = str(caught.value)
    assert str(folder) in text
    assert "expected" in text
    assert "found" in text
    assert "nothing was loaded; copy the folder again" in text
    assert caught.value.exit_code == 3
    return text


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("recall", SMALL),
        ("glance", {**SMALL, "reads_until": 1}),
        ("feed-forward", {"channels": 2, "layers": 2}),
        ("reflex", {"channels": 3, "radius": 1}),
        ("table", {"rows": 2, "height": 3, "width": 3}),
    ],
)
def test_every_architecture_comes_back_bit_for_bit(tmp_path, name, config):
    subject = small(5, name, **config)
    digest = save_learned_algorithm(tmp_path / "new folder", subject, PROVENANCE)
    loaded = load_learned_algorithm(tmp_path / "new folder")
    assert same(loaded.subject, subject)
    assert (loaded.architecture, loaded.provenance, loaded.sha256) == (name, PROVENANCE, digest)
    assert sorted(os.listdir(tmp_path / "new folder")) == [MANIFEST, WEIGHTS]


def test_the_same_algorithm_gives_the_same_bytes(saved, tmp_path):
    save_learned_algorithm(tmp_path, small(), PROVENANCE)
    for name in (MANIFEST, WEIGHTS):
        assert (tmp_path / name).read_bytes() == (saved / name).read_bytes()


def test_a_competence_that_was_not_measured_is_null(tmp_path):
    unknown = PROVENANCE.model_copy(update={"training_competence": float("nan")})
    save_learned_algorithm(tmp_path, small(), unknown)
    assert load_learned_algorithm(tmp_path).provenance.training_competence is None


def test_a_seed_of_numpy_is_recorded_as_the_number_it_is():
    about = Provenance(**{**PROVENANCE.model_dump(), "seed": np.int64(3), "updates": np.uint32(7)})
    assert (type(about.seed), about.seed, about.updates) == (int, 3, 7)


def test_every_flip_of_one_byte_of_the_manifest_is_refused(copy):
    whole = (copy / MANIFEST).read_bytes()
    for i, byte in enumerate(whole):
        for flip in (1 << (i % 8), 0xFF):
            (copy / MANIFEST).write_bytes(whole[:i] + bytes([byte ^ flip]) + whole[i + 1 :])
            with pytest.raises(AgentFileError):
                load_learned_algorithm(copy)
    (copy / MANIFEST).write_bytes(whole)
    load_learned_algorithm(copy)


def test_every_flip_in_the_header_and_a_thousand_in_the_payload_are_refused(copy):
    whole = (copy / WEIGHTS).read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    payload = [header + (i * 7919) % (len(whole) - header) for i in range(1_000)]
    for i, place in enumerate([*range(header), *payload]):
        (copy / WEIGHTS).write_bytes(whole[:place] + bytes([whole[place] ^ (1 << (i % 8))]) + whole[place + 1 :])
        with pytest.raises(AgentFileError, match="SHA-256"):
            bundle.load_bundle(copy, FORMAT, "")


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_every_truncation_and_every_addition_is_refused(copy, name):
    whole = (copy / name).read_bytes()
    for length in {*range(0, len(whole), max(1, len(whole) // 200)), len(whole) - 1}:
        (copy / name).write_bytes(whole[:length])
        with pytest.raises(AgentFileError):
            load_learned_algorithm(copy)
    for more in (b"\0", b"\n", b" ", whole):
        (copy / name).write_bytes(whole + more)
        with pytest.raises(AgentFileError):
            load_learned_algorithm(copy)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_a_missing_or_strange_file_is_refused_by_name(copy, name):
    (copy / name).unlink()
    assert name in refused(copy, "[Nn]o such file")
    os.mkfifo(copy / name)
    assert name in refused(copy, "not a regular file")
    (copy / name).unlink()
    (copy / name).mkdir()
    assert name in refused(copy)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_files_swapped_between_two_agents_are_refused(copy, tmp_path, name):
    save_learned_algorithm(tmp_path / "other", small(1), PROVENANCE)
    shutil.copy(tmp_path / "other" / name, copy / name)
    refused(copy, "SHA-256")


def forge(folder, change):
    """Change the manifest and put its hashes right again, as somebody does who means harm."""
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["sha256"]
    change(manifest)
    manifest["sha256"] = bundle._hash_of(manifest)
    (folder / MANIFEST).write_bytes(bundle._canonical(manifest))


def put(value, *keys):
    def change(manifest):
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    return change


FORGED = {
    "another version": (put(2, "version"), "expected version 1, found 2; a newer mesascope may read it"),
    "a version that is a truth": (put(True, "version"), "version"),
    "another format": (put("mesascope-checkpoint", "format"), "format 'mesascope-learned-algorithm'"),
    "an unknown architecture": (put("rekall", "about", "architecture", "name"), "did you mean 'recall'"),
    "a module path as architecture": (put("os:system", "about", "architecture", "name"), "unknown architecture"),
    "another architecture": (put("feed-forward", "about", "architecture", "name"), "option"),
    "an unknown setting": (put(1, "about", "architecture", "config", "chanels"), "did you mean 'channels'"),
    "a setting out of range": (put(10**9, "about", "architecture", "config", "ticks"), "ticks"),
    "a setting of 20 digits": (put(10**19, "about", "architecture", "config", "channels"), "channels"),
    "a negative setting": (put(-1, "about", "architecture", "config", "channels"), "channels"),
    "a fraction for a count": (put(2.5, "about", "architecture", "config", "channels"), "channels"),
    "text for a number": (put("2", "about", "architecture", "config", "channels"), "channels"),
    "a setting that changes shapes": (put(3, "about", "architecture", "config", "channels"), r"float32\["),
    "other inputs": (put(8, "about", "architecture", "inputs"), r"read as float32\[40, 6\], found read as float32\[35"),
    "a billion inputs": (put(10**9, "about", "architecture", "inputs"), "inputs"),
    "an array renamed": (
        lambda m: m["arrays"].update(elsewhere=m["arrays"].pop("out")),
        "expected no array elsewhere|found no array out|elsewhere",
    ),
    "an array of another shape": (put([8, 1], "arrays", "out", "shape"), r"out as float32\[2, 4\]"),
    "an array of another type": (put("int32", "arrays", "out", "dtype"), "out as float32"),
    "5,000 arrays": (
        lambda m: m["arrays"].update({f"x{i}": {"dtype": "f", "shape": []} for i in range(5_000)}),
        "arrays",
    ),
    "weights elsewhere": (put("../weights.safetensors", "weights", "file"), "weights.file"),
    "weights at an absolute path": (put("/etc/passwd", "weights", "file"), "weights.file"),
    "weights larger than allowed": (put(2**28 + 1, "weights", "bytes"), "weights.bytes"),
    "no hash": (put("", "weights", "sha256"), "weights.sha256"),
    "something more": (put(1, "run_this"), "run_this"),
    "something more in provenance": (put(1, "about", "provenance", "run"), "provenance.run"),
    "text for a seed": (put("3", "about", "provenance", "seed"), "provenance.seed"),
}


@pytest.mark.parametrize(("change", "words"), FORGED.values(), ids=FORGED.keys())
def test_a_forged_manifest_is_refused_for_what_is_wrong_with_it(copy, change, words):
    forge(copy, change)
    refused(copy, words)


def test_a_forger_who_changes_nothing_is_believed(copy):
    forge(copy, lambda manifest: None)
    assert same(load_learned_algorithm(copy).subject, small())


def test_a_manifest_of_a_megabyte_is_not_read(copy):
    (copy / MANIFEST).write_bytes(b" " * 2**20)
    refused(copy, "1048576 bytes, more than the 262144 allowed")


@pytest.mark.parametrize("value", [jnp.nan, jnp.inf, -jnp.inf])
def test_weights_that_are_not_finite_are_saved_and_loaded_only_when_asked_for(tmp_path, value):
    broken = eqx.tree_at(lambda s: s.out, small(), small().out.at[1, 2].set(value))
    with pytest.raises(
        DivergedError, match="finite numbers in out, found NaN or infinity; nothing was saved"
    ) as caught:
        save_learned_algorithm(tmp_path, broken, PROVENANCE)
    assert "copy the folder" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    save_learned_algorithm(tmp_path, broken, PROVENANCE, allow_nonfinite=True)
    with pytest.raises(
        DivergedError, match="expected finite numbers in out, found NaN or infinity; nothing was loaded"
    ):
        load_learned_algorithm(tmp_path)
    loaded = load_learned_algorithm(tmp_path, allow_nonfinite=True).subject
    assert jnp.isnan(loaded.out[1, 2]) if jnp.isnan(value) else loaded.out[1, 2] == value


def test_a_subject_its_architecture_would_not_give_is_not_saved(tmp_path):
    wide = eqx.tree_at(lambda s: s.out, small(), jnp.zeros((2, 5)))
    with pytest.raises(SubjectError, match=r"out as float32\[2, 4\].*out as float32\[2, 5\]"):
        save_learned_algorithm(tmp_path, wide, PROVENANCE)
    with pytest.raises(SubjectError, match="for 8 channels"):
        save_learned_algorithm(tmp_path, small(), PROVENANCE, inputs=8)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["stop", "fail"])
def test_saving_over_another_agent_struck_anywhere_leaves_the_old_or_the_new_one(tmp_path, monkeypatch, mode):
    old, new = small(1), small(2)

    def prepare(k):
        save_learned_algorithm(tmp_path / str(k), old, PROVENANCE)
        return tmp_path / str(k)

    def check(folder, error):
        found = load_learned_algorithm(folder).subject
        assert same(found, new) or (error and same(found, old))
        assert error is None or mode == "stop" or isinstance(error, StorageError)
        # The next save comes through, and clears away what is left of both.
        save_learned_algorithm(folder, old, PROVENANCE)
        save_learned_algorithm(folder, new, PROVENANCE)
        assert same(load_learned_algorithm(folder).subject, new)
        kept = [name for name in os.listdir(folder) if not name.endswith(".partial")]
        assert len(kept) == 2

    strikes = every_fault(
        monkeypatch, mode, prepare, lambda folder: save_learned_algorithm(folder, new, PROVENANCE), check
    )
    assert strikes >= 15


def test_loading_hostile_files_runs_nothing(copy):
    """An audit hook, which cannot be taken off again, watches a process of its own."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mesascope.core.errors import AgentFileError\n"
        "from mesascope.store.learned_algorithm import load_learned_algorithm\n"
        "load_learned_algorithm(Path(sys.argv[1]))\n"
        "watched = ('pickle.find_class', 'os.system', 'subprocess.Popen', 'socket.connect', 'os.exec', 'exec',\n"
        "           'compile', 'import')\n"
        "seen = []\n"
        "def hook(event, arguments):\n"
        "    if event in watched or event == 'open' and str(arguments[1] or '') not in ('', 'r', 'rb'):\n"
        "        seen.append((event, str(arguments)[:200]))\n"
        "sys.addaudithook(hook)\n"
        "for folder in sys.argv[2:]:\n"
        "    try: load_learned_algorithm(Path(folder)); print('LOADED', folder)\n"
        "    except AgentFileError: pass\n"
        "print(seen)\n"
    )
    folders = []
    for i, (change, _) in enumerate(FORGED.values()):
        folders.append(shutil.copytree(copy, copy.parent / f"forged-{i}"))
        forge(folders[-1], change)
    pickled = shutil.copytree(copy, copy.parent / "pickled")
    (pickled / WEIGHTS).write_bytes(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.")
    command = [sys.executable, "-c", script, str(copy), *map(str, [*folders, pickled])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
