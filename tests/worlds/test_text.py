"""Levels as text: nothing is lost on the way, and what is wrong is named with its place."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import LevelFormatError
from mesascope.worlds.grids.counterfactuals import add_wall
from mesascope.worlds.grids.grid import ABSENT, COLORS, SHAPES
from mesascope.worlds.grids.text import GLYPHS, MAX_CHARACTERS, parse_level, parse_levels, print_level, print_levels
from mesascope.worlds.world import TRAINING

GOOD = "######\n#R..b#\n#.#.g#\n######"


@st.composite
def texts(draw, side=None):
    """Text of a level: any walls, a door and up to two balls on any free cells."""
    height, width = (side or draw(st.integers(1, 9)) for _ in range(2))
    cells = [[draw(st.sampled_from("#...")) for _ in range(width)] for _ in range(height)]
    free = draw(st.lists(st.integers(0, height * width - 1), min_size=1, max_size=3, unique=True))
    for number, cell in enumerate(free):
        glyph = draw(st.sampled_from("rbgy"))
        cells[cell // width][cell % width] = glyph if number else glyph.upper()
    return "\n".join(["#" * (width + 2), *("#" + "".join(row) + "#" for row in cells), "#" * (width + 2)])


def contents(levels, index):
    """A level as plain values: its walls, and its objects in reading order."""
    cell, shape, color = (np.asarray(part)[index] for part in (levels.cell, levels.shape, levels.color))
    used = sorted((int(c), int(s), int(k)) for c, s, k in zip(cell, shape, color, strict=True) if s != ABSENT)
    return np.asarray(levels.walls)[index].tolist(), used


@settings(max_examples=300)
@given(texts())
def test_printing_what_was_parsed_gives_the_text_back(text):
    assert print_level(parse_level(text), 0) == text


@settings(max_examples=200)
@given(st.lists(texts(4), min_size=1, max_size=5))
def test_several_levels_keep_their_order(levels):
    joined = "\n\n".join(levels)
    parsed = parse_levels(joined)
    assert parsed.count == len(levels)
    assert print_levels(parsed) == joined
    for index, text in enumerate(levels):
        assert contents(parsed, index) == contents(parse_level(text), 0)


def test_parsing_what_was_printed_gives_the_level_back(drawn, distribution):
    levels = drawn(distribution)[:100]
    parsed = parse_levels(print_levels(levels))
    for index in range(levels.count):
        assert contents(parsed, index) == contents(levels, index)


@settings(max_examples=500)
@given(st.text(alphabet="#.RbgX \n\t\ré", max_size=80))
def test_whatever_is_typed_only_a_level_format_error_comes_out(text):
    try:
        parsed = parse_level(text)
    except LevelFormatError:
        return
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n")]
    assert print_level(parsed, 0) == "\n".join(line for line in lines if line)


def test_slots_hold_the_door_first_and_then_balls_in_reading_order():
    levels = parse_level("#####\n#.y.#\n#b.R#\n#####")
    assert np.asarray(levels.cell).tolist() == [[5, 1, 3]]
    assert np.asarray(levels.shape).tolist() == [[SHAPES.index("door"), SHAPES.index("ball"), SHAPES.index("ball")]]
    assert np.asarray(levels.color).tolist() == [[COLORS.index(c) for c in ("red", "yellow", "blue")]]


def test_glyphs_are_distinct_and_complete():
    assert set(GLYPHS) == {(shape, color) for shape in SHAPES for color in COLORS}
    assert len({*GLYPHS.values(), "#", "."}) == len(GLYPHS) + 2


def test_arrays_are_those_of_drawn_levels(drawn):
    drawn_types = [leaf.dtype for leaf in jax.tree.leaves(drawn(TRAINING))]
    assert [leaf.dtype for leaf in jax.tree.leaves(parse_level(GOOD))] == drawn_types


def test_blank_lines_around_a_level_and_foreign_line_ends_are_accepted():
    assert print_level(parse_level("\r\n \n" + GOOD.replace("\n", "\r\n") + "\n\n"), 0) == GOOD


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\u2029", "\x85", "\v", "\f"])
def test_line_ends_of_every_system_are_read_alike(end):
    assert print_level(parse_level(GOOD.replace("\n", end)), 0) == GOOD
    assert print_levels(parse_levels((GOOD + "\n\n" + GOOD).replace("\n", end))) == GOOD + "\n\n" + GOOD


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", " \t  "])
def test_blanks_at_line_ends_and_one_indentation_are_read_alike(blank):
    ended = "\n".join(line + blank * (row % 2) for row, line in enumerate(GOOD.split("\n")))
    assert print_level(parse_level(ended), 0) == GOOD
    indented = "\n".join(blank + line for line in GOOD.split("\n"))
    assert print_level(parse_level(indented), 0) == GOOD
    assert print_levels(parse_levels(f"{GOOD}\n{blank}\n{indented}")) == GOOD + "\n\n" + GOOD


def test_a_byte_order_mark_is_read_alike():
    assert print_level(parse_level("\ufeff" + GOOD), 0) == GOOD
    assert print_level(parse_level("\ufeff\r\n" + GOOD.replace("\n", "\r\n")), 0) == GOOD


def test_a_level_without_a_door_is_accepted_when_asked():
    text = GOOD.replace("R", ".")
    levels = parse_level(text, door_required=False)
    assert np.asarray(levels.present).tolist() == [[False, True, True]]
    assert print_level(levels, 0) == text
    assert print_levels(parse_levels(f"{GOOD}\n\n{text}", door_required=False)) == f"{GOOD}\n\n{text}"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "found no level"),
        ("\n\n \n", 1, 1, "found no level"),
        (GOOD.replace("R", "."), 1, 1, "has no door to be its goal; expected one of R, B, G, Y"),
        ("\n\n" + GOOD.replace("R", "."), 3, 1, "no door"),
        ("######\n#R..b#\n#.#.g\n######", 3, 6, "5 characters, the level's first line (line 1) 6"),
        ("######\n#R..b#\n#.#.g##\n######", 3, 7, "7 characters, the level's first line (line 1) 6"),
        (GOOD.replace("..b", ".xb"), 2, 4, "found 'x'; expected # (wall), . (free)"),
        (GOOD.replace("..b", ". b"), 2, 4, "found a space"),
        (GOOD.replace("..b", ".\tb"), 2, 4, "found U+0009"),
        (GOOD.replace("..b", ".\u202eb"), 2, 4, "found U+202E"),
        (GOOD.replace("..b", ".\u0420b"), 2, 4, "found U+0420"),
        (GOOD + "\ufeff", 4, 7, "found U+FEFF (zero width no-break space)"),
        (GOOD.replace("..b", ".\u200bb"), 2, 4, "delete this character, which does not show"),
        (GOOD.replace("..b", "\u00a0.b"), 2, 3, "found U+00A0 (no-break space)"),
        (GOOD.replace("..b", " .b"), 2, 3, "type . for a free cell"),
        (GOOD.replace("#", "\uff03"), 1, 1, "found U+FF03 (fullwidth number sign)"),
        ("\n    ######\n    #R..b#\n    #.X.g#\n    ######", 4, 7, "found 'X'"),
        ("######\n #R..b#\n#.#.g#\n######", 2, 1, "begin all lines of the level in one column"),
        ("  ####\n###  #\n#@$. #\n######", 1, 1, "begin all lines of the level in one column"),
        ("; 0\n" + GOOD, 1, 1, "delete this line if it is a header"),
        ("```\n" + GOOD + "\n```", 1, 1, "delete this line if it is a header"),
        ("WGWG\nWG>>\nWGWG", 1, 1, "every line of a level begins with #, one character a cell"),
        ("# a level\n" + GOOD, 1, 2, "delete this line if it is a comment"),
        ("######\n#R..b.\n#.#.g#\n######", 2, 6, "found '.' in the border; expected a wall: type #"),
        ("##.###\n#R..b#\n#.#.g#\n######", 1, 3, "found '.' in the border"),
        ("######\n#R..b#\n#.#.g#\n#r####", 4, 2, "found 'r' in the border"),
        ("######\n#R..b#\n#.#.B#\n######", 3, 5, "found 'B', a second door; expected one door to a level"),
        ("######\n#Rr.b#\n#.#.g#\n######", 3, 5, "found 'g', ball number 3; expected at most 2 balls"),
        ("##\n##", 1, 1, "2 high and 2 wide; expected at least 3 each way"),
        ("####", 1, 1, "1 high and 4 wide"),
        ("#" * 65, 1, 65, "65 characters; expected at most 64"),
        ("\n".join(["###"] * 65), 65, 1, "more than 64 lines"),
        ("#" * (MAX_CHARACTERS + 1), 1, 1, "65537 characters; expected at most 65536"),
        (f"{GOOD}\n\n{GOOD}", 6, 1, "a second level starts here; expected one level: use parse_levels"),
    ],
)
def test_an_error_names_its_place_and_what_to_type(text, line, column, message):
    with pytest.raises(LevelFormatError) as caught:
        parse_level(text)
    assert str(caught.value).startswith(f"line {line}, column {column}: ")
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_levels_of_two_sizes_make_no_batch():
    with pytest.raises(
        LevelFormatError, match="line 6, column 1: this level is 3 high and 4 wide, the first one 4 high"
    ):
        parse_levels(f"{GOOD}\n\n####\n#R.#\n####")


def test_the_largest_level_parses():
    text = "\n".join(["#" * 64, "#R" + "." * 61 + "#", *(["#" + "." * 62 + "#"] * 61), "#" * 64])
    assert print_level(parse_level(text), 0) == text


def test_what_one_character_cannot_say_is_not_printed():
    levels = parse_level(GOOD)
    with pytest.raises(LevelFormatError, match="line 2, column 2: an object of level 0 lies in a wall"):
        print_level(add_wall(levels, jax.numpy.array([0])), 0)
    stacked = jax.tree.map(lambda leaf: leaf, levels)
    object.__setattr__(stacked, "cell", jax.numpy.zeros_like(levels.cell))
    with pytest.raises(LevelFormatError, match="lies on another object"):
        print_level(stacked, 0)


@pytest.mark.parametrize("index", [1, -2, 7])
def test_a_level_that_is_not_there(index):
    with pytest.raises(IndexError, match=f"level {index} of a batch of 1"):
        print_level(parse_level(GOOD), index)
