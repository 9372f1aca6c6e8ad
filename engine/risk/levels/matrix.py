"""Rules of the kind "transmission x response" (4800, 218, WHO): classes, a matrix, then what moves the level.

What is missing leaves several classes possible, hence several cells of the matrix, hence a range of levels.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.risk.levels.facts import SHARES, Facts
from engine.risk.levels.findings import AreaLevel, Finding
from engine.risk.levels.rules import LEVELS, CapacityTest, Indicator, Modifier, Number, RuleSet, Text, Variant
from engine.risk.levels.spans import UNKNOWN, Span, exact, reaches
from engine.risk.levels.tree import Tree

_PER = 100_000.0
_FLAGS = ("capacity_met",)
Range = tuple[int, int]
_CELL = Text(
    "Ô của ma trận: lây nhiễm mức {transmission}, đáp ứng mức {capacity}",
    "Cell of the matrix: transmission {transmission}, response {capacity}",
)


def matrix_levels(rules: RuleSet, variant: str, tree: Tree, facts: Facts, tiers: Iterable[str]) -> dict[str, AreaLevel]:
    """Levels of every unit of ``tiers`` under one reading of the matrix; each unit by its own facts."""
    found = {}
    for tier in tiers:
        for code in tree.of_tier(tier):
            own = rules.of_province(tree.province(code))
            chosen = next((v for v in own.variants if v.id == variant), own.variants[0])
            found[code] = _level(own, chosen, code, tree.areas[code].population, facts)
    return found


def _level(rules: RuleSet, variant: Variant, code: str, people: int | None, facts: Facts) -> AreaLevel:
    looks = [_class(i, code, people, facts) for i in rules.indicators]
    transmission = max(r[0] for _, r in looks), max(r[1] for _, r in looks)
    findings = [f for f, _ in looks]
    tests, capacity = _capacity(rules, len(variant.cells), code, facts)
    findings += tests
    cells = [
        variant.cells[c - 1][t - 1]
        for c in range(capacity[0], capacity[1] + 1)
        for t in range(transmission[0], transmission[1] + 1)
    ]
    findings.append(_cell_finding(cells, transmission, capacity, variant))
    level = _levels_of(cells)
    for modifier in rules.modifiers:
        finding, level = _moved(modifier, level, code, facts)
        findings.append(finding)
    return AreaLevel(code, *level, tuple(findings), facts.anything(code))


def _levels_of(cells: Iterable[Number]) -> Range:
    values = [int(c.value) if c.value is not None else None for c in cells]
    known = [v for v in values if v is not None]
    if None in values:
        return LEVELS[0], LEVELS[-1]
    return min(known), max(known)


@dataclass(frozen=True)
class _Rated:
    value: Span
    missing: tuple[str, ...]


def _rated(indicator: Indicator, code: str, people: int | None, facts: Facts) -> _Rated:
    value = facts.get(code, indicator.fact)
    lacking = () if value.known else (f"fact.{indicator.fact}",)
    if not indicator.per_100k:
        return _Rated(value, lacking)
    if not people:
        return _Rated(exact(0) if value.high == 0 else UNKNOWN, (*lacking, "fact.population"))
    return _Rated(value.rate(_PER, people), lacking)


def _class(indicator: Indicator, code: str, people: int | None, facts: Facts) -> tuple[Finding, Range]:
    """The class of transmission by one indicator: 1 and one more for each cutoff reached."""
    rated = _rated(indicator, code, people, facts)
    answers = [reaches(rated.value, n.value, n.strictly) for n in indicator.cutoffs]
    least = 1 + max((n for n, a in enumerate(answers, 1) if a is True), default=0)
    most = 1 + next((n for n, a in enumerate(answers) if a is False), len(answers))
    most = max(least, most)
    missing = rated.missing
    if least != most and any(n.value is None for n in indicator.cutoffs[least - 1 : most - 1]):
        missing = ("levels.no_cutoff", *missing)
    edges = [n for k, n in enumerate(indicator.cutoffs, 1) if k in (least - 1, least)]
    edge = indicator.cutoffs[least - 2].value if least > 1 else None
    finding = Finding(
        id=indicator.id,
        met=True if least == most else None,
        level=least,
        value=rated.value,
        threshold=edge,
        form="share" if indicator.fact in SHARES else "rate",
        text=indicator.text,
        verified=all(n.verified for n in edges) or rated.value.high == 0,
        missing=() if least == most else missing,
    )
    return finding, (least, most)


def _capacity(rules: RuleSet, classes: int, code: str, facts: Facts) -> tuple[list[Finding], Range]:
    """The class of the response, 1 the best, with the tests that made it."""
    if rules.capacity_fact is not None:
        value = facts.get(code, rules.capacity_fact)
        given = 1 <= value.low <= classes and value.known
        finding = Finding(
            rules.capacity_fact, True if given else None, None, value if given else None, None, "class",
            Text("Mức đáp ứng: 1 đủ, 2 trung bình, 3 hạn chế", "Response: 1 adequate, 2 moderate, 3 limited"),
            True, () if given else (f"fact.{rules.capacity_fact}",),
        )  # fmt: skip
        return [finding], (int(value.low), int(value.low)) if given else (1, classes)
    findings = [_test(t, code, facts) for t in rules.capacity]
    answers = [f.met for f in findings]
    if False in answers:
        return findings, (2, 2)
    return findings, (1, 2) if None in answers else (1, 1)


def _test(test: CapacityTest | Modifier, code: str, facts: Facts) -> Finding:
    value = facts.get(code, test.fact)
    met = reaches(value, test.threshold.value, test.threshold.strictly)
    why: tuple[str, ...] = ()
    if met is None:
        unset = ("levels.no_threshold",) if test.threshold.value is None else ()
        why = unset + (() if value.known else (f"fact.{test.fact}",))
    form = "share" if test.fact in SHARES else "flag" if test.fact in _FLAGS else "number"
    return Finding(test.id, met, None, value, test.threshold.value, form, test.text, test.threshold.verified, why)


def _cell_finding(cells: list[Number], transmission: Range, capacity: Range, variant: Variant) -> Finding:
    least, most = _levels_of(cells)
    words = {"transmission": _between(transmission), "capacity": _between(capacity)}
    text = Text(_CELL.vi.format(**words), _CELL.en.format(**words))
    unset = any(c.value is None for c in cells)
    return Finding(
        id=f"matrix.{variant.id}" if variant.id else "matrix",
        met=True if least == most else None,
        level=least,
        value=Span(float(least), float(most)),
        threshold=None,
        form="level",
        text=text,
        verified=all(c.verified for c in cells),
        missing=() if least == most else ("levels.no_matrix",) if unset else ("levels.no_class",),
    )


def _between(both: Range) -> str:
    return str(both[0]) if both[0] == both[1] else f"{both[0]}-{both[1]}"


def _moved(modifier: Modifier, level: Range, code: str, facts: Facts) -> tuple[Finding, Range]:
    """The level after a modifier: what is not met (or may not be) raises it or holds it up."""
    finding = _test(modifier, code, facts)
    if modifier.kind == "raise_by_one":
        return _raised(finding, level, facts.get(code, "new_cases"))
    return _held(finding, level, facts.previous.get(code))


def _raised(finding: Finding, level: Range, cases: Span) -> tuple[Finding, Range]:
    if finding.met is True or cases.high == 0 or level == (LEVELS[-1], LEVELS[-1]):
        return finding, level
    sure = finding.met is False and cases.low > 0
    up = min(LEVELS[-1], level[1] + 1)
    return finding, (min(LEVELS[-1], level[0] + 1) if sure else level[0], up)


def _held(finding: Finding, level: Range, last: int | None) -> tuple[Finding, Range]:
    """Without an earlier assessment there is nothing that a level could be lowered from."""
    if finding.met is True:
        return finding, level
    if last is None:
        return replace(finding, missing=("levels.no_previous", *finding.missing)), level
    most = max(level[1], last)
    return finding, (max(level[0], last) if finding.met is False else level[0], most)
