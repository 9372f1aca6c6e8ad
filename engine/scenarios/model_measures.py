"""What a scenario file can say is done: isolation, tracing, quarantine, tests, lockdowns, closures, masks, vaccines."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine import params
from engine.scenarios.model_parts import (
    AreaCode,
    AtLeast0,
    CellName,
    Count,
    Days,
    Distribution,
    Flag,
    KindName,
    Name,
    Part,
    Positive,
    Share,
    Whole,
    fixed,
)


class Span(Part):
    """A measure in force from day `start` to before day `end` of the run."""

    start: Count = 0
    """First day of the run on which it is in force."""
    end: Count = 1_000_000
    """First day on which it is in force no more; by default it stays to the end of the run."""

    @model_validator(mode="after")
    def _some_days(self) -> "Span":
        if self.end <= self.start:
            raise ValueError(
                f"ends on day {self.end}, before it has been in force: end must be after start ({self.start})"
            )
        return self


class Isolation(Span):
    """A case with symptoms isolates some time after onset."""

    on: Flag = True
    """Whether anybody isolates: `false` switches the measure off and keeps its settings."""
    delay: Distribution = Distribution(gamma=(params.CITY_ONSET_TO_SAMPLE_D.value, 2))
    """From onset to isolation."""
    days: Positive = 14
    """How long; afterwards the person is free again."""
    compliance: Share = 1
    """Share of people who would do it."""


class TracingMethod(Part):
    """One way of finding contacts. Several work side by side; who is found by any of them, is found."""

    name: Name = "manual"
    """What it is called in reports."""
    ascertainment: Share = 0.9
    """Chance that a contact is found, per case, contact and way."""
    delay: Distribution | None = None
    """From tracing to quarantine; by default the isolation's delay."""
    adoption: Share = 1
    """Share of people with the app: both ends need it."""
    channels: tuple[Literal["bluetooth", "check_in", "location", "table"], ...] = ()
    """Only contacts recorded so; empty: all."""
    min_minutes: AtLeast0 = 0
    """Only pairs with at least so many minutes together in the window looked at."""
    min_weight: AtLeast0 = 0
    """Only pairs with at least so much weight together in the window looked at."""


class Tracing(Span):
    """Contacts of a case are looked for on the day of its onset, or of its positive test."""

    on: Flag = True
    """`false` switches the measure off and keeps its settings."""
    depth: Annotated[Whole, Field(ge=1, le=4)] = 1
    """2: also the contacts of all those contacts (secondary tracing)."""
    only_found: Flag = False
    """Deeper levels go through found contacts only; otherwise through all contacts (Firth et al.)."""
    direction: Literal["forward", "backward", "both"] = "forward"
    """Whom the case may have infected, who may have infected the case, or both."""
    trigger: Literal["onset", "positive_test", "either"] = "onset"
    """What makes a case known to the tracers; only cases with symptoms have an onset that is noticed."""
    forward_days: Days = 2
    """Contacts from so long before onset (observed and dated contacts; a static network has no dates)."""
    backward_days: Days = 14
    """Backward: contacts from so long before onset, up to `forward_days` before it."""
    cases_per_day: Count | None = None
    """Cases that can be traced a day; those over it wait, the oldest first, for at most `patience` days."""
    patience: Count = 3
    """Days a case waits for the tracers before it is given up."""
    methods: Annotated[tuple[TracingMethod, ...], Field(min_length=1, max_length=4)] = (TracingMethod(),)
    """Ways of finding contacts, at most four."""


class Quarantine(Span):
    """What the found contacts do."""

    days: Positive = 14
    """From quarantine (or isolation, if it was earlier) to release."""
    compliance: Share = 1
    """Share of people who would do it."""
    stops_onward: Flag = True
    """Whether a quarantined infected person infects nobody. The published rule of Firth et al. is false."""
    household: Flag = False
    """The households of cases and of found contacts go into quarantine as well."""
    extend: Flag = False
    """Found again while in quarantine: 14 days anew. Otherwise only free people can be found."""


