"""What a scenario file says: pydantic models, frozen, nothing unknown let through.

A scenario is a base (`population`, `course`, `transmission`, `measures` ...), `variants` that change single settings
of it by dotted path, and `sweep`, a grid of values over paths. Every combination is a run.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine import params

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[float, Field(ge=0, le=1000)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
SettingPath = Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_0-9]+)*$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.=,+-]*$", max_length=80)]


class Part(BaseModel):
    """A part of a scenario: frozen, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(Part):
    """A text in both languages."""

    vi: str
    en: str


class Distribution(Part):
    """A time in days: exactly one of the families."""

    fixed: Days | None = None
    weibull: tuple[Positive, Positive] | None = None
    """Shape, scale."""
    gamma: tuple[Positive, Positive] | None = None
    """Mean, shape."""
    lognormal: tuple[float, Positive] | None = None
    """Mean and standard deviation of the logarithm."""
    exponential: Positive | None = None
    """Mean."""
    uniform: tuple[Days, Days] | None = None
    shares: tuple[Share, ...] | None = None
    """Shares of 0, 1, 2, ... days; they are scaled to add up to 1."""

    @model_validator(mode="after")
    def _one(self) -> "Distribution":
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of {', '.join(type(self).model_fields)} (got {', '.join(given) or 'none'})"
            )
        if self.shares is not None and sum(self.shares) <= 0:
            raise ValueError("shares must not all be 0")
        if self.uniform is not None and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform: the lower end comes first")
        return self


def fixed(days: float) -> Distribution:
    """A time that is always the same."""
    return Distribution(fixed=days)


# -- who meets whom ------------------------------------------------------------------------------------
class Observed(Part):
    """The engine's own contact graph, day by day."""

    policy: str = "vn-2021-07"
    """Preset whose limits of distance and attenuation say what a contact is; its least time is not applied."""
    first: date | None = None
    last: date | None = None
    """Days observed, both included, local days of Viet Nam; by default all there are, at most the last 28."""
    as_of: int | None = None
    """Only what batch so many had brought."""
    channels: tuple[Literal["bluetooth", "check_in", "location"], ...] = ("bluetooth", "check_in", "location")
    crowd: Annotated[int, Field(ge=2)] = 500
    """Contacts a person has at one place in one day, at most: of more visitors each meets a random such number."""


class ContactTable(Part):
    """A table of dated contacts: CSV or Parquet, a row a contact (undirected)."""

    file: str
    person: str = "person"
    other: str = "other"
    day: str | None = "day"
    """A date, a time or a whole number; without it: a static network, the same every day."""
    weight: str | None = None
    """Hours of contact, or whatever `transmission.scale` is per; without it 1."""
    minutes: str | None = None
    """For definitions by time; without it the weight."""
    where: dict[str, str] = Field(default_factory=dict)
    """Only rows whose columns have these values."""
    drop_people: tuple[str, ...] = ()


class Removal(Part):
    """Contacts taken away at random, whole pairs (distancing)."""

    share: Share
    max_weight: float | None = None
    """Only contacts of at most this weight."""
    min_weight: float | None = None


class Population(Part):
    """Who there is and who meets whom. Exactly one of `observed` and `table`."""

    observed: Observed | None = None
    table: ContactTable | None = None
    remove: tuple[Removal, ...] = ()
    groups: str | None = None
    """CSV with `person,group` (ages, professions): for vaccination by group."""
    households: str | None = None
    """CSV with `person,household`. With `observed`, homes are known from the data where it has them."""

    @model_validator(mode="after")
    def _one(self) -> "Population":
        if (self.observed is None) == (self.table is None):
            raise ValueError("give exactly one of observed and table")
        return self


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
    asymptomatic_factor: Share = params.ASYMPTOMATIC_FACTOR.value
    fatality: Share = 0
    """Of those with symptoms."""
    death: Distribution = fixed(18)
    """From onset to death."""


