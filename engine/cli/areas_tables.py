"""Administrative units as people read them: what was loaded, lists, one unit, what a check found."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from engine.cli.session import Session
from engine.cli.tables import count, grid, plain, shortened, show

if TYPE_CHECKING:
    from engine.geo.unit_checks import Findings, Patch
    from engine.geo.units import Unit, Units
    from engine.service.areas import AreasReport

NAMED = 10
"""Codes and names that a line lists; how many more there are is said behind."""


def load_report(session: Session, report: "AreasReport") -> None:
    """What was found in each file, and what is known now."""
    files = grid(session, ("file", "count", "polygons", "notes"), session.say("title.areas_files"))
    for file in report.files:
        notes = [session.say("areas.unusable", reason=plain(file.problem))] if file.problem else []
        for key, n in (("repaired", file.repaired), ("padded", file.padded), ("nameless", file.nameless)):
            if n:
                notes.append(session.say(f"areas.{key}", n=count(n)))
        if file.unmatched:
            names = shortened(list(dict.fromkeys(file.unmatched)), NAMED)
            notes.append(session.say("areas.unmatched", n=count(len(file.unmatched)), names=names))
        files.add_row(plain(file.path.name), count(file.rows), count(file.polygons), "; ".join(notes))
    session.out.print(files)
    tiers = grid(session, ("tier", "units", "polygons", "populations", "no_polygon"), session.say("title.areas"))
    for tier, of in report.tiers.items():
        bare = shortened(of.without_polygon, NAMED)
        tiers.add_row(session.say(f"tier.{tier}"), count(of.units), count(of.polygons), count(of.populations), bare)
    session.out.print(tiers)
    if report.replaced:
        session.note("note.areas_replaced", n=count(report.replaced))
    for name in report.left_out:
        session.note("note.ignored", path=name, reason=session.say("ignored.not_areas"))


def table_of(session: Session, units: "Units", rows: Sequence["Unit"], day: date, limit: int) -> None:
    """Units in a table; the names are in the reader's language."""
    title = session.say("title.areas_on", day=_day(day))
    table = grid(session, ("code", "tier", "name", "parent", "population", "polygon"), title, whole=("code",))
    shown = rows if limit == 0 else rows[:limit]
    for unit in shown:
        people = units.population(unit.code, day)
        has = session.say("word.yes" if units.polygon(unit.code) is not None else "word.no")
        parent = units.get(unit.parent) if unit.parent else None
        inside = "-" if unit.parent is None else plain(parent.name(session.lang) if parent else unit.parent)
        table.add_row(
            plain(unit.code),
            session.say(f"tier.{unit.tier}"),
            plain(unit.name(session.lang)),
            inside,
            "-" if people is None else count(people),
            has,
        )
    show(session, table, len(shown), len(rows), "note.no_areas")


def unit_of(session: Session, units: "Units", code: str, day: date | None) -> None:
    """One unit, line by line."""
    unit = units.unit(code, day)
    when = day or unit.since or _last_day(unit)
    english = f"{unit.name_en} ({session.say('areas.derived')})" if unit.name_en_derived else unit.name_en
    lines = [
        ("code", unit.code),
        ("tier", session.say(f"tier.{unit.tier}")),
        ("name_vi", unit.name_vi),
        ("name_en", english),
        ("in_force", f"{_day(unit.since)} - {_day(unit.until)}"),
        ("parent", ", ".join(_name(session, units, c, when) for c in units.ancestors(code, when)) or "-"),
        ("units_below", _below(session, units, code, when)),
        ("population", _figures(session, unit) or "-"),
        ("polygon", _polygon(session, units, code, when)),
        ("neighbours", _neighbours(session, units, unit, when)),
        ("replaces", _names(session, units.predecessors(code, when))),
        ("replaced_by", _names(session, units.successors(code, when))),
        ("files", ", ".join(unit.sources) or "-"),
    ]
    for name, text in lines:
        # The blanks within numbers are no danger to a terminal, and plain() would show them as unknown letters.
        line = plain(text.replace("\N{NO-BREAK SPACE}", " "))
        session.out.print(f"{session.say(f'col.{name}')}: {line}", soft_wrap=True)


