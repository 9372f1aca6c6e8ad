"""Row checks: any table of one kind -> its good rows in canonical form, and one reason for every other row.

A row is judged by itself alone, so the split into batches changes nothing. Where a row has several faults,
the one named is the first in this order: ``retract``, ``revision``, the columns as declared, rules between
columns; within a column missing, type, bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import BadInputError
from engine.events.columns import convert
from engine.events.flat import flat
from engine.events.rejections import Findings, Mask, Rejected, Rows
from engine.events.rules import check_key, complete
from engine.events.schemas import RETRACT, REVISION, Field, canonical_schema, kind_named
from engine.events.usual import usual
from engine.params import CLOCK_TOLERANCE_S

__all__ = ["Checked", "Rejected", "check"]

ROW = "row"
"""Column of a checked table: index of the row in its batch (or file)."""


@dataclass(frozen=True)
class Checked:
    """A checked batch: ``table.num_rows + len(rejected) == rows``."""

    kind: str
    table: pa.Table
    """Good rows in the order given: ``canonical_schema(kind)`` and the int64 column ``row``. A retraction has
    nulls in every column outside its natural key."""
    rows: int
    """Rows given, those that the reader had refused included."""
    rejected: tuple[Rejected, ...]
    """Refused rows, ordered by row."""


def check(kind: str, raw: pa.Table, now: int, first_row: int = 0, prior: Sequence[Rejected] = ()) -> Checked:
    """Check ``raw``, columns of any types, as events of ``kind`` at the clock's ``now`` (UTC seconds).

    ``prior`` are rows the reader refused already: they are not in ``raw``, whose rows take the remaining
    indices from ``first_row`` on. Columns that the kind does not declare are ignored.

    Raises:
        UnknownKindError: no such kind.
        BadInputError: a column is there twice, or the Arrow data are damaged.
    Cost: a glance at each column (20 ns a row); where that is not enough whole-column passes, about 40 ns a column
    and row at worst; per-row work only for rows that are refused.
    """
    spec = kind_named(kind)
    findings = Findings(raw.num_rows)
    latest = now + int(CLOCK_TOLERANCE_S.value)
    retract = _converted(RETRACT, raw, findings, latest)
    if retract.null_count:
        retract = pc.fill_null(retract, False)
    retracted: Mask | None = retract.to_numpy(zero_copy_only=False) if retract.true_count else None
    revision = _converted(REVISION, raw, findings, latest)
    columns: dict[str, pa.Array] = {}
    for field in spec.fields:
        findings.excused = None if field.natural else retracted
        columns[field.name] = _converted(field, raw, findings, latest)
    findings.excused = None
    check_key(kind, columns, findings)
    findings.excused = retracted
    columns = complete(kind, columns, findings)
    for field in spec.fields:
        if not field.natural:
            columns[field.name] = _settled(field, columns[field.name], retract)
    columns |= {RETRACT.name: retract, REVISION.name: _settled(REVISION, revision, None)}
    rows = _indices(raw.num_rows, first_row, prior)
    schema = canonical_schema(kind).append(pa.field(ROW, pa.int64(), nullable=False))
    columns[ROW] = pa.array(rows)
    table = pa.table([columns[name] for name in schema.names], schema=schema)
    if findings.bad.any():
        table = table.filter(pa.array(~findings.bad))
    found = [Rejected(int(rows[i]), code, detail) for i, code, detail, _ in findings.ordered()]
    rejected = sorted([*prior, *found]) if prior else found
    return Checked(kind, table, raw.num_rows + len(prior), tuple(rejected))


def _converted(field: Field, raw: pa.Table, findings: Findings, latest: int) -> pa.Array:
    """The canonical column of ``field``, null where missing or wrong."""
    column = _column(raw, field.name)
    good = None if column is None else usual(field, column, latest)
    return convert(field, None if column is None else flat(column), findings, latest) if good is None else good


def _column(raw: pa.Table, name: str) -> pa.ChunkedArray | None:
    places = raw.schema.get_all_field_indices(name)
    if len(places) > 1:
        raise BadInputError(f"the column {name} is there {len(places)} times; keep one")
    return raw.column(places[0]) if places else None


def _settled(field: Field, column: pa.Array, retract: pa.BooleanArray | None) -> pa.Array:
    """``column`` with the field's default for what is missing, and nothing in retractions."""
    if field.default is not None and column.null_count:
        column = pc.fill_null(column, pa.scalar(field.default, column.type))
    if retract is not None and retract.true_count:
        column = pc.if_else(retract, pa.scalar(None, column.type), column)
    return column


def _indices(rows: int, first_row: int, prior: Sequence[Rejected]) -> Rows:
    """Batch indices of the table's rows: the ones from ``first_row`` on that ``prior`` does not take."""
    everything = np.arange(first_row, first_row + rows + len(prior), dtype=np.int64)
    if not prior:
        return everything
    taken = np.unique([refused.row for refused in prior]) - first_row
    if len(taken) != len(prior) or taken[0] < 0 or taken[-1] >= len(everything):
        raise BadInputError("refused rows must lie among the rows of their batch, each once")
    return np.delete(everything, taken)
