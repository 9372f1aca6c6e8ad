"""What is known of people over time: declared cases, tests, quarantine. Who is an F0, and who is isolated when."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.clock import FOREVER
from engine.events.register import Register
from engine.events.schemas import CASE, QUARANTINE, TEST_RESULT
from engine.ids import Keys

PERSONAL = (CASE.name, TEST_RESULT.name, QUARANTINE.name)


@dataclass(frozen=True)
class F0:
    """An index case. Moments are UTC seconds, None where not known."""

    person: int
    confirmed_at: int | None
    onset_at: int | None
    sampled_at: int | None
    isolated_at: int | None
    """The case's own isolation, or the start of a quarantine order, whichever is earlier."""
    sources: tuple[str, ...]

    @property
    def reference(self) -> int:
        """Onset, else the sample, else the confirmation: what windows are counted from."""
        for moment in (self.onset_at, self.sampled_at, self.confirmed_at):
            if moment is not None:
                return moment
        raise ValueError("an F0 without any date was let in")


@dataclass(frozen=True)
class PeopleView:
    """An immutable view of people: what queries read."""

    cases: dict[int, F0]
    isolation: npt.NDArray[np.int64]
    """Moment of isolation by person code, FOREVER where there is none."""
    latest: int
    """Latest moment of a case, test or start of a quarantine, UTC s; planned ends do not count."""
    named: frozenset[int]
    """Codes of everybody whom a live case, test or quarantine names."""


class Timelines:
    """Cases, tests and quarantines by person. One writer."""

    def __init__(self, people: Keys) -> None:
        self.people = people
        self.registers = {k.name: Register(k) for k in (CASE, TEST_RESULT, QUARANTINE)}

    def apply(self, kind: str, table: pa.Table) -> npt.NDArray[np.uint8]:
        """Take in a canonical table; returns one outcome per row."""
        self.people.encode(table.column("person"))
        return self.registers[kind].apply(table)

    def publish(self) -> PeopleView:
        """An immutable view. Cost: 0.8 us a case, test and quarantine."""
        codes = {name: self._codes(register) for name, register in self.registers.items()}
        cases = dict(zip(codes[CASE.name], (case for _, case in self.registers[CASE.name].items()), strict=True))
        positives, latest = self._positives(codes[TEST_RESULT.name])
        latest = max([latest, *(t for case in cases.values() for t in case.values() if t is not None)])
        isolation = np.full(len(self.people), FOREVER, np.int64)
        for code, case in cases.items():
            if case["isolated_at"] is not None:
                isolation[code] = case["isolated_at"]
        for code, (_, started_at) in zip(codes[QUARANTINE.name], self.registers[QUARANTINE.name], strict=True):
            isolation[code] = min(isolation[code], started_at)
            latest = max(latest, started_at)
        isolation.setflags(write=False)
        f0s = {
            c: _f0(c, cases.get(c), positives.get(c), int(isolation[c])) for c in dict.fromkeys([*cases, *positives])
        }
        return PeopleView(f0s, isolation, latest, frozenset(chain.from_iterable(codes.values())))

    def _codes(self, register: Register) -> list[int]:
        """The person of each live event, in the order of the register. Asked one by one they would cost tenfold."""
        codes: list[int] = self.people.found([key[0] for key in register]).tolist()
        return codes

    def _positives(self, codes: Iterable[int]) -> tuple[dict[int, tuple[int, int | None]], int]:
        """Earliest positive PCR (sampled, resulted) by person, and the latest moment of any test.

        ``codes``: of the people tested. A positive PCR makes an F0 under every Vietnamese definition; the antigen rules
        need what is not recorded here (symptoms, epidemiological link).
        """
        found: dict[int, tuple[int, int | None]] = {}
        latest = 0
        for code, ((_, sampled_at, method), test) in zip(codes, self.registers[TEST_RESULT.name].items(), strict=True):
            latest = max(latest, sampled_at, test["resulted_at"] or 0)
            if method == "pcr" and test["result"] == "positive" and (code not in found or sampled_at < found[code][0]):
                found[code] = (sampled_at, test["resulted_at"])
        return found, latest

    def entries(self, person: str) -> list[tuple[str, dict[str, Any]]]:
        """Live (kind, event) of one person. Cost: linear in the registers of tests and quarantines."""
        out: list[tuple[str, dict[str, Any]]] = []
        for kind, register in self.registers.items():
            names = register.kind.natural_key
            case = register.get((person,)) if names == ("person",) else None
            if case is not None:
                out.append((kind, dict(case)))
            elif names != ("person",):
                for key, payload in register.items():
                    if key[0] == person:
                        out.append((kind, {**dict(zip(names, key, strict=True)), **payload}))
        return out


def _f0(person: int, case: dict[str, Any] | None, positive: tuple[int, int | None] | None, isolation: int) -> F0:
    """A declared case keeps its own dates; a positive test fills those it lacks.

    A positive sample taken after the confirmation is a later control and says nothing about the case's beginning.
    """
    declared = case or {}
    sampled, resulted = positive or (None, None)
    confirmed_at, sampled_at = declared.get("confirmed_at"), declared.get("sampled_at")
    if confirmed_at is not None and sampled is not None and sampled > confirmed_at:
        sampled = None
    return F0(
        person,
        resulted if confirmed_at is None else confirmed_at,
        declared.get("onset_at"),
        sampled if sampled_at is None else sampled_at,
        None if isolation == FOREVER else isolation,
        (*((CASE.name,) if case is not None else ()), *((TEST_RESULT.name,) if positive is not None else ())),
    )
