"""Tables of counts: read, placed, kept apart by source, added up, and not believed where they cannot be."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UnreadableFileError
from engine.risk.count_files import read_counts
from engine.risk.counts import outlying
from engine.risk.levels.from_counts import facts_of_counts
from engine.risk.levels.spans import INF, UNKNOWN, Span, exact
from engine.risk.levels.tree import Area, Tree
from tests.oracles.levels import outlying as slow_outlying

DAY = date(2021, 7, 4)


def unit(code, tier, parent, name):
    return Area(code, tier, parent, name, name, 1000)


TREE = Tree(
    {
        a.code: a
        for a in (
            unit("79", "province", None, "Thành phố Hồ Chí Minh"),
            unit("87", "province", None, "Tỉnh Đồng Tháp"),
            unit("760", "district", "79", "Quận 1"),
            unit("776", "district", "79", "Quận 8"),
            unit("866", "district", "87", "Thành phố Cao Lãnh"),
            unit("873", "district", "87", "Huyện Cao Lãnh"),
            unit("26734", "commune", "760", "Phường Tân Định"),
            unit("26737", "commune", "760", "Phường Đa Kao"),
            unit("27424", "commune", "776", "Phường 09"),
        )
    }
)


def write(folder, name, text):
    (folder / name).write_text(text, "utf-8")
    return folder


def test_units_are_found_by_code_and_by_name_in_many_spellings(tmp_path):
    rows = [
        ("TP. Hồ Chí Minh", "", ""),
        ("hồ chí minh", "Quận 1", ""),
        ("Hồ Chí Minh", "Q. 8", "P. 9"),
        ("HO CHI MINH", "Quan 1", "Đa Kao"),
        ("Đồng Tháp", "TP. Cao Lãnh", ""),
        ("Đồng Tháp", "Huyện Cao Lãnh", ""),
    ]
    text = "province,district,commune,date,cases\n" + "".join(f"{','.join(r)},2021-07-04,1\n" for r in rows)
    counts = read_counts(write(tmp_path, "who_knows.csv", text), TREE)
    found = {(s.tier, c) for s in counts.series for c, v in zip(s.codes, s.values, strict=True) if np.nansum(v)}
    wanted = {("province", "79"), ("district", "760"), ("commune", "27424"), ("commune", "26737")}
    assert found == wanted | {("district", "866"), ("district", "873")}
    assert counts.unplaced == ()


def test_a_unit_that_is_not_found_or_could_be_two_is_reported_and_counts_nowhere(tmp_path):
    text = "province,district,date,cases\nĐồng Tháp,Cao Lãnh,2021-07-04,5\nĐồng Tháp,Tân Châu,2021-07-04,7\n"
    counts = read_counts(write(tmp_path, "a.csv", text + "Đồng Tháp,,2021-07-04,0\n"), TREE)
    (lost,) = counts.unplaced
    assert (lost.rows, lost.total, lost.tier) == (2, 12.0, "district")
    assert lost.examples[0] == "Đồng Tháp / Cao Lãnh"
    assert counts.sums("district", "cases", DAY, 1) == {}


def test_a_day_is_the_largest_of_the_sources_and_each_stays_beside_it(tmp_path):
    write(tmp_path, "a.csv", "code,date,cases\n79,2021-07-03,5\n79,2021-07-04,2\n87,2021-07-04,0\n")
    write(tmp_path, "b.csv", "code,date,cases\n79,2021-07-03,4\n79,2021-07-04,9\n87,2021-07-04,0\n")
    counts = read_counts(tmp_path, TREE)
    assert counts.sums("province", "cases", DAY, 2)["79"] == exact(14)
    assert {s: v["79"] for s, v in counts.by_source("province", "cases", DAY, 2).items()} == {
        "a": exact(7), "b": exact(13)
    }  # fmt: skip


def test_a_missing_day_makes_at_least_and_no_day_makes_nothing(tmp_path):
    counts = read_counts(write(tmp_path, "a.csv", "code,date,cases\n79,2021-07-04,3\n87,2021-07-01,0\n"), TREE)
    assert counts.sums("province", "cases", DAY, 2) == {"79": Span(3, INF)}


def test_a_source_that_never_writes_zero_means_zero_where_it_is_silent(tmp_path):
    text = "code,date,cases\n79,2021-07-01,3\n79,2021-07-04,1\n"
    counts = read_counts(write(tmp_path, "a.csv", text), TREE)
    assert counts.covered[0].sparse
    assert counts.sums("province", "cases", DAY, 4) == {"79": exact(4), "87": exact(0)}
    assert counts.sums("province", "cases", DAY, 5)["87"] == Span(0, INF)
    zero = read_counts(write(tmp_path, "a.csv", text + "79,2021-07-02,0\n"), TREE)
    assert "87" not in zero.sums("province", "cases", DAY, 4)


def test_a_row_given_again_is_not_added_but_two_names_of_a_unit_are(tmp_path):
    text = "province,date,cases\nHồ Chí Minh,2021-07-04,3\nHồ Chí Minh,2021-07-04,3\nTP. Hồ Chí Minh,2021-07-04,2\n"
    counts = read_counts(write(tmp_path, "a.csv", text), TREE)
    assert counts.sums("province", "cases", DAY, 1)["79"] == exact(5)
    assert counts.covered[0].repeats == 1


def test_files_that_begin_alike_are_sources_of_their_own(tmp_path):
    write(tmp_path, "hcm_moh.csv", "code,date,cases\n79,2021-07-04,5\n")
    counts = read_counts(write(tmp_path, "hcm_ncsc.csv", "code,date,cases\n79,2021-07-04,7\n"), TREE)
    assert {c.source for c in counts.covered} == {"hcm_moh", "hcm_ncsc"}
    assert counts.sums("province", "cases", DAY, 1)["79"] == exact(7)


def test_a_day_in_two_files_of_one_source_counts_once_the_largest(tmp_path):
    write(tmp_path, "w26.csv", "source,province,date,cases\nx,Hồ Chí Minh,2021-07-03,1\nx,Hồ Chí Minh,2021-07-04,5\n")
    write(tmp_path, "w27.csv", "source,province,date,cases\nx,TP. Hồ Chí Minh,2021-07-04,7\n")
    counts = read_counts(tmp_path, TREE)
    assert counts.by_source("province", "cases", DAY, 2)["x"]["79"] == exact(8)
    assert [c.repeats for c in counts.covered] == [0, 1]


def test_files_of_different_tiers_are_one_table(tmp_path):
    write(tmp_path, "moh_province.csv", "code,date,cases\n79,2021-07-03,9\n79,2021-07-04,0\n")
    write(tmp_path, "moh_tinh.csv", "code,date,cases\n79,2021-07-03,4\n")
    counts = read_counts(write(tmp_path, "moh_district.csv", "code,date,cases\n760,2021-07-03,9\n"), TREE)
    assert {c.source for c in counts.covered} == {"moh"}
    assert counts.sums("province", "cases", DAY, 2) == {"79": exact(9)}
    assert counts.sums("district", "cases", DAY, 2) == {"760": Span(9, INF)}  # the source writes zeros


def test_a_sparse_source_in_several_files_keeps_its_days(tmp_path):
    write(tmp_path, "1.csv", "source,code,date,cases\nx,79,2021-06-01,1\nx,79,2021-06-30,2\n")
    write(tmp_path, "2.csv", "source,code,date,cases\nx,79,2021-07-02,4\nx,79,2021-07-03,8\n")
    counts = read_counts(tmp_path, TREE)
    assert counts.sums("province", "cases", date(2021, 6, 30), 30) == {"79": exact(3), "87": exact(0)}
    assert counts.sums("province", "cases", date(2021, 7, 3), 2) == {"79": exact(12), "87": exact(0)}
    assert counts.sums("province", "cases", date(2021, 7, 3), 4)["87"] == Span(0, INF)  # no file covers 1 July


def test_dates_with_a_time_are_read_and_rows_that_cannot_be_are_told(tmp_path):
    text = "code,date,cases\n79,1/7/2021 00:00,3\n79,2021-07-02T00:00:00,4\n79,03.07.2021,5\n79,4/7/2021,many\n87,,\n"
    (found,) = read_counts(write(tmp_path, "a.csv", text), TREE).covered
    assert (found.rows, found.first, found.last) == (2, date(2021, 7, 1), date(2021, 7, 2))
    assert (found.unread, found.unread_like) == (2, "03.07.2021")
    write(tmp_path, "a.csv", "code,date,cases\n79,03.07.2021,5\n")
    with pytest.raises(UnreadableFileError, match=r"03\.07\.2021"):
        read_counts(tmp_path, TREE)


def test_parquet_and_a_source_column_and_standing_figures(tmp_path):
    table = pa.table(
        {
            "source": ["x", "y", "x"],
            "province_code": ["79", "79", "79"],
            "date": [date(2021, 7, 1), date(2021, 7, 3), date(2021, 7, 9)],
            "coverage_18_1dose": [0.5, 0.6, 0.9],
            "cases": [0, 1, 0],
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    counts = read_counts(tmp_path / "c.parquet", TREE)
    assert {c.source for c in counts.covered} == {"x", "y"}
    assert counts.newest("province", "coverage_18_1dose", DAY) == {"79": 0.6}
    assert facts_of_counts(counts, TREE, DAY, 14).get("79", "coverage_18_1dose") == exact(0.6)


def test_a_file_without_counts_is_left_out_and_alone_refused_with_its_columns(tmp_path):
    write(tmp_path, "b.csv", "first,1/7/2021\n1,2\n")
    with pytest.raises(UnreadableFileError, match="first, 1/7/2021"):
        read_counts(tmp_path, TREE)
    counts = read_counts(write(tmp_path, "a.csv", "code,date,cases\n79,2021-07-04,3\n"), TREE)
    assert counts.ignored == {"b.csv": "first, 1/7/2021"}
    with pytest.raises(UnreadableFileError, match="no such"):
        read_counts(tmp_path / "gone", TREE)


def test_an_outlier_is_told_and_its_day_is_missing(tmp_path):
    days = [DAY - timedelta(days=n) for n in range(15)]
    lines = [f"79,{d},{50 if n else 9000}" for n, d in enumerate(days)] + ["87,2021-07-04,0"]
    counts = read_counts(write(tmp_path, "a.csv", "code,date,cases\n" + "\n".join(lines) + "\n"), TREE)
    (bad,) = counts.outliers
    assert (bad.code, bad.day, bad.value, bad.usual) == ("79", DAY, 9000, 50)
    assert counts.sums("province", "cases", DAY, 7)["79"] == Span(300, INF)


figures = st.lists(st.one_of(st.none(), st.integers(0, 60), st.integers(400, 9000)), min_size=1, max_size=25)


@settings(max_examples=300, deadline=None)
@given(figures)
def test_outliers_are_those_of_the_oracle(values):
    table = np.array([[np.nan if v is None else float(v) for v in values]])
    assert np.flatnonzero(outlying(table)[0]).tolist() == slow_outlying(values)


def test_units_without_rows_are_bounded_by_those_above_and_below(tmp_path):
    text = "code,date,cases\n79,2021-07-04,4\n26734,2021-07-04,3\n87,2021-07-04,0\n"
    counts = read_counts(write(tmp_path, "a.csv", text), TREE)
    known = facts_of_counts(counts, TREE, DAY, 1)
    assert known.get("26734", "f0") == exact(3)
    assert known.get("760", "f0") == Span(3, 4)  # its other commune may have one
    assert known.get("776", "f0") == Span(0, 4)
    assert known.get("866", "f0") == exact(0)  # the province has none
    assert known.get("760", "deaths") == UNKNOWN
