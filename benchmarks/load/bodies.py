"""Bodies that are ready before the clock starts: a moment and a probe are filled in by replacing bytes of equal length.

Generator, server and clients share the machine, so a body must cost next to nothing to send: a template of a
thousand events takes about 0.1 ms to fill. Templates of one kind hold different people, and one comes round again
only after all others, so that no event has the natural key of another.
"""

import io
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pyarrow as pa

Form = Literal["json", "arrow"]
MEDIA: dict[Form, str] = {"json": "application/json", "arrow": "application/vnd.apache.arrow.stream"}
MIX = (
    "location", "bluetooth", "location", "check_in", "location", "bluetooth", "location", "bluetooth", "location",
    "bluetooth", "location", "check_in", "location", "bluetooth", "location", "bluetooth", "location", "check_in",
    "location", "bluetooth",
)  # fmt: skip
"""Kinds of twenty bodies in a row: 50 % location, 35 % bluetooth, 15 % check_in."""
PEOPLE, PLACES, F0S = 1_000_000, 50_000, 200
WEST, SOUTH, WIDTH = 106.60, 10.70, 0.20
"""The box of the city, degrees: about 22 km each way."""
LOOK_S = 60
"""Length of a look. A phone tells of it when it is over, so its moment is this long ago."""
_THEN = 946_684_800
_THEN_TEXT, _THEN_INT = b"2000-01-01T00:00:00Z", struct.pack("<q", _THEN)
_PROBE = b"probe-00000000"


def key(i: int) -> str:
    """The key of person ``i``; the first ``F0S`` are the cases."""
    return f"p{i:06d}"


def probe_key(number: int) -> bytes:
    """The key of a fresh person who meets a case."""
    return b"probe-%08d" % number


@dataclass(frozen=True)
class Template:
    """A body with placeholders. Bluetooth bodies hold one probe."""

    kind: str
    rows: int
    form: Form
    raw: bytes

    @property
    def probes(self) -> bool:
        """Whether a probe is to be filled in."""
        return self.kind == "bluetooth"

    def filled(self, now: int, probe: int) -> bytes:
        """The body of events that happened now."""
        at = now - LOOK_S if self.kind == "bluetooth" else now
        if self.form == "json":
            body = self.raw.replace(_THEN_TEXT, datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode())
        else:
            body = self.raw.replace(_THEN_INT, struct.pack("<q", at))
        return body.replace(_PROBE, probe_key(probe), 1) if self.probes else body


def templates(form: Form, rows: int, seed: int = 1) -> dict[str, list[Template]]:
    """Kind -> its templates, which hold every person once."""
    rng = random.Random(seed)
    return {
        kind: [
            Template(kind, rows, form, encoded(form, events(kind, range(first, first + rows), rng, probe=True)))
            for first in range(0, PEOPLE - rows + 1, rows)
        ]
        for kind in ("location", "bluetooth", "check_in")
    }


def endless(found: dict[str, list[Template]]) -> Iterator[Template]:
    """Templates by turns in the proportions of ``MIX``."""
    turn = dict.fromkeys(found, 0)
    while True:
        for kind in MIX:
            yield found[kind][turn[kind] % len(found[kind])]
            turn[kind] += 1


def events(kind: str, people: range, rng: random.Random, at: range | None = None, probe: bool = False) -> pa.Table:
    """An event of each of ``people``, at random moments of ``at`` or at the placeholder's."""
    who = [key(i) for i in people]
    when = [_THEN if at is None else rng.choice(at) for _ in people]
    columns: dict[str, list[object]] = {"person": list(who)}
    match kind:
        case "location":
            columns |= {"lat": [round(SOUTH + rng.random() * WIDTH, 6) for _ in who]}
            columns |= {"lng": [round(WEST + rng.random() * WIDTH, 6) for _ in who], "accuracy_m": [8.0 for _ in who]}
        case "bluetooth":
            columns |= {"peer": [key((i + 1 + rng.randrange(PEOPLE - 1)) % PEOPLE) for i in people]}
            columns |= {"duration_s": [LOOK_S for _ in who]}
            columns |= {"attenuation_db": [float(rng.randrange(50, 90)) for _ in who]}
        case _:
            columns |= {"place": [f"place-{rng.randrange(PLACES):05d}" for _ in who]}
    if probe and kind == "bluetooth":
        columns["person"][-1] = _PROBE.decode()
        columns["peer"][-1] = key(rng.randrange(F0S))
        columns["attenuation_db"][-1] = 45.0
    time = pa.array(when, pa.int64()).cast(pa.timestamp("s", tz="UTC"))
    return pa.table(columns).append_column("entered_at" if kind == "check_in" else "at", time)


def encoded(form: Form, table: pa.Table) -> bytes:
    """A table of events as a body."""
    if form == "arrow":
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue()
    columns = [_members(name, table.column(name)) for name in table.column_names]
    return ('{"events":[{' + "},{".join(map(",".join, zip(*columns, strict=True))) + "}]}").encode()


def _members(name: str, column: pa.ChunkedArray) -> list[str]:
    """The member of each event's object, column by column: a row at a time took most of the time to get ready."""
    if pa.types.is_timestamp(column.type):
        texts = {t: datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for t in set(_seconds(column))}
        return [f'"{name}":"{texts[t]}"' for t in _seconds(column)]
    if pa.types.is_string(column.type):
        return [f'"{name}":"{value}"' for value in column.to_pylist()]
    return [f'"{name}":{value!r}' for value in column.to_pylist()]


def _seconds(column: pa.ChunkedArray) -> list[int]:
    return column.cast(pa.int64()).to_pylist()
