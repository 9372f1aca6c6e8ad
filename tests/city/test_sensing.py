import numpy as np
import pytest

from engine.city.kernels.meet import look
from engine.city.kernels.spots import spots
from engine.city.sensing import radio
from engine.city.tables import BUS
from engine.clock import DAY
from engine.kernels.hashing import fold, normal
from engine.params import CITY_BODY_DB_SD, CITY_CHECK_OUT_SHARE


def column(world, part, name):
    return np.concatenate([getattr(getattr(d, part), name) for d in world.days])


def whereabouts(world, person, at):
    """Place of each person at each moment, -1 on the way."""
    day, who, place, start, end = world.stays()
    order = np.lexsort((start, day, who))
    start, end = start[order] + day[order] * DAY, end[order] + day[order] * DAY
    place, who = place[order], who[order]
    t = at - world.sim.plan.start
    row = np.searchsorted(who.astype(np.int64) * 10**9 + start, person.astype(np.int64) * 10**9 + t, side="right") - 1
    inside = (who[row] == person) & (t >= start[row]) & (t < end[row])
    return np.where(inside, place[row], -1)


@pytest.mark.parametrize("name", ["world", "blocks"])
def test_a_look_joins_two_people_of_one_place(name, request):
    world = request.getfixturevalue(name)
    at = column(world, "looks", "at")
    a = whereabouts(world, column(world, "looks", "person"), at)
    b = whereabouts(world, column(world, "looks", "peer"), at)
    assert len(at) > 1000
    assert (a >= 0).all()
    assert (a == b).all()


def test_only_phones_with_the_app_look_and_are_seen(world):
    has_app = world.sim.city.people.has_app
    assert has_app[column(world, "looks", "person")].all()
    assert has_app[column(world, "looks", "peer")].all()


def test_phones_look_every_five_minutes_at_their_own_seconds(world):
    at, person = column(world, "looks", "at"), column(world, "looks", "person")
    assert ((at - world.sim.plan.start) % 300 == world.sim.city.people.phase[person]).all()


def test_noise_is_six_to_eight_db_around_the_model(world):
    sim = world.sim
    everything = sim.radio._replace(seen=1.0, ios_seen=1.0, limit_db=1e6)
    key, rng = np.uint64(99), np.random.default_rng(1)
    pairs = rng.integers(0, 900, (20_000, 2)).tolist()
    got = np.empty(len(pairs))
    for i, (a, b) in enumerate(pairs):
        body = CITY_BODY_DB_SD.value * normal(np.uint64(fold(key, i)))
        got[i] = look(key, a, b, i, 75.1 + body, 1.0, sim.folk, everything) - 75.1
    assert 6 < got.std() < 8
    assert abs(np.median(got)) < 1.5


def test_the_bluetooth_model_is_the_published_one():
    r = radio()
    assert np.exp(r.at_1m) == pytest.approx(68.8, abs=0.1)
    assert np.exp(r.at_1m + r.slope * np.log(2)) == pytest.approx(75.1, abs=0.1)


def test_apps_in_the_background_of_ios_are_seen_less(world):
    ios, app = world.sim.city.people.ios, world.sim.city.people.has_app
    seen = column(world, "looks", "peer")
    assert ios[seen].mean() < 0.7 * ios[app].mean()


def test_the_night_is_quiet(world):
    hour = (column(world, "looks", "at") - world.sim.plan.start) % DAY // 3600
    by_hour = np.bincount(hour, minlength=24)
    assert by_hour[[0, 1, 2, 3, 4, 23]].max() < 0.1 * by_hour.max()


def test_check_outs_are_mostly_missing(world):
    left = column(world, "check_ins", "left_at")
    assert abs((left >= 0).mean() - CITY_CHECK_OUT_SHARE.value) < 0.03


def test_check_ins_are_made_where_one_is(world):
    at, person = column(world, "check_ins", "entered_at"), column(world, "check_ins", "person")
    assert (whereabouts(world, person, at) == column(world, "check_ins", "place")).all()


def test_leaving_follows_entering(world):
    entered, left = column(world, "check_ins", "entered_at"), column(world, "check_ins", "left_at")
    assert (left[left >= 0] > entered[left >= 0]).all()


def test_nobody_checks_in_at_home(world):
    kind = world.sim.city.places.kind[column(world, "check_ins", "place")]
    assert (kind != 0).all()


def test_accuracies_lie_between_5_and_60_m(world):
    accuracy = column(world, "fixes", "accuracy_m")
    assert accuracy.min() >= 5
    assert accuracy.max() <= 60
    assert 8 < np.median(accuracy) < 30


def test_68_percent_of_fixes_are_within_their_accuracy(world):
    sim, c = world.sim, world.sim.city.places
    person, at = column(world, "fixes", "person"), column(world, "fixes", "at")
    place = whereabouts(world, person, at)
    still = np.flatnonzero((place >= 0) & (c.kind[place] != BUS))
    person, at, place = person[still], at[still] - sim.plan.start, place[still]
    inside = np.empty(len(still), bool)
    for day in range(7):
        rows = np.flatnonzero(at // DAY == day)
        second = (at[rows] % DAY).astype(np.int32)
        x, y = spots(sim.spots_key, day, second, person[rows], place[rows], sim.folk, sim.rooms)
        lat, lng = (column(world, "fixes", n)[still][rows] for n in ("lat", "lng"))
        dy = (lat - c.lat[place[rows]]) * 111_195 - y
        dx = (lng - c.lng[place[rows]]) * 111_195 * np.cos(np.radians(lat)) - x
        inside[rows] = np.hypot(dx, dy) <= column(world, "fixes", "accuracy_m")[still][rows]
    assert abs(inside.mean() - 0.68) < 0.015


def test_only_those_who_share_it_send_their_location(world):
    assert world.sim.city.people.sends_location[column(world, "fixes", "person")].all()


@pytest.mark.parametrize(("part", "moment"), [("looks", "at"), ("check_ins", "entered_at"), ("fixes", "at")])
def test_events_end_with_isolation(world, part, moment):
    out = world.sim.outbreak.state.out_at()
    assert (column(world, part, moment) < out[column(world, part, "person")]).all()


def test_nobody_sees_an_isolated_person(world):
    out = world.sim.outbreak.state.out_at()
    assert (column(world, "looks", "at") < out[column(world, "looks", "peer")]).all()
