"""Do decayed, smoothed counts tell which communes will have cases? Against the official counts by commune and day.

There is no movement in those files, so the hex score itself cannot be made of them. What is put to the test is its
idea: what is past fades by half in a half-life, and a place borrows from its neighbourhood (here its district).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import product
from math import inf
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import BadInputError, BadParameterError
from engine.geo.unit_files import read_units
from engine.risk.count_files import read_counts
from engine.risk.levels.tree import tree_of
from engine.risk.prediction import LEVEL, Interval, decayed_counts, hit_rates, shrunk, spearman

Real = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
AHEAD_D = 7
"""Days that are predicted."""
SHARES = (0.01, 0.05)
"""Of the communes: how many a province could watch closely."""
HALF_LIVES = (1.0, 2.0, 3.5, 5.0, 7.0, 14.0, inf)
DISTRICT_WEIGHTS = (0.0, 0.05, 0.25, 1.0)
FIT = (date(2021, 5, 10), date(2021, 6, 23))
"""First and last day after which the week is predicted for the fit: every such week ends in June."""
REPORT = (date(2021, 6, 30), date(2021, 7, 6))
"""The same for the report: every such week lies in July."""
FIT_STEP, REPORT_STEP = 3, 2
"""Every so many days a week is predicted: the weeks of following days are nearly the same."""


@dataclass(frozen=True)
class Communes:
    """Cases by commune and day; communes without a case are there too, so that being spared can be predicted."""

    code: list[str]
    district: Index
    """Index of each commune's district."""
    counts: Real
    """Shape (communes, days), oldest day first."""
    first: date
    placed: int
    """Cases in them."""
    unplaced: int
    """Cases in the file that no commune could be found for."""
    outliers: int
    """Figures that were not believed."""


@dataclass(frozen=True)
class Fading:
    """How counts become a ranking: half-life in days, weight of the district's mean."""

    half_life_d: float
    district_weight: float


@dataclass(frozen=True)
class CommuneRow:
    """One ranking of the communes: means over the predicted weeks, intervals over resampled districts."""

    ranking: str
    spearman: Interval
    hits: tuple[Interval, ...]
    """By share of the communes, in the order of ``SHARES``."""


@dataclass(frozen=True)
class CommuneEvaluation:
    """What was fitted on one time and reported on another."""

    communes: Communes
    fading: Fading
    fitted: tuple[tuple[Fading, float, float, float], ...]
    """(setting, Spearman, hit rates by ``SHARES``) over the fitting days, best first."""
    weeks: int
    future: int
    """Cases predicted, over all weeks of the report."""
    rows: tuple[CommuneRow, ...]
    ahead: CommuneRow
    """How far ``faded`` lies ahead of ``days7``, districts resampled alike."""


def read_communes(cases: Path, areas: Path) -> Communes:
    """Counts by commune and day, put on the communes of a file or folder of areas.

    Communes without a row are there with zeros. Figures that are no part of the days around them are left out, as
    everywhere (:func:`engine.risk.counts.outlying`), and so are rows whose names fit no commune.

    Raises:
        UnreadableFileError: a file is missing, torn, or not of this form.
        BadInputError: no commune has cases.
    """
    units = read_units(areas)
    counts = read_counts(cases, tree_of(units, FIT[0], ()))
    series = next((s for s in counts.series if (s.tier, s.measure) == ("commune", "cases")), None)
    if series is None:
        raise BadInputError(f"{cases}: no cases by commune and day for the communes of {areas}")
    district = [units.unit(code, FIT[0]).parent for code in series.codes]
    values = np.nan_to_num(series.values)
    left = sum(u.total for u in counts.unplaced if u.tier == "commune")
    return Communes(
        code=list(series.codes),
        district=np.unique([d or "" for d in district], return_inverse=True)[1].astype(np.int64),
        counts=values,
        first=series.first,
        placed=round(float(values.sum())),
        unplaced=round(left),
        outliers=sum(series.codes.count(o.code) for o in counts.outliers),
    )


def days_between(communes: Communes, first: date, last: date) -> list[int]:
    """Indices of the days from ``first`` to ``last`` after which a whole week is known.

    Raises:
        BadParameterError: the counts do not reach so far.
    """
    low, high = (first - communes.first).days, (last - communes.first).days
    if low < 0 or high + AHEAD_D >= communes.counts.shape[1] or low > high:
        raise BadParameterError(f"the counts do not hold the weeks after {first} to {last}")
    return list(range(low, high + 1))


