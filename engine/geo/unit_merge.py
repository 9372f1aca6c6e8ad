"""What several files say about administrative units, put together by code and period."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from engine.geo.unit_columns import Record
from engine.geo.unit_names import english, folded, split
from engine.geo.units import Population, Unit, Units


@dataclass
class Merged:
    """The units, and what putting them together showed."""

    units: Units
    replaced: int = 0
    """Polygons that a later file gave anew."""
    unmatched: list[tuple[str, str]] = field(default_factory=list)
    """(file, name) of rows without a code that fit no unit, or several."""


@dataclass
class _Draft:
    """A unit while files are being put together. ``told``: its name was given for its own sake."""

    unit: Unit
    polygon: Any = None
    told: bool = False
    figures: dict[date, Population] = field(default_factory=dict)
    loose_parent: str | None = None


Period = tuple[date | None, date | None]
Drafts = dict[str, dict[Period, _Draft]]


def merge(base: Units, records: Iterable[Record]) -> Merged:
    """``base`` with the records on top: later ones win, field by field; figures of the population add up by date.

    Rows without dates speak of the newest unit of their code; where all others have ended, of one that began when
    the last of them ended (unless units of other codes took its place: then the code was not given again). A unit
    named in ``replaces`` ended when its successor began, unless it says otherwise.
    Rows without a code are those of the unit with that name in the units named beside it, if there is exactly one.

    Raises:
        BadInputError: two units of one code are in force on one day.
    """
    drafts: Drafts = {}
    for unit, polygon in zip(base.rows, base.polygons, strict=True):
        figures = {p.date: p for p in unit.population}
        drafts.setdefault(unit.code, {})[(unit.since, unit.until)] = _Draft(unit, polygon, True, figures)
    merged = Merged(Units())
    coded: list[Record] = []
    bare: list[Record] = []
    heirs: list[Record] = []
    for record in records:
        (coded if record.code is not None else bare).append(record)
    for record in coded:
        draft = _draft_of(drafts, record)
        _tell(draft, record, merged)
        if record.replaces:
            heirs.append(record)
    for code in drafts:
        _settle(drafts[code])
    _inherit(drafts, heirs)
    _match(drafts, bare, merged)
    rows = [draft for periods in drafts.values() for draft in periods.values()]
    merged.units = Units([_finished(d) for d in rows], [d.polygon for d in rows])
    return merged


def _draft_of(drafts: Drafts, record: Record) -> _Draft:
    code = record.code or ""
    periods = drafts.setdefault(code, {})
    period = record.since, record.until
    if period == (None, None) and len(periods.keys() - {period}):
        _settle(periods)
        newest = _newest(periods)
        if not _given_again(newest.unit):
            return newest
    if period not in periods:
        periods[period] = _Draft(Unit(code, record.tier or "", None, "", "", since=period[0], until=period[1]))
    return periods[period]


def _tell(draft: _Draft, record: Record, merged: Merged, by_name: bool = False) -> None:
    """Put what a record says on top of a draft. ``by_name``: found by its name, so its name says nothing new."""
    unit = draft.unit
    names: dict[str, Any] = {}
    if record.name_vi is not None and not by_name and not (record.aside and draft.told):
        names["name_vi"] = record.name_vi
        draft.told = draft.told or not record.aside
    if record.name_en is not None:
        names |= {"name_en": record.name_en, "name_en_derived": False}
    if record.polygon is not None:
        merged.replaced += draft.polygon is not None
        draft.polygon = record.polygon
    draft.figures |= {p.date: p for p in record.population}
    draft.loose_parent = record.loose_parent or draft.loose_parent
    draft.unit = replace(
        unit,
        **names,
        tier=unit.tier if record.aside or by_name else record.tier or unit.tier,
        parent=record.parent or unit.parent,
        kind=record.kind or unit.kind,
        replaced_by=record.replaced_by or unit.replaced_by,
        sources=unit.sources if record.aside or record.file in unit.sources else (*unit.sources, record.file),
    )


def _settle(periods: dict[Period, _Draft]) -> None:
    """Rows without dates, where others of their code have some: see :func:`merge`."""
    undated = periods.get((None, None))
    if undated is None or len(periods) == 1:
        return
    del periods[None, None]
    newest = _newest(periods)
    ended = newest.unit.until
    if ended is not None and _given_again(newest.unit):
        undated.unit = replace(undated.unit, since=ended)
        periods[ended, None] = undated
        return
    unit, said = newest.unit, undated.unit
    newest.polygon = newest.polygon if newest.polygon is not None else undated.polygon
    newest.figures = undated.figures | newest.figures
    newest.loose_parent = newest.loose_parent or undated.loose_parent
    named: dict[str, Any] = {} if unit.name_vi else {"name_vi": said.name_vi}
    if unit.name_en_derived and not said.name_en_derived:
        named |= {"name_en": said.name_en, "name_en_derived": False}
    newest.unit = replace(
        unit,
        **named,
        parent=unit.parent or said.parent,
        kind=unit.kind or said.kind,
        replaced_by=unit.replaced_by or said.replaced_by,
        sources=tuple(dict.fromkeys((*said.sources, *unit.sources))),
    )


def _newest(periods: dict[Period, _Draft]) -> _Draft:
    return max(periods.values(), key=lambda d: d.unit.until or date.max)


def _given_again(unit: Unit) -> bool:
    """Whether a row without dates must mean a later unit of this code."""
    return unit.until is not None and (not unit.replaced_by or unit.code in unit.replaced_by)


def _inherit(drafts: Drafts, heirs: list[Record]) -> None:
    """``replaces`` of the new unit is ``replaced_by`` of the old ones."""
    for heir in heirs:
        for code in heir.replaces:
            for draft in drafts.get(code, {}).values():
                unit, began = draft.unit, heir.since
                if began is None or (code == heir.code and unit.until != began):
                    continue
                ends_open = unit.until is None and (unit.since is None or unit.since < began)
                if unit.until != began and not ends_open:
                    continue
                heirs_now = tuple(dict.fromkeys((*unit.replaced_by, heir.code or "")))
                draft.unit = replace(unit, until=began, replaced_by=heirs_now)


def _match(drafts: Drafts, bare: list[Record], merged: Merged) -> None:
    """Find the units of records without a code by tier, name and the names of the units around them."""
    if not bare:
        return
    newest = {code: _newest(periods) for code, periods in drafts.items()}
    by_name: dict[tuple[str, str], list[_Draft]] = {}
    for draft in newest.values():
        by_name.setdefault((draft.unit.tier, _core(draft.unit.name_vi)), []).append(draft)
    for record in bare:
        name = record.name_vi or ""
        fitting = [
            d for d in by_name.get((record.tier or "", _core(name)), ()) if _lies_in(d.unit, record.inside, newest)
        ]
        if len(fitting) > 1:
            fitting = [d for d in fitting if folded(d.unit.name_vi) == folded(name)]
        if len(fitting) == 1:
            _tell(fitting[0], record, merged, by_name=True)
        else:
            merged.unmatched.append((record.file, name))


def _core(name: str) -> str:
    return folded(split(name)[1])


def _lies_in(unit: Unit, inside: dict[str, str], newest: dict[str, _Draft]) -> bool:
    names = {u.tier: _core(u.name_vi) for u in _above(unit, newest)}
    return all(names.get(tier) == _core(name) for tier, name in inside.items())


def _above(unit: Unit, newest: dict[str, _Draft]) -> Iterator[Unit]:
    seen = {unit.code}
    while unit.parent is not None and unit.parent in newest and unit.parent not in seen:
        seen.add(unit.parent)
        unit = newest[unit.parent].unit
        yield unit


def _finished(draft: _Draft) -> Unit:
    unit = draft.unit
    name = unit.name_vi or unit.name_en or unit.code
    return replace(
        unit,
        name_vi=name,
        parent=unit.parent or draft.loose_parent,
        name_en=unit.name_en if unit.name_en and not unit.name_en_derived else english(name, unit.kind),
        population=tuple(sorted(draft.figures.values())),
    )
