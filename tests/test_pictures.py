"""Pictures as files, and what a notebook shows."""

import html
import io

import pytest
from PIL import Image

import mesascope as ms
from mesascope.core.errors import UsageError
from mesascope.pictures import Episode, Frame
from mesascope.worlds.grids.text import parse_levels
from mesascope.worlds.levels import AbstractLevels, Level

LEVEL = parse_levels("#####\n#..R#\n#b..#\n#####")[0]


@pytest.mark.parametrize(("ending", "kind"), [("png", "PNG"), ("gif", "GIF")])
def test_a_picture_is_what_its_ending_says(tmp_path, ending, kind):
    path = ms.save_picture(LEVEL, tmp_path / f"x.{ending}", episode=[0, 1, 2])
    image = Image.open(io.BytesIO(path.read_bytes()))
    assert image.format == kind
    assert getattr(image, "n_frames", 1) == (3 if ending == "gif" else 1)


def test_an_episode_moves_in_a_notebook_and_is_saved(tmp_path):
    episode = Episode(LEVEL, [0, 1, 2])
    assert "<animate" in episode._repr_html_()
    assert episode.save(tmp_path / "x.svg").read_text("utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("x.jpg", {}, "unknown kind of picture '.jpg'"),
        ("x.gif", {}, "a GIF shows an episode"),
        ("x", {}, "unknown kind"),
    ],
)
def test_what_cannot_be_saved_says_why(tmp_path, name, given, message):
    with pytest.raises(UsageError, match=message):
        ms.save_picture(LEVEL, tmp_path / name, **given)
    assert list(tmp_path.iterdir()) == []


def test_levels_without_a_picture_are_said_to_have_none(tmp_path):
    class Plain(AbstractLevels):
        @property
        def count(self):
            return 1

    with pytest.raises(UsageError, match="has no picture"):
        ms.save_picture(Level(Plain()), tmp_path / "x.png")


def test_a_batch_shows_its_first_levels_and_how_many_there_are():
    shown = parse_levels("\n\n".join([LEVEL.text] * 10))._repr_html_()
    assert shown.count("<svg") == 8
    assert "10 levels" in shown


def test_a_frame_holds_the_whole_page_and_lets_nothing_out_of_it():
    page = '<!DOCTYPE html><p title="a">& <script>x</script></p>'
    shown = Frame(page)._repr_html_()
    source = shown.partition('srcdoc="')[2].partition('"')[0]
    assert html.unescape(source) == page
    assert 'sandbox="allow-scripts"' in shown
    assert shown.count("<iframe") == 1
    assert "<script" not in shown
