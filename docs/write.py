"""Write the pages of this folder that are made from the code: `python docs/write.py`."""

import json
from pathlib import Path

from blocks import put
from reference import alignment_table, instruments_page, organisms_page, thresholds_table

from mesascope.auditing.document import AuditDocument
from mesascope.experiments.page import experiment_page, opening_of
from mesascope.experiments.registry import EXPERIMENTS, every_card
from mesascope.organisms.registry import ORGANISMS

HERE = Path(__file__).parent

(HERE / "instruments.md").write_text(instruments_page(every_card()), encoding="utf-8")
(HERE / "organisms.md").write_text(organisms_page(ORGANISMS), encoding="utf-8")
for name, experiment in EXPERIMENTS.items():
    page = HERE / "experiments" / f"{name}.md"
    opening = opening_of(page.read_text(encoding="utf-8")) if page.exists() else ""
    page.write_text(experiment_page(experiment(), opening), encoding="utf-8")
put(
    HERE / "reading-a-report.md",
    "python docs/write.py",
    {"alignment": alignment_table(), "thresholds": thresholds_table()},
)
schema = json.dumps(AuditDocument.model_json_schema(), indent=2, sort_keys=True) + "\n"
(HERE / "design" / "audit-document.schema.json").write_text(schema, encoding="utf-8")
