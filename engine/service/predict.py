"""Does the hex map predict? Rankings of cells at the end of a day against the true transmissions of the next days.

Cities are sample cities, held out as :mod:`engine.service.held_out` says. A ranking is good when transmissions lie in
the cells it puts first; what "first" may cost is asked in two ways, a share of the cells and a share of everybody's
time, because a rate and an expected number of cases are not the same thing.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from engine.city.build import CityPlan
from engine.geo.cells import Cells, disk
from engine.risk.hexes import HexScores
from engine.risk.prediction import Interval, bootstrap, hit_rate, spearman
from engine.risk.settings import HexSettings
from engine.service.held_out import HeldOut, hold_out

Real = npt.NDArray[np.float64]
TOP = 0.05
"""Share of the cells, or of everybody's time, that a ranking may choose."""
RESOLUTIONS = (8, 9)
MEASURES = ("spearman", "cells", "away", "time")
"""Rank correlation; share of transmissions in the top 5 % of cells; of those outside homes; of all transmissions, in
the first cells that together hold 5 % of everybody's time."""
BASELINES = ("residence", "residence_smoothed", "footfall")
OURS = ("score", "burden")
SMOOTHING = (4, 2, 1)
"""Weights of the rings for the smoothed baseline."""
F1_WEIGHTS = ((0.05, 0.0025), (0.183, 0.033))
"""Weights of F1 and F2 that are compared."""
FORMAT = 1
"""Raised when the same city gives other values."""


@dataclass(frozen=True)
class Trial:
    """How cities are made and cut."""

    people: int = 6_000
    days: int = 21
    held_days: int = 7

    def plan(self, seed: int) -> CityPlan:
        """The city of a seed."""
        return CityPlan(people=self.people, days=self.days, seed=seed)


@dataclass(frozen=True)
class Row:
    """One ranking at one resolution over many cities."""

    ranking: str
    resolution: int
    values: dict[str, Interval]
    """By measure."""
    ahead: dict[str, Interval]
    """By measure: how far it lies ahead of the best baseline of that measure, city by city."""


@dataclass(frozen=True)
class Tuned:
    """How one setting did."""

    settings: HexSettings
    objective: float
    means: dict[tuple[str, int, str], float]
    """By ranking (``score``, ``burden``), resolution and measure."""


@dataclass(frozen=True)
class CityEvaluation:
    """What was found over the cities of ``seeds``."""

    trial: Trial
    seeds: tuple[int, ...]
    transmissions: int
    away: int
    """Transmissions outside homes."""
    f0s: int
    """F0s known at the moment of the map."""
    cells: dict[int, float]
    """Mean number of cells that are ranked, by resolution."""
    rows: tuple[Row, ...]


def named(settings: HexSettings) -> str:
    """A short name of settings: half-life, rings, weights of F1 and F2, prior."""
    return "/".join(f"{value:g}" for value in astuple(settings)[:6])


def rankings(city: HeldOut, columns: HexScores, settings: HexSettings) -> tuple[dict[str, Real], dict[str, Real]]:
    """Of the cells of a map that hold a place or anybody's time: the rankings, and the truth, by name.

    The truth is the number of transmissions in the held-out days, of those outside homes, and the person-hours.
    """
    cells = city.cells(columns.resolution)
    at = np.searchsorted(columns.h3, cells)
    ranked = columns.footfall_h > 0
    ranked[at] = True
    size = len(columns.h3)

    def by_cell(places: npt.NDArray[np.int64], weights: Real | None = None) -> Real:
        return np.bincount(at[places], weights, minlength=size)[ranked].astype(np.float64)

    away = city.transmissions[~city.is_home[city.transmissions]]
    everywhere = np.arange(len(cells))
    truth = {"all": by_cell(city.transmissions), "away": by_cell(away), "time": by_cell(everywhere, city.hours)}
    residence = by_cell(city.f0_homes)
    footfall = columns.footfall_h[ranked]
    # The scale of 0..100 undone: a rate is what may be multiplied with footfall.
    rate = -np.log2(np.maximum(1.0 - columns.score[ranked] / 100, 2.0**-52)) * settings.half_rate
    found = {
        "score": columns.score[ranked],
        "burden": rate * footfall,
        "residence": residence,
        "residence_smoothed": smoothed(columns.h3[ranked], residence, SMOOTHING),
        "footfall": footfall,
    }
    return found, truth


