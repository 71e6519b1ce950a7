"""What a report computes in its page is what Python computes: policies, values, paths, edits of the inside, pictures, badges."""

import functools
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing.portable import MOST_NUMBERS, kin_of, packed, portable
from mesascope.core.jsonable import to_json
from mesascope.core.mdp import rewards
from mesascope.core.solver import evaluate
from mesascope.core.subject import policy_table
from mesascope.drawing import level_svg
from mesascope.instruments.episodes import episode_path
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.interventions.recorded import donor_content, edited_policy, record
from mesascope.instruments.sample import Sample
from mesascope.learned.given_search import GivenSearch
from mesascope.learned.registry import build
from mesascope.worlds.grids.cheese_corner import CheeseCorner
from mesascope.worlds.grids.coin import Coin
from mesascope.worlds.grids.grid import free_cells, grid_tables
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.red_doors import RedDoors
from tests.web.node import ask, needs_node

WORLD = RedDoors(salience=0.5)
LEVELS = 200
CLOSE = 1e-5
SMALL = {
    "glance": {"channels": 6, "ticks": 5},
    "recall": {"channels": 5, "ticks": 4},
    "feed-forward": {"channels": 5, "layers": 4},
    "reflex": {"channels": 6, "radius": 2},
}


def net(name, config=None):
    """A network with random weights that are large enough to prefer something."""
    made = build(name, SMALL[name] if config is None else config, key=jax.random.key(3), inputs=7)
    rng = np.random.default_rng(3)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.8, leaf.shape), jnp.float32), made)


@functools.cache
def levels_of(distribution):
    """200 levels, drawn once: on the host."""
    return jax.device_get(WORLD.draw(5, LEVELS, distribution))


@functools.cache
def sample(name, tables=False):
    """The levels with what a network does there, and their tables where they are asked for."""
    levels = levels_of("blue-door")
    seen, ask_net = WORLD.observe(levels), eqx.filter_jit(lambda subject, seen: policy_table(subject.logits(seen)))
    policy = ask_net(net(name), seen)
    return jax.device_get(Sample("blue-door", levels, grid_tables(levels) if tables else None, None, policy))


def free_in(levels):
    return np.asarray(free_cells(levels))


def looked_at(distribution):
    return Sample(distribution, levels_of(distribution), None, None, None)


def painted(world=WORLD):
    return to_json(world.painting)


def texts(levels):
    return [levels.text(i) for i in range(len(levels))]


@needs_node
@pytest.mark.parametrize("name", SMALL)
def test_policies_in_the_page_are_those_of_python(name):
    found = sample(name)
    cases = [{"ask": "policy", "text": text} for text in texts(found.levels)]
    told = ask(painted(), cases, packed(net(name)))
    own = np.array([one["policy"] for one in told]).reshape(found.policy.shape)
    free = free_in(found.levels)
    assert np.abs(own - found.policy)[free].max() <= CLOSE
    assert found.policy[free].max(-1).mean() > 0.35  # it prefers something, so that agreement says something


@needs_node
def test_values_and_paths_in_the_page_are_those_of_python():
    found = sample("glance", tables=True)
    starts = [int(np.flatnonzero(row)[0]) for row in found.mdp.initial]
    cases = [{"ask": "policy", "text": t, "start": s} for t, s in zip(texts(found.levels), starts, strict=True)]
    told = ask(painted(), cases, packed(net("glance")))
    goal = jnp.asarray(WORLD.intended_goal.vector(WORLD.features))
    value = np.asarray(evaluate(found.mdp, found.policy, rewards(found.mdp, goal), WORLD.discount))
    free = np.asarray(found.mdp.initial) > 0
    assert np.abs(np.array([one["values"] for one in told]) - value)[free].max() <= CLOSE
    paths = [episode_path(found, i, start) for i, start in enumerate(starts)]
    assert [one["path"] for one in told] == paths
    assert len({len(path) for path in paths}) > 3


