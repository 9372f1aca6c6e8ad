"""Real data through the engine, as tables: ``python -m benchmarks.real_data ward|school|haslemere|rssi``.

What the data are, where they must lie and what the figures mean: ``docs/real-data.md``.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow.compute as pc
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.real_sets import (
    POSITIONS,
    MissingDataError,
    World,
    auc,
    busiest,
    days_met,
    declare,
    hand_calibration,
    haslemere,
    radio,
    school,
    town_network,
    ward,
    within,
    write_folder,
)
from engine.clock import to_rfc3339
from engine.exposure.policies import attenuation_at
from engine.graph.export import to_networkx
from engine.service.results import ExposureReport

POLICIES = ("vn-2021-07", "cdc")
ONSET = {"ward": "2010-12-08T00:00:00Z", "school": "2009-10-02T00:00:00Z"}
"""Late enough that the two days before it reach back to the first record: both policies see everything."""
WIDTH = 100
Shown = Iterator[Table | str]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE, title_justify="left", title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", no_wrap=True)
    return table


def show_counts(world: World, title: str, known: tuple[int | None, ...]) -> Shown:
    """People, pairs, contacts and time, beside what is known of the data set."""
    contacts = world.contacts()
    graph = to_networkx(contacts)
    seconds = pc.sum(contacts["seconds"]).as_py()
    found = graph.number_of_nodes(), graph.number_of_edges(), len(contacts), seconds
    table = _table(title, "", "engine", "known")
    for name, value, k in zip(("people", "pairs", "contacts", "seconds"), found, known, strict=True):
        table.add_row(name, f"{value:,}", "-" if k is None else f"{k:,}")
    yield table


def minutes_by_group(world: World, report: ExposureReport) -> dict[str, float]:
    """Minutes of the F1s of a report with the case, summed by group."""
    minutes = dict.fromkeys(world.group.values(), 0.0)
    for row in report.rows:
        if row.level == 1:
            minutes[world.group[row.person]] += row.minutes
    return minutes


def show_trace(world: World, index: str, noun: str) -> Shown:
    """Levels of everybody by group under two policies, and the time with the case."""
    reports = {p: world.engine.exposures(index, policy=p) for p in POLICIES}
    window = reports[POLICIES[0]].window
    title = f"Case {index} ({world.group[index]}), {to_rfc3339(window.start)} to {to_rfc3339(window.end)}"
    columns = [(p, level) for p in POLICIES for level in (1, 2)]
    heads = [f"{p} F{level}" for p, level in columns]
    table = _table(title, noun, "people", *heads, "F1 minutes", "share")
    people = Counter(g for p, g in world.group.items() if p != index)
    levels = Counter((p, r.level, world.group[r.person]) for p in POLICIES for r in reports[p].rows)
    minutes = minutes_by_group(world, reports[POLICIES[0]])
    total = sum(minutes.values())
    for group in sorted(people, key=lambda g: (-minutes[g], g)):
        found = [str(levels[*column, group]) for column in columns]
        share = f"{minutes[group] / total:.1%}"
        table.add_row(group, str(people[group]), *found, f"{minutes[group]:,.1f}", share)
    sums = [str(sum(levels[*column, group] for group in people)) for column in columns]
    table.add_row("all", str(people.total()), *sums, f"{total:,.1f}", "100.0%")
    yield table


def show_ward() -> Shown:
    """The ward: counts, and its busiest nurse as the case."""
    world = ward()
    yield from show_counts(world, "Hospital ward", (75, 1_139, 14_037, 648_480))
    nurse = busiest(world, frozenset({"NUR"}))
    declare(world, nurse, ONSET["ward"])
    yield from show_trace(world, nurse, "role")


def show_school() -> Shown:
    """The school: counts, and its busiest child as the case."""
    world = school()
    yield from show_counts(world, "Primary school", (242, 8_317, 77_521, None))
    child = busiest(world, frozenset(world.group.values()) - {"Teachers"})
    declare(world, child, ONSET["school"])
    yield from show_trace(world, child, "class")


def show_haslemere() -> Shown:
    """The town: edges within a distance, and the network of Firth et al."""
    world, known = haslemere(), town_network()
    table = _table("Haslemere without user 469", "within", "limit", "people", "pairs", "hours")
    for metres in (1, 2, 4, 5, 10, 50):
        contacts = world.contacts(within(metres))
        graph = to_networkx(contacts)
        hours = pc.sum(contacts["seconds"]).as_py() / 3600
        size = f"{graph.number_of_nodes()}", f"{graph.number_of_edges():,}", f"{hours:,.1f}"
        table.add_row(f"{metres} m", f"{attenuation_at(metres):.2f} dB", *size)
    yield table
    met = days_met(world.contacts(within(4)))
    days = Counter(met.values())
    yield f"Within 4 m, pairs that met on 1, 2, 3 days: {days[1]:,}, {days[2]}, {days[3]}."
    same = "yes" if met == known else "NO"
    yield f"Firth et al. 2020, All: {len(known):,} edges; same pairs and days: {same}."


def show_rssi() -> Shown:
    """The radio: how well power tells near from far, and what the limit of 2 m keeps of each."""
    sent, limit = hand_calibration(), attenuation_at(2)
    table = _table(
        f"Near: 2 m or less; far: 3 to 5 m. 2 m = {limit:.1f} dB, sent power {sent:.1f} dBm",
        *("phones", "records", "AUC", "AUC of 100", "near kept", "far kept", "best", "near kept", "far kept"),
    )
    for position in POSITIONS:
        r = radio(position)
        db = sent - r.rss_dbm
        limits = np.arange(40, 110, 0.5)
        gain = [float((db[r.near] <= x).mean() - (db[~r.near] <= x).mean()) for x in limits]
        best = float(limits[int(np.argmax(gain))])
        kept = [f"{(db[side] <= x).mean():.1%}" for x in (limit, best) for side in (r.near, ~r.near)]
        scores = f"{auc(r.rss_dbm, r.near):.3f}", f"{auc(r.mean100_dbm, r.near):.3f}"
        table.add_row(position, f"{len(db):,}", *scores, *kept[:2], f"{best:.1f} dB", *kept[2:])
    yield table
    yield "; ".join(f"{short}: {where}" for short, where in POSITIONS.items())


app = typer.Typer(help=__doc__, add_completion=False)
Write = Annotated[Path | None, typer.Option(help="Also write a folder for `truyvet ingest` here.")]


def show(shown: Shown, console: Console) -> None:
    """Print tables and sentences."""
    for item in shown:
        console.print(item, highlight=False)


def _run(shown: Shown, folder: Path | None = None, world: Callable[[], World] | None = None) -> None:
    try:
        show(shown, Console(width=WIDTH))
        if folder is not None and world is not None:
            write_folder(world(), folder)
            print(f"wrote {folder}; load it with: truyvet ingest {folder} --data var/real/engine")
    except (MissingDataError, ValueError) as error:
        raise SystemExit(f"real_data: {error}") from None


@app.command("ward")
def ward_command(write: Write = None) -> None:
    """Hospital ward, face to face: counts, and a nurse as the case."""
    _run(show_ward(), write, ward)


@app.command("school")
def school_command(write: Write = None) -> None:
    """Primary school, face to face: counts, and a child as the case."""
    _run(show_school(), write, school)


@app.command("haslemere")
def haslemere_command(write: Write = None) -> None:
    """A town by GPS: edges within a distance, and a published network."""
    _run(show_haslemere(), write, haslemere)


@app.command("rssi")
def rssi_command() -> None:
    """Radio between two phones: near and far by body position."""
    _run(show_rssi())


if __name__ == "__main__":
    app()
