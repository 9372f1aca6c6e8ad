"""What the scenario commands show: runs, costs, headlines, comparisons."""

import math
from typing import TYPE_CHECKING, Any

from engine.cli.session import Session
from engine.cli.tables import grid

if TYPE_CHECKING:
    from engine.service.scenario_compare import Comparison
    from engine.service.scenarios import Checked, Results

SHOWN_HASH = 12
_DASH = "-"
HEADLINE = (
    ("attack_rate", 100.0),
    ("onsets_week9", 100.0),
    ("quarantined_week_3", 100.0),
    ("person_days_quarantine", 1.0),
    ("tests", 1.0),
)
"""Measures of the headline table, and what makes shares percents."""
STUDIED = ("quarantined", "person_days")


def show_checked(session: Session, checked: "Checked") -> None:
    """The runs of a scenario, its named grids and what it may cost."""
    scenario = checked.asked.scenario
    session.out.print(session.say("scenario.checked", name=scenario.name, hash=checked.asked.hash))
    table = grid(session, ("run", "run_hash"), session.say("scenario.runs", count=len(checked.asked.plans)))
    for plan in checked.asked.plans:
        table.add_row(plan.name, plan.hash[:SHOWN_HASH])
    session.out.print(table)
    for name, asked in scenario.sensitivity.items():
        points = ", ".join(f"{path} ({len(values)})" for path, values in asked.sweep.items())
        session.out.print(session.say("scenario.sensitivity", name=name, points=points))
    for name in checked.files:
        session.out.print(session.say("scenario.file", path=name))
    if scenario.simulation is None:
        return
    session.out.print(session.say("scenario.cost", days=f"{checked.replicate_days:,}", replicates=scenario.replicates))
    if checked.people is None or checked.seconds is None:
        session.out.print(session.say("scenario.cost_unknown"))
        return
    told = _time(session, checked.seconds)
    session.out.print(session.say("scenario.cost_people", people=f"{checked.people:,}", time=told))


def _time(session: Session, seconds: float) -> str:
    if seconds < 90:
        return session.say("scenario.seconds", number=max(1, round(seconds)))
    if seconds < 5_400:
        return session.say("scenario.minutes", number=round(seconds / 60))
    return session.say("scenario.hours", number=f"{seconds / 3_600:.1f}")


def show_headline(session: Session, results: "Results") -> None:
    """A row a run: what it came to, and its difference to the baseline."""
    if results.manifest.get("kind") == "study":
        _show_study(session, results.tables["study"].to_pylist())
        return
    totals = {(row["variant"], row["measure"]): row for row in results.tables["totals"].to_pylist()}
    gaps = {row["variant"]: row for row in results.tables["differences"].to_pylist() if row["measure"] == "attack_rate"}
    columns = ("run", "attack_rate", "onsets_week9", "quarantined_week3", "quarantine_days", "tests_made", "difference")
    table = grid(session, columns, session.say("scenario.headline", name=results.manifest["name"]), whole=columns[1:])
    for run in results.manifest["runs"]:
        cells = [_cell(totals.get((run["name"], measure)), factor) for measure, factor in HEADLINE]
        table.add_row(run["name"], *cells, _cell(gaps.get(run["name"]), 100, "+"))
    session.out.print(table)
    early = [run["name"] for run in results.manifest["runs"] if run.get("stopped_early")]
    session.out.print(session.say("scenario.reading", count=results.manifest["replicates"]))
    if early:
        session.out.print(session.say("scenario.early", names=", ".join(early)))


def _cell(row: dict[str, Any] | None, factor: float, sign: str = "") -> str:
    if row is None or row["median"] is None or math.isnan(row["median"]):
        return _DASH
    form = f"{sign}.1f" if factor > 1 else f"{sign},.0f"
    median, low, high = (format(factor * row[key], form) for key in ("median", "q05", "q95"))
    return f"{median} [{low} .. {high}]"


def _show_study(session: Session, rows: list[dict[str, Any]]) -> None:
    columns = ("run", "f1", "f2", "found_infected", "sensitivity", *STUDIED, "delay_days")
    table = grid(session, columns, session.say("scenario.study"))
    for row in rows:
        seen = row.get("sensitivity")
        delay = row.get("delay_median_d")
        table.add_row(
            row["variant"],
            f"{row['f1']:,.0f}",
            f"{row['f2']:,.0f}",
            f"{row['infected_found']:,.0f} / {row['infected_all']:,.0f}",
            _DASH if seen is None else f"{100 * seen:.1f} %",
            *(f"{row[name]:,.0f}" for name in STUDIED),
            _DASH if delay is None else f"{delay:.1f}",
        )
    session.out.print(table)


def show_comparison(session: Session, found: "Comparison") -> None:
    """Runs of several folders side by side, each beside the first folder's baseline."""
    rows = found.totals.to_pylist()
    if "measure" not in found.totals.column_names:
        _show_study(session, [row | {"variant": f"{row['folder']}: {row['variant']}"} for row in rows])
        return
    totals = {(row["folder"], row["variant"], row["measure"]): row for row in rows}
    gaps = {(row["folder"], row["variant"]): row for row in found.differences.to_pylist()
            if row.get("measure") == "attack_rate"}  # fmt: skip
    columns = ("folder", "run", "attack_rate", "onsets_week9", "quarantined_week3", "quarantine_days", "difference")
    table = grid(session, columns, session.say("scenario.comparison", folder=found.baseline[0], run=found.baseline[1]),
                 whole=columns[2:])  # fmt: skip
    unpaired = False
    for folder, variant in dict.fromkeys((row["folder"], row["variant"]) for row in rows):
        cells = [_cell(totals.get((folder, variant, measure)), factor) for measure, factor in HEADLINE[:4]]
        gap = gaps.get((folder, variant))
        paired = gap is not None and gap["paired"]
        unpaired = unpaired or (gap is not None and not paired)
        shown = _cell(gap, 100, "+") if paired else _DASH if gap is None else f"{100 * gap['median']:+.1f} *"
        table.add_row(folder, variant, *cells, shown)
    session.out.print(table)
    if unpaired:
        session.out.print(session.say("scenario.unpaired"))
