"""One small city for all tests here: in memory (with its true movements) and as files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.city.build import BlockDay, CityPlan, Simulation, build_city

PLAN = CityPlan(people=900, days=7, seed=4)


@dataclass(frozen=True)
class World:
    sim: Simulation
    days: list[BlockDay]

    def stays(self):
        """(day, person, place, start, end) columns of all days."""
        day = np.concatenate([np.full(len(d.stays.person), d.day) for d in self.days])
        columns = [
            np.concatenate([getattr(d.stays, c) for d in self.days]) for c in ("person", "place", "start", "end")
        ]
        return (day, *columns)


def run(plan: CityPlan) -> World:
    sim = Simulation(plan)
    return World(sim, list(sim.days()))


@pytest.fixture(scope="session")
def world() -> World:
    return run(PLAN)


@pytest.fixture(scope="session")
def blocks() -> World:
    """A city of four blocks, so that people visit each other's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.city.population.BLOCK_PEOPLE", 250)
        return run(CityPlan(people=1000, days=5, seed=5))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("city")
    build_city(PLAN, out)
    return out