class HalfNormal(Part):
    """Firth et al. 2020: drawn anew each day and edge, before onset with a share, else after it."""

    presymptomatic_share: Share = 0.2
    sd_after: Positive = 2
    sd_before: Positive = 3
    """Scaled by onset over the latest onset among the edges drawn as presymptomatic that day."""


class Transmission(Part):
    """An edge of weight w infects on a day with chance 1 - exp(-scale w f a m): f infectiousness, a and m factors."""

    scale: Annotated[float, Field(ge=0)] = params.RATE_PER_HOUR.value
    """Per unit of weight: for observed contacts, per hour at the peak of infectiousness."""
    profile: Literal["he-2020", "flat"] | HalfNormal = "he-2020"
    """`he-2020`: the corrected gamma of He et al., peak 1; `flat`: 1 while infectious."""
    seasonality: tuple[Annotated[float, Field(ge=0)], ...] = (1.0,)
    """Factors of the days of the run, repeated."""


class Outside(Part):
    """Infections from elsewhere."""

    rate: Annotated[float, Field(ge=0, le=1)] = 0
    """Chance of each free susceptible, a day."""
    importations: Annotated[float, Field(ge=0)] = 0
    """Mean number of infected arrivals a day (Poisson), taken from the susceptible."""
    days: dict[int, Count] = Field(default_factory=dict)
    """So many more on these days of the run."""


class Initial(Part):
    """How the run begins: on day 0."""

    infected: Count = 1
    """Random people, infected on day 0."""
    people: tuple[str, ...] = ()
    """Named people (table), infected on day 0, instead of random ones."""
    from_cases: bool = False
    """The F0s known to the engine instead, with their onsets (observed only)."""
    immune_share: Share = 0


# -- measures ------------------------------------------------------------------------------------------
class Span(Part):
    """A measure in force from day `start` to before day `end` of the run."""

    start: Count = 0
    end: Count = 1_000_000


class Isolation(Span):
    """A case with symptoms isolates some time after onset."""

    on: bool = True
    delay: Distribution = Distribution(gamma=(params.CITY_ONSET_TO_SAMPLE_D.value, 2))
    days: Positive = 14
    compliance: Share = 1


class TracingMethod(Part):
    """One way of finding contacts. Several work side by side; who is found by any of them, is found."""

    name: Name = "manual"
    ascertainment: Share = 0.9
    """Chance that a contact is found, per case, contact and way."""
    delay: Distribution | None = None
    """From tracing to quarantine; by default the isolation's delay."""
    adoption: Share = 1
    """Share of people with the app: both ends need it."""
    channels: tuple[Literal["bluetooth", "check_in", "location", "table"], ...] = ()
    """Only contacts recorded so; empty: all."""
    min_minutes: Annotated[float, Field(ge=0)] = 0
    """Only pairs with at least so many minutes together in the window looked at."""
    min_weight: Annotated[float, Field(ge=0)] = 0


class Tracing(Span):
    """Contacts of a case are looked for on the day of its onset, or of its positive test."""

    on: bool = True
    depth: Annotated[int, Field(ge=1, le=4)] = 1
    """2: also the contacts of all those contacts (secondary tracing)."""
    only_found: bool = False
    """Deeper levels go through found contacts only; otherwise through all contacts (Firth et al.)."""
    direction: Literal["forward", "backward", "both"] = "forward"
    trigger: Literal["onset", "positive_test", "either"] = "onset"
    """What makes a case known to the tracers; only cases with symptoms have an onset that is noticed."""
    forward_days: Days = 2
    """Contacts from so long before onset (observed and dated contacts; a static network has no dates)."""
    backward_days: Days = 14
    """Backward: contacts from so long before onset, up to `forward_days` before it."""
    cases_per_day: Count | None = None
    """Cases that can be traced a day; those over it wait, the oldest first, for at most `patience` days."""
    patience: Count = 3
    methods: Annotated[tuple[TracingMethod, ...], Field(min_length=1, max_length=4)] = (TracingMethod(),)


