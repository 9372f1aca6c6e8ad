"""Tables of counts: new cases a day, by area. What is dirty is told, and filled in or left out."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np

from engine.errors import UnreadableFileError
from engine.scenarios.estimates.cases import Doubts, Flags, Floats
from engine.scenarios.estimates.options import CountTable
from engine.scenarios.estimates.readers import moment_of, read_sheet
from engine.scenarios.estimates.tables import EPOCH

COUNT_COLUMNS: dict[str, tuple[str, ...]] = {
    "date": ("date", "day", "dates", "ngay", "dt_report"),
    "count": ("count", "cases", "new_cases", "so_ca", "ca_mac", "i", "incidence"),
    "imported": ("imported", "imported_cases", "nhap_canh"),
    "area": ("area", "gso_name", "province", "district", "name", "code", "gso_code", "unit", "tinh"),
    "suspect": ("suspect",),
}
_MOST_AREAS = 2000
FAR_D = 5 * 366
"""A day further from the middle of all is a slip of the pen; the table would have all days in between."""
MOST_CASES = 1e9
"""A greater number is none of cases."""


def read_count_table(
    path: Path, named: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> CountTable:
    """A table with a row a day (and area): new cases. Rows of one day and area add up.

    Days without a row are 0 in a table that has no zeros at all (only days with cases were written down); otherwise
    they are filled in by a straight line between the days around, as are negative numbers, numbers that cannot be read
    and rows marked in a column ``suspect``; the table says which. Rows whose date cannot be read, or is more than five
    years from the middle of all, are left out and told as doubts.

    Raises:
        UnreadableFileError: not such a table, or no day in it.
        BadParameterError: as :func:`read_sheet`.
    """
    sheet = read_sheet(path, COUNT_COLUMNS, named, where, ("date", "count"))
    days: dict[str, dict[int, float]] = {}
    foreign: dict[str, dict[int, float]] = {}
    bad: set[tuple[str, int]] = set()
    zeros, doubts = False, Doubts()
    moments = [at for row in sheet.rows if (at := moment_of(sheet.get(row, "date"))) is not None]
    middle = float(np.median(moments)) if moments else 0.0
    for row in sheet.rows:
        text, area = sheet.get(row, "date"), sheet.get(row, "area")
        at = moment_of(text)
        if at is None or abs(at - middle) > FAR_D:
            doubts.add("unreadable_date" if at is None else "date_far_off", text or "-")
            continue
        on = int(at // 1)
        number, from_away = _number(sheet.get(row, "count")), _number(sheet.get(row, "imported")) or 0.0
        days.setdefault(area, {})
        if number is None or sheet.get(row, "suspect").lower() in ("1", "true"):
            bad.add((area, on))
            if number is None:
                doubts.add("unreadable_number", f"{text} {sheet.get(row, 'count')}".strip())
            continue
        zeros = zeros or number == 0
        days[area][on] = days[area].get(on, 0.0) + number
        own = foreign.setdefault(area, {})
        own[on] = own.get(on, 0.0) + min(from_away, number)
    seen = [d for of in days.values() for d in of]
    if not seen:
        raise UnreadableFileError(f"{path}: no row with a date and a number")
    if len(days) > _MOST_AREAS:
        raise UnreadableFileError(f"{path}: {len(days)} areas; name the column of areas: area=column")
    areas, first, last = tuple(sorted(days)), min(seen), max(seen)
    cases, away = (np.zeros((len(areas), last - first + 1)) for _ in range(2))
    filled = np.zeros(cases.shape, np.bool_)
    for i, area in enumerate(areas):
        lost = {d for a, d in bad if a == area}
        if zeros:
            lost |= set(range(first, last + 1)) - days[area].keys()
        _fill(cases[i], away[i], filled[i], days[area], foreign.get(area, {}), lost, first)
    return CountTable(date.fromordinal(EPOCH.toordinal() + first), areas, cases,
                      away if "imported" in sheet.columns else None, filled, doubts.told())  # fmt: skip


def _fill(
    cases: Floats, away: Floats, filled: Flags, days: dict[int, float], foreign: dict[int, float], lost: set[int],
    first: int,
) -> None:  # fmt: skip
    """One area's days into its rows of the arrays: what was told, and between it what was lost."""
    known = np.array(sorted(days.keys() - lost), np.int64)
    if not len(known):
        return
    values = np.array([days[d] for d in known.tolist()])
    cases[known - first] = values
    away[known - first] = [foreign[d] for d in known.tolist()]
    gaps = np.array(sorted(d for d in lost if 0 <= d - first < len(cases)), np.int64)
    cases[gaps - first] = np.interp(gaps, known, values)
    filled[gaps - first] = True


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found <= MOST_CASES else None
