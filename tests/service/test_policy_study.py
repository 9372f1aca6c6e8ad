"""A policy study asked of an engine: the past is an engine told no more, and truths are read from files."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import FOREVER, from_rfc3339
from engine.errors import (
    BadParameterError,
    HistoryGoneError,
    UnknownCaseError,
    UnknownPersonError,
    UnreadableFileError,
)
from engine.scenarios.model_study import PolicyStudy, PolicyVariant
from engine.scenarios.study import run_study
from engine.scenarios.study_world import Known, Truth, later_cases
from engine.service.policy_study import known_for, moment_of
from tests.graph.small import HOUR, T0, case, saw
from tests.service.stored import opened
from tests.strategies import worlds
from tests.worlds import World, batches, body, load, new_engine

RUNS = [
    ("as it was", PolicyVariant()),
    ("a day later", PolicyVariant(shift_days=1, policy="who")),
    ("half", PolicyVariant(adoption=0.5, channels=("bluetooth",), depth=1)),
]
HERE = Path()


def answers(known: Known) -> list[Any]:
    found = run_study(known, PolicyStudy(seeds=2), RUNS, with_keys=True)
    return [rounded(row) for table in vars(found).values() for row in table.to_pylist()]


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Codes differ from engine to engine, and with them the order in which floats are added."""
    return {name: round(v, 9) if isinstance(v, float) else v for name, v in row.items()}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(f0_count=3), st.data())
def test_a_study_of_the_past_is_that_of_an_engine_told_no_more(
    tmp_path_factory: pytest.TempPathFactory, world: World, data: st.DataObject
) -> None:
    engine = load(world, engine=opened(tmp_path_factory.mktemp("past")))
    seq = data.draw(st.integers(1, engine.as_of))
    then = new_engine()
    for kind, events in batches(world)[:seq]:
        then.ingest_json(kind, body(events))
    past = known_for(engine, PolicyStudy(as_of=seq), HERE, engine.at)
    later = known_for(engine, PolicyStudy(), HERE)
    rebuilt = known_for(then, PolicyStudy(until="2022-01-01"), HERE)
    assert sorted(_at(later).values()) == sorted(_at(past).values()), "what became known later is the truth of both"
    same = Known(
        rebuilt.view, rebuilt.people, rebuilt.keys, then.data_time, _of(rebuilt, later), told_by=then.data_time
    )
    assert answers(past) == answers(same)
    engine.close()


def _at(known: Known) -> dict[int, int]:
    return dict(zip(known.truth.person.tolist(), known.truth.at.tolist(), strict=True))


def _of(known: Known, later: Known) -> Truth:
    return later_cases(known.keys, later.people, later.keys)


def test_a_study_counts_what_the_engine_answers() -> None:
    world = [case("a", onset_at=T0), case("d", onset_at=T0 + HOUR), saw("a", "b", T0), saw("b", "c", T0 + HOUR)]
    world += [saw("a", "d", T0 + 2 * HOUR)]
    engine = load(world)
    (row,) = run_study(known_for(engine, PolicyStudy(), HERE), PolicyStudy(), RUNS[:1]).study.to_pylist()
    levels = [r.level for c in engine.cases() for r in engine.exposures(c.person).rows]
    assert (row["cases"], row["f1"], row["f2"]) == (2, levels.count(1), levels.count(2)) == (2, 3, 1)
    assert (row["infected_f1"], row["infected_all"], row["truth"]) == (1, 1, "later_cases")


def test_named_cases_must_be_cases() -> None:
    engine = load([case("a", onset_at=T0), saw("a", "b", T0)])
    assert known_for(engine, PolicyStudy(cases=("a", "a")), HERE).cases == [engine.snapshot().case("a").person]
    with pytest.raises(UnknownCaseError):
        known_for(engine, PolicyStudy(cases=("b",)), HERE)
    with pytest.raises(UnknownPersonError):
        known_for(engine, PolicyStudy(cases=("nobody",)), HERE)


def test_as_of_needs_a_journal_and_a_batch_that_there_is(tmp_path: Path) -> None:
    engine = load([case("a", onset_at=T0)], engine=opened(tmp_path))
    with pytest.raises(BadParameterError, match="journal"):
        known_for(engine, PolicyStudy(as_of=1), HERE)
    with pytest.raises(HistoryGoneError):
        known_for(engine, PolicyStudy(as_of=99), HERE, engine.at)
    engine.close()


