"""Corrected rows: read from a file or from ``field=value``, checked, sent, and marked."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from engine.cli.session import Session
from engine.clock import Clock, system_clock
from engine.errors import BadInputError, BadParameterError, NotFoundError, UnknownKindError
from engine.events.json_rows import table_of
from engine.events.schemas import KINDS, column_names
from engine.events.validate import check

if TYPE_CHECKING:
    from engine.journal.entries import Reject
    from engine.service.engine import Engine

AT_ONCE = 10_000
SOURCE = "rejects"


@dataclass(frozen=True)
class Correction:
    """One refused row as it should have been."""

    ident: int
    kind: str
    event: dict[str, Any]


@dataclass
class Outcome:
    """What became of corrections."""

    sent: int = 0
    """Taken in, or known already."""
    skipped: int = 0
    """Of rows that were sent or dropped before."""
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    """Refused again: (id, code, what to do)."""


def corrections_of(session: Session, file: Path) -> list[Correction]:
    """The rows of a file that ``rejects export`` wrote and somebody corrected.

    Raises:
        BadInputError: a line is none of these; nothing was sent.
    """
    found: dict[int, Correction] = {}
    for number, line in enumerate(file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise BadInputError(session.say("error.resend_json", path=file, line=number, reason=error.msg)) from None
        if not isinstance(row, dict) or type(row.get("reject_id")) is not int or not isinstance(row.get("kind"), str):
            raise BadInputError(session.say("error.resend_line", path=file, line=number))
        if not isinstance(row.get("event"), dict):
            raise BadInputError(session.say("error.resend_event", path=file, line=number, id=row["reject_id"]))
        if row["kind"] not in KINDS:
            told = session.say("error.no_kind", kind=row["kind"], names=", ".join(KINDS))
            raise UnknownKindError(f"{file}:{number}: {told}")
        if row["reject_id"] in found:
            raise BadInputError(session.say("error.resend_twice", path=file, line=number, id=row["reject_id"]))
        found[row["reject_id"]] = Correction(row["reject_id"], row["kind"], row["event"])
    return list(found.values())


def corrected(session: Session, reject: "Reject", fields: list[str]) -> Correction:
    """One refused row with some fields changed; an empty value takes the field away.

    Raises:
        BadParameterError: not ``field=value``, or the kind has no such field.
        BadInputError: the row is no JSON object, so that its fields cannot be told apart.
    """
    if reject.kind not in KINDS:
        raise UnknownKindError(session.say("error.no_kind", kind=reject.kind, names=", ".join(KINDS)))
    try:
        event = orjson.loads(reject.event)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        raise BadInputError(session.say("error.fix_raw", id=reject.id))
    known = column_names(reject.kind)
    for text in fields:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise BadParameterError(session.say("error.fix_field", text=text, kind=reject.kind, names=", ".join(known)))
        event[name] = value or None
    return Correction(reject.id, reject.kind, event)


def send(session: Session, engine: "Engine", corrections: list[Correction], clock: Clock = system_clock) -> Outcome:
    """Take in those corrections that are right now; the others stay open, and are not refused a second time.

    Raises:
        NotFoundError: an id is not known (any more); nothing was sent.
        JournalError: they could not be stored; those sent before stay sent.
    """
    outcome = Outcome()
    by_kind: dict[str, list[Correction]] = defaultdict(list)
    for one in corrections:
        try:
            state = engine.rejects.get(one.ident).state
        except NotFoundError:
            raise NotFoundError(session.say("error.no_reject", id=one.ident)) from None
        if state == "open":
            by_kind[one.kind].append(one)
        else:
            outcome.skipped += 1
    for kind, of_kind in by_kind.items():
        for start in range(0, len(of_kind), AT_ONCE):
            _send_some(engine, kind, of_kind[start : start + AT_ONCE], outcome, clock())
    return outcome


def _send_some(engine: "Engine", kind: str, some: list[Correction], outcome: Outcome, now: int) -> None:
    wrong = check(kind, table_of([one.event for one in some], kind), now).rejected
    outcome.refused += [(some[r.row].ident, r.code, r.detail) for r in wrong]
    bad = {r.row for r in wrong}
    good = [one for row, one in enumerate(some) if row not in bad]
    if not good:
        return
    reply = engine.ingest(kind, table_of([one.event for one in good], kind), source=SOURCE)
    # Right in itself, but its key was retracted: only a higher revision brings it back.
    again = {r.row: r for r in reply.rejected}
    outcome.refused += [(good[row].ident, r.code, r.detail) for row, r in again.items()]
    engine.rejects.mark([one.ident for row, one in enumerate(good) if row not in again], "sent")
    if again:
        # The engine kept them a second time, too; the numbers people know are those that stay open.
        twice = engine.rejects.list(kind, limit=AT_ONCE, after_id=max(one.ident for one in some))
        engine.rejects.mark([r.id for r in twice if r.source == SOURCE], "dropped")
    outcome.sent += len(good) - len(again)
