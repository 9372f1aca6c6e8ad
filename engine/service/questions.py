"""Everything that can be asked of a state, now or as it was known at an earlier moment."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Protocol

import numpy.typing as npt
import pyarrow as pa

from engine.clock import EARLIEST
from engine.errors import BadParameterError, NotReadyError
from engine.exposure.board import Board, OtherKeysError
from engine.exposure.labels import Labelled
from engine.exposure.policies import PRESETS, Policy, policy_named
from engine.graph.materialise import materialise
from engine.service import answers
from engine.service.explain import contacts_of
from engine.service.infectious_places import InfectiousPlace, infectious_places
from engine.service.paced import Paced
from engine.service.results import (
    BoardReport,
    CaseRow,
    Chain,
    Cluster,
    ContactRow,
    ExposureReport,
    HexColumns,
    PersonReport,
    PlaceInfo,
    TimelineEntry,
)
from engine.service.risk_results import HexWhy
from engine.service.riskmap import HexMap, HexMaps, step_end
from engine.service.snapshot import Snapshot, named

RETRIES = 5
Ints = npt.NDArray[Any]
AnyPolicy = str | Policy | None
"""Name of a preset, a policy of one's own, or None: the engine's default."""


class Known(Protocol):
    """Where the answers come from."""

    policy: Policy
    """Under which the board is kept."""

    def snapshot(self) -> Snapshot:
        """The state to answer from."""

    def counts(self) -> dict[str, int]:
        """Live events by kind."""

    def facts(self, person: str) -> tuple[Snapshot, str, Board, tuple[TimelineEntry, ...]]:
        """A state, the person, the board and the person's dated facts in that very state."""

    def board(self, level: frozenset[int] | None, area: str | None, since: int | None) -> BoardReport:
        """The people on the board."""

    def labels(self) -> Labelled:
        """A state with everybody's level in it; the same object while nothing changes."""

    def clock(self) -> int:
        """The moment up to which anything can be known, UTC s."""


