"""Rules of official area levels as data: what a rule file holds, and how it is read.

A rule file says of every number where it comes from and how sure that is (``mark``): O official text, N news,
C published code, P paper were read in a source; D is derived from such; M-med and M-low are from memory, X was looked
for and not found. A number that was not found has no ``value``, and what rests on it cannot be decided.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from engine.errors import BadParameterError
from engine.texts import Lang

TIERS = ("commune", "district", "province")
"""From the smallest to the largest: levels of a tier may rest on those of the tier before."""
RULE_SETS = ("2686", "4800", "218", "who")
VERIFIED = frozenset({"O", "N", "C", "P"})
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Text:
    """A text in both languages, with ``{threshold}`` where the number goes."""

    vi: str
    en: str

    def of(self, lang: Lang) -> str:
        """The text in ``lang``."""
        return self.vi if lang == "vi" else self.en


@dataclass(frozen=True)
class Number:
    """A number of a rule, with its source; ``value`` None: not known."""

    value: float | None
    source: str
    mark: str
    strictly: bool = False
    """Of a threshold: reached only above it."""

    @property
    def verified(self) -> bool:
        """Whether it was read in a source."""
        return self.value is not None and self.mark in VERIFIED


@dataclass(frozen=True)
class LevelName:
    """One of the four levels: its name and official colour."""

    level: int
    name: Text
    colour: str


@dataclass(frozen=True)
class Condition:
    """One factor that makes a level (``method = "factors"``)."""

    id: str
    tier: str
    level: int
    measure: str
    """fact, rate (per 100,000 people), children, children_share, neighbours."""
    fact: str | None
    of_level: int | None
    threshold: Number
    text: Text


@dataclass(frozen=True)
class Indicator:
    """One indicator of transmission: its classes 1 to 4 begin at the cutoffs (``method = "matrix"``)."""

    id: str
    fact: str
    per_100k: bool
    cutoffs: tuple[Number, Number, Number]
    text: Text


@dataclass(frozen=True)
class CapacityTest:
    """One requirement on the response; with all of them met its class is 1, else 2."""

    id: str
    fact: str
    threshold: Number
    text: Text


@dataclass(frozen=True)
class Variant:
    """One reading of the matrix: ``cells[capacity class - 1][transmission class - 1]`` is the level."""

    id: str
    text: Text
    cells: tuple[tuple[Number, ...], ...]


@dataclass(frozen=True)
class Modifier:
    """What moves a level after the matrix: ``may_not_lower`` or ``raise_by_one``."""

    id: str
    kind: str
    fact: str
    threshold: Number
    text: Text


@dataclass(frozen=True)
class RuleSet:
    """A dated set of rules. ``since`` inclusive, ``until`` exclusive or None while in force."""

    id: str
    instrument: str
    title: Text
    dated: date
    since: date
    until: date | None
    method: str
    window_d: int
    """Days, the last one included, that ``f0`` facts count."""
    tiers: tuple[str, ...]
    levels: tuple[LevelName, ...]
    conditions: tuple[Condition, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    capacity: tuple[CapacityTest, ...] = ()
    capacity_fact: str | None = None
    """A fact that is the class of the response itself (1, 2, 3), instead of tests."""
    variants: tuple[Variant, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    overrides: tuple["Override", ...] = ()

    def in_force(self, day: date) -> bool:
        """Whether these rules were in force on ``day``."""
        return self.since <= day and (self.until is None or day < self.until)

    def level_name(self, level: int) -> LevelName:
        """Name and colour of a level."""
        return self.levels[level - 1]

    @property
    def variant_ids(self) -> tuple[str, ...]:
        """The readings there are; one empty name when there is nothing to choose."""
        return tuple(v.id for v in self.variants) or ("",)

    def of_province(self, province: str | None) -> "RuleSet":
        """The rules as they hold in a province: its override, else these."""
        for override in self.overrides:
            if province in override.units:
                return override.rules
        return self


@dataclass(frozen=True)
class Override:
    """Rules of some provinces: what a province changed, and on what authority."""

    units: frozenset[str]
    """Codes of the provinces."""
    instrument: str
    changed: tuple[str, ...]
    """Ids of the conditions, indicators, tests and modifiers that are the province's own."""
    rules: RuleSet = field(repr=False)


