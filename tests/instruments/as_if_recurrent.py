"""A memoryless subject that is rolled out as if it had a memory: what is measured of it is known exactly otherwise."""

import jax.numpy as jnp

from mesascope.core.subject import AbstractSubject


class AsIfRecurrent(AbstractSubject):
    """Another subject, asked at every step about the whole level, of which it keeps the answer where it stands."""

    other: AbstractSubject
    ticks: int = 1
    reads_until: int = 1
    recurrent = True

    def start(self, observation):
        return {"logits": jnp.zeros((observation.shape[0], 1, 1, 4))}

    def think(self, state, observation, tick):
        return {"logits": (self.other.logits(observation.level) * observation.here).sum((1, 2), keepdims=True)}

    def act(self, state):
        return state["logits"][:, 0, 0]


class SeesItsState(AsIfRecurrent):
    """The same of a subject that is asked state by state, in whatever world: shown what is seen where it is."""

    actions: int = 4

    @property
    def view(self):
        return self.other.view

    def start(self, observation):
        return {"logits": jnp.zeros((observation.shape[0], 1, 1, self.actions))}

    def think(self, state, observation, tick):
        return {"logits": self.other.logits(observation[:, None])[:, :, None]}
