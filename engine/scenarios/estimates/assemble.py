"""All estimates of a list of cases with their links: what is estimated of what, and warnings."""

from collections.abc import Callable
from datetime import date

import numpy as np

from engine import params
from engine.errors import BadInputError, BadParameterError
from engine.scenarios.estimates.cases import CaseList, Flags, Floats, Found, Links, believable, best_sources, reference
from engine.scenarios.estimates.delays import DELAYS, FOUND, Delay, estimate_delay
from engine.scenarios.estimates.offspring import Offspring, count_offspring, drawn_infectors, fit_offspring, pooled
from engine.scenarios.estimates.options import WHAT, Options
from engine.scenarios.estimates.rt import ENOUGH_PAIRS, rt_of_cases
from engine.scenarios.estimates.serial import Interval, estimate_interval
from engine.scenarios.estimates.settings import settings_of
from engine.scenarios.estimates.tables import (
    EPOCH,
    Estimates,
    Note,
    Row,
    Series,
    day,
    note_of,
    rows_of_fit,
    rows_of_interval,
    rows_of_offspring,
)

Tell = Callable[[float], None]
TREES = 50
"""Trees drawn by the chances of the candidates."""
RECENT = 0.1
"""Share of recent starts from which a delay is called truncated."""


def estimate_cases(
    cases: CaseList, links: Links | None, options: Options, found: Found | None = None, tell: Tell = lambda share: None
) -> Estimates:
    """Everything that a list of cases, and who may have infected whom, tells.

    Raises:
        BadParameterError: no such area, nothing wanted.
        BadInputError: no case in the days and areas asked for.
    """
    unknown = [w for w in options.what if w not in WHAT]
    if unknown or not options.what:
        raise BadParameterError(
            f"nothing like {', '.join(unknown) or 'that'} is estimated: choose of {', '.join(WHAT)}"
        )
    if options.recent_days is not None and not np.isfinite(options.recent_days):
        raise BadParameterError("recent days must be a number of days")
    whole = believable(cases)
    inside = _inside(whole, options)
    if not inside.any():
        raise BadInputError("no case in the days and areas asked for")
    notes = [note_of(d) for d in whole.doubts]
    rows: list[Row] = []
    told = best_sources(whole, links, options.threshold) if links is not None else None
    serial = _interval(whole, told, "onset", inside, options)
    tell(0.2)
    if "serial" in options.what:
        rows += rows_of_interval("serial", serial) if serial is not None else []
        generation = _interval(whole, told, "infected", inside, options)
        rows += rows_of_interval("generation", generation) if generation is not None else []
        if serial is None:
            notes.append(Note("estimate.note.no_pairs"))
    offspring = None
    if "offspring" in options.what and links is not None and told is not None:
        offspring, more = _offspring(whole, links, told, inside, serial, options)
        notes += more
        if offspring is not None:
            remarks = ("drawn",) if options.attribution == "drawn" and not links.sure else ()
            rows += rows_of_offspring(offspring, remarks=remarks)
    tell(0.4)
    if "delays" in options.what:
        more_rows, more = _delays(whole, inside, options, found)
        rows += more_rows
        notes += more
    tell(0.7)
    settings, more_rows = settings_of(whole.only(inside), options) if "settings" in options.what else ({}, [])
    rows += more_rows
    series: tuple[Series, ...] = ()
    if "rt" in options.what:
        rt_rows, series, more = rt_of_cases(whole, options, serial if links is not None and links.sure else None)
        rows, notes = rt_rows + rows, notes + more
    tell(1.0)
    return Estimates(tuple(rows), tuple(notes), settings, series, serial, offspring)


def _inside(cases: CaseList, options: Options) -> Flags:
    """Cases of the areas and days asked for, by their reference date."""
    at = reference(cases)
    keep = np.ones(len(cases), np.bool_)
    if options.areas:
        missing = [a for a in options.areas if a not in cases.areas]
        if missing:
            known = ", ".join(sorted({a for a in cases.areas if a})[:70]) or "-"
            raise BadParameterError(f"no case lives in area {', '.join(missing)}; there are: {known}")
        keep &= np.array([a in options.areas for a in cases.areas], np.bool_)
    with np.errstate(invalid="ignore"):
        if options.first is not None:
            keep &= at >= (options.first - EPOCH).days
        if options.last is not None:
            keep &= at < (options.last - EPOCH).days + 1
    return keep


def _interval(cases: CaseList, links: Links | None, date_: str, inside: Flags, options: Options) -> Interval | None:
    if links is None or not len(links):
        return None
    moment, resolution = cases.date(date_), cases.resolution(date_)
    if resolution == 1:
        moment = np.floor(moment)
    days = moment[links.infected] - moment[links.infector]
    keep = np.isfinite(days) & inside[links.infected]
    if not keep.any():
        return None
    weight = None if links.sure else links.share[keep]
    return estimate_interval(days[keep], resolution, weight, options.seed, options.resamples)


