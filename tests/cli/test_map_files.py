"""What a picture of the hex map is drawn on: borders that were loaded, or borders that say they are none."""

from types import SimpleNamespace

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely

from engine.cli.map_files import borders
from engine.geo.units import Unit, Units
from engine.texts import say

AT = 1_626_000_000  # 2021-07-11 in Viet Nam
SESSION = SimpleNamespace(lang="en", say=lambda key, **words: say(key, "en", **words))
UNITS = Units(
    [
        Unit("79", "province", None, "Thành phố Hồ Chí Minh", "Ho Chi Minh City"),
        Unit("760", "district", "79", "Quận 1", "District 1"),
        Unit("761", "district", "79", "Quận 12", "District 12"),
    ],
    [shapely.box(106, 10, 107, 11), shapely.box(106.6, 10.7, 106.7, 10.8), shapely.box(106.9, 10.9, 107, 11)],
)


def maps(*places):
    return [SimpleNamespace(h3=np.array([h3.latlng_to_cell(*p, 9) for p in places], np.uint64), at=AT)]


@pytest.mark.parametrize(("place", "name"), [((10.75, 106.65), "District 1"), ((10.3, 106.3), "Ho Chi Minh City")])
def test_the_borders_are_those_of_the_loaded_areas_around_the_cells(place, name):
    rings, remark = borders(SESSION, UNITS, maps(place))
    assert ([found for found, _ in rings], remark) == ([name], "")


def test_the_borders_of_the_sample_city_say_what_they_are_and_never_replace_loaded_ones():
    city = maps((10.4, 106.4), (11.2, 107.0))
    rings, remark = borders(SESSION, Units(), city)
    assert len(rings) > 20
    assert "not the real ones" in remark
    assert {name for name, _ in borders(SESSION, UNITS, city)[0]} == {"District 1", "District 12"}
    assert borders(SESSION, Units(), maps((21.0, 105.8))) == ([], "")
