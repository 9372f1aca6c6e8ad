"""Estimates as rows that say the same in every format, and as settings of scenarios."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import isfinite, isinf, isnan
from typing import Any

import pyarrow as pa

from engine.errors import BadParameterError
from engine.scenarios.estimates.cases import Doubt
from engine.scenarios.estimates.families import Fit
from engine.scenarios.estimates.offspring import Offspring
from engine.scenarios.estimates.serial import Interval
from engine.scenarios.model import Distribution
from engine.texts import Lang, say

COLUMNS = ("estimate", "area", "from", "to", "measure", "value", "low", "high", "n", "remarks")
FEW_CASES = 20
"""Fewer cases tell hardly anything of offspring: the fit is told with a remark."""
EPOCH = date(1970, 1, 1)
Value = Distribution | float


def day(number: float) -> date:
    """The day of a moment in days since 1970-01-01."""
    return EPOCH + timedelta(days=int(number // 1))


@dataclass(frozen=True)
class Row:
    """One number with its 95 % interval. Days are both included; None: over all there is."""

    estimate: str
    """``rt``, ``serial``, ``generation``, ``offspring``, ``delay.<name>``, ``incubation``, ``asymptomatic``."""
    area: str
    first: date | None
    last: date | None
    measure: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    remarks: tuple[str, ...] = ()
    """Codes: ``few``, ``truncated``, ``prior_only``, ``filled``, ``poisson`` ..."""


@dataclass(frozen=True)
class Note:
    """A sentence to the reader: a key of ``texts`` and its fields."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """The sentence; a field that is itself a key of a name is said in the same language."""
        told = {k: say(v, lang) if isinstance(v, str) and v.startswith("estimate.name.") else v
                for k, v in self.values.items()}  # fmt: skip
        return say(self.key, lang, **told)


def note_of(doubt: Doubt) -> Note:
    """What to say of something that was not believed."""
    values = {"what": f"estimate.name.doubt.{doubt.code}", "examples": ", ".join(doubt.examples), "count": doubt.count}
    return Note("estimate.note.doubt", values)


@dataclass(frozen=True)
class Setting:
    """A setting of a scenario as the data have it; ``value`` None: left as it is, for a ``reason`` (key of texts)."""

    path: str
    value: Value | None
    n: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Series:
    """R_t and the cases behind it, for a picture: a value a day; R at the last day of its window."""

    area: str
    first: date
    cases: tuple[float, ...]
    filled: tuple[bool, ...]
    last: tuple[int, ...]
    """Day (index) each R stands at."""
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    doubtful: tuple[bool, ...]
    """Few cases, or days that are not complete yet."""


@dataclass(frozen=True)
class Estimates:
    """Everything that was estimated."""

    rows: tuple[Row, ...]
    notes: tuple[Note, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """By the names that ``estimate:`` of a scenario knows."""
    series: tuple[Series, ...] = ()
    serial: Interval | None = None
    offspring: Offspring | None = None

    def table(self) -> pa.Table:
        """Arrow table of the rows, columns as ``COLUMNS`` (dates as date32, remarks as text)."""
        names = ("estimate", "area", "first", "last", "measure", "value", "low", "high", "n")
        kinds = (
            pa.string(), pa.string(), pa.date32(), pa.date32(), pa.string(), pa.float64(), pa.float64(), pa.float64(),
            pa.int64(),
        )  # fmt: skip
        data = [pa.array([getattr(r, a) for r in self.rows], k) for a, k in zip(names, kinds, strict=True)]
        data.append(pa.array([" ".join(r.remarks) for r in self.rows]))
        return pa.table(data, names=list(COLUMNS))


def rows_of_offspring(found: Offspring, area: str = "", remarks: tuple[str, ...] = ()) -> list[Row]:
    """R and k of offspring as rows."""
    remarks += ("few",) if found.cases < FEW_CASES else ()
    poisson = ("poisson",) if found.poisson else ()
    unknown = ("no_offspring",) if found.infected == 0 else ()
    rows = [
        Row("offspring", area, None, None, "r", found.r, found.r_low, found.r_high, found.cases, remarks + unknown),
        Row("offspring", area, None, None, "k", found.k, found.k_low, found.k_high, found.cases,
            remarks + poisson + unknown),
        Row("offspring", area, None, None, "zero_share", found.zero_share, None, None, found.cases, remarks),
    ]  # fmt: skip
    if found.infected:
        top = Row("offspring", area, None, None, "top_share", found.top_share, None, None, found.cases, remarks)
        mean = Row("offspring", area, None, None, "infector_mean", found.infector_mean, None, None, found.infected)
        rows += [top, mean]
    return rows


def rows_of_interval(name: str, found: Interval) -> list[Row]:
    """A serial or generation interval as rows."""
    rows = [
        Row(name, "", None, None, "mean", found.mean, found.mean_low, found.mean_high, found.n),
        Row(name, "", None, None, "sd", found.sd, found.sd_low, found.sd_high, found.n),
        Row(name, "", None, None, "median", found.median, None, None, found.n),
        Row(name, "", None, None, "negative", float(found.negative), None, None, found.n),
    ]
    for fit in (found.normal, found.gamma):
        if fit is not None:
            rows += rows_of_fit(name, "", fit)
    return rows


def rows_of_fit(name: str, area: str, fit: Fit, first: date | None = None, last: date | None = None) -> list[Row]:
    """A fitted distribution: mean, sd and AIC."""
    values = (("mean", fit.mean), ("sd", fit.sd), ("aic", fit.aic))
    return [Row(name, area, first, last, f"{fit.family.name}_{m}", v, None, None, fit.n) for m, v in values]


SAME_D = 0.02
"""Times that spread less than half an hour are one time."""


def distribution_of(fit: Fit) -> Distribution:
    """A fit as a setting of a scenario.

    Raises:
        BadParameterError: a normal distribution, which a scenario has no use for.
    """
    if fit.family.name not in ("gamma", "weibull", "lognormal"):
        raise BadParameterError("a normal distribution has negative times: fit another one")
    if fit.sd < SAME_D:
        return Distribution(fixed=round(fit.mean, 2))
    first, second = (float(f"{x:.5g}") for x in ((fit.mean, fit.a) if fit.family.name == "gamma" else (fit.a, fit.b)))
    return Distribution.model_validate({fit.family.name: (first, second)})


def settings_from(estimates: Estimates, names: Iterable[str]) -> dict[str, Value]:
    """Path -> value of the settings ``names`` (as in ``estimate:`` of a scenario) that the data tell.

    What they do not tell is left out: :func:`told_settings` says why.

    Raises:
        BadParameterError: no such name.
    """
    found = {name: _setting(estimates, name) for name in names}
    return {s.path: s.value for s in found.values() if s.value is not None}


def told_settings(estimates: Estimates, names: Iterable[str], lang: Lang = "en") -> dict[str, dict[str, Any]]:
    """Path -> {value, n, reason} of the settings ``names``, for a manifest; value None: left as the file has it."""
    out = {}
    for name in names:
        s = _setting(estimates, name)
        value = s.value.model_dump(exclude_none=True) if isinstance(s.value, Distribution) else s.value
        out[s.path] = {"value": value, "n": s.n, "reason": say(s.reason, lang) if s.reason else ""}
    return out


def _setting(estimates: Estimates, name: str) -> Setting:
    try:
        return estimates.settings[name]
    except KeyError:
        known = ", ".join(estimates.settings)
        raise BadParameterError(f"{name!r} cannot be estimated; these can: {known}") from None


def to_csv(estimates: Estimates) -> str:
    """The rows as CSV; the columns are the same whatever the language."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in estimates.rows:
        numbers = [_number(x) for x in (r.value, r.low, r.high)]
        writer.writerow([r.estimate, r.area, r.first or "", r.last or "", r.measure, *numbers,
                         "" if r.n is None else r.n, " ".join(r.remarks)])  # fmt: skip
    return out.getvalue()


def to_json(estimates: Estimates, lang: Lang = "en") -> str:
    """Rows, notes and settings as JSON. Infinite numbers are the text "inf", unknown ones null."""
    rows = [
        {
            "estimate": r.estimate, "area": r.area,
            "from": None if r.first is None else r.first.isoformat(),
            "to": None if r.last is None else r.last.isoformat(),
            "measure": r.measure, "value": _plain(r.value), "low": _plain(r.low), "high": _plain(r.high),
            "n": r.n, "remarks": list(r.remarks),
        }
        for r in estimates.rows
    ]  # fmt: skip
    told = {"estimates": rows, "notes": [n.say(lang) for n in estimates.notes]}
    told["settings"] = [{"path": p, **v} for p, v in told_settings(estimates, estimates.settings, lang).items()]
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None or isnan(value) else "inf" if isinf(value) else f"{value:.6g}"


def _plain(value: float | None) -> float | str | None:
    if value is None or isnan(value):
        return None
    return float(f"{value:.6g}") if isfinite(value) else "inf"