def _offspring(
    cases: CaseList, links: Links, told: Links, inside: Flags, serial: Interval | None, options: Options
) -> tuple[Offspring | None, list[Note]]:
    """The fit over cases that are old enough for their offspring to be known."""
    infected = cases.date("infected")
    at = np.where(np.isfinite(infected), infected, reference(cases))
    recent = _recent(cases, serial if links.sure else None) if options.recent_days is None else options.recent_days
    undated = not np.isfinite(cases.last)
    with np.errstate(invalid="ignore"):
        keep = inside if undated else inside & (at <= cases.last - recent)
    left = int((inside & ~keep).sum())
    notes = [Note("estimate.note.recent", {"count": left, "days": f"{recent:.1f}"})] if left else []
    notes += [Note("estimate.note.undated")] if undated else []
    if not keep.any():
        return None, [*notes, Note("estimate.note.no_offspring")]
    with_source = len(np.unique(told.infected))
    notes.append(Note("estimate.note.sourced", {"count": with_source, "cases": len(cases)}))
    if links.sure or options.attribution == "best":
        infectors = np.full(len(cases), -1, np.int64)
        infectors[told.infected] = told.infector
        return fit_offspring(count_offspring(len(cases), infectors)[keep]), notes
    fits = []
    for tree in range(TREES):
        drawn = drawn_infectors(len(cases), links.infected, links.infector, links.share, options.seed, tree)
        fits.append(fit_offspring(count_offspring(len(cases), drawn)[keep]))
    return pooled(fits), notes


def _recent(cases: CaseList, serial: Interval | None) -> float:
    """Days before the end from which on the offspring of a case are not all known.

    Its offspring fall ill a serial interval after it, and where cases are dated by onset, become known later still.
    """
    if serial is not None and serial.n >= ENOUGH_PAIRS:
        recent = serial.mean + 2 * serial.sd
    else:
        recent = params.SERIAL_MEAN_D.value + 2 * params.SERIAL_SD_D.value
    unseen, _ = cases.delay("onset", "confirmed")
    unseen = unseen[np.isfinite(unseen) & (unseen >= 0)]
    if np.isfinite(cases.date("infected")).any() or not len(unseen):
        return recent
    return recent + float(np.quantile(unseen, 0.9))


def _groups(cases: CaseList, inside: Flags, start: Floats, options: Options) -> list[tuple[str, date | None, Flags]]:
    """(area, first day of the period, members): all together first."""
    groups: list[tuple[str, date | None, Flags]] = [("", None, inside)]
    areas = sorted({a for a, on in zip(cases.areas, inside, strict=True) if a and on}) if cases.areas else []
    if options.by_area:
        own = np.array(cases.areas) if cases.areas else np.zeros(0)
        groups += [(a, None, inside & (own == a)) for a in areas]
    if options.by_period:
        keys = np.array([_period(x, options.by_period) for x in start])
        for key in sorted({k for k, on in zip(keys, inside, strict=True) if k and on}):
            groups.append(("", date.fromisoformat(key), inside & (keys == key)))
    return groups


def _period(moment: float, period: str) -> str:
    if not np.isfinite(moment):
        return ""
    d = day(moment)
    return (d.replace(day=1) if period == "month" else EPOCH.fromordinal(d.toordinal() - d.weekday())).isoformat()


def _delays(cases: CaseList, inside: Flags, options: Options, found: Found | None) -> tuple[list[Row], list[Note]]:
    rows: list[Row] = []
    truncated: list[str] = []
    for name, (start, end) in DELAYS.items():
        a = cases.date(start)
        days, resolution = cases.delay(start, end)
        if not (np.isfinite(days) & inside).any():
            continue
        for area, period, keep in _groups(cases, inside, a, options):
            if not (keep & np.isfinite(days) & (days >= 0)).any():
                continue
            got = estimate_delay(days[keep], resolution, a[keep], cases.last, options.seed, options.resamples)
            rows += _delay_rows(f"delay.{name}", area, period, got)
            if got.recent > RECENT and not area and period is None:
                truncated.append(name)
    if found is not None and len(found.delay):
        keep = inside[found.case] & (found.delay >= 0)
        if keep.any():
            got = estimate_delay(
                found.delay[inside[found.case]], found.resolution, None, None, options.seed, options.resamples
            )
            rows += _delay_rows(f"delay.{FOUND}", "", None, got)
    notes = [Note("estimate.note.delay_truncated", {"name": f"estimate.name.delay.{n}"}) for n in truncated]
    return rows, notes


def _delay_rows(name: str, area: str, period: date | None, got: Delay) -> list[Row]:
    remarks = ("truncated",) if got.recent > RECENT else ()
    rows = [
        Row(name, area, period, None, "median", got.median, got.median_low, got.median_high, got.n, remarks),
        Row(name, area, period, None, "mean", got.mean, got.mean_low, got.mean_high, got.n, remarks),
        *(Row(name, area, period, None, m, getattr(got, m), None, None, got.n, remarks) for m in ("q25", "q75", "q90")),
        Row(name, area, period, None, "before", float(got.before), None, None, got.n + got.before),
    ]
    for fit in got.fits:
        rows += rows_of_fit(name, area, fit, period)
    return rows
