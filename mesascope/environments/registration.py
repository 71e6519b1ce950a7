"""The names under which Gymnasium knows worlds. Gymnasium calls `register_all` when it is imported: this starts no JAX."""

from gymnasium.envs.registration import register, registry

ENVIRONMENTS = {
    "mesascope/RedDoors-v0": "red-doors",
    "mesascope/CheeseCorner-v0": "cheese-corner",
    "mesascope/Coin-v0": "coin",
    "mesascope/KeysAndChests-v0": "keys-and-chests",
    "mesascope/KeysAndChestsPartial-v0": "keys-and-chests-partial",
    "mesascope/Sokoban-v0": "sokoban",
}
"""Names of environments, and the worlds that they are."""


def register_all() -> None:
    """Register every maze world with Gymnasium, once; the entry point `gymnasium.envs` of the package.

    Example:
        >>> import gymnasium
        >>> register_all()
        >>> gymnasium.spec("mesascope/Coin-v0").kwargs
        {'world': 'coin'}
    """
    for name, world in ENVIRONMENTS.items():
        if name not in registry:
            register(
                id=name,
                entry_point="mesascope.environments.scalar:WorldEnv",
                vector_entry_point="mesascope.environments.vector:VectorWorldEnv",
                kwargs={"world": world},
            )
