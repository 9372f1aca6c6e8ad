"""Files and folders: which are read, in which order, what is said of those that cannot be, memory."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import UnknownKindError, UnreadableFileError
from engine.events.readers import (
    files_of,
    kind_of,
    parse_arrow,
    parse_json,
    parse_ndjson,
    read_path,
    read_stream,
)
from engine.events.schemas import KINDS
from engine.events.validate import check
from tests.events import files
from tests.events.files import as_csv, as_ndjson, read_all
from tests.events.rows import NOW

ROWS = [{"person": f"p{i}", "onset_at": "2021-07-01T00:00:00Z"} for i in range(50)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("check_in.parquet", "check_in"),
        ("check_in-0003.csv.gz", "check_in"),
        ("check_in.2021-07-01.ndjson", "check_in"),
        ("test_result.json", "test_result"),
        ("check_ins.csv", None),
        ("my_case.csv", None),
        ("readme.md", None),
    ],
)
def test_the_kind_is_what_the_name_begins_with(name: str, kind: str | None) -> None:
    assert kind_of(Path("folder", name)) == kind


def test_folders_are_searched_reference_data_first(tmp_path: Path) -> None:
    names = [f"{kind}.csv" for kind in KINDS] + ["b/check_in-2.ndjson.gz", "b/check_in-1.parquet"]
    left_out = ["truth/case.csv", ".hidden/case.csv", ".case.csv", "city.json", "case.xlsx", "case.parquet.gz"]
    for name in names + left_out:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    ignored: dict[str, str] = {}
    found = files_of([tmp_path], ignored=lambda p, why: ignored.update({str(p.relative_to(tmp_path)): why}))
    assert [kind for _, kind in found[:4]] == ["place", "quarantine", "case", "test_result"]
    assert sorted(str(p.relative_to(tmp_path)) for p, _ in found) == sorted(names)
    assert [p.name for p, kind in found if kind == "check_in"] == [
        "check_in-1.parquet",
        "check_in-2.ndjson.gz",
        "check_in.csv",
    ]
    assert set(ignored) == {"truth", ".hidden", ".case.csv", "city.json", "case.xlsx", "case.parquet.gz"}


def test_a_file_found_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "case.csv").touch()
    assert files_of([tmp_path, tmp_path / "case.csv"]) == [(tmp_path / "case.csv", "case")]


def test_a_given_kind_overrides_the_name(tmp_path: Path) -> None:
    path = tmp_path / "export 7.csv"
    path.write_bytes(as_csv(ROWS))
    assert files_of([path], "case") == [(path, "case")]
    assert read_all(path, "case")[0].num_rows == 50
    with pytest.raises(UnreadableFileError, match="kind"):
        files_of([path])
    with pytest.raises(UnreadableFileError, match="kind"):
        list(read_path(path))
    with pytest.raises(UnknownKindError):
        files_of([path], "cases")
    with pytest.raises(UnknownKindError):
        list(read_path(path, "cases"))


@pytest.mark.parametrize("name", ["case.csv", "case.parquet", "case.arrow", "case.ndjson.gz"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFileError, match=name):
        files_of([tmp_path / name])
    with pytest.raises(UnreadableFileError, match=name):
        list(read_path(tmp_path / name))


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "case.xlsx").touch()
    for read in (lambda p: list(read_path(p)), lambda p: files_of([p])):
        with pytest.raises(UnreadableFileError, match="parquet"):
            read(tmp_path / "case.xlsx")


def torn(path: Path, write: Callable[[Path], object], keep: float) -> Path:
    """The first part of a file that ``write`` writes."""
    write(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


TABLE = pa.Table.from_pylist(ROWS)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("case.parquet", lambda p: files.write_parquet(p, TABLE)),
        ("case.arrow", lambda p: files.write_arrow(p, TABLE, pa.ipc.new_file)),
        ("case.ipc", lambda p: files.write_arrow(p, TABLE, pa.ipc.new_stream)),
        ("case.csv.gz", lambda p: p.write_bytes(gzip.compress(as_csv(ROWS)))),
        ("case.json", lambda p: p.write_bytes(b'{"events": ' + as_ndjson(ROWS))),
    ],
)
@pytest.mark.parametrize("keep", [0.9, 0.3, 0.02])
def test_a_torn_file_is_an_error_with_its_name(
    tmp_path: Path, name: str, write: Callable[[Path], object], keep: float
) -> None:
    path = torn(tmp_path / name, write, keep)
    with pytest.raises(UnreadableFileError, match=name):
        list(read_path(path))


def test_rows_before_the_tear_are_handed_on_and_counted(tmp_path: Path) -> None:
    path = torn(tmp_path / "case.ipc", lambda p: files.write_arrow(p, TABLE, pa.ipc.new_stream), 0.6)
    sizes: list[int] = []
    with pytest.raises(UnreadableFileError) as caught:
        sizes.extend(batch.rows for batch in read_path(path, batch_rows=3))
    assert 0 < sum(sizes) < 50
    assert f"({sum(sizes)} rows before that were read)" in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"events": 5}', b"7", b'{"events": [}', b'{"person": "a"}'])
def test_a_body_that_is_no_document_is_an_error(body: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        parse_json(body)


@pytest.mark.parametrize("body", [b"", b"ARROW1", b"\xff\xff\xff\xff\x10\0\0\0", b"person,at\n", b"{}" * 100])
def test_a_body_that_is_not_arrow_is_an_error(body: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        parse_arrow(body)


def test_an_arrow_body_may_be_a_file() -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=7)
    assert parse_arrow(sink.getvalue().to_pybytes()).table.equals(TABLE)


def test_columns_that_nobody_reads_are_an_error(tmp_path: Path) -> None:
    files.write_parquet(tmp_path / "case.parquet", pa.table({"Patient": ["a"], "Date": ["2021"]}))
    with pytest.raises(UnreadableFileError, match=r"Patient, Date.*person"):
        list(read_path(tmp_path / "case.parquet"))


def test_json_members_that_nobody_reads_leave_rows_without_fields() -> None:
    batch = parse_json(b'{"events": [{"zip": 1}, {}]}')
    assert batch.rows == 2


def test_no_events_are_no_rows() -> None:
    for batch in (parse_json(b'{"events": []}', "case"), parse_json(b"[]"), parse_ndjson(b"", "case")):
        assert batch.rows == 0
        assert check("case", batch.table, NOW).rows == 0


def test_a_long_body_may_change_its_types_on_the_way() -> None:
    texts = b'{"person": "p", "at": "2021-07-01T00:00:00Z", "lat": "1.5", "lng": "2"}\n' * 250_000
    batch = parse_ndjson(texts + texts[:72].replace(b'"1.5"', b"1.5"), "location")
    assert check("location", batch.table, NOW).table.num_rows == 250_001


def test_an_unknown_stream_format_is_an_error() -> None:
    with pytest.raises(UnreadableFileError, match="parquet"):
        list(read_stream(io.BytesIO(), "case", "parquet"))


@pytest.mark.parametrize("name", ["case.ndjson", "case.csv"])
def test_a_line_without_end_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"person\n" + b"x" * 5000)
    with pytest.raises(UnreadableFileError, match="longer"):
        list(read_path(tmp_path / name, block_bytes=1000))


@pytest.mark.parametrize("name", ["location.csv", "location.ndjson.gz", "location.parquet", "location.arrow"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    path, rows, batch_rows = tmp_path / name, 60_000, 1_000
    table = pa.table({"person": ["p" * 60] * rows, "at": ["2021-07-01T00:00:00Z"] * rows, "lat": [1.5] * rows})
    if "csv" in name:
        path.write_bytes(as_csv(table.to_pylist()))
    elif "ndjson" in name:
        files.write_gz(path, as_ndjson(table.to_pylist()))
    elif "parquet" in name:
        files.pq.write_table(table, path, row_group_size=2_000, use_dictionary=False)
    else:
        files.write_arrow(path, table, pa.ipc.new_file, 300)
    in_all = table.nbytes
    del table
    before, peak, seen, done = pa.total_allocated_bytes(), 0, 0, 0
    for batch in read_path(path, batch_rows=batch_rows, block_bytes=200_000):
        assert batch.rows <= batch_rows
        assert done <= batch.bytes_done
        done = batch.bytes_done
        seen += batch.rows
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert seen == rows
    assert done == path.stat().st_size
    assert peak < in_all / 5


def test_a_body_without_a_last_line_end_may_mix_types() -> None:
    batch = parse_ndjson(b'{"person":"a","onset_at":"2021-07-01T00:00:00Z"}\n{"person":7}\n{"person":"b"}', "case")
    assert (batch.table.num_rows, batch.malformed) == (3, ())
    assert [r.code for r in check("case", batch.table, NOW).rejected] == ["bad_type", "no_date"]


def streamed(table: pa.Table) -> bytes:
    """An Arrow IPC stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_arrow_data_with_a_column_twice_are_refused_with_its_name() -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["person", "person"])
    with pytest.raises(UnreadableFileError, match="person is there twice"):
        parse_arrow(streamed(table), "case")


def test_arrow_data_with_damaged_names_are_refused() -> None:
    with pytest.raises(UnreadableFileError):
        parse_arrow(streamed(pa.table({"person": ["a"]})).replace(b"person", b"pers\xffn"), "case")


def test_lines_that_are_neither_utf8_nor_of_the_right_width_say_nothing_on_stderr(capfd: pytest.CaptureFixture) -> None:
    text = b"person,onset_at\na,2021-07-01T00:00:00Z\n\xffb\nc,2021-07-01T00:00:00Z"
    batches = list(read_stream(io.BytesIO(text), "case", "csv"))
    assert [(r.row, r.code) for b in batches for r in b.malformed] == [(1, "malformed_row")]
    assert sum(b.table.num_rows for b in batches) == 2
    assert capfd.readouterr().err == ""
