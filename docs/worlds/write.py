"""Write the page of every world beside this file: `python docs/worlds/write.py`."""

from pathlib import Path

from mesascope.worlds.page import world_page
from mesascope.worlds.registry import WORLDS

for name, world in WORLDS.items():
    Path(__file__).with_name(f"{name}.md").write_text(world_page(world()), encoding="utf-8")
