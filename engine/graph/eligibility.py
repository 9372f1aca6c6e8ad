"""Which evidence of the graph counts: the graph's side of a contact policy."""

from dataclasses import dataclass

BLUETOOTH, CHECK_IN, LOCATION = 0, 1, 2
"""Channels, as kernels number them."""
CHANNEL_NAMES = ("bluetooth", "check_in", "location")
CHANNELS = frozenset(CHANNEL_NAMES)
_OF_BITS = [tuple(n for c, n in enumerate(CHANNEL_NAMES) if bits >> c & 1) for bits in range(1 << len(CHANNEL_NAMES))]


def channels_of(bits: int) -> tuple[str, ...]:
    """Names of the channels in a set of them, a bit each."""
    return _OF_BITS[bits]


@dataclass(frozen=True)
class Eligibility:
    """Limits per channel. Evidence beyond them is not a contact."""

    max_attenuation_db: float
    max_distance_m: float
    same_place: bool = True
    slack_s: int = 0
    channels: frozenset[str] = CHANNELS