def _last_day(unit: "Unit") -> date:
    return date.max if unit.until is None else date.fromordinal(unit.until.toordinal() - 1)


def _day(day: date | None) -> str:
    return "..." if day is None else day.strftime("%d/%m/%Y")


def _name(session: Session, units: "Units", code: str, day: date) -> str:
    unit = units.get(code, day)
    return code if unit is None else f"{unit.name(session.lang)} ({code})"


def _names(session: Session, some: Iterable["Unit"]) -> str:
    return ", ".join(f"{u.name(session.lang)} ({u.code})" for u in some) or "-"


def _below(session: Session, units: "Units", code: str, day: date) -> str:
    tiers = [units.unit(c, day).tier for c in units.children(code, day)]
    return ", ".join(f"{count(tiers.count(t))} {session.say(f'tier.{t}').lower()}" for t in dict.fromkeys(tiers)) or "-"


def _figures(session: Session, unit: "Unit") -> str:
    return "; ".join(
        f"{count(p.people)} ({session.say('areas.no_day') if p.date == date.min else _day(p.date)}, {p.source})"
        for p in unit.population
    )


def _polygon(session: Session, units: "Units", code: str, day: date) -> str:
    km2 = units.area_km2(code, day)
    return session.say("areas.missing") if km2 is None else f"{km2:,.1f} km²".replace(",", "\N{NO-BREAK SPACE}")


def _neighbours(session: Session, units: "Units", unit: "Unit", day: date) -> str:
    pairs = units.adjacency(unit.tier, day)
    near = [b if a == unit.code else a for a, b in pairs if unit.code in (a, b)]
    return ", ".join(_name(session, units, c, day) for c in near) or "-"


def findings_of(session: Session, units: "Units", found: "Findings", limit: int) -> None:
    """What a check found: one line a kind of finding, and the patches in tables."""
    title = session.say("title.areas_check", day=_day(found.day))
    table = grid(session, ("finding", "tier", "n", "codes"), title)
    for tier, n in found.units.items():
        table.add_row(session.say("areas.units"), session.say(f"tier.{tier}"), count(n), "")
    orphans = [f"{code} ({parent or session.say('areas.no_parent')})" for code, parent in found.orphans]
    if orphans:
        table.add_row(session.say("areas.orphans"), "", count(len(orphans)), shortened(orphans, NAMED))
    for key, by_tier in (("no_polygon", found.no_polygon), ("no_population", found.no_population)):
        for tier, codes in by_tier.items():
            if codes:
                row = session.say(f"col.{key}"), session.say(f"tier.{tier}"), count(len(codes))
                table.add_row(*row, shortened(codes, NAMED))
    session.out.print(table)
    for key, patches in (("overlaps", found.overlaps), ("gaps", found.gaps), ("outside", found.outside)):
        _patches(session, units, key, patches, found.day, limit)
    session.out.print(session.say("areas.check_note"), style="dim")


def _patches(session: Session, units: "Units", key: str, patches: Sequence["Patch"], day: date, limit: int) -> None:
    if not patches:
        session.out.print(session.say(f"areas.no_{key}"))
        return
    table = grid(session, ("unit_name", "other_unit", "km2", "share"), session.say(f"areas.{key}"))
    shown = patches if limit == 0 else patches[:limit]
    for p in shown:
        other = "-" if p.other is None else plain(_name(session, units, p.other, day))
        table.add_row(plain(_name(session, units, p.code, day)), other, f"{p.km2:.2f}", f"{100 * p.share:.1f} %")
    show(session, table, len(shown), len(patches), f"areas.no_{key}")