class Quarantine(Span):
    """What the found contacts do."""

    days: Positive = 14
    compliance: Share = 1
    stops_onward: bool = True
    """Whether a quarantined infected person infects nobody. The published rule of Firth et al. is false."""
    household: bool = False
    """The households of cases and of found contacts go into quarantine as well."""
    extend: bool = False
    """Found again while in quarantine: 14 days anew. Otherwise only free people can be found."""


class Testing(Span):
    """Tests: of whom, how many, how good."""

    on: bool = True
    of: tuple[Literal["isolated_or_quarantined", "symptomatic", "random"], ...] = ("isolated_or_quarantined",)
    rate: Share = 0
    """Random tests: share of people a day."""
    symptomatic_share: Share = params.CITY_SEEK_TEST_SHARE.value
    """Of people with symptoms who get tested, at their onset + delay."""
    per_day: Count | None = None
    """Capacity. Others lose their turn."""
    delay: Distribution | None = None
    """From isolation, quarantine or onset to the test; by default the isolation's delay."""
    result_delay: Distribution = fixed(0)
    sensitivity: Share | tuple[Share, ...] = 0.9
    """One number, or one for each day since infection (the last one goes on)."""
    false_positive: Share = 0.02
    negative_releases: bool = True
    """A negative test ends isolation and quarantine."""
    positive_isolates: bool = True


class Lockdown(Span):
    """People of these areas and cells have fewer contacts, and nobody else meets them or enters."""

    areas: tuple[str, ...] = ()
    """Codes of communes, districts or provinces: everything below them."""
    cells: tuple[str, ...] = ()
    """H3 cells of any resolution up to 9."""
    factor: Share = 0.2
    """What is left of contacts outside the household."""
    closed: bool = True
    """Places inside are closed to people from outside, and the other way round."""

    @model_validator(mode="after")
    def _some(self) -> "Lockdown":
        if not self.areas and not self.cells:
            raise ValueError("give areas, cells or both")
        return self


class Closure(Span):
    """Places of these kinds are closed, or half open."""

    kinds: Annotated[tuple[str, ...], Field(min_length=1)]
    factor: Share = 0
    """What is left of contacts there."""


class CapacityLimit(Span):
    """At most so many people at a place in a day: of more visitors a random part is turned away."""

    kinds: tuple[str, ...] = ()
    """Empty: all kinds."""
    max_people: Annotated[int, Field(ge=1)]


class Masks(Span):
    """Masks, worn by a fixed random share of people."""

    coverage: Share
    source_efficacy: Share = 0.5
    wearer_efficacy: Share = 0.3
    kinds: tuple[str, ...] = ()
    """Only at places of these kinds; empty: at every contact outside the household."""


class Vaccination(Part):
    """Leaky vaccination by group: people vaccinated before the run, and so many a day in it."""

    coverage: dict[str, Share] = Field(default_factory=dict)
    """Share vaccinated on day 0 by group; `all` stands for every group."""
    per_day: Count = 0
    order: tuple[str, ...] = ()
    """Groups in which the daily doses are given, one after the other."""
    protection_after_d: Days = 14
    against_infection: Share = 0.6
    against_transmission: Share = 0.4
    against_symptoms: Share = 0.5


class Measures(Part):
    """Everything that is done. What is not named is not done."""

    isolation: Isolation | None = None
    tracing: Tracing | None = None
    quarantine: Quarantine | None = None
    testing: Testing | None = None
    lockdowns: tuple[Lockdown, ...] = ()
    closures: tuple[Closure, ...] = ()
    capacity_limits: tuple[CapacityLimit, ...] = ()
    masks: tuple[Masks, ...] = ()
    vaccination: Vaccination | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Measures":
        if self.tracing is not None and self.tracing.on and self.quarantine is None:
            raise ValueError("tracing needs quarantine: say what the found contacts do (quarantine: {})")
        return self


