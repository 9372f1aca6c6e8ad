"""Official levels of areas, ready to be shown: from tables of counts, or from what the engine itself knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from engine.clock import in_viet_nam
from engine.errors import BadParameterError
from engine.exposure.policies import Policy
from engine.geo.units import Units
from engine.risk.count_files import read_counts
from engine.risk.counts import Counts, Covered
from engine.risk.disclosure_windows import slot
from engine.risk.levels.evaluate import evaluate
from engine.risk.levels.facts import FACTS, NOTHING, Assumptions, Facts
from engine.risk.levels.findings import AreaLevel, span_text
from engine.risk.levels.from_counts import WEEK_D, facts_of_counts
from engine.risk.levels.overriding import with_override
from engine.risk.levels.rules import RULE_SETS, TIERS, RuleSet, rules_named
from engine.risk.levels.spans import Span
from engine.risk.levels.tree import Area, Tree, tree_of
from engine.service.level_facts import own_facts
from engine.service.snapshot import Snapshot
from engine.texts import Lang, say


@dataclass(frozen=True)
class Note:
    """Something to be told beside the levels: a key of ``engine.texts`` and its fields."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    counts_people: bool = False
    """Whether it tells a number of people: not for the public."""

    def say(self, lang: Lang) -> str:
        """The note in words; facts and tiers are told by their names."""
        shown = dict(self.values)
        facts, tier = shown.get("facts"), shown.get("tier")
        if isinstance(facts, list):
            shown["facts"] = ", ".join(say(f"fact.{f}", lang) for f in facts)
        if isinstance(tier, str):
            shown["tier"] = say(f"levels.tier.{tier}", lang)
        return say(self.key, lang, **shown)


@dataclass(frozen=True)
class AreaRow:
    """One unit and its level; ``level`` None: it cannot be decided, and lies between ``at_least`` and ``at_most``."""

    code: str
    tier: str
    name_vi: str
    name_en: str
    level: int | None
    at_least: int
    at_most: int
    known: bool
    """Whether anything is known of the unit or of one below it."""


@dataclass(frozen=True)
class Reading:
    """The levels under one reading of the rules, ordered by code of the area."""

    variant: str
    levels: tuple[AreaLevel, ...]


@dataclass(frozen=True)
class LevelsReport:
    """Levels of the units of one tier on one day, with what they rest on."""

    rules: RuleSet
    tier: str
    day: date
    """The last day counted."""
    at: int | None
    """The moment of the engine's own cases, UTC s; None: from tables."""
    as_of: int | None
    """Journal sequence number of the engine's own cases; None: from tables."""
    sources: tuple[str, ...]
    areas: tuple[Area, ...]
    """The units, ordered by code."""
    readings: tuple[Reading, ...]
    """One for each version of the rules."""
    cases: Mapping[str, Mapping[str, Span]]
    """New cases of the week by source and unit."""
    notes: tuple[Note, ...]
    unverified: tuple[str, ...]
    """Ids of the numbers of the rules that nobody has read in a source."""
    version: int = field(default_factory=count().__next__, init=False, compare=False)
    """Another for each report made by this process: whatever it was made of, equal versions are the same report."""

    @property
    def published_at(self) -> int | None:
        """The publishing time at or before ``at``, UTC s: what the public is told of the moment."""
        return None if self.at is None else slot(self.at)

    @property
    def rows(self) -> tuple[AreaRow, ...]:
        """The units with their level under the first reading, ordered by code."""
        pairs = zip(self.areas, self.readings[0].levels, strict=True)
        return tuple(
            AreaRow(a.code, a.tier, a.name_vi, a.name_en, x.level, x.at_least, x.at_most, x.known) for a, x in pairs
        )

    def week_of(self, code: str, lang: Lang) -> str | None:
        """New cases of the week in an area: one number, or that of each source where they differ; None: not known."""
        told = {s: span_text(units[code], "number", lang) for s, units in self.cases.items() if code in units}
        if len(set(told.values())) <= 1:
            return next(iter(told.values()), None)
        return ", ".join(f"{source} {text}" for source, text in told.items())