def known_and_next(communes: Communes, day: int) -> tuple[Real, Real]:
    """Counts up to the end of a day, (communes, days so far), and those of the week after it, (communes,)."""
    return communes.counts[:, : day + 1], communes.counts[:, day + 1 : day + 1 + AHEAD_D].sum(1)


def faded(known: Real, district: Index, fading: Fading) -> Real:
    """The ranking that is put to the test."""
    return shrunk(decayed_counts(known, fading.half_life_d), district, fading.district_weight)


def rankings(known: Real, district: Index, fading: Fading) -> dict[str, Real]:
    """The ranking that is put to the test, the plain ones beside it, by name."""
    in_district = np.bincount(district, weights=known[:, -14:].sum(1))[district]
    return {
        "faded": faded(known, district, fading),
        "faded_alone": decayed_counts(known, fading.half_life_d),
        "days7": known[:, -7:].sum(1),
        "days14": known[:, -14:].sum(1),
        "all_days": known.sum(1),
        "district14": in_district,
    }


def fit(communes: Communes, days: Iterable[int]) -> list[tuple[Fading, float, float, float]]:
    """Every setting of the grid with its mean Spearman and hit rates over ``days``, best first.

    Best is the highest mean of the three.
    """
    pairs = [known_and_next(communes, day) for day in days]
    out = []
    for half_life, weight in product(HALF_LIVES, DISTRICT_WEIGHTS):
        fading = Fading(half_life, weight)
        scores = np.array([_measures(faded(known, communes.district, fading), truth) for known, truth in pairs])
        own, few, more = scores.mean(0).tolist()
        out.append((fading, own, few, more))
    return sorted(out, key=lambda row: -sum(row[1:]))


def _measures(score: Real, truth: Real) -> tuple[float, ...]:
    return (spearman(score, truth) or 0.0, *(hit_rates(score, truth, SHARES) or (0.0,) * len(SHARES)))


def evaluate_communes(
    communes: Communes, resamples: int = 60, progress: Callable[[float], None] | None = None
) -> CommuneEvaluation:
    """Fit on ``FIT``, report on ``REPORT``.

    The weeks of the report overlap and so are hardly independent: the intervals come from resampled districts.

    Raises:
        BadParameterError: the counts do not reach over both times.

    Cost: about 2 ms a ranking, week and resample of 10,000 communes.
    """
    fitted = fit(communes, days_between(communes, *FIT)[::FIT_STEP])
    fading = fitted[0][0]
    pairs = [known_and_next(communes, day) for day in days_between(communes, *REPORT)[::REPORT_STEP]]
    ranked = [rankings(known, communes.district, fading) for known, _ in pairs]
    samples = [np.arange(len(communes.code)), *_resampled(communes.district, resamples)]
    values: dict[str, list[Real]] = {name: [] for name in ranked[0]}
    for done, rows in enumerate(samples):
        for name, means in values.items():
            weeks = zip(ranked, pairs, strict=True)
            means.append(np.mean([_measures(scores[name][rows], truth[rows]) for scores, (_, truth) in weeks], 0))
        if progress is not None:
            progress((done + 1) / len(samples))
    future = round(sum(float(truth.sum()) for _, truth in pairs))
    measured = {name: np.array(means) for name, means in values.items()}
    table = tuple(_row(name, means, len(pairs)) for name, means in measured.items())
    ahead = _row("ahead", measured["faded"] - measured["days7"], len(pairs))
    return CommuneEvaluation(communes, fading, tuple(fitted), len(pairs), future, table, ahead)


def _resampled(district: Index, times: int) -> list[Index]:
    """Rows of as many districts as there are, drawn with replacement; every draw."""
    members = np.split(np.argsort(district, kind="stable"), np.cumsum(np.bincount(district))[:-1])
    rng = np.random.default_rng(0)
    return [np.concatenate([members[d] for d in rng.integers(0, len(members), len(members))]) for _ in range(times)]


def _row(name: str, means: Real, weeks: int) -> CommuneRow:
    """``means``: by sample (the first: all districts as they are) and measure."""
    bounds = np.quantile(means[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    own, *hits = (
        Interval(float(m), float(low), float(high), weeks) for m, low, high in zip(means[0], *bounds, strict=True)
    )
    return CommuneRow(name, own, tuple(hits))
