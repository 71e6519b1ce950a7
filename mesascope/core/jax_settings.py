"""Settings of JAX with which a seed would give other results, or none: a result could not be made again with them."""

from collections.abc import Mapping

from mesascope.core.errors import UsageError

_SETTINGS: dict[str, bool | str] = {
    "jax_enable_x64": False,
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow",
}
"""Each setting's name and the one value that Mesascope computes with: precision, how random numbers are made, and which
arrays may be combined.
"""
_WORDS = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0"), False),
}
"""How JAX reads a switch in the environment."""


def check_jax_settings(environment: Mapping[str, str] | None = None) -> None:
    """Refuse settings of JAX with which the same seed would give other levels and agents, or an error.

    Args:
        environment: variables to look at, which takes no time and imports no JAX; without it JAX itself is asked.

    Raises:
        UsageError: a setting is not what Mesascope computes with; the message says what to type.

    Example:
        >>> check_jax_settings({"JAX_ENABLE_X64": "0"})
    """
    for name, needed in _SETTINGS.items():
        found = _asked(name) if environment is None else _read(environment, name, needed)
        if found != needed:
            plain = int(needed) if isinstance(needed, bool) else needed
            raise UsageError(
                f"JAX's setting {name} is {found}, with which a seed gives other results or none; expected {needed}: type "
                f"{name.upper()}={plain} before the command, or in Python jax.config.update({name!r}, {needed!r}) before "
                "Mesascope is used"
            )


def _asked(name: str) -> object:
    import jax

    return getattr(jax.config, name)


def _read(environment: Mapping[str, str], name: str, needed: bool | str) -> object:
    text = environment.get(name.upper())
    if text is None:
        return needed
    return _WORDS.get(text.casefold(), text) if isinstance(needed, bool) else text
