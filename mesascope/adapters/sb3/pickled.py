"""What a pickle says, read as data: nothing is imported, called or built.

A pickle is a program for a small stack machine, which calls whatever functions it names. Stable-Baselines3 keeps the spaces, the
class and the options of a policy as pickles. Here the program is followed by its opcodes (`pickletools.genops`), and where it
would call a function a `Call` is noted in its place: the name of the function and what it would be given.
"""

import dataclasses
import pickletools
from collections.abc import Callable
from typing import Any

from mesascope.core.errors import AgentFileError

LARGEST = 2**26
"""Bytes of a pickle that is read, at most."""


@dataclasses.dataclass(frozen=True)
class Name:
    """Something that a pickle takes from a module: it is not imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Call:
    """A call that a pickle asks for, and that is not made.

    Attributes:
        function: What would be called: a `Name`, or another `Call`.
        arguments: What it would be given.
        state: What the result would then be given as its state; None if nothing.
        items: Items that would be put into the result: values, or pairs of key and value.
    """

    def __init__(self, function: Any, arguments: Any):
        self.function, self.arguments = function, arguments
        self.state: Any = None
        self.items: list[Any] = []

    def __repr__(self) -> str:
        return f"{self.function}(...)"


class _Machine:
    """The stack of an unpickler, with notes in place of objects."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop()

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        found, self.stack = self.stack, self.below.pop()
        return found

    def tuple_of(self, count: int) -> None:
        found = tuple(self.stack[-count:])
        if len(found) < count:
            raise IndexError("nothing on the stack")
        self.stack[-count:] = [found]

    def call(self) -> None:
        arguments = self.pop()
        self.push(Call(self.pop(), arguments))

    def call_with_keywords(self) -> None:
        keywords, arguments = self.pop(), self.pop()
        self.push(Call(self.pop(), (arguments, keywords)))

    def name(self) -> None:
        name, module = self.pop(), self.pop()
        self.push(Name(str(module), str(name)))

    def build(self) -> None:
        state = self.pop()
        if not isinstance(self.stack[-1], Call):
            raise TypeError("a state for something that is no object")
        self.stack[-1].state = state

    def extend(self, values: list[Any]) -> None:
        into = self.stack[-1]
        (into.items if isinstance(into, Call) else into).extend(values)

    def set_items(self, values: list[Any]) -> None:
        into, pairs = self.stack[-1], list(zip(values[::2], values[1::2], strict=True))
        if isinstance(into, Call):
            into.items.extend(pairs)
        else:
            into.update(pairs)

    def add(self, values: list[Any]) -> None:
        into = self.stack[-1]
        into.items.extend(values) if isinstance(into, Call) else into.update(values)


_NUMBERS = ("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT")
_TEXTS = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8")
_PUSHED = frozenset((*_NUMBERS, *_TEXTS))
_IGNORED = frozenset(("PROTO", "FRAME", "STOP"))
_OPCODES: dict[str, Callable[[_Machine, Any], Any]] = {
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_SET": lambda m, _: m.push(set()),
    "MARK": lambda m, _: m.mark(),
    "TUPLE": lambda m, _: m.push(tuple(m.since_mark())),
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "FROZENSET": lambda m, _: m.push(frozenset(m.since_mark())),
    "POP": lambda m, _: m.pop(),
    "GLOBAL": lambda m, argument: m.push(Name(*argument.split(" ", 1))),
    "STACK_GLOBAL": lambda m, _: m.name(),
    "REDUCE": lambda m, _: m.call(),
    "NEWOBJ": lambda m, _: m.call(),
    "NEWOBJ_EX": lambda m, _: m.call_with_keywords(),
    "BUILD": lambda m, _: m.build(),
    "APPEND": lambda m, _: m.extend([m.pop()]),
    "APPENDS": lambda m, _: m.extend(m.since_mark()),
    "SETITEM": lambda m, _: m.set_items([m.pop(), m.pop()][::-1]),
    "SETITEMS": lambda m, _: m.set_items(m.since_mark()),
    "ADDITEMS": lambda m, _: m.add(m.since_mark()),
    "MEMOIZE": lambda m, _: m.memo.update({len(m.memo): m.stack[-1]}),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), lambda m, key: m.memo.update({key: m.stack[-1]})),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda m, key: m.push(m.memo[key])),
}


def read_pickle(data: bytes, what: str) -> Any:
    """What a pickle would make, with a `Call` in place of everything that it would call.

    Args:
        data: The pickle.
        what: What it is of, for messages.

    Returns:
        Numbers, text, bytes, None, tuples, lists, dicts and sets of them; `Name` for what would be imported and `Call` for what
        would be called.

    Raises:
        AgentFileError: The bytes are no whole pickle, or use opcodes that are not followed here (protocol 0, persistent
            identifiers, extension codes).

    Example:
        >>> import pickle
        >>> read_pickle(pickle.dumps({"net_arch": [64, 64]}), "options")
        {'net_arch': [64, 64]}
        >>> read_pickle(pickle.dumps(print), "options")
        Name(module='builtins', name='print')
    """
    if len(data) > LARGEST:
        raise AgentFileError(f"{what}: {len(data)} bytes; a description of at most {LARGEST} is read")
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in _PUSHED:
                machine.push(argument)
            elif opcode.name in _OPCODES:
                _OPCODES[opcode.name](machine, argument)
            elif opcode.name not in _IGNORED:
                raise AgentFileError(f"{what}: the opcode {opcode.name} is not followed by this reader")
        (value,) = machine.stack
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise AgentFileError(
            f"{what}: expected a whole pickle, found one that breaks off or contradicts itself"
        ) from error
    return value
