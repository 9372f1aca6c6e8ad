"""A whole scenario: the same tables whatever happened on the way, progress over everything, one folder at the end."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.errors import BadInputError, CancelledError, RunFolderError, StorageFullError
from engine.scenarios import store
from engine.scenarios.contacts_table import world_of_table
from engine.scenarios.ensemble import Replicate
from engine.scenarios.files import parse, runs_of
from engine.scenarios.model import Scenario, Simulation
from engine.scenarios.outcome import Outcome
from engine.scenarios.running import Options, run_scenario, simulator
from engine.scenarios.world import World
from tests.journal.test_no_room import mounted
from tests.scenarios.ensembles import outcome

TEXT = """
name: two-variants
replicates: 40
chains: true
simulation:
  days: 20
  seed: 3
  initial: {infected: 2}
  population: {table: {file: contacts.csv, day: null, weight: weight, people: 200}}
  transmission: {scale: 0.3, profile: flat}
variants:
  - {name: nothing}
  - name: tracing
    set:
      measures.isolation: {delay: {fixed: 1}}
      measures.quarantine: {}
      measures.tracing: {methods: [{ascertainment: 0.5}]}
sweep:
  transmission.scale: [0.1, 0.3]
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("input")
    rng = np.random.default_rng(2)
    pairs = {tuple(sorted(pair)) for pair in rng.integers(0, 60, (200, 2)).tolist() if pair[0] != pair[1]}
    rows = "".join(f"nobody-{a},nobody-{b},1\n" for a, b in sorted(pairs))
    (folder / "contacts.csv").write_text("person,other,weight\n" + rows)
    return folder


@pytest.fixture(scope="module")
def world(base: Path) -> World:
    return world_of_table(scenario().simulation.population, base)[0]  # type: ignore[union-attr]  # a simulation


def scenario(**change: object) -> Scenario:
    return parse(TEXT, "two.yml").model_copy(update=change)


def made_up(world: World, simulation: Simulation, chains: bool) -> Replicate:
    """A simulator that knows nothing of the model; how it spreads depends on the seed and the scale."""
    seed = simulation.seed + int(10 * simulation.transmission.scale)
    return lambda replicate: outcome(replicate, simulation.days, seed, chains, world.people)


def run(
    world: World, folder: Path | None, given: Scenario | None = None, made: Any = made_up, **more: Any
) -> store.Run:
    given = given or scenario()
    return run_scenario(given, runs_of(given), lambda _: world, folder, Options(text=TEXT, **more), made)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))}


def counted(made: list[int], until: int | None = None) -> Callable[[World, Simulation, bool], Replicate]:
    """``made_up`` that notes what it makes, and dies at a number of replicates."""

    def simulator(world: World, simulation: Simulation, chains: bool) -> Replicate:
        one = made_up(world, simulation, chains)

        def noted(replicate: int) -> Outcome:
            made.append(replicate)
            if until is not None and len(made) > until:
                raise MemoryError
            return one(replicate)

        return noted

    return simulator


