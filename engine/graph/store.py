"""The growing set of bulk events (bluetooth, check_in, location), day by day.

A batch becomes one small sorted run per day it touches. Sealing turns a day's runs into one more immutable
:class:`Segment` of that day; readers only ever see those. Runs and segments merge as they grow, so a day holds few
of them and each row is merged about log n times: publishing costs what is new, not what is there.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.clock import DAY
from engine.cores import in_parallel
from engine.events.outcome import ACCEPTED, CHANGED, DUPLICATE, RETRACTED
from engine.graph.batches import Batch, DayRows, differs, merged
from engine.graph.days import Day, Key
from engine.graph.kernels.batches import mark_repeats
from engine.graph.kernels.search import find_places, mark_known
from engine.graph.next_fixes import lengthen, settle
from engine.graph.parts import Part
from engine.graph.segments import Codes, Rows, Segment, build_segment, merge_runs

Given = TypeVar("Given")
Made = TypeVar("Made")
CellsOf = Callable[[Rows], npt.NDArray[np.uint64]]
LARGE = 30_000
"""From so many rows on, days are worked on side by side."""


class EventLog:
    """Accepted events of one bulk kind. One writer; readers use sealed segments."""

    def __init__(self, kind: str, cells_of: CellsOf | None = None) -> None:
        self.kind = kind
        self._cells_of = cells_of
        self._days: dict[int, Day] = {}
        self._loose: list[Rows] = []
        """Fixes that went away: what came before them may hold longer now."""

    def __len__(self) -> int:
        days = self._days.values()
        return sum(len(p) for d in days for p in d.parts) + sum(len(r) for d in days for r in d.runs)

    def apply(self, batch: Batch) -> npt.NDArray[np.uint8]:
        """Take in a batch; returns one outcome per row. Cost: linear, about 50 ns a row where all keys are new."""
        outcomes = np.full(len(batch), ACCEPTED, np.uint8)
        days = [(self._days.setdefault(day, Day()), rows) for day, rows in batch.days()]

        def apply_day(day: tuple[Day, DayRows]) -> None:
            self._apply_day(*day, outcomes)

        _side_by_side(len(batch), apply_day, days)
        return outcomes

    def _apply_day(self, state: Day, day: DayRows, outcomes: npt.NDArray[np.uint8]) -> None:
        retract, revision = day.batch.retract, day.batch.revision
        if retract is not None:
            gone = retract[day.row]
            if gone.any():
                rows, source, _ = day.where(gone).sorted()
                outcomes[source] = self._retract(state, rows, None if revision is None else revision[source])
                day = day.where(~gone)
        plain = day if revision is None else day.where(revision[day.row] == 0)
        if len(plain.row):
            self._add(state, *plain.sorted(), outcomes)
        if revision is not None and len(plain.row) < len(day.row):
            rows, source, _ = day.where(revision[day.row] != 0).sorted()
            for i, at in enumerate(source.tolist()):
                outcomes[at] = self._revise(state, rows.take(np.array([i])), int(revision[at]))

    def _add(self, state: Day, rows: Rows, source: Codes, twice: bool, outcomes: npt.NDArray[np.uint8]) -> None:
        """Sorted rows of revision 0. Those whose keys are new go in as they are, the others with care."""
        special = state.special(rows) if state.dead or state.revisions else np.zeros(len(rows), np.bool_)
        if twice:
            mark_repeats(rows.k1, rows.k2, special)
        for run in state.runs:
            first_s, last_s = run.span
            mark_known(run.k1, run.k2, first_s, last_s, rows.k1, rows.k2, special)
        for part in state.parts:
            part.mark(rows, special)
        careful = np.flatnonzero(special)
        if len(careful):
            outcomes[source[careful]] = self._add_carefully(state, rows.take(careful))
            rows = rows.rid_of(special)
        state.push(rows)

    def _add_carefully(self, state: Day, rows: Rows) -> npt.NDArray[np.uint8]:
        """Sorted rows of revision 0. Vectorised; loops only over repeats of one key within the batch."""
        outcomes = np.full(len(rows), DUPLICATE, np.uint8)
        new_key = np.ones(len(rows), np.bool_)
        new_key[1:] = (rows.k1[1:] != rows.k1[:-1]) | (rows.k2[1:] != rows.k2[:-1])
        heads = np.flatnonzero(new_key)
        current = rows.take(heads)
        at = state.look_up(current)
        known = at.known
        old = {n: np.where(known, at.payload[n], c).astype(c.dtype) for n, c in current.payload.items()}
        now = merged(self.kind, old, current.payload)
        changed = ~known | differs(now, old)
        told = np.where(known, CHANGED, ACCEPTED).astype(np.uint8)
        outcomes[heads] = np.where(changed, told, DUPLICATE)
        for nth in range(1, int(np.diff(np.append(heads, len(rows))).max(initial=1))):
            group = np.flatnonzero(np.append(heads[1:], len(rows)) - heads > nth)
            repeats = heads[group] + nth
            before = {n: c[group] for n, c in now.items()}
            after = merged(self.kind, before, {n: c[repeats] for n, c in rows.payload.items()})
            moved = differs(after, before)
            outcomes[repeats] = np.where(moved, told[group], DUPLICATE)
            changed[group] |= moved
            for n in now:
                now[n][group] = after[n]
        blocked = self._blocked(state, current)
        if blocked is not None:
            changed &= blocked == ACCEPTED
            spread = np.repeat(blocked, np.diff(np.append(heads, len(rows))))
            outcomes[spread != ACCEPTED] = spread[spread != ACCEPTED]
        self._put(state, Rows(self.kind, current.k1, current.k2, now).take(changed), known[changed])
        return outcomes

    def _blocked(self, state: Day, rows: Rows) -> npt.NDArray[np.uint8] | None:
        """Keys that revision 0 cannot reach: retracted, or replaced by a later revision."""
        if not state.dead and not state.revisions:
            return None
        out = np.full(len(rows), ACCEPTED, np.uint8)
        for i, key in enumerate(zip(rows.k1.tolist(), rows.k2.tolist(), strict=True)):
            if key in state.revisions:
                out[i] = DUPLICATE
            if key in state.dead and state.dead[key] >= 0:
                out[i] = RETRACTED
        return out

    def _retract(self, state: Day, rows: Rows, revisions: Codes | None) -> npt.NDArray[np.uint8]:
        state.barred = None
        revisions = np.zeros(len(rows), np.int32) if revisions is None else revisions
        outcomes = np.full(len(rows), DUPLICATE, np.uint8)
        dying = np.zeros(len(rows), np.bool_)
        keys = zip(rows.k1.tolist(), rows.k2.tolist(), revisions.tolist(), strict=True)
        for i, (k1, k2, revision) in enumerate(keys):
            key = (k1, k2)
            if state.dead.get(key, -1) >= revision:
                continue
            outcomes[i] = ACCEPTED
            state.dead[key] = revision
            if state.revisions.get(key, 0) <= revision:
                state.revisions.pop(key, None)
                dying[i] = True
        if dying.any():
            self._remove(state, rows.take(dying))
        return outcomes

    def _revise(self, state: Day, row: Rows, revision: int) -> int:
        key = (int(row.k1[0]), int(row.k2[0]))
        state.barred = None
        if state.dead.get(key, -1) >= revision:
            return RETRACTED
        at = state.look_up(row)
        if at.known[0]:
            present = state.revisions.get(key, 0)
            if present > revision:
                return DUPLICATE
            if present == revision:
                now = merged(self.kind, at.payload, row.payload)
                if not differs(now, at.payload)[0]:
                    return DUPLICATE
                row = Rows(self.kind, row.k1, row.k2, now)
        state.revisions[key] = revision
        if at.known[0]:
            self._remove(state, row)
        state.push(row)
        return CHANGED if at.known[0] else ACCEPTED

    def _put(self, state: Day, rows: Rows, known: npt.NDArray[np.bool_]) -> None:
        """Take in rows (sorted, keys unique); those ``known`` replace the payload that is there."""
        if self.kind == "location" and known.any():
            self._remove(state, rows.take(known))  # a fix that moved may be in another cell
        elif known.any():
            changed = rows.take(known)
            for run in state.runs:
                at, there = find_places(run.k1, run.k2, changed.k1, changed.k2)
                for name, column in run.payload.items():
                    column[at[there]] = changed.payload[name][there]
            for part in state.parts:
                at, there = part.find(changed)
                if there.any():
                    part.put(at[there], changed.take(there).payload)
            rows = rows.take(~known)
        state.push(rows)

    def _remove(self, state: Day, rows: Rows) -> None:
        kept = []
        for run in state.runs:
            at, known = find_places(run.k1, run.k2, rows.k1, rows.k2)
            kept.append(run.take(np.delete(np.arange(len(run)), at[known])) if known.any() else run)
        state.runs = [run for run in kept if len(run)]
        for part in state.parts:
            at, known = part.find(rows)
            if known.any():
                gone = np.zeros(len(part), np.bool_)
                gone[at[known]] = True
                part.remove(gone)
        state.parts = [part for part in state.parts if len(part)]
        if self.kind == "location":
            self._loose.append(rows)

    def seal(self) -> tuple[Segment, ...]:
        """The segments of every day, by day. Cost: what came since the last call, and merging what has grown a little.

        What has grown much is merged meanwhile, and is one segment at a later call (:mod:`engine.graph.merges`).
        """
        if self._loose:
            lengthen({day: d.parts for day, d in self._days.items()}, self._loose)
            self._loose = []
        grown = [(day, state) for day, state in sorted(self._days.items()) if state.runs]
        new = sum(len(run) for _, state in grown for run in state.runs)
        for (day, state), part in zip(grown, _side_by_side(new, self._built, grown), strict=True):
            if self.kind == "location":
                settle(part, {d: self._days[d].parts for d in (day - 1, day, day + 1) if d in self._days})
            state.parts.append(part)
            state.runs = []
        _side_by_side(new, lambda state: state.merges.join(state.parts), list(self._days.values()))
        return tuple(part.sealed() for _, state in sorted(self._days.items()) for part in state.parts)

    def _built(self, grown: tuple[int, Day]) -> Part:
        """What came to a day since the last sealing."""
        day, state = grown
        rows = merge_runs(state.runs)
        state.runs = [rows]  # what they were made of is needed no more: its memory serves the second order
        return Part(build_segment(day * DAY, rows, self._cells_of(rows) if self._cells_of is not None else None))

    def parts(self) -> dict[int, list[Part]]:
        """Sealed parts by day; call :meth:`seal` first."""
        return {day: state.parts for day, state in sorted(self._days.items()) if state.parts}

    def days(self) -> list[int]:
        """Days with live rows or retracted keys, ascending."""
        return sorted(day for day, d in self._days.items() if d.parts or d.runs or d.dead)

    def dead(self) -> dict[int, dict[Key, int]]:
        """Retracted keys by day, with the highest revision that died."""
        return {day: state.dead for day, state in self._days.items() if state.dead}

    def revised(self) -> dict[int, dict[Key, int]]:
        """Live keys by day whose revision is above 0."""
        return {day: state.revisions for day, state in self._days.items() if state.revisions}

    def restore_part(self, day: int, part: Part) -> None:
        """Put back a part of a day. Parts may come in any order."""
        parts = self._days.setdefault(day, Day()).parts
        parts.append(part)
        parts.sort(key=len, reverse=True)

    def restore_keys(self, what: str, found: dict[int, dict[Key, int]]) -> None:
        """Put back what :meth:`dead` or :meth:`revised` gave."""
        for day, keys in found.items():
            state = self._days.setdefault(day, Day())
            state.barred = None
            if what == "dead":
                state.dead = keys
            else:
                state.revisions = keys


def _side_by_side(rows: int, work: Callable[[Given], Made], days: list[Given]) -> list[Made]:
    """``work`` on every day; on several cores where there is much to do."""
    return in_parallel(work, days) if rows >= LARGE else [work(day) for day in days]