def _opened(text):
    """The level with one free cell walled up and its first thing moved to another one, both away from the first free cell."""
    cells = list(text)
    free = [i for i, letter in enumerate(cells) if letter == "."]
    thing = next(i for i, letter in enumerate(cells) if letter.isalpha())
    cells[free[len(free) // 2]] = "#"
    cells[free[-1]], cells[thing] = cells[thing], "."
    return "".join(cells)


@needs_node
@pytest.mark.parametrize("place", [Place(("state",), 2, 1, False), Place(("state",), 3, 0, True)])
def test_edits_of_the_inside_in_the_page_are_those_of_python(place):
    count, subject = 20, net("glance")
    before = texts(levels_of("training"))[:count]
    base = WORLD.read_levels("\n\n".join(before))
    after = [_opened(text) for text in before]
    donor = WORLD.read_levels("\n\n".join(after))
    width = base.interior[1]
    differing = [
        [i for i, (a, b) in enumerate(zip(x, y, strict=True)) if a != b] for x, y in zip(before, after, strict=True)
    ]
    centers = [[(i // (width + 3) - 1) * width + i % (width + 3) - 1 for i in found] for found in differing]
    at = jnp.asarray(centers)
    recorded = [record(WORLD, subject, levels) for levels in (base, donor)]
    content = donor_content(recorded[0].states, (recorded[1].states,), (at,), (at,), jnp.array(place.radius))
    policy = np.asarray(edited_policy(WORLD, subject, base, recorded[0].states, content, place))
    asked = {"first": place.first, "radius": place.radius, "sustained": place.sustained}
    cases = [{"ask": "edit", "text": a, "changed": b, "place": asked} for a, b in zip(before, after, strict=True)]
    told = ask(painted(), cases, packed(subject))
    assert np.abs(np.array([one["policy"] for one in told]).reshape(policy.shape) - policy).max() <= CLOSE
    assert np.abs(policy - np.asarray(recorded[0].policy)).max() > 100 * CLOSE
    assert [sorted(one["cells"]) for one in told] == [np.flatnonzero(w).tolist() for w in np.asarray(content.where)]


def levels_of_others(world):
    """Levels of any world without drawing: random walls, each kind of thing once."""
    rng = np.random.default_rng(4)
    letters = [b.letter for b in world.painting.brushes[2:] if b.letter.isalpha() and b.name != world.vocabulary.place]
    found = []
    for letter in letters:
        board = np.where(rng.random((5, 6)) < 0.3, "#", ".")
        board[rng.integers(5), rng.integers(6)] = letter
        found.append("\n".join(["########", *(f"#{''.join(row)}#" for row in board), "########"]))
    return found


def _numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


@needs_node
@pytest.mark.parametrize("world", [WORLD, CheeseCorner(), Coin()], ids=lambda w: w.name)
def test_pictures_in_the_page_are_those_of_python(world):
    rng = np.random.default_rng(0)
    levels = world.read_levels("\n\n".join(levels_of_others(world)))
    cases, drawn = [], []
    for i, text in enumerate(texts(levels)):
        drawing = levels.drawing(i)
        cells = drawing.solid.size
        policy, values = rng.dirichlet(np.full(4, 0.3), cells), rng.normal(size=cells)
        path = [int(np.flatnonzero(~drawing.solid.ravel())[0])]
        drawn.append(level_svg(drawing, policy=policy, values=values, path=path, standalone=False))
        cases.append(
            {"ask": "marks", "text": text, "policy": policy.ravel().tolist(), "values": values.tolist(), "path": path}
        )
    for svg, marks in zip(drawn, ask(painted(world), cases), strict=True):
        body = svg.partition("</desc>")[2].replace("<polyline", "<path")
        found = re.findall(r'<(\w+) class="([^"]*)"(?: opacity="([^"]*)")?([^>]*)>', body)
        assert [mark[:2] for mark in found] == [(m["tag"], m["attributes"]["class"]) for m in marks]
        for (_, _, opacity, rest), mark in zip(found, marks, strict=True):
            own = {k: v for k, v in mark["attributes"].items() if k not in ("class", "opacity")}
            assert float(opacity or 1) == pytest.approx(float(mark["attributes"].get("opacity", 1)), abs=0.011)
            assert sorted(_numbers(rest)) == pytest.approx(sorted(_numbers(" ".join(own.values()))), abs=0.11)


@needs_node
def test_levels_are_read_and_written_as_python_does():
    for world in (WORLD, CheeseCorner(), Coin()):
        written = levels_of_others(world)
        assert ask(painted(world), [{"ask": "text", "text": text} for text in written]) == written


@needs_node
def test_badges_know_the_levels_of_their_distribution_and_no_others():
    found = {d: levels_of(d) for d in ("training", "blue-door")}
    kin = [to_json(kin_of(looked_at(d), WORLD.painting)) for d in found]
    told = {d: ask(painted(), [{"ask": "badges", "text": t} for t in texts(s)], kin=kin) for d, s in found.items()}
    assert {looks["text"] for _, looks in told["training"]} == {"like training"}
    assert {looks["text"] for _, looks in told["blue-door"]} == {"like blue-door"}
    fresh = texts(jax.device_get(WORLD.draw(77, LEVELS)))
    close = [looks["text"] for _, looks in ask(painted(), [{"ask": "badges", "text": t} for t in fresh], kin=kin)]
    assert close.count("like training") >= 0.95 * LEVELS  # a level beyond what 200 showed is rare
    changed = [t.replace("R", "b", 1) for t in fresh] + [t.replace(".", "#", 4) for t in fresh]
    far = [looks["text"] for _, looks in ask(painted(), [{"ask": "badges", "text": t} for t in changed], kin=kin)]
    assert far.count("like training") <= len(far) // 20


@needs_node
def test_a_level_is_solvable_where_its_goal_can_be_reached():
    cases = {
        "#####\n#.R##\n#####": "solvable",
        "######\n#.#R.#\n######": "solvable in part",
        "#####\n#..b#\n#####": "no goal",
    }
    cases |= {"######\n#.##R#\n######": "not solvable", "######\n#.bR##\n######": "not solvable"}
    told = ask(painted(), [{"ask": "badges", "text": text} for text in cases])
    assert [solvable["text"] for solvable, _ in told] == list(cases.values())


def test_what_cannot_be_carried_is_not():
    unknown = GivenSearch(jax.random.key(0), 7, 2, 3)
    assert packed(unknown) is None
    large = net("glance", {"channels": 80, "ticks": 3})
    assert MOST_NUMBERS < 80 * 80 * 15
    assert packed(large) is None
    assert KeysAndChests().painting is None
    few = looked_at("training")
    assert portable(WORLD, unknown, [few]) is None
    assert portable(WORLD, net("reflex"), [few]) is not None


@needs_node
@pytest.mark.long
@pytest.mark.parametrize("size", [13, 25])
def test_an_edit_is_answered_fast(size):
    """The agent of a default audit; bars for two idle cores, so that a busy machine may need another try."""
    text = texts(jax.device_get(RedDoors(size=size).draw(0, 1)))[0]
    agent = packed(net("glance", {}))
    seconds = ask(painted(), [{"ask": "seconds", "text": text, "repeats": 60}], agent)[0]
    assert np.quantile(seconds[5:], 0.95) <= {13: 0.1, 25: 0.3}[size]
