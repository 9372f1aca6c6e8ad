"""The picture of the hex map."""

import numpy as np
import pytest

from engine.errors import BadParameterError
from engine.risk.draw import draw_hexes
from engine.risk.hexes import hex_map
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


def test_equal_input_gives_an_equal_picture(columns, tmp_path):
    one, two = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (one, two):
        draw_hexes(columns, path, "en")
    assert one.read_bytes() == two.read_bytes()


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
