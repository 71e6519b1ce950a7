"""Modules of flax in a world: the file's variables are the module's, and the policy is that of the module itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mesascope as ms
from mesascope.adapters.flax.loader import load_reference
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import AgentFileError, SubjectError, UsageError
from mesascope.instruments.sample import look_at
from mesascope.jobs.subjects import find_source, source_of
from mesascope.worlds.grids.red_doors import RedDoors

pytest.importorskip("flax", reason="flax is not installed: tests/QUARANTINES.md")
nets = pytest.importorskip("tests.adapters.flax.nets")
MLP, Alone, Everywhere = nets.MLP, nets.Alone, nets.Everywhere

WORLD = RedDoors(size=5)
LEVELS = WORLD.draw(0, 3)
FULL = np.asarray(WORLD.observe(LEVELS, "full"))
NAMES = ("right", "up", "down", "left")
NETS = "tests.adapters.flax.nets"


def in_order(logits):
    """Of an agent that answers in the order of `NAMES`, in that of the world."""
    return np.asarray(logits)[..., [NAMES.index(name) for name in WORLD.actions]]


def of_every_state(module, variables, shown=FULL, **options):
    return np.asarray(module.apply(variables, jnp.asarray(shown.reshape(-1, *shown.shape[2:])), **options)[0])


def loaded(path, module, **options):
    return load_reference(f"flax:{path}", actions=NAMES, module=module, **options)


def test_the_policy_is_that_of_the_module_with_the_actions_in_the_worlds_order(saved):
    variables, path = saved(MLP(), (1, 3, 3, 8))
    subject = loaded(path, MLP, output=0).subject(WORLD)
    table = look_at(WORLD, subject, LEVELS, "training").policy
    expected = jax.nn.softmax(in_order(of_every_state(MLP(), variables)).reshape(3, 9, 4), -1)
    np.testing.assert_allclose(table, expected, atol=1e-5)
    check_subject(subject, jnp.asarray(FULL), all_states=False)


@pytest.mark.long
def test_it_is_named_on_the_command_line_and_from_python(saved):
    _, path = saved(MLP(), (1, 3, 3, 8))
    reference = f"msgpack:{path},module={NETS}:MLP,output=0,actions=right/up/down/left"
    named = find_source(reference, WORLD)
    assert named.make(None, 0).name == "MLP.msgpack (MLP)"
    assert named.identity != find_source(reference + ",deterministic=true", WORLD).identity
    given = source_of(ms.load_agent(f"flax:{path}", module=MLP, output=0, actions=NAMES), WORLD)
    assert named.identity["arrays"] == given.identity["arrays"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda variables: variables["params"],
        lambda variables: {"step": 3, "opt_state": {"0": {"mu": variables["params"]}}, "params": variables["params"]},
        lambda variables: {"params": variables["params"], "target_params": variables["params"]},
        lambda variables: {"model": {"params": variables}},
    ],
    ids=["bare", "state of a training", "with a target", "deeper"],
)
def test_it_is_found_where_it_is_usually_saved(saved, wrap):
    variables, path = saved(MLP(), (1, 3, 3, 8), wrap=wrap)
    logits = loaded(path, MLP, output=0).subject(WORLD).logits(jnp.asarray(FULL))
    np.testing.assert_allclose(logits.reshape(-1, 4), in_order(of_every_state(MLP(), variables)), atol=1e-5)


def test_of_several_places_one_has_to_be_named(saved):
    wrap = lambda variables: {"a": variables, "b": {"params": jax.tree.map(lambda x: x + 1, variables["params"])}}  # noqa: E731
    variables, path = saved(MLP(), (1, 3, 3, 8), wrap=wrap)
    with pytest.raises(UsageError, match="in several places: write params=a or params=b"):
        loaded(path, MLP, output=0).subject(WORLD)
    logits = loaded(path, MLP, output=0, params="a").subject(WORLD).logits(jnp.asarray(FULL))
    np.testing.assert_allclose(logits.reshape(-1, 4), in_order(of_every_state(MLP(), variables)), atol=1e-5)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            MLP(7),
            r"params/Dense_0/bias: shape \(6,\) in the file, \(7,\) in the module; params/Dense_0/kernel: shape \(72, 6\)",
        ),
        (Alone(), r"batch_stats/BatchNorm_0/mean: not in the file, \(5,\) in the module"),
    ],
)
def test_variables_of_another_module_are_refused_with_all_that_differs(saved, module, message):
    _, path = saved(MLP(), (1, 3, 3, 8))
    with pytest.raises(AgentFileError, match=message):
        loaded(path, module, output=0).subject(WORLD)


def test_types_count_as_well(saved):
    half = lambda variables: jax.tree.map(lambda x: x.astype(jnp.bfloat16), variables)  # noqa: E731
    _, path = saved(MLP(), (1, 3, 3, 8), wrap=half)
    with pytest.raises(AgentFileError, match="params/Dense_0/bias: bfloat16 in the file, float32 in the module"):
        loaded(path, MLP, output=0).subject(WORLD)


def test_levels_of_another_size_are_refused(saved):
    _, path = saved(MLP(), (1, 3, 3, 8))
    with pytest.raises(
        AgentFileError, match=r"shown 'full', float32 \(3, 5, 5, 8\): params/Dense_0/kernel: shape \(72, 6\)"
    ):
        loaded(path, MLP, output=0).subject(RedDoors(size=7))


def test_layers_are_told_that_they_are_not_trained(saved):
    variables, path = saved(Alone(), (1, 3, 3, 8), train=False)
    shown = jnp.asarray(FULL.reshape(-1, 3, 3, 8))
    logits = loaded(path, Alone).subject(WORLD).logits(jnp.asarray(FULL))
    expected = in_order(Alone().apply(variables, shown, False)).reshape(3, 9, 4)
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_a_view_is_found_by_the_variables_and_asked_for_where_several_fit(saved):
    variables, path = saved(Everywhere(), (1, 3, 3, 7))
    with pytest.raises(UsageError, match="several views fit: write view=egocentric-5 or view=egocentric-7"):
        loaded(path, Everywhere).subject(WORLD)
    with pytest.raises(SubjectError, match=r"answered \(3,\) places with float32 \(3, 5, 5, 4\); expected \(3, 4\)"):
        loaded(path, Everywhere, view="egocentric-5").subject(WORLD)
    subject = loaded(path, Everywhere, view="map").subject(WORLD)
    shown = WORLD.observe(LEVELS)
    np.testing.assert_allclose(subject.logits(shown), in_order(Everywhere().apply(variables, shown)), atol=1e-5)


@pytest.mark.parametrize("observe", [nets.wide, nets.wide_in_jax, f"{NETS}:wide"])
def test_what_it_is_given_may_be_made_by_a_function_of_numpy_or_of_jax(saved, observe):
    variables, path = saved(MLP(), (1, 3, 3, 16))
    subject = loaded(path, MLP, output=0, observe=observe).subject(WORLD)
    logits = jax.jit(lambda shown: subject.logits(shown))(jnp.asarray(FULL))
    expected = of_every_state(MLP(), variables, nets.wide(FULL))
    np.testing.assert_allclose(logits.reshape(-1, 4), in_order(expected), atol=1e-5)


def test_a_function_may_call_the_module(saved):
    variables, path = saved(MLP(), (1, 3, 3, 8))
    logits = loaded(path, MLP, call=nets.scores).subject(WORLD).logits(jnp.asarray(FULL))
    np.testing.assert_allclose(logits.reshape(-1, 4), in_order(of_every_state(MLP(), variables)), atol=1e-5)


def test_it_may_take_its_most_probable_action(saved):
    variables, path = saved(MLP(), (1, 3, 3, 8))
    logits = np.asarray(loaded(path, MLP, output=0, deterministic=True).subject(WORLD).logits(jnp.asarray(FULL)))
    np.testing.assert_array_equal(logits.argmax(-1).ravel(), in_order(of_every_state(MLP(), variables)).argmax(-1))
    assert set(np.unique(logits)) == {0.0, 20.0}


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (MLP, {}, r"puts out 2 things, \(float32 \(27, 4\), float32 \(27, 1\)\): write output=N"),
        (MLP, {"output": 1}, r"answered \(27,\) places with float32 \(27, 1\); expected \(27, 4\)"),
        (MLP, {"output": 0, "answers": "path"}, "answers=path is not read from flax modules"),
        (MLP, {"output": 0, "view": "ful"}, "unknown view of red-doors 'ful': did you mean 'full'"),
        (lambda: 3, {}, "found a int; expected a module of flax.linen or flax.nnx"),
        (lambda: MLP(nothing=3), {}, "making the module failed: TypeError"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_message(saved, module, options, message):
    _, path = saved(MLP(), (1, 3, 3, 8))
    with pytest.raises((UsageError, SubjectError), match=message.replace("27", "3")):
        loaded(path, module, **options).subject(WORLD)


def test_other_actions_are_refused(saved):
    _, path = saved(MLP(), (1, 3, 3, 8))
    with pytest.raises(UsageError, match="found actions left/right/forward; expected those of red-doors"):
        load_reference(f"flax:{path}", actions=("left", "right", "forward"), module=MLP, output=0).subject(WORLD)
