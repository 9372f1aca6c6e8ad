"""One body into the engine: unpacked, parsed and stored batch by batch, on a thread that may wait."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from starlette.requests import ClientDisconnect

from api.decoding import Body, decoded
from api.limits import Limits, Share
from api.looks import HEAD, check_look
from api.port import EnginePort
from api.problems import PartialError, ProblemError
from engine.service.bodies import batches_of
from engine.service.results import IngestReply, Rejection

MAX_LISTED = 100_000
"""Refused rows that one reply lists."""
_JSON_GROWS = 2
"""Bytes counted for each byte of a long JSON document beside itself: it is parsed whole."""


@dataclass(frozen=True)
class Parcel:
    """What a request says of its body."""

    kind: str
    form: str
    """json, ndjson or arrow"""
    encoding: str


@dataclass
class Sum:
    """What became of the batches of a body so far."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    rejected_total: int = 0
    as_of: int = 0

    def add(self, rows: int, reply: IngestReply) -> None:
        """Count one more batch of ``rows`` rows."""
        self.rows += rows
        self.accepted += reply.accepted
        self.duplicates += reply.duplicates
        self.rejected += reply.rejected[: MAX_LISTED - len(self.rejected)]
        self.rejected_total += len(reply.rejected)
        self.as_of = reply.as_of

    def reply(self) -> IngestReply:
        """All batches as one; ``rejected`` may be cut short."""
        return IngestReply(self.accepted, self.duplicates, tuple(self.rejected), self.as_of)

    def members(self) -> dict[str, int]:
        """What the problem document tells of rows that were taken in before a fault."""
        return {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": self.rejected_total,
            "as_of": self.as_of,
        }


def open_body(parcel: Parcel, chunks: Iterable[bytes], limits: Limits, share: Share, digested: bool) -> Body:
    """The body behind ``chunks``, unpacked as it is read; what a packed one grows to counts as held."""
    packed = parcel.encoding != "identity" and isinstance(chunks, list)
    return Body(decoded(chunks, parcel.encoding, limits.body), share.take if packed else None, digested)


def take_in(engine: EnginePort, parcel: Parcel, body: Body, limits: Limits, share: Share) -> Sum:
    """Every row of ``body`` into ``engine``; rows of batches before a fault stay, and the error tells of them.

    Only the first batch is refused when the engine has no room: once some rows are in, the rest waits for it.

    Raises:
        ProblemError, TruyvetError: nothing was accepted.
        PartialError: something was.
    """
    done = Sum(as_of=engine.as_of)
    try:
        _store(engine, parcel, body, limits, share, done)
        if body.error is not None:
            raise body.error
    except Exception as error:
        # A reader between the body and us may have given the error another shape.
        cause = body.error or error
        if done.rows == 0 or isinstance(cause, ClientDisconnect):
            raise cause from None
        raise PartialError(cause, done.members()) from error
    return done


def _store(engine: EnginePort, parcel: Parcel, body: Body, limits: Limits, share: Share, done: Sum) -> None:
    check_look(parcel.form, body.peek(HEAD))
    # What is here already is parsed where it lies, unpacked up to a bound.
    held = len(body.peek(limits.held))
    source: bytes | BinaryIO = cast(BinaryIO, body)
    if held < limits.held or parcel.form == "json":
        source = body.read()
        if len(source) > limits.held:
            share.take(_JSON_GROWS * len(source))
    for batch in batches_of(source, parcel.kind, parcel.form):
        if done.rows + batch.rows > limits.rows:
            raise ProblemError("body_too_large", "too_many_rows", {"Connection": "close"}, limit=limits.rows)
        again = done.rows > 0
        reply = engine.ingest(parcel.kind, batch.table, batch.malformed, batch.first_row, source="http", wait=again)
        done.add(batch.rows, reply)
