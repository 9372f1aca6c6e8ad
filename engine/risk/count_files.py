"""Files of counts: long tables, a row a unit and day.

Columns are known by their usual names (``COLUMNS``). A row names its unit by code, or by the names of province,
district and commune. The value of a ``source`` column is a source; without one a file is, and files that differ in the
tier at the end of their names alone (``moh_province.csv``, ``moh_commune.csv``) are one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from engine.errors import UnreadableFileError
from engine.risk.count_names import Names
from engine.risk.counts import MEASURES, Counts, Covered, Outlier, Series, Unplaced, without_outliers
from engine.risk.levels.rules import TIERS
from engine.risk.levels.tree import Tree

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code", "unit", "unit_code", "area_code", "gso_code", "commune_code", "district_code", "province_code"),
    "province": ("province", "province_name", "tinh", "gso_name"),
    "district": ("district", "district_name", "huyen"),
    "commune": ("commune", "commune_name", "ward", "xa"),
    "tier": ("tier", "level", "cap"),
    "date": ("date", "day", "ngay"),
    "source": ("source", "nguon"),
    "cases": ("cases", "new_cases", "so_ca", "ca_mac"),
    "deaths": ("deaths", "new_deaths", "tu_vong"),
}
"""Our word for a column, and the words by which it is known; every measure is known by its own name as well."""
_TIERS = {"tinh": "province", "huyen": "district", "xa": "commune", **{t: t for t in TIERS}}
_TABLES = (".csv", ".parquet")
_EXAMPLES = 5
_DATES = ("%Y-%m-%d", "%d/%m/%Y")
_TIER_ENDS = re.compile(rf"[_-](?:{'|'.join(_TIERS)})$", re.IGNORECASE)
Days = dict[date, float]


@dataclass
class _Reading:
    """What is gathered while files are read."""

    tree: Tree
    names: Names
    # (source, tier) -> measure -> code -> day -> value
    values: dict[tuple[str, str], dict[str, dict[str, Days]]] = field(default_factory=dict)
    covered: list[Covered] = field(default_factory=list)
    # (source, tier) -> the days that each of its files covers
    spans: dict[tuple[str, str], list[tuple[date, date]]] = field(default_factory=dict)
    lost: dict[tuple[str, str], list[tuple[str, float]]] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)


def read_counts(path: Path, tree: Tree) -> Counts:
    """The counts of a file, or of every table of a folder, for the units of ``tree``.

    Raises:
        UnreadableFileError: missing, or nothing in it is a table of counts (the message lists the columns seen).
    """
    if not path.exists():
        raise UnreadableFileError(f"{path}: no such file or folder")
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in _TABLES) if path.is_dir() else [path]
    reading = _Reading(tree, Names(tree))
    for file in files:
        _read_file(reading, file)
    if not reading.covered:
        why = (
            "; ".join(f"{name} has the columns {text}" for name, text in reading.ignored.items())
            or "no .csv or .parquet file"
        )
        raise UnreadableFileError(f"{path}: no table of counts: {why}")
    series, outliers = _series_of(reading)
    unplaced = tuple(
        Unplaced(source, tier, len(rows), sum(n for _, n in rows), tuple(dict.fromkeys(t for t, _ in rows))[:_EXAMPLES])
        for (source, tier), rows in sorted(reading.lost.items())
    )
    return Counts(tuple(series), tuple(reading.covered), unplaced, tuple(outliers), reading.ignored)


def _table(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() == ".parquet":
            return pq.read_table(path)
        with path.open("rb") as head:
            names = head.readline().decode("utf-8-sig").strip().split(",")
        texts = pc.ConvertOptions(column_types=dict.fromkeys((n.strip('"') for n in names), pa.string()))
        return pc.read_csv(path, convert_options=texts)
    except (OSError, pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path}: {error}") from None


def _read_file(reading: _Reading, path: Path) -> None:
    table = _table(path)
    source = _TIER_ENDS.sub("", path.stem)
    lower = {name.strip().lower(): name for name in table.column_names}
    wanted = {**{m: (m,) for m in MEASURES}, **COLUMNS}
    columns = {ours: [lower[n] for n in known if n in lower] for ours, known in wanted.items()}
    measures = [m for m in MEASURES if columns[m]]
    placed = columns["code"] or columns["province"]
    if not columns["date"] or not measures or not placed:
        shown = ", ".join(table.column_names[:_EXAMPLES]) + (", ..." if len(table.column_names) > _EXAMPLES else "")
        reading.ignored[path.name] = shown
        return
    _read_long(reading, path, source, {o: c for o, c in columns.items() if c}, measures, table)


def _read_long(
    reading: _Reading, path: Path, stem: str, columns: Mapping[str, list[str]], measures: list[str], table: pa.Table
) -> None:
    """Take in a table with a row a unit and day."""
    texts = {name: _texts(table.column(name)) for names in columns.values() for name in names}
    rows: dict[str, list[tuple[date, bool, str]]] = {}
    seen: dict[tuple[str, ...], dict[str, float]] = {}
    repeats: dict[str, int] = {}
    unread: dict[str, list[str]] = {}
    zeros: set[str] = set()
    for n in range(table.num_rows):
        row = {ours: next((texts[name][n] for name in names if texts[name][n]), "") for ours, names in columns.items()}
        day = _day_of(row["date"])
        values = {m: v for m in measures if (v := _number(row[m])) is not None}
        source = row.get("source") or stem
        if day is None or not values:
            given = [row[m] for m in measures if row[m]]
            if given:
                unread.setdefault(source, []).append(row["date"] if day is None else given[0])
            continue
        where = _unit_of(reading, row)
        tier, code = where or (_tier_of(row), "")
        rows.setdefault(source, []).append((day, where is not None, tier))
        if 0.0 in values.values():
            zeros.add(source)
        named = " / ".join(row.get(k, "") for k in ("code", *reversed(TIERS)) if row.get(k))
        key = source, tier, code, named, day.isoformat()
        if key in seen:
            repeats[source] = repeats.get(source, 0) + 1
        for measure, value in values.items():
            before = seen.setdefault(key, {}).get(measure, 0.0)
            seen[key][measure] = max(before, value)
    for source, again in _gather(reading, seen).items():
        repeats[source] = repeats.get(source, 0) + again
    if unread and not rows:
        examples = dict.fromkeys(text for some in unread.values() for text in some)
        reading.ignored[path.name] = f"{columns['date'][0]} = {', '.join([*examples][:_EXAMPLES])}"
    for source, told in rows.items():
        days, bad = [d for d, *_ in told], unread.get(source, [])
        for tier in {t for *_, t in told}:
            reading.spans.setdefault((source, tier), []).append((min(days), max(days)))
        reading.covered.append(
            Covered(
                source=source,
                file=path.name,
                rows=len(told),
                placed=sum(ok for _, ok, _ in told),
                first=min(days),
                last=max(days),
                sparse=source not in zeros,
                repeats=repeats.get(source, 0),
                unread=len(bad),
                unread_like=bad[0] if bad else "",
            )
        )


def _gather(reading: _Reading, seen: Mapping[tuple[str, ...], Mapping[str, float]]) -> dict[str, int]:
    """Take in the rows of a file; returns by source how many of its days another file had given before.

    Two names of one unit on one day are two parts of it within a file; of the files of a source the largest counts.
    """
    sums: dict[tuple[str, str, str, date], dict[str, float]] = {}
    for (source, tier, code, named, day), values in seen.items():
        if not code:
            reading.lost.setdefault((source, tier), []).append((named, next(iter(values.values()))))
            continue
        total = sums.setdefault((source, tier, code, date.fromisoformat(day)), {})
        for measure, value in values.items():
            total[measure] = total.get(measure, 0.0) + value
    again: dict[str, int] = {}
    for (source, tier, code, when), values in sums.items():
        known = False
        for measure, value in values.items():
            days = reading.values.setdefault((source, tier), {}).setdefault(measure, {}).setdefault(code, {})
            known = known or when in days
            days[when] = max(days.get(when, 0.0), value)
        again[source] = again.get(source, 0) + known
    return again


def _unit_of(reading: _Reading, row: Mapping[str, str]) -> tuple[str, str] | None:
    """(tier, code) of the unit a row speaks of."""
    code = row.get("code", "")
    if code in reading.tree.areas:
        return reading.tree.areas[code].tier, code
    tier = _tier_of(row)
    found = reading.names.find(tier, {t: row.get(t, "") for t in TIERS})
    return None if found is None else (tier, found)


def _tier_of(row: Mapping[str, str]) -> str:
    given = _TIERS.get(row.get("tier", "").strip().lower())
    return given or next((t for t in TIERS if row.get(t)), "province")


def _series_of(reading: _Reading) -> tuple[list[Series], list[Outlier]]:
    dense = {c.source for c in reading.covered if not c.sparse}
    series: list[Series] = []
    outliers: list[Outlier] = []
    for (source, tier), measures in sorted(reading.values.items()):
        for measure, units in measures.items():
            spans = [] if source in dense else reading.spans[source, tier]
            made = _dense(source, tier, measure, units, spans, reading.tree)
            kept, bad = without_outliers(made)
            series.append(kept)
            outliers += bad
    return series, outliers


def _dense(
    source: str,
    tier: str,
    measure: str,
    units: Mapping[str, Days],
    spans: Sequence[tuple[date, date]],
    tree: Tree,
) -> Series:
    """One measure as a table. ``spans``: the days covered by the files of a source that writes no zeros, else none."""
    days = [d for values in units.values() for d in values]
    silent = [*spans] if measure == "cases" and len({d for span in spans for d in span}) > 1 else []
    first, last = min([*days, *(a for a, _ in silent)]), max([*days, *(b for _, b in silent)])
    codes = tree.of_tier(tier) if silent else sorted(units)
    values = np.full((len(codes), (last - first).days + 1), np.nan)
    for a, b in silent:
        values[:, (a - first).days : (b - first).days + 1] = 0.0
    for n, code in enumerate(codes):
        for day, value in units.get(code, {}).items():
            values[n, (day - first).days] = value
    return Series(source, tier, measure, tuple(codes), first, values)


def _texts(column: pa.ChunkedArray) -> list[str]:
    return ["" if v is None else str(v).strip() for v in column.to_pylist()]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


@lru_cache(1 << 12)
def _day_of(text: str) -> date | None:
    day = re.split(r"[ T]", text.strip(), maxsplit=1)[0]
    for form in _DATES:
        try:
            return datetime.strptime(day, form).date()
        except ValueError:
            continue
    return None
