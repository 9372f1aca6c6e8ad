"""Official levels of areas: a pure function of rules, units and facts."""

from engine.errors import BadParameterError
from engine.risk.levels.factors import factor_levels
from engine.risk.levels.facts import Facts
from engine.risk.levels.findings import AreaLevel
from engine.risk.levels.matrix import matrix_levels
from engine.risk.levels.rules import TIERS, RuleSet
from engine.risk.levels.tree import Tree


def evaluate(
    rules: RuleSet, tree: Tree, facts: Facts, variant: str | None = None, tier: str | None = None
) -> dict[str, AreaLevel]:
    """The level of every unit of the tree, by code, with every condition that was looked at.

    Args:
        rules: a rule set, with its overrides.
        tree: the units on the day of the assessment.
        facts: what is known of them; missing facts leave conditions undecided.
        variant: which reading of the matrix, one of ``rules.variant_ids``; None: the first.
        tier: only the units of this tier, and those their levels rest on; None: all.

    Raises:
        BadParameterError: no such variant.

    Cost: units x conditions; 10,603 communes under 2686 take about a second.
    """
    chosen = rules.variant_ids[0] if variant is None else variant
    if chosen not in rules.variant_ids:
        raise BadParameterError(f"rules {rules.id} have no version {chosen!r}; there are: {rules.variant_ids}")
    if rules.method == "factors":
        below = TIERS if tier is None else TIERS[: TIERS.index(tier) + 1]
        return factor_levels(rules, tree, facts, below)
    return matrix_levels(rules, chosen, tree, facts, rules.tiers if tier is None else (tier,))
