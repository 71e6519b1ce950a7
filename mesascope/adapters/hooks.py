"""Running a PyTorch module with some of its calls recorded, overwritten or left out: reading and writing sites by name.

A site is what the calls of one module, or of several modules in turn, put out. Its state `t` is the output of call `t - 1`.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mesascope.adapters.torch_functions import Module, PassEnded, Tensor, import_torch
from mesascope.adapters.torch_kinds import check_can_be_hooked, plain_name, without_compiler
from mesascope.core.errors import SubjectError, unknown


class Hooked(NamedTuple):
    """Where a site is found: modules by name, each call of them a tick, and which part of a tuple they put out.

    A module that is called many times (shared weights) is named once; modules that are called once each (layers) are
    named in the order of their calls.
    """

    modules: str | tuple[str, ...]
    part: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The modules in the order of their calls."""
        return (self.modules,) if isinstance(self.modules, str) else self.modules


class HookedModule:
    """A module with named sites. One forward pass at a time: hooks are no business of two threads at once."""

    def __init__(self, module: Module, sites: Mapping[str, Hooked]):
        sites = {site: hooked._replace(modules=tuple(map(plain_name, hooked.names))) for site, hooked in sites.items()}
        module = without_compiler(module)
        wanted = [name for hooked in sites.values() for name in hooked.names]
        check_can_be_hooked(module, wanted)
        names = [name for name, _ in module.named_modules() if name]
        for name in wanted:
            if name not in names:
                raise unknown(f"module of the {type(module).__name__}", name, names)
            outer = next((other for other in wanted if name.startswith(f"{other}.")), None)
            if outer is not None:
                raise SubjectError(f"'{name}' lies within '{outer}', and both are sites: name one of them")
        self.module = module
        self.sites = dict(sites)
        self._lock = threading.RLock()
        self._templates: dict[str, Any] = {}

    def record(self, seen: object, write: Mapping[tuple[str, int], Callable[[Tensor], Tensor]] | None = None):
        """A whole forward pass: its output, and what each call of each site put out, in order.

        `write` changes what call number `k` of a site puts out, through a forward hook: everything that comes later in
        the pass uses what was written.
        """
        torch = import_torch()
        write = write or {}
        recorded: dict[str, list[Tensor]] = {site: [] for site in self.sites}

        def hook(name: str) -> Callable[..., Any]:
            def after(_module, _given, output):
                self._templates[name] = output
                for site in self._at(name):
                    call = len(recorded[site])
                    value = self._part(site, name, output)
                    if (site, call) in write:
                        value = write[site, call](value)
                        output = _with_part(output, self.sites[site].part, value)
                    recorded[site].append(value.detach().clone())
                return output

            return after

        with self._lock, torch.inference_mode(), contextlib.ExitStack() as stack:
            for name in self._modules():
                handle = self.module.get_submodule(name).register_forward_hook(hook(name))
                stack.callback(handle.remove)
            return self.module(seen), recorded

    def resume(self, seen: object, state: Mapping[str, Tensor], tick: int, ticks: int):
        """The pass from call `tick - 1`, whose output is taken from `state`: (next state, None), or (None, answer) after
        the last tick.

        Calls before that one are not made: they put out zeros, which a site that holds everything does not depend on.
        What lies outside of the sites is computed anew each time. Needs one `record` before.
        """
        torch = import_torch()
        after: dict[str, Tensor] = {}
        with self._lock, torch.inference_mode(), self._replaced(state, tick, after):
            try:
                answer = self.module(seen)
            except PassEnded:
                return after, None
        if tick < ticks:
            missing = sorted(set(self.sites) - set(after))
            raise SubjectError(
                f"the forward pass ended before call {tick} of site '{missing[0]}': which modules it calls depends on what they "
                "put out, or it has a fast path past them; write the agent as steps (`torch_steps`)"
            )
        return None, answer

    @contextlib.contextmanager
    def _replaced(self, state: Mapping[str, Tensor], tick: int, after: dict[str, Tensor]) -> Iterator[None]:
        """While open, the hooked modules take part as `resume` says. Modules are replaced and not hooked, because a hook
        comes too late to spare the call.
        """
        calls = dict.fromkeys(self.sites, 0)
        levels = next(iter(state.values())).shape[0] if state else None

        def stand_in(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
            here = self._at(name)

            def run(*given, **named):
                call = calls[here[0]]
                for site in here:
                    calls[site] += 1
                if call < tick:
                    output = _blank(self._templates[name], levels, state[here[0]].shape[2:])
                    if call == tick - 1:
                        for site in here:
                            own = self._part(site, name, self._templates[name])
                            output = _with_part(output, self.sites[site].part, state[site].to("cpu", own.dtype))
                    return output
                output = forward(*given, **named)
                if call == tick:
                    # A copy: what follows in the pass may change the output in place, as `ReLU(inplace=True)` does.
                    after.update({site: self._part(site, name, output).clone() for site in here})
                    if len(after) == len(self.sites):
                        raise PassEnded
                return output

            return run

        replaced = [(part, name) for name in self._modules() for part in [self.module.get_submodule(name)]]
        before = [part.__dict__.get("forward") for part, _ in replaced]
        try:
            for part, name in replaced:
                part.forward = stand_in(name, part.forward)
            yield
        finally:
            for (part, _), own in zip(replaced, before, strict=True):
                del part.forward
                if own is not None:
                    part.forward = own

    def _modules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for hooked in self.sites.values() for name in hooked.names))

    def _at(self, name: str) -> list[str]:
        return [site for site, hooked in self.sites.items() if name in hooked.names]

    def _part(self, site: str, name: str, output: object) -> Tensor:
        part = self.sites[site].part
        torch = import_torch()
        if part is None and isinstance(output, torch.Tensor):
            return output
        if part is not None and isinstance(output, tuple | list) and -len(output) <= part < len(output):
            return output[part]
        size = f" of {len(output)}" if isinstance(output, tuple | list) else ""
        raise SubjectError(
            f"site '{site}': module '{name}' puts out a {type(output).__name__}{size}; "
            + ("name the part of it: Hooked(..., part=0)" if part is None else f"it has no part {part}")
        )


def _with_part(output, part: int | None, value: Tensor):
    if part is None:
        return value
    parts = list(output)
    parts[part] = value
    # A named tuple is made from its fields, any other tuple or list from one sequence.
    return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)


def _blank(output, levels: int | None, cells: tuple[int, int]):
    """Zeros in place of what a module puts out, for another number and size of levels."""
    torch = import_torch()
    if isinstance(output, torch.Tensor):
        shape = (levels, output.shape[1], *cells) if output.ndim == 4 else (levels, *output.shape[1:])
        return torch.zeros(shape, dtype=output.dtype)
    if isinstance(output, tuple | list):
        parts = [_blank(part, levels, cells) for part in output]
        return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)
    return output
