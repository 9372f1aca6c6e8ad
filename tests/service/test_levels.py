"""Official levels from the engine's own cases: who counts where, whose source is known, who is an F1 at large."""

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
import shapely

from engine.clock import HOUR, from_rfc3339, to_rfc3339
from engine.errors import BadParameterError
from engine.geo.units import Population, Unit, Units
from engine.risk.levels.spans import exact
from engine.service.engine import Engine, Settings
from engine.service.levels import levels_of_counts, rules_on
from engine.service.territory import Held
from tests.service.stored import Hand

DAY = 86_400
T = from_rfc3339("2021-07-05T00:00:00Z")
AT = T + 3 * DAY


def unit(code, tier, parent, box=None):
    people = (Population(date(2019, 4, 1), 100_000, "census"),)
    return Unit(code, tier, parent, f"Xã {code}", f"Commune {code}", population=people), box


def units():
    rows = [
        unit("79", "province", None, shapely.box(106.0, 10.0, 106.2, 10.1)),
        unit("760", "district", "79", shapely.box(106.0, 10.0, 106.2, 10.1)),
        unit("1", "commune", "760", shapely.box(106.0, 10.0, 106.1, 10.1)),
        unit("2", "commune", "760", shapely.box(106.1, 10.0, 106.2, 10.1)),
        unit("3", "commune", "760", shapely.box(106.4, 10.0, 106.5, 10.1)),
    ]
    return Units([u for u, _ in rows], [b for _, b in rows])


PLACES = {"home-1": (10.05, 106.05, "home"), "home-2": (10.05, 106.15, "home"), "market": (10.05, 106.06, "market")}


@pytest.fixture
def engine():
    made = Engine.open(Settings(data=None), clock=lambda: AT + DAY)
    tell(made, "place", *({"place": p, "kind": k, "lat": a, "lng": b} for p, (a, b, k) in PLACES.items()))
    yield made
    made.close()


def tell(engine, kind, *events):
    reply = engine.ingest_json(kind, json.dumps({"events": list(events)}).encode())
    assert not reply.rejected


def stay(person, place, start, hours=2):
    return {
        "person": person, "place": place, "entered_at": to_rfc3339(start), "left_at": to_rfc3339(start + hours * 3600)
    }  # fmt: skip


def case(engine, person, onset, home=None, **dates):
    tell(
        engine,
        "case",
        {"person": person, "onset_at": to_rfc3339(onset), "confirmed_at": to_rfc3339(onset + DAY), **dates},
    )
    if home is not None:
        tell(engine, "check_in", stay(person, home, onset - DAY, 3))


def communes(engine, **other):
    report = engine.area_levels("commune", "2686", AT, units=units(), **other)
    return {x.code: x for x in report.readings[0].levels}, report


def values(found):
    return {f.id.split(".")[-1]: f.value.low for f in found.findings if f.value is not None}


def test_an_f0_of_unknown_source_makes_its_commune_orange_and_its_neighbour_yellow(engine):
    case(engine, "a", T, "home-1")
    found, report = communes(engine)
    assert found["1"].at_least == 3
    assert values(found["1"])["unknown_source"] == 1
    assert found["2"].at_least == 2
    assert [f.id for f in found["2"].because] == ["commune.2.next_to_high"]
    assert found["3"].at_least == 1
    assert report.as_of == engine.as_of
    assert report.week_of("1", "vi") == "1"


def test_the_source_is_known_when_an_earlier_f0_was_met(engine):
    case(engine, "a", T - 4 * DAY, "home-2")
    case(engine, "b", T, "home-1")
    tell(engine, "check_in", stay("a", "home-2", T - 3 * DAY), stay("b", "home-2", T - 3 * DAY, 1))
    found, _ = communes(engine)
    assert values(found["1"])["unknown_source"] == 0
    assert values(found["1"])["f0"] == 1
    assert values(found["2"])["unknown_source"] == 1  # a met nobody before
    assert found["1"].at_least == 2 or "commune.3.next_to_very_high" in {f.id for f in found["1"].because}


