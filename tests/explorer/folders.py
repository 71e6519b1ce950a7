"""Folders to explore, made without an audit."""

from mesascope.reports.study import study_document
from mesascope.store.journal import Journal
from mesascope.store.results import write_json
from tests.reports import sample_audit
from tests.web.documents import carrying


def put(folder, audit):
    """An audit in a folder, as `mesascope audit` writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "audit.json", audit, 6)
    return folder


def three(folder):
    """Three seeds with agents that run inside of a page."""
    audits = carrying(sample_audit.three_seeds())
    for audit in audits:
        put(folder / f"seed-{audit['seed']}", audit)
    write_json(folder / "study.json", study_document(audits), 6)
    return folder


def named(folder, kind, ref, seed=7, **about):
    """One audit of a subject of a kind and a reference, without the agent."""
    audit = carrying([sample_audit.sample_audit(seed)])[0]
    del audit["portable"]
    audit["subject"].update(kind=kind, ref=ref, name=about.pop("name", ref))
    return put(folder, {**audit, **about})


def episodic(folder):
    """One audit of an organism with a memory, which has episodes and no levels with a policy."""
    counted = {"training": {"count": 3, "cut": 0, "most_moves": 18}}
    audit = sample_audit.sample_audit(7)
    world = {**audit["world"], "knobs": {"size": 5}}
    about = {"episodes": counted, "gallery": [], "levels": {"per_distribution": 3}, "world": world}
    return named(folder, "organism", "organism:walking-planner,pace=40", **about)


def study_under_way(folder, cells=2):
    """A journal as a study that is running has it."""
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / "cells.jsonl")
    for number in range(cells):
        journal.add({"condition": "plain", "seed": number, "fingerprint": f"{number:064x}"})
    return folder
