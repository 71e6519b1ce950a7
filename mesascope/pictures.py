"""Levels and episodes as picture files, and reports as a frame of a notebook."""

import html
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError, unknown
from mesascope.drawing import animated_episode_svg, level_svg
from mesascope.drawing.raster import episode_gif, level_png
from mesascope.drawing.scene import Path as Cells
from mesascope.store.fs import write_bytes
from mesascope.worlds.levels import Level

FORMATS = (".svg", ".png", ".gif")


def save_picture(
    level: Level[Any],
    path: str | Path,
    *,
    policy: Float[Any, "cell action"] | None = None,
    episode: Cells | None = None,
    values: Float[Any, " cell"] | None = None,
    title: str | None = None,
) -> Path:
    """Save a level as SVG or PNG, or an episode on it as GIF.

    Args:
        level: One level, such as `levels[0]`.
        path: The file; its ending, `.svg`, `.png` or `.gif`, says what is written. Its folder must exist.
        policy: Probability of each action in each cell of the interior, drawn as arrows.
        episode: Cells in the order in which they were visited, start and end included; a GIF moves along them.
        values: A number for each cell, drawn as shades; not in a GIF.
        title: Plain text below the level.

    Returns:
        The path.

    Raises:
        UsageError: The ending is of none of these, the level has no picture, or a GIF has no episode.
        ValueError: What is to be drawn does not fit the level.
        StorageError: The file cannot be written.

    Example:
        >>> import mesascope as ms, pathlib, tempfile
        >>> level = ms.worlds.red_doors(size=5).draw(0, 1)[0]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ms.save_picture(level, pathlib.Path(folder) / "level.png").stat().st_size > 500
        True
    """
    file, drawing = Path(path), level.drawing
    if file.suffix not in FORMATS:
        raise unknown("kind of picture", file.suffix or file.name, FORMATS)
    if drawing is None:
        raise UsageError(f"a level of {type(level.batch).__name__} has no picture: level.text has its text")
    if file.suffix == ".gif":
        if episode is None:
            raise UsageError(f"{file}: a GIF shows an episode: give episode=[cells in the order of the visit]")
        data = episode_gif(drawing, episode, policy=policy, caption=title)
    elif file.suffix == ".png":
        data = level_png(drawing, policy=policy, path=episode, values=values, title=title)
    else:
        data = level_svg(drawing, policy=policy, path=episode, values=values, title=title).encode()
    write_bytes(file, data)
    return file


class Episode(NamedTuple):
    """An episode on a level, which a notebook shows moving.

    Attributes:
        level: The level.
        cells: Cells in the order in which they were visited, start and end included.
        policy: Probability of each action in each cell, or None.

    Example:
        >>> import mesascope as ms
        >>> level = ms.worlds.red_doors(size=5).draw(0, 1)[0]
        >>> Episode(level, [0, 1])._repr_html_().startswith("<svg")
        True
    """

    level: Level[Any]
    cells: Cells
    policy: Float[np.ndarray, "cell action"] | None = None

    def _repr_html_(self) -> str:
        drawing = self.level.drawing
        if drawing is None:
            return f"<pre>{html.escape(self.level.text)}</pre>"
        return animated_episode_svg(drawing, self.cells, policy=self.policy)

    def save(self, path: str | Path) -> Path:
        """Save the episode as GIF, or its path as SVG or PNG; see `save_picture`."""
        return save_picture(self.level, path, policy=self.policy, episode=self.cells)


class Frame(NamedTuple):
    """A whole page that a notebook shows in a frame of its own, also after it was converted to HTML.

    Attributes:
        page: The page.
        height: Of the frame, in pixels.
    """

    page: str
    height: int = 760

    def _repr_html_(self) -> str:
        page = html.escape(self.page, quote=True)
        style = f"width:100%;height:{self.height}px;border:1px solid #ccc;border-radius:8px"
        return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{page}"></iframe>'
