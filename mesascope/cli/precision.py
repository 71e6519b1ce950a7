"""How finely matrices are multiplied. A processor does it in single precision and nothing else; a GPU, unless told, rounds
what it multiplies to ten bits, and then an agent and its findings are others on every machine.
"""

import os
from collections.abc import MutableMapping

_VARIABLE = "JAX_DEFAULT_MATMUL_PRECISION"


def ask_for_single_precision(environment: MutableMapping[str, str] | None = None) -> None:
    """Tell JAX to multiply in full single precision, unless the user told it something. Before JAX is imported."""
    env = os.environ if environment is None else environment
    env.setdefault(_VARIABLE, "float32")
