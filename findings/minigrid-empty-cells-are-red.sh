#!/usr/bin/env bash
# MiniGrid 3.2.0: in what an agent observes, every empty cell and every cell that it does not see has the color of red objects.
#
# An observation holds the numbers of type, color and state of each cell. An empty cell is written as (1, 0, 0) and one that is not
# seen as (0, 0, 0), and 0 is the number of red: there is no number for "no color". `OneHotPartialObsWrapper` makes it plain: its
# plane of red is 1 in all of these cells, so that a red object on the floor changes nothing in it, while an object of any other
# color stands out in a plane of its own. (From memory one expects that such a plane shows where something red is.) Agents that are
# rewarded for red therefore have no color to go by, only a lack of other colors: colors are not interchangeable in experiments on
# what an agent learned to prefer.
#
# Seen:
#     red: cells with the number of its color 24 of 49, of these with an object 1
#     green: cells with the number of its color 1 of 49, of these with an object 1
#     cells whose color plane changes when a red ball is put on the floor: 0
#     cells whose color plane changes when a green ball is put on the floor: 1
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    minigrid==3.2.0 gymnasium==1.4.0 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import gymnasium
import minigrid
import numpy as np
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX
from minigrid.core.world_object import Ball
from minigrid.wrappers import OneHotPartialObsWrapper

COLORS = slice(len(OBJECT_TO_IDX), len(OBJECT_TO_IDX) + len(COLOR_TO_IDX))


def room(color):
    """What is observed in the corner of an empty room, with a ball two cells ahead or without one."""
    environment = OneHotPartialObsWrapper(gymnasium.make("MiniGrid-Empty-8x8-v0"))
    environment.reset(seed=0)
    inner = environment.unwrapped
    if color is not None:
        inner.put_obj(Ball(color), inner.agent_pos[0] + 2, inner.agent_pos[1])
    seen = inner.gen_obs()
    return seen["image"], environment.observation(dict(seen))["image"]


plain = room(None)[1]
for color in ("red", "green"):
    cells = room(color)[0]
    colored = cells[..., 1] == COLOR_TO_IDX[color]
    objects = colored & (cells[..., 0] == OBJECT_TO_IDX["ball"])
    print(f"{color}: cells with the number of its color {colored.sum()} of 49, of these with an object {objects.sum()}")
for color in ("red", "green"):
    moved = (room(color)[1][..., COLORS] != plain[..., COLORS]).any(-1).sum()
    print(f"cells whose color plane changes when a {color} ball is put on the floor: {moved}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
PYTHONPATH="$folder/packages" python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
