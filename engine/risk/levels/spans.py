"""Numbers that are known exactly, known to lie in a range, or not known: what conditions are decided on."""

import math
from typing import NamedTuple

INF = math.inf


class Span(NamedTuple):
    """A number that lies in [low, high]; both ends are possible. ``low == high``: known."""

    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def rate(self, per: float, of: float) -> "Span":
        """Both ends as so many ``per`` of a positive number; exact where the result is whole, as thresholds are."""
        return Span(self.low * per / of, self.high * per / of)

    def plus(self, other: "Span") -> "Span":
        """The sum of two numbers."""
        return Span(self.low + other.low, self.high + other.high)

    def capped(self, most: float) -> "Span":
        """The same number, when it is also known to be at most ``most`` (never below ``low``)."""
        return self if most >= self.high else Span(self.low, max(self.low, most))


UNKNOWN = Span(0.0, INF)
"""Nothing is known of it: missing facts are this, never 0."""


def exact(value: float) -> Span:
    """A known number."""
    return Span(float(value), float(value))


def reaches(value: Span, threshold: float | None, strictly: bool = False) -> bool | None:
    """Whether ``value`` is at least (``strictly``: above) ``threshold``; None when that cannot be told.

    Thresholds are positive: a value of exactly 0 reaches none, not even one that is not known.
    """
    if threshold is None:
        return False if value.high == 0 else None
    if strictly:
        return True if value.low > threshold else False if value.high <= threshold else None
    return True if value.low >= threshold else False if value.high < threshold else None
