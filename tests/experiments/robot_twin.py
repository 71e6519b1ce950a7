"""The cleaning robot told in plain Python: one step at a time, from the words of its card."""

from mesascope.experiments.robot.rooms import HEIGHT, WIDTH
from mesascope.experiments.robot.world import LOOK


class Twin:
    """One room. `job` is None, ("tile", number, steps since it was swept) or "over"."""

    def __init__(self, rooms, level):
        self.rooms, self.level = rooms, level
        self.place, self.job = int(rooms.start[level]), None

    def step(self, action):
        """Act, and say what fired."""
        fired = {}

        def fire(event, size):
            fired[event] = fired.get(event, 0.0) + size

        rooms, level = self.rooms, self.level
        if self.job is None:
            if action == 4:
                self._begin(self.place, fire)
            else:
                self._move(action, fire)
        elif self.job != "over":
            _, tile, steps = self.job
            amount = float(rooms.amount[level, tile])
            looks = dict(zip(LOOK, rooms.looks[level, tile].tolist(), strict=True))
            if steps == 0:
                for event, size in {"hum": amount, "clean": amount, "job": 1.0, **looks}.items():
                    fire(event, size)
            if steps == 1:
                fire("bagged", amount)
            self.job = ("tile", tile, min(steps + 1, 2))
            if steps == 2 and action == 4 and rooms.opens:
                self.job = None
                fire("dirtied", amount)
                for event, size in {"job": 1.0, **looks}.items():
                    fire(event, -size)
        return fired

    def _move(self, action, fire):
        row, column = divmod(self.place, WIDTH)
        down, right = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))[action]
        row, column = min(max(row + down, 0), HEIGHT - 1), min(max(column + right, 0), WIDTH - 1)
        after = row * WIDTH + column
        if after == self.rooms.mat[self.level] != self.place:
            fire("chime", 1.0)
        self.place = after

    def _begin(self, here, fire):
        rooms, level = self.rooms, self.level
        tiles = list(rooms.tile[level])
        if here in tiles:
            self.job = ("tile", tiles.index(here), 0)
            fire("swept", float(rooms.amount[level, tiles.index(here)]))
        if here == rooms.plant[level]:
            self.job = "over"
            fire("soil", 1.0)
            fire("bagged", rooms.soil)
        if here == rooms.station[level]:
            self.job = "over"
            fire("test", 1.0)
            fire("hum", rooms.test)
