import numpy as np
import pytest

from engine.city.districts import DISTRICTS, LAT, LNG, district_at, nearest, scatter, settle


def test_the_22_units_of_july_2021():
    codes = [d.code for d in DISTRICTS]
    assert len(codes) == len(set(codes)) == 22
    assert codes == sorted(codes)


def test_thu_duc_is_a_city_and_the_three_old_districts_are_gone():
    by_code = {d.code: d.vi for d in DISTRICTS}
    assert by_code["769"] == "Thành phố Thủ Đức"
    assert not {"762", "763"} & set(by_code)


def test_names_differ_in_both_languages():
    assert len({d.vi for d in DISTRICTS}) == len({d.en for d in DISTRICTS}) == 22


def test_each_centre_lies_in_its_own_cell():
    assert nearest(LAT, LNG).tolist() == list(range(22))


@pytest.mark.parametrize("scale", [1.0, 0.982])
def test_scattered_points_lie_in_their_cell(scale):
    district = np.repeat(np.arange(22), 200)
    lat, lng = scatter(np.random.default_rng(1), district)
    assert (nearest(lat, lng, scale) == district).all()


def test_settling_leaves_points_that_are_inside_alone():
    lat, lng = settle(LAT + 0.0005, LNG, np.arange(22))
    assert (lat == LAT + 0.0005).all()
    assert (lng == LNG).all()


def test_districts_get_people_in_proportion():
    got = np.bincount(district_at((np.arange(100_000) + 0.5) / 100_000), minlength=22) / 100_000
    want = np.array([d.population for d in DISTRICTS]) / sum(d.population for d in DISTRICTS)
    assert np.abs(got - want).max() < 1e-4
