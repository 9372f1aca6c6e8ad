"""A scenario as somebody asked for it: a file or an object, with what was chosen beside it, ready to be run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import BadParameterError, UnreadableFileError
from engine.scenarios.files import RunPlan, read, runs_of, scenario_hash, with_sensitivity
from engine.scenarios.messages import Mistake, lines
from engine.scenarios.model import Scenario, Simulation, Variant
from engine.scenarios.origins import told_of_run
from engine.scenarios.setting_paths import changed
from engine.scenarios.yaml_lines import Document, Where, load

DELAY, ISOLATION = "measures.isolation.delay", "measures.isolation"


@dataclass(frozen=True)
class Asked:
    """A scenario to run."""

    scenario: Scenario
    """With every choice in it."""
    text: str | None
    """The file as given, when nothing but a named grid was chosen beside it; None: written out from the scenario."""
    base: Path
    """Folder from which the paths of files in it count."""
    told: dict[str, Any] = field(default_factory=dict)
    """What the manifest tells besides: settings that were estimated."""
    document: Document | None = None
    """The file as it was read; None: a scenario made by hand."""
    grid: str = ""
    """The named grid that is run; empty: the sweep."""

    @property
    def plans(self) -> tuple[RunPlan, ...]:
        """Its runs."""
        return runs_of(self.scenario)

    @property
    def hash(self) -> str:
        """Of what it asks for."""
        return scenario_hash(self.scenario)

    @property
    def observed(self) -> bool:
        """Whether it needs what an engine knows."""
        runs = (run.simulation for run in self.plans)
        return any(run is None or run.population.observed is not None for run in runs)

    def lines(self, plan: RunPlan, found: Iterable[Mistake]) -> list[str]:
        """Mistakes of one of its runs, with the lines of the file where they were written."""
        document = self.document or Document(None, self.scenario.name)
        return told_of_run(document, self.scenario, plan.variant, plan.values, self.grid, found)

    def need_files(self) -> None:
        """Refuse a scenario that names files which are not there.

        Raises:
            UnreadableFileError: a line for each.
        """
        wrong: list[str] = []
        for plan in self.plans:
            for path, name in _files(plan):
                if not (self.base / name).is_file():
                    text = f"there is no file {self.base / name}; its path is from the scenario file's folder"
                    wrong += self.lines(plan, [(path, text)])
        study, document = self.scenario.study, self.document or Document(None, self.scenario.name)
        if study is not None and study.truth is not None and not (self.base / study.truth).exists():
            text = f"there is no {self.base / study.truth}; its path is from the scenario file's folder"
            wrong.append(document.mistake(("study", "truth"), text))
        if wrong:
            raise UnreadableFileError(lines(wrong))


def _files(plan: RunPlan) -> Iterator[tuple[Where, str]]:
    """The tables that a run reads: path of the setting, and name."""
    who = plan.simulation.population if plan.simulation is not None else None
    if who is not None and who.table is not None:
        yield ("population", "table", "file"), who.table.file
    for setting in ("groups", "households"):
        name = getattr(who, setting, None)
        if name is not None:
            yield ("population", setting), name


def asked_for(
    given: Scenario | Path | str,
    variants: Sequence[str] | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    sensitivity: str | None = None,
) -> Asked:
    """The scenario with the choices in it.

    Inputs: ``given`` a path, or a scenario (its files are then looked for in the working folder); ``variants`` only
    these; ``sensitivity`` the named grid in place of ``sweep``.

    Raises:
        ScenarioError: the file has mistakes.
        BadParameterError: no such variant or grid; replicates or seed out of bounds.
    """
    if isinstance(given, Scenario):
        scenario, text, base, document = given, None, Path(), None
    else:
        path = Path(given)
        scenario, base = read(path), path.parent
        text = path.read_bytes().decode("utf-8-sig")
        document = load(text, str(path))
    if sensitivity is not None:
        scenario = with_sensitivity(scenario, sensitivity)
    chosen = _chosen(scenario, variants, replicates, seed)
    whole = text if chosen is scenario else None
    return Asked(chosen, whole, base, document=document, grid=sensitivity or "")


def _chosen(scenario: Scenario, variants: Sequence[str] | None, replicates: int | None, seed: int | None) -> Scenario:
    new: dict[str, Any] = {}
    if variants:
        there = {v.name: v for v in scenario.variants}
        for name in variants:
            if name not in there:
                raise BadParameterError(f"{scenario.name} has no variant {name!r}; there are {', '.join(there)}")
        new["variants"] = tuple(v for v in scenario.variants if v.name in variants)
        new["baseline"] = scenario.baseline if scenario.baseline in variants else None
        new["sensitivity"] = {}
    if replicates is not None:
        if not 1 <= replicates <= 100_000:
            raise BadParameterError(f"replicates is {replicates}: give 1 to 100000")
        new["replicates"] = replicates
    if seed is not None:
        if seed < 0:
            raise BadParameterError(f"seed is {seed}: give a whole number from 0")
        if scenario.simulation is None:
            raise BadParameterError("seed: a policy study has none; its thinnings are numbered by `seeds`")
        new["simulation"] = scenario.simulation.model_copy(update={"seed": seed})
    return scenario.model_copy(update=new) if new else scenario


def with_estimates(scenario: Scenario, values: Mapping[str, object]) -> Scenario:
    """The scenario with estimated values in its base; what a variant or a sweep sets itself stays.

    ``values``: path -> value. The delay of isolation goes where isolation is: into the base, and into variants that
    begin it without a delay of their own.
    """
    base = scenario.simulation
    if base is None or not values:
        return scenario
    here = {path: value for path, value in values.items() if path != DELAY or base.measures.isolation is not None}
    new: dict[str, Any] = {"simulation": Simulation.model_validate(changed(base, here))}
    if DELAY in values and base.measures.isolation is None:
        new["variants"] = tuple(_delayed(variant, values[DELAY]) for variant in scenario.variants)
    return scenario.model_copy(update=new)


def _delayed(variant: Variant, delay: object) -> Variant:
    begins = any(path == ISOLATION or path.startswith(f"{ISOLATION}.") for path in variant.set)
    whole = variant.set.get(ISOLATION)
    own = any(path == DELAY or path.startswith(f"{DELAY}.") for path in variant.set)
    own = own or (isinstance(whole, Mapping) and "delay" in whole)
    if not begins or own or (ISOLATION in variant.set and whole is None):
        return variant
    return variant.model_copy(update={"set": {**variant.set, DELAY: delay}})
