"""What a worker does, on whatever engine."""

import json
from importlib import import_module

from mesascope.jobs.listener import SILENT


def work(request: str, number: int) -> None:
    """Run the jobs of a request that nobody else is at, until none is missing.

    Args:
        request: the request as JSON; its `kind` names the module of `mesascope.jobs` that does it.
        number: which of the workers this is, counted from 1.
    """
    module = import_module(f"mesascope.jobs.{json.loads(request)['kind']}")
    module.run(module.Request.model_validate_json(request), SILENT, worker=number)
