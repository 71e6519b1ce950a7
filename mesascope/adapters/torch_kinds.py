"""Modules of PyTorch that are not what they look like: compiled, scripted and traced ones, whose parts cannot be hooked.

Checked with PyTorch 2.13: parts of a scripted or traced module run outside of Python, and those of a compiled one in a program
made from them. A hook set there is taken and may never be called.
"""

from mesascope.adapters.torch_functions import Module, import_torch
from mesascope.core.errors import SubjectError

_WRAPPED = "_orig_mod"
"""Where the wrapper that `torch.compile` puts around a module keeps it."""


def without_compiler(module: Module) -> Module:
    """The module that `torch.compile` wrapped, with the same weights; any other as it is."""
    return getattr(module, _WRAPPED, module)


def plain_name(name: str) -> str:
    """Name of a part within what `without_compiler` gives, where it was named within the wrapper."""
    return name.removeprefix(f"{_WRAPPED}.")


def check_can_be_hooked(module: Module, names: list[str]) -> None:
    """See that hooks of these parts would be called.

    Args:
        module: The whole.
        names: Names of parts.

    Raises:
        SubjectError: A part lies in a scripted, traced or compiled module, or is one; the message says in which.
    """
    for name in names:
        part, path = module, ""
        for step in ("", *name.split(".")):
            if step:
                part = part._modules.get(step) if hasattr(part, "_modules") else None
                path = f"{path}.{step}".lstrip(".")
            if part is None:
                break
            kind = _kind(part)
            if kind:
                raise SubjectError(
                    f"site '{name}': {path or f'the {type(part).__name__}'} is {kind}, and hooks of its parts are never called. "
                    "Adapt the module that it was made from, before it was scripted, traced or compiled (their weights are the "
                    "same: load_state_dict), or leave `sites` out for an audit from outside"
                )


def _kind(part: Module) -> str | None:
    if isinstance(part, import_torch().jit.ScriptModule):
        return "scripted or traced"
    compiled = hasattr(part, _WRAPPED) or getattr(part, "_compiled_call_impl", None) is not None
    return "compiled" if compiled else None
