"""Estimates from an engine's own cases: their dates, who most probably infected whom, contacts found.

Who infected whom is read off backward traces: of the F0s among the possible sources of a case, each gets a share in
proportion to the dose it gave the case. That is a guess with limits: an infector who was never detected is not among
the F0s; a share says nothing of contacts that no channel recorded; households without phones look alike.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.clock import DAY, FOREVER, VIET_NAM_S
from engine.errors import UnreadableFileError
from engine.geo.units import Units
from engine.scenarios.estimates.assemble import estimate_cases
from engine.scenarios.estimates.cases import CaseList, Floats, Found, Links
from engine.scenarios.estimates.options import Options
from engine.scenarios.estimates.tables import Estimates, Note
from engine.service.homes import home_areas
from engine.service.questions import Questions

Tell = Callable[[float], None]
LEAST_PROBABILITY = 1e-4
"""Sources that are less probable are not candidates."""
LEAST_CANDIDATE = 0.01
"""Candidates with a smaller share are left out."""
TOGETHER = 256
"""Cases traced together; progress is told after each lot."""


def days_of(moments: list[int | None]) -> Floats:
    """Days since 1970-01-01, local time of Viet Nam, NaN for None; of UTC seconds."""
    return np.array([np.nan if t is None else (t + VIET_NAM_S) / DAY for t in moments], np.float64)


def case_list(questions: Questions, units: Units | None = None, tier: str = "district") -> CaseList:
    """The F0s in order of their keys, with their dates; their home areas of ``tier`` where units are given.

    A case is isolated when it or a quarantine order says so, whichever is first; its result is its confirmation.
    """
    state = questions.snapshot()
    f0s = sorted(state.people.cases.values(), key=lambda f: state.person_keys.key(f.person))
    dates = {
        "onset": days_of([f.onset_at for f in f0s]),
        "sampled": days_of([f.sampled_at for f in f0s]),
        "resulted": days_of([f.confirmed_at for f in f0s]),
        "confirmed": days_of([f.confirmed_at for f in f0s]),
        "isolated": days_of([f.isolated_at for f in f0s]),
    }
    areas: tuple[str, ...] = ()
    if units is not None and len(units):
        homes = home_areas(state, units, tier, questions.data_time)
        areas = tuple(homes.get(f.person) or "" for f in f0s)
    return CaseList(tuple(state.person_keys.key(f.person) for f in f0s), dates, areas)


def links_of(questions: Questions, cases: CaseList, tell: Tell = lambda share: None) -> Links:
    """Candidates for the infector of each case, with shares. Cost: a backward trace a case.

    The share of an F0 is its dose to the case over the doses of all F0s among its sources; people met who are no F0
    get none.
    """
    index = {p: i for i, p in enumerate(cases.people)}
    rows: list[tuple[int, int, float]] = []
    for i, person in enumerate(cases.people):
        found = questions.sources(person, depth=1, min_probability=LEAST_PROBABILITY).rows
        known = [(index[r.person], r.dose) for r in found if r.is_case and r.person in index and r.person != person]
        total = sum(dose for _, dose in known)
        shares = [(j, dose / total) for j, dose in known if total > 0]
        rows += [(i, j, share) for j, share in sorted(shares) if share >= LEAST_CANDIDATE]
        tell((i + 1) / len(cases))
    return _links(rows, sure=False)


def _links(rows: list[tuple[int, int, float]], sure: bool) -> Links:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return Links(np.array(columns[0], np.int64), np.array(columns[1], np.int64), np.array(columns[2], np.float64), sure)


def found_contacts(questions: Questions, cases: CaseList, tell: Tell = lambda share: None) -> Found:
    """Delays from a case's confirmation to the quarantine of its F1s, days. Cost: the evidence of the cases.

    A contact of several cases counts once, for the case that was confirmed last before it was found; contacts that
    were in quarantine before any of their cases was confirmed do not count.
    """
    state = questions.snapshot()
    isolation = state.people.isolation
    best: dict[str, tuple[float, int]] = {}
    told = ((i, state.case(person).confirmed_at) for i, person in enumerate(cases.people))
    confirmed = {i: at for i, at in told if at is not None}
    some = list(confirmed)
    for first in range(0, len(some), TOGETHER):
        together = some[first : first + TOGETHER]
        for i, found in zip(together, questions.direct_contacts([cases.people[i] for i in together]), strict=True):
            for person in found:
                code = state.person_keys.find(person)
                if code is None or code >= len(isolation) or isolation[code] >= FOREVER:
                    continue
                delay = (int(isolation[code]) - confirmed[i]) / DAY
                if delay >= 0 and (person not in best or delay < best[person][0]):
                    best[person] = delay, i
        tell((first + len(together)) / len(some))
    values = [best[p] for p in sorted(best)]
    return Found(np.array([d for d, _ in values], np.float64), np.array([i for _, i in values], np.int64))


def truth_links(folder: Path) -> tuple[CaseList, Links]:
    """Everybody infected in a sample city, and who infected them, from its truth folder (or the city's folder).

    Raises:
        UnreadableFileError: there is no truth, or it cannot be read.
    """
    path = next((p for p in (folder / "truth" / "infections.parquet", folder / "infections.parquet") if p.exists()),
                folder / "truth" / "infections.parquet")  # fmt: skip
    try:
        table = pq.read_table(path, columns=["infected", "infector", "at", "onset_at", "setting"])
        homes = pq.read_table(path.with_name("people.parquet"), columns=["person", "district"])
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableFileError(f"{path}: {error}") from None
    people = tuple(table.column("infected").to_pylist())
    district = dict(zip(homes.column("person").to_pylist(), homes.column("district").to_pylist(), strict=True))
    index = {p: i for i, p in enumerate(people)}
    told = table.column("infector").to_pylist()
    rows = [(i, index[a], 1.0) for i, a in enumerate(told) if a is not None and a in index]
    dates = {"infected": _column(table, "at"), "onset": _column(table, "onset_at")}
    foreign = np.array([a is None for a in told], np.bool_)
    areas = tuple(district.get(p) or "" for p in people)
    # Onsets to come are in the truth: what is known of the outbreak ends with the last infection.
    end = float(np.nanmax(dates["infected"])) if people else None
    return CaseList(people, dates, areas, foreign, end=end), _links(rows, sure=True)


def _column(table: pa.Table, name: str) -> Floats:
    seconds = table.column(name).cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.int64()).to_pylist()
    return days_of(seconds)


def estimate(
    questions: Questions,
    options: Options | None = None,
    tell: Tell = lambda share: None,
    units: Units | None = None,
    tier: str = "district",
) -> Estimates:
    """Everything the engine's cases tell: see :func:`engine.scenarios.estimates.assemble.estimate_cases`.

    Raises:
        BadInputError: no F0 in the days and areas asked for.
        BadParameterError: no such area.
    """
    asked = options or Options()
    cases = case_list(questions, units, tier)
    traced = {"rt", "serial", "offspring"} & set(asked.what)
    links = links_of(questions, cases, lambda share: tell(0.5 * share)) if traced and len(cases) else None
    found = None
    if "delays" in asked.what and len(cases):
        found = found_contacts(questions, cases, lambda share: tell(0.5 + 0.3 * share))
    got = estimate_cases(cases, links, asked, found, lambda share: tell(0.8 + 0.2 * share))
    if links is None or "offspring" not in asked.what:
        return got
    return replace(got, notes=(*got.notes, Note("estimate.note.guessed")))