class Testing(Span):
    """Tests: of whom, how many, how good."""

    on: Flag = True
    """`false` switches the measure off and keeps its settings."""
    of: tuple[Literal["isolated_or_quarantined", "symptomatic", "random"], ...] = ("isolated_or_quarantined",)
    """Who is tested."""
    rate: Share = 0
    """Random tests: share of people a day."""
    symptomatic_share: Share = params.CITY_SEEK_TEST_SHARE.value
    """Of people with symptoms who get tested, at their onset + delay."""
    per_day: Count | None = None
    """Capacity. Others lose their turn."""
    delay: Distribution | None = None
    """From isolation, quarantine or onset to the test; by default the isolation's delay."""
    result_delay: Distribution = fixed(0)
    """From test to result."""
    sensitivity: Share | Annotated[tuple[Share, ...], Field(min_length=1)] = 0.9
    """One number, or one for each day since infection (the last one goes on)."""
    false_positive: Share = 0.02
    """Chance that somebody not infected tests positive."""
    negative_releases: Flag = True
    """A negative test ends isolation and quarantine."""
    positive_isolates: Flag = True
    """A positive test isolates."""


class Lockdown(Span):
    """People of these areas and cells have fewer contacts, and nobody else meets them or enters."""

    areas: tuple[AreaCode, ...] = ()
    """Codes of communes, districts or provinces: everything below them."""
    cells: tuple[CellName, ...] = ()
    """H3 cells of any resolution up to 9."""
    factor: Share = 0.2
    """What is left of contacts outside the household."""
    closed: Flag = True
    """Places inside are closed to people from outside, and the other way round."""

    @model_validator(mode="after")
    def _some(self) -> "Lockdown":
        if not self.areas and not self.cells:
            raise ValueError("give areas, cells or both")
        return self


class Closure(Span):
    """Places of these kinds are closed, or half open."""

    kinds: Annotated[tuple[KindName, ...], Field(min_length=1)]
    """Kinds of places, as in the reference data."""
    factor: Share = 0
    """What is left of contacts there."""


class CapacityLimit(Span):
    """At most so many people at a place in a day: of more visitors a random part is turned away."""

    kinds: tuple[KindName, ...] = ()
    """Empty: all kinds."""
    max_people: Annotated[Whole, Field(ge=1)]
    """People a place and day."""


class Masks(Span):
    """Masks, worn by a fixed random share of people."""

    coverage: Share
    """Share of people who wear one."""
    source_efficacy: Share = 0.5
    """By how much a mask on the infectious person lowers the infectiousness."""
    wearer_efficacy: Share = 0.3
    """By how much a mask on the susceptible person lowers what reaches them."""
    kinds: tuple[KindName, ...] = ()
    """Only at places of these kinds; empty: at every contact outside the household."""


class Vaccination(Part):
    """Leaky vaccination by group: people vaccinated before the run, and so many a day in it."""

    coverage: dict[str, Share] = Field(default_factory=dict)
    """Share vaccinated on day 0 by group; `all` stands for every group."""
    per_day: Count = 0
    """Doses a day during the run."""
    order: tuple[str, ...] = ()
    """Groups in which the daily doses are given, one after the other."""
    protection_after_d: Days = 14
    """From the dose to protection, for doses given during the run."""
    against_infection: Share = 0.6
    """By how much the chance of being infected at a contact is lower."""
    against_transmission: Share = 0.4
    """By how much an infected vaccinated person infects less."""
    against_symptoms: Share = 0.5
    """By how much the chance of symptoms is lower."""


class Measures(Part):
    """Everything that is done. What is not named is not done."""

    isolation: Isolation | None = None
    """Of cases with symptoms."""
    tracing: Tracing | None = None
    """Of contacts of cases."""
    quarantine: Quarantine | None = None
    """Of found contacts."""
    testing: Testing | None = None
    """Tests and what follows from them."""
    lockdowns: tuple[Lockdown, ...] = ()
    """Of areas or cells."""
    closures: tuple[Closure, ...] = ()
    """Of kinds of places."""
    capacity_limits: tuple[CapacityLimit, ...] = ()
    """Of people at a place."""
    masks: tuple[Masks, ...] = ()
    """Where and by how many."""
    vaccination: Vaccination | None = None
    """Before and during the run."""

    @model_validator(mode="after")
    def _whole(self) -> "Measures":
        if self.tracing is not None and self.tracing.on and self.quarantine is None:
            raise ValueError("tracing needs quarantine: say what the found contacts do (quarantine: {})")
        if self.tracing is not None and self.tracing.trigger == "positive_test" and self.testing is None:
            raise ValueError("tracing from positive tests needs testing (testing: {on: false} where nobody is tested)")
        return self
