"""Who there is and who meets whom, in a scenario file."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from engine.scenarios.model_parts import Channels, Code, Count, Part, PolicyName, Real, Share, Whole


class Observed(Part):
    """The engine's own contact graph, day by day."""

    policy: PolicyName = "vn-2021-07"
    """Preset whose limits of distance and attenuation say what a contact is; its least time is not applied."""
    first: date | None = None
    """First day observed, a local day of Viet Nam; by default the first of all, or the 28th from the last."""
    last: date | None = None
    """Last day observed, included; by default the last of all."""
    as_of: Count | None = None
    """Only what batch so many had brought."""
    channels: Channels = ("bluetooth", "check_in", "location")
    """Evidence that counts."""
    crowd: Annotated[Whole, Field(ge=2)] = 500
    """Contacts a visitor has at one place in one day, on average, at most: of more people there at the same time each
    meets a random part."""

    @model_validator(mode="after")
    def _in_order(self) -> "Observed":
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self


class ContactTable(Part):
    """A table of dated contacts: CSV or Parquet, a row a contact (undirected)."""

    file: str
    """Path, from the folder of the scenario file."""
    person: str = "person"
    """Column of one of the two people."""
    other: str = "other"
    """Column of the other one."""
    day: str | None = "day"
    """Column of a date, a time or a whole number; `null`: a static network, the same every day."""
    weight: str | None = None
    """Column of hours of contact, or whatever `transmission.scale` is per; without it 1."""
    minutes: str | None = None
    """Column for definitions by time; without it the weight."""
    where: dict[str, Code] = Field(default_factory=dict)
    """Only rows whose columns have these values."""
    drop_people: tuple[Code, ...] = ()
    """People left out, with all their contacts."""
    people: Count | None = None
    """How many people there are, when the table names fewer: the others meet nobody."""


class Removal(Part):
    """Contacts taken away at random, whole pairs (distancing)."""

    share: Share
    """Share of the pairs that is taken away."""
    max_weight: Real | None = None
    """Only contacts of at most this weight."""
    min_weight: Real | None = None
    """Only contacts of at least this weight."""


class Population(Part):
    """Who there is and who meets whom. Exactly one of `observed` and `table`."""

    observed: Observed | None = None
    """Contacts the engine has seen."""
    table: ContactTable | None = None
    """Contacts from a file."""
    remove: tuple[Removal, ...] = ()
    """Contacts taken away before each replicate."""
    groups: str | None = None
    """CSV with `person,group` (ages, professions): for vaccination by group."""
    households: str | None = None
    """CSV with `person,household`. With `observed`, homes are known from the data where it has them."""

    @model_validator(mode="after")
    def _one(self) -> "Population":
        if (self.observed is None) == (self.table is None):
            raise ValueError("give exactly one of observed and table")
        return self
