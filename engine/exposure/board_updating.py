"""How the board is kept: the labels of everybody brought up to date, level by level, at the cost of what changed."""

from threading import RLock

import numpy as np
import numpy.typing as npt

from engine.clock import HOUR, LATEST
from engine.exposure.board_first import label_all
from engine.exposure.board_levels import NEVER, CaseTable, Level, Log, Moved
from engine.exposure.board_meetings import Meetings, Sources, met_around, met_by, passed_on
from engine.exposure.board_settle import settle
from engine.exposure.board_state import BoardState, Change, differ
from engine.exposure.deltas import Delta, nothing
from engine.exposure.policies import Policy
from engine.exposure.trace import isolation_of
from engine.exposure.windows import infectious_window
from engine.ids import Keys
from engine.people.timelines import PeopleView

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
UNTIL = LATEST
"""No window of the board is cut by the time of asking: an interval that still runs counts whole."""
ANEW_SHARE = 3
"""A level is made anew when more than one in so many of those who pass on to it do so in another window; 0: never."""


class Labels:
    """The labels of everybody at levels 0 (F0) to ``depth``, and what was last reported. One caller updates."""

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
        touched = [np.empty(0, np.int32)]
        with self._lock:
            old = self._state
            self._grow(len(state.keys))
            if old is None or delta.everything or differ(old, state):
                if self._keys is not None and self._keys is not state.keys:
                    self._renumber(self._keys, state.keys)
                touched.append(np.flatnonzero(self._level >= 0).astype(np.int32))
                self._forget()
                self._state, old, delta = None, None, nothing()
        # Most of the time goes here; readers meanwhile see the state before.
        try:
            fresh, gone = self._differences(state, old, delta)
        except BaseException:
            self._state = None
            raise
        with self._lock:
            self._state, self._keys = None, state.keys
            moved, restated = self._read_people(state, old)
            touched.append(moved.person)
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
        # Windows that this update moves are looked at whole, for themselves.
        passing = [level for level in self._levels if level.passes_on]
        sources = Sources(
            np.minimum.reduce([level.start for level in passing]), np.maximum.reduce([level.end for level in passing])
        )
        fresh = met_around(state.view, self.policy, delta, self._opened, sources)
        if not delta.removed.any():
            return fresh, []
        rows = delta.removed
        part = Delta(delta.person[rows], delta.start[rows], delta.end[rows], delta.channel[rows], rows[rows])
        return fresh, met_around(old.view, self.policy, part, self._opened, sources)

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
        if old is None or self._anew(nearer, moved):
            nearer.start[moved.person], nearer.end[moved.person] = moved.start, moved.end
            before = level.moment
            level.forget()
            label_all(state.view, state.keys, self.policy, nearer, self._cases, level)
            return np.flatnonzero(level.moment != before).astype(np.int32)
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

    def _anew(self, nearer: Level, moved: Moved) -> bool:
        """Whether so many windows moved that labelling everybody anew costs less than looking after each change."""
        count = len(moved.now()[0])
        return count > 0 and ANEW_SHARE * count > int(np.count_nonzero(nearer.start < nearer.end))

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

    # -- what changed --------------------------------------------------------------------------------------

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
