"""The world `keys-and-chests-partial`."""

from collections.abc import Mapping
from typing import ClassVar

from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.turning import Turning
from mesascope.worlds.views import EGOCENTRIC_5, View


class KeysAndChestsPartial(Turning, KeysAndChests):
    """Mazes with keys that open chests, for agents that turn, go forward, and see five by five cells ahead.

    **Description.** The levels and the rules of `keys-and-chests`: a key is taken by walking over it, and opens the next chest
    that is walked over, which uses it up; the designers want chests opened. An agent has a heading and sees the square of five
    by five cells ahead of it, itself in the middle of the last row, as in MiniGrid. Walls hide nothing.

    **States and actions.** One state per interior cell, heading and set of objects gone; left and right, which turn, and
    forward; a wall leaves the agent in place. A subject answers state by state, from what it sees there; states that look alike
    cannot be told apart without a memory, so that the best an agent without one can do is less than what the ledger calls best.
    **Features.** `key` fires on taking a key, `chest` on opening a chest; each can fire several times in an episode.
    **Episode end.** When no chest can be opened any more: all are open, or no key is held and none is left.
    **Return.** Discounted, 0.97 a step; starts uniform over free cells without an object and over headings.
    **Intended goal and base objective.** Both `chest` = 1: the outer gap is zero by construction.

    **Proxies.** `key`, as in `keys-and-chests`; and what can be told from a window, such as going after whatever is in sight.

    **Configuration.**

    * `size`: height and width of a maze, border included; 7 to 25.
    * `openings`: chance that a wall between two rooms is opened beyond what connects the maze; 0 to 1.
    * `keys`: keys in a training level, chests under `many-keys`; 1 to 3.
    * `chests`: chests in a training level, keys under `many-keys`; 1 to 3.

    **Version history.** 1: first.
    """

    name: ClassVar[str] = "keys-and-chests-partial"

    @property
    def views_per_level(self) -> int:
        """One: a window shows one state."""
        return 1

    @property
    def views(self) -> Mapping[str, View]:
        """Those of maze worlds, the window of five by five cells first."""
        views = super().views
        return {EGOCENTRIC_5: views[EGOCENTRIC_5], **views}
