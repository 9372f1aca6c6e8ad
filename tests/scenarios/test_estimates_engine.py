"""Estimates of an engine's own cases, on one small city whose truth is known."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.city.build import CityPlan, build_city
from engine.errors import BadInputError, UnreadableFileError
from engine.scenarios.estimates.cases import best_sources
from engine.scenarios.estimates.options import Options
from engine.service.engine import Engine, Settings
from engine.service.estimating import case_list, days_of, estimate, found_contacts, links_of, truth_links


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("city")
    build_city(CityPlan(people=600, days=8, seed=4), path)
    return path


@pytest.fixture(scope="module")
def engine(folder):
    engine = Engine.open(Settings(data=None))
    engine.ingest_paths([folder])
    return engine


def test_cases_have_the_dates_of_the_engine(engine):
    cases, rows = case_list(engine), engine.cases()
    assert list(cases.people) == [r.person for r in rows]
    for name in ("onset", "sampled", "confirmed", "isolated"):
        told = days_of([getattr(r, f"{name}_at") for r in rows])
        assert np.array_equal(cases.date(name), told, equal_nan=True)
    # 2021-07-01 00:00 in Viet Nam is 17:00 UTC of the day before.
    assert days_of([1_625_072_400]).tolist() == [18_809.0]


def test_candidates_are_cases_with_shares_and_the_best_make_a_forest(engine):
    cases = case_list(engine)
    links = links_of(engine, cases)
    assert len(links)
    assert (links.infected != links.infector).all()
    total = np.bincount(links.infected, links.share, len(cases))
    assert (total <= 1 + 1e-9).all()
    best = best_sources(cases, links, 0.5)
    assert len(np.unique(best.infected)) == len(best)
    parent = dict(zip(best.infected.tolist(), best.infector.tolist(), strict=True))
    for start in parent:
        seen, at = set(), start
        while at in parent:
            assert at not in seen
            seen.add(at)
            at = parent[at]


def test_contacts_are_found_after_a_confirmation(engine):
    cases = case_list(engine)
    found = found_contacts(engine, cases)
    assert (found.delay >= 0).all()
    assert np.isfinite(cases.date("confirmed")[found.case]).all()


def test_the_truth_is_that_of_the_file(folder):
    cases, links = truth_links(folder)
    table = pq.read_table(folder / "truth" / "infections.parquet")
    told = zip(table["infector"].to_pylist(), table["infected"].to_pylist(), strict=True)
    got = {(cases.people[a], cases.people[b]) for a, b in zip(links.infector, links.infected, strict=True)}
    assert got == {(a, b) for a, b in told if a is not None}
    assert cases.imported.sum() == table["infector"].null_count
    generation = cases.date("infected")[links.infected] - cases.date("infected")[links.infector]
    assert (generation >= 1).all()  # nobody infects within a day of infection
    with pytest.raises(UnreadableFileError):
        truth_links(folder / "truth" / "nothing")


def test_guessed_links_never_make_the_serial_interval_of_r(engine):
    found = estimate(engine)
    keys = {n.key for n in found.notes}
    assert "estimate.note.guessed" in keys
    assert "estimate.note.serial_found" not in keys
    drawn = estimate(engine, Options(what=("offspring",), attribution="drawn", recent_days=0))
    again = estimate(engine, Options(what=("offspring",), attribution="drawn", recent_days=0))
    assert drawn.offspring == again.offspring


def test_without_cases_there_is_nothing_to_estimate():
    with pytest.raises(BadInputError):
        estimate(Engine.open(Settings(data=None)))
