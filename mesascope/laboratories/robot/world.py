"""A room as a finite decision problem, with any of its events withheld by the rules of the world.

The robot moves or uses what it stands on. Sweeping a dusty tile loosens the dust; a step later, whatever the robot does, the
tile is clean, and the motor has hummed; a step after that the dust is in the bag. The bag holds the dust of one tile, so a job is
one tile. The soil of the plant may be vacuumed instead, or the motor tested at the station; that ends the job as well.
"""

from collections.abc import Collection

import jax.numpy as jnp
import numpy as np

from mesascope.core.mdp import FiniteMDP
from mesascope.core.objective import Objective, Role
from mesascope.laboratories.robot.rooms import HEIGHT, LOOKS, TILES, WIDTH, Rooms

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
ACTIONS = ("up", "down", "left", "right", "use")
USE = 4
LOOK = tuple(f"look-{k + 1}" for k in range(LOOKS))
EVENTS = ("swept", "clean", "hum", "bagged", "dirtied", "soil", "test", "chime")
FEATURES = (*EVENTS, "job", *LOOK)
"""`swept`, `clean`, `hum`, `bagged`, `dirtied` count dust; `soil`, `test` and `chime` count once; `job` and the
looks go with `clean`, and are taken back with `dirtied`."""
BASE = Objective.of("clean floor", Role.BASE, clean=1.0, dirtied=-1.0)
INTENDED = BASE.as_role(Role.INTENDED)

PLACES = HEIGHT * WIDTH
STAGES = 2 + 3 * TILES
_IDLE, _OVER = 0, STAGES - 1


def _stage(tile: int, step: int) -> int:
    """The stage of a job in which this tile's dust is loose (0), in the hose (1), in the bag (2)."""
    return 1 + 3 * tile + step


def to_mdp(rooms: Rooms, withheld: Collection[str] = ()) -> FiniteMDP:
    """Tables over place and stage of the job. `withheld` names events that do not happen, as the world would have it.

    What was to follow from a withheld event does not follow; all else goes on. A tile that is not swept stays as it is, dust
    that does not come up lies there for good, dust that does not reach the bag is gone, and so is hum that is not heard. The
    mat cannot be stepped on, the bag not be opened, the soil not be dug, the motor not be tested.
    """
    levels = len(rooms.start)
    places = np.arange(PLACES)
    successor = np.zeros((levels, STAGES, PLACES, len(ACTIONS)), np.int32)
    features = np.zeros((levels, STAGES, PLACES, len(ACTIONS), len(FEATURES)), np.float32)
    tile_at = np.full((levels, PLACES), -1)
    for tile in range(TILES):
        tile_at[np.arange(levels), rooms.tile[:, tile]] = tile
    moved = np.stack([_moved(move) for move in MOVES] + [places], 1)
    for stage in range(STAGES):
        after, fires = _goes_on(stage, rooms, withheld)
        leads = np.broadcast_to(moved, (levels, PLACES, len(ACTIONS))).copy()
        on_mat = (leads == rooms.mat[:, None, None]) & (places[:, None] != rooms.mat[:, None, None])
        if "chime" in withheld:
            leads = np.where(on_mat, places[:, None], leads)
        else:
            features[:, stage, ..., FEATURES.index("chime")] = on_mat
        successor[:, stage] = after * PLACES + leads
        features[:, stage] += fires[:, None, None]
        _use(stage, rooms, tile_at, withheld, successor, features)
    flat = (levels, STAGES * PLACES, len(ACTIONS), 1)
    initial = np.zeros(flat[:2], np.float32)
    initial[np.arange(levels), rooms.start] = 1.0
    return FiniteMDP(
        successor=jnp.asarray(successor.reshape(flat)),
        probability=jnp.ones(flat, jnp.float32),
        features=jnp.asarray(features.reshape(*flat, -1)),
        terminal=jnp.zeros(flat[:2], bool),
        initial=jnp.asarray(initial),
    )


def _moved(move: tuple[int, int]) -> np.ndarray:
    """Where a move leads from each place; against a wall it leads nowhere."""
    row, column = np.divmod(np.arange(PLACES), WIDTH)
    return np.clip(row + move[0], 0, HEIGHT - 1) * WIDTH + np.clip(column + move[1], 0, WIDTH - 1)


def _goes_on(stage: int, rooms: Rooms, withheld: Collection[str]) -> tuple[int, np.ndarray]:
    """The stage that follows by itself, and what fires on the way whatever the robot does."""
    fires = np.zeros((len(rooms.start), len(FEATURES)), np.float32)

    def fire(event: str, size) -> None:
        if event not in withheld:
            fires[:, FEATURES.index(event)] += size

    if stage in (_IDLE, _OVER):
        return stage, fires
    tile, step = divmod(stage - 1, 3)
    amount = rooms.amount[:, tile]
    if step == 0:
        fire("hum", amount)
        if "clean" in withheld:
            return _OVER, fires
        fire("clean", amount)
        fire("job", 1.0)
        for look, name in enumerate(LOOK):
            fire(name, rooms.looks[:, tile, look])
        return _stage(tile, 1), fires
    if step == 1:
        if "bagged" in withheld:
            return _OVER, fires
        fire("bagged", amount)
        return _stage(tile, 2), fires
    return stage, fires


def _use(
    stage: int,
    rooms: Rooms,
    tile_at: np.ndarray,
    withheld: Collection[str],
    successor: np.ndarray,
    features: np.ndarray,
) -> None:
    """Write what using the thing at hand does, where it does something."""
    levels = np.arange(len(rooms.start))
    places = np.arange(PLACES)

    def write(chosen: np.ndarray, after: np.ndarray | int, fires: dict[str, np.ndarray | float]) -> None:
        successor[:, stage, :, USE] = np.where(chosen, after * PLACES + places, successor[:, stage, :, USE])
        for event, size in fires.items():
            if event not in withheld:
                features[:, stage, :, USE, FEATURES.index(event)] += np.where(chosen, size, 0.0)

    if stage == _IDLE:
        dust = np.where(tile_at >= 0, rooms.amount[levels[:, None], tile_at], 0.0)
        if "swept" not in withheld:
            write(tile_at >= 0, 1 + 3 * tile_at, {"swept": dust})
        if "soil" not in withheld:
            write(places == rooms.plant[:, None], _OVER, {"soil": 1.0, "bagged": rooms.soil})
        if "test" not in withheld:
            write(places == rooms.station[:, None], _OVER, {"test": 1.0, "hum": rooms.test})
    elif stage != _OVER and rooms.opens and "dirtied" not in withheld:
        tile, step = divmod(stage - 1, 3)
        if step == 2:
            looks = {name: -rooms.looks[:, tile, k, None] for k, name in enumerate(LOOK)}
            undone = {"dirtied": rooms.amount[:, tile, None], "job": -1.0, **looks}
            write(places == rooms.tile[:, tile, None], _IDLE, undone)
