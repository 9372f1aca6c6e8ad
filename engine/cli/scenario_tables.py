"""What the scenario commands show: runs, costs, headlines, comparisons."""

import math
from typing import TYPE_CHECKING, Any

from rich.measure import Measurement

from engine.cli.session import Session
from engine.cli.tables import count, grid

if TYPE_CHECKING:
    from engine.service.scenario_compare import Comparison
    from engine.service.scenarios import Checked, Results

FEW = 50
"""With fewer replicates the ends of the intervals are rough."""
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
_NOTHING = (_DASH, "0 [0 .. 0]", "0.0 [0.0 .. 0.0]")
_ANY_WIDTH = 10_000
Shown = dict[tuple[str, ...], list[str]]
"""Cells of each run, by folder and name, or by name alone."""
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
    session.out.print(session.say("scenario.cost", days=count(checked.replicate_days), replicates=scenario.replicates))
    if checked.people is None or checked.seconds is None:
        session.out.print(session.say("scenario.cost_unknown"))
        return
    told = _time(session, checked.seconds)
    session.out.print(session.say("scenario.cost_people", people=count(checked.people), time=told))


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
    shown: Shown = {}
    for run in results.manifest["runs"]:
        cells = [_cell(totals.get((run["name"], measure)), factor) for measure, factor in HEADLINE]
        shown[run["name"],] = [*cells, _cell(gaps.get(run["name"]), 100, "+")]
    columns = ("attack_rate", "onsets_week9", "quarantined_week3", "quarantine_days", "tests_made", "difference")
    _lay_out(session, session.say("scenario.headline", name=results.manifest["name"]), ("run",), columns, shown)
    early = [run["name"] for run in results.manifest["runs"] if run.get("stopped_early")]
    session.out.print(session.say("scenario.reading", count=results.manifest["replicates"]))
    beside = list(dict.fromkeys(row["baseline"] for row in gaps.values()))
    if len(beside) == 1:
        session.out.print(session.say("scenario.beside", name=beside[0]), soft_wrap=True)
    elif beside:
        session.out.print(session.say("scenario.beside_many", name=results.manifest["baseline"]), soft_wrap=True)
    if results.manifest["replicates"] < FEW:
        session.out.print(session.say("scenario.few", least=FEW))
    if early:
        session.out.print(session.say("scenario.early", names=", ".join(early)))


def _lay_out(session: Session, title: str, heads: tuple[str, ...], columns: tuple[str, ...], shown: Shown) -> None:
    """A table with a row a run, without columns that say nothing; where it is too wide, a block a run."""
    kept = [n for n, name in enumerate(columns) if name == "attack_rate" or _says(n, shown)]
    wide = session.out.options.update(width=_ANY_WIDTH)
    for dots in (False, True):
        table = grid(session, (*heads, *(columns[n] for n in kept)), title, whole=(*heads, *columns))
        for names, cells in shown.items():
            table.add_row(*names[:-1], "\n".join(_pieces(names[-1], dots)), *(cells[n] for n in kept))
        if Measurement.get(session.out, wide, table).maximum <= session.out.width:
            session.out.print(table)
            return
    session.out.print(title, style="italic")
    said = [session.say(f"col.{columns[n]}") for n in kept]
    for names, cells in shown.items():
        session.out.print(": ".join(names), style="bold", soft_wrap=True)
        for name, n in zip(said, kept, strict=True):
            session.out.print(f"  {name}: {cells[n]}", soft_wrap=True)


def _says(column: int, shown: Shown) -> bool:
    """Whether a column is not 0 in every run, and not what one before it says."""
    cells = [row[column] for row in shown.values()]
    return any(cell not in _NOTHING for cell in cells) and all(
        [row[before] for row in shown.values()] != cells for before in range(column)
    )


def _pieces(name: str, dots: bool = False) -> list[str]:
    """A run's name on lines that end between its settings; with ``dots`` also within a path, before its last word."""
    variant, *values = name.split(",")
    lines = [variant]
    for value in values:
        path, sign, given = value.partition("=")
        above, dot, last = path.rpartition(".")
        lines += [f"  {above}{dot}", f"    {last}{sign}{given}"] if dots and dot else [f"  {value}"]
    return lines


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
            "\n".join(_pieces(row["variant"])),
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
    shown: Shown = {}
    unpaired = False
    for folder, variant in dict.fromkeys((row["folder"], row["variant"]) for row in rows):
        cells = [_cell(totals.get((folder, variant, measure)), factor) for measure, factor in HEADLINE[:4]]
        gap = gaps.get((folder, variant))
        paired = gap is not None and gap["paired"]
        unpaired = unpaired or (gap is not None and not paired)
        told = _cell(gap, 100, "+") if paired else _DASH if gap is None else f"{100 * gap['median']:+.1f} *"
        shown[folder, variant] = [*cells, told]
    title = session.say("scenario.comparison", folder=found.baseline[0], run=found.baseline[1])
    columns = ("attack_rate", "onsets_week9", "quarantined_week3", "quarantine_days", "difference")
    _lay_out(session, title, ("folder", "run"), columns, shown)
    if unpaired:
        session.out.print(session.say("scenario.unpaired"))
