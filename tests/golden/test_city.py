"""A small seeded city answers as it did: a change here is on purpose, and a line under *results* in CHANGELOG.md.

To accept new answers: ``python -m tests.golden.test_city`` rewrites city.json.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.city.build import CityPlan, build_city
from engine.service.engine import Engine, Settings

GOLDEN = Path(__file__).with_name("city.json")
PLAN = CityPlan(people=700, days=6, seed=8)
CASES = 4


def answers(folder: Path) -> dict[str, object]:
    made = build_city(PLAN, folder)
    engine = Engine.open(Settings(data=None))
    engine.ingest_paths([folder])
    cases = [c.person for c in engine.cases()]
    traces = {}
    for case in cases[:CASES]:
        rows = engine.exposures(case, depth=3).rows
        traces[case] = {
            "levels": [sum(r.level == k for r in rows) for k in (1, 2, 3)],
            "minutes": round(sum(r.minutes for r in rows), 3),
            "probability": round(sum(r.probability for r in rows), 9),
            "first": [[r.person, r.level, r.first_exposed_at, r.via] for r in rows[:5]],
            "sources": [[r.person, round(r.probability, 9)] for r in engine.sources(case).rows[:5]],
        }
    hexes = {str(k): round(float(engine.hexes(k).infectious_h.sum()), 6) for k in (7, 8, 9, 10)}
    clusters = [[c.place, c.t_start, c.t_end, list(c.cases)] for c in engine.clusters()[:5]]
    return {"events": made.events, "cases": cases, "traces": traces, "hexes": hexes, "clusters": clusters}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return json.loads(json.dumps(answers(tmp_path_factory.mktemp("city"))))


@pytest.mark.parametrize("part", ["events", "cases", "clusters"])
def test_the_city_is_as_it_was(found: dict[str, object], part: str) -> None:
    assert found[part] == json.loads(GOLDEN.read_text())[part]


def test_infectious_hours_are_as_they_were(found: dict[str, object]) -> None:
    assert found["hexes"] == pytest.approx(json.loads(GOLDEN.read_text())["hexes"], rel=1e-6)


def test_traces_are_as_they_were(found: dict[str, object]) -> None:
    golden = json.loads(GOLDEN.read_text())["traces"]
    assert set(golden) == set(found["traces"])
    for case, want in golden.items():
        got = found["traces"][case]
        assert [got["levels"], got["first"]] == [want["levels"], want["first"]]
        assert [got["minutes"], got["probability"]] == pytest.approx([want["minutes"], want["probability"]], rel=1e-6)
        assert [p for p, _ in got["sources"]] == [p for p, _ in want["sources"]]


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        GOLDEN.write_text(json.dumps(answers(Path(folder)), indent=1) + "\n")
