"""Files of counts: long tables, a row a unit and day.

Columns are known by their usual names (``COLUMNS``). A row names its unit by code, or by the names of province,
district and commune. A file, or the value of a ``source`` column, is a source.
"""

from collections.abc import Mapping
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


@dataclass
class _Reading:
    """What is gathered while files are read."""

    tree: Tree
    names: Names
    # (source, tier) -> measure -> code -> day -> value
    values: dict[tuple[str, str], dict[str, dict[str, dict[date, float]]]] = field(default_factory=dict)
    covered: list[Covered] = field(default_factory=list)
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
    source = path.stem.split("_")[0]
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
    rows: dict[str, list[tuple[date, bool]]] = {}
    seen: dict[tuple[str, ...], dict[str, float]] = {}
    repeats: dict[str, int] = {}
    zeros: set[str] = set()
    for n in range(table.num_rows):
        row = {ours: next((texts[name][n] for name in names if texts[name][n]), "") for ours, names in columns.items()}
        day = _day_of(row["date"])
        values = {m: v for m in measures if (v := _number(row[m])) is not None}
        if day is None or not values:
            continue
        source = row.get("source") or stem
        where = _unit_of(reading, row)
        rows.setdefault(source, []).append((day, where is not None))
        if 0.0 in values.values():
            zeros.add(source)
        tier, code = where or (_tier_of(row), "")
        named = " / ".join(row.get(k, "") for k in ("code", *reversed(TIERS)) if row.get(k))
        key = source, tier, code, named, day.isoformat()
        if key in seen:
            repeats[source] = repeats.get(source, 0) + 1
        for measure, value in values.items():
            before = seen.setdefault(key, {}).get(measure, 0.0)
            seen[key][measure] = max(before, value)
    _gather(reading, seen)
    for source, told in rows.items():
        days, found, again = [d for d, _ in told], sum(ok for _, ok in told), repeats.get(source, 0)
        reading.covered.append(
            Covered(source, path.name, len(told), found, min(days), max(days), source not in zeros, again)
        )


def _gather(reading: _Reading, seen: Mapping[tuple[str, ...], Mapping[str, float]]) -> None:
    """Add rows to their units: two names of one unit on one day are two parts of it."""
    for (source, tier, code, named, day), values in seen.items():
        if not code:
            reading.lost.setdefault((source, tier), []).append((named, next(iter(values.values()))))
            continue
        for measure, value in values.items():
            days = reading.values.setdefault((source, tier), {}).setdefault(measure, {}).setdefault(code, {})
            when = date.fromisoformat(day)
            days[when] = days.get(when, 0.0) + value


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
    sparse = {c.source: c for c in reading.covered if c.sparse and c.first != c.last}
    series: list[Series] = []
    outliers: list[Outlier] = []
    for (source, tier), measures in sorted(reading.values.items()):
        for measure, units in measures.items():
            made = _dense(source, tier, measure, units, sparse.get(source), reading.tree)
            kept, bad = without_outliers(made)
            series.append(kept)
            outliers += bad
    return series, outliers


def _dense(
    source: str, tier: str, measure: str, units: Mapping[str, Mapping[date, float]], sparse: Covered | None, tree: Tree
) -> Series:
    days = [d for values in units.values() for d in values]
    first, last = min(days), max(days)
    codes, fill = sorted(units), np.nan
    if sparse is not None and measure == "cases":
        first, last, fill = sparse.first, sparse.last, 0.0
        codes = tree.of_tier(tier)
    values = np.full((len(codes), (last - first).days + 1), fill)
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
    for form in _DATES:
        try:
            return datetime.strptime(text.strip()[:10], form).date()
        except ValueError:
            continue
    return None
