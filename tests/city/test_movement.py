import numpy as np
import pytest

from engine.city.movement import BlockDays
from engine.city.tables import HOME, SCHOOL
from engine.clock import DAY, HOUR


@pytest.mark.parametrize("name", ["world", "blocks"])
def test_nobody_is_in_two_places_at_once(name, request):
    day, person, _, start, end = request.getfixturevalue(name).stays()
    order = np.lexsort((start, person, day))
    day, person, start, end = day[order], person[order], start[order], end[order]
    same = (day[1:] == day[:-1]) & (person[1:] == person[:-1])
    assert (start[1:][same] >= end[:-1][same]).all()


def test_stays_lie_within_the_day(world):
    _, _, _, start, end = world.stays()
    assert start.min() >= 0
    assert end.max() <= DAY
    assert (start < end).all()


def test_moving_takes_time(world):
    day, person, place, start, end = world.stays()
    c = world.sim.city.places
    next_ = (day[1:] == day[:-1]) & (person[1:] == person[:-1]) & (place[1:] != place[:-1])
    gap = (start[1:] - end[:-1])[next_]
    far = np.hypot(c.lat[place[1:]] - c.lat[place[:-1]], c.lng[place[1:]] - c.lng[place[:-1]])[next_] > 0.05
    assert gap.min() >= 3 * 60
    assert gap[far].min() >= 3 * 60


def test_most_sleep_at_home(world):
    _, _, place, start, _ = world.stays()
    asleep = start == 0
    assert (world.sim.city.places.kind[place[asleep]] == HOME).mean() > 0.97


def test_weekends_differ(world):
    day, _, place, _, _ = world.stays()
    at_school = world.sim.city.places.kind[place] == SCHOOL
    # The last day of the plan, 11 July 2021, is a Sunday.
    counts = np.bincount(day[at_school], minlength=7)
    assert (counts[:5] > 0).all()
    assert (counts[5:] == 0).all()


def test_people_spend_their_nights_and_evenings_at_home(world):
    _, _, place, start, end = world.stays()
    hours = (end - start)[world.sim.city.places.kind[place] == HOME].sum() / HOUR
    assert 14 < hours / 900 / 7 < 21


def test_who_leaves_circulation_stays_nowhere(world):
    city = world.sim.city
    out = np.full(900, 2**40)
    out[:300], out[300:600] = 0, 10 * HOUR
    s = BlockDays(1, city, city.blocks[0]).stays(0, 0, out, np.zeros(900, bool))
    assert s.person.min() == 300
    assert s.end[s.person < 600].max() == 10 * HOUR
    assert s.end[s.person >= 600].max() == DAY


def test_the_sick_tend_to_stay_at_home(world):
    city = world.sim.city
    days = BlockDays(1, city, city.blocks[0])
    never = np.full(900, 2**40)
    well = days.stays(0, 0, never, np.zeros(900, bool))
    sick = days.stays(0, 0, never, np.ones(900, bool))
    out = [np.unique(s.person[city.places.kind[s.place] != HOME]).size for s in (well, sick)]
    assert 0.4 * out[0] < out[1] < 0.8 * out[0]


def test_some_visit_other_blocks(blocks):
    _, person, place, _, _ = blocks.stays()
    edges = np.array([b.places.stop for b in blocks.sim.city.blocks])
    homes = np.searchsorted(edges, blocks.sim.city.people.home[person], side="right")
    visits = np.searchsorted(edges, place, side="right")
    assert 0 < (homes != visits).mean() < 0.05