class Questions:
    """The questions, over whatever is known. Thread-safe: every answer comes from one immutable state."""

    def __init__(self, known: Known, policy: Policy) -> None:
        self._known = known
        self._policy = policy
        self._hexes = HexMaps(known.labels, known.clock)
        self._maps: Paced[HexMap] = Paced()
        self.made_anew = 0
        """How often the state was replaced by another of the same number: nothing made before is good after it."""

    def snapshot(self) -> Snapshot:
        """The newest state; made once after a change, then shared by every reader."""
        return self._known.snapshot()

    @property
    def as_of(self) -> int:
        """Journal sequence of the last batch behind the answers."""
        return self.snapshot().as_of

    @property
    def data_time(self) -> int:
        """Latest moment among accepted events, never later than the clock, UTC s."""
        return self._time_of(self.snapshot())

    def mark(self) -> tuple[int, int]:
        """``as_of`` and data time of the one state that would be answered from now."""
        state = self.snapshot()
        return state.as_of, self._time_of(state)

    def _time_of(self, state: Snapshot) -> int:
        return min(self._known.clock(), state.latest)

    def summary(self) -> dict[str, int]:
        """How much of everything there is: events by kind, people, places, cases."""
        state = self.snapshot()
        people, places = state.remember("named", lambda: named(state))
        return {**self._known.counts(), "people": people, "places": places, "cases": len(state.people.cases)}

    def _asked(self, policy: AnyPolicy, until: int | None) -> tuple[Snapshot, Policy, int]:
        state = self.snapshot()
        chosen = self._policy if policy is None else policy_named(policy) if isinstance(policy, str) else policy
        return state, chosen, self._time_of(state) if until is None else until

    def policies(self) -> list[Policy]:
        """The contact policies there are, in order of date."""
        return sorted(PRESETS.values(), key=lambda p: (p.since, p.name))

    def cases(self, policy: AnyPolicy = None, until: int | None = None) -> list[CaseRow]:
        """Every F0 with the number of its F1, ordered by person key."""
        return answers.case_rows(*self._asked(policy, until))

    def case(self, person: str, policy: AnyPolicy = None, until: int | None = None) -> CaseRow:
        """One F0, with the number of its F1 and F2.

        Raises:
            UnknownPersonError, UnknownCaseError: see :meth:`exposures`.
        """
        state, chosen, moment = self._asked(policy, until)
        return answers.case_row(state, state.case(person), chosen, moment)

    def exposures(
        self,
        person: str,
        depth: int = 2,
        policy: AnyPolicy = None,
        until: int | None = None,
        min_probability: float = 0.0,
        channels: frozenset[str] | None = None,
    ) -> ExposureReport:
        """Who an F0 may have exposed: F1..F``depth`` (at most 6), with first moment, minutes and probability.

        ``policy`` is the name of a preset or a policy of one's own, here and in every other question.

        Raises:
            UnknownPersonError: no accepted event names this person.
            UnknownCaseError: known, but not an F0.
            UnknownPolicyError, BadParameterError: the question cannot be asked so.
        """
        state, chosen, moment = self._asked(policy, until)
        return answers.exposures(state, state.case(person), depth, chosen, moment, min_probability, channels)

    def direct_contacts(
        self,
        cases: Sequence[str],
        policy: AnyPolicy = None,
        until: int | None = None,
        channels: frozenset[str] | None = None,
    ) -> list[dict[str, float]]:
        """The F1s of each of these F0s and how probably it infected them: exposures of depth 1 of many at once.

        Raises as :meth:`exposures`. Cost: the evidence of the F0s, on as many cores as there are.
        """
        state, chosen, moment = self._asked(policy, until)
        found = answers.direct(state, [state.case(person) for person in cases], chosen, moment, channels)
        rows: list[dict[str, float]] = [{} for _ in cases]
        people = state.person_keys.keys(found.person)
        for seed, person, chance in zip(found.seed.tolist(), people, found.probability.tolist(), strict=True):
            rows[seed][person] = chance
        return rows

    def sources(
        self,
        person: str,
        depth: int = 1,
        policy: AnyPolicy = None,
        until: int | None = None,
        since: int | None = None,
        min_probability: float = 0.0,
        channels: frozenset[str] | None = None,
    ) -> ExposureReport:
        """Who may have infected an F0: the trace with time reversed. Raises as :meth:`exposures`."""
        state, chosen, moment = self._asked(policy, until)
        f0 = state.case(person)
        return answers.sources(state, f0, depth, chosen, moment, since, min_probability, channels)

    def person(self, person: str) -> PersonReport:
        """Level now over all F0s, why, and the dated facts of a person.

        Raises:
            UnknownPersonError: no accepted event names this person.
        """
        for _ in range(RETRIES):
            with suppress(OtherKeysError):  # a purge put another state in place between two steps
                return answers.person_report(*self._known.facts(person))
        raise NotReadyError("the state is being replaced; ask again in a moment")

    def contacts(
        self, person: str, start: int | None = None, end: int | None = None, policy: AnyPolicy = None
    ) -> list[ContactRow]:
        """Contacts of a person with their evidence, ordered by moment; everything known when no time is given.

        Raises:
            UnknownPersonError: no accepted event names this person.
            BadParameterError: the interval is empty.
        """
        state, chosen, moment = self._asked(policy, end)
        first = EARLIEST if start is None else start
        if first >= moment and start is not None:
            raise BadParameterError("the interval is empty: from must be earlier than to")
        return contacts_of(state, state.person(person), first, moment, chosen)[0]

    def chains(
        self,
        person: str,
        case: str | None = None,
        policy: AnyPolicy = None,
        until: int | None = None,
        depth: int = 3,
    ) -> list[Chain]:
        """How a person was reached, from one case or from the ten nearest, best first. Raises as :meth:`exposures`."""
        state, chosen, moment = self._asked(policy, until)
        return answers.chains(state, person, case, chosen, moment, depth)

    def clusters(self, start: int | None = None, end: int | None = None, policy: AnyPolicy = None) -> list[Cluster]:
        """Places where F0s were infectious or infected together, most cases first."""
        state, chosen, moment = self._asked(policy, end)
        return answers.cluster_rows(state, chosen, EARLIEST if start is None else start, moment)

    def hexes(
        self,
        resolution: int = 9,
        bbox: tuple[float, float, float, float] | None = None,
        at: int | None = None,
    ) -> HexColumns:
        """The hex map, resolution 7 to 10, within west, south, east, north.

        Exactly at the moment ``at``; without one, at the end of the quarter of an hour of the data time. While events
        stream in, a map that takes long to make may be half a second old; its ``as_of`` says.

        Raises:
            BadParameterError: resolution or box out of bounds.
        """
        return self._maps.get((resolution, at), lambda: self._hexes.get(resolution, at)).within(bbox)

    def map_mark(self, resolution: int, at: int | None = None) -> tuple[int, int]:
        """``as_of`` and moment of the map that :meth:`hexes` would answer with now."""
        young = self.map_held(resolution, at)
        if young is not None:
            return young
        state = self.snapshot()
        return state.as_of, step_end(self._time_of(state)) if at is None else at

    def map_held(self, resolution: int, at: int | None = None) -> tuple[int, int] | None:
        """The same while :meth:`hexes` shares a map that was dear; None: it would look for what is new. Never waits."""
        young = self._maps.young((resolution, at))
        return None if young is None else (young.as_of, young.scores.at)

    def forget_maps(self) -> None:
        """Let go of every map: what was purged must not live on in one."""
        self._hexes.forget()
        self._maps = Paced()
        self.made_anew += 1

    def hex_days(
        self, resolution: int, first: date, last: date, bbox: tuple[float, float, float, float] | None = None
    ) -> Iterator[HexColumns]:
        """The hex map at the end of each day in Viet Nam, first to last, all of what is known now.

        Raises:
            BadParameterError: resolution, days or box out of bounds.
        """
        return (found.within(bbox) for found in self._hexes.days(resolution, first, last))

    def hex_why(self, cell: int, at: int | None = None, people: bool = False) -> HexWhy:
        """Why a cell of the hex map (resolution 7 to 10) has its score; with ``people``, whose time it is.

        Raises:
            BadParameterError: no such cell.
        """
        return self._hexes.why(cell, at, people)

    def people_behind(self, resolution: int, at: int | None = None) -> tuple[Ints, Ints, Ints]:
        """Cells, ascending; how many different people were there in what the map counts; how many different F0s.

        Raises:
            BadParameterError: resolution out of bounds.
        """
        return self._hexes.people_behind(resolution, at)

    def infectious_places(self, at: int | None = None) -> tuple[InfectiousPlace, ...]:
        """Places where F0s were while infectious, in the 14 days before ``at`` (default: data time), by key."""
        for _ in range(RETRIES):
            labels, state = self._known.labels(), self.snapshot()
            if labels.state.keys is state.person_keys:  # else a purge put another state in place between the two
                return infectious_places(labels, state, self._time_of(state) if at is None else at)
        raise NotReadyError("the state is being replaced; ask again in a moment")

    def board(
        self, level: frozenset[int] | None = None, area: str | None = None, since: int | None = None
    ) -> BoardReport:
        """Everybody on a level over all F0s, ordered by level and person key.

        ``level``: only these; ``area``: only people last known to be in this area (an official area code of places,
        or an H3 cell); ``since``: only people whose level changed after this journal sequence number.

        Raises:
            BadParameterError: no such level or cell.
        """
        return self._known.board(level, area, since)

    def materialise(
        self, start: int, end: int, policy: AnyPolicy = None, gap_s: int | None = None, by_channel: bool = True
    ) -> pa.Table:
        """Every contact in [start, end) as an Arrow table (see :mod:`engine.graph.materialise`); for analysis."""
        state, chosen, _ = self._asked(policy, end)
        limits = chosen.eligibility()
        return materialise(state.graph, state.person_keys, state.place_keys, start, end, limits, gap_s, by_channel)

    def places(self, keys: Iterable[str]) -> dict[str, PlaceInfo]:
        """Reference data of places, by key; None where nothing is known."""
        data = self.snapshot().place_data
        out = {}
        for key in keys:
            d = data.get(key, {})
            out[key] = PlaceInfo(key, d.get("name"), d.get("kind"), d.get("lat"), d.get("lng"))
        return out
