"""Modules whose parts are shared, changed in place, compiled, scripted, or of another precision. Left out without PyTorch."""

import copy
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")

from mesascope.adapters.black_box import black_box
from mesascope.adapters.torch_functions import weights_of
from mesascope.adapters.torch_modules import torch_subject
from mesascope.auditing.weight_patching import _flat, _unflat
from mesascope.conformance.check_subject import check_subject
from mesascope.core.editing import run
from mesascope.core.errors import SubjectError
from mesascope.worlds.grids.red_doors import RedDoors

nn = torch.nn
torch.set_num_threads(1)  # many small convolutions: threads wait for each other


class Blocks(nn.Module):
    """Three pairs of convolutions, a rectifier between the two of each pair, and one after all."""

    def __init__(self, inplace=False):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(7, 6, 3, padding=1)
        self.a = nn.ModuleList(nn.Conv2d(6, 6, 3, padding=1) for _ in range(3))
        self.b = nn.ModuleList(nn.Conv2d(6, 6, 3, padding=1) for _ in range(3))
        self.act, self.head = nn.ReLU(inplace=inplace), nn.Conv2d(6, 4, 1)

    def forward(self, level):
        h = self.stem(level)
        for a, b in zip(self.a, self.b, strict=True):
            h = self.act(b(self.act(a(h))))
        return self.head(h)


class Recurrent(Blocks):
    """One convolution called again and again, a rectifier after it."""

    def forward(self, level):
        h = self.stem(level)
        for _ in range(3):
            h = self.act(self.a[0](h))
        return self.head(h)


class Tied(Blocks):
    """Its layers are one: the same module under three names, and the same parameter of two modules."""

    def __init__(self):
        super().__init__()
        self.a[1] = self.a[2] = self.a[0]
        self.b[1].weight = self.b[0].weight
        self.b[2].weight.data = self.b[0].weight.data


A, B = ["a.0", "a.1", "a.2"], ["b.0", "b.1", "b.2"]
PLAIN = {"a": A, "b": B}


def state_of(module):
    return {name: (value.clone(), value.data_ptr()) for name, value in module.state_dict().items()}


def assert_untouched(module, before):
    after = state_of(module)
    assert after.keys() == before.keys()
    assert all(torch.equal(after[n][0], v) and after[n][1] == place for n, (v, place) in before.items())


def moved(subject, by):
    return jax.tree.map(lambda leaf: leaf + by if eqx.is_inexact_array(leaf) else leaf, subject)


def test_shared_weights_are_one_array_and_stay_shared(observation):
    """The twin: a copy of the module with every distinct parameter moved once."""
    module = Tied().eval()
    before = state_of(module)
    subject = torch_subject(module, sites={"b": B})
    assert sorted(subject.weights) == sorted(
        [*(f"{m}.{p}" for m in ("stem", "a.0", "b.0", "head") for p in ("weight", "bias")), "b.1.bias", "b.2.bias"]
    )
    twin = copy.deepcopy(module)
    with torch.no_grad():
        for tensor in {t.data_ptr(): t for t in twin.state_dict().values()}.values():
            tensor += 0.05
    other = moved(subject, 0.05)
    for ask in (lambda s: s.logits(observation), lambda s: run(s, observation).logits):
        np.testing.assert_allclose(ask(other), ask(torch_subject(twin, sites={"b": B})), atol=1e-5)
        assert_untouched(module, before)
    assert np.abs(other.logits(observation) - subject.logits(observation)).max() > 0.01
    np.testing.assert_array_equal(subject.logits(observation), torch_subject(module).logits(observation))


