"""Pictures of levels that people can read: SVG, PNG, and animated episodes as GIF or SVG."""

from mesascope.reports.pictures.palette import PICTURE_CSS as PICTURE_CSS
from mesascope.reports.pictures.palette import theme_variables as theme_variables
from mesascope.reports.pictures.raster import episode_gif as episode_gif
from mesascope.reports.pictures.raster import level_png as level_png
from mesascope.reports.pictures.scene import greedy_path as greedy_path
from mesascope.reports.pictures.svg import animated_episode_svg as animated_episode_svg
from mesascope.reports.pictures.svg import level_svg as level_svg
