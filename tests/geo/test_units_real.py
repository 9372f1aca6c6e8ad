"""The administrative units of Viet Nam of July 2021, where the real files are at hand."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from engine.geo.cells import parents
from engine.geo.unit_files import load_units
from engine.geo.unit_store import from_bytes, to_bytes
from tests.oracles import areas as oracle

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "vn_admin"
DAY = date(2021, 7, 1)
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the files of administrative units are not in {FOLDER}")


@pytest.fixture(scope="module")
def loaded():
    return load_units([FOLDER])


@pytest.fixture(scope="module")
def units(loaded):
    return loaded[0]


def test_the_tree_is_whole(units):
    assert [len(units.codes(t, DAY)) for t in ("province", "district", "commune")] == [63, 705, 10_603]
    assert all(len(units.ancestors(c)) == 2 for c in units.codes("commune", DAY))
    assert len(units.children("01", DAY)) == 30
    assert len(units.children("769", DAY)) == 34
    assert units.unit("26740").name_en.endswith("Ward")


def test_polygons_that_are_missing_are_told(loaded, units):
    assert units.without_polygon("province") == ["22"]
    assert units.without_polygon("district") == units.children("22", DAY)
    assert len(units.without_polygon("district")) == 13
    bare = set(units.without_polygon("commune"))
    assert [c for c in units.codes("commune", DAY) if c not in bare] == units.children("769", DAY)
    assert [r.problem for r in loaded[1]] == [None] * 6
    assert [r.unmatched for r in loaded[1]] == [[]] * 6
    assert loaded[2].replaced == 22


def test_populations(units):
    assert units.population("79", DAY) == 8_993_082
    assert sum(units.population(c, DAY) for c in units.codes("province", DAY)) == 96_108_532
    assert units.population("769", DAY) is None


def test_neighbours_of_ha_noi(units):
    pairs = units.adjacency("province", DAY)
    around = {b if a == "01" else a for a, b in pairs if "01" in (a, b)}
    names = {units.unit(c).name_vi for c in around}
    assert names == {
        "Tỉnh Hà Nam", "Tỉnh Hưng Yên", "Tỉnh Bắc Ninh", "Tỉnh Bắc Giang", "Tỉnh Thái Nguyên", "Tỉnh Hoà Bình",
        "Tỉnh Phú Thọ", "Tỉnh Vĩnh Phúc",
    }  # fmt: skip


def test_neighbours_are_those_of_the_distance_matrix(units):
    codes = [c for c in units.codes("district", DAY) if units.unit(c).parent in ("79", "74", "80")]
    found = set(units.adjacency("district", DAY))
    for n, a in enumerate(codes):
        for b in codes[n + 1 :]:
            apart = oracle.distance_m(units.polygon(a), units.polygon(b))
            if abs(apart - 50) > 5:
                assert ((a, b) in found) == (apart < 50)
    provinces = units.codes("province", DAY)
    pairs = set(units.adjacency("province", DAY))
    rng = np.random.default_rng(3)
    for a, b in rng.choice(len(provinces), (150, 2)).tolist():
        a, b = sorted((provinces[a], provinces[b]))
        if a != b and "22" not in (a, b):
            assert ((a, b) in pairs) == (oracle.distance_m(units.polygon(a), units.polygon(b)) < 50)


def test_points_of_the_real_map(units):
    rng = np.random.default_rng(7)
    lat, lng = rng.uniform(9, 22, 60), rng.uniform(103, 109, 60)
    codes = units.codes("province", DAY)
    slow = [oracle.holder(a, b, [units.polygon(c) for c in codes]) for a, b in zip(lat, lng, strict=True)]
    assert units.area_of(lat, lng, "province", DAY) == [None if n is None else codes[n] for n in slow]
    assert units.area_of([10.776], [106.701], "district", DAY) == ["760"]


def test_shares_of_real_cells(units):
    cells = np.unique(parents(units.cells_of("760", 10), 8))
    found = units.overlay(cells, "district", DAY)
    codes = units.codes("district", DAY)
    some = np.unique(found.unit).tolist()
    for n, cell in enumerate(cells.tolist()[:4]):
        mine = dict(zip(found.unit[found.cell == n].tolist(), found.weight[found.cell == n].tolist(), strict=True))
        slow = oracle.weights(cell, [units.polygon(codes[i]) for i in some])
        for i, unit in enumerate(some):
            assert mine.get(unit, 0.0) == pytest.approx(slow.get(i, 0.0), abs=0.05)
    total = np.bincount(found.cell, found.weight)
    assert total.min() > 0.99
    assert total.max() <= 1 + 1e-9


def test_the_whole_country_is_stored_and_comes_back(units):
    back = from_bytes(to_bytes(units))
    assert back.rows == units.rows
    assert all(a is None or shapely.equals_exact(a, b) for a, b in zip(units.polygons, back.polygons, strict=True))
    assert [p is None for p in back.polygons] == [p is None for p in units.polygons]


def test_thu_duc_before_and_after_its_merger(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(
        "code,tier,name,parent,since,until,replaced_by\n762,district,Quận Thủ Đức,79,,2021-01-01,769\n"
        "763,district,Quận 9,79,,2021-01-01,769\n769,district,Quận 2,79,,2021-01-01,769\n"
        "769,district,Thành phố Thủ Đức,79,2021-01-01,,\n",
        "utf-8",
    )
    units = load_units([FOLDER, path])[0]
    before = date(2020, 6, 1)
    assert len(units.codes("district", DAY)) == 705
    assert len(units.codes("district", before)) == 707
    assert units.successors("763", before) == (units.unit("769"),)
    assert units.polygon("769") is not None
    assert units.polygon("769", before) is None
    assert len(units.children("769", DAY)) == 34