def test_a_market_counts_as_a_crowded_place(engine):
    case(engine, "a", T, "home-1")
    assert values(communes(engine)[0]["1"])["crowded_place"] == 0
    tell(engine, "check_in", stay("a", "market", T))
    assert values(communes(engine)[0]["1"])["crowded_place"] == 1


def test_an_f1_counts_where_it_lives_until_it_is_isolated(engine):
    case(engine, "a", T, "home-1")
    tell(engine, "check_in", stay("a", "home-2", T), stay("c", "home-2", T))
    assert values(communes(engine)[0]["2"])["f1"] == 1
    tell(engine, "quarantine", {"person": "c", "started_at": to_rfc3339(T + DAY), "mode": "central"})
    found, _ = communes(engine)
    assert values(found["2"])["f1"] == 0
    quarantined = next(f for f in found["2"].findings if f.id == "commune.2.quarantined")
    assert (quarantined.met, quarantined.value.high) == (None, 1)


def test_an_f0_without_a_home_is_counted_nowhere_and_told(engine):
    case(engine, "a", T)
    found, report = communes(engine)
    assert all(values(found[c])["f0"] == 0 for c in "123")
    note = next(n for n in report.notes if n.key == "levels.note.no_home")
    assert note.values == {"count": 1, "total": 1, "tier": "commune"}


def test_only_the_window_counts(engine):
    case(engine, "a", T - 20 * DAY, "home-1")
    assert values(communes(engine)[0]["1"])["f0"] == 0
    earlier = engine.area_levels("commune", "2686", T - 15 * DAY, units=units()).readings[0].levels
    assert values(earlier[0])["f0"] == 1


def test_the_same_question_of_the_same_state_is_answered_once(engine):
    case(engine, "a", T, "home-1")
    known = units()
    first, again = (engine.area_levels("commune", "2686", AT, units=known) for _ in range(2))
    assert first is again
    case(engine, "b", T, "home-2")
    assert engine.area_levels("commune", "2686", AT, units=known) is not first


def test_rules_follow_the_day_and_unknown_tiers_are_refused(engine):
    days = {date(2020, 1, 1): "2686", date(2021, 10, 11): "2686", date(2021, 10, 12): "4800", date(2022, 3, 2): "218"}
    assert {day: rules_on(day) for day in days} == days
    with pytest.raises(BadParameterError, match="hold no province"):
        engine.area_levels("province", None, AT, units=Units(list(units())[1:]))
    with pytest.raises(BadParameterError, match="no tier"):
        engine.area_levels("ward", None, AT, units=units())


def test_an_f0_of_whom_only_the_district_is_known_may_be_in_each_of_its_communes(engine):
    rows = [unit(c, t, p) for c, t, p in (("79", "province", None), ("760", "district", "79"), ("1", "commune", "760"))]
    box = shapely.box(106.0, 10.0, 106.2, 10.1)
    known = Units([u for u, _ in rows], [box, box, None])
    case(engine, "a", T, "home-1")
    levels = {}
    for tier in ("commune", "district"):
        levels |= {x.code: x for x in engine.area_levels(tier, "2686", AT, units=known).readings[0].levels}
    f0 = next(f for f in levels["1"].findings if f.id == "commune.2.f0")
    assert (f0.met, f0.value) == (None, (0, 1))
    assert (levels["1"].at_least, levels["1"].at_most) == (1, 3)


def test_a_narrow_home_that_lies_elsewhere_is_not_believed(engine):
    rows = [
        unit("79", "province", None, shapely.box(106.0, 10.0, 106.2, 10.1)),
        unit("760", "district", "79", shapely.box(106.0, 10.0, 106.1, 10.1)),
        unit("761", "district", "79", shapely.box(106.1, 10.0, 106.2, 10.1)),
        unit("1", "commune", "760"),
        unit("2", "commune", "761", shapely.box(106.1, 10.0, 106.2, 10.1)),
    ]
    known = Units([u for u, _ in rows], [b for _, b in rows])
    case(engine, "a", T, "home-1")
    tell(engine, "check_in", stay("a", "home-2", T, 1))  # a shorter stay, where communes have polygons
    found = {x.code: x for x in engine.area_levels("commune", "2686", AT, units=known).readings[0].levels}
    spans = {c: next(f.value for f in found[c].findings if f.id == "commune.2.f0") for c in "12"}
    assert spans == {"1": (0, 1), "2": (0, 0)}


