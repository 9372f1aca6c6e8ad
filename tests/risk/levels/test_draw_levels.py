"""The map of levels: official colours, hatching, grey, and the same picture for the same input."""

from datetime import date

import numpy as np
import pytest
from matplotlib.axes import Axes

from engine.errors import BadParameterError
from engine.risk import draw_levels as draw_levels_module
from engine.risk.draw_levels import Sheet, draw_levels
from engine.risk.levels.findings import AreaLevel
from engine.risk.levels.rules import rules_named


def square(x, size=1.0):
    return np.array([(x, 10), (x + size, 10), (x + size, 10 + size), (x, 10 + size), (x, 10)], float)


def sheet(levels, versions=("",)):
    codes = [f"0{n}" for n in range(len(levels))]
    found = [AreaLevel(c, a, b, (), known) for c, (a, b, known) in zip(codes, levels, strict=True)]
    return Sheet(
        rules=rules_named("4800"),
        tier="province",
        day=date(2021, 10, 24),
        maps=[(v, found) for v in versions],
        names={c: f"Tỉnh {c}" for c in codes},
        outlines=[(c, square(100 + 1.5 * n)) for n, c in enumerate(codes)] + [("00", square(112, 0.02))],
        labels=[("QĐ. Hoàng Sa", 112.0, 10.4)],
        sources=("ncsc",),
        remarks=("Giả định: x.",),
    )


LEVELS = [(1, 1, True), (2, 2, True), (3, 3, True), (4, 4, True), (2, 4, True), (1, 1, False), (1, 3, True)]


def test_the_picture_has_the_official_colours_and_says_what_it_is(tmp_path):
    path = tmp_path / "levels.svg"
    draw_levels(sheet(LEVELS), path, "vi")
    text = path.read_text("utf-8")
    for colour in ("#0fa57f", "#f1ba15", "#f28e12", "#da4711", "#d3d6db"):
        assert colour in text
    for words in (
        "Cấp độ nguy cơ dịch COVID-19 theo tỉnh",
        "Quyết định 4800/QĐ-BYT ngày 12/10/2021",
        "24/10/2021",
        "Không có số liệu (1)",
        "Chưa xác định (2)",
        "Nguồn số liệu: ncsc.",
        "không phải công bố của cơ quan có thẩm quyền",
    ):
        assert words in text
    assert "pattern" in text  # hatching


def test_two_versions_stand_side_by_side_and_equal_input_gives_an_equal_picture(tmp_path):
    pictures = []
    for name in ("a.png", "b.png"):
        draw_levels(sheet(LEVELS, ("version A", "version B")), tmp_path / name, "en")
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]
    width, height = (int.from_bytes(pictures[0][k : k + 4], "big") for k in (16, 20))
    assert width > height * 0.9


def test_nothing_to_draw_is_said(tmp_path):
    path = tmp_path / "none.svg"
    empty = sheet([])
    draw_levels(Sheet(**{**vars(empty), "outlines": [], "labels": []}), path, "en")
    assert "No areas to draw" in path.read_text("utf-8")


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(BadParameterError, match=r"\.png or \.svg"):
        draw_levels(sheet(LEVELS), tmp_path / "levels.pdf", "en")


def test_a_ward_of_a_city_is_hatched_and_has_a_border(tmp_path):
    """What is tiny on the map of the country is not on the map of a city."""
    whole = sheet([(1, 4, True)])
    path = tmp_path / "city.svg"
    draw_levels(Sheet(**vars(whole) | {"outlines": [("00", square(106, 0.03))], "labels": []}), path, "vi")
    text = path.read_text("utf-8")
    assert text.count("fill: url(#") == 2  # the ward, and its sign in the legend
    assert "LineCollection" in text


def test_the_worst_area_keeps_its_name(tmp_path, monkeypatch):
    named = []
    text = Axes.text
    monkeypatch.setattr(Axes, "text", lambda self, x, y, s, **k: named.append(s) or text(self, x, y, s, **k))
    whole = sheet([(1, 1, True), (4, 4, True)])
    outlines = [("00", square(106, 1.0)), ("01", square(106.4, 0.2) + np.array([0, 0.4]))]
    draw_levels(Sheet(**vars(whole) | {"outlines": outlines, "labels": []}), tmp_path / "a.svg", "vi")
    assert named == ["01"]


def test_the_legend_of_a_city_lies_beside_it():
    west, _, east, _ = draw_levels_module._view([("00", square(106, 0.5))])
    assert east - 106.5 > 0.15 > 106 - west
    west, _, east, _ = draw_levels_module._view([("00", square(102, 14.0))])
    assert east - 116 == pytest.approx(102 - west)
