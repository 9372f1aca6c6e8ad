"""Which column of a file of administrative units holds what: the usual names, and what a row says by them."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.errors import BadInputError, BadParameterError, UnreadableFileError
from engine.geo.unit_names import plain, tier_of
from engine.geo.units import TIERS, Population

USUAL: dict[str, tuple[str, ...]] = {
    "code": ("code", "gso_code", "area_code", "unit_code", "ma_dvhc", "ma_gso", "ma"),
    "parent": ("parent", "parent_code", "ma_cha", "ma_cap_tren"),
    "name_vi": ("name_vi", "ten_vi", "ten_dvhc", "gso_name", "ten", "name"),
    "name_en": ("name_en", "ten_en", "english_name", "ten_tieng_anh", "adm3_en", "adm2_en", "adm1_en"),
    "kind": ("kind", "type", "loai", "loai_dvhc"),
    "tier": ("tier", "admin_level", "level", "cap"),
    "since": ("since", "valid_from", "start_date", "tu_ngay"),
    "until": ("until", "valid_to", "end_date", "den_ngay"),
    "replaced_by": ("replaced_by", "successors", "thay_bang"),
    "replaces": ("replaces", "predecessors", "thay_cho"),
    "population": ("population", "dan_so", "danso", "pop"),
    "population_at": ("population_at", "population_date", "ngay_dan_so"),
    "population_source": ("population_source", "nguon_dan_so"),
    "province_code": ("province_code", "level1_id", "province_id", "ma_tinh", "matinh", "adm1_pcode", "gid_1"),
    "district_code": ("district_code", "level2_id", "district_id", "ma_huyen", "mahuyen", "adm2_pcode", "gid_2"),
    "commune_code": (
        "commune_code", "ward_code", "level3_id", "ward_id", "ma_xa", "maxa", "adm3_pcode", "gid_3",
    ),
    "province": ("tinh_thanh", "ten_tinh", "tinh", "province_name", "province", "adm1_vi", "name_1"),
    "district": ("quanhuyen", "quan_huyen", "ten_huyen", "huyen", "district_name", "district", "adm2_vi", "name_2"),
    "commune": (
        "phuongxa", "phuong_xa", "ten_xa", "xa", "commune_name", "ward_name", "commune", "ward", "adm3_vi", "name_3",
    ),
}  # fmt: skip
"""Names of columns by field, the best first; compared without case, diacritics and punctuation."""
_WIDTH = {"province": 2, "district": 3, "commune": 5}
"""Digits of the codes of the General Statistics Office."""
_TIER_WORDS = {
    **{t: t for t in TIERS},
    **{str(n): t for n, t in enumerate(TIERS)},
    "tinh": "province", "huyen": "district", "xa": "commune", "ward": "commune",
}  # fmt: skip
_YEAR = re.compile(r"(?:population|dan_so|danso|pop)_?(\d{4})")
_GROUPED = re.compile(r"\d{1,3}([., ]\d{3})+")
_LOWER = ("commune", "district", "province")


@dataclass
class Record:
    """What one row of one file says about one unit; None and empty: nothing."""

    file: str
    tier: str | None = None
    code: str | None = None
    parent: str | None = None
    loose_parent: str | None = None
    """A unit it lies in, tiers further up: the parent only where nobody names a nearer one."""
    name_vi: str | None = None
    name_en: str | None = None
    kind: str | None = None
    since: date | None = None
    until: date | None = None
    replaced_by: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    population: tuple[Population, ...] = ()
    polygon: Any = None
    inside: dict[str, str] = field(default_factory=dict)
    """Names of the wider units by tier, for rows without a code."""
    aside: bool = False
    """Only mentioned as the wider unit of another: its name counts where nobody else gives one."""


@dataclass(frozen=True)
class Columns:
    """The columns of a file by field, and the populations by year."""

    of: dict[str, str]
    years: dict[int, str]

    @property
    def understood(self) -> bool:
        """Whether units can be told apart by them."""
        return any(f in self.of for f in ("code", "name_vi", *_LOWER, *(f"{t}_code" for t in _LOWER)))


def key_of(column: str) -> str:
    """A column's name as it is compared."""
    return re.sub("[^a-z0-9]+", "_", plain(column).lower()).strip("_")


def find_columns(columns: Iterable[str], chosen: Mapping[str, str]) -> Columns:
    """The column of each field: the chosen ones where the file has them, else the usual ones.

    Raises:
        BadParameterError: ``chosen`` names no such field.
    """
    for name in chosen:
        if name not in USUAL:
            raise BadParameterError(f"{name!r} is no field of areas; fields are {', '.join(USUAL)}")
    columns = list(columns)
    named = {key_of(c): c for c in reversed(columns)}
    of = {f: next((named[n] for n in names if n in named), "") for f, names in USUAL.items()}
    of |= {f: c for f, c in chosen.items() if c in columns}
    years = {int(m[1]): c for c in columns if (m := _YEAR.fullmatch(key_of(c)))}
    return Columns({f: c for f, c in of.items() if c}, years)


