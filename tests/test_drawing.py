"""Pictures are drawn one after another, and matplotlib's settings are as before afterwards."""

from pathlib import Path
from threading import Event, Thread

import matplotlib as mpl
import pytest

from engine.drawing import picture_suffix, styled, undated
from engine.errors import BadParameterError
from engine.exposure.draw import Step, draw_chains
from tests.waiting import PATIENCE_S


def test_settings_come_back() -> None:
    before = dict(mpl.rcParams)
    with styled({"hatch.linewidth": 9.0}):
        assert mpl.rcParams["hatch.linewidth"] == 9.0
        assert mpl.rcParams["svg.hashsalt"] == "truyvet"
        with styled():
            assert mpl.rcParams["font.family"] == ["DejaVu Sans"]
    assert dict(mpl.rcParams) == before


def test_whatever_is_drawn_waits_for_whoever_draws(tmp_path: Path) -> None:
    """Settings belong to the process: two that draw at once would put back each other's."""
    before, began, to = dict(mpl.rcParams), Event(), tmp_path / "chain.svg"

    def draw() -> None:
        began.set()
        draw_chains([[Step("A", "B", 1, 1_625_097_600, 15.0, 0.5)]], to, "en")

    other = Thread(target=draw)
    with styled({"hatch.linewidth": 9.0}):
        other.start()
        assert began.wait(PATIENCE_S)
        other.join(0.2)
        assert other.is_alive()
        assert not to.exists()
    other.join(PATIENCE_S)
    assert to.exists()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", ["map.png", "map.SVG"])
def test_pictures_are_png_or_svg(name: str) -> None:
    assert picture_suffix(Path(name)) == Path(name).suffix.lower()
    assert undated(picture_suffix(Path(name))) == ({"Date": None} if name.endswith("SVG") else None)


@pytest.mark.parametrize("name", ["map", "map.pdf", "map.svg.gz"])
def test_other_endings_are_refused(name: str) -> None:
    with pytest.raises(BadParameterError, match=r"\.png or \.svg"):
        picture_suffix(Path(name))