def test_the_public_sees_new_levels_at_publishing_times_alone():
    clock = Hand(from_rfc3339("2021-07-10T12:00:00+07:00"))
    engine = Engine.open(Settings(data=None), clock=clock)
    tell(engine, "place", *({"place": p, "kind": k, "lat": a, "lng": b} for p, (a, b, k) in PLACES.items()))
    known = units()
    engine.areas = lambda: known
    case(engine, "a", T, "home-1")
    first = engine.published_levels("commune", "2686")
    case(engine, "b", T, "home-2")
    # Other tiers, other rules and the same ones by name are of the moment of the first question, not of their own.
    assert engine.published_levels("commune") is first
    for tier, rules in (("district", None), ("commune", "4800"), ("province", "218")):
        report = engine.published_levels(tier, rules)
        assert (report.as_of, report.at) == (first.as_of, first.at)
    assert engine.area_levels("commune").as_of == engine.as_of > first.as_of
    clock.now += HOUR  # 13:00
    assert engine.published_levels("commune").as_of == engine.as_of
    engine.close()


def test_the_moment_of_the_public_levels_is_the_server_s_and_not_the_reader_s(engine):
    known = units()
    engine.areas = lambda: known
    case(engine, "a", T, "home-1")
    engine.hold_levels(AT + DAY)
    held = engine.as_of
    case(engine, "b", T, "home-2")
    engine.hold_levels(AT + DAY + 10)
    assert engine.published_levels("commune").as_of == held


def test_areas_that_are_loaded_show_in_the_public_levels_of_the_same_moment(engine):
    known = [units()]
    engine.areas = lambda: known[0]
    case(engine, "a", T, "home-1")
    first = engine.published_levels("commune")
    case(engine, "b", T, "home-2")
    known[0] = units()
    again = engine.published_levels("commune")
    assert (again.as_of, again.version != first.version) == (first.as_of, True)


def test_after_a_purge_the_public_levels_are_of_the_same_moment_and_of_no_old_state():
    states = [SimpleNamespace(latest=AT), SimpleNamespace(latest=AT + DAY)]
    held, known = Held(), units()

    def ask(tier):
        return held.get(tier, "2686", known, AT, lambda: states[0], lambda state, _, at: (state, at))

    first = ask("commune")
    held.renew(lambda: states[1])
    assert ask("commune") is first
    assert ask("district") == (states[1], AT)


def test_a_number_of_people_is_marked_as_such(engine):
    case(engine, "a", T)
    _, report = communes(engine)
    assert {n.key for n in report.notes if n.counts_people} == {"levels.note.no_home"}


def test_the_cases_of_a_week_are_written_as_the_reader_writes_numbers(engine):
    report = replace(communes(engine)[1], cases={"x": {"1": exact(7397)}, "y": {"1": exact(7400)}})
    assert (report.week_of("1", "vi"), report.week_of("1", "en")) == ("x 7.397, y 7.400", "x 7,397, y 7,400")


def test_without_areas_it_says_so():
    with pytest.raises(BadParameterError, match="no areas are loaded"):
        Engine.open(Settings(data=None), clock=lambda: AT).area_levels("commune", "2686", AT)


def test_a_source_outside_of_the_window_is_not_told(tmp_path):
    (tmp_path / "a.csv").write_text("code,date,cases\n1,2021-06-01,3\n1,2021-06-02,3\n")
    (tmp_path / "b.csv").write_text("code,date,cases\n1,2021-07-01,3\n1,2021-07-02,3\n")
    report = levels_of_counts(tmp_path, units(), "2686", date(2021, 7, 2), "commune")
    assert [n.values["source"] for n in report.notes if "source" in n.values] == ["b"]