def smoothed(cells: Cells, values: Real, weights: Sequence[int]) -> Real:
    """Ring-weighted sums of values by cell round each of these cells (ascending)."""
    offsets, near, ring = disk(cells, len(weights) - 1)
    where = np.searchsorted(cells, near)
    there = cells[np.minimum(where, len(cells) - 1)] == near
    weighted = np.array(weights, np.float64)[ring[there]] * np.repeat(values, np.diff(offsets))[there]
    return np.bincount(where[there], weights=weighted, minlength=len(cells)).astype(np.float64)


def measures(score: Real, truth: dict[str, Real]) -> dict[str, float]:
    """Every measure of a ranking; 0 where nothing can be measured."""
    found = {
        "spearman": spearman(score, truth["all"]),
        "cells": hit_rate(score, truth["all"], TOP),
        "away": hit_rate(score, truth["away"], TOP),
        "time": hit_rate(score, truth["all"], TOP, truth["time"]),
    }
    return {name: 0.0 if value is None else value for name, value in found.items()}


class Cities:
    """Values of many cities, kept in ``folder`` as they are found: a run that was cut short goes on where it was."""

    def __init__(self, trial: Trial, folder: Path | None = None) -> None:
        self.trial = trial
        self._folder = folder
        self._known: dict[int, dict[str, dict[str, float]]] = {}

    def values(
        self, seed: int, settings: Sequence[HexSettings], progress: Callable[[float], None] | None = None
    ) -> dict[str, dict[str, float]]:
        """Measures by ``name@resolution``: baselines by their names, rankings of ours as ``score:settings``.

        ``facts`` holds the counts of the city. Cost: the city, when something is not known yet; then a map a setting
        and resolution.
        """
        known = self._known.setdefault(seed, self._read(seed))
        missing = [s for s in settings if f"score:{named(s)}@{RESOLUTIONS[0]}" not in known]
        if not missing and "facts" in known:
            return known
        with TemporaryDirectory(prefix="truyvet-city-") as folder:
            city = hold_out(self.trial.plan(seed), self.trial.held_days, Path(folder), progress)
        for each in missing or settings[:1]:
            known.update(_values(city, each))
        away = ~city.is_home[city.transmissions]
        known["facts"] = {"transmissions": len(away), "away": int(away.sum()), "f0s": len(city.f0_homes)} | {
            f"cells{resolution}": known[f"footfall@{resolution}"].pop("n") for resolution in RESOLUTIONS
        }
        self._write(seed, known)
        return known

    def _path(self, seed: int) -> Path | None:
        name = f"city-{self.trial.people}-{self.trial.days}-{self.trial.held_days}-{seed}.json"
        return None if self._folder is None else self._folder / name

    def _read(self, seed: int) -> dict[str, dict[str, float]]:
        path = self._path(seed)
        if path is None or not path.exists():
            return {}
        stored = json.loads(path.read_text("utf-8"))
        found: dict[str, dict[str, float]] = stored["values"] if stored["format"] == FORMAT else {}
        return found

    def _write(self, seed: int, known: dict[str, dict[str, float]]) -> None:
        path = self._path(seed)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            about = {"format": FORMAT, "trial": asdict(self.trial), "seed": seed, "values": known}
            path.write_text(json.dumps(about, indent=1), encoding="utf-8")


def _values(city: HeldOut, settings: HexSettings) -> dict[str, dict[str, float]]:
    out: dict[str, dict[str, float]] = {}
    for resolution, columns in zip(RESOLUTIONS, city.maps(RESOLUTIONS, settings), strict=True):
        ranked, truth = rankings(city, columns, settings)
        for name, score in ranked.items():
            key = f"{name}:{named(settings)}" if name in OURS else name
            out[f"{key}@{resolution}"] = measures(score, truth)
        out[f"footfall@{resolution}"]["n"] = float(len(truth["all"]))
    return out


