"""``engine.scenarios``: scenarios from a notebook or the command line; tables as Arrow or pandas, pictures, reports."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BadInputError, ScenarioError
from engine.geo.units import Units
from engine.scenarios import store
from engine.scenarios.files import RunPlan, files_named, template
from engine.scenarios.messages import lines
from engine.scenarios.model import Scenario, Simulation
from engine.scenarios.people_columns import with_named
from engine.scenarios.store import Run
from engine.scenarios.world import World
from engine.service.progress import Progress
from engine.service.scenario_given import Asked, asked_for, with_estimates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.scenarios.estimates.options import Options as EstimateOptions
    from engine.scenarios.estimates.tables import Estimates
    from engine.service.engine import Engine
    from engine.service.scenario_compare import Comparison

__all__ = ["Checked", "Results", "Scenarios", "template"]
AGENT_DAYS_PER_S = 5e7
"""What one core does at least, for estimates of how long it takes: measured on ordinary machines, rounded down."""


@dataclass(frozen=True)
class Results(Run):
    """What a scenario gave: ``tables`` by name (Arrow), the manifest, and the folder if one was asked for."""

    def pandas(self, name: str = "totals") -> Any:
        """A table as a pandas DataFrame (needs pandas): totals, daily, weekly, r, differences, replicates; study ..."""
        return self.frame(name)

    def picture(self, name: str = "infections", lang: str = "en") -> "Figure":
        """A picture of the runs as a matplotlib figure: see ``report.pictures.draw_comparison``.

        Raises:
            BadParameterError: no such picture, or no numbers for it.
        """
        from engine.scenarios.files import parse  # matplotlib takes a second
        from engine.scenarios.report.folder import RunFolder
        from engine.scenarios.report.pictures import draw_comparison

        there = RunFolder(self.folder or Path(), self.manifest, parse(self.text, "scenario"), self.tables, self.text)
        return draw_comparison(there, name, "vi" if lang == "vi" else "en")


@dataclass(frozen=True)
class Checked:
    """What a scenario would do."""

    asked: Asked
    people: int | None
    """None: not known without the data."""

    @property
    def replicate_days(self) -> int:
        """Days of all replicates of all runs; 0 for a study."""
        runs = [run.simulation for run in self.asked.plans if run.simulation is not None]
        return sum(run.days for run in runs) * self.asked.scenario.replicates

    @property
    def agent_days(self) -> int | None:
        """Days of all people in all replicates of all runs."""
        return None if self.people is None else self.people * self.replicate_days

    @property
    def seconds(self) -> float | None:
        """CPU time it may take, s; a rough guess."""
        return None if self.agent_days is None else self.agent_days / AGENT_DAYS_PER_S

    @property
    def files(self) -> tuple[str, ...]:
        """Files it reads."""
        return files_named(self.asked.scenario)


class Scenarios:
    """Scenarios over what an engine knows; without an engine over tables of contacts alone."""

    def __init__(self, engine: "Engine | None" = None) -> None:
        self._engine = engine

    # -- before ---------------------------------------------------------------------------------------------

    def check(
        self,
        scenario: Scenario | Path | str,
        variants: Sequence[str] | None = None,
        replicates: int | None = None,
        seed: int | None = None,
        sensitivity: str | None = None,
    ) -> Checked:
        """Read a scenario and say what it would do; the files it names must be there and be right.

        Raises:
            ScenarioError: it has mistakes, one line each.
            BadInputError: a file that it names cannot be used.
        """
        asked = asked_for(scenario, variants, replicates, seed, sensitivity)
        asked.need_files()
        people = None
        if asked.scenario.simulation is not None and (self._engine is not None or not asked.observed):
            people, wrong = 0, list[str]()
            worlds: dict[str, list[RunPlan]] = {}
            for plan in asked.plans:
                worlds.setdefault("" if plan.simulation is None else world_key(plan.simulation), []).append(plan)
            for plans in worlds.values():
                first = plans[0].simulation
                if first is None:
                    continue
                world = self.world(first, asked.base)
                people = max(people, world.people)
                wrong += _mistakes(asked, world, plans)
            if wrong:
                raise ScenarioError(lines(wrong))
        return Checked(asked, people)

    def world(self, simulation: Simulation, base: Path = Path(), workers: int = 2,
              progress: Progress | None = None) -> World:  # fmt: skip
        """The world of a run. ``base``: the folder from which paths of files count.

        Raises:
            BadInputError: it needs what an engine knows and there is none; nothing was observed; a file is wrong.
        """
        # Both come with the grid and the polygons, which a table of contacts needs not.
        from engine.scenarios.contacts_table import world_of_table
        from engine.service.scenario_world import world_for

        population = simulation.population
        if population.observed is None:
            world, keys = world_of_table(population, base)
        else:
            engine = self._needed("population.observed")
            past = population.observed.as_of
            state = (engine if past is None else engine.at(past)).snapshot()
            tell = None if progress is None else lambda done, total: progress("world", done / max(1, total))
            units: Units = engine.areas()
            world, keys = world_for(state, units, population, None, base, tell, workers)
        named = simulation.initial.people
        return with_named(world, keys, named) if named else world

    def _checked_world(self, asked: Asked, simulation: Simulation, workers: int, progress: Progress | None) -> World:
        """The world of a run, in which all runs of that world can be made.

        Raises:
            ScenarioError: a line for each thing that cannot be done in it.
        """
        world, key = self.world(simulation, asked.base, workers, progress), world_key(simulation)
        plans = [p for p in asked.plans if p.simulation is not None and world_key(p.simulation) == key]
        if wrong := _mistakes(asked, world, plans):
            raise ScenarioError(lines(wrong))
        return world

    def _needed(self, what: str) -> "Engine":
        if self._engine is None:
            raise BadInputError(f"{what} needs the data of an engine: give a data folder, a database or event files")
        return self._engine

    # -- running --------------------------------------------------------------------------------------------

    def run(
        self,
        scenario: Scenario | Path | str,
        folder: Path | str | None = None,
        variants: Sequence[str] | None = None,
        replicates: int | None = None,
        seed: int | None = None,
        workers: int = 2,
        progress: Progress | None = None,
        sensitivity: str | None = None,
        force: bool = False,
        reports: bool = True,
        command: str | None = None,
    ) -> Results:
        """Run a scenario: every variant at every point of its sweep.

        Args:
            scenario: a path of a file, or a scenario.
            folder: where results and reports go; None: results in memory only.
            variants: only these; ``replicates``, ``seed``: instead of the file's.
            workers: threads; the answer is the same for any number.
            progress: told (what, share done).
            sensitivity: a named grid of the file, in place of its ``sweep``.
            force: write over another scenario's results.
            reports: write the reports in both languages (with ``folder``).
            command: the command line, for the report.

        Interrupted, and called again with the same ``folder``, it goes on from the last whole batch; finished results
        of the same scenario and data are given back.

        Raises:
            ScenarioError: the scenario has mistakes.
            BadInputError: data or files that it needs are not there.
            RunFolderError: the folder holds something else.
            StorageFullError: no room.
        """
        # The kernels, and scipy's statistics, take seconds: not for those who never simulate.
        from engine.scenarios.running import Options, run_scenario

        asked = self._estimated(asked_for(scenario, variants, replicates, seed, sensitivity), progress)
        asked.need_files()
        where = None if folder is None else Path(folder)
        write = write_reports if reports and where is not None else None
        about = asked.told | ({} if command is None else {"command": command, "cwd": str(Path.cwd())})
        if asked.scenario.simulation is None:
            from engine.service.scenario_study import run_policy_study  # its kernels

            found = run_policy_study(self._needed("study"), asked, where, workers, progress, force, write, about)
            return Results(**vars(found))
        tell = None if progress is None else lambda done, total: progress("run", done / max(1, total))
        options = Options(workers=workers, progress=tell, force=force, text=asked.text, report=write, about=about)

        def world_of(simulation: Simulation) -> World:
            return self._checked_world(asked, simulation, workers, progress)

        run = run_scenario(asked.scenario, asked.plans, world_of, where, options)
        return Results(**vars(run))

    def _estimated(self, asked: Asked, progress: Progress | None) -> Asked:
        """With the settings that ``estimate`` of the scenario wants from the data."""
        names = asked.scenario.estimate
        if not names:
            return asked
        from engine.scenarios.estimates.tables import settings_from, told_settings

        found = self.estimate(progress=progress, what=("settings",))
        values = settings_from(found, names)
        scenario = with_estimates(asked.scenario, values)
        return replace(asked, scenario=scenario, told={"estimated": told_settings(found, names)})

    # -- after ------------------------------------------------------------------------------------------------

    def compare(self, *folders: Path | str) -> "Comparison":
        """Runs of several folders side by side; see :func:`engine.service.scenario_compare.compare`."""
        from engine.service.scenario_compare import compare  # scipy's statistics take a second

        return compare([Path(folder) for folder in folders])

    def report(self, folder: Path | str, lang: str = "en") -> Path:
        """Write the reports of a run folder anew, both languages; where the one of ``lang`` is.

        Raises:
            RunFolderError: no results there, or damaged ones.
        """
        store.add_files(Path(folder), write_reports)
        return Path(folder) / f"report.{'vi' if lang == 'vi' else 'en'}.html"

    def read(self, folder: Path | str) -> Results:
        """Results of a run folder. Raises ``RunFolderError`` as :func:`engine.scenarios.store.read_run`."""
        return Results(**vars(store.read_run(Path(folder))))

    def estimate(self, options: "EstimateOptions | None" = None, progress: Progress | None = None,
                 what: Sequence[str] | None = None) -> "Estimates":  # fmt: skip
        """What the engine's cases tell: R_t, serial interval, offspring, delays, settings (``truyvet estimate``).

        ``what``: only these parts. Raises ``BadInputError`` when there are no cases.
        """
        from engine.scenarios.estimates.options import Options as EstimateOptions  # takes a moment
        from engine.service.estimating import estimate

        engine = self._needed("estimate")
        asked = options or EstimateOptions()
        asked = asked if what is None else replace(asked, what=tuple(what))
        tell = (lambda share: None) if progress is None else (lambda share: progress("estimate", share))
        return estimate(engine, asked, tell, engine.areas())


def _mistakes(asked: Asked, world: World, plans: Sequence[RunPlan]) -> list[str]:
    """What cannot be done in the world of these runs, a line each."""
    from engine.scenarios.plan_checks import mistakes  # its kernels

    found = ((plan, mistakes(world, plan.simulation)) for plan in plans if plan.simulation is not None)
    return [line for plan, wrong in found for line in asked.lines(plan, wrong)]


def world_key(simulation: Simulation) -> str:
    """Equal for runs that live in one world."""
    population = simulation.population.model_copy(update={"remove": ()})
    named = simulation.initial.people
    return hashlib.sha256(f"{population.model_dump_json()}{named}".encode()).hexdigest()[:32]


def write_reports(folder: Path) -> None:
    """Both reports of a run folder. Raises as :func:`engine.scenarios.report.page.write_report`."""
    from engine.scenarios.report.page import write_report  # matplotlib and jinja2

    for name in ("vi", "en"):
        write_report(folder, "vi" if name == "vi" else "en")
