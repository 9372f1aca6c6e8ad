"""The picture of the hex map."""

import re
from dataclasses import dataclass, replace
from xml.etree import ElementTree

import h3.api.basic_int as h3
import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from engine.errors import BadParameterError
from engine.risk.draw import draw_days, draw_hexes
from engine.texts import say

AT = 1_626_000_000  # 2021-07-11 in Viet Nam
SQUARE = ("Quận 1", np.array([[106.6, 10.7], [106.7, 10.7], [106.7, 10.8], [106.6, 10.8], [106.6, 10.7]]))


@dataclass(frozen=True)
class Map:
    """What is drawn of a map."""

    h3: np.ndarray
    score: np.ndarray
    reliability: np.ndarray
    persons: np.ndarray
    resolution: int = 8
    at: int = AT


EMPTY = Map(np.empty(0, np.uint64), np.empty(0), np.empty(0, np.int8), np.empty(0, np.int64), 9)


@pytest.fixture(scope="module")
def columns():
    """A disk of cells: nothing in the outermost, unsure ones in between."""
    cells = np.array(sorted(h3.grid_disk(h3.latlng_to_cell(10.75, 106.65, 8), 3)), np.uint64)
    score = np.linspace(0, 100, len(cells))
    return Map(cells, score, (np.arange(len(cells)) % 3).astype(np.int8), np.arange(len(cells)) % 4)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_png_is_written(columns, lang, tmp_path):
    path = tmp_path / "map.png"
    draw_hexes(columns, path, lang, [SQUARE])
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_equal_input_gives_an_equal_picture(columns, ending, tmp_path):
    one, two = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (one, two):
        draw_hexes(columns, path, "en", [SQUARE])
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_band_and_the_title_are_in_the_language_asked_for(columns, lang, tmp_path):
    path = tmp_path / "map.svg"
    draw_hexes(columns, path, lang)
    written = texts(path)
    for key in (
        "hexmap.title",
        "hexmap.score",
        "hexmap.none",
        "hexmap.unsure",
        "hexmap.note",
        "band.0",
        "band.1",
        "band.2",
        "band.3",
    ):
        assert say(key, lang) in written


def test_title_date_and_note_begin_where_the_map_begins(columns, tmp_path):
    path = tmp_path / "map.svg"
    draw_hexes(columns, path, "en", [SQUARE])
    written = texts(path)
    date = next(x for text, x in written.items() if text.startswith("2021-07-11"))
    assert [written[say(key, "en")] for key in ("hexmap.title", "hexmap.note")] == pytest.approx([date] * 2, abs=0.5)


def test_of_two_names_that_would_overlap_the_larger_area_keeps_its_own(columns, tmp_path, monkeypatch):
    named = []  # names with a pale border become shapes in an SVG, so they are caught on their way there
    text = Axes.text
    monkeypatch.setattr(Axes, "text", lambda self, x, y, s, **k: named.append(s) or text(self, x, y, s, **k))
    inside = ("Phường 1", SQUARE[1] * 0.1 + SQUARE[1][:-1].mean(0) * 0.9)
    aside = ("Quận 2", SQUARE[1] + [0.1, 0.0])
    draw_hexes(columns, tmp_path / "map.svg", "vi", [inside, SQUARE, aside])
    assert {"Quận 1", "Quận 2", "Phường 1"} & set(named) == {"Quận 1", "Quận 2"}


def texts(path):
    """Texts of an SVG and where each begins (x, in points)."""
    found = {}
    for node in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text"):
        x = re.search(r"translate\(([-\d.]+)", node.get("transform", ""))
        found["".join(node.itertext())] = float(x[1]) if x else float(node.get("x"))
    return found


def test_the_picture_says_when_and_that_it_is_no_official_level(columns, tmp_path):
    path = tmp_path / "map.svg"
    draw_hexes(columns, path, "en")
    text = path.read_text()
    assert "2021-07-11" in text
    assert f"{int((columns.persons > 0).sum())} cells with F0s in reach" in text
    assert "not a risk level declared by the authorities" in text


def test_an_empty_map_is_drawn_too(tmp_path):
    path = tmp_path / "empty.png"
    draw_hexes(EMPTY, path, "vi")
    assert path.exists()


def test_another_ending_is_refused(columns, tmp_path):
    with pytest.raises(BadParameterError):
        draw_hexes(columns, tmp_path / "map.gif", "en")


def test_scores_that_hardly_anybodys_time_stands_behind_are_paler(columns, tmp_path):
    sure, unsure = (replace(columns, reliability=np.full(len(columns.h3), r, np.int8)) for r in (2, 0))
    drawn = []
    for n, one in enumerate((sure, unsure)):
        draw_hexes(one, tmp_path / f"{n}.svg", "en")
        drawn.append((tmp_path / f"{n}.svg").read_text().count("opacity: 0.35"))
    assert drawn[0] == 1  # the legend's own
    assert drawn[1] > len(columns.h3) / 2


def test_days_become_a_moving_picture_of_one_view(columns, tmp_path):
    half = Map(columns.h3[:9], columns.score[:9], columns.reliability[:9], columns.persons[:9], 8, AT - 86_400)
    for path in (tmp_path / "a.gif", tmp_path / "b.gif"):
        assert draw_days([half, columns], path, "vi", [SQUARE]) == 2
    with Image.open(tmp_path / "a.gif") as moving:
        assert moving.n_frames == 2
        assert moving.info["duration"] == 1000
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


@pytest.mark.parametrize(("name", "maps"), [("map.png", 1), ("map.gif", 0)])
def test_a_moving_picture_is_a_gif_of_at_least_one_day(columns, name, maps, tmp_path):
    with pytest.raises(BadParameterError, match="gif"):
        draw_days([columns] * maps, tmp_path / name, "en")