def test_the_folder(world: World, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    result = run(world, tmp_path / "out", progress=lambda done, of: told.append((done, of)), about={"command": "x"})
    names = ["nothing,transmission.scale=0.1", "nothing,transmission.scale=0.3"]
    names += [name.replace("nothing", "tracing") for name in names]
    manifest = store.read_run(tmp_path / "out").manifest
    assert manifest == result.manifest
    assert [about["name"] for about in manifest["runs"]] == names
    assert {about["replicates"] for about in manifest["runs"]} == {40}
    assert (manifest["seed"], manifest["people"], manifest["days"]) == (3, 200, 20)
    assert manifest["baseline"] == "nothing"
    assert manifest["command"] == "x"
    assert set(manifest["versions"]) >= {"python", "numpy", "numba", "truyvet"}
    tables = {"totals", "daily", "weekly", "r", "differences", "replicates"}
    assert set(result.tables) == tables
    assert set(manifest["files"]) == {"scenario.yml", "chains.parquet", *(f"{name}.parquet" for name in tables)}
    assert (tmp_path / "out" / "scenario.yml").read_text() == TEXT
    assert pq.read_table(tmp_path / "out" / "chains.parquet")["variant"].unique().to_pylist() == names
    assert told[0] == (0, 160)
    assert told[-1] == (160, 160)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_the_file_gives_stays_given_even_where_it_is_the_default(world: World, tmp_path: Path) -> None:
    given = parse(TEXT.replace("  seed: 3", "  seed: 1\n  course: {recovery: {fixed: 14}}"), "two.yml")
    result = run_scenario(given, runs_of(given), lambda _: world, tmp_path / "out", Options(), made_up)
    again = parse(result.text, "again")
    assert again == given
    assert again.simulation.model_fields_set == given.simulation.model_fields_set  # type: ignore[union-attr]  # a simulation
    assert "latent" not in result.text


def test_no_key_of_a_person_is_in_any_table(world: World, tmp_path: Path) -> None:
    run(world, tmp_path / "out")
    for path in (tmp_path / "out").glob("*.parquet"):
        assert "nobody-" not in pq.read_table(path).to_pandas().to_csv(), path.name


@pytest.mark.parametrize("kept", [25, 130])
def test_dead_cancelled_and_resumed_is_the_same_bytes(world: World, tmp_path: Path, kept: int) -> None:
    run(world, tmp_path / "whole", workers=1)
    made: list[int] = []
    with pytest.raises(MemoryError):
        run(world, tmp_path / "out", made=counted(made, kept))
    assert not (tmp_path / "out").exists()
    asked = iter(range(1_000_000))
    with pytest.raises(CancelledError):
        run(world, tmp_path / "out", made=counted(made), cancelled=lambda: next(asked) > 30)
    rest: list[int] = []
    run(world, tmp_path / "out", made=counted(rest), workers=3)
    assert len(rest) < 160 - 15
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


def test_what_is_there_already_is_given_back(world: World, tmp_path: Path) -> None:
    made: list[int] = []
    first = run(world, tmp_path / "out", made=counted(made))
    made.clear()
    again = run(world, tmp_path / "out", made=counted(made))
    assert not made
    assert again.manifest == first.manifest
    # Other data, or a damaged table: made again.
    (tmp_path / "out" / "totals.parquet").write_bytes(b"")
    run(world, tmp_path / "out", made=counted(made))
    assert len(made) == 160
    made.clear()
    run(dataclasses.replace(world, named=(3,)), tmp_path / "out", made=counted(made))
    assert len(made) == 160
    with pytest.raises(RunFolderError, match="another scenario"):
        run(world, tmp_path / "out", scenario(replicates=8))
    run(world, tmp_path / "out", scenario(replicates=8), force=True)
    assert store.read_run(tmp_path / "out").manifest["replicates"] == 8


def test_notes_among_results_are_found_before_the_work(world: World, tmp_path: Path) -> None:
    run(world, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    made: list[int] = []
    assert run(world, tmp_path / "out", made=counted(made)).folder == tmp_path / "out"  # given back
    with pytest.raises(RunFolderError, match=r"notes\.txt"):
        run(world, tmp_path / "out", scenario(replicates=8), made=counted(made), force=True)
    assert not made


def test_a_folder_of_somebody_elses_is_not_taken_for_unfinished_work(world: World, tmp_path: Path) -> None:
    (tmp_path / "out.unfinished").mkdir()
    (tmp_path / "out.unfinished" / "thesis.txt").write_text("mine")
    with pytest.raises(RunFolderError, match=r"holds thesis\.txt; move it"):
        run(world, tmp_path / "out")
    assert (tmp_path / "out.unfinished" / "thesis.txt").read_text() == "mine"


def test_without_a_folder_the_tables_come_back(world: World, tmp_path: Path) -> None:
    result = run(world, None)
    assert result.folder is None
    assert set(result.tables) == {"totals", "daily", "weekly", "r", "differences", "replicates", "chains"}
    run(world, tmp_path / "out")
    for name, table in store.read_run(tmp_path / "out").tables.items():
        assert table.equals(result.tables[name])


def test_worlds_are_made_once_for_runs_that_share_a_population(world: World) -> None:
    calls: list[Simulation] = []

    def world_of(simulation: Simulation) -> World:
        calls.append(simulation)
        return world

    run_scenario(scenario(), runs_of(scenario()), world_of, None, None, made_up)
    assert len(calls) == 1


def test_runs_of_different_lengths_share_the_tables(world: World) -> None:
    result = run(world, None, scenario(sweep={"days": (8, 20)}))
    replicates = result.frame("replicates")
    short = replicates["variant"].str.endswith("days=8")
    assert replicates.loc[short, "quarantined_week_2"].isna().all()
    assert replicates.loc[~short, "quarantined_week_2"].notna().all()


def test_a_study_is_refused(world: World) -> None:
    given = scenario()
    plans = [dataclasses.replace(plan, simulation=None) for plan in runs_of(given)]
    for nothing in ([], plans):
        with pytest.raises(BadInputError, match="nothing to simulate"):
            run_scenario(given, nothing, lambda _: world, None, None, made_up)


@pytest.fixture
def disk() -> Iterator[Path]:
    yield from mounted("900k")


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(world: World, disk: Path, tmp_path: Path) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 800_000)
    with pytest.raises(StorageFullError, match="goes on where it stopped"):
        run(world, disk / "out")
    ballast.unlink()
    rest: list[int] = []
    run(world, disk / "out", made=counted(rest))
    assert len(rest) < 160
    assert store.read_run(disk / "out").manifest["replicates"] == 40


# -- the compiled model ----------------------------------------------------------------------------------


def test_the_compiled_model_gives_the_same_for_any_number_of_workers(world: World, tmp_path: Path) -> None:
    for workers in (1, 2, 3):
        run(world, tmp_path / str(workers), made=simulator, workers=workers)
    assert digests(tmp_path / "1") == digests(tmp_path / "2") == digests(tmp_path / "3")
    totals = store.read_run(tmp_path / "1").frame("totals").set_index(["variant", "measure"])["mean"]
    nothing, tracing = (totals[f"{v},transmission.scale=0.3"] for v in ("nothing", "tracing"))
    assert nothing["attack_rate"] > tracing["attack_rate"] > 0.01
    assert tracing["person_days_quarantine"] > 0 == nothing["person_days_quarantine"]


def test_the_chains_of_the_compiled_model_are_its_numbers(world: World, tmp_path: Path) -> None:
    result = run(world, None, made=simulator)
    chains, replicates = result.frame("chains"), result.frame("replicates")
    sizes = chains.groupby(["variant", "replicate"], observed=True).size()
    assert (
        sizes.tolist()
        == (replicates.set_index(["variant", "replicate"]).loc[sizes.index, "attack_rate"] * 200)
        .round()
        .astype(int)
        .tolist()
    )
    offspring = chains[chains["infector"] >= 0].groupby("variant", observed=True).size()
    local = replicates.assign(local=replicates["infections"] - replicates["outside_infections"] - 2)
    assert offspring.to_dict() == local.groupby("variant")["local"].sum().to_dict()
