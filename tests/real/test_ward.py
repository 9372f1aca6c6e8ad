"""The hospital ward (Vanhems 2013): 32,424 records of 20 s through the engine give the published totals."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy.stats import gamma

from benchmarks.real_data import ONSET, minutes_by_group
from benchmarks.real_sets import World, busiest, declare, face_to_face, write_folder
from engine.clock import DAY, from_rfc3339, to_rfc3339
from engine.graph.export import to_networkx, to_scipy
from engine.service.engine import Engine, Settings
from tests.real.plain import RULES, Badges, least_levels

ONSET_AT = from_rfc3339(ONSET["ward"])


@pytest.fixture(scope="module")
def badges(ward: World) -> Badges:
    return Badges("hospital_LH10")


@pytest.fixture(scope="module")
def nurse(ward: World) -> str:
    person = busiest(ward, frozenset({"NUR"}))
    declare(ward, person, ONSET["ward"])
    return person


def test_contacts_and_seconds_are_those_of_the_paper(ward: World) -> None:
    contacts = ward.contacts(gap_s=0)
    assert len(contacts) == 14_037
    assert pc.sum(contacts["seconds"]).as_py() == 648_480


def test_no_gap_joined_means_that_shown_and_credited_time_are_equal(ward: World) -> None:
    contacts = ward.contacts(gap_s=0)
    shown = pc.subtract(contacts["t_end"].cast("int64"), contacts["t_start"].cast("int64"))
    assert shown.equals(contacts["seconds"])


def test_networkx_export_has_the_known_size(ward: World) -> None:
    graph = to_networkx(ward.contacts())
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (75, 1_139)
    assert sum(s for _, _, s in graph.edges(data="seconds")) == 648_480
    assert sum(n for _, _, n in graph.edges(data="contacts")) == 14_037


def test_scipy_export_agrees_with_networkx(ward: World) -> None:
    contacts = ward.contacts()
    graph, (matrix, people) = to_networkx(contacts), to_scipy(contacts)
    assert matrix.shape == (75, 75)
    assert matrix.nnz == 2 * 1_139
    assert people == sorted(graph)
    rows, columns = matrix.nonzero()
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        assert matrix[i, j] == graph[people[i]][people[j]]["seconds"]


def test_every_pair_has_the_seconds_of_its_records(ward: World, badges: Badges) -> None:
    graph = to_networkx(ward.contacts())
    for x, met in badges.met.items():
        assert {y: 20 * len(times) for y, times in met.items()} == {y: edge["seconds"] for y, edge in graph[x].items()}


def test_joining_gaps_changes_episodes_but_never_the_time(ward: World) -> None:
    contacts = ward.engine.materialise(0, 2**33)
    assert len(contacts) < 14_037
    assert pc.sum(contacts["seconds"]).as_py() == 648_480


@pytest.mark.parametrize("policy", RULES)
@pytest.mark.parametrize("depth", [2, 4])
def test_levels_of_a_nurse_equal_a_plain_computation(
    ward: World, nurse: str, badges: Badges, policy: str, depth: int
) -> None:
    rule = RULES[policy]
    expected = least_levels(badges.trace(nurse, ONSET_AT - rule.days_before * DAY, badges.last, rule, depth))
    report = ward.engine.exposures(nurse, depth=depth, policy=policy)
    assert {r.person: (r.level, r.first_exposed_at) for r in report.rows} == expected
    assert {level for level, _ in expected.values()} >= {1, 2}


@pytest.mark.parametrize("policy", RULES)
def test_minutes_of_her_f1s_equal_a_plain_computation(ward: World, nurse: str, badges: Badges, policy: str) -> None:
    rule = RULES[policy]
    f1 = badges.qualifying(nurse, ONSET_AT - rule.days_before * DAY, badges.last, rule)
    report = ward.engine.exposures(nurse, depth=1, policy=policy)
    assert {r.person: r.minutes for r in report.rows} == {y: len(times) / 3 for y, times in f1.items()}


def test_probability_of_her_f1s_equals_a_plain_integral(ward: World, nurse: str, badges: Badges) -> None:
    # He et al. 2020, corrected; weight 1.75 at 50 dB (immediate); 1.1 % per hour at the peak. The engine
    # interpolates the integral between columns 10 minutes apart, which for contacts of 20 s shows in 1e-4.
    profile = gamma(20.516508, loc=-12.272481, scale=1 / 1.592124)
    peak = profile.pdf(19.516508 / 1.592124 - 12.272481)
    f1 = badges.qualifying(nurse, 0, badges.last, RULES["vn-2021-07"])
    expected = {}
    for y, times in f1.items():
        middle = (np.array(times) + 10 - ONSET_AT) / DAY
        expected[y] = 1 - np.exp(-0.011 * 1.75 * (profile.pdf(middle) / peak).sum() * 20 / 3600)
    report = ward.engine.exposures(nurse, depth=1, policy="vn-2021-07")
    assert {r.person: r.probability for r in report.rows} == pytest.approx(expected, rel=1e-3)


def test_colleagues_had_most_of_the_time_with_a_nurse(ward: World, nurse: str) -> None:
    minutes = minutes_by_group(ward, ward.engine.exposures(nurse, depth=1))
    assert minutes["NUR"] > minutes["PAT"] > minutes["MED"]


@pytest.fixture(scope="module")
def narrow(ward: World, badges: Badges) -> tuple[World, str, dict[str, int]]:
    """Another engine: the window opens and closes amid the data, and two F1s are isolated on the way."""
    world = face_to_face("hospital_LH10")
    nurse = busiest(world, frozenset({"NUR"}))
    declare(world, nurse, "2010-12-09T06:00:00Z", isolated_at="2010-12-08T18:00:00Z")
    dates = {nurse: from_rfc3339("2010-12-08T18:00:00Z")}
    colleagues = sorted(badges.met[nurse], key=lambda y: (-len(badges.met[nurse][y]), y))[:2]
    for hours, person in zip((6, 30), colleagues, strict=True):
        dates[person] = badges.met[nurse][person][0] + hours * 3600
        body = b'{"person": "%s", "started_at": "%s"}' % (person.encode(), to_rfc3339(dates[person]).encode())
        assert world.engine.ingest_ndjson("quarantine", body).accepted == 1
    return world, nurse, dates


@pytest.mark.parametrize("policy", RULES)
def test_clipped_windows_and_isolation_equal_a_plain_computation(
    narrow: tuple[World, str, dict[str, int]], badges: Badges, policy: str
) -> None:
    world, nurse, isolated = narrow
    rule = RULES[policy]
    opens = from_rfc3339("2010-12-09T06:00:00Z") - rule.days_before * DAY
    expected = least_levels(badges.trace(nurse, opens, badges.last, rule, 3, isolated))
    report = world.engine.exposures(nurse, depth=3, policy=policy)
    assert {r.person: (r.level, r.first_exposed_at) for r in report.rows} == expected


def test_a_written_folder_gives_the_same_contacts(ward: World, nurse: str, tmp_path: Path) -> None:
    write_folder(ward, tmp_path / "ward")
    engine = Engine.open(Settings())
    reports = engine.ingest_paths([tmp_path / "ward"])
    assert {r.kind: r.accepted for r in reports} == {"bluetooth": 32_424, "case": 1}
    assert engine.materialise(0, 2**33, gap_s=0).equals(ward.contacts())
    assert engine.exposures(nurse).rows == ward.engine.exposures(nurse).rows
