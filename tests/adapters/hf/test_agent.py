"""Language models as agents: read from a folder without code, asked once in each episode, and their path is followed."""

import json
import shutil
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.hf.decoding import Vocabulary, write_paths
from mesascope.adapters.hf.folder import load_model
from mesascope.adapters.hf.loader import load_reference
from mesascope.adapters.replay import returns
from mesascope.core.errors import AgentFileError, UsageError
from mesascope.core.rng import named_key
from mesascope.core.rollouts import draw_starts
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.jobs.subjects import find_source
from mesascope.worlds.grids.red_doors import RedDoors
from tests.adapters.hf.tokens import END, MOVES, SIZE, tokens
from tests.worlds.ring import Ring

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
transformers = pytest.importorskip("transformers", reason="transformers is not installed: tests/QUARANTINES.md")

WORLD = RedDoors(size=5)
LENGTH = 6
SAID = "tokens=tests.adapters.hf.tokens:tokens,moves=19/20/21/22,end=23"
NAMES = ("right", "up", "down", "left")


def loaded(folder, **options):
    return load_reference(f"hf:{folder}", actions=NAMES, tokens=tokens, moves=MOVES, end=END, length=LENGTH, **options)


def own_returns(model, episodes):
    """Returns of the agent's own episodes, with nothing of the adapter: what it writes where it starts, made move by move."""
    levels = WORLD.draw(named_key(0, "replay", "levels"), episodes)
    mdp = WORLD.tables(levels)
    starts = np.asarray(draw_starts(mdp.initial, named_key(0, "replay", "starts")))
    terminal, features, successor = (np.asarray(part) for part in (mdp.terminal, mdp.features, mdp.successor))
    seen = np.asarray(WORLD.observe(levels, "full"))
    weights, found = WORLD.base_objective.vector(WORLD.features), []
    for level, at in enumerate(starts):
        earned = 0.0
        ids = torch.from_numpy(tokens(seen[level, at : at + 1]))
        for _ in range(LENGTH):
            with torch.inference_mode():
                word = int(model(ids).logits[0, -1, MOVES[0] : END + 1].argmax())
            if word == len(MOVES) or at < 0 or terminal[level, at]:
                break
            action = WORLD.actions.index(NAMES[word])
            earned += float(features[level, at, action, 0] @ weights)
            at = int(successor[level, at, action, 0])
            ids = torch.cat([ids, torch.tensor([[MOVES[word]]])], 1)
        found.append(earned)
    return np.array(found)[starts >= 0]


