"""Agents in files of PyTorch answer as in their own loop, and what cannot be right is refused with what to type."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mesascope as ms
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import AgentFileError, DivergedError, MesascopeError, UsageError
from mesascope.core.rollouts import seen_at
from mesascope.jobs.subjects import find_source
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.turning import turning

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")

from tests.adapters.torch_files import nets

WORLD = RedDoors(size=5)
TURNING = turning(WORLD)
NAMES = ("right", "up", "down", "left")
ORDER = [NAMES.index(action) for action in WORLD.actions]
HOME = "tests.adapters.torch_files.nets"


@pytest.fixture
def saved(tmp_path):
    """Saves the state dict of a new module, and gives the module and the reference of the file."""

    def save(kind, name="agent.pt", **more):
        torch.manual_seed(0)
        module = kind().eval()
        torch.save({**more, "weights": module.state_dict()} if more else module.state_dict(), tmp_path / name)
        return module, f"torch:{tmp_path / name}"

    return save


def full_views(levels=3, view="full", world=WORLD):
    return np.array(world.observe(world.draw(0, levels), view))


def table(reference, **options):
    agent = ms.load_agent(reference, actions=NAMES, **options)
    return np.asarray(agent.subject(WORLD).logits(jnp.asarray(full_views())))


def test_a_state_dict_answers_as_its_module_in_the_worlds_order(saved):
    module, reference = saved(nets.Flat)
    with torch.no_grad():
        own = module(torch.from_numpy(full_views().reshape(27, -1))).numpy()
    np.testing.assert_allclose(
        table(f"{reference},module={HOME}:Flat,observe=flat").reshape(27, 4), own[:, ORDER], atol=1e-6
    )
    np.testing.assert_allclose(
        table(reference, module=nets.Flat, observe="flat").reshape(27, 4), own[:, ORDER], atol=1e-6
    )
    source = find_source(f"{reference},module={HOME}:Flat,observe=flat,actions={'/'.join(NAMES)}", WORLD)
    assert source.identity["module"]["name"] == f"{HOME}:Flat"


def test_pictures_of_a_convolution_come_channels_first_and_one_of_its_outputs_is_read(saved):
    module, reference = saved(nets.ActorCritic)
    with torch.no_grad():
        own = module(torch.from_numpy(np.moveaxis(full_views().reshape(27, 3, 3, 8), -1, 1).copy()))[0].numpy()
    np.testing.assert_allclose(
        table(f"{reference},module={HOME}:ActorCritic,output=0").reshape(27, 4), own[:, ORDER], atol=1e-6
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_module_takes_on_the_type_of_its_file(saved, tmp_path, dtype):
    module, _ = saved(nets.Flat)
    module.to(dtype)
    torch.save(module.state_dict(), tmp_path / "typed.pt")
    with torch.no_grad():
        own = module(torch.from_numpy(full_views().reshape(27, -1)).to(dtype)).float().numpy()
    found = table(f"torch:{tmp_path / 'typed.pt'},module={HOME}:Flat,observe=flat").reshape(27, 4)
    np.testing.assert_allclose(found, own[:, ORDER], atol=1e-6)


def test_weights_in_a_checkpoint_under_a_prefix_and_in_safetensors_are_found(saved, tmp_path):
    module, plain = saved(nets.Flat)
    expected = table(f"{plain},module={HOME}:Flat,observe=flat")
    _, reference = saved(nets.Flat, "checkpoint.pt", step=3)
    np.testing.assert_array_equal(table(f"{reference},module={HOME}:Flat,observe=flat,key=weights"), expected)
    with pytest.raises(AgentFileError, match="found step, weights: write key=weights"):
        table(f"{reference},module={HOME}:Flat,observe=flat")
    wrapped = {f"module.{name}": value for name, value in module.state_dict().items()}
    torch.save(wrapped, tmp_path / "wrapped.pt")
    np.testing.assert_array_equal(table(f"torch:{tmp_path}/wrapped.pt,module={HOME}:Flat,observe=flat"), expected)
    from safetensors.torch import save_file

    save_file(module.state_dict(), tmp_path / "a.safetensors")
    np.testing.assert_array_equal(table(f"torch:{tmp_path}/a.safetensors,module={HOME}:Flat,observe=flat"), expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_run_only_where_that_is_said(saved, tmp_path):
    module, plain = saved(nets.Flat)
    torch.jit.script(module).save(str(tmp_path / "script.pt"))
    reference = f"torch:{tmp_path / 'script.pt'}"
    with pytest.raises(UsageError, match="holds TorchScript, a program .* write script=true"):
        table(f"{reference},observe=flat")
    found = table(f"{reference},observe=flat,script=true")
    np.testing.assert_allclose(found, table(f"{plain},module={HOME}:Flat,observe=flat"), atol=1e-6)
    with pytest.raises(UsageError, match="leave out module= and key="):
        table(f"{reference},script=true,module={HOME}:Flat")
    walker, _ = saved(nets.Walker)
    traced = torch.jit.trace(walker, (torch.zeros(2, 175), torch.zeros(2, 12)))
    traced.save(str(tmp_path / "walker.pt"))
    with pytest.raises(UsageError, match="looks recurrent: its forward takes 'memory'"):
        ms.load_agent(f"torch:{tmp_path}/walker.pt,script=true,observe=flat", actions=TURNING.actions, world=TURNING)


def episode(subject, world, view, states):
    """Logits of a subject that is led through these states, one actor on each level."""
    seen = jnp.asarray(full_views(len(states[0]), view, world))
    first = seen[:, 0, ..., :-1] if view == "full" else seen[:, 0]
    state, found = subject.start(first), []
    for step, now in enumerate(states):
        here = seen[jnp.arange(len(now)), now]
        here = seen_at(subject, here, jnp.array(step)) if view == "full" else here
        state = subject.think(state, here, jnp.array(0))
        found.append(np.asarray(subject.act(state)))
    return np.stack(found)


RECURRENT = [
    (nets.Walker, "", "egocentric-5", "flat", TURNING, None),
    (nets.Ticking, ",output=0", "full", "channels-first", WORLD, None),
    pytest.param(nets.Layered, "", "full", "flat", WORLD, None, marks=pytest.mark.long),
    (nets.Layered, f",initial={HOME}:zeros_of_layers", "full", "flat", WORLD, nets.zeros_of_layers),
]


@pytest.mark.parametrize(("kind", "more", "view", "observe", "world", "initial"), RECURRENT)
def test_an_episode_of_a_recurrent_module_is_that_of_its_own_loop(saved, kind, more, view, observe, world, initial):
    module, reference = saved(kind)
    names = world.actions[1:] + world.actions[:1]
    agent = ms.load_agent(
        f"{reference},module={HOME}:{kind.__name__},view={view},observe={observe},recurrent=true{more}", actions=names
    )
    subject, states = agent.subject(world), np.random.default_rng(0).integers(0, 9, (5, 3))
    begin = initial or getattr(module, "initial", None)
    memory, own = (None if begin is None else begin(3)), []
    seen = full_views(3, view, world)
    with torch.no_grad():
        for now in states:
            here = torch.from_numpy(seen[np.arange(3), now])
            logits, *_, memory = module(here.flatten(1) if observe == "flat" else here.movedim(-1, 1), memory)
            own.append(logits.numpy()[:, [names.index(action) for action in world.actions]])
    np.testing.assert_allclose(episode(subject, world, view, states), np.stack(own), atol=1e-5)
    check_subject(subject, jnp.asarray(seen), len(names), all_states=False)


def test_other_weights_can_be_put_in_place_of_those_of_a_recurrent_module(saved):
    _, reference = saved(nets.Ticking)
    agent = ms.load_agent(f"{reference},module={HOME}:Ticking,recurrent=true,output=0", actions=WORLD.actions)
    subject, states = agent.subject(WORLD), np.zeros((2, 3), int)
    before = episode(subject, WORLD, "full", states)
    silent = dataclasses.replace(subject, weights=jax.tree.map(jnp.zeros_like, subject.weights))
    assert not episode(silent, WORLD, "full", states).any()
    np.testing.assert_array_equal(episode(subject, WORLD, "full", states), before)


def test_a_module_that_writes_paths_is_asked_once_and_followed(saved):
    module, reference = saved(nets.Writer)
    agent = ms.load_agent(
        f"{reference},module={HOME}:Writer,observe={HOME}:tokens,call={HOME}:written,answers=path,length=5",
        actions=NAMES,
    )
    subject, states = agent.subject(WORLD), np.random.default_rng(1).integers(0, 9, (6, 8))
    seen = full_views(8)[np.arange(8), states[0]]
    with torch.no_grad():
        own = nets.written(module, torch.from_numpy(nets.tokens(seen))).numpy()
    found = episode(subject, WORLD, "full", states)
    for level, path in enumerate(own):
        length = next((i for i, move in enumerate(path) if move > 3), 5)
        taken = [NAMES[move] for move in path[:length]]
        assert [WORLD.actions[i] for i in found[:length, level].argmax(1)] == taken
        assert np.isneginf(found[length:, level]).all()
    assert len({tuple(path) for path in own}) > 1


class Pickled(torch.nn.Module):
    """A whole module, as `torch.save(module)` writes it."""


@pytest.mark.parametrize(
    ("kind", "said", "message"),
    [
        (nets.Flat, "observe=flat", "holds weights, layers.0.weight, .* name the class, module=MODULE:CLASS"),
        (nets.Flat, f"module={HOME}:Flat", "write observe=channels-first, observe=channels-last, observe=flat"),
        (
            nets.Flat,
            f"module={HOME}:wide,observe=flat",
            r"of another shape: layers.0.weight \(16, 72\) in place of \(16, 100\)",
        ),
        (nets.Flat, f"module={HOME}:ActorCritic", "missing: look.weight, .* not in the module: layers.0.weight"),
        (nets.Flat, f"module={HOME}:tokens", r"module=.*:tokens: calling it without arguments failed"),
        (nets.Flat, f"module={HOME}:Flot", "unknown attribute of .* 'Flot': did you mean 'Flat'"),
        (
            nets.Flat,
            f"module={HOME}:Flat,observe=flat,view=egocentric-5",
            r"failed when it was given float32 \(3, 175\)",
        ),
        (
            nets.Flat,
            f"module={HOME}:Flat,observe={HOME}:image_of",
            r"made {image: float32 \(3, 3, 3, 8\)} of 3 queries",
        ),
        (nets.Flat, f"module={HOME}:Flat,observe={HOME}:twice", "takes from 1 to 2 positional|takes 2 positional"),
        (nets.Flat, f"module={HOME}:Flat,observe=flat,key=model", "holds nothing under 'model'; found layers.0.weight"),
        (nets.Flat, f"module={HOME}:Flat,observe=flat,recurrent=true", "positional argument"),
        (nets.Flat, f"module={HOME}:Flat,script=true", "holds no TorchScript: leave out script=true"),
        (nets.Flat, f"module={HOME}:Flat,scirpt=true", "unknown option of torch: 'scirpt': did you mean 'script'"),
        (nets.ActorCritic, f"module={HOME}:ActorCritic", r"puts out 2 things, \(float32 \(3, 4\), float32 \(3, 1\)\)"),
        (nets.Layered, f"module={HOME}:Layered,observe=flat,output=0", "looks recurrent: its forward takes 'memory'"),
        (nets.Ticking, f"module={HOME}:Ticking,output=0", "is not asked as if it had none: write recurrent=true"),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_message(saved, kind, said, message):
    _, reference = saved(kind)
    with pytest.raises(MesascopeError, match=message):
        ms.load_agent(f"{reference},{said}", actions=NAMES, world=WORLD)


def test_wrong_actions_are_refused(saved):
    _, reference = saved(nets.Flat)
    for actions, message in [
        (None, "found actions without names"),
        (("left", "right", "forward"), "expected those of red-doors, up/down/left/right"),
    ]:
        with pytest.raises(UsageError, match=message):
            ms.load_agent(f"{reference},module={HOME}:Flat,observe=flat", actions=actions, world=WORLD)


def test_files_with_code_damaged_files_and_weights_that_are_not_finite_are_refused(saved, tmp_path):
    torch.save(Pickled(), tmp_path / "whole.pt")
    with pytest.raises(AgentFileError, match=r"code \(.*Pickled\), which is not executed; .*state_dict"):
        table(f"torch:{tmp_path}/whole.pt,module={HOME}:Flat")
    (tmp_path / "damaged.pt").write_bytes(b"PK no zip")
    (tmp_path / "damaged.safetensors").write_bytes(b"nothing")
    for name in ("damaged.pt", "damaged.safetensors", "absent.pt"):
        with pytest.raises(AgentFileError, match=r"expected a (\.safetensors )?file"):
            table(f"torch:{tmp_path}/{name},module={HOME}:Flat")
    module, _ = saved(nets.Flat)
    with torch.no_grad():
        module.layers[0].bias[0] = float("nan")
    torch.save(module.state_dict(), tmp_path / "nan.pt")
    with pytest.raises(DivergedError, match="the weights 'layers.0.bias' are not finite"):
        table(f"torch:{tmp_path}/nan.pt,module={HOME}:Flat")
