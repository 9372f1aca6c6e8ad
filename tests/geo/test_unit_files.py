"""Files of areas in every form: columns found, put together by code, refused with what they hold."""

import json
from datetime import date

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from engine.errors import BadInputError, BadParameterError, UnreadableFileError
from engine.geo.unit_files import load_units, read_units

LIST = """code,name,type,province_code
79,Thành phố Hồ Chí Minh,Thành phố Trung ương,
760,Quận 1,Quận,79
769,Thành phố Thủ Đức,Thành phố,79
"""
HISTORY = """code,tier,name,parent,since,until,replaced_by,replaces
762,district,Quận Thủ Đức,79,,,,
763,district,Quận 9,79,,1/1/2021,769,
769,district,Quận 2,79,,2021-01-01,,
769,district,Thành phố Thủ Đức,79,2021-01-01,,,762 769
"""
BEFORE, AFTER = date(2020, 12, 31), date(2021, 1, 1)


def frame(codes, shapes=None, crs="EPSG:4326", **columns):
    shapes = shapes or [shapely.box(106 + i, 10, 107 + i, 11) for i in range(len(codes))]
    return gpd.GeoDataFrame({"code": codes, "name": [f"Quận {c}" for c in codes], **columns}, geometry=shapes, crs=crs)


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "a_list.csv"
    path.write_text(LIST, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("b.geojson", "EPSG:4326"),
        ("b.json", "EPSG:4326"),
        ("b.gpkg", "EPSG:4326"),
        ("b.gpkg", "EPSG:32648"),
        ("b.shp", "EPSG:4326"),
        ("b.shp", "EPSG:32648"),
        ("b.parquet", "EPSG:32648"),
    ],
)
def test_polygons_of_every_form(tmp_path, listed, name, crs):
    path = tmp_path / name
    shapes = frame(["760", "769"]).to_crs(crs)
    if name.endswith("parquet"):
        shapes.to_parquet(path)
    else:
        shapes.to_file(path, driver="GeoJSON" if "json" in name else None)
    units, reports, _ = load_units([listed, path])
    assert [u.code for u in units] == ["79", "760", "769"]
    assert reports[1].polygons == 2
    assert units.polygon("769").bounds == pytest.approx((107, 10, 108, 11), abs=1e-3)
    assert units.without_polygon() == ["79"]
    assert units.area_of([10.5, 12.0], [106.5, 106.5], "district", AFTER) == ["760", None]


def test_tables_of_every_form_say_the_same(tmp_path, listed):
    rows = [dict(zip(LIST.splitlines()[0].split(","), line.split(","), strict=True)) for line in LIST.splitlines()[1:]]
    (tmp_path / "b.json").write_text(json.dumps({"data": rows}))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    (tmp_path / "b.csv").write_text(LIST.replace(",", ";"), "utf-8-sig")
    plain = [(u.code, u.tier, u.parent, u.name_vi, u.name_en, u.kind) for u in read_units(listed)]
    for name in ("b.json", "b.parquet", "b.csv"):
        assert [(u.code, u.tier, u.parent, u.name_vi, u.name_en, u.kind) for u in read_units(tmp_path / name)] == plain
    assert plain[1] == ("760", "district", "79", "Quận 1", "District 1", "Quận")


def test_units_within_units(tmp_path):
    nested = {"data": [{"level1_id": "01", "name": "Thành phố Hà Nội", "level2s": [
        {"level2_id": "001", "name": "Quận Ba Đình", "level3s": [{"level3_id": "00001", "name": "Phường Phúc Xá"}]},
        {"level2_id": "002", "name": "Quận Hoàn Kiếm", "level3s": []}]}]}  # fmt: skip
    (tmp_path / "nested.json").write_text(json.dumps(nested))
    plain = [
        {"code": "01", "tier": 1, "children": [{"code": "001", "tier": 2, "children": [{"code": "00001", "tier": 3}]}]}
    ]
    (tmp_path / "plain.json").write_text(json.dumps(plain))
    for name in ("nested.json", "plain.json"):
        units = read_units(tmp_path / name)
        assert units.ancestors("00001") == ["001", "01"]
        assert [u.tier for u in units] == sorted((u.tier for u in units), key=["province", "district", "commune"].index)


