"""The answer of a simulation: sentences, the headline table, the table by week."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.scenarios.report.folder import RunFolder, RunInfo
from engine.scenarios.report.numbers import digits_for, interval, number, ranged, whole_percent
from engine.scenarios.report.pictures import held, label, shown_runs
from engine.scenarios.report.texts import text
from engine.texts import Lang

COLUMNS = (
    "peak_infectious", "peak_day", "person_days_quarantine", "false_person_days_quarantine",
    "person_days_isolation", "tests", "deaths",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A number and, below it, its interval."""

    main: str
    small: str = ""


@dataclass(frozen=True)
class Table:
    """A table to read: the first cell of a row is its name."""

    caption: str
    head: list[str]
    rows: list[list[Cell]]
    note: str = ""
    folded: bool = False
    """To be opened by who wants it."""


def sentences(run: RunFolder, lang: Lang) -> list[str]:
    """One sentence for each variant, the baseline first; of a sweep only its first point."""
    base = run.baseline
    out: list[str] = []
    for info in shown_runs(run):
        total = run.total(info.name, "attack_rate")
        if base is None or total is None:
            continue
        rate, between = ranged(total["median"], total["q05"], total["q95"], lang, share=True)
        told = {"variant": label(run, info, lang), "rate": rate, "interval": between}
        gap = run.difference(info.name, "attack_rate")
        if info.name == base.name:
            out.insert(0, text("answer.baseline", lang, **told))
        elif gap is not None:
            out.append(_against(gap, label(run, run.compared_with(info.name) or base, lang), told, lang))
        else:
            out.append(text("answer.baseline", lang, **told))
    return out


def _against(gap: dict[str, float], base_name: str, told: dict[str, str], lang: Lang) -> str:
    low, high = gap["q05"], gap["q95"]
    better = gap.get("better", math.nan)
    if low > 0 or high < 0:
        key, sign = ("answer.higher", 1.0) if low > 0 else ("answer.lower", -1.0)
        ends = sorted((sign * 100 * low, sign * 100 * high))
        points = number(sign * 100 * gap["median"], lang, 1)
    else:
        key, ends, points = "answer.unclear", [100 * low, 100 * high], signed(100 * gap["median"], lang, 1)
    between = interval(number(ends[0], lang, 1), number(ends[1], lang, 1), lang)
    told = told | {"baseline": base_name, "points": points, "between": between}
    return text(key, lang, **told, better=whole_percent(better, lang))


def signed(value: float, lang: Lang, digits: int) -> str:
    """A difference, with its sign."""
    shown = number(value, lang, digits)
    return f"+{shown}" if math.isfinite(value) and value > 0 and shown.strip("0,.") else shown


def headlines(run: RunFolder, lang: Lang) -> list[Table]:
    """The table of the runs that are drawn, and, where there are more, the folded one of all."""
    drawn = shown_runs(run)
    first = _headline(run, drawn, lang)
    if len(drawn) == len(run.runs):
        return [first]
    note = " ".join(part for part in (held(run, lang), first.note) if part)
    whole = replace(_headline(run, run.runs, lang), folded=True, note="")
    return [replace(first, note=note), whole]


def _headline(run: RunFolder, runs: Sequence[RunInfo], lang: Lang) -> Table:
    """A row a run, columns with something in them, the difference to the baseline last."""
    base = run.baseline

    def named(info: RunInfo) -> str:
        return label(run, info, lang) if len(runs) < len(run.runs) else info.called(lang)

    used = [m for m in COLUMNS if any(_matters(run, info, m) for info in runs)]
    compared = base is not None and len(runs) > 1 and "differences" in run.tables
    head = [text("col.variant", lang), text("col.attack_rate", lang), *(text(f"col.{m}", lang) for m in used)]
    others = {other.name for info in runs if (other := run.compared_with(info.name)) is not None}
    if compared and base is not None:
        many = len(others) > 1
        head.append(text("col.difference_own", lang) if many else text("col.difference", lang, baseline=named(base)))
        head.append(text("col.better", lang))
    rows = []
    for info in runs:
        first = base is not None and info.name == base.name
        row = [Cell(named(info), text("baseline", lang) if first and compared else "")]
        row += [_cell(run, info, measure, lang) for measure in ("attack_rate", *used)]
        if compared:
            row += [Cell("–"), Cell("–")] if first else _gap(run, info, lang, len(others) > 1)
        rows.append(row)
    return Table(text("answer.table", lang), head, rows, text("answer.note", lang))


def _matters(run: RunFolder, info: RunInfo, measure: str) -> bool:
    total = run.total(info.name, measure)
    return total is not None and bool(total["q95"] > 0)


def _cell(run: RunFolder, info: RunInfo, measure: str, lang: Lang) -> Cell:
    total = run.total(info.name, measure)
    if total is None:
        return Cell("–")
    return Cell(*ranged(total["median"], total["q05"], total["q95"], lang, share=measure == "attack_rate"))


def _gap(run: RunFolder, info: RunInfo, lang: Lang, name_other: bool) -> list[Cell]:
    gap = run.difference(info.name, "attack_rate")
    if gap is None:
        return [Cell("–"), Cell("–")]
    middle, low, high = (100 * gap[key] for key in ("median", "q05", "q95"))
    digits = max(1, digits_for(max(abs(low), abs(high))))
    shown = signed(middle, lang, digits)
    between = interval(number(low, lang, digits), number(high, lang, digits), lang)
    other = run.compared_with(info.name)
    if name_other and other is not None:
        between += " " + text("against", lang, baseline=other.called(lang))
    return [Cell(shown, between), Cell(whole_percent(gap.get("better"), lang))]


def weekly(run: RunFolder, lang: Lang) -> Table | None:
    """Onsets so far and people in quarantine by week, per cent, for the runs that are drawn."""
    parts = (("cumulative_onsets_share", "weekly.onsets"), ("quarantined_share", "weekly.quarantined"))
    head, columns = [text("weekly.week", lang)], []
    for measure, key in parts:
        for info in shown_runs(run):
            rows = run.of("weekly", variant=info.name, measure=measure)
            if rows is None:
                continue
            rows = rows.sort_by("week")
            found = list(zip(*(rows[c].to_pylist() for c in ("week", "median", "q05", "q95")), strict=True))
            if measure == "quarantined_share" and not any(high for *_, high in found):
                continue
            head.append(text(key, lang, variant=info.called(lang)))
            columns.append({week: Cell(*ranged(m, low, high, lang, share=True)) for week, m, low, high in found})
    if not columns:
        return None
    weeks = sorted({week for one in columns for week in one})
    rows_out = [[Cell(number(w, lang)), *(one.get(w, Cell("–")) for one in columns)] for w in weeks]
    return Table(text("weekly.title", lang), head, rows_out)
