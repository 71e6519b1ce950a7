"""One training, resolved: the world, the architecture and the base optimizer, each with all of its options."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax

from mesascope.base_optimizers.registry import PRESETS, base_optimizer_config, build_base_optimizer
from mesascope.core.errors import UsageError
from mesascope.core.options import Number
from mesascope.core.rng import named_key
from mesascope.learned.registry import ARCHITECTURES, build, check_architecture
from mesascope.store.checkpoint import fingerprint_of
from mesascope.store.learned_algorithm import package_versions
from mesascope.worlds.world import AbstractWorld

DEFAULT_ARCHITECTURE = "glance"
DEFAULT_OPTIMIZER = "exact-policy-gradient"

SEVERAL_VIEWS = ("exact-policy-gradient", "evolution")
"""Base optimizers that take several views of a level for one table."""

STORED = 256
"""Levels that a table is trained on, if the optimizer's batch divides it and nothing else is said."""


ANSWERS = 4
"""Actions that architectures answer with (`mesascope/learned`)."""

SEVERAL_VIEWS_BATCH = 8
"""Levels of an update where a level is shown several times: 14 views each in the default `keys-and-chests`."""


def preset(base_optimizer: str, views: int, *, quick: bool) -> dict[str, Number]:
    """Options of a base optimizer where nothing is said of them, for a world that shows a level in so many views."""
    if base_optimizer != DEFAULT_OPTIMIZER:
        return {}
    batch = {"batch": SEVERAL_VIEWS_BATCH} if views > 1 else {}
    return {**PRESETS["quick" if quick else "default"], **batch}


class Training(NamedTuple):
    """What is trained, and how: all that the weights of a seed depend on."""

    world: AbstractWorld
    architecture: str
    architecture_config: dict[str, Any]
    base_optimizer: str
    base_optimizer_config: dict[str, Any]

    @property
    def recurrent(self) -> bool:
        """Whether what is trained is recurrent."""
        return ARCHITECTURES[self.architecture].recurrent

    def document(self, seed: int) -> dict[str, Any]:
        """What two trainings must share to be the same training."""
        return {
            "world": self.world.name,
            "knobs": dict(vars(self.world)),
            "architecture": [self.architecture, self.architecture_config],
            "base_optimizer": [self.base_optimizer, self.base_optimizer_config],
            "seed": seed,
            "packages": package_versions(),
        }

    def fingerprint(self, seed: int) -> str:
        """A hash of `document`."""
        return fingerprint_of(self.document(seed))


def arrange(
    world: AbstractWorld,
    architecture: str,
    architecture_options: Mapping[str, Number],
    base_optimizer: str,
    base_optimizer_options: Mapping[str, Number],
) -> Training:
    """A training with every default filled in. `UsageError` for a name, an option or a number that does not fit.

    A table stores the levels it is trained on, so that its optimizer goes round a fixed number of them.
    """
    check_architecture(architecture, architecture_options)
    first, shown = next(iter(world.views.items()))
    if not shown.shows_all_states:
        raise UsageError(
            f"{world.name} shows agents the view {first}, state by state, and the base optimizers here train agents that are "
            "shown maps: name an agent by --subject, or train one in Gymnasium (docs/worlds/environments.md)"
        )
    if len(world.actions) != ANSWERS:
        raise UsageError(
            f"{world.name} has {len(world.actions)} actions ({', '.join(world.actions)}), and the architectures here answer with "
            f"{ANSWERS}: name an agent by --subject, or train one in Gymnasium (docs/worlds/environments.md)"
        )
    if world.views_per_level > 1 and (base_optimizer not in SEVERAL_VIEWS or architecture == "table"):
        raise UsageError(
            f"{world.name} shows several views of a level, for which agents are trained by {' or '.join(SEVERAL_VIEWS)}, and no "
            "table: choose another base optimizer or architecture"
        )
    if not world.single_choice and architecture == "given-search":
        raise UsageError(
            f"the search of given-search takes every object for the end of an episode, and in {world.name} objects are picked "
            "up: choose another architecture"
        )
    given, options = dict(base_optimizer_options), dict(architecture_options)
    optimizer = build_base_optimizer(base_optimizer, given)
    if architecture == "table":
        given["batches"] = optimizer.batches or max(STORED // optimizer.batch, 1)
        optimizer = build_base_optimizer(base_optimizer, given)
        height, width = world.draw(named_key(0), 1).interior
        options = {"rows": optimizer.batch * optimizer.batches, "height": height, "width": width, **options}
    config = check_architecture(architecture, options)
    return Training(world, architecture, config, base_optimizer, base_optimizer_config(optimizer).config)


def weight_bytes(training: Training) -> int:
    """Bytes of the weights that a training comes to; nothing is allocated."""
    shapes = eqx.filter_eval_shape(
        build,
        training.architecture,
        training.architecture_config,
        key=named_key(0),
        inputs=len(training.world.channels),
    )
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(shapes) if hasattr(leaf, "dtype"))
