"""Pictures of levels: complete, escaped, small, and the same in every format."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from mesascope.core.errors import UsageError
from mesascope.drawing import PICTURE_CSS, animated_episode_svg, level_svg, theme_variables
from mesascope.drawing.palette import DARK, LIGHT, OBJECT_FILL, OBJECT_INK
from mesascope.drawing.raster import episode_gif, level_png
from mesascope.drawing.scene import MOST_STEPS
from mesascope.worlds.grids.text import parse_level

SVG = "{http://www.w3.org/2000/svg}"
LEVEL = parse_level("#######\n#R..#b#\n#.#...#\n#...#r#\n#######")[0].drawing
STATES, FREE_CELLS = 15, 9
PATH = [14 - 5, 8, 7, 2, 1, 0]


def certain(action):
    return np.eye(4, dtype=np.float32)[np.full(STATES, action)]


def tagged(text, tag, name=None):
    found = ET.fromstring(text).iter(f"{SVG}{tag}")
    return [e for e in found if name is None or name in e.get("class", "").split()]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])


def test_objects_differ_by_shape_and_letter_as_well_as_color():
    picture = level_svg(LEVEL)
    assert [(e.text, e.get("class")) for e in tagged(picture, "text")] == [
        ("R", "ms-letter ms-on-red"),
        ("b", "ms-letter ms-on-blue"),
        ("r", "ms-letter ms-on-red"),
    ]
    assert len(tagged(picture, "path", "ms-red")) == 1, "a red door is an arch"
    assert len(tagged(picture, "circle", "ms-red")) == 1, "a red ball is a circle"
    assert len(tagged(picture, "circle", "ms-blue")) == 1


def test_a_picture_says_in_words_what_it_shows():
    (words,) = tagged(level_svg(LEVEL), "desc")
    assert words.text == (
        "A level of 5 by 7 cells with red door in row 2, column 2, blue ball in row 2, column 6, "
        "red ball in row 4, column 6."
    )


@pytest.mark.parametrize("draw", [level_svg, animated_episode_svg])
def test_text_is_never_markup(draw):
    hostile = '</title><script>alert(1)</script>"&\x00\x1b\u202e'
    extra = {"title": hostile} if draw is level_svg else {"path": PATH, "caption": hostile}
    picture = draw(LEVEL, **extra)
    assert "<script" not in picture
    assert "\x00" not in picture
    assert "\x1b" not in picture
    assert "\u202e" not in picture
    assert not tagged(picture, "script")
    assert "alert(1)" in tagged(picture, "title")[0].text


def test_a_picture_asks_nobody_for_anything_and_has_no_identifiers():
    picture = animated_episode_svg(LEVEL, PATH, policy=certain(0), caption="x")
    addresses = re.findall(r"https?://[^\"' ]+", picture)
    assert addresses == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\b(href|src|url\(|id=|on\w+=|@import)", picture)


def test_rules_come_with_a_picture_only_where_it_stands_alone():
    assert PICTURE_CSS in level_svg(LEVEL)
    assert "<style" not in level_svg(LEVEL, standalone=False)
    assert "<style" not in animated_episode_svg(LEVEL, PATH, standalone=False)
    used = set(re.findall(r"ms-[a-z-]+", re.sub(r"<style>.*</style>", "", level_svg(LEVEL, path=PATH))))
    assert all(f".{name}" in PICTURE_CSS for name in used - {"ms-end"})
    assert set(re.findall(r"var\((--ms-\w+),", PICTURE_CSS)) >= set(re.findall(r"--ms-\w+", theme_variables("dark")))


def test_every_free_cell_has_one_arrow_that_points_the_likeliest_way():
    policy = certain(3)
    policy[1] = 0.25
    policy[2] = (0.0, 0.6, 0.2, 0.2)
    arrows = tagged(level_svg(LEVEL, policy=policy), "path", "ms-arrow")
    drawn = "".join(arrow.get("d") for arrow in arrows)
    assert drawn.count("h.1") == 1, "a cell without a preference has a dot"
    assert drawn.count("L") == 3 * (FREE_CELLS - 1), "each arrow is a shaft and a head"
    tails = re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)M", drawn)
    way = {
        (int(float(y2) // 24), int(float(x2) // 24)): (float(x2) - float(x1), float(y2) - float(y1))
        for x1, y1, x2, y2 in tails
    }
    assert way[1, 3][1] > 0
    assert way[1, 3][0] == 0
    assert way[2, 3][0] > way[1, 3][1], "the likelier, the longer"
    assert way[2, 3][1] == 0
    faint = {float(arrow.get("opacity")) for arrow in arrows}
    assert len(faint) > 1


def test_values_below_zero_are_told_without_color():
    values = np.linspace(-1, 1, STATES, dtype=np.float32)
    picture = level_svg(LEVEL, values=values)
    good, bad = tagged(picture, "rect", "ms-good"), tagged(picture, "rect", "ms-bad")
    assert len(good) + len(bad) == FREE_CELLS
    assert {e.get("width") for e in good} == {"22"}
    assert {e.get("width") for e in bad} == {"14"}
    assert tagged(level_svg(LEVEL, values=np.zeros(STATES, np.float32)), "rect", "ms-good") == []


def test_a_path_has_the_agent_at_its_start_and_a_ring_at_its_end():
    picture = level_svg(LEVEL, path=PATH)
    (line,) = tagged(picture, "polyline")
    assert line.get("points") == "132,60 84,60 84,36 36,36"
    (ring,) = tagged(picture, "circle", "ms-end")
    assert (ring.get("cx"), ring.get("cy")) == ("36", "36")
    (agent,) = tagged(picture, "path", "ms-agent")
    assert agent.get("d").startswith("M132 ")
    (stopped,) = tagged(level_svg(LEVEL, path=PATH[:3]), "circle", "ms-end")
    assert float(stopped.get("r")) < float(ring.get("r"))


@pytest.mark.parametrize(("theme", "colors"), [("light", LIGHT), ("dark", DARK)])
def test_a_png_shows_walls_floor_and_objects(theme, colors):
    image = pixels(level_png(LEVEL, theme=theme, scale=1))
    assert image.shape == (5 * 24 + 6, 7 * 24 + 6, 3)

    def at(row, column, down=12, right=12):
        return image[3 + row * 24 + down, 3 + column * 24 + right]

    assert (at(0, 3) == rgb(colors.solid)).all()
    assert (at(2, 3) == rgb(colors.floor)).all()
    assert (at(1, 1, 13, 5) == rgb(OBJECT_FILL["red"])).all()
    assert (at(1, 5, 12, 6) == rgb(OBJECT_FILL["blue"])).all()
    assert not (at(3, 5, 19, 5) == rgb(OBJECT_FILL["red"])).all(), "a ball has no corner where a door has one"
    assert (at(1, 1, 19, 5) == rgb(OBJECT_FILL["red"])).all()


def test_overlays_change_a_png_and_the_caption_makes_it_taller():
    plain = pixels(level_png(LEVEL, scale=1))
    for extra in ({"policy": certain(1)}, {"path": PATH}, {"values": np.ones(STATES, np.float32)}):
        assert (pixels(level_png(LEVEL, scale=1, **extra)) != plain).any()
    assert len(pixels(level_png(LEVEL, title="caption", scale=1))) > len(plain)
    assert level_png(LEVEL, policy=certain(1)) == level_png(LEVEL, policy=certain(1))


def test_a_gif_has_one_frame_for_each_cell_of_the_path_and_one_palette():
    data = episode_gif(LEVEL, PATH, policy=certain(2), caption="an episode")
    image = Image.open(io.BytesIO(data))
    assert image.n_frames == len(PATH)
    assert image.info["loop"] == 0
    durations = []
    for frame in range(image.n_frames):
        image.seek(frame)
        durations.append(image.info["duration"])
    assert durations == [200] * (len(PATH) - 1) + [1600]
    assert data == episode_gif(LEVEL, PATH, policy=certain(2), caption="an episode")


def test_gif_colors_stay_those_of_the_picture():
    first = pixels(episode_gif(LEVEL, PATH))
    assert (first[3 * 2 + 24 + 4, 3 * 2 + 24] == rgb(LIGHT.solid)).all()
    true = pixels(level_png(LEVEL))
    assert np.abs(first - true)[:, :200].mean() < 2


def test_the_longest_episode_of_a_13x13_level_stays_below_a_megabyte():
    rows = ["#" * 13, "#R" + "." * 10 + "#", *["#" + "." * 11 + "#"] * 9, "#..b.....r..#", "#" * 13]
    level = parse_level("\n".join(rows))[0].drawing
    there = [row * 11 + (column if row % 2 else 10 - column) for row in range(11) for column in range(11)]
    policy = np.random.default_rng(0).dirichlet(np.ones(4), 121).astype(np.float32)
    data = episode_gif(level, (there + there[-2:0:-1]) * 3, policy=policy, caption="back and forth")
    assert len(data) <= 1_000_000
    assert Image.open(io.BytesIO(data)).n_frames == MOST_STEPS + 1


def test_an_animated_picture_moves_in_step_and_stands_still_when_asked():
    picture = animated_episode_svg(LEVEL, PATH, policy=certain(0))
    (glide,) = tagged(picture, "animateTransform")
    stops, times = glide.get("values").split(";"), [float(t) for t in glide.get("keyTimes").split(";")]
    assert len(stops) == len(times) == len(PATH) + 1
    assert (stops[0], stops[-2], stops[-1]) == ("132 60", "36 36", "36 36")
    assert times == sorted(times)
    assert (times[0], times[-1]) == (0, 1)
    (trail, mark) = tagged(picture, "animate")
    assert [float(v) for v in trail.get("values").split(";")] == [120, 96, 72, 48, 24, 0, 0]
    assert mark.get("keyTimes") == f"0;{times[-2]:.4f}"
    assert len(tagged(picture, "g", "ms-still")) == 1
    assert "@media(prefers-reduced-motion:reduce){.ms-moving{display:none}.ms-still{display:inline}}" in picture


def test_an_agent_that_never_moves_is_drawn():
    picture = animated_episode_svg(LEVEL, [1, 1, 1])
    assert len(tagged(picture, "animateTransform")) == 1
    assert Image.open(io.BytesIO(episode_gif(LEVEL, [1]))).n_frames == 1


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"policy": np.ones((4, 4), np.float32)}, "a policy of 4 states for a level of 15 interior cells"),
        ({"policy": np.ones((STATES, 5), np.float32)}, "expected one probability for each of 4 actions"),
        ({"policy": np.full((STATES, 4), np.nan, np.float32)}, "a policy of state 0 is not finite"),
        ({"values": np.full(STATES, np.inf, np.float32)}, "values of state 0 is not finite"),
        ({"path": []}, "a path of no cells"),
        ({"path": [0, 15]}, "a path through cell 15 of a level of 15"),
        ({"path": [0, 2]}, "step 0 of a path jumps from cell 0 to cell 2"),
    ],
)
def test_an_overlay_that_does_not_fit_is_named(extra, message):
    with pytest.raises(ValueError, match=message):
        level_svg(LEVEL, **extra)


def test_a_theme_that_is_not_there():
    with pytest.raises(UsageError, match="unknown theme 'drak': did you mean 'dark'"):
        level_png(LEVEL, theme="drak")


def luminance(color):
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(color) / 255]
    return float(np.dot(channels, (0.2126, 0.7152, 0.0722)))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", OBJECT_FILL)
def test_letters_stand_out_from_their_objects(name):
    assert contrast(OBJECT_INK[name], OBJECT_FILL[name]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_everything_stands_out_from_the_floor(theme):
    for part in ("arrow", "agent", "path"):
        assert contrast(getattr(theme, part), theme.floor) >= 3, part
    assert contrast(theme.solid, theme.floor) >= 1.7
    assert contrast(theme.ink, theme.page) >= 7


def test_object_colors_stay_apart_for_color_blind_readers():
    # Linear-light simulation of full deuteranopia and protanopia (Machado et al. 2009).
    kinds = {
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    }
    for kind, matrix in kinds.items():
        seen = {name: np.array(matrix) @ (rgb(fill) / 255) ** 2.2 for name, fill in OBJECT_FILL.items()}
        for one in seen:
            for other in seen:
                if one < other:
                    apart = np.abs(
                        np.clip(seen[one], 0, 1) ** (1 / 2.2) - np.clip(seen[other], 0, 1) ** (1 / 2.2)
                    ).max()
                    assert apart > 0.1, f"{one} and {other} under {kind}"
