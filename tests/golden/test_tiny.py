"""The twelve people of data/samples/tiny: the hand-worked answers, against the oracle and the Engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracles import cases, tracing
from tests.oracles.policy import VN_2021_07
from tests.oracles.state import fold
from tests.worlds import NOW, load, load_sorted, moment, new_engine, read_folder

TINY = Path(__file__).parents[2] / "data" / "samples" / "tiny"
EXPECTED = json.loads((TINY / "expected.json").read_text())
WORLD = read_folder(TINY)
ASKED = [(d, seed) for d in ("exposures", "sources") for seed in EXPECTED[d]]


def expected_people(direction: str, seed: str) -> dict[str, dict[str, Any]]:
    people = EXPECTED[direction][seed]["people"]
    return {
        person: {k: moment(v) if k.endswith("_at") else v for k, v in row.items()} for person, row in people.items()
    }


def as_expected(row: Any) -> dict[str, Any]:
    """A row of the Engine or of the oracle, in the shape of expected.json."""
    return {
        "level": row.level,
        "first_exposed_at": row.first_exposed_at,
        "last_exposed_at": row.last_exposed_at,
        "minutes": row.minutes,
        "via": row.via,
        "channels": list(row.channels),
        "places": list(row.places),
        "is_case": row.is_case,
    }


@pytest.mark.parametrize(("direction", "seed"), ASKED)
def test_oracle_gives_the_answers_worked_out_by_hand(direction: str, seed: str) -> None:
    trace = tracing.forward if direction == "exposures" else tracing.backward
    answer = trace(fold(WORLD), seed, VN_2021_07, moment(EXPECTED["until"]), EXPECTED["depth"])
    assert list(answer.window) == [moment(t) for t in EXPECTED[direction][seed]["window"]]
    assert {p: as_expected(r) for p, r in answer.rows.items()} == expected_people(direction, seed)


def test_data_time_is_the_confirmation_of_the_last_case() -> None:
    assert cases.data_time(fold(WORLD), NOW) == moment(EXPECTED["until"])
    assert load(WORLD).data_time == moment(EXPECTED["until"])


@pytest.mark.parametrize("order", ["as filed", "by kind", "backwards"])
@pytest.mark.parametrize(("direction", "seed"), ASKED)
def test_engine_gives_the_answers_worked_out_by_hand(direction: str, seed: str, order: str) -> None:
    engine = {"as filed": load, "by kind": load_sorted, "backwards": lambda w: load(w[::-1])}[order](WORLD)
    report = getattr(engine, direction)(seed, depth=EXPECTED["depth"], policy=EXPECTED["policy"])
    assert [report.window.start, report.window.end] == [moment(t) for t in EXPECTED[direction][seed]["window"]]
    assert report.until == moment(EXPECTED["until"])
    assert {r.person: as_expected(r) for r in report.rows} == expected_people(direction, seed)


def test_files_are_read_with_one_duplicate_and_no_rejection_but_retracted_rows() -> None:
    engine = new_engine()
    reports = {r.kind: r for r in engine.ingest_paths([TINY])}
    assert set(reports) == {kind for kind, _ in WORLD}
    assert {c.code for r in reports.values() for c in r.rejected} <= {"retracted"}
    assert reports["bluetooth"].duplicates >= 1
    report = engine.exposures("son", depth=EXPECTED["depth"])
    assert {r.person: as_expected(r) for r in report.rows} == expected_people("exposures", "son")


def test_f1_and_f2_of_a_single_case_are_counted() -> None:
    engine = load(WORLD)
    assert engine.case("son").counts == {"F1": 5, "F2": 3}
    assert engine.case("nga").counts == {"F1": 2, "F2": 1}
    assert [c.person for c in engine.cases()] == ["nga", "son"]


def test_levels_over_all_cases_take_the_least() -> None:
    engine = load(WORLD)
    levels = {p: engine.person(p).level for p in ("son", "nga", "lan", "giang", "minh", "phuc")}
    assert levels == {"son": 0, "nga": 0, "lan": 1, "giang": 1, "minh": 2, "phuc": None}


def test_the_chain_of_chi_runs_through_an_as_f2() -> None:
    chain = load(WORLD).chains("chi", case="son", depth=3)[0]
    assert [(k.source, k.person, k.level) for k in chain.links] == [
        ("son", "binh", 1),
        ("binh", "an", 2),
        ("an", "chi", 3),
    ]
