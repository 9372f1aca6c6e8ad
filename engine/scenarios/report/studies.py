"""The parts of the page that policy studies have: sentences, tables, yield against burden."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from engine.scenarios.report import charts
from engine.scenarios.report.answers import Cell, Table, signed
from engine.scenarios.report.charts import Point, Series
from engine.scenarios.report.folder import RunFolder, RunInfo, column
from engine.scenarios.report.numbers import interval, number, percent
from engine.scenarios.report.pictures import MOST_DOTS, label, shade, shown_runs, some
from engine.scenarios.report.style import Picture
from engine.scenarios.report.texts import TEXTS, text
from engine.texts import Lang

Row = Mapping[str, float]


def row_of(run: RunFolder, info: RunInfo) -> Row | None:
    """The numbers of one definition; NaN for what is not known."""
    rows = run.of("study", variant=info.name)
    if rows is None:
        return None
    names = [n for n in rows.column_names if n not in ("variant", "policy", "channels", "truth")]
    return {name: float(column(rows, name)[0]) for name in names}


def study_sentences(run: RunFolder, lang: Lang) -> list[str]:
    """One sentence for each definition, and what counts as infected."""
    out = []
    whom = text(f"study.whom.{_truth(run) or 'infections'}", lang)
    for info in shown_runs(run):
        row = row_of(run, info)
        if row is None:
            continue
        found = row.get("infected_found", row["infected_f1"])
        out.append(
            text(
                "study.best", lang, variant=info.called(lang), found=number(found, lang),
                all=number(row["infected_all"], lang), infected=whom, sensitivity=percent(row["sensitivity"], lang, 0),
                quarantined=number(row["quarantined"], lang), person_days=number(row["person_days"], lang),
                per_found=_per_found(run, row, lang), each=text(f"study.each.{_per(run)}", lang),
            )
        )  # fmt: skip
    return out


def truth_note(run: RunFolder, lang: Lang) -> str:
    """What counts as infected in this study, and what as an F1."""
    kind = _truth(run)
    pairs = text("study.pairs", lang)
    return f"{text(f'study.truth.{kind}', lang)} {pairs}" if kind else pairs


def _truth(run: RunFolder) -> str:
    """The kind of truth the study was scored by; empty where it does not say."""
    rows = run.tables.get("study")
    kind = rows["truth"][0].as_py() if rows is not None and rows.num_rows and "truth" in rows.column_names else ""
    return str(kind) if f"study.truth.{kind}" in TEXTS else ""


def _per(run: RunFolder) -> str:
    """What person-days are divided by: the infected F1, or where F2 are in quarantine as well, all infected there."""
    study = run.scenario.study
    rows = run.tables.get("study")
    there = rows is not None and "infected_quarantined" in rows.column_names
    return "quarantined" if there and study is not None and set(study.levels) != {1} else "found"


def _per_found(run: RunFolder, row: Row, lang: Lang) -> str:
    found = row.get("infected_found", row["infected_f1"])
    if _per(run) == "quarantined":
        found = row["infected_quarantined"]
    return number(row["person_days"] / found, lang) if found > 0 else "–"


def study_table(run: RunFolder, lang: Lang) -> Table:
    """A row a definition."""
    names = ("variant", "f1", "f2", "infected_f1", "infected_share", "quarantined", "person_days", f"per_{_per(run)}",
             "delay", "sensitivity")  # fmt: skip
    rows = []
    for info in run.runs:
        row = row_of(run, info)
        if row is None:
            continue
        share, low, high = (row.get(k, math.nan) for k in ("infected_share", "infected_low", "infected_high"))
        sure = interval(percent(low, lang, unit=False), percent(high, lang, unit=False), lang)
        seen = [percent(row.get(f"sensitivity_{end}", math.nan), lang, unit=False) for end in ("low", "high")]
        days = [number(row.get(f"delay_{q}_d", math.nan), lang, 1) for q in ("median", "q25", "q75")]
        rows.append(
            [
                Cell(info.called(lang)),
                *(Cell(number(row[k], lang)) for k in ("f1", "f2", "infected_f1")),
                Cell(percent(share, lang), sure),
                *(Cell(number(row[k], lang)) for k in ("quarantined", "person_days")),
                Cell(_per_found(run, row, lang)),
                Cell(days[0], interval(days[1], days[2], lang)),
                Cell(percent(row["sensitivity"], lang), interval(seen[0], seen[1], lang)),
            ]
        )
    return Table(text("study.table", lang), [text(f"col.{n}", lang) for n in names], rows, truth_note(run, lang))


def gain_table(run: RunFolder, lang: Lang) -> Table | None:
    """What each channel adds: differences between two definitions."""
    rows = run.tables.get("study_gain")
    if rows is None or not rows.num_rows:
        return None
    called = {info.name: info.called(lang) for info in run.runs}
    names = ("variant", "without", "channel", "f1", "infected_f1", "sensitivity", "quarantined", "person_days")
    out = []
    for row in rows.to_pylist():
        words = [Cell(called.get(row[k], row[k])) for k in ("variant", "without")]
        channel = f"channel.{row['channel']}"
        words.append(Cell(text(channel, lang) if channel in TEXTS else row["channel"]))
        sense = row["sensitivity"]
        gains = [Cell(signed(_real(row[k]), lang, 0)) for k in ("f1", "infected_f1")]
        gains.append(Cell("–" if sense is None else signed(100 * sense, lang, 1) + " %"))
        out.append(words + gains + [Cell(signed(_real(row[k]), lang, 0)) for k in ("quarantined", "person_days")])
    head = [text(f"col.{n}", lang) for n in names]
    return Table(text("study.gain", lang), head, out, text("study.gain_note", lang))


def _real(value: float | None) -> float:
    return math.nan if value is None else float(value)


def study_pictures(run: RunFolder, lang: Lang) -> list[Picture]:
    """Yield against burden (each definition, and along each definition), shares of F1, F1 by case."""
    drawn = (_frontier(run, lang), _curve(run, lang), _shares(run, lang), _cases(run, lang))
    return [picture for picture in drawn if picture is not None]


def _picture(run: RunFolder, key: str, lang: Lang, facts: list[str], figure: Figure) -> Picture:
    title = text(f"picture.{key}", lang)
    alt = text("alt.other", lang, title=title, facts="; ".join(facts) + ".")
    return Picture(key, title, some(run, lang, text(f"caption.{key}", lang)), alt, figure)


def _frontier(run: RunFolder, lang: Lang) -> Picture | None:
    cloud, facts = [], []
    for info in shown_runs(run):
        row = row_of(run, info)
        if row is None or not math.isfinite(row["sensitivity"]):
            continue
        ends = (100 * row.get("sensitivity_low", math.nan), 100 * row.get("sensitivity_high", math.nan))
        name, x, y = label(run, info, lang), row["quarantined"], 100 * row["sensitivity"]
        cloud.append(Point(name, x, y, None, ends, shade(run, info)))
        facts.append(text("fact.pair", lang, variant=name, y=f"{number(y, lang)} %", x=number(x, lang)))
    if not cloud:
        return None
    best, joined = -math.inf, []
    for x, y in sorted((p.x, -p.y) for p in cloud):
        if -y > best:
            best = -y
            joined.append((x, -y))
    across, up = text("col.quarantined", lang), text("col.sensitivity", lang) + ", %"
    return _picture(run, "study_frontier", lang, facts, charts.points(cloud, lang, across, up, joined))


def _curve(run: RunFolder, lang: Lang) -> Picture | None:
    series, facts = [], []
    for info in shown_runs(run):
        rows = run.of("study_curve", variant=info.name)
        if rows is None:
            continue
        rows = rows.sort_by("share")
        x, y = column(rows, "persons"), 100 * column(rows, "share_found")
        if not np.isfinite(y).any():
            continue
        base = run.baseline is not None and info.name == run.baseline.name
        series.append(Series(label(run, info, lang), x, y, None, None, shade(run, info), base))
        facts.append(text("fact.pair", lang, variant=label(run, info, lang), y=f"{number(float(y[-1]), lang)} %",
                          x=number(float(x[-1]), lang)))  # fmt: skip
    if not series:
        return None
    up = text("measure.found_share", lang)
    return _picture(
        run, "study_curve", lang, facts, charts.lines(series, lang, up, text("col.quarantined", lang), keyed=True)
    )


def _shares(run: RunFolder, lang: Lang) -> Picture | None:
    cloud, facts = [], []
    for info in shown_runs(run):
        row = row_of(run, info)
        if row is None or not math.isfinite(row.get("infected_share", math.nan)):
            continue
        ends = (100 * row.get("infected_low", math.nan), 100 * row.get("infected_high", math.nan))
        cloud.append(Point(label(run, info, lang), 100 * row["infected_share"], 0, ends, None, shade(run, info)))
        facts.append(
            text("fact.value", lang, variant=label(run, info, lang), value=percent(row["infected_share"], lang))
        )
    if not cloud:
        return None
    return _picture(run, "study_share", lang, facts, charts.bars(cloud, lang, text("measure.infected_share", lang)))


def _cases(run: RunFolder, lang: Lang) -> Picture | None:
    names, values, colours, facts = [], [], [], []
    for info in shown_runs(run):
        rows = run.of("study_cases", variant=info.name)
        if rows is None:
            continue
        f1 = column(rows, "f1")[:MOST_DOTS]
        names.append(label(run, info, lang))
        values.append(f1)
        colours.append(shade(run, info))
        facts.append(text("fact.value", lang, variant=names[-1], value=number(float(np.median(f1)), lang)))
    if not names:
        return None
    figure = charts.boxes(names, values, colours, lang, text("measure.f1_case", lang))
    return _picture(run, "study_cases", lang, facts, figure)
