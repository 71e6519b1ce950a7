"""What a document says numbers were computed in."""

import pytest

from mesascope.auditing.provenance import precision_of


@pytest.mark.parametrize(
    ("backend", "products", "said"),
    [
        ("cpu", None, "float32"),
        ("gpu", "float32", "float32"),
        ("gpu", "highest", "float32"),
        ("gpu", "tensorfloat32", "float32, matrix products tensorfloat32"),
        ("gpu", None, "float32, matrix products as the device has it by default"),
    ],
)
def test_single_precision_is_said_only_where_it_is(backend, products, said):
    assert precision_of(backend, products) == said
