"""Rules of the kind "any one factor is enough" (2686): levels tried from the worst down, tiers from the smallest up.

Every condition is met, not met, or undecided; an undecided one leaves the level between what is certain and what it
could be. Levels of smaller units enter as such ranges, so that nothing missing is ever taken for zero.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.risk.levels.facts import SHARES, Facts
from engine.risk.levels.findings import AreaLevel, Finding
from engine.risk.levels.rules import LEVELS, Condition, RuleSet
from engine.risk.levels.spans import UNKNOWN, Span, exact, reaches
from engine.risk.levels.tree import Tree

_PER = 100_000.0
Range = tuple[int, int]
"""The levels a unit may have: at least, at most."""


def factor_levels(rules: RuleSet, tree: Tree, facts: Facts, tiers: Sequence[str]) -> dict[str, AreaLevel]:
    """Levels of every unit of ``tiers`` (from the smallest up), tier by tier.

    Neighbours are asked for their level within the round of levels: what borders a unit that is very high for other
    reasons becomes high, what borders a high one (also one that is high only by its neighbour) is at risk.
    """
    ranges: dict[str, Range] = {}
    known: set[str] = set()
    found: dict[str, AreaLevel] = {}
    for tier in tiers:
        codes = tree.of_tier(tier)
        known |= {c for c in codes if facts.anything(c) or any(k in known for k in tree.children.get(c, ()))}
        looked: dict[str, list[Finding]] = {c: [] for c in codes}
        mine: dict[str, Range] = dict.fromkeys(codes, (1, 1))
        for level in reversed(LEVELS[1:]):
            fresh: dict[str, Range] = {}
            beside = _Beside(mine)
            for code in codes:
                own = rules.of_province(tree.province(code)) if rules.overrides else rules
                conditions = [c for c in own.conditions if c.tier == tier and c.level == level]
                looked[code] += [_look(c, code, tree, facts, ranges, beside) for c in conditions]
                fresh[code] = _after(level, mine[code], looked[code][len(looked[code]) - len(conditions) :])
            mine = fresh
        ranges |= mine
        found |= {c: AreaLevel(c, *mine[c], tuple(looked[c]), c in known) for c in codes}
    return found


class _Beside:
    """The units of a tier by the level they have for sure, and by the one they may have, before a round."""

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self._ranges = ranges
        self._found: dict[int, tuple[frozenset[str], frozenset[str]]] = {}

    def at(self, level: int) -> tuple[frozenset[str], frozenset[str]]:
        """Codes at ``level`` or worse: for sure, and possibly."""
        if level not in self._found:
            least = frozenset(c for c, r in self._ranges.items() if r[0] >= level)
            most = frozenset(c for c, r in self._ranges.items() if r[1] >= level)
            self._found[level] = least, most
        return self._found[level]


def _after(level: int, before: Range, findings: Iterable[Finding]) -> Range:
    """The range once the conditions of ``level`` are looked at; worse levels were before."""
    answers = [f.met for f in findings]
    least = max(before[0], level) if True in answers else before[0]
    most = max(before[1], level) if any(a is not False for a in answers) else before[1]
    return least, max(least, most)


def _look(
    condition: Condition, code: str, tree: Tree, facts: Facts, below: Mapping[str, Range], beside: "_Beside"
) -> Finding:
    value, form, missing = _value(condition, code, tree, facts, below, beside)
    threshold = condition.threshold
    met = reaches(value, threshold.value, threshold.strictly)
    why = () if met is not None else tuple(_why(threshold.value, missing))
    return Finding(
        condition.id, met, condition.level, value, threshold.value, form, condition.text, threshold.verified, why
    )  # fmt: skip


def _why(threshold: float | None, missing: tuple[str, ...]) -> Iterator[str]:
    if threshold is None:
        yield "levels.no_threshold"
    yield from missing


def _value(
    condition: Condition, code: str, tree: Tree, facts: Facts, below: Mapping[str, Range], beside: "_Beside"
) -> tuple[Span, str, tuple[str, ...]]:
    """The value of a condition, how it is written, and what is missing where it is not known exactly."""
    if condition.fact is not None:
        value = facts.get(code, condition.fact)
        lacking = () if value.known else (f"fact.{condition.fact}",)
        if condition.measure == "fact":
            share = condition.fact in SHARES or condition.fact == "spread_share"
            return value, "share" if share else "number", lacking
        people = tree.areas[code].population
        if not people:
            return (exact(0) if value.high == 0 else UNKNOWN), "rate", (*lacking, "fact.population")
        return value.rate(_PER, people), "rate", lacking
    level = condition.of_level or 1
    if condition.measure == "neighbours":
        sure, may = tree.neighbours(code)
        least, most = beside.at(level)
        value = Span(float(len(sure & least)), float(len(may & most)))
        missing = ("levels.no_borders",) if sure != may else ("levels.no_neighbour_level",)
        return value, "number", () if value.known else missing
    children = tree.children.get(code, ())
    if not children:
        return UNKNOWN, "share" if condition.measure == "children_share" else "number", ("levels.no_children",)
    count = Span(
        float(sum(below[c][0] >= level for c in children)), float(sum(below[c][1] >= level for c in children))
    )  # fmt: skip
    lacking = () if count.known else ("levels.no_child_level",)
    if condition.measure == "children_share":
        return count.rate(1.0, len(children)), "share", lacking
    return count, "number", lacking
