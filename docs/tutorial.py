"""Write what the audit of the tutorial ends with into its page: `python docs/tutorial.py DIR`.

The command is read from the page and given in DIR; where DIR has its result already, the command only prints it again.
"""

import os
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

from blocks import put

PAGE = Path(__file__).parent / "tutorial.md"
START = "    python3 start.py audit "
WIDTH = 110


def command(page: str) -> list[str]:
    """The arguments of the audit that the page tells one to type."""
    line = next(line for line in page.splitlines() if line.startswith(START))
    return shlex.split(line)[2:]


def summary(printed: str) -> str:
    """The sentences at the end of what was printed, folded, as a block of text."""
    lines = printed.strip().splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("It reaches"))
    folded = [row for line in lines[first:] for row in textwrap.wrap(line, WIDTH, break_on_hyphens=False)]
    return "\n".join(["```text", *folded, "```"])


def main() -> None:
    """Give the command and rewrite the block."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    root = str(PAGE.parents[1])
    done = subprocess.run(  # noqa: S603, the command is that of the page, which is ours
        [sys.executable, "-m", "mesascope", *command(PAGE.read_text(encoding="utf-8"))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    put(PAGE, "python docs/tutorial.py DIR", {"summary": summary(done.stdout)})


if __name__ == "__main__":
    main()
