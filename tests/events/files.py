"""The same rows in every format."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.events.readers import read_path
from engine.events.schemas import canonical_schema
from engine.events.validate import Rejected, check
from tests.events.rows import NOW

Row = dict[str, object]


def as_csv(rows: Sequence[Row], quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """CSV text with the columns of all rows."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["person"]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_ndjson(rows: Sequence[Row]) -> bytes:
    """One JSON object a line."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def typed(kind: str, rows: Sequence[Row]) -> pa.Table:
    """Rows with moments as UTC seconds -> a table of the canonical types."""
    columns = {}
    for field in canonical_schema(kind):
        values = [row.get(field.name) for row in rows]
        plain = pa.int64() if pa.types.is_timestamp(field.type) else field.type
        columns[field.name] = pa.array(values, plain).cast(field.type)
    return pa.table(columns)


def write_arrow(
    path: Path, table: pa.Table, make: Callable[..., pa.ipc.RecordBatchStreamWriter], chunk: int = 3
) -> None:
    """An Arrow file or stream of small record batches."""
    with pa.OSFile(str(path), "wb") as sink, make(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)


def write_parquet(path: Path, table: pa.Table) -> None:
    """A Parquet file of small row groups."""
    pq.write_table(table, path, row_group_size=4)


def write_gz(path: Path, text: bytes) -> None:
    """A gzipped text."""
    path.write_bytes(gzip.compress(text))


def read_all(
    path: Path, kind: str | None = None, batch_rows: int = 500_000, block_bytes: int = 1 << 20
) -> tuple[pa.Table, list[Rejected]]:
    """The canonical table of a file (with ``row``), and its refused rows."""
    tables, refused, rows = [], [], 0
    for batch in read_path(path, kind, batch_rows, block_bytes):
        assert batch.first_row == rows
        assert 0 < batch.rows <= batch_rows
        assert 0 <= batch.bytes_done <= batch.bytes_total == path.stat().st_size
        rows += batch.rows
        checked = check(batch.kind, batch.table, NOW, batch.first_row, batch.malformed)
        assert checked.rows == batch.rows
        tables.append(checked.table)
        refused += checked.rejected
    if not tables:
        return canonical_schema(kind or "case").empty_table(), []
    return pa.concat_tables(tables).combine_chunks(), refused
