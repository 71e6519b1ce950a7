"""Seconds of the deception phase diagram: 600 settings solved in a process of their own, compiling included."""

import argparse
import subprocess
import sys
import time

SCRIPT = """
from mesascope.experiments.two_exits.lifetime import Life
from mesascope.experiments.two_exits.report_parts import common_parts
print(common_parts(Life())[1])
"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    for _ in range(parser.parse_args().repeats):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
        print(f"{time.perf_counter() - began:.1f} s with imports: {done.stdout.strip()}")
