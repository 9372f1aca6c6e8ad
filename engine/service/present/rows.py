"""Answers as JSON: the same text from the command line and from the API."""

from collections.abc import Iterator, Sequence

import orjson

from engine.clock import to_rfc3339
from engine.service.exposure_rows import ExposureRows
from engine.service.results import ExposureReport, ExposureRow

MEDIA: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}
"""Media type of each export."""


def exposure_row(row: ExposureRow) -> dict[str, object]:
    """One exposed person as the wire has it: moments as RFC 3339 in UTC, everything else as it is."""
    return {
        "person": row.person,
        "level": row.level,
        "first_exposed_at": to_rfc3339(row.first_exposed_at),
        "last_exposed_at": to_rfc3339(row.last_exposed_at),
        "minutes": round(row.minutes, 4),
        "probability": round(row.probability, 9),
        "dose": round(row.dose, 9),
        "is_case": row.is_case,
        "channels": list(row.channels),
        "via": row.via,
        "places": list(row.places),
    }


def report_head(report: ExposureReport) -> dict[str, object]:
    """What a report says about itself: case, policy, window, how far it looked, ``as_of``."""
    return {
        "case": report.case,
        "policy": report.policy,
        "direction": report.direction,
        "as_of": report.as_of,
        "window": {"start": to_rfc3339(report.window.start), "end": to_rfc3339(report.window.end)},
        "until": to_rfc3339(report.until),
        "depth": report.depth,
    }


def report_body(
    report: ExposureReport, rows: Sequence[ExposureRow] | None = None, next_cursor: str | None = None
) -> dict[str, object]:
    """The JSON body of a trace (forward or backward), rows in the report's order.

    ``rows`` is the page to show (default: all of them) and ``next_cursor`` where the next page begins.
    """
    shown = report.rows if rows is None else rows
    return report_head(report) | {"exposures": [exposure_row(r) for r in shown], "next": next_cursor}


def report_json(
    report: ExposureReport, rows: Sequence[ExposureRow] | None = None, next_cursor: str | None = None
) -> bytes:
    """``report_body`` as compact UTF-8 JSON."""
    return b"".join(report_pieces(report, report.rows if rows is None else rows, next_cursor))


def report_pieces(report: ExposureReport, rows: Sequence[ExposureRow], next_cursor: str | None) -> Iterator[bytes]:
    """``report_json`` piece by piece, each made when it is asked for."""
    if not isinstance(rows, ExposureRows):
        yield orjson.dumps(report_body(report, rows, next_cursor))
        return
    yield orjson.dumps(report_head(report))[:-1] + b',"exposures":['
    for n, piece in enumerate(rows.pieces()):
        yield b"," + piece.json() if n else piece.json()
    yield b'],"next":%s}' % orjson.dumps(next_cursor)