def test_grafting_weights_into_shared_ones_leaves_the_module_alone(observation):
    """As weight patching does: a flat vector of all weights, some of them replaced."""
    module = Tied().eval()
    before, subject = state_of(module), torch_subject(module, sites={"b": B})
    own = np.asarray(_flat(subject))
    assert own.size == sum({t.data_ptr(): t.numel() for t in module.state_dict().values()}.values())
    rng, asked = np.random.default_rng(0), [np.asarray(subject.logits(observation))]
    for share in (0.1, 0.5, 1.0):
        grafted = np.where(rng.random(own.size) < share, own + 0.1, own)
        other = _unflat(subject, grafted)
        asked.append(np.asarray(other.logits(observation)))
        np.testing.assert_allclose(run(other, observation).logits, asked[-1], atol=1e-5)
        assert_untouched(module, before)
    assert all(np.abs(a - b).max() > 1e-3 for a, b in itertools.pairwise(asked))
    np.testing.assert_array_equal(_unflat(subject, own).logits(observation), asked[0])


def test_the_module_is_itself_again_when_its_code_fails(observation):
    module = Tied().eval()
    subject = moved(torch_subject(module, sites={"b": B}), 0.1)
    before = state_of(module)
    module.head.forward = lambda h: 1 / 0
    with pytest.raises(SubjectError, match="the Tied failed: ZeroDivisionError"):
        subject.logits(observation)
    assert_untouched(module, before)


@pytest.mark.parametrize(
    ("kind", "sites"),
    [(Blocks, PLAIN), (Blocks, {"b": B}), (Recurrent, {"h": "a.0"}), (Recurrent, {"h": "a.0", "r": "act"})],
)
def test_what_is_changed_in_place_after_a_site_is_recorded_as_it_was(kind, sites, observation):
    outside, inside = (torch_subject(kind(inplace).eval(), sites=sites) for inplace in (False, True))
    check_subject(inside, observation)
    ours, theirs = (run(s, observation, (), tuple(sites)) for s in (outside, inside))
    np.testing.assert_array_equal(ours.logits, theirs.logits)
    for site in sites:
        np.testing.assert_array_equal(ours.recording[site], theirs.recording[site])
    first = next(iter(sites))
    assert (theirs.recording[first] < 0).any()  # before the rectifier, not after it


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_given_their_own_and_answer_in_float32(dtype, observation):
    module = Blocks().eval().to(dtype)
    given = []
    module.stem.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].dtype))
    closed, opened = torch_subject(module), torch_subject(module, sites=PLAIN)
    check_subject(opened, observation)
    assert set(given) == {dtype}
    with torch.no_grad():
        expected = module(torch.from_numpy(np.array(observation)).permute(0, 3, 1, 2).to(dtype))
    for subject in (closed, opened):
        assert subject.logits(observation).dtype == jnp.float32
        np.testing.assert_allclose(subject.logits(observation), expected.float().permute(0, 2, 3, 1), atol=1e-6)
    before = state_of(module)
    moved(opened, 0.5).logits(observation)
    assert_untouched(module, before)


def scripted(module):
    return torch.jit.script(module)


def traced(module):
    return torch.jit.trace(module, torch.zeros(2, 7, 7, 7))


def compiled(module):
    return torch.compile(module, backend="eager")


def compiled_in_place(module):
    module.compile(backend="eager")
    return module


def compiled_part(module):
    module.b[1] = torch.compile(module.b[1], backend="eager")
    return module


def scripted_part(module):
    module.b[1] = torch.jit.script(module.b[1])
    return module


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("made", [scripted, traced, compiled])
def test_a_closed_module_may_be_any_of_these(made, observation):
    subject = torch_subject(made(Blocks().eval()))
    np.testing.assert_allclose(
        subject.logits(observation), torch_subject(Blocks().eval()).logits(observation), atol=1e-5
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (scripted, "site 'b.0': the RecursiveScriptModule is scripted or traced, .*never called.*load_state_dict"),
        (traced, "the TopLevelTracedModule is scripted or traced"),
        (compiled_in_place, "the Blocks is compiled"),
        (compiled_part, "site 'b.1': b.1 is compiled"),
        (scripted_part, "site 'b.1': b.1 is scripted or traced"),
    ],
)
def test_hooks_that_would_never_be_called_are_refused(made, words):
    with pytest.raises(SubjectError, match=words):
        torch_subject(made(Blocks().eval()), sites={"b": B})


