"""What every checker raises: all that is wrong at once, each with the rule that it breaks."""

from collections.abc import Iterable
from typing import NamedTuple

from mesascope.core.errors import MesascopeError


class Violation(NamedTuple):
    """One broken rule and what was found."""

    rule: str
    found: str


class ConformanceError(MesascopeError):
    """Something of the user's own breaks rules that everything else relies on; `violations` lists them."""

    code = "conformance"

    def __init__(self, subject: str, violations: Iterable[Violation]):
        self.violations = tuple(violations)
        listed = "\n".join(f"  {rule}: {found}" for rule, found in self.violations)
        super().__init__(f"{subject} breaks {len(self.violations)} rules:\n{listed}")
