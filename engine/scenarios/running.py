"""A whole scenario: every run an ensemble, then one folder of results. For command line, notebooks and jobs alike."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import to_jsonable_python

from engine.clock import Clock, system_clock, to_rfc3339
from engine.errors import BadInputError, BadParameterError, CancelledError, RunFolderError
from engine.scenarios import chains, store
from engine.scenarios.chains import Chains
from engine.scenarios.differences import differences_table
from engine.scenarios.ensemble import Ensemble, Replicate, Simulator, Wish, run_replicates
from engine.scenarios.files import RunPlan, scenario_hash, written
from engine.scenarios.fingerprint import fingerprint
from engine.scenarios.generation import generation_interval
from engine.scenarios.model import Scenario, Simulation
from engine.scenarios.plan import prepare
from engine.scenarios.records import resumable
from engine.scenarios.run_one import simulate
from engine.scenarios.summary import Values, summarise
from engine.scenarios.world import World

WorldOf = Callable[[Simulation], World]
"""The world of a run's `population` and `initial`; called once for runs that share both."""
UNFINISHED = ".unfinished"
"""Beside the folder of results: what is finished of a run that is not."""
_PART = re.compile(r"[0-9a-f]{32}(\.records)?")
"""Names of what lies in it."""


@dataclass(frozen=True)
class Options:
    """How a scenario is run; nothing here changes an answer."""

    workers: int = 2
    progress: Callable[[int, int], None] | None = None
    """Told (replicates done, replicates at most) over all runs; what an early stop saves counts as done."""
    cancelled: Callable[[], bool] | None = None
    force: bool = False
    """Write over another scenario's results."""
    text: str | None = None
    """The file as given; by default the scenario written out."""
    report: Callable[[Path], object] | None = None
    """Writes the reports into the finished folder."""
    about: dict[str, Any] = field(default_factory=dict)
    """More entries of the manifest: command, source of the data, estimated settings."""
    clock: Clock = system_clock


def simulator(world: World, simulation: Simulation, with_chains: bool) -> Replicate:
    """The replicates of the compiled model."""
    prepared = prepare(world, simulation)
    return lambda replicate: simulate(world, simulation, replicate, with_chains, prepared)


def run_scenario(scenario: Scenario, plans: Sequence[RunPlan], world_of: WorldOf, folder: Path | None,
                 options: Options | None = None, simulator: Simulator = simulator) -> store.Run:  # fmt: skip
    """Run every plan and write the run folder; with ``folder`` None the tables come back and nothing stays.

    A run that was cancelled or killed goes on from its last whole batch when it is called again with the same folder:
    what is finished lies in ``FOLDER.unfinished``. The tables are the same bytes, however often that happened and
    whatever the number of workers. Results of the same scenario, data and program that are there are given back.

    Raises:
        CancelledError: on request.
        RunFolderError: the folder holds something else, or another run is at it.
        StorageFullError: no room; run it again to go on.
        BadInputError: a policy study (``engine.service.policy_study``), or no runs.

    Cost: the replicates over the workers; memory of the worlds of two runs, a batch, and the tables.
    """
    options = options or Options()
    if not plans or any(plan.simulation is None for plan in plans):
        raise BadInputError("there is nothing to simulate: the scenario needs simulation and at least one variant")
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="truyvet-run-") as there:
            run = _run(scenario, plans, world_of, Path(there) / "run", options, simulator)
            return store.Run(None, run.manifest, run.tables | _loaded(there), run.text)
    folder = folder.resolve()
    store.may_write(folder, scenario_hash(scenario), options.force)
    return _run(scenario, plans, world_of, folder, options, simulator)


def _loaded(there: str) -> dict[str, pa.Table]:
    path = Path(there) / "run" / "chains.parquet"
    return {"chains": pq.read_table(path)} if path.exists() else {}


def _run(scenario: Scenario, plans: Sequence[RunPlan], world_of: WorldOf, folder: Path, options: Options,
         simulator: Simulator) -> store.Run:  # fmt: skip
    work = folder.with_name(folder.name + UNFINISHED)
    with store.alone(work):
        _only_ours(work)
        job = _Job(scenario, plans, _Worlds(world_of), work, options, simulator)
        there = job.already(folder)
        if there is None:
            store.only_ours(folder)
            there = job.run(folder)
        shutil.rmtree(work, ignore_errors=True)
    return there


def _only_ours(work: Path) -> None:
    """Refuse a folder that holds what is not ours: it is taken away at the end."""
    other = sorted(path.name for path in work.iterdir() if not _PART.fullmatch(path.name))
    if other or work.is_symlink():
        what = other[0] if other else "a link"
        raise RunFolderError(
            f"{work} is for what is unfinished of a run, but holds {what}; move it, or choose another --out"
        )


class _Worlds:
    """The worlds of the last two populations, with their fingerprints."""

    def __init__(self, world_of: WorldOf) -> None:
        self.world_of = world_of
        self.held: dict[str, tuple[World, str]] = {}

    def of(self, simulation: Simulation) -> tuple[World, str]:
        """The world of a run and its fingerprint."""
        key = simulation.population.model_dump_json() + simulation.initial.model_dump_json()
        if key not in self.held:
            while len(self.held) > 1:
                self.held.pop(next(iter(self.held)))
            world = self.world_of(simulation)
            self.held[key] = world, fingerprint(world)
        return self.held[key]


