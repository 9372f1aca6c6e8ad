"""A run folder as the report reads it: manifest, scenario, tables. What is absent only leaves its part out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.errors import BadInputError
from engine.scenarios import files
from engine.scenarios.model import Scenario
from engine.scenarios.report.naming import setting_name
from engine.scenarios.report.numbers import plain
from engine.scenarios.report.texts import text
from engine.texts import Lang

TABLES = (
    "totals", "daily", "weekly", "r", "differences", "replicates",
    "study", "study_cases", "study_curve", "study_gain",
)  # fmt: skip
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RunInfo:
    """One run of the scenario: a variant at a point of the sweep."""

    name: str
    variant: str
    values: Mapping[str, object]
    title: tuple[str, str]
    """Vietnamese, English."""
    variant_title: tuple[str, str]
    """The same without the point of the sweep."""

    def called(self, lang: Lang) -> str:
        """The name that people read."""
        return self.title[0 if lang == "vi" else 1]


@dataclass(frozen=True)
class RunFolder:
    """What a run left behind."""

    path: Path
    manifest: Mapping[str, Any]
    scenario: Scenario
    tables: Mapping[str, pa.Table]
    source: str = ""
    """The scenario file as it was given."""
    grid: str = ""
    """The named grid that was run in place of the sweep."""
    file: Scenario | None = None
    """All that the file says, where ``scenario`` is one of its named grids."""

    @property
    def written(self) -> Scenario:
        """The scenario with all its named grids."""
        return self.file or self.scenario

    @cached_property
    def runs(self) -> tuple[RunInfo, ...]:
        """Runs in the order of the manifest; without that, in the order of the tables."""
        listed = [(str(r["name"]), str(r.get("variant", r["name"])), dict(r.get("values") or {}))
                  for r in self.manifest.get("runs", ())]  # fmt: skip
        if not listed:
            table = next((self.tables[n] for n in ("totals", "study", "daily") if n in self.tables), None)
            names = [] if table is None else pc.unique(table["variant"]).to_pylist()
            listed = [(name, name.partition(",")[0], {}) for name in names]
        titles = {v.name: v.title for v in self.scenario.variants}
        out = []
        for name, variant, values in listed:
            title = titles.get(variant)
            own = (title.vi, title.en) if title else (_words(variant), _words(variant))
            whole = (_with(own[0], values, self.scenario, "vi"), _with(own[1], values, self.scenario, "en"))
            out.append(RunInfo(name, variant, values, whole, own))
        return tuple(out)

    @property
    def days(self) -> int | None:
        """Days of the run; None for a study."""
        return None if self.scenario.simulation is None else self.scenario.simulation.days

    @cached_property
    def baseline(self) -> RunInfo | None:
        """The run that the others are compared with."""
        if not self.runs:
            return None
        named = self.manifest.get("baseline") or self.scenario.baseline
        same = [r for r in self.runs if named in (r.name, r.variant)]
        return (same or list(self.runs))[0]

    def of(self, table: str, **where: object) -> pa.Table | None:
        """Rows of a table whose columns have these values; None when there are none, or no such table or column."""
        rows = self.tables.get(table)
        if rows is None or any(column not in rows.column_names for column in where):
            return None
        for column, value in where.items():
            rows = rows.filter(pc.equal(rows[column], pa.scalar(value, rows.schema.field(column).type)))
        return rows if rows.num_rows else None

    def total(self, run: str, measure: str) -> dict[str, float] | None:
        """Median, interval and so on of a measure of one run."""
        return _row(self.of("totals", variant=run, measure=measure))

    def difference(self, run: str, measure: str) -> dict[str, float] | None:
        """Paired difference to the baseline."""
        return _row(self.of("differences", variant=run, measure=measure))

    def compared_with(self, run: str) -> RunInfo | None:
        """What a run is compared with: in a sweep the baseline at the same point, of the baseline its first point."""
        rows = self.of("differences", variant=run)
        if rows is None or "baseline" not in rows.column_names:
            return self.baseline
        name = rows["baseline"][0].as_py()
        return next((info for info in self.runs if info.name == name), self.baseline)


def read_folder(path: Path) -> RunFolder:
    """Read a run folder.

    Raises:
        BadInputError: no manifest or no scenario in it, or one that cannot be read.
    """
    try:
        manifest = json.loads((path / "manifest.json").read_text("utf-8"))
        source = (path / "scenario.yml").read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path} is no folder of a finished run: {error}") from None
    tables = {name: pq.read_table(path / f"{name}.parquet") for name in TABLES if (path / f"{name}.parquet").is_file()}
    scenario = files.parse(source, str(path / "scenario.yml"))
    for grid in scenario.sensitivity:
        asked = files.with_sensitivity(scenario, grid)
        if manifest.get("name") == asked.name:
            return RunFolder(path, manifest, asked, tables, source, grid, scenario)
    return RunFolder(path, manifest, scenario, tables, source)


def column(table: pa.Table, name: str) -> Reals:
    """A column as real numbers; what is missing is NaN."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table[name].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _row(table: pa.Table | None) -> dict[str, float] | None:
    if table is None:
        return None
    first = table.slice(0, 1).to_pylist()[0]
    return {
        key: float("nan") if value is None else float(value)
        for key, value in first.items()
        if value is None or isinstance(value, int | float)
    }


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])[-_](?=[a-z])", " ", name)


def _with(title: str, values: Mapping[str, object], scenario: Scenario, lang: Lang) -> str:
    names = ((setting_name(path, scenario, lang), value) for path, value in values.items())
    return ", ".join([title, *(f"{name[0].lower()}{name[1:]} = {shown(value, lang)}" for name, value in names)])


def shown(value: object, lang: Lang) -> str:
    """A value of a sweep, short."""
    if value is None:
        return text("value.none", lang)
    if isinstance(value, bool):
        return text("value.yes" if value else "value.no", lang)
    if isinstance(value, int | float):
        return plain(value, lang)
    if isinstance(value, Mapping):
        return " ".join(f"{k} {shown(v, lang)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(shown(v, lang) for v in value)
    return str(value)
