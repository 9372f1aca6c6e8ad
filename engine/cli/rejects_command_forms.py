"""Refused rows as they are written out: lines of JSON, lines to be corrected, CSV."""

import csv
import io
import json

from engine.clock import to_rfc3339
from engine.journal.entries import Reject


def event_of(r: Reject) -> object:
    """The event as it came: a JSON value, or the text when it is none."""
    try:
        return json.loads(r.event)
    except ValueError:
        return r.event


def line_of(r: Reject) -> bytes:
    """Everything known of the row, as a line of JSON."""
    fields = {
        "id": r.id,
        "kind": r.kind,
        "code": r.code,
        "detail": r.detail,
        "source": r.source,
        "row": r.row,
        "received_at": to_rfc3339(r.received_at),
        "state": r.state,
        "event": event_of(r),
    }
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def correctable(r: Reject) -> bytes:
    """What somebody needs to correct the row and send it again, as a line of JSON."""
    fields = {"reject_id": r.id, "kind": r.kind, "code": r.code, "detail": r.detail, "event": event_of(r)}
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def csv_of(found: list[Reject]) -> bytes:
    """The rows as CSV with a line of headings."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("id", "kind", "code", "detail", "source", "row", "received_at", "state", "event"))
    for r in found:
        rows.writerow((r.id, r.kind, r.code, r.detail, r.source, r.row, to_rfc3339(r.received_at), r.state, r.event))
    return text.getvalue().encode()
