"""What a server runs for a client: nothing that reads its files, names people, or would take days."""

from collections.abc import Sequence

from engine.errors import BadInputError
from engine.scenarios.files import RunPlan, files_named
from engine.scenarios.model import Scenario

MOST_REPLICATE_DAYS = 50_000_000
"""Days x replicates x runs."""
MOST_AGENT_DAYS = 2_000_000_000_000
"""The same times people: some hours of a core."""
MOST_WORLDS = 32
"""Observed populations in one scenario: each is made by the server."""
MOST_STUDY_RUNS = 200
"""Runs of a policy study, its random thinnings counted."""

COMMAND = "run it with truyvet scenario run"


def admit(scenario: Scenario, plans: Sequence[RunPlan], stored: bool) -> None:
    """Refuse what a job may not do; ``stored``: whether the server keeps its data.

    Raises:
        BadInputError: what, and what to do instead.
    """
    if files := files_named(scenario, plans):
        raise BadInputError(
            f"the scenario names the file {files[0]}: a server reads no files for its clients; use population.observed "
            f"or {COMMAND}"
        )
    if named := _named(scenario, plans):
        raise BadInputError(
            f"{named} names people: jobs are kept, and keep nobody's name; run it with truyvet scenario run"
        )
    if scenario.chains:
        raise BadInputError(f"chains: a server keeps no chains of infection; {COMMAND}")
    if scenario.estimate:
        raise BadInputError(
            "estimate: write the values into the scenario (truyvet estimate), or use truyvet scenario run"
        )
    if scenario.simulation is None:
        if not stored:
            raise BadInputError("study: this server stores nothing; start it with --data")
        seeds = scenario.study.seeds if scenario.study is not None else 1
        cost = sum(seeds if p.study is not None and p.study.adoption < 1 else 1 for p in plans)
        if cost > MOST_STUDY_RUNS:
            raise too_much("runs x seeds", cost, MOST_STUDY_RUNS)
        return
    runs = [plan.simulation for plan in plans if plan.simulation is not None]
    if (cost := sum(run.days for run in runs) * scenario.replicates) > MOST_REPLICATE_DAYS:
        raise too_much("days x replicates x runs", cost, MOST_REPLICATE_DAYS)
    worlds = {run.population.model_copy(update={"remove": ()}).model_dump_json() for run in runs}
    if len(worlds) > MOST_WORLDS:
        raise too_much("different observed populations", len(worlds), MOST_WORLDS)


def too_much(what: str, cost: int, most: int) -> BadInputError:
    """The refusal of what would take too long."""
    return BadInputError(f"{what} is {cost:,}; a server runs at most {most:,}: ask for fewer, or {COMMAND}")


def _named(scenario: Scenario, plans: Sequence[RunPlan]) -> str | None:
    if any(plan.simulation is not None and plan.simulation.initial.people for plan in plans):
        return "initial.people"
    return "study.cases" if scenario.study is not None and scenario.study.cases else None
