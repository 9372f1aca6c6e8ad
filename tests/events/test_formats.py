"""The same rows through every format, whole or in small batches."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events.readers import parse_arrow, parse_json, parse_ndjson, read_stream
from engine.events.schemas import KINDS
from engine.events.validate import Rejected, check
from tests.events import files
from tests.events.files import as_csv, as_ndjson, read_all
from tests.events.rows import NOW, tables
from tests.oracles.validation import judge


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), batch_rows=st.sampled_from([1, 3, 500]), block_bytes=st.sampled_from([2000, 1 << 20]))
def test_every_format_gives_the_same_canonical_table(
    kind: str, data: st.DataObject, batch_rows: int, block_bytes: int
) -> None:
    rows = data.draw(tables(kind, spoilt=False).filter(len))
    events = [judge(kind, row, NOW) for row in rows]
    # A row may still break a rule between its columns; the typed formats need canonical events.
    pairs = [(row, event) for row, event in zip(rows, events, strict=True) if isinstance(event, dict)]
    if not pairs:
        return
    rows, table = [row for row, _ in pairs], files.typed(kind, [event for _, event in pairs])
    with TemporaryDirectory() as folder:
        path = Path(folder, kind)
        path.with_suffix(".ndjson").write_bytes(as_ndjson(rows))
        path.with_suffix(".json").write_bytes(json.dumps({"events": rows}).encode())
        path.with_suffix(".csv").write_bytes(as_csv(rows))
        path.with_suffix(".2.csv").write_bytes(as_csv(rows, csv.QUOTE_ALL))
        files.write_gz(path.with_suffix(".csv.gz"), as_csv(rows))
        files.write_gz(path.with_suffix(".jsonl.gz"), as_ndjson(rows))
        files.write_parquet(path.with_suffix(".parquet"), table)
        files.write_arrow(path.with_suffix(".arrow"), table, pa.ipc.new_file)
        files.write_arrow(path.with_suffix(".ipc"), table, pa.ipc.new_stream)
        for file in sorted(Path(folder).iterdir()):
            got, refused = read_all(file, None, batch_rows, block_bytes)
            assert refused == [], file.name
            assert got["row"].to_pylist() == list(range(len(rows))), file.name
            assert got.drop_columns("row").equals(table), file.name


BAD = {17: "missing_field", 400: "out_of_bounds", 999: "bad_time"}


def thousand() -> list[dict[str, object]]:
    """A thousand fixes, three of them bad."""
    rows: list[dict[str, object]] = [
        {"person": f"p{i}", "at": f"2021-07-01T{i % 24:02}:00:00Z", "lat": i / 100, "lng": 106.7} for i in range(1000)
    ]
    rows[17]["lng"], rows[400]["lat"], rows[999]["at"] = None, 200.0, "noon"
    return rows


@pytest.mark.parametrize(
    "name",
    ["location.csv", "location.csv.gz", "location.ndjson", "location.ndjson.gz", "location.json", "location.parquet",
     "location.arrow", "location.ipc"],
)  # fmt: skip
@pytest.mark.parametrize("batch_rows", [7, 100_000])
def test_three_bad_rows_in_a_thousand_are_refused_alone(tmp_path: Path, name: str, batch_rows: int) -> None:
    rows, path = thousand(), tmp_path / name
    table = pa.Table.from_pylist(rows)
    text = {"csv": as_csv(rows), "ndjson": as_ndjson(rows), "json": json.dumps({"events": rows}).encode()}
    form = name.split(".")[1]
    if name.endswith(".gz"):
        files.write_gz(path, text[form])
    elif form in text:
        path.write_bytes(text[form])
    elif form == "parquet":
        files.write_parquet(path, table)
    else:
        files.write_arrow(path, table, pa.ipc.new_file if form == "arrow" else pa.ipc.new_stream, 90)
    got, refused = read_all(path, None, batch_rows, block_bytes=3000)
    assert {r.row: r.code for r in refused} == BAD
    assert got["row"].to_pylist() == [i for i in range(1000) if i not in BAD]
    assert got["person"].to_pylist() == [f"p{i}" for i in range(1000) if i not in BAD]


@pytest.mark.parametrize("parse", [parse_json, parse_ndjson, parse_arrow])
@pytest.mark.parametrize("kind", ["location", None])
def test_three_bad_rows_in_a_body_are_refused_alone(parse: object, kind: str | None) -> None:
    rows = thousand()
    table = pa.Table.from_pylist(rows)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    bodies = {
        parse_json: json.dumps({"events": rows}).encode(),
        parse_ndjson: as_ndjson(rows),
        parse_arrow: sink.getvalue().to_pybytes(),
    }
    batch = parse(bodies[parse], kind)
    checked = check("location", batch.table, NOW, batch.first_row, batch.malformed)
    assert {r.row: r.code for r in checked.rejected} == BAD
    assert checked.table.num_rows == 997


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "arrow"])
def test_streams_that_cannot_seek_are_read(form: str) -> None:
    rows = thousand()
    table = pa.Table.from_pylist(rows)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    text = {"csv": as_csv(rows), "ndjson": as_ndjson(rows), "json": json.dumps(rows).encode(), "arrow": sink.getvalue()}
    refused: list[Rejected] = []
    good = 0
    for batch in read_stream(Pipe(text[form]), "location", form, batch_rows=128, block_bytes=3000):
        checked = check("location", batch.table, NOW, batch.first_row, batch.malformed)
        refused += checked.rejected
        good += checked.table.num_rows
    assert {r.row: r.code for r in refused} == BAD
    assert good == 997


class Pipe(io.RawIOBase):
    """Bytes that arrive a few at a time and cannot be sought."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        found = self._data.read(min(len(buffer), 1500))
        buffer[: len(found)] = found
        return len(found)
