"""The live board: the least level of everybody over all F0s, kept as evidence and cases come, change and go.

At every moment it says what a trace from all F0s at once would say with no end to its windows: the same people at
the same levels with the same first moments, through the same person. An update costs what the change touches.
"""

import copy
import time
from collections.abc import Sequence
from threading import RLock

import numpy as np
import numpy.typing as npt

from engine.clock import HOUR, LATEST
from engine.exposure.board_levels import NEVER, CaseTable, Level, Log, Moved
from engine.exposure.board_meetings import Meetings, met_around, met_by, passed_on
from engine.exposure.board_settle import settle
from engine.exposure.board_state import NO_ROWS, BoardRows, BoardState, Change, differ
from engine.exposure.board_told import Teller
from engine.exposure.deltas import Delta, nothing
from engine.exposure.policies import Policy
from engine.exposure.reached import Reached
from engine.exposure.trace import isolation_of
from engine.exposure.windows import infectious_window
from engine.ids import Keys
from engine.people.timelines import PeopleView

__all__ = ["UNTIL", "Board", "BoardRows", "BoardState", "Change"]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
UNTIL = LATEST
"""No window of the board is cut by the time of asking: an interval that still runs counts whole."""
LOOK_UP = 1_000
"""People looked up before an update gets its turn."""


