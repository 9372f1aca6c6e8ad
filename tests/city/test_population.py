from itertools import pairwise

import numpy as np

from engine.city.districts import nearest
from engine.city.population import make_city
from engine.city.tables import HOME, KINDS, SCHOOL, Job
from engine.params import CITY_APP_SHARE, PLACE_KINDS

CITY = make_city(7, 4000)


def test_kinds_of_places_are_declared():
    assert {k.name for k in KINDS} <= set(PLACE_KINDS)


def test_households_have_the_size_of_the_city():
    assert abs(4000 / len(CITY.near) - 3.5) < 0.2


def test_everybody_lives_in_a_home():
    assert (CITY.places.kind[CITY.people.home] == HOME).all()


def test_members_of_a_household_are_neighbours_in_the_table():
    assert (np.diff(CITY.people.home) >= 0).all()


def test_nobody_works_at_home():
    main = CITY.people.main
    assert (CITY.places.kind[main[main >= 0]] != HOME).all()


def test_pupils_are_children_or_students_and_go_to_school():
    pupils = CITY.people.job == Job.PUPIL
    assert (CITY.places.kind[CITY.people.main[pupils]] == SCHOOL).all()
    assert CITY.people.age[pupils].max() <= 22


def test_classes_have_the_size_of_classes():
    pupils = CITY.people.job == Job.PUPIL
    sizes = np.bincount(CITY.people.main[pupils])
    assert 20 <= sizes[sizes > 0].mean() <= 40


def test_small_children_and_the_old_do_not_work():
    works = (CITY.people.main >= 0) & (CITY.people.job != Job.PUPIL)
    assert CITY.people.age[works].min() >= 18
    assert CITY.people.age[works].max() < 62


def test_every_kind_of_place_exists():
    assert (np.bincount(CITY.places.kind, minlength=len(KINDS)) > 0).all()


def test_places_lie_in_their_district():
    p = CITY.places
    assert (nearest(p.lat, p.lng) == p.district).all()


def test_the_app_has_its_share():
    assert abs(CITY.people.has_app.mean() - CITY_APP_SHARE.value) < 0.03


def test_the_smallest_city_can_be_made():
    assert len(make_city(1, 50).people.home) == 50


def test_columns_cannot_be_changed():
    assert not CITY.people.home.flags.writeable
    assert not CITY.places.lat.flags.writeable


def test_blocks_cover_people_and_places_once():
    city = make_city(2, 12_000)
    assert len(city.blocks) == 2
    for axis, total in (("people", 12_000), ("places", len(city.places.kind))):
        ranges = [getattr(b, axis) for b in city.blocks]
        assert ranges[0].start == 0
        assert ranges[-1].stop == total
        assert all(a.stop == b.start for a, b in pairwise(ranges))
