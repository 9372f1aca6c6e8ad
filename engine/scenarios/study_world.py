"""What a policy study looks at: the recorded evidence, the cases as a variant dates them, and what truly happened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.clock import DAY, FOREVER
from engine.exposure.infectiousness import Course
from engine.exposure.policies import Policy, policy_named
from engine.exposure.reached import Seed
from engine.exposure.windows import course_of, infectious_window
from engine.graph.view import GraphView
from engine.ids import Keys
from engine.kernels.hashing import draws, fold
from engine.people.timelines import F0, PeopleView
from engine.scenarios.model_study import PolicyVariant

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
DEVICES = 0x5_0001
"""What the draw of a device is for: its own stream of hash draws."""


@dataclass(frozen=True)
class Truth:
    """Who was infected, ordered by person code, each once.

    ``transmissions``: by whom, too (a sample city). ``infections``: when, as far as it is known. ``later_cases``: who
    became a case, and ``at`` is when that case was traced, as it was, whatever a variant shifts.
    People whom no event names have codes from ``len(keys)`` on.
    """

    kind: Literal["transmissions", "infections", "later_cases"]
    person: Codes
    infector: Codes
    """-1: from outside, or not known."""
    at: Ints
    """UTC s; FOREVER: not known."""

    def row(self, person: Codes) -> Ints:
        """Where each person stands in the columns, -1: nowhere."""
        at = np.searchsorted(self.person, person)
        return np.where(np.append(self.person, -1)[at] == person, at, -1)


@dataclass(frozen=True)
class Known:
    """What was known, and what truly happened."""

    view: GraphView
    people: PeopleView
    keys: Keys
    until: int
    """Contacts count up to this moment, UTC s."""
    truth: Truth
    cases: Codes | None = None
    """Trace only these F0s; None: all."""
    told_by: int = FOREVER
    """A study that stands on a day knows only cases traced by then; one that looks back (FOREVER) all of them."""
    places: Keys | None = None
    """Names of the places, for the fingerprint alone."""


@dataclass(frozen=True)
class Dated:
    """The F0s as a variant dates them, ordered by tracing moment, then key."""

    seeds: tuple[Seed, ...]
    """One for each F0 that is traced in time."""
    traced_at: Ints
    """Of each seed."""
    as_recorded: Ints
    """The same without the shift."""
    others: int
    """F0s of the study that are not traced by ``told_by``."""
    courses: dict[int, Course]
    isolation: Ints
    known: Codes
    """Everybody who is an F0 by ``told_by``, ascending ..."""
    known_at: Ints
    """... and since when."""


def tracing_moment(f0: F0) -> int:
    """When an F0 is traced, UTC s: its confirmation, else its sample, else its isolation, else its onset."""
    for moment in (f0.confirmed_at, f0.sampled_at, f0.isolated_at, f0.onset_at):
        if moment is not None:
            return moment
    raise ValueError("an F0 without any date was let in")


def shifted(f0: F0, by_s: int) -> F0:
    """The F0 with confirmation, sample and isolation moved by ``by_s`` seconds; the onset stays where it was."""

    def moved(moment: int | None) -> int | None:
        return None if moment is None else moment + by_s

    return replace(
        f0,
        confirmed_at=moved(f0.confirmed_at),
        sampled_at=moved(f0.sampled_at),
        isolated_at=moved(f0.isolated_at),
    )


def policy_of(variant: PolicyVariant) -> Policy:
    """The definition of a variant: its preset with the settings it gives.

    Raises:
        UnknownPolicyError: no such preset.
    """
    names = ("min_minutes", "max_distance_m", "max_attenuation_db", "days_before_onset")
    given = {name: float(value) for name in names if (value := getattr(variant, name)) is not None}
    preset = policy_named(variant.policy)
    return Policy(**{**vars(preset), **given})


def dated(known: Known, policy: Policy, shift_days: float) -> Dated:
    """The F0s with their dates shifted. Nothing is pushed back into order: the tracers go by the dates they are told.

    An isolation before the window of contacts opens leaves an empty window; an F0 without onset has its window, and
    its course, from the shifted sample. An F0 whose tracing moment lies after ``known.told_by`` is nobody yet: neither
    traced nor an F0 in the traces of others; its isolation, if it came earlier, still holds. Contacts count up to
    ``known.until`` all the same: what a later isolation would have let happen after the data is not there to be found.
    Cost: linear in the F0s and a copy of the column of isolation.
    """
    by_s = round(shift_days * DAY)
    moved = {code: shifted(f0, by_s) for code, f0 in known.people.cases.items()}
    isolation = known.people.isolation.copy()
    for code, f0 in moved.items():
        isolation[code] = FOREVER if f0.isolated_at is None else f0.isolated_at
    since = {code: tracing_moment(f0) + by_s for code, f0 in known.people.cases.items()}
    told = np.array(sorted(code for code, at in since.items() if at <= known.told_by), np.int32)
    wanted = told if known.cases is None else told[np.isin(told, known.cases)]
    moments = np.array([since[code] for code in wanted.tolist()], np.int64)
    order = np.lexsort((known.keys.ranks(wanted), moments))
    codes, traced_at = wanted[order].tolist(), moments[order]
    asked = len(moved) if known.cases is None else len(np.unique(known.cases))
    return Dated(
        seeds=tuple(Seed(code, *infectious_window(moved[code], policy, known.until)) for code in codes),
        traced_at=traced_at,
        as_recorded=traced_at - by_s,
        others=asked - len(codes),
        courses={code: course_of(moved[code]) for code in told.tolist()},
        isolation=isolation,
        known=told,
        known_at=np.array([since[code] for code in told.tolist()], np.int64),
    )


def moments_of(wanted: Codes, person: Codes, at: Ints) -> Ints:
    """The moment of each wanted person among ``person`` (ascending), FOREVER where absent."""
    place = np.searchsorted(person, wanted)
    there = np.append(person, -1)[place] == wanted
    return np.where(there, np.append(at, FOREVER)[place], FOREVER)


def idents_of(keys: Keys) -> Ints:
    """A number for each person by code that depends on the key alone. Cost: a hash a person."""
    return np.fromiter((_ident(key) for key in keys.keys(range(len(keys)))), np.int64, len(keys))


def devices(idents: Ints, adoption: float, seed: int) -> Flags:
    """Who keeps a device, by person code: a draw by seed and key, the same in any company.

    Who keeps one at some adoption keeps it at every greater one.
    """
    return np.asarray(draws(np.uint64(fold(np.uint64(DEVICES), seed)), idents, 1)[:, 0] < adoption, np.bool_)


def _ident(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little", signed=True)


def codes_of(keys: Keys, names: Sequence[str]) -> Codes:
    """Codes of names; names that no event has get codes from ``len(keys)`` on, each its own."""
    strangers: dict[str, int] = {}
    first = len(keys)
    found = (keys.find(name) for name in names)
    return np.array(
        [
            strangers.setdefault(name, first + len(strangers)) if code is None else code
            for name, code in zip(names, found, strict=True)
        ],
        np.int32,
    )


def transmissions(keys: Keys, infected: Sequence[str], infector: Sequence[str | None], at: Ints | None) -> Truth:
    """A truth that says who infected whom; shape (infections,). Of several rows of a person the first one counts."""
    both = codes_of(keys, [*infected, *(name for name in infector if name is not None)])
    person, rest = both[: len(infected)], iter(both[len(infected) :].tolist())
    by = np.array([-1 if name is None else next(rest) for name in infector], np.int32)
    return _truth("transmissions", person, by, at)


def infections(keys: Keys, infected: Sequence[str], at: Ints | None) -> Truth:
    """A truth that says who was infected, and when (FOREVER: not known)."""
    person = codes_of(keys, infected)
    return _truth("infections", person, np.full(len(person), -1, np.int32), at)


def later_cases(keys: Keys, newest: PeopleView, newest_keys: Keys) -> Truth:
    """No truth but time: who is a case in the newest state there is, and since when."""
    names = newest_keys.keys(newest.cases)
    at = np.array([tracing_moment(f0) for f0 in newest.cases.values()], np.int64)
    return _truth("later_cases", codes_of(keys, names), np.full(len(names), -1, np.int32), at)


def _truth(
    kind: Literal["transmissions", "infections", "later_cases"], person: Codes, infector: Codes, at: Ints | None
) -> Truth:
    moments = np.full(len(person), FOREVER, np.int64) if at is None else at
    distinct, first = np.unique(person, return_index=True)
    by = np.where(infector == person, -1, infector)  # nobody infects oneself
    return Truth(kind, distinct, by[first], moments[first])
