"""Events as JSON: newline-delimited, or one document ``{"events": [...]}``."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from engine.errors import UnreadableFileError
from engine.events.batches import BLOCK_BYTES, Piece, line_blocks
from engine.events.json_columns import usual_table
from engine.events.mixed import column_of
from engine.events.rejections import Rejected, malformed
from engine.events.schemas import RETRACT, column_names


def table_of(events: Sequence[dict[str, Any]], kind: str | None) -> pa.Table:
    """JSON objects as columns, shape (len(events), declared columns of ``kind``); other members are dropped.

    With ``kind`` None the columns are the members seen that some kind declares. Where a member's type differs
    from row to row its column is a union (``engine.events.mixed``).
    """
    names = column_names(kind)
    if kind is None:
        seen = set().union(*events)
        # One column stays in any case: a table without columns would forget how many rows it has.
        names = tuple(n for n in names if n in seen) or (RETRACT.name,)
    return pa.table({name: column_of([event.get(name) for event in events]) for name in names})


def ndjson_pieces(stream: BinaryIO, kind: str | None, block_bytes: int = BLOCK_BYTES) -> Iterator[Piece]:
    """Newline-delimited JSON, one object a line; blank lines are no rows. Memory: about one block.

    A line that is not a JSON object becomes a ``malformed_row``.

    Cost: as ``usual_table`` for a block of the usual rows; else 1.5 to 5 us a row with the interpreter held.
    """
    first = 0
    for block in line_blocks(stream, block_bytes):
        usual = usual_table(block, kind, lines=True)
        if usual is not None:
            yield Piece(usual)
            first += usual.num_rows
            continue
        lines = [line for line in block.split(b"\n") if line and not line.isspace()]
        events, refused = _objects(lines, first)
        yield Piece(table_of(events, kind), refused)
        first += len(lines)


def _objects(lines: list[bytes], first: int) -> tuple[list[dict[str, Any]], tuple[Rejected, ...]]:
    try:
        return _only_objects([orjson.loads(line) for line in lines], first)
    except orjson.JSONDecodeError:
        pass
    found: list[Any] = []
    torn: list[Rejected] = []
    for row, line in enumerate(lines, first):
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            torn.append(malformed(row, f"not JSON: {error.msg} (column {error.colno})", line))
            found.append(_TORN)
    events, others = _only_objects(found, first)
    return events, tuple(sorted([*torn, *others]))


_TORN = object()


def _only_objects(values: list[Any], first: int) -> tuple[list[dict[str, Any]], tuple[Rejected, ...]]:
    if set(map(type, values)) <= {dict}:
        return values, ()
    others = tuple(
        malformed(row, "an event is a JSON object, like {...}", orjson.dumps(value))
        for row, value in enumerate(values, first)
        if not isinstance(value, dict) and value is not _TORN
    )
    return [value for value in values if isinstance(value, dict)], others


def document_piece(body: bytes, kind: str | None) -> Piece:
    """One JSON document: ``{"events": [...]}`` or the list alone. Held in memory whole.

    Raises:
        UnreadableFileError: not such a document.
    Cost: as ``usual_table`` for the usual rows; else 1.5 to 5 us a row with the interpreter held.
    """
    usual = usual_table(body, kind, lines=False)
    if usual is not None:
        return Piece(usual)
    try:
        document = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise UnreadableFileError(
            f"not JSON: {error.msg} (line {error.lineno}, column {error.colno}); "
            "one event a line is application/x-ndjson (.ndjson)"
        ) from None
    events = document.get("events") if isinstance(document, dict) else document
    if not isinstance(events, list):
        raise UnreadableFileError('the document must be {"events": [...]}')
    objects, refused = _only_objects(events, 0)
    return Piece(table_of(objects, kind), refused)
