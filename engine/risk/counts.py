"""Tables of counts by unit and day, from several sources that are kept apart.

A day's figure is the largest of the sources, as the national risk map took it; what each source said stays beside it.
A day that no source has makes a sum "at least", never less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from engine import params
from engine.risk.levels.spans import INF, Span, exact

DAILY = ("cases", "deaths", "oxygen", "hospitalised", "f0_unknown_source", "f0_known_source", "f0_crowded")
"""Measures that are added up over days."""
STANDING = (
    "positivity", "coverage_18_1dose", "elderly_full", "coverage_full", "high_risk_full", "capacity_met",
    "response_capacity", "commune_care", "district_beds", "icu_beds", "f1", "quarantined", "spread_share",
    "illegal_entry", "industrial_zone",
)  # fmt: skip
"""Measures that stand until the next figure."""
MEASURES = (*DAILY, *STANDING)
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One measure of one source at one tier: ``values[unit, day]``, NaN where it says nothing."""

    source: str
    tier: str
    measure: str
    codes: tuple[str, ...]
    first: date
    values: Values

    def between(self, first: date, days: int) -> Values:
        """The ``days`` days from ``first`` on, NaN outside what the source covers; shape (units, days)."""
        out = np.full((len(self.codes), days), np.nan)
        start = (first - self.first).days
        low, high = max(start, 0), min(start + days, self.values.shape[1])
        if low < high:
            out[:, low - start : high - start] = self.values[:, low:high]
        return out


@dataclass(frozen=True)
class Outlier:
    """A figure that was not believed: its day counts as missing."""

    source: str
    code: str
    measure: str
    day: date
    value: float
    usual: float
    """Median of the days around it."""


@dataclass(frozen=True)
class Unplaced:
    """Rows whose unit was not found, or could be several."""

    source: str
    tier: str
    rows: int
    total: float
    """Sum of their first measure."""
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Covered:
    """What a source covers."""

    source: str
    file: str
    rows: int
    placed: int
    first: date
    last: date
    sparse: bool
    """It writes no zeros: a unit without a row on a day it covers had none."""
    repeats: int = 0
    """Rows given again for the same unit and day, in this file or one before it; the largest counts."""
    unread: int = 0
    """Rows that were left out: their date, or every figure in them, cannot be read."""
    unread_like: str = ""
    """What the first of them says there."""


@dataclass(frozen=True)
class Counts:
    """Everything that was read, and what was wrong with it."""

    series: tuple[Series, ...] = ()
    covered: tuple[Covered, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Files that name no unit, no date or no measure, and the columns they have (or dates that nobody can read)."""

    def sums(self, tier: str, measure: str, last: date, days: int) -> dict[str, Span]:
        """The sum over ``days`` days up to and with ``last``, by unit: of each day the largest of the sources."""
        first = last - timedelta(days=days - 1)
        best: dict[str, Values] = {}
        for s in self._of(tier, measure):
            for code, row in zip(s.codes, s.between(first, days), strict=True):
                best[code] = np.fmax(best[code], row) if code in best else row
        return {code: _total(row) for code, row in best.items() if not np.isnan(row).all()}

    def by_source(self, tier: str, measure: str, last: date, days: int) -> dict[str, dict[str, Span]]:
        """The same sums, of each source by itself."""
        first = last - timedelta(days=days - 1)
        found: dict[str, dict[str, Span]] = {}
        for s in self._of(tier, measure):
            rows = zip(s.codes, s.between(first, days), strict=True)
            found[s.source] = {code: _total(row) for code, row in rows if not np.isnan(row).all()}
        return found

    def newest(self, tier: str, measure: str, day: date) -> dict[str, float]:
        """The newest figure by ``day``, by unit; the largest of the sources that speak of the same day."""
        best: dict[str, tuple[date, float]] = {}
        for s in self._of(tier, measure):
            upto = s.between(s.first, max(0, (day - s.first).days + 1))
            for code, row in zip(s.codes, upto, strict=True):
                there = np.flatnonzero(~np.isnan(row))
                if len(there):
                    found = s.first + timedelta(days=int(there[-1])), float(row[there[-1]])
                    best[code] = max(best.get(code, found), found)
        return {code: value for code, (_, value) in best.items()}

    @property
    def last_day(self) -> date | None:
        """The last day any source covers."""
        return max((c.last for c in self.covered), default=None)

    def _of(self, tier: str, measure: str) -> Iterable[Series]:
        return (s for s in self.series if s.tier == tier and s.measure == measure)


def _total(row: Values) -> Span:
    known = float(np.nansum(row))
    return Span(known, INF) if np.isnan(row).any() else exact(known)


def outlying(values: Values) -> npt.NDArray[np.bool_]:
    """Which figures of a table (units, days) are not believed.

    A figure is an outlier when it is large in itself (``COUNT_OUTLIER_FLOOR``) and many times both the median and the
    80th percentile of the days around it (``COUNT_OUTLIER_WINDOW_D`` either side, the day itself left out, at least
    seven of them known): a whole day of a city fits into no such week, a wave that grows does.
    """
    width = int(params.COUNT_OUTLIER_WINDOW_D.value)
    found = np.zeros(values.shape, np.bool_)
    for unit, day in np.argwhere(values >= params.COUNT_OUTLIER_FLOOR.value).tolist():
        around = np.concatenate([values[unit, max(0, day - width) : day], values[unit, day + 1 : day + width + 1]])
        around = around[~np.isnan(around)]
        if len(around) < width:
            continue
        usual, upper = float(np.median(around)), float(np.quantile(around, params.COUNT_OUTLIER_QUANTILE.value))
        value = values[unit, day]
        found[unit, day] = value >= params.COUNT_OUTLIER_MEDIANS.value * max(usual, 1) and (
            value >= params.COUNT_OUTLIER_UPPERS.value * max(upper, 1)
        )
    return found


def without_outliers(series: Series) -> tuple[Series, list[Outlier]]:
    """A series with its outliers made missing, and what they were."""
    bad = outlying(series.values)
    if series.measure not in DAILY or not bad.any():
        return series, []
    told = []
    for unit, day in np.argwhere(bad).tolist():
        low = max(0, day - int(params.COUNT_OUTLIER_WINDOW_D.value))
        around = np.delete(series.values[unit, low : day + int(params.COUNT_OUTLIER_WINDOW_D.value) + 1], day - low)
        told.append(
            Outlier(
                series.source, series.codes[unit], series.measure, series.first + timedelta(days=day),
                float(series.values[unit, day]), float(np.nanmedian(around)),
            )
        )  # fmt: skip
    values = np.where(bad, np.nan, series.values)
    return Series(series.source, series.tier, series.measure, series.codes, series.first, values), told
