"""A small country: one province of two districts, each of three communes in a row."""

from itertools import pairwise

from engine.risk.levels.facts import Facts
from engine.risk.levels.spans import Span, exact
from engine.risk.levels.tree import Area, Tree

COMMUNES = ("00001", "00002", "00003", "00004", "00005", "00006")
BORDERS = frozenset(pairwise(COMMUNES))
PEOPLE = 200_000
NO_F0 = dict.fromkeys(
    ("f0", "f0_unknown_source", "f0_known_source", "f0_crowded", "f1", "quarantined", "illegal_entry"), 0
)


def area(code, tier, parent, people=PEOPLE):
    return Area(code, tier, parent, f"Xã {code}", f"Commune {code}", people)


def tree(borders=BORDERS, bordered=COMMUNES, people=PEOPLE):
    areas = [area("92", "province", None, 6 * PEOPLE)]
    areas += [area(d, "district", "92", 3 * PEOPLE) for d in ("001", "002")]
    areas += [area(c, "commune", "001" if n < 3 else "002", people) for n, c in enumerate(COMMUNES)]
    return Tree({a.code: a for a in areas}, frozenset(borders), frozenset(bordered))


def facts(communes, judged=0.0, **upper):
    """``communes``: {code: {fact: number or Span}}; the rest of the facts of 2686 is known to be 0."""
    units = {c: {n: span(v) for n, v in {**NO_F0, **communes.get(c, {})}.items() if v is not None} for c in COMMUNES}
    for code in ("001", "002", "92"):
        units[code] = {"spread_share": exact(judged), "industrial_zone": exact(0), **upper.get(code, {})}
    return Facts(units)


def span(value):
    return value if isinstance(value, Span) else exact(value)
