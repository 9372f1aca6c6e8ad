"""R by window as rows: of a table of counts by area, and of dated cases."""

from collections.abc import Callable
from datetime import date

import numpy as np

from engine import params
from engine.errors import BadInputError, BadParameterError
from engine.scenarios.estimates.cases import CaseList, Flags, Floats
from engine.scenarios.estimates.cori import discretised, estimate_rt, fewest_cases
from engine.scenarios.estimates.options import CountTable, Options
from engine.scenarios.estimates.serial import Interval
from engine.scenarios.estimates.tables import EPOCH, Estimates, Note, Row, Series, day, note_of

Tell = Callable[[float], None]
ENOUGH_PAIRS = 10
"""R rests on the serial interval of the data with at least so many pairs."""
FEW_SOURCES = 1.0
"""Less infectivity in a window than one case gives in all: most of its cases came from nobody who is known."""


def estimate_counts(table: CountTable, options: Options, tell: Tell = lambda share: None) -> Estimates:
    """R by area of a table of counts.

    Raises:
        BadParameterError: no such area.
        BadInputError: no case in the days asked for.
    """
    missing = [a for a in options.areas if a not in table.areas]
    if missing:
        raise BadParameterError(f"no area {', '.join(missing)} in the table; there are: {', '.join(table.areas[:70])}")
    mean, sd, told = serial_of(options, None)
    weights = discretised(mean, sd)
    wanted = [i for i, a in enumerate(table.areas) if not options.areas or a in options.areas]
    late = int(params.RT_LATE_DAYS.value)
    rows: list[Row] = []
    series: list[Series] = []
    for done, i in enumerate(wanted):
        foreign = None if table.imported is None else table.imported[i]
        more, drawn = _rt(table.areas[i], table.first, table.cases[i], foreign, table.filled[i], weights, late, options)
        rows += more
        series += drawn
        tell((done + 1) / len(wanted))
    if not rows:
        raise BadInputError(
            "no day with cases in the days and areas asked for, or none that a window of "
            f"{options.window or int(params.RT_WINDOW_D.value)} days fits after. "
            + " ".join(note_of(d).say("en") for d in table.doubts)
        )
    notes = [told, *(note_of(d) for d in table.doubts), *_rt_notes(rows, late)]
    filled = int(table.filled[wanted].sum())
    if filled:
        notes.append(Note("estimate.note.filled", {"days": filled}))
    return Estimates(tuple(rows), tuple(notes), series=tuple(series))


def serial_of(options: Options, found: Interval | None) -> tuple[float, float, Note]:
    """(mean, sd) of the serial interval that R rests on, and what to say of it."""
    if options.serial is not None:
        values = {"mean": f"{options.serial[0]:g}", "sd": f"{options.serial[1]:g}"}
        return (*options.serial, Note("estimate.note.serial_given", values))
    if found is not None and found.n >= ENOUGH_PAIRS and found.mean > 1.2 and found.sd > 0.2:
        values = {"mean": f"{found.mean:.2f}", "sd": f"{found.sd:.2f}", "n": str(found.n)}
        return found.mean, found.sd, Note("estimate.note.serial_found", values)
    mean, sd = params.SERIAL_MEAN_D.value, params.SERIAL_SD_D.value
    return mean, sd, Note("estimate.note.serial_default", {"mean": f"{mean:g}", "sd": f"{sd:g}"})


