"""One rendering of every sample, shared by the files of this folder."""

import pytest

from mesascope.reports.html import render_report
from tests.reports import sample_audit
from tests.reports.pages import Page


@pytest.fixture(scope="session")
def documents():
    """Lists of audit documents by name: each variant alone, three seeds, and a mixture."""
    alone = {name: [make()] for name, make in sample_audit.VARIANTS.items()}
    mixed = [sample_audit.sample_audit(0), sample_audit.no_search(1), sample_audit.cannot_tell(2)]
    mixed += [sample_audit.capability_failure(3), sample_audit.closed_subject(4)]
    return {**alone, "three seeds": sample_audit.three_seeds(), "mixed": mixed}


@pytest.fixture(scope="session")
def sources(documents):
    return {name: render_report(audits) for name, audits in documents.items()}


@pytest.fixture(scope="session")
def pages(sources):
    return {name: Page(source) for name, source in sources.items()}


NAMES = (*sample_audit.VARIANTS, "three seeds", "mixed")


@pytest.fixture(params=NAMES)
def name(request):
    return request.param
