"""Policy studies in a scenario file: definitions of a contact, tried on the recorded evidence."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from engine.clock import from_rfc3339
from engine.errors import BadParameterError
from engine.scenarios.model_parts import (
    AtLeast0,
    Channels,
    Code,
    Count,
    Days,
    Part,
    PolicyName,
    Positive,
    Real,
    Share,
    Whole,
)


def _moment(text: str) -> str:
    try:
        date.fromisoformat(text) if len(text) <= len("2021-07-11") else from_rfc3339(text)
    except (ValueError, BadParameterError):
        raise ValueError(
            "must be a date (2021-07-11) or a moment with a time zone (2021-07-11T09:00:00+07:00)"
        ) from None
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class PolicyVariant(Part):
    """One definition of a contact, and what is assumed of the data."""

    policy: PolicyName = "vn-2021-07"
    """Preset the definition begins with (`truyvet policies`)."""
    min_minutes: AtLeast0 | None = None
    """Least time together, instead of the preset's."""
    max_distance_m: Positive | None = None
    """Distance of location fixes, instead of the preset's."""
    max_attenuation_db: Positive | None = None
    """Attenuation of Bluetooth, instead of the preset's."""
    days_before_onset: Days | None = None
    """Begin of the window, instead of the preset's."""
    channels: Channels = ("bluetooth", "check_in", "location")
    """Evidence that counts."""
    adoption: Share = 1
    """Share of the devices seen in the data that are kept; both ends of a sighting need one."""
    shift_days: Real = 0
    """Confirmation, sample and isolation of every case later (or, below 0, earlier) by so much."""
    depth: Annotated[Whole, Field(ge=1, le=3)] = 2
    """Levels looked at: 2 is F1 and F2."""
    min_probability: Share = 0
    """Only people at least so probably infected."""


class PolicyStudy(Part):
    """What each definition would have found and cost, on the recorded evidence."""

    base: PolicyVariant = PolicyVariant()
    """The definition that variants and sweep change."""
    as_of: Count | None = None
    """Only what batch so many had brought."""
    until: Moment | None = None
    """A date or RFC 3339 moment; what would have been known on the day."""
    cases: tuple[Code, ...] = ()
    """Only these F0s; empty: all."""
    truth: str | None = None
    """Folder of a sample city's truth, or a CSV `person,infected_at`; without it: who became a case later."""
    quarantine_days: Positive = 14
    """Length of quarantine, for counting person-days."""
    levels: Annotated[tuple[Annotated[Whole, Field(ge=1, le=3)], ...], Field(min_length=1)] = (1,)
    """Levels that are put into quarantine."""
    seeds: Annotated[Whole, Field(ge=1, le=100)] = 5
    """Random thinnings for `adoption` below 1."""
