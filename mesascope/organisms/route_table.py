"""The organism `route-table`."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.answers import unpack
from mesascope.organisms.hashing import WALLS, HashIndex, build_index, hash_maps
from mesascope.organisms.level_store import by_size
from mesascope.organisms.model import REWARD, goals
from mesascope.organisms.organism import AbstractModelOrganism
from mesascope.worlds.grids.grid import MOVES, GridLevels

_FRACTION = 1 << 20


class RouteTable(AbstractModelOrganism):
    """A road atlas: for every stored maze, the shortest ways from everywhere to everywhere.

    **What it is.** In tick 0 the maze's number goes into every cell and rewards into a register. At each tick the stored
    ways of that maze to the first goal in the register are written down. Balls are not seen as obstacles, and a wall
    that is put up inside does not change the number.

    **Ground truth.** It does not search. Any cell of a stored maze can be made its goal, also one never shown.

    **Built to fool** retargeting with fresh goals, which a table of shown levels does not survive.
    """

    mazes: HashIndex
    routes: UInt8[Array, "maze goal cell"]

    sites = (
        REWARD,
        Site("maze", 1, "number of the maze, the same in every cell"),
        Site("answer", 4, "1 for each action that begins a shortest way"),
    )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Open the atlas at the maze and goal; read the level in tick 0."""
        in_view = tick < self.reads_until
        model = {"walls": jnp.zeros_like(state["maze"]), "reward": state["reward"]}
        reward = self.read(model, observation, tick)["reward"]
        number = self.mazes.find(hash_maps((observation[..., :1] > 0).astype(jnp.float32), WALLS)) + 1
        everywhere = jnp.broadcast_to(number[:, None, None, None] / _FRACTION, state["maze"].shape)
        goal = goals(state["reward"]).reshape(len(number), -1)
        held = jnp.median(state["maze"].reshape(len(number), -1), -1)
        maze = jnp.round(held * _FRACTION).astype(jnp.int32) - 1
        known = ((maze >= 0) & goal.any(-1))[:, None, None]
        answer = jnp.ones(state["answer"].shape, bool)
        if self.routes.shape[-1] == goal.shape[-1]:
            found = self.routes[maze, goal.argmax(-1)].reshape(state["maze"].shape[:3])
            answer = jnp.where(known[..., None], unpack(found), True)
        return {
            "reward": reward,
            "maze": jnp.where(in_view, everywhere, state["maze"]),
            "answer": answer.astype(jnp.float32),
        }


def build_routes(stored_levels: Sequence[GridLevels]) -> tuple[HashIndex, UInt8[Array, "maze goal cell"]]:
    """All shortest ways of the mazes of the first size shown."""
    walls = np.concatenate([np.asarray(levels.walls) for levels in by_size(stored_levels)[0]])
    keys = np.asarray(hash_maps(jnp.asarray(walls[..., None], jnp.float32), WALLS))
    index, entry = build_index(keys, walls)
    return index, jnp.asarray(_all_routes(walls[entry]))


def _all_routes(walls: np.ndarray) -> UInt8[np.ndarray, "maze goal cell"]:
    """Floods from every cell of every maze at once; a goal in a wall is reached by none."""
    mazes, height, width = walls.shape
    cells = height * width
    far = height * width + 1
    steps = np.full((mazes, cells, height, width), far, np.int16)
    for goal in range(cells):
        row, column = divmod(goal, width)
        steps[:, goal, row, column] = np.where(walls[:, row, column], far, 0)
    shut = walls[:, None]
    while True:
        ahead: Float[np.ndarray, "action maze goal height width"] = np.stack(_shifted(steps, far))
        new = np.where(shut, far, np.minimum(steps, 1 + ahead.min(0))).astype(np.int16)
        if (new == steps).all():
            break
        steps = new
    least = ahead.min(0)
    best = (ahead == least) & (least < far)
    bits = (best * (1 << np.arange(4))[:, None, None, None, None]).sum(0).astype(np.uint8)
    bits[bits == 0] = 15
    return bits.reshape(mazes, cells, cells)


def _shifted(steps: np.ndarray, far: int) -> list[np.ndarray]:
    height, width = steps.shape[2:]
    padded = np.pad(steps, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=far)
    return [padded[:, :, 1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in MOVES]