def levels_of_counts(
    path: Path,
    units: Units,
    rules: str | None = None,
    last: date | None = None,
    tier: str = "province",
    override: Path | None = None,
    assumed: Assumptions = NOTHING,
    previous: Mapping[str, int] | None = None,
) -> LevelsReport:
    """Levels from the tables of counts at ``path``, for the week (or window of the rules) that ends with ``last``.

    ``last`` None: the last day that any table covers; ``rules`` None: those in force on that day.

    Raises:
        UnreadableFileError: no table of counts there, or an override that cannot be read.
        BadParameterError: no such rules or tier, no unit of the tier, or an override of other rules.
    """
    tree = _tree(units, last, tier)
    counts = read_counts(path, tree)
    day = last or counts.last_day
    if day is None:
        raise BadParameterError(f"{path}: no row has a date; give --at")
    if last is None:
        tree = _tree(units, day, tier)
    chosen = chosen_rules(rules or rules_on(day), override)
    facts = facts_of_counts(counts, tree, day, chosen.window_d, previous, assumed)
    notes = [*_notes_of_rules(chosen, day, assumed), *_notes_of_counts(counts, tree, tier, day, chosen.window_d)]
    notes.append(Note("levels.note.all_cases"))
    week = counts.by_source(tier, "cases", day, WEEK_D)
    used = [c for c in counts.covered if _speaks(c, day, chosen.window_d)]
    sources = tuple(dict.fromkeys(c.source for c in used))
    return report_of(chosen, tree, facts, tier, day, notes, sources, week)


def rules_on(day: date) -> str:
    """The Vietnamese rules in force on a day; before all of them the first, after all of them the last."""
    dated = [r for r in RULE_SETS if r != "who"]
    return next((r for r in reversed(dated) if rules_named(r).since <= day), dated[0])


def chosen_rules(rules: str, override: Path | None) -> RuleSet:
    """A packaged rule set, with a province's override laid over it."""
    packaged = rules_named(rules)
    return packaged if override is None else with_override(packaged, override)


def report_of(
    rules: RuleSet,
    tree: Tree,
    facts: Facts,
    tier: str,
    day: date,
    notes: Sequence[Note],
    sources: tuple[str, ...],
    cases: Mapping[str, Mapping[str, Span]],
    as_of: int | None = None,
    at: int | None = None,
) -> LevelsReport:
    """Evaluate every reading of the rules and put together what is shown."""
    codes = tree.of_tier(tier)
    readings, lacking = [], set()
    for variant in rules.variant_ids:
        found = evaluate(rules, tree, facts, variant, tier)
        lacking |= {key for x in found.values() if x.known for f in x.open for key in f.missing}
        readings.append(Reading(variant, tuple(found[c] for c in codes)))
    unverified = unverified_of(rules, tier)
    told = list(notes)
    wanted = [f for f in (*FACTS, "population") if f"fact.{f}" in lacking]
    if wanted and any(x.level is None for r in readings for x in r.levels):
        told.append(Note("levels.note.lacking", {"facts": wanted}))
    if unverified:
        told.append(Note("levels.note.unverified", {"ids": ", ".join(unverified)}))
    columns = list(zip(*(r.levels for r in readings), strict=True))
    differing = sum(len({(x.at_least, x.at_most) for x in column}) > 1 for column in columns)
    if differing:
        told.append(Note("levels.note.differing", {"count": differing}))
    resting = sum(any(x.unverified for x in column) for column in columns)
    if resting:
        told.append(Note("levels.note.rests", {"count": resting}))
    return LevelsReport(
        rules=rules,
        tier=tier,
        day=day,
        at=at,
        as_of=as_of,
        sources=sources,
        areas=tuple(tree.areas[c] for c in codes),
        readings=tuple(readings),
        cases=cases,
        notes=tuple(told),
        unverified=unverified,
    )


def unverified_of(rules: RuleSet, tier: str) -> tuple[str, ...]:
    """Ids of the numbers of a rule set that were not read in a source, as far as they bear on ``tier``."""
    below = TIERS[: TIERS.index(tier) + 1]
    found = [c.id for c in rules.conditions if c.tier in below and not c.threshold.verified]
    found += [f"{i.id}[{n}]" for i in rules.indicators for n, c in enumerate(i.cutoffs, 2) if not c.verified]
    found += [t.id for t in rules.capacity if not t.threshold.verified]
    found += [m.id for m in rules.modifiers if not m.threshold.verified]
    for variant in rules.variants:
        if not all(cell.verified for row in variant.cells for cell in row):
            found.append(f"matrix.{variant.id}".rstrip("."))
    return tuple(found)


