"""What a scenario file says: pydantic models, frozen, nothing unknown let through.

A scenario is a base (`population`, `course`, `transmission`, `measures` ...), `variants` that change single settings
of it by dotted path, and `sweep`, a grid of values over paths. Every combination is a run.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine import params
from engine.scenarios.model_measures import (
    CapacityLimit,
    Closure,
    Isolation,
    Lockdown,
    Masks,
    Measures,
    Quarantine,
    Span,
    Testing,
    Tracing,
    TracingMethod,
    Vaccination,
)
from engine.scenarios.model_parts import (
    AtLeast0,
    Code,
    Count,
    Distribution,
    Flag,
    Name,
    Part,
    Positive,
    SettingPath,
    Share,
    Text,
    Whole,
    fixed,
)
from engine.scenarios.model_population import ContactTable, Observed, Population, Removal
from engine.scenarios.model_study import PolicyStudy, PolicyVariant

__all__ = [
    "CapacityLimit",
    "Closure",
    "ContactTable",
    "Course",
    "Distribution",
    "Grid",
    "HalfNormal",
    "Initial",
    "Isolation",
    "Lockdown",
    "Masks",
    "Measures",
    "Observed",
    "Outside",
    "Part",
    "PolicyStudy",
    "PolicyVariant",
    "Population",
    "Precision",
    "Quarantine",
    "Removal",
    "Scenario",
    "Simulation",
    "Span",
    "Testing",
    "Text",
    "Tracing",
    "TracingMethod",
    "Transmission",
    "Vaccination",
    "Variant",
    "fixed",
]
Values = Annotated[tuple[object, ...], Field(min_length=1)]


# -- the disease ---------------------------------------------------------------------------------------
class Course(Part):
    """The course of an infection. S -> E (latent) -> presymptomatic -> symptomatic or asymptomatic -> R (or dead)."""

    incubation: Distribution = Distribution(gamma=(params.INCUBATION_MEAN_D.value, params.INCUBATION_SHAPE.value))
    """From infection to onset (for those without symptoms: to the moment that stands for it)."""
    latent: Distribution = fixed(params.CITY_LATENT_D.value)
    """From infection to the first moment of infecting; never later than onset."""
    recovery: Distribution = fixed(14)
    """From onset to recovery: nobody infects after it."""
    asymptomatic_share: Share = 1 - params.CITY_SYMPTOMATIC_SHARE.value
    """Share of infections that never have symptoms."""
    asymptomatic_factor: Share = params.ASYMPTOMATIC_FACTOR.value
    """Their infectiousness, beside that of people with symptoms."""
    fatality: Share = 0
    """Share of those with symptoms who die."""
    death: Distribution = fixed(18)
    """From onset to death."""


class HalfNormal(Part):
    """Firth et al. 2020: drawn anew each day and edge, before onset with a share, else after it."""

    presymptomatic_share: Share = 0.2
    """Share of the draws before onset."""
    sd_after: Positive = 2
    """Days, after onset."""
    sd_before: Positive = 3
    """Scaled by onset over the latest onset among the edges drawn as presymptomatic that day."""


class Transmission(Part):
    """An edge of weight w infects on a day with chance 1 - exp(-scale w f a m): f infectiousness, a and m factors."""

    scale: AtLeast0 = params.RATE_PER_HOUR.value
    """Per unit of weight: for observed contacts, per hour at the peak of infectiousness."""
    profile: Literal["he-2020", "flat"] | HalfNormal = "he-2020"
    """`he-2020`: the corrected gamma of He et al., peak 1; `flat`: 1 while infectious; or half-normal."""
    seasonality: Annotated[tuple[AtLeast0, ...], Field(min_length=1)] = (1.0,)
    """Factors of the days of the run, repeated."""


class Outside(Part):
    """Infections from elsewhere."""

    rate: Share = 0
    """Chance of each free susceptible, a day."""
    importations: AtLeast0 = 0
    """Mean number of infected arrivals a day (Poisson), taken from the susceptible."""
    days: dict[Count, Count] = Field(default_factory=dict)
    """So many more on these days of the run."""


class Initial(Part):
    """How the run begins: on day 0."""

    infected: Count = 1
    """Random people, infected on day 0."""
    people: tuple[Code, ...] = ()
    """Named people, infected on day 0, instead of random ones."""
    from_cases: Flag = False
    """The F0s known to the engine instead, with their onsets (observed only)."""
    immune_share: Share = 0
    """Share of the others who cannot be infected."""


class Simulation(Part):
    """One run, fully said: what a variant and a point of the sweep make of the base."""

    days: Annotated[Whole, Field(ge=1, le=2000)] = 90
    """Days of the run, day 0 included."""
    seed: Count = 1
    """Same seed, same answer, whatever the number of threads; all runs of a file share it, so they differ pairwise."""
    population: Population
    """Who there is and who meets whom."""
    course: Course = Course()
    """The disease in a person."""
    transmission: Transmission = Transmission()
    """The disease between people."""
    outside: Outside = Outside()
    """Infections from elsewhere."""
    initial: Initial = Initial()
    """Day 0."""
    measures: Measures = Measures()
    """What is done. What is not named is not done."""

    @model_validator(mode="after")
    def _fits(self) -> "Simulation":
        late = [day for day in self.outside.days if day >= self.days]
        if late:
            raise ValueError(f"outside.days: the run ends before day {late[0]}: its last day is {self.days - 1}")
        coverage = [name for name in self._groups() if name != "all"]
        if coverage and self.population.groups is None:
            raise ValueError(
                f"measures.vaccination: group {coverage[0]} needs population.groups, a CSV of person,group"
            )
        if self.population.table is not None:
            self._table_knows()
        return self

    def _groups(self) -> tuple[str, ...]:
        """The groups that vaccination names."""
        doses = self.measures.vaccination
        return () if doses is None else (*doses.coverage, *doses.order)

    def _table_knows(self) -> None:
        """Refuse what needs places, areas or cases, which a table of contacts has not."""
        does = self.measures
        needs = {
            "initial.from_cases": self.initial.from_cases,
            "measures.lockdowns": bool(does.lockdowns),
            "measures.closures": bool(does.closures),
            "measures.capacity_limits": bool(does.capacity_limits),
            "measures.masks with kinds": any(mask.kinds for mask in does.masks),
        }
        for path, given in needs.items():
            if given:
                raise ValueError(f"{path} needs population.observed: a table of contacts has no places, homes or cases")
        if does.quarantine is not None and does.quarantine.household and self.population.households is None:
            raise ValueError("measures.quarantine.household needs population.households, a CSV of person,household")
        for n, method in enumerate(does.tracing.methods if does.tracing is not None else ()):
            if method.channels and "table" not in method.channels:
                raise ValueError(f"measures.tracing.methods.{n}.channels: contacts of a table have the channel 'table'")


# -- the file ------------------------------------------------------------------------------------------
class Variant(Part):
    """A named set of changes of the base."""

    name: Name
    """Small letters, digits, `-`, `_`."""
    title: Text | None = None
    """For reports, in both languages."""
    set: dict[SettingPath, object] = Field(default_factory=dict)
    """Paths of settings and their values. Paths begin below `simulation` (or below `study.base`)."""


class Grid(Part):
    """A grid of values that is run only when asked for by name."""

    variants: tuple[Name, ...] = ()
    """Only these variants; empty: all."""
    sweep: Annotated[dict[SettingPath, Values], Field(min_length=1)]
    """Paths and lists of values: every one of the variants with every combination."""


class Precision(Part):
    """Stop early when the 95 % interval of the mean attack rate is this narrow."""

    half_width: Positive
    """Half of the interval, as a share of the people."""
    at_least: Annotated[Whole, Field(ge=2)] = 50
    """Replicates that are made in any case."""


class Scenario(Part):
    """A scenario file. Exactly one of `simulation` and `study`."""

    format: Literal[1] = 1
    """Version of this format."""
    name: Name
    """Small letters, digits, `-`, `_`."""
    title: Text | None = None
    """For reports, in both languages."""
    note: Text | None = None
    """What the reader of a report should know."""
    source: str = ""
    """Where the numbers are from."""
    simulation: Simulation | None = None
    """An epidemic over contacts: the base that variants and sweep change."""
    study: PolicyStudy | None = None
    """Definitions of a contact, on the recorded evidence."""
    replicates: Annotated[Whole, Field(ge=1, le=100_000)] = 200
    """Of every run."""
    precision: Precision | None = None
    """Stop a run before all replicates are made."""
    chains: Flag = False
    """Keep who infected whom, of every replicate."""
    variants: Annotated[tuple[Variant, ...], Field(min_length=1)] = (Variant(name="base"),)
    """What is compared."""
    baseline: Name | None = None
    """The variant the others are compared with; by default the first."""
    sweep: dict[SettingPath, Values] = Field(default_factory=dict)
    """Paths and lists of values: every variant with every combination."""
    sensitivity: dict[Name, Grid] = Field(default_factory=dict)
    """Named grids, each run in place of `sweep` when asked for (`--sensitivity NAME`)."""
    estimate: tuple[Literal["incubation", "isolation_delay", "asymptomatic_share"], ...] = ()
    """Settings taken from the data instead of the file (observed populations)."""

    @model_validator(mode="after")
    def _one(self) -> "Scenario":
        if (self.simulation is None) == (self.study is None):
            raise ValueError("give exactly one of simulation and study")
        names = [v.name for v in self.variants]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"variants: two variants are called {twice}")
        if self.baseline is not None and self.baseline not in names:
            raise ValueError(f"baseline: no variant is called {self.baseline}; there are {', '.join(names)}")
        for name, grid in self.sensitivity.items():
            if missing := [v for v in grid.variants if v not in names]:
                raise ValueError(f"sensitivity.{name}: no variant is called {missing[0]}; there are {', '.join(names)}")
        if self.estimate and (self.simulation is None or self.simulation.population.observed is None):
            raise ValueError("estimate: needs population.observed; a table has no dates of cases")
        return self