def test_a_wide_table_tells_of_three_tiers(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(
        "Mã Tỉnh,Tỉnh,Mã Huyện,Huyện,Mã Xã,Phường Xã\n01,Thành phố Hà Nội,001,Quận Ba Đình,00001,Phường Phúc Xá\n"
        "01,Thành phố Hà Nội,001,Quận Ba Đình,00004,Phường Trúc Bạch\n",
        "utf-8",
    )
    units = read_units(path)
    assert [(u.code, u.tier, u.parent, u.name_vi) for u in units] == [
        ("01", "province", None, "Thành phố Hà Nội"),
        ("001", "district", "01", "Quận Ba Đình"),
        ("00001", "commune", "001", "Phường Phúc Xá"),
        ("00004", "commune", "001", "Phường Trúc Bạch"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "GID_1,NAME_1,GID_2,NAME_2,TYPE_2\nVNM.25_1,Hồ Chí Minh,VNM.25.1_1,Quận 1,Quận\n",
            [("VNM.25_1", "province", "Ho Chi Minh"), ("VNM.25.1_1", "district", "District 1")],
        ),
        (
            "ADM2_EN,ADM2_VI,ADM2_PCODE,ADM1_EN,ADM1_VI,ADM1_PCODE\nBa Dinh,Ba Đình,VN10101,Ha Noi,Hà Nội,VN101\n",
            [("VN101", "province", "Ha Noi"), ("VN10101", "district", "Ba Dinh")],
        ),
    ],
)
def test_columns_of_published_boundary_files(tmp_path, text, expected):
    (tmp_path / "b.csv").write_text(text, "utf-8")
    units = read_units(tmp_path)
    assert [(u.code, u.tier, u.name_en) for u in units] == expected
    assert units.unit(expected[1][0]).parent == expected[0][0]


def test_communes_right_below_provinces(tmp_path):
    path = tmp_path / "two_tiers.csv"
    path.write_text("code,name,province_code\n01,Thành phố Hà Nội,\n00004,Phường Ba Đình,01\n", "utf-8")
    assert read_units(path).unit("00004").parent == "01"


def test_populations_by_year_and_by_day(tmp_path, listed):
    (tmp_path / "b.csv").write_text('gso_code,population_2019,population_2020\n79,8993082,"9,227,598"\n760,,\n')
    (tmp_path / "c.csv").write_text("code,population,population_at,population_source\n760,142625,2019-04-01,census\n")
    units = load_units([tmp_path])[0]
    assert [(p.date, p.people) for p in units.unit("79").population] == [
        (date(2019, 7, 1), 8_993_082), (date(2020, 7, 1), 9_227_598),
    ]  # fmt: skip
    assert units.unit("760").population == ((date(2019, 4, 1), 142_625, "census"),)
    assert units.unit("79").name_vi == "Thành phố Hồ Chí Minh"


def test_a_merger_from_a_table(tmp_path, listed):
    (tmp_path / "b.csv").write_text(HISTORY, "utf-8")
    for order in ([listed, tmp_path / "b.csv"], [tmp_path / "b.csv", listed]):
        units = load_units(order)[0]
        assert units.children("79", BEFORE) == ["760", "762", "763", "769"]
        assert units.children("79", AFTER) == ["760", "769"]
        assert units.unit("769").kind == "Thành phố"
        assert units.unit("769", BEFORE).name_vi == "Quận 2"
        assert {units.successors(c, BEFORE)[0].name_vi for c in ("762", "763", "769")} == {"Thành phố Thủ Đức"}
        assert [u.code for u in units.predecessors("769")] == ["762", "763", "769"]


def test_rows_without_dates_follow_the_last_that_ended(tmp_path, listed):
    (tmp_path / "b.csv").write_text("code,name,parent,until\n769,Quận 2,79,2021-01-01\n", "utf-8")
    units = load_units([tmp_path])[0]
    assert (units.unit("769", BEFORE).name_vi, units.unit("769").name_vi) == ("Quận 2", "Thành phố Thủ Đức")
    assert units.unit("769").since == AFTER


def test_loading_again_adds_and_changes_nothing_else(tmp_path, listed):
    (tmp_path / "b.csv").write_text(HISTORY, "utf-8")
    frame(["760", "769"]).to_file(tmp_path / "c.geojson", driver="GeoJSON")
    units = load_units([tmp_path])[0]
    again, _, merged = load_units([tmp_path], base=units)
    assert again.rows == units.rows
    assert merged.replaced == 2
    one_by_one = None
    for name in ("a_list.csv", "b.csv", "c.geojson"):
        one_by_one = load_units([tmp_path / name], base=one_by_one)[0]
    assert one_by_one.rows == units.rows


def test_islands_in_rows_of_their_own_are_one_unit(tmp_path, listed):
    frame(["760", "760", "769"]).to_file(tmp_path / "b.geojson", driver="GeoJSON")
    units, reports, _ = load_units([tmp_path])
    assert units.polygon("760").area == pytest.approx(2.0)
    assert reports[1].polygons == 2


def test_polygons_that_cross_themselves_are_repaired_and_lines_left_out(tmp_path, listed):
    bow = shapely.Polygon([(106, 10), (107, 11), (107, 10), (106, 11)])
    frame(["760", "769"], [bow, shapely.LineString([(0, 0), (1, 1)])]).to_file(tmp_path / "b.geojson", driver="GeoJSON")
    units, reports, _ = load_units([tmp_path])
    assert (reports[1].repaired, reports[1].polygons) == (1, 1)
    assert units.polygon("760").is_valid
    assert units.polygon("760").area == pytest.approx(0.5)
    assert units.polygon("769") is None


