"""What every test runs under: checked shapes and types, the same Hypothesis examples everywhere."""

import os

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

# Before any module of the package is imported: every jaxtyping annotation in it is checked from here on.
_hook = install_import_hook("mesascope", "beartype.beartype")
_hook.__enter__()

settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
