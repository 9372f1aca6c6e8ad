"""Facts of units from tables of counts."""

from collections.abc import Mapping
from datetime import date

from engine.risk.counts import STANDING, Counts
from engine.risk.levels.facts import NOTHING, Assumptions, Facts
from engine.risk.levels.rules import TIERS
from engine.risk.levels.spans import UNKNOWN, Span, exact
from engine.risk.levels.tree import Tree

WEEK_D = 7
_WEEKLY = {"new_cases": "cases", "deaths": "deaths", "oxygen": "oxygen", "hospitalised": "hospitalised"}
_WINDOW = {
    "f0": "cases",
    "f0_unknown_source": "f0_unknown_source",
    "f0_known_source": "f0_known_source",
    "f0_crowded": "f0_crowded",
}


def facts_of_counts(
    counts: Counts,
    tree: Tree,
    last: date,
    window_d: int,
    previous: Mapping[str, int] | None = None,
    assumed: Assumptions = NOTHING,
) -> Facts:
    """What the counts say of every unit of ``tree``.

    Weekly facts count the seven days up to and with ``last``, ``f0`` facts ``window_d`` days; facts that stand
    (coverage, capacity) are the newest by ``last``. A unit of which no table speaks has the sum of its children, and is
    known to have no more than the unit it lies in.
    """
    units: dict[str, dict[str, Span]] = {code: {} for code in tree.areas}
    wanted = [(fact, measure, WEEK_D) for fact, measure in _WEEKLY.items()]
    wanted += [(fact, measure, window_d) for fact, measure in _WINDOW.items()]
    for fact, measure, days in wanted:
        told: dict[str, Span] = {}
        for tier in TIERS:
            told |= {c: s for c, s in counts.sums(tier, measure, last, days).items() if c in units}
        for code, span in bounded(tree, told).items():
            units[code][fact] = span
    for fact in STANDING:
        for tier in TIERS:
            for code, value in counts.newest(tier, fact, last).items():
                if code in units:
                    units[code][fact] = exact(value)
    return Facts(units, previous or {}, assumed)


def bounded(tree: Tree, told: Mapping[str, Span]) -> dict[str, Span]:
    """Counts of every unit that ``told`` bounds: from its children where it has none, and never above its parent's."""
    found = dict(told)
    for tier in TIERS[1:]:
        for code in tree.of_tier(tier):
            children = tree.children.get(code, ())
            if code not in found and any(c in found for c in children):
                low = sum(found[c].low for c in children if c in found)
                found[code] = Span(low, max(low, sum(found.get(c, UNKNOWN).high for c in children)))
    for tier in reversed(TIERS[:-1]):
        for code in tree.of_tier(tier):
            above = found.get(tree.areas[code].parent or "")
            if above is not None and above.high < UNKNOWN.high:
                found[code] = found.get(code, UNKNOWN).capped(above.high)
    return found
