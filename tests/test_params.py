"""Every number is declared once, and the page says what the code says."""

import math
from pathlib import Path

import pytest

from engine import params
from engine.cli import docs

ROOT = Path(__file__).resolve().parents[1]
ALL = list(params.REGISTRY.values())


@pytest.mark.parametrize("param", ALL, ids=lambda p: p.name)
def test_a_parameter_says_what_it_means_and_where_it_is_from(param: params.Param) -> None:
    assert param.meaning
    assert param.source
    assert param.mark in docs._MARKS


@pytest.mark.parametrize("param", ALL, ids=lambda p: p.name)
def test_a_parameter_has_finite_bounds_that_hold_it(param: params.Param) -> None:
    assert all(math.isfinite(v) for v in (param.low, param.value, param.high))
    assert param.low < param.high
    assert param.low <= param.value <= param.high


@pytest.mark.parametrize(
    ("suffix", "unit"), [("_s", "s"), ("_m", "m"), ("_m2", "m2"), ("_d", "d"), ("_db", "dB"), ("_h", "h")]
)
def test_a_unit_in_the_name_is_the_unit(suffix: str, unit: str) -> None:
    named = [p for p in ALL if p.name.endswith(suffix)]
    assert {p.unit for p in named} <= {unit}


def test_a_name_cannot_be_declared_twice() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        params.Param("scan_period_s", 1, "s", 0, 2, "again", "test", "T")


def test_a_value_out_of_its_bounds_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="outside"):
        params.Param("test_only", 3, "s", 0, 2, "too much", "test", "T")
    assert "test_only" not in params.REGISTRY


@pytest.mark.parametrize("kind", params.PLACE_KINDS.values(), ids=lambda k: k.name)
def test_default_stays_are_at_most_two_hours_and_four_at_home_school_and_work(kind: params.PlaceKind) -> None:
    long = kind.name in ("home", "school", "workplace", "factory")
    assert 0 < kind.default_stay_s <= (4 if long else 2) * 3600


def test_the_page_of_parameters_is_up_to_date() -> None:
    assert (ROOT / docs.PARAMETERS).read_text(encoding="utf-8") == docs.markdown(), "run: make docs"


def test_generated_pages_are_written_once(tmp_path: Path) -> None:
    assert docs.rewrite(tmp_path) == [tmp_path / docs.PARAMETERS]
    assert docs.rewrite(tmp_path) == []
