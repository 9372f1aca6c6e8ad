"""Columns of every Arrow type that a sender may choose."""

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from engine.errors import BadInputError, UnknownKindError
from engine.events.schemas import KINDS, canonical_schema
from engine.events.validate import Checked, Rejected, check
from tests.events.rows import NOW

MOMENT = datetime(2021, 7, 1, 1, 0, 0, 900_000, tzinfo=UTC)


def fixes(**columns: pa.Array) -> Checked:
    """Three fixes, with some columns replaced."""
    table = {
        "person": pa.array(["a", "b", "c"]),
        "at": pa.array([MOMENT] * 3, pa.timestamp("us", "UTC")),
        "lat": pa.array([1.0, 2.0, 3.0]),
        "lng": pa.array([1.0, 2.0, 3.0]),
    }
    return check("location", pa.table(table | columns), NOW)


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
)
def test_ids_may_be_any_kind_of_text(kind: pa.DataType) -> None:
    values = pa.array(["a", "a", "é"])
    column = values.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else values.cast(kind)
    checked = fixes(person=column)
    assert checked.table["person"].to_pylist() == ["a", "a", "é"]
    assert checked.table.schema.remove(7) == canonical_schema("location")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Ho_Chi_Minh", "+07:00"])
def test_timestamps_of_every_unit_and_zone_lose_their_fraction(unit: str, zone: str) -> None:
    column = pa.array([MOMENT] * 3, pa.timestamp("us", zone)).cast(pa.timestamp(unit, zone), safe=False)
    assert fixes(at=column).table["at"].to_pylist() == [MOMENT.replace(microsecond=0)] * 3


def test_fractions_before_1970_are_dropped_downwards() -> None:
    column = pa.array([-1500, -1000, -1], pa.timestamp("ms", "UTC"))
    assert fixes(at=column).table["at"].cast(pa.int64()).to_pylist() == [-2, -1, -1]


@pytest.mark.parametrize(
    "column", [pa.array([MOMENT.replace(tzinfo=None)] * 3, pa.timestamp("s")), pa.array([date(2021, 7, 1)] * 3)]
)
def test_times_without_zone_are_bad_times(column: pa.Array) -> None:
    assert [r.code for r in fixes(at=column).rejected] == ["bad_time"] * 3


def test_moments_outside_the_calendar_are_bad_times() -> None:
    column = pa.array([-(2**60), 2**60, 0], pa.timestamp("s", "UTC"))
    assert [(r.row, r.code) for r in fixes(at=column).rejected] == [(0, "bad_time"), (1, "bad_time")]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2, 3], pa.int8()),
        pa.array([1, 2, 3], pa.uint64()),
        pa.array([1, 2, 3], pa.float32()),
        pa.array([1, 2, 3], pa.float16()),
        pa.array([Decimal("1.00"), Decimal(2), Decimal(3)]),
        pa.array(["1", "2.0", " 3e0"]),
        pa.array(["1", "2.0", "3"]).dictionary_encode(),
    ],
)
def test_numbers_may_be_any_kind_of_number(column: pa.Array) -> None:
    assert fixes(lat=column).table["lat"].to_pylist() == [1.0, 2.0, 3.0]


def test_nan_is_a_bad_type_and_null_is_missing() -> None:
    checked = fixes(lat=pa.array([float("nan"), None, 3.0]), accuracy_m=pa.array([1.0, 2.0, None]))
    assert [(r.row, r.code) for r in checked.rejected] == [(0, "bad_type"), (1, "missing_field")]
    assert checked.table["accuracy_m"].to_pylist() == [50.0]


@pytest.mark.parametrize(
    "column", [pa.array([[1.0], [2.0], None]), pa.array([{"x": 1}] * 2 + [None]), pa.array([True, False, None])]
)
def test_nested_and_truth_values_are_no_numbers(column: pa.Array) -> None:
    assert [r.code for r in fixes(lat=column).rejected] == ["bad_type", "bad_type", "missing_field"]


def test_bytes_that_are_not_utf8_are_refused_alone() -> None:
    checked = fixes(person=pa.array([b"a", b"\xff", b"c"], pa.binary()))
    assert checked.rejected == (Rejected(1, "bad_type", "person is not UTF-8 text"),)
    assert checked.table["person"].to_pylist() == ["a", "c"]


def test_a_time_of_broken_text_is_a_bad_time() -> None:
    column = pa.array([b"2021-07-01T00:00:00Z", b"\xff", b"2021-07-01T00:00:00Z"], pa.binary())
    assert [(r.row, r.code) for r in fixes(at=column).rejected] == [(1, "bad_time")]


def test_a_number_of_broken_text_is_a_bad_type() -> None:
    assert [(r.row, r.code) for r in fixes(lat=pa.array([b"1", b"\xff", b"3"])).rejected] == [(1, "bad_type")]