class _Job:
    """One call: plans, what is known of each, and where it is kept."""

    def __init__(self, scenario: Scenario, plans: Sequence[RunPlan], worlds: _Worlds, work: Path, options: Options,
                 simulator: Simulator) -> None:  # fmt: skip
        self.scenario, self.plans, self.worlds, self.work = scenario, plans, worlds, work
        self.options, self.simulator = options, simulator
        self.done = 0
        """Replicates of the runs before this one."""
        self.parts: dict[str, list[pa.Table]] = {}
        self.values: dict[str, Values] = {}
        self.about: list[dict[str, Any]] = []

    def run(self, folder: Path) -> store.Run:
        """Make everything and write the folder."""
        began, clock = self.options.clock(), perf_counter()
        for plan in self.plans:
            self._one(plan)
        # Tables of runs with different lengths have different columns of weeks.
        tables = {k: pa.concat_tables(parts, promote_options="default") for k, parts in self.parts.items()}
        tables["differences"] = differences_table(self.values, self.plans, self.baseline)
        manifest = self._wish() | {
            "data": self._data(),
            "people": self.about[0]["people"],
            "days": self.about[0]["days"],
            "started_at": to_rfc3339(began),
            "finished_at": to_rfc3339(self.options.clock()),
            "elapsed_s": round(perf_counter() - clock, 3),
            "workers": self.options.workers,
            "runs": self.about,
        }
        fill = self._write_chains if self.scenario.chains else None
        return store.write_run(folder, manifest | self.options.about, tables, self._text(), fill=fill,
                               force=self.options.force, report=self.options.report)  # fmt: skip

    def already(self, folder: Path) -> store.Run | None:
        """The same results, when they are there."""
        try:
            manifest = store.read_manifest(folder)
            if any(manifest.get(key) != value for key, value in self._wish().items()):
                return None
            data = {plan.name: self._world(plan)[1] for plan in self.plans}
            if data != {run["name"]: run["data"] for run in manifest["runs"]}:
                return None
            run = store.read_run(folder)
            return run if run.text == self._text() else None
        except (BadInputError, KeyError, TypeError):
            return None

    @property
    def baseline(self) -> str:
        """The variant the others are compared with."""
        return self.scenario.baseline or self.scenario.variants[0].name

    def _one(self, plan: RunPlan) -> None:
        with self._ensemble(plan) as ensemble:
            tables, self.values[plan.name] = summarise(plan.name, ensemble, generation_interval(_simulation(plan)))
            for name, table in tables.items():
                self.parts.setdefault(name, []).append(table)
            self.about.append(
                {
                    "name": plan.name,
                    "variant": plan.variant,
                    "values": to_jsonable_python(plan.values),
                    "hash": plan.hash,
                    "data": self._world(plan)[1],
                    "people": ensemble.people,
                    "days": ensemble.days,
                    "replicates": ensemble.count,
                    "stopped_early": ensemble.stopped_early,
                    "half_width": ensemble.half_width if ensemble.count > 1 else None,
                }
            )
        self.done += self.scenario.replicates

    @contextmanager
    def _ensemble(self, plan: RunPlan) -> Iterator[Ensemble]:
        simulation = _simulation(plan)
        if self.options.cancelled is not None and self.options.cancelled():
            raise CancelledError("cancelled; run it again to go on from the last whole batch")
        world, data = self._world(plan)
        identity: dict[str, object] = {"run": plan.hash, "data": data, "versions": store.versions()}
        wish = Wish(self.scenario.replicates, self.scenario.precision, self.scenario.chains, self.options.workers,
                    self._progress if self.options.progress else None, self.options.cancelled)  # fmt: skip
        with resumable(self._path(plan).with_suffix(".records"), simulation.days, identity) as records:
            one = self.simulator(world, simulation, self.scenario.chains)
            tree = Chains(self._path(plan)) if self.scenario.chains else None
            yield run_replicates(one, world.people, simulation.days, wish, records, tree)

    def _text(self) -> str:
        return self.options.text if self.options.text is not None else written(self.scenario)

    def _write_chains(self, folder: Path) -> None:
        with chains.start(folder / "chains.parquet") as writer:
            for about, plan in zip(self.about, self.plans, strict=True):
                Chains(self._path(plan)).write(plan.name, about["replicates"], writer)

    def _progress(self, done: int, _: int) -> None:
        if self.options.progress is not None:
            self.options.progress(self.done + done, self.scenario.replicates * len(self.plans))

    def _path(self, plan: RunPlan) -> Path:
        return self.work / plan.hash[:32]

    def _world(self, plan: RunPlan) -> tuple[World, str]:
        return self.worlds.of(_simulation(plan))

    def _data(self) -> Any:
        data = {about["name"]: about["data"] for about in self.about}
        return self.about[0]["data"] if len(set(data.values())) == 1 else data

    def _wish(self) -> dict[str, Any]:
        """What, beside the data, the results are a function of."""
        scenario = self.scenario
        return {
            "name": scenario.name,
            "kind": "simulation",
            "hash": scenario_hash(scenario),
            "seed": _simulation(self.plans[0]).seed,
            "replicates": scenario.replicates,
            "precision": to_jsonable_python(scenario.precision),
            "chains": scenario.chains,
            "baseline": self.baseline,
            "versions": store.versions(),
        }


def _simulation(plan: RunPlan) -> Simulation:
    if plan.simulation is None:
        raise BadParameterError(f"{plan.name} is a policy study, not a simulation")
    return plan.simulation