# -- policy studies ------------------------------------------------------------------------------------
class PolicyVariant(Part):
    """One definition of a contact, and what is assumed of the data."""

    policy: str = "vn-2021-07"
    min_minutes: Annotated[float, Field(ge=0)] | None = None
    max_distance_m: Positive | None = None
    max_attenuation_db: Positive | None = None
    days_before_onset: Days | None = None
    channels: tuple[Literal["bluetooth", "check_in", "location"], ...] = ("bluetooth", "check_in", "location")
    adoption: Share = 1
    """Share of the devices seen in the data that are kept; both ends of a sighting need one."""
    shift_days: float = 0
    """Confirmation, sample and isolation of every case later (or, below 0, earlier) by so much."""
    depth: Annotated[int, Field(ge=1, le=3)] = 2
    min_probability: Share = 0


class PolicyStudy(Part):
    """What each definition would have found and cost, on the recorded evidence."""

    base: PolicyVariant = PolicyVariant()
    as_of: int | None = None
    until: str | None = None
    """A date or RFC 3339 moment; what would have been known on the day."""
    cases: tuple[str, ...] = ()
    """Only these F0s; empty: all."""
    truth: str | None = None
    """Folder of a sample city's truth, or a CSV `person,infected_at`; without it: who became a case later."""
    quarantine_days: Positive = 14
    levels: tuple[Annotated[int, Field(ge=1, le=3)], ...] = (1,)
    """Levels that are put into quarantine."""
    seeds: Annotated[int, Field(ge=1, le=100)] = 5
    """Random thinnings for `adoption` below 1."""


# -- the file ------------------------------------------------------------------------------------------
class Variant(Part):
    """A named set of changes of the base."""

    name: Name
    title: Text | None = None
    set: dict[SettingPath, object] = Field(default_factory=dict)


class Precision(Part):
    """Stop early when the 95 % interval of the mean attack rate is this narrow."""

    half_width: Positive
    at_least: Annotated[int, Field(ge=2)] = 50


class Simulation(Part):
    """One run, fully said: what a variant and a point of the sweep make of the base."""

    days: Annotated[int, Field(ge=1, le=2000)] = 90
    seed: Count = 1
    population: Population
    course: Course = Course()
    transmission: Transmission = Transmission()
    outside: Outside = Outside()
    initial: Initial = Initial()
    measures: Measures = Measures()


class Scenario(Part):
    """A scenario file. Exactly one of `simulation` and `study`."""

    format: Literal[1] = 1
    name: Name
    title: Text | None = None
    note: Text | None = None
    source: str = ""
    simulation: Simulation | None = None
    study: PolicyStudy | None = None
    replicates: Annotated[int, Field(ge=1, le=100_000)] = 200
    precision: Precision | None = None
    chains: bool = False
    """Keep who infected whom, of every replicate."""
    variants: tuple[Variant, ...] = (Variant(name="base"),)
    baseline: Name | None = None
    """The variant the others are compared with; by default the first."""
    sweep: dict[SettingPath, tuple[object, ...]] = Field(default_factory=dict)
    """Paths and lists of values: every variant with every combination."""
    estimate: tuple[Literal["incubation", "isolation_delay", "asymptomatic_share"], ...] = ()
    """Settings taken from the data instead of the file (observed populations)."""

    @model_validator(mode="after")
    def _one(self) -> "Scenario":
        if (self.simulation is None) == (self.study is None):
            raise ValueError("give exactly one of simulation and study")
        names = [v.name for v in self.variants]
        if len(set(names)) != len(names):
            raise ValueError("two variants have the same name")
        if self.baseline is not None and self.baseline not in names:
            raise ValueError(f"baseline: no variant is called {self.baseline}; there are {', '.join(names)}")
        return self