def _tree(units: Units, day: date | None, tier: str) -> Tree:
    if tier not in TIERS:
        raise BadParameterError(f"no tier {tier!r}; there are: {', '.join(TIERS)}")
    if not len(units):
        raise BadParameterError("no areas are loaded: load them with `truyvet areas load FILE`")
    newest = max((u.since for u in units if u.since is not None), default=date(1970, 1, 1))
    tree = tree_of(units, day or newest)
    if not tree.of_tier(tier):
        raise BadParameterError(f"the areas hold no {tier}; load areas that do, or ask for another tier")
    return tree


def _notes_of_rules(rules: RuleSet, day: date, assumed: Assumptions) -> list[Note]:
    notes = []
    if not rules.in_force(day):
        values = {"instrument": rules.instrument, "since": rules.since, "until": rules.until or "..."}
        notes.append(Note("levels.note.not_in_force", values))
    for override in rules.overrides:
        values = {"instrument": override.instrument, "units": ", ".join(sorted(override.units))}
        notes.append(Note("levels.note.override", values))
    if assumed.words:
        notes.append(Note("levels.note.assumed", {"words": ", ".join(assumed.words)}))
    return notes


def _speaks(covered: Covered, day: date, window_d: int) -> bool:
    """Whether a source has days of the week or window that ends with ``day``."""
    return covered.first <= day and day - timedelta(days=max(window_d, WEEK_D) - 1) <= covered.last


def _notes_of_counts(counts: Counts, tree: Tree, tier: str, day: date, window_d: int) -> list[Note]:
    notes = []
    for c in counts.covered:
        if not _speaks(c, day, window_d):
            continue
        key = "levels.note.sparse" if c.sparse else "levels.note.covered"
        notes.append(Note(key, {"source": c.source, "first": c.first, "last": c.last, "rows": c.rows}))
        if c.unread:
            notes.append(Note("levels.note.unread", {"file": c.file, "rows": c.unread, "example": c.unread_like}))
        if c.repeats:
            notes.append(Note("levels.note.repeats", {"source": c.source, "file": c.file, "rows": c.repeats}))
    for u in counts.unplaced:
        values = {"source": u.source, "rows": u.rows, "total": f"{u.total:g}", "examples": "; ".join(u.examples[:2])}
        notes.append(Note(f"levels.note.unplaced.{u.tier}", values))
    for o in counts.outliers:
        area = tree.areas.get(o.code)
        if area is not None and -WEEK_D <= (o.day - day).days <= 0:
            values = {"source": o.source, "name": area.name_vi, "day": o.day, "value": f"{o.value:g}"}
            notes.append(Note("levels.note.outlier", {**values, "usual": f"{o.usual:g}"}))
    if len(counts.outliers):
        notes.append(Note("levels.note.outliers", {"count": len(counts.outliers)}))
    notes += [Note("levels.note.ignored", {"file": file, "columns": seen}) for file, seen in counts.ignored.items()]
    if not any(s.tier == tier and s.measure == "cases" for s in counts.series):
        notes.append(Note(f"levels.note.no_counts.{tier}"))
    return notes


def levels_of_state(
    state: Snapshot,
    units: Units,
    rules: str,
    at: int,
    tier: str,
    policy: Policy,
    override: Path | None = None,
    assumed: Assumptions = NOTHING,
    previous: Mapping[str, int] | None = None,
) -> LevelsReport:
    """Levels at moment ``at`` (UTC s) from the engine's own cases: see :func:`engine.service.level_facts.own_facts`.

    Raises:
        BadParameterError: no such rules or tier, no unit of the tier, or an override of other rules.
        UnreadableFileError: an override that cannot be read.
    """
    day = in_viet_nam(at).date()
    chosen, tree = chosen_rules(rules, override), _tree(units, day, tier)
    own = own_facts(state, units, tree, at, chosen.window_d, policy)
    facts = replace(own.facts, previous=previous or {}, assumed=assumed)
    notes = _notes_of_rules(chosen, day, assumed)
    if own.unplaced.get(tier):
        values = {"count": own.unplaced[tier], "total": own.f0, "tier": tier}
        notes.append(Note("levels.note.no_home", values, counts_people=True))
    week = {c: facts.get(c, "new_cases") for c in tree.of_tier(tier)}
    return report_of(chosen, tree, facts, tier, day, notes, ("truyvet",), {"truyvet": week}, state.as_of, at)
