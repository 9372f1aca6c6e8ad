"""What a batch of events may change in the evidence: whose contacts have to be looked at again, and when."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine import params
from engine.events.schemas import BLUETOOTH as SIGHTINGS
from engine.graph.eligibility import BLUETOOTH, CHECK_IN, LOCATION
from engine.ids import Keys

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

LONGEST_SIGHTING_S = int(next(f.high for f in SIGHTINGS.fields if f.name == "duration_s") or 0)
LONGEST_USUAL_STAY_S = max(kind.default_stay_s for kind in params.PLACE_KINDS.values())
_CHANNEL = {"bluetooth": BLUETOOTH, "check_in": CHECK_IN, "location": LOCATION}


@dataclass(frozen=True)
class Delta:
    """Presence and encounters that are new, gone or different. All columns have one length, in any order."""

    person: Codes
    start: Ints
    end: Ints
    """What this person did in [start, end) is new or different. Of a sighting both people are listed."""
    channel: npt.NDArray[np.int8]
    """In which channel (:mod:`engine.graph.eligibility`)."""
    removed: Mask
    """Whether evidence that was there may be gone or shorter now, not only new evidence come."""
    everything: bool = False
    """Forget all and compute anew: after a purge, after a look that failed, or when too much has come to be told."""

    def __len__(self) -> int:
        return len(self.person)


def nothing(everything: bool = False) -> Delta:
    """No rows; with ``everything``: what cannot be told row by row."""
    none, never = np.empty(0, np.int32), np.empty(0, np.int64)
    return Delta(none, never, never, np.empty(0, np.int8), np.empty(0, np.bool_), everything)


def merge(deltas: Sequence[Delta]) -> Delta:
    """All of them as one. Cost: linear."""
    if not deltas:
        return nothing()
    columns = {
        name: np.concatenate([vars(d)[name] for d in deltas])
        for name in ("person", "start", "end", "channel", "removed")
    }
    return Delta(**columns, everything=any(d.everything for d in deltas))


def delta_of(kind: str, table: pa.Table, people: Keys, coded: tuple[Codes, Codes | None] | None = None) -> Delta:
    """What a canonical batch of ``kind`` may change, whether its rows turn out new or known. Cost: linear.

    ``coded``: the codes of ``person`` and ``peer``, where somebody has looked them up already.

    Kinds that say nothing of contacts have no rows: the board sees for itself what they change. Where a row may
    replace one that is not told here (a revision, a retraction), the interval is the longest that one can have had.
    """
    if kind not in _CHANNEL or table.num_rows == 0:
        return nothing()
    replaces = table.column("retract").fill_null(False).to_numpy(zero_copy_only=False)
    replaces = replaces | (table.column("revision").fill_null(0).to_numpy() > 0)
    person, peer = coded or (people.encode(table.column("person")), None)
    start = _seconds(table, "entered_at" if kind == "check_in" else "at")
    if kind == "bluetooth":
        # Repeats of one sighting merge to the longer and nearer: without a revision nothing is ever lost.
        length = np.where(replaces, LONGEST_SIGHTING_S, table.column("duration_s").fill_null(1).to_numpy())
        person = np.concatenate([person, people.encode(table.column("peer")) if peer is None else peer])
        start, length, replaces = np.tile(start, 2), np.tile(length, 2), np.tile(replaces, 2)
    elif kind == "check_in":
        known = table.column("left_at").is_valid().to_numpy()
        stay = np.maximum(np.where(known, _seconds(table, "left_at") - start, 0), LONGEST_USUAL_STAY_S)
        length = np.where(replaces, int(params.MAX_STAY_S.value), stay)
        # A departure ends the usual stay that was assumed until now.
        replaces = replaces | known
    else:
        # A fix ends the one before it, and the better of two fixes of one moment takes its place.
        length = np.full(len(person), int(params.FIX_MAX_GAP_S.value))
        replaces = np.ones(len(person), np.bool_)
    channel = np.full(len(person), _CHANNEL[kind], np.int8)
    return Delta(person, start, start + length.astype(np.int64), channel, replaces)


def joined(delta: Delta, channel: int, after: int, slack: int) -> tuple[Codes, Ints, Ints]:
    """The rows of one channel as (person, start, end), widened by ``slack``, overlapping ones of a person joined.

    Rows that end by ``after`` are left out. Ordered by person and start.
    """
    rows = np.flatnonzero((delta.channel == channel) & (delta.end + slack > after))
    rows = rows[np.lexsort((delta.start[rows], delta.person[rows]))]
    person, start, end = delta.person[rows], delta.start[rows] - slack, delta.end[rows] + slack
    if len(rows) == 0:
        return person, start, end
    # The latest end so far of each person, by one running maximum over ends lifted person by person.
    block = np.cumsum(np.append(0, person[1:] != person[:-1])).astype(np.int64)
    low, span = int(start.min()), int(end.max()) - int(start.min()) + 1
    reached = np.maximum.accumulate(end - low + block * span)
    head = np.ones(len(rows), np.bool_)
    head[1:] = (start - low + block * span)[1:] > reached[:-1]
    at = np.flatnonzero(head)
    return person[at], start[at], np.maximum.reduceat(end, at)


def _seconds(table: pa.Table, name: str) -> Ints:
    return np.asarray(table.column(name).cast(pa.int64()).fill_null(0).to_numpy(), np.int64)
