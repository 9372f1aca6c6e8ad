from itertools import pairwise

import numpy as np
import pytest

from engine.city.build import CityPlan, Simulation
from engine.city.kernels.meet import infectiousness
from engine.city.kernels.spots import spots
from engine.city.outbreak import spread
from engine.city.tables import HOME
from engine.clock import DAY, FOREVER
from engine.params import CITY_CONTACT_M
from tests.city.test_sensing import whereabouts


@pytest.fixture(scope="module")
def grown():
    """A larger outbreak, without its events."""
    sim = Simulation(CityPlan(people=3000, days=14, seed=2))
    for _ in sim.days():
        pass
    return sim


def inside(sim):
    s = sim.outbreak.state
    return np.flatnonzero((s.infected_at < FOREVER) & (s.infector >= 0))


def test_the_profile_is_the_corrected_one():
    s = spread()
    day = (s.profile_from_s + s.profile_step_s * (np.arange(len(s.profile)) + 0.5)) / DAY
    for d, want in ((-3, 0.50), (-2, 0.75), (0, 1.0), (2, 0.79), (5, 0.28), (7, 0.10)):
        assert np.interp(d, day, s.profile) == pytest.approx(want, abs=0.01)


def test_an_outbreak_happens(world):
    assert len(inside(world.sim)) >= 10


@pytest.mark.parametrize("name", ["world", "blocks"])
def test_infector_and_infected_were_at_that_place_then(name, request):
    w = request.getfixturevalue(name)
    s, who = w.sim.outbreak.state, inside(w.sim)
    at = s.infected_at[who]
    assert len(who) > 0
    assert (whereabouts(w, who, at) == s.place[who]).all()
    assert (whereabouts(w, s.infector[who], at) == s.place[who]).all()


@pytest.mark.parametrize("name", ["world", "blocks"])
def test_they_were_within_two_metres(name, request):
    sim = request.getfixturevalue(name).sim
    s = sim.outbreak.state
    for q in inside(sim).tolist():
        day, second = divmod(int(s.infected_at[q]) - sim.plan.start, DAY)
        both = np.array([q, s.infector[q]], np.int32)
        place = np.full(2, s.place[q], np.int32)
        x, y = spots(sim.spots_key, day, np.full(2, second, np.int32), both, place, sim.folk, sim.rooms)
        assert np.hypot(x[0] - x[1], y[0] - y[1]) <= CITY_CONTACT_M.value


def test_the_infector_was_infectious(grown):
    s = grown.outbreak.state
    for q in inside(grown).tolist():
        # Infectiousness is taken at the start of the quarter of an hour.
        at = int(s.infected_at[q])
        start = at - (at - grown.plan.start) % 900
        assert infectiousness(s.infector[q], start, grown.folk, grown.spread) > 0


def test_the_infector_was_infected_before(grown):
    s, who = grown.outbreak.state, inside(grown)
    assert (s.infected_at[who] - s.infected_at[s.infector[who]] >= DAY).all()


def test_nobody_infects_or_is_infected_after_isolation(grown):
    s, who = grown.outbreak.state, inside(grown)
    assert (s.infected_at[who] < s.out_at()[who]).all()
    assert (s.infected_at[who] < s.out_at()[s.infector[who]]).all()


def test_infection_comes_before_onset_sample_result_and_isolation(grown):
    s = grown.outbreak.state
    who = np.flatnonzero(s.confirmed_at < FOREVER)
    assert (s.infected_at[who] < s.peak_at[who]).all()
    for earlier, later in pairwise((s.infected_at, s.sampled_at, s.confirmed_at, s.isolated_at)):
        assert (earlier[who] < later[who]).all()


def test_onset_to_onset_takes_about_three_days(grown):
    s, who = grown.outbreak.state, inside(grown)
    serial = (s.peak_at[who] - s.peak_at[s.infector[who]]) / DAY
    # Vietnam 2020: 3.24 d (Pham et al.); Guangzhou, Delta: 5.19 falling to 3.78 d (Li 2022).
    assert 2.3 < serial.mean() < 5.2


def test_households_have_a_quarter_to_six_tenths_of_transmission(grown):
    s, who = grown.outbreak.state, inside(grown)
    assert 0.25 < (grown.city.places.kind[s.place[who]] == HOME).mean() < 0.6


def test_it_spreads_elsewhere_too(grown):
    s, who = grown.outbreak.state, inside(grown)
    assert len(set(grown.city.places.kind[s.place[who]].tolist())) >= 5


def test_undetected_symptomatic_cases_infect_about_three(grown):
    s, who = grown.outbreak.state, inside(grown)
    offspring = np.bincount(s.infector[who], minlength=3000)
    full = (s.infected_at >= grown.plan.start - 2 * DAY) & (s.infected_at < grown.plan.start + 5 * DAY)
    free = full & s.symptomatic & (s.out_at() > s.peak_at + 5 * DAY)
    assert 1.5 < offspring[free].mean() < 6


def test_symptoms_and_asymptomatic_share(grown):
    s = grown.outbreak.state
    ill = s.symptomatic[s.infected_at < FOREVER]
    assert abs(ill.mean() - 0.57) < 0.12
