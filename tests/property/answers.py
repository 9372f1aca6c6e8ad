"""What an Engine answers about a world, in shapes that compare."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase

from tests.oracles import tracing
from tests.strategies import PEOPLE

COMMON: dict[str, Any] = {
    "max_examples": 40,
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": (Phase.explicit, Phase.generate),
}
"""The same examples in every run. A failure is shown as found: shrinking a world takes minutes; add
``Phase.shrink`` by hand to look into one."""
HEAVY: dict[str, Any] = COMMON | {"max_examples": 25}
"""For tests that ask everything of more than one Engine."""
EXACT = (
    "person", "level", "first_exposed_at", "last_exposed_at", "is_case", "channels", "places",
)  # fmt: skip


def exact(row: Any) -> dict[str, Any]:
    """What must be equal to the second: of a row of the Engine or of the oracle."""
    return {name: getattr(row, name) for name in EXACT} | {"minutes": pytest.approx(row.minutes, abs=1e-6)}


def assert_same_rows(report: Any, answer: tracing.Answer) -> None:
    """A report of the Engine says the same as the oracle, within 1e-3 in what is integrated."""
    opened, closed = answer.window
    assert (report.window.start, report.window.end) == (opened, max(opened, closed))
    got = {r.person: r for r in report.rows}
    assert len(got) == len(report.rows), "a person appears twice"
    assert {p: exact(r) for p, r in got.items()} == {p: exact(r) for p, r in answer.rows.items()}
    for person, row in answer.rows.items():
        assert got[person].via in row.rivals
        assert got[person].probability == pytest.approx(row.probability, rel=1e-3, abs=1e-12)


def snapshot(engine: Any, until: int, policy: str = "vn-2021-07", depth: int = 3) -> dict[Any, Any]:
    """Everything the Engine says of cases, traces, people and contacts, but its sequence number."""
    said: dict[Any, Any] = {"data_time": engine.data_time, "cases": engine.cases(policy=policy, until=until)}
    for case in said["cases"]:
        forward = engine.exposures(case.person, depth=depth, policy=policy, until=until)
        backward = engine.sources(case.person, depth=depth, policy=policy, until=until)
        said["exposures", case.person] = (forward.window, forward.rows)
        said["sources", case.person] = (backward.window, backward.rows)
    for person in PEOPLE:
        said["contacts", person] = contacts(engine, person, policy)
        said["person", person] = level(engine, person)
    return said


def contacts(engine: Any, person: str, policy: str) -> Any:
    """Contact rows, or nothing for a person no event names (or all of whose events were retracted)."""
    from engine.errors import UnknownPersonError

    try:
        return engine.contacts(person, policy=policy)
    except UnknownPersonError:
        return []


def level(engine: Any, person: str) -> Any:
    """Level and isolation of a person now."""
    from engine.errors import UnknownPersonError

    try:
        report = engine.person(person)
    except UnknownPersonError:
        return (None, False, None, ())
    return (report.level, report.is_case, report.isolated_at, report.timeline)


def everything(engine: Any, people: tuple[str, ...] | None = None) -> dict[str, Any]:
    """All that an Engine answers, without sequence numbers; ``people``: only of these cases, and no totals."""
    cases = [row for row in engine.cases() if people is None or row.person in people]
    found: dict[str, Any] = {"cases": cases}
    for row in cases:
        found[row.person] = [engine.exposures(row.person, depth=3).rows, engine.sources(row.person, depth=2).rows]
    found["board"] = [replace(row, changed_as_of=0) for row in engine.board().rows]
    if people is None:
        hexes = engine.hexes()
        found["hexes"] = [hexes.h3.tolist(), hexes.score.tolist(), hexes.low.tolist(), hexes.high.tolist()]
        found["summary"] = engine.summary()
    return found
