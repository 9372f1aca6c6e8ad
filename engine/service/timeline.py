"""The dated facts of a person, in order."""

from typing import Any

from engine.people.timelines import Timelines
from engine.service.results import TimelineEntry


def timeline_of(timelines: Timelines, person: str) -> tuple[TimelineEntry, ...]:
    """Onset, samples, results, confirmation, isolation and quarantine of a person, ordered by moment."""
    entries: list[TimelineEntry] = []
    for kind, event in timelines.entries(person):
        if kind == "case":
            for what in ("onset", "sampled", "confirmed", "isolated"):
                entries += _dated(event[f"{what}_at"], what, {"kind": "case"})
        elif kind == "test_result":
            detail = {"kind": kind, "method": event["method"], "result": event["result"], "ct": event["ct"]}
            entries += _dated(event["sampled_at"], "tested", detail)
            entries += _dated(event["resulted_at"], event["result"], detail)
        else:
            detail = {"kind": kind, "mode": event["mode"]}
            entries += _dated(event["started_at"], "quarantine_started", detail)
            entries += _dated(event["ended_at"], "quarantine_ended", detail)
    return tuple(sorted(entries, key=_order))


def _order(entry: TimelineEntry) -> tuple[int, str, str]:
    """By moment, word and detail: facts of one moment stand in one order however they arrived."""
    return entry.at, entry.what, repr(entry.detail)


def _dated(at: int | None, what: str, detail: dict[str, Any]) -> list[TimelineEntry]:
    return [] if at is None else [TimelineEntry(at, what, detail)]
