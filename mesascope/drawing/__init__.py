"""Pictures of levels that people can read: SVG here, PNG and GIF in `mesascope.drawing.raster`.

A world says what a level looks like (`Drawing`); nothing here knows of worlds.
"""

from mesascope.drawing.drawing import Drawing as Drawing
from mesascope.drawing.palette import PICTURE_CSS as PICTURE_CSS
from mesascope.drawing.palette import theme_variables as theme_variables
from mesascope.drawing.svg import Picture as Picture
from mesascope.drawing.svg import animated_episode_svg as animated_episode_svg
from mesascope.drawing.svg import level_svg as level_svg