def test_zeros_that_a_spreadsheet_lost_are_put_back_and_told(tmp_path):
    pq.write_table(pa.table({"code": [1, 79], "tier": ["province"] * 2, "name": ["a", "b"]}), tmp_path / "b.parquet")
    units, reports, _ = load_units([tmp_path])
    assert [u.code for u in units] == ["01", "79"]
    assert reports[0].padded == 1


def test_rows_without_code_are_matched_by_name_or_told(tmp_path, listed):
    (tmp_path / "z.csv").write_text(
        "Ten,Tinh_Thanh,population\nquận 1,thành phố Hồ Chí Minh,142625\nQuận 99,Thành phố Hồ Chí Minh,1\n"
        "Thủ Đức,Hà Nội,5\n",
        "utf-8",
    )
    units, reports, _ = load_units([tmp_path])
    assert units.unit("760").population[0].people == 142_625
    assert units.unit("760").name_vi == "Quận 1"
    assert reports[1].unmatched == ["Quận 99", "Thủ Đức"]


def test_columns_may_be_named(tmp_path):
    (tmp_path / "b.csv").write_text("Kennung,Bezeichnung\nA,Alpha\nB,Beta\n")
    units = load_units([tmp_path], chosen={"code": "Kennung", "name_vi": "Bezeichnung"}, tier="province")[0]
    assert [(u.code, u.tier, u.name_vi, u.name_en) for u in units] == [
        ("A", "province", "Alpha", "Alpha"), ("B", "province", "Beta", "Beta"),
    ]  # fmt: skip
    with pytest.raises(BadParameterError, match="no field"):
        load_units([tmp_path], chosen={"kod": "Kennung"})
    with pytest.raises(BadParameterError, match="'Schlüssel'"):
        load_units([tmp_path], chosen={"code": "Kennung", "name_vi": "Schlüssel"}, tier="province")
    with pytest.raises(BadParameterError, match="no tier"):
        load_units([tmp_path], tier="ward")


OPEN_RING = json.dumps(
    {
        "type": "Feature",
        "properties": {"code": "760", "name": "Quận 1", "tier": "district"},
        "geometry": {"type": "Polygon", "coordinates": [[[106.7, 10.7], [106.8, 10.7], [106.8, 10.8]]]},
    }
)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("b.csv", "Kennung,Wert\nA,1\n", "Kennung, Wert"),
        ("b.csv", "code,name\nQ1,Alpha\n", "--tier"),
        ("b.csv", "code,name,since\n79,A,soon\n", "row 1.*'soon'"),
        ("b.csv", "code,name,population\n79,A,many\n", "row 1.*'many'"),
        ("b.csv", "code,date,cases\n" + "79,2021-07-01,1\n" * 9, "no list of areas"),
        ("b.csv", "name,province\nQuận 1,Hà Nội\n", "codes"),
        ("b.json", "[1, 2", "b.json cannot be read"),
        ("b.json", "3", "no list of records"),
        ("b.geojson", "{", "b.geojson cannot be read"),
        ("b.geojson", OPEN_RING, "b.geojson cannot be read"),
        ("b.parquet", "x", "b.parquet cannot be read"),
        ("b.xlsx", "x", "no known form"),
    ],
)
def test_what_is_not_understood_is_refused_clearly(tmp_path, name, text, says):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UnreadableFileError, match=says):
        read_units(tmp_path / name)


def test_in_a_folder_the_rest_is_used_and_the_reason_told(tmp_path, listed):
    (tmp_path / "b.csv").write_text("Kennung,Wert\nA,1\n")
    units, reports, _ = load_units([tmp_path])
    assert len(units) == 3
    assert "Kennung, Wert" in reports[1].problem
    with pytest.raises(UnreadableFileError):
        load_units([listed, tmp_path / "b.csv"])


def test_empty_folders_missing_files_and_contradictions(tmp_path, listed):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableFileError, match="no file of areas"):
        read_units(tmp_path / "empty")
    with pytest.raises(UnreadableFileError, match="not there"):
        read_units(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_text("code,name,since\n760,x,2020-01-01\n760,y,2021-01-01\n")
    with pytest.raises(BadInputError, match="760"):
        read_units(tmp_path)


def test_degrees_are_asked_for_where_no_system_is_named(tmp_path):
    frame(["760"], [shapely.box(500_000, 1_000_000, 501_000, 1_001_000)]).to_file(tmp_path / "b.shp")
    (tmp_path / "b.prj").unlink()
    with pytest.raises(BadInputError, match="coordinate system"):
        read_units(tmp_path / "b.shp")