@cache
def rules_named(name: str) -> RuleSet:
    """A packaged rule set: 2686, 4800, 218 or who.

    Raises:
        BadParameterError: there is no such rule set.
    """
    if name not in RULE_SETS:
        raise BadParameterError(f"no rules {name!r}; there are: {', '.join(RULE_SETS)}")
    text = resources.files("engine.risk.levels").joinpath("rules", f"{name}.toml").read_text("utf-8")
    return rule_set(tomllib.loads(text), name)


def rule_set(data: Mapping[str, Any], where: str) -> RuleSet:
    """A rule set from its parsed file.

    Raises:
        BadParameterError: something is missing or of the wrong kind; ``where`` is named.
    """
    try:
        return RuleSet(
            id=str(data["id"]),
            instrument=str(data["instrument"]),
            title=_text(data["title"]),
            dated=data["dated"],
            since=data["from"],
            until=data.get("until"),
            method=_choice(data["method"], ("factors", "matrix")),
            window_d=int(data["window_d"]),
            tiers=tuple(_choice(t, TIERS) for t in data["tiers"]),
            levels=tuple(LevelName(int(x["level"]), _text(x), str(x["colour"])) for x in data["level"]),
            conditions=tuple(_condition(x) for x in data.get("condition", ())),
            indicators=tuple(_indicator(x) for x in data.get("indicator", ())),
            capacity=tuple(
                CapacityTest(str(x["id"]), str(x["fact"]), number(x["at_least"]), _text(x))
                for x in data.get("capacity", ())
            ),
            capacity_fact=data.get("capacity_fact"),
            variants=tuple(_variant(x) for x in data.get("variant", ())),
            modifiers=tuple(_modifier(x) for x in data.get("modifier", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise BadParameterError(f"{where}: not a rule file: {what}") from None


def number(data: Mapping[str, Any]) -> Number:
    """A number of a rule file: a table with source and mark, and a value where it is known.

    Raises:
        ValueError: a value without a source, or that is not a positive number.
    """
    value = data.get("value")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
        raise ValueError(f"a value must be a positive number, not {value!r}")
    source, mark = str(data["source"]), str(data["mark"])
    if not source.strip():
        raise ValueError("a number needs a source")
    return Number(None if value is None else float(value), source, mark, bool(data.get("strictly", False)))


def _text(data: Mapping[str, Any]) -> Text:
    return Text(str(data["vi"]), str(data["en"]))


def _choice(value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} must be one of {', '.join(allowed)}")
    return str(value)


def _condition(data: Mapping[str, Any]) -> Condition:
    measure = _choice(data["measure"], ("fact", "rate", "children", "children_share", "neighbours"))
    of_fact = measure in ("fact", "rate")
    level = int(data["level"])
    if level not in LEVELS[1:]:
        raise ValueError(f"{data['id']}: a condition makes level 2, 3 or 4, not {level}")
    return Condition(
        id=str(data["id"]),
        tier=_choice(data["tier"], TIERS),
        level=level,
        measure=measure,
        fact=str(data["fact"]) if of_fact else None,
        of_level=None if of_fact else int(data["of_level"]),
        threshold=number(data["at_least"]),
        text=_text(data),
    )


def _indicator(data: Mapping[str, Any]) -> Indicator:
    first, second, third = (number(x) for x in data["cutoffs"])
    known = [n.value for n in (first, second, third) if n.value is not None]
    if known != sorted(known):
        raise ValueError(f"{data['id']}: cutoffs must rise")
    return Indicator(
        str(data["id"]), str(data["fact"]), bool(data["per_100k"]), (first, second, third), _text(data)
    )  # fmt: skip


def _variant(data: Mapping[str, Any]) -> Variant:
    cells = tuple(tuple(number(cell) for cell in row) for row in data["cells"])
    if any(len(row) != len(LEVELS) for row in cells):
        raise ValueError(f"variant {data['id']!r} needs {len(LEVELS)} cells a row")
    if any(cell.value not in (None, *LEVELS) for row in cells for cell in row):
        raise ValueError(f"variant {data['id']!r}: a cell is a level, 1 to 4")
    return Variant(str(data["id"]), _text(data), cells)


def _modifier(data: Mapping[str, Any]) -> Modifier:
    kind = _choice(data["kind"], ("may_not_lower", "raise_by_one"))
    return Modifier(str(data["id"]), kind, str(data["fact"]), number(data["at_least"]), _text(data))
