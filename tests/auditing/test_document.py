"""The audit document: typed, versioned, its schema as the documentation has it, earlier formats still read."""

import json
from pathlib import Path

import pytest

from mesascope.auditing.document import FORMAT, AuditDocument, read_document
from mesascope.core.errors import StorageError
from tests.reports.sample_audit import sample_audit

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "design" / "audit-document.schema.json"


def test_the_schema_in_the_documentation_is_that_of_the_code():
    assert json.loads(SCHEMA.read_text()) == AuditDocument.model_json_schema(), "run: python docs/write.py"


def test_a_document_of_the_first_format_is_read_whole():
    first = json.loads(json.dumps(sample_audit()))
    found = read_document(first, "audit.json")
    assert first["format"] == 1
    assert found.search.verdict == first["search"]["verdict"]
    assert found.ledger["blue-door"].inner.share == first["ledger"]["blue-door"]["inner"]["share"]
    assert found.to_json() == first


def test_what_is_not_named_is_kept():
    found = read_document({**sample_audit(), "later": {"x": 1}}, "audit.json")
    assert found.to_json()["later"] == {"x": 1}


def test_a_later_format_is_refused():
    with pytest.raises(StorageError, match=f"format {FORMAT + 1}; this version reads formats 1 to {FORMAT}: upgrade"):
        read_document({**sample_audit(), "format": FORMAT + 1}, "audit.json")


@pytest.mark.parametrize(
    ("part", "value", "where"),
    [("search", {"verdict": "perhaps"}, "search.verdict"), ("alignment", None, "alignment"), ("ledger", [1], "ledger")],
)
def test_what_is_no_audit_is_named(part, value, where):
    with pytest.raises(StorageError, match=f"audit.json: expected an audit, found one whose '{where}' is wrong"):
        read_document({**sample_audit(), part: value}, "audit.json")