def trained(model, steps):
    """Trains it on optimal first moves alone: enough that it reaches doors more often than before."""
    levels = WORLD.draw(1, 100)
    mdp = WORLD.tables(levels)
    best = np.asarray(
        optimal_actions(optimal_values(mdp, WORLD.base_objective.vector(WORLD.features), WORLD.discount).action)
    ).argmax(-1)
    level, state = np.nonzero(np.asarray(mdp.initial) > 0)
    ids = tokens(np.asarray(WORLD.observe(levels, "full"))[level, state])
    own = np.array([NAMES.index(name) for name in WORLD.actions])
    told = torch.from_numpy(MOVES[0] + own[best[level, state]])
    optimizer, rng = torch.optim.AdamW(model.parameters(), 3e-3), np.random.default_rng(0)
    for _ in range(steps):
        some = rng.integers(len(ids), size=64)
        loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(ids[some])).logits[:, -1], told[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def test_its_episodes_are_those_of_its_own_library(models):
    model, folder = models("gpt2")
    found, own = returns(loaded(folder).subject(WORLD), WORLD, 20, LENGTH), own_returns(model, 20)
    np.testing.assert_allclose(found, own, atol=1e-6)
    assert own.max() > 0


@pytest.mark.slow
@pytest.mark.long
def test_and_so_they_are_once_it_is_trained(models, tmp_path):
    model = trained(load_model(models("gpt2")[1]), 150)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(tmp_path / "agent")
    subject = loaded(tmp_path / "agent").subject(WORLD)
    found, own = returns(subject, WORLD, 40, LENGTH), own_returns(model, 40)
    np.testing.assert_allclose(found, own, atol=1e-6)
    assert own.mean() > 0.2


@pytest.mark.long
def test_it_is_named_on_the_command_line(models):
    _, folder = models("gpt2")
    source = find_source(f"hf:{folder},{SAID},actions=right/up/down/left,length=6", WORLD)
    assert source.recurrent
    assert source.make(None, 0).name == "gpt2 (gpt2)"


def test_the_path_is_the_whole_that_it_writes(models):
    model, folder = models("gpt2")
    seen = WORLD.observe(WORLD.draw(0, 3), "full")[:, 4]
    subject = loaded(folder).subject(WORLD)
    assert subject.recurrent
    paths = write_paths(model, tokens(seen), Vocabulary(MOVES, END), LENGTH)
    agent = loaded(folder)
    np.testing.assert_array_equal(agent.output(None, np.asarray(seen)), paths)
    assert jnp.asarray(paths).shape == (3, LENGTH)


def test_in_a_world_without_the_view_full_the_view_is_named(models):
    def what_each_room_holds(shown):
        return (np.asarray(shown)[..., :2] @ np.array([1, 2])).astype(np.int64)

    _, folder = models("gpt2")
    reference, said = f"hf:{folder}", {"tokens": what_each_room_holds, "moves": MOVES[:3], "length": LENGTH}
    said["actions"] = ("three on", "back", "on")
    with pytest.raises(
        UsageError, match=r"view 'full' unless .* ring does not have it: write view=, one of from-here \(9, 3\)"
    ):
        load_reference(reference, **said).subject(Ring())
    found = returns(load_reference(reference, **said, view="from-here").subject(Ring()), Ring(), 8, LENGTH)
    assert np.isfinite(found).all()
    with pytest.raises(UsageError, match="unknown view of ring 'from-her'"):
        load_reference(reference, **said, view="from-her").subject(Ring())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"is_encoder_decoder": True, "model_type": "t5"}, "t5 is an encoder with a decoder; expected a decoder-only"),
        ({"auto_map": {"AutoModelForCausalLM": "mine.Net"}}, "auto_map says that the model is code in its folder"),
        ({"model_type": "vit"}, "found a model of type vit; expected one that transformers"),
        ({"n_layer": 3}, "the weights are not those of its configuration, missing keys: transformer.h.2"),
        ({"n_layer": 1}, "the weights are not those of its configuration, unexpected keys: transformer.h.1"),
        ({"n_embd": 32}, "transformers does not load this model"),
    ],
)
def test_folders_that_are_not_read(models, tmp_path, change, message):
    folder = shutil.copytree(models("gpt2")[1], tmp_path / "agent")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(AgentFileError, match=message):
        load_model(folder)


def test_weights_in_pickles_adapters_and_other_folders_are_refused(models, tmp_path):
    folder = shutil.copytree(models("gpt2")[1], tmp_path / "agent")
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(AgentFileError, match="an adapter of another model"):
        load_model(folder)
    (folder / "adapter_config.json").unlink()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(AgentFileError, match="found pytorch_model.bin; weights in a pickle can run code"):
        load_model(folder)
    (folder / "config.json").write_text("[")
    with pytest.raises(AgentFileError, match="expected JSON"):
        load_model(folder)
    with pytest.raises(AgentFileError, match="with a config.json, found a folder without one"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", "write tokens= and moves="),
        (",tokens=tests.adapters.hf.tokens:tokens", "write moves="),
        (",tokens=tests.adapters.hf.tokens:tokens,moves=1/2/3/x", "moves=x: expected numbers of tokens"),
        (",tokens=tests.adapters.hf.tokens:tokens,moves=1/2/3/3", "expected different tokens"),
        (",tokens=tests.adapters.hf.tokens:tokens,moves=1/2/3/4,end=4", "expected different tokens"),
        (
            ",tokens=tests.adapters.hf.tokens:tokens,moves=1/2/3/24",
            f"token 24 is beyond the model's vocabulary, 0 to {SIZE - 1}",
        ),
        (",tokens=tests.adapters.hf.tokens:tokens,moves=1/2/3", "expected one token for each"),
        (
            ",tokens=tests.adapters.hf.tokens:token,moves=1/2/3/4",
            "unknown attribute of tests.adapters.hf.tokens 'token'",
        ),
        (",observe=x:y", "unknown option of hf: 'observe'"),
    ],
)
def test_what_has_to_be_said(models, reference, message):
    with pytest.raises(UsageError, match=message):
        load_reference(f"hf:{models('gpt2')[1]}{reference}", actions=NAMES)