def evaluate_cities(
    cities: Cities,
    seeds: Sequence[int],
    settings: HexSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> CityEvaluation:
    """Compare the map with the plain baselines over the cities of ``seeds``, with intervals over the cities."""
    chosen = settings or HexSettings()
    tell = progress or (lambda share: None)
    found = [cities.values(seed, [chosen], _part(tell, done, len(seeds))) for done, seed in enumerate(seeds)]
    facts = [city["facts"] for city in found]
    return CityEvaluation(
        trial=cities.trial,
        seeds=tuple(seeds),
        transmissions=round(sum(f["transmissions"] for f in facts)),
        away=round(sum(f["away"] for f in facts)),
        f0s=round(sum(f["f0s"] for f in facts)),
        cells={r: float(np.mean([f[f"cells{r}"] for f in facts])) for r in RESOLUTIONS},
        rows=tuple(row for resolution in RESOLUTIONS for row in _rows(found, resolution, chosen)),
    )


def _rows(found: list[dict[str, dict[str, float]]], resolution: int, settings: HexSettings) -> list[Row]:
    keys = {name: f"{name}:{named(settings)}" if name in OURS else name for name in (*OURS, *BASELINES)}
    table = {
        name: {m: np.array([city[f"{key}@{resolution}"][m] for city in found]) for m in MEASURES}
        for name, key in keys.items()
    }
    best = {m: max((table[name][m] for name in BASELINES), key=lambda v: float(v.mean())) for m in MEASURES}
    return [
        Row(
            name,
            resolution,
            {m: bootstrap(values[m]) for m in MEASURES},
            {m: bootstrap(values[m] - best[m]) for m in MEASURES} if name in OURS else {},
        )
        for name, values in table.items()
    ]


def candidates() -> list[HexSettings]:
    """The declared settings, and those that are compared with them."""
    own = HexSettings()
    found = [own]
    for half_life, rings, f1, prior in product((1.75, 3.5, 7.0), ((0.0, 0.0), (0.5, 0.25)), F1_WEIGHTS, (96.0, 400.0)):
        found.append(_like(own, half_life, rings, f1, prior))
    for f1, prior in product(F1_WEIGHTS, (24.0, 1600.0)):
        found.append(_like(own, 3.5, (0.0, 0.0), f1, prior))
    found += [_like(own, 3.5, (0.25, 0.0), (0.183, 0.033), prior) for prior in (96.0, 400.0)]
    found += [_like(own, 3.5, (0.0, 0.0), f1, 400.0) for f1 in ((0.183, 0.0), (0.4, 0.16))]
    found += [_like(own, 3.5, (0.5, 0.25), (0.183, 0.033), prior) for prior in (24.0, 1600.0)]
    return list(dict.fromkeys(found))


def _like(
    own: HexSettings, half_life: float, rings: tuple[float, float], weights: tuple[float, float], prior: float
) -> HexSettings:
    return replace(
        own, half_life_d=half_life, ring_1=rings[0], ring_2=rings[1],
        f1_weight=weights[0], f2_weight=weights[1], prior_h=prior,
    )  # fmt: skip


def tune(
    cities: Cities,
    seeds: Sequence[int],
    settings: Sequence[HexSettings],
    progress: Callable[[float], None] | None = None,
) -> list[Tuned]:
    """Settings with their means over the cities of ``seeds``, best first.

    Best is the highest mean hit rate of the score, over the resolutions and both budgets (cells, time).
    """
    tell = progress or (lambda share: None)
    found = []
    for done, seed in enumerate(seeds):
        found.append(cities.values(seed, settings, _part(tell, done, len(seeds))))
    rows = []
    for each in settings:
        means = {
            (name, resolution, measure): float(
                np.mean([c[f"{name}:{named(each)}@{resolution}"][measure] for c in found])
            )
            for name in OURS
            for resolution in RESOLUTIONS
            for measure in MEASURES
        }
        goal = float(np.mean([means["score", r, m] for r in RESOLUTIONS for m in ("cells", "time")]))
        rows.append(Tuned(each, goal, means))
    return sorted(rows, key=lambda row: -row.objective)


def _part(tell: Callable[[float], None], done: int, of: int) -> Callable[[float], None]:
    return lambda share: tell((done + share) / of)