def _rt(
    area: str,
    first: date,
    cases: Floats,
    imported: Floats | None,
    filled: Flags,
    weights: Floats,
    late: int,
    options: Options,
) -> tuple[list[Row], list[Series]]:
    """Rows and the series of one area; none without cases."""
    if not cases.sum():
        return [], []
    found = estimate_rt(cases, weights, imported, options.window, late)
    low = -1e9 if options.first is None else (options.first - first).days
    high = 1e9 if options.last is None else (options.last - first).days
    gaps = np.concatenate([[0], np.cumsum(filled)])
    rows: list[Row] = []
    keep = (found.last >= low) & (found.last <= high)
    for i in np.flatnonzero(keep).tolist():
        a, b = int(found.first[i]), int(found.last[i])
        flags = {
            "few": found.few[i],
            "truncated": found.truncated[i],
            "prior_only": found.prior_only[i],
            "few_sources": 0 < found.infectivity[i] < FEW_SOURCES,
            "filled": gaps[b + 1] > gaps[a],
        }
        start, end = (EPOCH.fromordinal(first.toordinal() + x) for x in (a, b))
        values = float(found.median[i]), float(found.low[i]), float(found.high[i])
        said = tuple(name for name, on in flags.items() if on)
        rows.append(Row("rt", area, start, end, "r", *values, round(float(found.cases[i])), said))
    if not rows:
        return [], []
    at = np.flatnonzero(keep)
    doubtful = (found.few | found.truncated | (found.infectivity < FEW_SOURCES))[at]
    drawn = Series(
        area=area,
        first=first,
        cases=tuple(cases.tolist()),
        filled=tuple(filled.tolist()),
        last=tuple(found.last[at].tolist()),
        median=tuple(found.median[at].tolist()),
        low=tuple(found.low[at].tolist()),
        high=tuple(found.high[at].tolist()),
        doubtful=tuple(doubtful.tolist()),
    )
    return rows, [drawn]


def _rt_notes(rows: list[Row], late: int) -> list[Note]:
    notes = []
    few = sum("few" in r.remarks for r in rows if r.estimate == "rt")
    if few:
        notes.append(Note("estimate.note.few", {"windows": few, "cases": fewest_cases()}))
    if late and any("truncated" in r.remarks for r in rows):
        notes.append(Note("estimate.note.truncated", {"days": late}))
    return notes


def rt_of_cases(
    cases: CaseList, options: Options, serial: Interval | None
) -> tuple[list[Row], tuple[Series, ...], list[Note]]:
    """R of all cases, or of each area: by day of onset (missing ones moved by the median delay), or of confirmation."""
    onset, confirmed = cases.date("onset"), cases.date("confirmed")
    confirmed = np.where(np.isfinite(confirmed), confirmed, cases.date("sampled"))
    by_onset = options.at == "onset" or (options.at == "" and np.isfinite(onset).sum() * 2 >= len(cases))
    gap = confirmed - onset
    gap = gap[np.isfinite(gap) & (gap >= 0)]
    late, notes = 0, []
    at = confirmed if not by_onset else onset
    if by_onset and len(gap):
        late = int(np.ceil(np.quantile(gap, 0.9)))
        shift = float(np.median(gap))
        moved = ~np.isfinite(onset) & np.isfinite(confirmed)
        at = np.where(moved, confirmed - shift, onset)
        if moved.any():
            notes.append(Note("estimate.note.moved", {"count": int(moved.sum()), "days": f"{shift:.1f}"}))
    dated = np.isfinite(at)
    if not dated.any():
        return [], (), [Note("estimate.note.no_dates")]
    mean, sd, told = serial_of(options, serial)
    weights = discretised(mean, sd)
    first = int(np.floor(at[dated].min()))
    end = (
        int(np.floor(cases.last))
        if cases.end is not None
        else max(int(np.floor(cases.last)), int(np.floor(at[dated].max())))
    )
    dated &= np.floor(np.where(dated, at, 0)) <= end
    rows: list[Row] = []
    series: list[Series] = []
    areas = options.areas or (tuple(sorted({a for a in cases.areas if a})) if options.by_area else ())
    lives = np.array(cases.areas)
    for area in ("", *areas) if not options.areas else areas:
        mine = dated & (lives == area) if area else dated
        days = np.floor(at[mine]).astype(np.int64) - first
        count = np.bincount(days, minlength=end - first + 1).astype(np.float64)
        foreign = None
        if cases.imported is not None:
            own = days[cases.imported[mine]]
            foreign = np.bincount(own, minlength=end - first + 1).astype(np.float64)
        filled = np.zeros(len(count), np.bool_)
        more, drawn = _rt(area, day(first), count, foreign, filled, weights, late, options)
        rows += more
        series += drawn
    if not rows:
        return [], (), [told, *notes, Note("estimate.note.no_window")]
    by = Note("estimate.note.by_onset" if by_onset else "estimate.note.by_confirmed")
    return rows, tuple(series), [told, by, *notes, *_rt_notes(rows, late)]
