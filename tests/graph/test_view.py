"""Places as columns, and the latest moment of a view."""

import pytest

from engine import params
from engine.graph.view import NOWHERE, place_columns
from tests.graph.small import DAY, HOUR, T0, Told, fix, saw, stay
from tests.worlds import load, new_engine

USUAL = params.PLACE_KINDS["other"].default_stay_s


def test_unknown_places_take_the_defaults() -> None:
    places = place_columns(2, {})
    assert places.stay_s.tolist() == [USUAL] * 2
    assert places.lat_e7.tolist() == [NOWHERE] * 2


def test_an_unheard_kind_counts_as_other() -> None:
    assert place_columns(1, {0: {"kind": "spaceport"}}).stay_s.tolist() == [USUAL]


@pytest.mark.parametrize(
    ("data", "weight"),
    [
        ({"area_m2": 40.0}, 1.0),
        ({"area_m2": 10.0}, 1.0),
        ({"area_m2": 400.0}, 0.1),
        ({"area_m2": 1e7}, 0.005),
        ({"area_m2": 40.0, "indoor": False}, 0.1),
        ({"kind": "market", "area_m2": 400.0}, 0.01),
        ({"kind": "market", "area_m2": 400.0, "indoor": True}, 0.1),
    ],
)
def test_weight_falls_with_area_and_in_the_open(data: dict, weight: float) -> None:
    assert place_columns(1, {0: data}).weight.tolist() == pytest.approx([weight])


@pytest.mark.parametrize(
    ("world", "latest"),
    [
        ([saw("a", "b", T0, 900)], T0 + 900),
        ([stay("a", "p", T0, T0 + 3 * DAY), stay("a", "p", T0 + DAY)], T0 + 3 * DAY),
        ([stay("a", "p", T0)], T0 + USUAL),
        ([fix("a", T0)], T0 + 900),
        ([("case", {"person": "a", "onset_at": T0, "confirmed_at": T0 + 5})], T0 + 5),
        ([saw("a", "b", T0), ("quarantine", {"person": "a", "started_at": T0, "ended_at": T0 + DAY})], T0 + 300),
    ],
)
def test_data_time_is_the_end_of_the_last_event(world: list[Told], latest: int) -> None:
    assert load(world).data_time == latest


def test_data_time_is_never_later_than_the_clock() -> None:
    engine = load([saw("a", "b", T0, 900)], engine=new_engine(T0 + HOUR // 60))
    assert engine.data_time == T0 + 60


def test_data_time_goes_back_when_the_last_event_is_retracted() -> None:
    key = {"person": "a", "peer": "b", "at": T0 + DAY, "retract": True}
    assert load([saw("a", "b", T0), saw("a", "b", T0 + DAY), ("bluetooth", key)]).data_time == T0 + 300


def test_a_published_view_does_not_change() -> None:
    engine = load([saw("a", "b", T0)])
    before = engine.snapshot().graph
    load([saw("a", "b", T0 + HOUR)], engine=engine)
    assert before.latest() == T0 + 300
    assert engine.snapshot().graph.latest() == T0 + HOUR + 300