def test_until_is_a_moment_or_the_end_of_a_day_in_viet_nam() -> None:
    assert moment_of("2021-07-11") == from_rfc3339("2021-07-12T00:00:00+07:00") == moment_of("2021-07-11T17:00:00Z")
    for wrong in ("2021-07-32", "soon", "2021-07-11T17:00:00"):
        with pytest.raises(BadParameterError):
            moment_of(wrong)


def test_until_leaves_out_cases_traced_later() -> None:
    engine = load([case("a", confirmed_at=T0, onset_at=T0), case("b", confirmed_at=T0 + 72 * HOUR)])
    early = known_for(engine, PolicyStudy(until="2021-07-02T00:00:00Z"), HERE)
    assert early.until == early.told_by
    rows = [
        run_study(k, PolicyStudy(), RUNS[:1]).study.to_pylist()[0]
        for k in (early, known_for(engine, PolicyStudy(), HERE))
    ]
    assert [(r["cases"], r["traced_cases"]) for r in rows] == [(2, 1), (2, 2)]
    assert T0 < early.until < T0 + 72 * HOUR


@pytest.fixture
def engine() -> Any:
    return load([case("a", onset_at=T0), saw("a", "b", T0)])


def told(engine: Any, name: str, base: Path) -> list[tuple[str, str | None, int]]:
    """Rows of a truth, in the order of names; strangers as ``?``."""
    known = known_for(engine, PolicyStudy(truth=name), base)

    def key(code: int) -> str:
        return known.keys.key(code) if code < len(known.keys) else "?"

    columns = (c.tolist() for c in (known.truth.person, known.truth.infector, known.truth.at))
    return sorted((key(p), None if by < 0 else key(by), at) for p, by, at in zip(*columns, strict=True))


def test_the_truth_of_a_sample_city_is_read_with_people_nobody_saw(engine: Any, tmp_path: Path) -> None:
    at = pa.array([T0, T0 + 1, None], pa.timestamp("s", "UTC"))
    table = pa.table({"infected": ["a", "b", "unseen"], "infector": [None, "a", "b"], "at": at})
    (tmp_path / "truth").mkdir()
    pq.write_table(table, tmp_path / "truth" / "infections.parquet")
    expected = [("?", "b", FOREVER), ("a", None, T0), ("b", "a", T0 + 1)]
    for name in (".", "truth", "truth/infections.parquet"):
        assert told(engine, name, tmp_path) == expected


def test_a_csv_says_who_was_infected_and_perhaps_by_whom(engine: Any, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text("person,infected_at\nb,2021-07-01T00:00:00Z\nunseen,\n")
    moment = from_rfc3339("2021-07-01T00:00:00Z")
    assert told(engine, "plain.csv", tmp_path) == [("?", None, FOREVER), ("b", None, moment)]
    assert known_for(engine, PolicyStudy(truth="plain.csv"), tmp_path).truth.kind == "infections"
    (tmp_path / "by.csv").write_text("person,infected_at,infector\nb,,a\na,,\n")
    assert told(engine, "by.csv", tmp_path) == [("a", None, FOREVER), ("b", "a", FOREVER)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"truth\.csv"),
        ("person,when\n", r"line 1: .*infected_at"),
        ("person,infected_at\nb,\nb,yesterday\n", "line 3: .*yesterday"),
        (b"\xff\xfe\x00", r"truth\.csv"),
    ],
)
def test_a_truth_that_cannot_be_read_is_named(engine: Any, tmp_path: Path, content: Any, said: str) -> None:
    if content is not None:
        (tmp_path / "truth.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFileError, match=said):
        known_for(engine, PolicyStudy(truth="truth.csv"), tmp_path)


def test_a_folder_without_a_truth_and_a_torn_one_are_named(engine: Any, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"infections\.parquet"):
        known_for(engine, PolicyStudy(truth="."), tmp_path)
    (tmp_path / "infections.parquet").write_bytes(b"torn")
    with pytest.raises(UnreadableFileError, match=r"infections\.parquet"):
        known_for(engine, PolicyStudy(truth="."), tmp_path)


def test_people_nobody_saw_count_among_those_to_be_found(engine: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("person,infected_at,infector\nb,,a\nunseen,,a\n")
    study = PolicyStudy(truth="t.csv")
    (row,) = run_study(known_for(engine, study, tmp_path), study, RUNS[:1]).study.to_pylist()
    assert (row["infected_all"], row["infected_found"], row["sensitivity"]) == (2, 1, 0.5)
    assert np.isclose(row["infected_quarantined"], 1)
