"""A policy study equals plain counting, and obeys what follows from its definitions."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY, FOREVER
from engine.errors import CancelledError, UnknownPolicyError
from engine.exposure.policies import PRESETS
from engine.scenarios.model_study import PolicyStudy, PolicyVariant
from engine.scenarios.study import run_study
from engine.scenarios.study_tables import StudyTables
from engine.scenarios.study_world import Known, Truth, infections, later_cases, transmissions
from tests.oracles import policy_study as oracle
from tests.oracles.state import fold
from tests.property.answers import COMMON
from tests.strategies import DAYS, PEOPLE, T0, until_moments, worlds
from tests.worlds import World, load_sorted

LATE = T0 + (DAYS + 12) * DAY
Mix = tuple[Literal["bluetooth", "check_in", "location"], ...]
CHANNELS: Mix = ("bluetooth", "check_in", "location")
FEW: dict[str, Any] = COMMON | {"max_examples": 8}
LOOSE = PolicyVariant()


def known_of(world: World, until: int = LATE, told_by: int = FOREVER, truth: Truth | None = None) -> Known:
    state = load_sorted(world).snapshot()
    later = later_cases(state.person_keys, state.people, state.person_keys)
    return Known(state.graph, state.people, state.person_keys, until, truth or later, None, told_by)


def rows(known: Known, *variants: PolicyVariant, study: PolicyStudy | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables(known, *variants, study=study).study.to_pylist()
    return found


def tables(known: Known, *variants: PolicyVariant, study: PolicyStudy | None = None, **how: Any) -> StudyTables:
    return run_study(known, study or PolicyStudy(), [(f"v{i}", v) for i, v in enumerate(variants)], **how)


def agree(got: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {name: got[name] for name in expected} == {
        name: value if value is None else pytest.approx(value) for name, value in expected.items()
    }


def variants() -> st.SearchStrategy[PolicyVariant]:
    return st.builds(
        PolicyVariant,
        policy=st.sampled_from(sorted(PRESETS)),
        channels=st.sets(st.sampled_from(CHANNELS), min_size=1).map(lambda s: tuple(sorted(s))),
        shift_days=st.sampled_from((0.0, 0.0, 1.0, -1.5, 0.25)),
        depth=st.integers(1, 2),
    )


def truths() -> st.SearchStrategy[dict[str, tuple[str | None, int | None]]]:
    moment = st.none() | st.builds(lambda n: T0 + n * 7200, st.integers(0, 12 * DAYS))
    infector = st.none() | st.sampled_from((*PEOPLE, "unseen-1"))
    people = st.sampled_from((*PEOPLE, "unseen-1", "unseen-2"))
    drawn = st.dictionaries(people, st.tuples(infector, moment), max_size=8)
    return drawn.map(lambda rows: {p: (None if by == p else by, at) for p, (by, at) in rows.items()})


def told(truth: dict[str, tuple[str | None, int | None]], kind: str, known: Known) -> Truth:
    at = np.array([FOREVER if m is None else m for _, m in truth.values()], np.int64)
    if kind == "transmissions":
        return transmissions(known.keys, list(truth), [by for by, _ in truth.values()], at)
    return infections(known.keys, list(truth), at)


@settings(**FEW)
@given(worlds(f0_count=3), until_moments(), st.booleans(), variants())
def test_a_study_equals_plain_counting(world: World, until: int, on_the_day: bool, variant: PolicyVariant) -> None:
    told_by = until if on_the_day else FOREVER
    study = PolicyStudy(levels=(1, 2), quarantine_days=3)
    (got,) = rows(known_of(world, until, told_by), variant, study=study)
    asked = oracle.Asked(
        PRESETS[variant.policy], until, told_by, variant.depth, round(variant.shift_days * DAY),
        frozenset(variant.channels), study.levels, study.quarantine_days,
    )  # fmt: skip
    agree(got, oracle.study(fold(world), asked))


@settings(**FEW)
@given(worlds(f0_count=3), truths(), st.sampled_from(("transmissions", "infections")), st.sampled_from((0.0, 1.0)))
def test_a_study_with_a_truth_equals_plain_counting(
    world: World, truth: dict[str, tuple[str | None, int | None]], kind: str, shift: float
) -> None:
    known = known_of(world)
    (got,) = rows(replace(known, truth=told(truth, kind, known)), PolicyVariant(shift_days=shift, depth=3))
    policy, shift_s = PRESETS["vn-2021-07"], round(shift * DAY)
    asked = oracle.Asked(policy, LATE, FOREVER, 3, shift_s, kind=kind, truth=truth)
    agree(got, oracle.study(fold(world), asked))


@settings(**FEW)
@given(worlds(f0_count=3), until_moments())
def test_cases_alone_add_up_and_are_numbered_by_tracing_moment(world: World, until: int) -> None:
    known = known_of(world, until)
    found = tables(known, LOOSE, with_keys=True)
    each, state = found.study_cases.to_pylist(), fold(world)
    moments = oracle.traced_at(state)
    assert [r["person"] for r in each] == sorted(moments, key=lambda p: (moments[p], p))
    assert [r["case"] for r in each] == list(range(1, len(each) + 1))
    pairs = oracle.pairs(state, oracle.Asked(PRESETS["vn-2021-07"], until, FOREVER))
    for row in each:
        mine = [p for p in pairs if p.case == row["person"]]
        direct = [p for p in mine if p.level == 1]
        held = [p.quarantine[1] - p.quarantine[0] for p in mine if p.quarantine]
        later = [p for p in moments if moments[p] > moments[row["person"]]]
        expected = (len(direct), sum(p.hit for p in direct), len(later), len(held), sum(held) / DAY)
        names = ("f1", "infected_f1", "infected_all", "quarantined", "person_days")
        assert tuple(row[name] for name in names) == pytest.approx(expected)
    assert "person" not in tables(known, LOOSE).study_cases.column_names


@settings(**FEW)
@given(worlds(f0_count=3), until_moments(), st.sampled_from(sorted(PRESETS)))
def test_narrower_definitions_never_find_more(world: World, until: int, policy: str) -> None:
    known = known_of(world, until)
    wide = PolicyVariant(policy=policy, min_minutes=5)
    mixes = [
        wide.model_copy(update={"channels": c}) for c in (("bluetooth",), ("check_in",), ("bluetooth", "check_in"))
    ]
    least = [wide.model_copy(update={"min_minutes": m}) for m in (0.0, 15.0, 60.0)]
    near = [wide.model_copy(update={"days_before_onset": d}) for d in (30.0, 0.5)]
    got = rows(known, wide, *mixes, *least, *near, wide.model_copy(update={"min_probability": 0.01}))
    f1 = [r["f1"] for r in got]
    assert max(f1[1], f1[2]) <= f1[3] <= f1[0]
    assert f1[4] >= f1[0] >= f1[5] >= f1[6]
    assert f1[7] >= f1[8]
    assert f1[9] <= f1[0]
    for name in ("quarantined", "person_days", "infected_f1", "infected_found"):
        values = [r[name] for r in got]
        assert max(values[1], values[2]) <= values[3] + 1e-9
        assert values[4] >= values[5] - 1e-9 >= values[6] - 2e-9


@settings(**FEW)
@given(worlds(f0_count=3), until_moments())
def test_gains_are_differences_of_runs_that_differ_in_one_channel(world: World, until: int) -> None:
    pair: Mix = ("bluetooth", "check_in")
    named: dict[str, Mix] = {"ble": ("bluetooth",), "qr": ("check_in",), "pair": pair, "all": CHANNELS}
    runs = [(name, PolicyVariant(channels=c)) for name, c in named.items()]
    runs.append(("other", PolicyVariant(channels=CHANNELS, min_minutes=15)))
    found = run_study(known_of(world, until), PolicyStudy(), runs)
    rows_of = {r["variant"]: r for r in found.study.to_pylist()}
    gains = {(g["variant"], g["without"], g["channel"]): g for g in found.study_gain.to_pylist()}
    assert set(gains) == {("pair", "ble", "check_in"), ("pair", "qr", "bluetooth"), ("all", "pair", "location")}
    for (more, less, _), gain in gains.items():
        for name in ("f1", "infected_f1", "quarantined", "person_days"):
            assert gain[name] == pytest.approx(rows_of[more][name] - rows_of[less][name])


@settings(**FEW)
@given(worlds(f0_count=3), until_moments())
def test_fewer_devices_never_find_more_and_all_of_them_change_nothing(world: World, until: int) -> None:
    known, study = known_of(world, until), PolicyStudy(seeds=3)
    half, most, none = (PolicyVariant(adoption=a, channels=("bluetooth",)) for a in (0.5, 0.9, 0.0))
    found = tables(known, PolicyVariant(channels=("bluetooth",)), most, half, none, study=study)
    by_seed = {(r["variant"], r["seed"]): r["f1"] for r in found.study_seeds.to_pylist()}
    assert set(by_seed) == {("v0", 1), *((f"v{i}", s) for i in (1, 2, 3) for s in (1, 2, 3))}
    for s in (1, 2, 3):
        assert by_seed["v0", 1] >= by_seed["v1", s] >= by_seed["v2", s] >= by_seed["v3", s] == 0
    means = {r["variant"]: r["f1"] for r in found.study.to_pylist()}
    assert means["v2"] == pytest.approx(np.mean([by_seed["v2", s] for s in (1, 2, 3)]))


def test_workers_seeds_and_order_of_runs_change_nothing_they_should_not() -> None:
    world: World = [("case", {"person": f"c{i:03}", "onset_at": T0 + i * 900}) for i in range(150)]
    for i in range(150):
        meeting = {"person": f"c{i:03}", "at": T0 + i * 600, "attenuation_db": 50.0}
        world += [("bluetooth", {**meeting, "peer": f"x{(i * 7 + j) % 40:02}"}) for j in range(3)]
    known, study = known_of(world), PolicyStudy(seeds=2)
    runs = [("a", PolicyVariant(adoption=0.5)), ("b", LOOSE)]
    told: list[tuple[int, int]] = []
    one = run_study(known, study, runs, lambda done, total: told.append((done, total)), workers=1)
    two = run_study(known, study, runs[::-1], workers=2)
    assert _by_run(one) == _by_run(two)
    assert told == sorted(told)
    assert told[-1] == (9, 9)
    assert _by_run(run_study(known, study, runs, seed=7))["b"] == _by_run(one)["b"]
    assert run_study(known, study, runs, seed=2).study_seeds[0:1].drop(["seed"]) == one.study_seeds[1:2].drop(["seed"])
    with pytest.raises(CancelledError):
        run_study(known, study, runs, cancelled=lambda: len(told) > 3)


def _by_run(found: StudyTables) -> dict[str, list[pa.Table]]:
    def of(name: str) -> list[pa.Table]:
        return [
            t.filter(pa.compute.equal(t["variant"], name)) for t in (found.study, found.study_seeds, found.study_cases)
        ]

    return {name: of(name) for name in ("a", "b")}


def test_only_the_cases_asked_for_are_traced_and_the_rest_stay_cases() -> None:
    world: World = [("case", {"person": p, "onset_at": T0 + DAY, "confirmed_at": T0 + 3 * DAY}) for p in "ab"]
    world += [("bluetooth", {"person": "a", "peer": p, "at": T0 + DAY, "attenuation_db": 50.0}) for p in "bc"]
    known = known_of(world)
    (both,), (one,) = (rows(k, LOOSE) for k in (known, replace(known, cases=_codes(known, "a"))))
    assert (both["cases"], both["f1"], one["cases"], one["f1"]) == (2, 4 - 1, 1, 2)
    assert one["quarantined"] == 1, "b is isolated as a case from the moment a is traced"


def _codes(known: Known, *names: str) -> Any:
    return np.array([known.keys.add(name) for name in names], np.int32)


def test_a_study_without_cases_is_empty_tables() -> None:
    found = tables(known_of([("place", {"place": "m", "kind": "market"})]), LOOSE)
    (row,) = found.study.to_pylist()
    assert (row["cases"], row["f1"], row["sensitivity"], row["auc"], row["person_days"]) == (0, 0, None, None, 0)
    assert found.study_cases.num_rows == 0
    assert found.study_curve["persons"].to_pylist() == [0.0] * 101
    assert run_study(known_of([]), PolicyStudy(), []).study.num_rows == 0


def test_an_unknown_policy_is_named_before_anything_is_traced() -> None:
    with pytest.raises(UnknownPolicyError, match="no policy 'x'"):
        tables(known_of([]), PolicyVariant.model_construct(**{**dict(LOOSE), "policy": "x"}))