@pytest.mark.parametrize("prefix", ["", "_orig_mod."])
def test_the_wrapper_of_a_compiler_is_taken_off(prefix, observation):
    subject = torch_subject(compiled(Blocks().eval()), sites={"b": [prefix + name for name in B]})
    assert subject.ticks == 3
    np.testing.assert_allclose(
        subject.logits(observation), torch_subject(Blocks().eval()).logits(observation), atol=1e-6
    )


class Dropping(Blocks):
    def forward(self, level):
        return nn.functional.dropout(super().forward(level), 0.1)


class Named(Blocks):
    """Calls the method of a part and not the part."""

    def forward(self, level):
        return self.head(self.b[0].forward(self.stem(level)))


class Fixed(Blocks):
    """Made for levels of 7x7."""

    def __init__(self):
        super().__init__()
        self.whole = nn.Linear(7 * 49, 4 * 49)

    def forward(self, level):
        return self.whole(level.flatten(1)).reshape(-1, 4, 7, 7)


@pytest.mark.parametrize("sites", [None, PLAIN])
def test_what_is_random_in_a_module_is_called_so(sites):
    with pytest.raises(SubjectError, match="answers otherwise when it is asked again.*dropout"):
        torch_subject(Dropping().eval(), sites=sites)


def test_a_part_that_is_not_called_as_such_is_explained():
    with pytest.raises(SubjectError, match=r"b.0 is not called in a forward pass; .*as in self.part\(x\)"):
        torch_subject(Named().eval(), sites={"b": "b.0"})


def test_a_size_that_a_module_does_not_take_ends_in_one_error():
    with pytest.raises(
        SubjectError, match="the Fixed failed: RuntimeError: mat1 and mat2.*float32.*size that it is made for"
    ):
        torch_subject(Fixed().eval()).logits(jnp.zeros((2, 9, 9, 7)))


def test_buffers_that_are_not_saved_belong_to_the_weights():
    module = Blocks()
    module.register_buffer("table", torch.arange(3.0), persistent=False)
    assert weights_of(module)["table"].tolist() == [0.0, 1.0, 2.0]


def test_a_module_for_a_world_of_other_size_and_actions(observation):
    class Three(Blocks):
        def forward(self, level):
            return super().forward(level)[:, :3]

    world = RedDoors(size=5)
    assert torch_subject(Fixed().eval(), actions=("right", "left", "down", "up")).action_names[0] == "right"
    with pytest.raises(SubjectError, match="failed"):
        torch_subject(Fixed().eval(), world=world)
    with pytest.raises(SubjectError, match="left, right, forward; the world has up, down, left, right"):
        torch_subject(Three().eval(), world=world, actions=("left", "right", "forward"))
    three = torch_subject(Three().eval(), actions=3)
    assert three.logits(observation).shape == (4, 7, 7, 3)
    with pytest.raises(SubjectError, match="3 actions; the world has up"):
        three.for_actions(world.actions)


@pytest.mark.parametrize("sites", [None, PLAIN])
def test_logits_go_into_the_order_of_a_world(sites, observation):
    own = ("right", "left", "down", "up")
    named = torch_subject(Blocks().eval(), sites=sites, actions=own).for_actions(RedDoors.actions)
    plain = torch_subject(Blocks().eval(), sites=sites)
    for ask in (lambda s: s.logits(observation), lambda s: run(s, observation).logits):
        np.testing.assert_array_equal(ask(named), ask(plain)[..., ::-1])
    assert named.action_names == RedDoors.actions
    assert named.for_actions(own).action_names == own


def test_tensors_with_gradients_are_answers_of_a_black_box(observation):
    torch.manual_seed(0)
    net = nn.Linear(8, 4).to(torch.bfloat16)

    def policy(shown):
        return net(torch.from_numpy(shown).to(torch.bfloat16).mean((1, 2)))

    subject = black_box(policy)
    assert subject.logits(observation).shape == (4, 7, 7, 4)
    with pytest.raises(
        SubjectError, match=r"the policy failed when it was given an array of shape \(196, 7, 7, 8\), float32: Type"
    ):
        black_box(net).logits(observation)
