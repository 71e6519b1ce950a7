"""Libraries of other people's agents that are not installed."""

import pytest

from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import UsageError


def test_a_missing_library_is_answered_with_the_command_that_installs_it():
    with pytest.raises(
        UsageError, match=r"needs no_such_library, which is not installed: pip install 'mesascope\[onnx\]'"
    ):
        import_extra("no_such_library.part", "onnx")