@pytest.mark.parametrize("name", ["person", "at", "lat"])
def test_a_required_column_that_is_absent_refuses_every_row(name: str) -> None:
    table = pa.table({"person": ["a", "b"], "at": ["2021-07-01T00:00:00Z"] * 2, "lat": [1, 2], "lng": [1, 2]})
    checked = check("location", table.drop_columns(name), NOW)
    assert [(r.row, r.code) for r in checked.rejected] == [(0, "missing_field"), (1, "missing_field")]
    assert checked.table.schema.names == [*canonical_schema("location").names, "row"]


def test_a_table_without_any_column_is_rows_without_fields() -> None:
    empty = pa.table({"other": [1, 2]})
    assert len(check("case", empty, NOW).rejected) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_are_no_rows(kind: str) -> None:
    for schema in (canonical_schema(kind), pa.schema([(n, pa.string()) for n in canonical_schema(kind).names])):
        checked = check(kind, schema.empty_table(), NOW)
        assert (checked.table.num_rows, checked.rejected, checked.rows) == (0, (), 0)


def test_chunks_and_slices_are_rows_like_others() -> None:
    names = pa.chunked_array([["x", "a"], [], ["b", "c", "y"]]).slice(1, 3)
    moments = pa.array(["bad", *["2021-07-01T00:00:00Z"] * 3]).slice(1)
    checked = fixes(person=names, at=moments, lat=pa.array(["x", "1", "2", "3"]).slice(1))
    assert checked.table["person"].to_pylist() == ["a", "b", "c"]
    assert checked.rejected == ()


def test_a_column_named_twice_is_bad_input() -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["person", "person"])
    with pytest.raises(BadInputError, match="person"):
        check("case", table, NOW)


def test_damaged_buffers_are_bad_input() -> None:
    offsets = pa.py_buffer(struct.pack("<3i", 0, 2**30, 1))
    column = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a")])
    with pytest.raises(BadInputError, match="damaged"):
        check("case", pa.table({"person": column}), NOW)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnknownKindError, match="handshake"):
        check("handshake", pa.table({}), NOW)


def test_rows_refused_before_take_their_indices() -> None:
    prior = [Rejected(11, "malformed_row", "torn"), Rejected(14, "malformed_row", "torn")]
    table = pa.table({"person": ["a", "", "c"], "onset_at": ["2021-07-01T00:00:00Z"] * 3})
    checked = check("case", table, NOW, first_row=10, prior=prior)
    assert checked.table["row"].to_pylist() == [10, 13]
    assert [(r.row, r.code) for r in checked.rejected] == [
        (11, "malformed_row"),
        (12, "bad_id"),
        (14, "malformed_row"),
    ]
    assert checked.rows == 5


@pytest.mark.parametrize("rows", [[9], [15], [11, 11]])
def test_refused_rows_outside_the_batch_are_bad_input(rows: list[int]) -> None:
    prior = [Rejected(row, "malformed_row", "") for row in rows]
    with pytest.raises(BadInputError):
        check("case", pa.table({"person": ["a", "b"]}), NOW, first_row=10, prior=prior)


@pytest.mark.parametrize(
    "packed",
    [
        lambda text: pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), text.cast(pa.string_view())),
        lambda text: pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), text.cast(pa.binary_view())),
        lambda text: pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3], pa.int32()), text),
    ],
)
def test_packed_columns_of_any_text_are_text(packed: Callable[[pa.Array], pa.Array]) -> None:
    column = packed(pa.array(["a", "b", None]))
    checked = check("case", pa.table({"person": column, "onset_at": ["2021-07-01T00:00:00Z"] * 3}), NOW)
    assert checked.table["person"].to_pylist() == ["a", "b"]
    assert [(r.row, r.code) for r in checked.rejected] == [(2, "missing_field")]


@pytest.mark.parametrize("seconds", [2**45, -(2**45)])
def test_a_moment_that_python_has_no_word_for_is_quoted_where_a_text_should_be(seconds: int) -> None:
    column = pa.array([seconds], pa.int64()).cast(pa.timestamp("s", "UTC"))
    checked = check("case", pa.table({"person": column, "onset_at": ["2021-07-01T00:00:00Z"]}), NOW)
    assert [(r.code, str(seconds) in r.detail) for r in checked.rejected] == [("bad_type", True)]


def test_a_time_zone_whose_name_is_damaged_is_bad_input() -> None:
    table = pa.table({"person": ["a"], "onset_at": pa.array([0], pa.timestamp("s", "Asia/Tokyo"))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    damaged = sink.getvalue().to_pybytes().replace(b"Asia/Tokyo", b"Asia\xffTokyo")
    with pytest.raises(BadInputError, match="zone"):
        check("case", pa.ipc.open_stream(damaged).read_all(), NOW)