def text_of(value: Any) -> str | None:
    """A cell of a table as text; whole numbers without a point; None when there is nothing in it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def _date_of(value: Any, where: str) -> date | None:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    text = text_of(value)
    if text is None or text == "NaT":
        return None
    try:
        if found := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4})", text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BadInputError(f"{where}: {text!r} is no date; write it like 2021-01-01 or 1/1/2021") from None


def _people_of(value: Any, where: str) -> int | None:
    text = text_of(value)
    if text is None:
        return None
    if _GROUPED.fullmatch(text):
        text = re.sub("[., ]", "", text)
    if not text.isdecimal():
        raise BadInputError(f"{where}: {text!r} is no number of people")
    return int(text)


def _several(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(v).strip() for v in value)
    return tuple(part for part in re.split(r"[\s,;|]+", text_of(value) or "") if part)


def records_of(
    rows: Iterable[Mapping[str, Any]], columns: Columns, file: str, tier: str | None = None
) -> tuple[list[Record], int]:
    """The units that rows speak of, and how many codes lacked leading zeros (they were put back).

    ``tier``: of every row; None: as its columns, its code (2, 3 or 5 digits: those of the General Statistics
    Office) or its kind say. A row also tells of the wider units whose code and name it holds.

    Raises:
        UnreadableFileError: a date or a number is none; the message names the row.
    """
    found: list[Record] = []
    padded = 0
    seen: set[str] = set()
    for n, row in enumerate(rows, 1):
        try:
            record, more = _record_of(row, columns, file, tier, f"{file}, row {n}")
        except BadInputError as error:
            raise UnreadableFileError(str(error)) from None
        padded += more
        for wide in _wider(row, columns, file, record):
            if wide.code not in seen:
                seen.add(wide.code or "")
                found.append(wide)
        found.append(record)
    return found, padded


def _record_of(
    row: Mapping[str, Any], columns: Columns, file: str, tier: str | None, where: str
) -> tuple[Record, bool]:
    of = columns.of

    def text(name: str) -> str | None:
        return text_of(row.get(of[name])) if name in of else None

    code, kind, name = text("code"), text("kind"), text("name_vi")
    own = next((t for t in _LOWER if (text(f"{t}_code") or text(t)) is not None), None)
    lowest = own if code is None and (text(f"{own}_code") or name is None) else None
    if lowest is not None:
        code = text(f"{lowest}_code")
        name = name or text(lowest)
    tier = tier or _TIER_WORDS.get(plain(text("tier") or "").lower()) or lowest or _tier_by_code(code)
    tier = tier or (_below(own) if code is None and own else None) or tier_of(name, kind)
    whole = _padded(code, tier)
    record = Record(
        file, tier, whole, name_vi=name, name_en=text("name_en"), kind=kind,
        since=_date_of(row.get(of["since"]), where) if "since" in of else None,
        until=_date_of(row.get(of["until"]), where) if "until" in of else None,
        replaced_by=_several(row.get(of["replaced_by"])) if "replaced_by" in of else (),
        replaces=_several(row.get(of["replaces"])) if "replaces" in of else (),
        population=_figures(row, columns, file, where),
        inside={t: v for t in _LOWER if t != tier and (v := text(t))},
    )  # fmt: skip
    _place(record, text)
    return record, whole != code


def _place(record: Record, text: Any) -> None:
    """Whose child the unit is."""
    above = None if record.tier not in _LOWER else TIERS[TIERS.index(record.tier) - 1]
    record.parent = _padded(text("parent"), above if above in _WIDTH else None)
    for t in _LOWER[_LOWER.index(record.tier) + 1 :] if record.tier in _LOWER else ():
        code = _padded(text(f"{t}_code"), t)
        if code is None or record.parent is not None or record.loose_parent is not None:
            continue
        if t == above:
            record.parent = code
        else:
            record.loose_parent = code


def _below(tier: str) -> str | None:
    """The tier of a row that has a name of its own and lies in a unit of ``tier``."""
    at = TIERS.index(tier) + 1
    return TIERS[at] if at < len(TIERS) else None


def _tier_by_code(code: str | None) -> str | None:
    if code is None or not code.isdecimal():
        return None
    return next((t for t, width in _WIDTH.items() if len(code) == width), None)


def _padded(code: str | None, tier: str | None) -> str | None:
    return code.zfill(_WIDTH[tier]) if code is not None and code.isdecimal() and tier in _WIDTH else code


def _figures(row: Mapping[str, Any], columns: Columns, file: str, where: str) -> tuple[Population, ...]:
    """A figure of a year stands in its middle, as the yearly figures of the General Statistics Office do."""
    of = columns.of
    source = (text_of(row.get(of["population_source"])) if "population_source" in of else None) or file
    out = []
    for year, column in columns.years.items():
        if (people := _people_of(row.get(column), where)) is not None:
            out.append(Population(date(year, 7, 1), people, source))
    if "population" in of and (people := _people_of(row.get(of["population"]), where)) is not None:
        day = _date_of(row.get(of["population_at"]), where) if "population_at" in of else None
        out.append(Population(day or date.min, people, source))
    return tuple(out)


def _wider(row: Mapping[str, Any], columns: Columns, file: str, record: Record) -> list[Record]:
    """Wider units whose code and name stand in the row of a narrower one."""
    out: list[Record] = []
    parent = None
    for t in reversed(_LOWER):
        if t == record.tier or record.tier not in _LOWER or _LOWER.index(t) < _LOWER.index(record.tier):
            continue
        code, name = (text_of(row.get(columns.of[f])) if f in columns.of else None for f in (f"{t}_code", t))
        code = _padded(code, t)
        if code and name:
            out.append(Record(file, t, code, parent=parent, name_vi=name, aside=True))
            parent = code
    return out
