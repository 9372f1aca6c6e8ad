"""Pictures of a sweep: lines with bands over one setting, heat maps over two."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from engine.scenarios.report import charts
from engine.scenarios.report.charts import Series
from engine.scenarios.report.folder import RunFolder, RunInfo, shown
from engine.scenarios.report.naming import setting_name
from engine.scenarios.report.numbers import number
from engine.scenarios.report.pictures import MOST, shade
from engine.scenarios.report.style import Picture
from engine.scenarios.report.texts import text
from engine.texts import Lang

MEASURES: dict[str, float] = {"attack_rate": 100, "person_days_quarantine": 1}
"""What is drawn, and what it is multiplied with (shares as per cent)."""
STUDY_MEASURES: dict[str, float] = {"sensitivity": 100, "quarantined": 1, "person_days": 1}
MOST_MAPS = 6


def sweep_pictures(run: RunFolder, lang: Lang) -> list[Picture]:
    """Pictures over the one or two settings of the sweep that have more than one value; empty without a sweep."""
    swept = [path for path in _paths(run.runs) if len(_values(run.runs, path)) > 1]
    numbers = [p for p in swept if all(_is_number(v) for v in _values(run.runs, p))]
    out: list[Picture] = []
    for measure, times in (STUDY_MEASURES if "study" in run.tables else MEASURES).items():
        if not any(_middle(run, info, measure) for info in run.runs):
            continue
        if len(swept) == 1 and numbers:
            out.append(_lines(run, lang, measure, times, swept[0]))
        elif swept:
            out += _maps(run, lang, measure, times, swept)
    return out


def _paths(runs: Sequence[RunInfo]) -> list[str]:
    return list(dict.fromkeys(path for info in runs for path in info.values))


def _values(runs: Sequence[RunInfo], path: str) -> list[object]:
    out: list[object] = []
    for info in runs:
        if path in info.values and info.values[path] not in out:
            out.append(info.values[path])
    return out


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _found(run: RunFolder, info: RunInfo, measure: str) -> Mapping[str, float] | None:
    if "study" not in run.tables:
        return run.total(info.name, measure)
    rows = run.of("study", variant=info.name)
    if rows is None or measure not in rows.column_names:
        return None
    row = rows.slice(0, 1).to_pylist()[0]
    out = {"median": row[measure], "q05": row.get(f"{measure}_low"), "q95": row.get(f"{measure}_high")}
    return {key: math.nan if value is None else float(value) for key, value in out.items()}


def _middle(run: RunFolder, info: RunInfo, measure: str) -> float:
    found = _found(run, info, measure)
    return found["median"] if found is not None and math.isfinite(found["median"]) else 0.0


def _title(measure: str, lang: Lang, study: bool) -> str:
    return text(f"col.{measure}", lang) if study or measure == "attack_rate" else text(f"measure.{measure}", lang)


def _variants(run: RunFolder) -> list[str]:
    return list(dict.fromkeys(info.variant for info in run.runs))


def _called(run: RunFolder, variant: str, lang: Lang) -> str:
    info = next(r for r in run.runs if r.variant == variant)
    return info.variant_title[0 if lang == "vi" else 1]


def _lines(run: RunFolder, lang: Lang, measure: str, times: float, path: str) -> Picture:
    series, facts = [], []
    for variant in _variants(run)[:MOST]:
        rows = []
        for info in run.runs:
            found = _found(run, info, measure)
            if info.variant == variant and path in info.values and found is not None:
                rows.append((float(str(info.values[path])), *(times * found[k] for k in ("median", "q05", "q95"))))
        if not rows:
            continue
        x, y, low, high = np.array(sorted(rows)).T
        name = _called(run, variant, lang)
        first = next(info for info in run.runs if info.variant == variant)
        base = run.baseline is not None and len(_variants(run)) > 1 and run.baseline.variant == variant
        series.append(Series(name, x, y, low, high, shade(run, first), base))
        facts.append(text("fact.value", lang, variant=name, value="; ".join(
            f"{number(a, lang, 2)}: {number(b, lang, 1)}" for a, b in zip(x, y, strict=True))))  # fmt: skip
    shown_title = _title(measure, lang, "study" in run.tables)
    setting = setting_name(path, run.scenario, lang)
    title = text("picture.sweep", lang, measure=shown_title, setting=setting)
    up = shown_title + (", %" if times == 100 else "")
    figure = charts.lines(series, lang, up, setting, dots=True)
    caption = text("caption.sweep" if "study" not in run.tables else "caption.sweep_study", lang)
    alt = text("alt.other", lang, title=title, facts=". ".join(facts))
    return Picture(f"sweep_{measure}", title, caption, alt, figure)


def _maps(run: RunFolder, lang: Lang, measure: str, times: float, swept: Sequence[str]) -> list[Picture]:
    """A map a variant over the first two settings; others stand at their first value."""
    across, down, *rest = swept if len(swept) > 1 else [swept[0], ""]
    fixed = {path: _values(run.runs, path)[0] for path in rest}
    columns = _values(run.runs, across)
    rows: list[object] = _values(run.runs, down) if down else [None]
    out = []
    found_all = [times * _middle(run, info, measure) for info in run.runs]
    for variant in _variants(run)[:MOST_MAPS]:
        grid = np.full((len(rows), len(columns)), np.nan)
        for info in run.runs:
            if info.variant != variant or any(info.values.get(p) != v for p, v in fixed.items()):
                continue
            found = _found(run, info, measure)
            if found is not None and across in info.values:
                at = rows.index(info.values[down]) if down else 0
                grid[at, columns.index(info.values[across])] = times * found["median"]
        if not np.isfinite(grid).any():
            continue
        up = _title(measure, lang, "study" in run.tables) + (", %" if times == 100 else "")
        title = text("picture.heat", lang, measure=up, variant=_called(run, variant, lang))
        names = tuple(setting_name(p, run.scenario, lang) if p else "" for p in (across, down))
        labels = [[shown(v, lang) if v is not None or down else "" for v in values] for values in (columns, rows)]
        figure = charts.heat(grid, labels[0], labels[1], (names[0], names[1]), max(found_all), lang)
        caption = text("caption.heat", lang)
        if fixed:
            held = ", ".join(f"{setting_name(p, run.scenario, lang)} = {shown(v, lang)}" for p, v in fixed.items())
            caption += " " + text("caption.heat_fixed", lang, values=held)
        facts = "; ".join(
            f"{labels[0][j]} × {labels[1][i]}: {number(float(v), lang, 1)}" for (i, j), v in np.ndenumerate(grid)
        )
        alt = text("alt.other", lang, title=title, facts=facts + ".")
        out.append(Picture(f"heat_{measure}_{variant}", title, caption, alt, figure))
    return out
