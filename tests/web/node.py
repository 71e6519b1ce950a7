"""Asking the script of a report by Node, where there is one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None, reason="no Node here: what a report computes in its page is not compared with Python"
)


def ask(world, cases, agent=None, kin=()):
    """Answers of `run.mjs` to cases, in order."""
    request = json.dumps({"world": world, "agent": agent, "kin": list(kin), "cases": cases})
    script = Path(__file__).with_name("run.mjs")
    done = subprocess.run([NODE, script], input=request, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
