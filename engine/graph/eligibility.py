"""Which evidence of the graph counts: the graph's side of a contact policy."""

from dataclasses import dataclass

BLUETOOTH, CHECK_IN, LOCATION = 0, 1, 2
"""Channels, as kernels number them."""
CHANNEL_NAMES = ("bluetooth", "check_in", "location")
CHANNELS = frozenset(CHANNEL_NAMES)


@dataclass(frozen=True)
class Eligibility:
    """Limits per channel. Evidence beyond them is not a contact."""

    max_attenuation_db: float
    max_distance_m: float
    same_place: bool = True
    slack_s: int = 0
    channels: frozenset[str] = CHANNELS
