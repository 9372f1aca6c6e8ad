"""The picture of the hex map."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.axes import Axes

from engine.errors import BadParameterError
from engine.risk.draw import draw_hexes
from engine.risk.hexes import hex_map
from engine.texts import say
from tests.risk.test_hexes import AT, presence

ROWS = [(0, 10.75, 106.65, AT - 90_000, AT, AT, 1.0), (1, 10.76, 106.66, AT - 9_000, AT, AT, 1.0)]
SQUARE = ("Quận 1", np.array([[106.6, 10.7], [106.7, 10.7], [106.7, 10.8], [106.6, 10.8], [106.6, 10.7]]))


@pytest.fixture(scope="module")
def columns():
    return hex_map(presence(ROWS), AT, 8)


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
    for key in ("hexmap.title", "hexmap.score", "hexmap.none", "hexmap.note", "band.0", "band.1", "band.2", "band.3"):
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
    assert "not a risk level declared by the authorities" in text


def test_an_empty_map_is_drawn_too(tmp_path):
    path = tmp_path / "empty.png"
    draw_hexes(hex_map(presence([]), AT, 9), path, "vi")
    assert path.exists()


def test_another_ending_is_refused(columns, tmp_path):
    with pytest.raises(BadParameterError):
        draw_hexes(columns, tmp_path / "map.gif", "en")