class Board:
    """Levels 0 (F0) to ``depth`` of everybody. Thread-safe; one caller updates."""

    def __init__(self, policy: Policy, depth: int = 2) -> None:
        self.policy = policy
        self.depth = depth
        self._additive = not policy.min_minutes
        """Every piece of evidence is a contact by itself, so that new ones can only help."""
        self._latent = round(policy.latent_hours * HOUR)
        self._lock = RLock()
        self._state: BoardState | None = None
        """What the board is about; None: nothing yet, or an update failed half-way."""
        self._keys: Keys | None = None
        self._level = np.empty(0, np.int8)
        """Level of everybody as last reported, by person code; -1: none."""
        self._changed = np.empty(0, np.int64)
        self._opened = NEVER
        """No window of anybody opens before."""
        self._levels: list[Level] = []
        self._cases = CaseTable()
        self._forget()

    def update(self, state: BoardState, delta: Delta) -> list[Change]:
        """Take in a newer state, of which ``delta`` says where evidence differs; ordered by person key.

        Changes of cases and isolation are found by looking. A place whose usual stay or weight differs, or other
        ``keys``, have everything computed anew; so has the first update after one that failed.
        Cost: the evidence round the delta, and in the windows that changed.
        """
        with self._lock:
            old, self._state = self._state, None
            self._grow(len(state.keys))
            touched = [np.empty(0, np.int32)]
            if old is None or delta.everything or differ(old, state):
                if self._keys is not None and self._keys is not state.keys:
                    self._renumber(self._keys, state.keys)
                touched.append(np.flatnonzero(self._level >= 0).astype(np.int32))
                self._forget()
                old, delta = None, nothing()
            self._keys = state.keys
            moved, restated = self._read_people(state, old)
            touched.append(moved.person)
            fresh, gone = self._differences(state, old, delta)
            for level in range(1, self.depth + 1):
                person = self._settle_level(level, state, old, moved, fresh, gone)
                touched.append(person)
                if level < self.depth:
                    moved = self._moved(level, state, person, restated)
            self._state = state
            return self._report(state, np.unique(np.concatenate(touched)))

    def _grow(self, people: int) -> None:
        """Room for codes below ``people``, and some to spare."""
        have = len(self._level)
        if people <= have:
            return
        more = max(people, have * 5 // 4) - have
        for level in self._levels:
            level.grow(more)
        self._cases.grow(more)
        self._level = np.append(self._level, np.full(more, -1, np.int8))
        self._changed = np.append(self._changed, np.zeros(more, np.int64))

    def _renumber(self, old: Keys, new: Keys) -> None:
        """What was reported, under the codes of other keys; people whom those do not have are left out."""
        known = np.flatnonzero(self._level >= 0).tolist()
        codes = [(new.find(key), code) for key, code in zip(old.keys(known), known, strict=True)]
        there = [(now, code) for now, code in codes if now is not None and now < len(self._level)]
        level, changed = np.full_like(self._level, -1), np.zeros_like(self._changed)
        for now, code in there:
            level[now], changed[now] = self._level[code], self._changed[code]
        self._level, self._changed = level, changed

    def _forget(self) -> None:
        self._levels = [Level(len(self._level), k < self.depth) for k in range(self.depth + 1)]
        self._cases = CaseTable()
        self._cases.grow(len(self._level))
        self._opened = NEVER

    # -- cases and isolation ------------------------------------------------------------------------------

    def _read_people(self, state: BoardState, old: BoardState | None) -> tuple[Moved, Codes]:
        """F0s whose window or course differs, and people of whom a label of any level says something else now."""
        none, never = np.empty(0, np.int32), np.empty(0, np.int64)
        if old is not None and old.people is state.people:
            return Moved(none, never, never, never, never), none
        seeds, f0s = self._levels[0], state.people.cases
        codes = np.fromiter(f0s, np.int32, len(f0s))
        windows = np.array([infectious_window(f, self.policy, UNTIL) for f in f0s.values()], np.int64).reshape(-1, 2)
        origin = np.array([state.courses[c].origin for c in f0s], np.int64)
        factor = np.array([state.courses[c].factor for c in f0s], np.float64)
        recoursed = self._cases.replace(codes, origin, factor)
        differs = (seeds.start[codes] != windows[:, 0]) | (seeds.end[codes] != windows[:, 1])
        ended = recoursed[~self._cases.holds(recoursed)]
        differs |= np.isin(codes, recoursed)
        person = np.concatenate([codes[differs], ended])
        start = np.append(windows[differs, 0], np.full(len(ended), NEVER))
        end = np.append(windows[differs, 1], np.zeros(len(ended), np.int64))
        self._opened = min(self._opened, int(windows[:, 0].min(initial=NEVER)))
        moved = Moved(person, seeds.start[person], seeds.end[person], start, end)
        seeds.moment[person] = start
        restated = recoursed if old is None else np.concatenate([recoursed, self._reisolated(old.people, state.people)])
        return moved, np.unique(restated)

    def _reisolated(self, old: PeopleView, new: PeopleView) -> Codes:
        everybody = np.arange(max(len(old.isolation), len(new.isolation)), dtype=np.int32)
        differs = isolation_of(old.isolation, everybody) != isolation_of(new.isolation, everybody)
        return np.flatnonzero(differs).astype(np.int32)

    def _moved(self, k: int, state: BoardState, person: Codes, restated: Codes) -> Moved:
        """People at level ``k`` who pass on differently, given those whose label changed and whom facts did."""
        level = self._levels[k]
        others = restated[level.moment[restated] < NEVER]
        who = np.union1d(person, others).astype(np.int32)
        moment = level.moment[who]
        some = moment < NEVER
        start = np.where(some, moment + self._latent, NEVER)
        end = np.where(some, np.minimum(isolation_of(state.people.isolation, who), UNTIL), 0)
        return Moved(who, level.start[who], level.end[who], start, end)

    # -- one level ----------------------------------------------------------------------------------------

    def _differences(
        self, state: BoardState, old: BoardState | None, delta: Delta
    ) -> tuple[list[Meetings], list[Meetings]]:
        """Meetings that may be new, and meetings that may be gone."""
        if len(delta) == 0 or old is None:
            return [], []
        fresh = met_around(state.view, self.policy, delta, self._opened)
        if not delta.removed.any():
            return fresh, []
        rows = delta.removed
        part = Delta(delta.person[rows], delta.start[rows], delta.end[rows], delta.channel[rows], rows[rows])
        return fresh, met_around(old.view, self.policy, part, self._opened)

    def _settle_level(
        self,
        k: int,
        state: BoardState,
        old: BoardState | None,
        moved: Moved,
        fresh: list[Meetings],
        gone: list[Meetings],
    ) -> Codes:
        """Bring level ``k`` up to date, after the windows one level nearer; returns whose moment changed."""
        nearer, level = self._levels[k - 1], self._levels[k]
        log = Log(level)
        lost = self._lost(k, old, moved, gone)
        nearer.start[moved.person], nearer.end[moved.person] = moved.start, moved.end
        for met in fresh:
            inside = met.within(nearer.start, nearer.end)
            level.settled[inside.other] = False
            if self._additive:
                log.improve(inside.other, inside.start, lost)
            else:
                lost[inside.other] = True
        for person, moment in passed_on(state.view, self.policy, *moved.now()):
            level.settled[person] = False
            log.improve(person, moment, lost if self._additive else None)
        again = np.flatnonzero(lost).astype(np.int32)
        if len(again):
            log.remember(again)
            self._look_up(state, k, again)
        return log.changed()

    def _lost(self, k: int, old: BoardState | None, moved: Moved, gone: list[Meetings]) -> Mask:
        """Whose label at level ``k`` rests on evidence that may be gone, as a column by person code."""
        nearer, level = self._levels[k - 1], self._levels[k]
        lost = np.zeros(len(level.moment), np.bool_)
        if old is None:
            return lost
        vanished: list[Meetings] = [met.within(nearer.start, nearer.end) for met in gone]
        person, start, end = moved.lost()
        vanished += met_by(old.view, self.policy, person, start, end)
        for met in vanished:
            level.settled[met.other] = False
            if self._additive:
                lost[met.other[met.start <= level.moment[met.other]]] = True
            else:
                lost[met.other[level.moment[met.other] < NEVER]] = True
        return lost

    def _look_up(self, state: BoardState, k: int, people: Codes) -> None:
        """Moments, ``via`` and channels of people at level ``k``, from their own evidence."""
        nearer, level = self._levels[k - 1], self._levels[k]
        found = settle(state.view, state.keys, self.policy, nearer, self._cases, self._opened, people)
        level.moment[people], level.via[people], level.channels[people] = found.moment, found.via, found.channels
        level.settled[people] = True

    # -- what it says -------------------------------------------------------------------------------------

    def _levels_of(self, person: Codes) -> npt.NDArray[np.int8]:
        out = np.full(len(person), -1, np.int8)
        for k in range(self.depth, 0, -1):
            out[self._levels[k].moment[person] < NEVER] = k
        out[self._cases.holds(person)] = 0
        return out

    def _report(self, state: BoardState, touched: Codes) -> list[Change]:
        after = self._levels_of(touched)
        differs = after != self._level[touched]
        person, before, after = touched[differs], self._level[touched[differs]], after[differs]
        self._level[person] = after
        self._changed[person] = state.as_of
        order = np.argsort(state.keys.ranks(person))
        rows = zip(person[order].tolist(), before[order].tolist(), after[order].tolist(), strict=True)
        return [Change(p, None if a < 0 else a, None if b < 0 else b) for p, a, b in rows]

    def people(self) -> tuple[Codes, npt.NDArray[np.int8]]:
        """Everybody on the board and their levels, ordered by code. Cost: one pass over all people."""
        with self._lock:
            person = np.flatnonzero(self._level >= 0).astype(np.int32)
            return person, self._level[person]

    def changed_since(self, names: Sequence[str], since: int) -> list[str]:
        """Those of these people whose level changed after ``since``, in the same order."""
        with self._lock:
            if self._state is None:
                return []
            codes = [self._state.keys.find(name) for name in names]
            known = [(name, code) for name, code in zip(names, codes, strict=True) if code is not None]
            return [name for name, code in known if code < len(self._changed) and self._changed[code] > since]

    def rows(self, only: Codes | None = None) -> BoardRows:
        """The rows of everybody, or of those of ``only`` who are on the board; of one moment between two updates.

        Cost: a sort by key; and the evidence of the people whose ``via`` or channels may have changed since somebody
        last asked for them. Updates go on while many are looked up.
        """
        while True:
            with self._lock:
                if self._state is None:
                    return NO_ROWS
                keys = self._state.keys
                person = np.flatnonzero(self._level >= 0) if only is None else np.unique(only)
                person = person[person < len(self._level)].astype(np.int32)
                person = person[self._level[person] >= 0]
                unknown = self._unknown(person)
                if len(unknown) <= LOOK_UP:
                    rows = self._rows(self._state, person)
                    break
                self._rows(self._state, unknown[:LOOK_UP])
            # A lock that is taken again at once would leave the updates no chance.
            time.sleep(0.001)
        order = np.lexsort((keys.ranks(rows.person), rows.level))
        return BoardRows(**{name: column[order] for name, column in vars(rows).items()})

    def named(self, names: Sequence[str]) -> tuple[BoardRows, Keys | None]:
        """The rows of those of these people who are on the board now, and the keys that its codes stand for."""
        with self._lock:
            keys = self._state.keys if self._state is not None else None
            codes = [keys.find(name) for name in names] if keys is not None else []
            return self.rows(np.array([code for code in codes if code is not None], np.int32)), keys

    def why(self, person: int, keys: Keys) -> tuple[Reached, int] | None:
        """What a trace from all F0s would say of a person on level 1 or beyond, and the root F0; None: others.

        Raises:
            LookupError: the board goes by other keys than the ``keys`` that ``person`` is a code of (after a purge).
        """
        with self._lock:
            if self._state is not None and self._state.keys is not keys:
                raise LookupError("these codes are of another state")
            level = int(self._level[person]) if person < len(self._level) else -1
            if self._state is None or level <= 0:
                return None
            row = self._rows(self._state, np.array([person], np.int32))
            nearer = [copy.deepcopy(found) for found in self._levels[:level]]
            state, cases, opened = self._state, copy.deepcopy(self._cases), self._opened
        # On copies of the labels: the next update need not wait for one person's evidence.
        teller = Teller(state.view, state.keys, self.policy, nearer, cases, opened)
        return teller.told(person, level, int(row.via[0])), int(row.case[0])

    def _unknown(self, person: Codes) -> Codes:
        """Those whose ``via`` and channels have to be looked up."""
        level, unknown = self._level[person], np.zeros(len(person), np.bool_)
        for k in range(1, self.depth + 1):
            here = level == k
            unknown[here] = ~self._levels[k].settled[person[here]]
        return person[unknown]

    def _rows(self, state: BoardState, person: Codes) -> BoardRows:
        """The rows of people on the board, in their order."""
        level = self._level[person]
        moment, channels = np.empty(len(person), np.int64), np.zeros(len(person), np.int64)
        via, case = np.full(len(person), -1, np.int32), np.full(len(person), -1, np.int32)
        for k in range(self.depth + 1):
            here = np.flatnonzero(level == k)
            who = person[here]
            moment[here] = self._levels[k].moment[who]
            if k:
                case[here] = self._roots(state, k, who)
                via[here], channels[here] = self._levels[k].via[who], self._levels[k].channels[who]
        return BoardRows(person, level, moment, via, case, channels, self._changed[person])

    def _roots(self, state: BoardState, k: int, person: Codes) -> Codes:
        """The F0s at the roots of the chains of people at level ``k``; settles everybody on the way."""
        for j in range(k, 0, -1):
            level = self._levels[j]
            unknown = np.unique(person[~level.settled[person]])
            if len(unknown):
                self._look_up(state, j, unknown)
            person = level.via[person]
        return person
