"""The XSB format: what is read, what is written, and what is wrong in which line and column."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import LevelFormatError, UsageError
from mesascope.worlds.grids.sokoban.collection import from_xsb
from mesascope.worlds.grids.sokoban.reading import read_xsb
from mesascope.worlds.grids.sokoban.xsb import boards_of
from mesascope.worlds.registry import make_world
from tests.worlds import sokoban_twin as twin

COLLECTION = """\
; a collection of two
Author: nobody

  ####
###  #
#@$. #
#-_###
####
Title: a ragged one

Second

#####
#+$ #
# $.#
#   #
#####
Comment:
# not a board #
Comment-End:
"""


def test_all_characters_are_read_and_written():
    text = "#######\n#@ $. #\n# * . #\n#######"
    levels = read_xsb(text)
    assert levels.text(0) == text
    on = read_xsb("######\n#+$ .#\n######")
    assert on.text(0) == "######\n#+$ .#\n######"
    assert on.target[0].tolist() == [0, 3]


def test_a_collection_has_titles_comments_ragged_rows_and_other_floors():
    boards = boards_of(COLLECTION)
    assert [board.title for board in boards] == ["a ragged one", "Second"]
    levels = read_xsb(COLLECTION)
    assert len(levels) == 2
    assert levels.interior == (3, 4)
    first = levels.text(0).splitlines()
    assert first == ["######", "###  #", "#@$. #", "#  ###", "######"]
    assert [int((row != -1).sum()) for row in np.asarray(levels.boxes)[:, 0]] == [1, 2]


def test_windows_line_ends_and_a_byte_order_mark_mean_nothing():
    assert read_xsb("\ufeff#####\r\n#@$.#\r\n#####\r\n").text(0) == "#####\n#@$.#\n#####"


def test_boxes_out_of_reach_are_decoration_where_they_stand_on_targets():
    text = "########\n#@$.#* #\n########"
    assert read_xsb(text).boxes.shape[-1] == 1


CLOSED = "#####\n#@$.#\n#####"


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("#####\n# $.#\n#####", "line 1, column 1", "no player"),
        ("######\n#@@$.#\n######", "line 2, column 3", "second player"),
        ("; x\n\n######\n#@$.+#\n######", "line 4, column 5", "second player"),
        ("#######\n#@$$. #\n#######", "line 2, column 4", "2 boxes and 1 targets"),
        ("#####\n#@ .#\n#####", "line 1, column 1", "no box"),
        ("#####\n#@$.\n#####", "line 2, column 5", "the level is open here"),
        ("#####\n#@$.#\n## ##", "line 3, column 3", "the level is open here"),
        ("#####\n#@$.#\n#####\n#####\n# $x#\n#####", "line 5, column 4", "found 'x' in a board"),
        ("#########\n#@$.# $ #\n#########", "line 2, column 7", "never come near"),
        ("#3#|#@$.#|5#", "line 1, column 2", "write runs out in full"),
        ("", "line 1, column 1", "found no level"),
        (f"{CLOSED}\nBoxes: green", "line 4, column 8", "unknown color"),
        (f"{CLOSED}\nTargets: red blue", "line 4, column 9", "2 colors for 1 targets"),
        (f"{CLOSED}\nComment:\nforever", "line 4, column 1", "does not end"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, place, says):
    with pytest.raises(LevelFormatError) as caught:
        read_xsb(text)
    assert place in str(caught.value)
    assert says in str(caught.value)


CELLS = [(row, column) for row in range(2) for column in range(4)]


@st.composite
def boards(draw):
    """Two targets, one or two boxes and a player anywhere on two by four cells, some of them walls."""
    count = draw(st.integers(1, 2))
    things = draw(st.permutations(CELLS))[: count + 1]
    targets = draw(st.permutations(CELLS))[:2]
    walls = draw(st.sets(st.sampled_from(CELLS), max_size=3)) - {*things, *targets}
    letters = (
        dict.fromkeys(CELLS, draw(st.sampled_from(" -_"))) | dict.fromkeys(walls, "#") | dict.fromkeys(targets, ".")
    )
    letters |= {place: "*" if place in targets else "$" for place in things[1:]}
    letters[things[0]] = "+" if things[0] in targets else "@"
    rows = ["".join(letters[row, column] for column in range(4)) for row in range(2)]
    return "\n".join(["######", *(f"#{row}#" for row in rows), "######"])


@settings(max_examples=60, deadline=None)
@given(boards())
def test_what_is_written_is_read_back_and_the_states_are_those_of_the_twin(text):
    try:
        levels = read_xsb(text)
    except LevelFormatError:
        return
    written = levels.text(0)
    again = read_xsb(written)
    assert again.text(0) == written
    assert int(again.state_counts[0]) == int(levels.state_counts[0]) == len(twin.explore(twin.read(written)))


def test_colors_are_written_and_read():
    text = "######\n#@$. #\n# $. #\n######\nBoxes: blue red\nTargets: red plain"
    levels = read_xsb(text)
    assert levels.text(0) == text
    found = twin.explore(twin.read(text))
    assert int(levels.state_counts[0]) == len(found)


def test_a_collection_is_a_world():
    world = from_xsb(COLLECTION)
    assert world.titles == ("a ragged one", "Second")
    assert world.distinct_levels("training") == 2
    levels = world.draw(0, 2)
    assert {levels.text(0), levels.text(1)} == {read_xsb(COLLECTION).text(i) for i in (0, 1)}
    flipped = world.draw(0, 2, "mirrored")
    rows = {tuple(row[::-1] for row in levels.text(i).splitlines()) for i in (0, 1)}
    assert {tuple(flipped.text(i).splitlines()) for i in (0, 1)} == rows
    starts = np.asarray((world.optimal_values(levels) * world.tables(levels).initial).sum(-1))
    mirrored = np.asarray((world.optimal_values(flipped) * world.tables(flipped).initial).sum(-1))
    np.testing.assert_allclose(np.sort(starts), np.sort(mirrored), rtol=1e-6)


def test_a_level_that_cannot_be_solved_is_no_level_of_a_world():
    with pytest.raises(LevelFormatError, match="line 5, column 1: .*cannot be solved"):
        from_xsb(f"{CLOSED}\n\n#####\n#.@$#\n#####")


def test_a_file_is_a_world_by_reference(tmp_path):
    path = tmp_path / "levels.txt"
    path.write_text(f"{CLOSED}\nBoxes: red\n")
    world = make_world(f"xsb:{path}", intended_goal="red-box")
    assert world.intended_goal.weights == (("red-box", 1.0),)
    with pytest.raises(UsageError, match="unknown option of xsb 'goal'"):
        make_world(f"xsb:{path}", goal="box")
    with pytest.raises(UsageError, match="expected a text file"):
        make_world(f"xsb:{tmp_path / 'none.txt'}")
    path.write_text("#####\n# $.#\n#####")
    with pytest.raises(LevelFormatError, match=r"levels.txt, line 1, column 1: .* no player"):
        make_world(f"xsb:{path}")
