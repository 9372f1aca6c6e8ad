"""What a file asks for that cannot be, or that does nothing, whatever the data: told before anything is computed."""

from collections.abc import Iterable, Iterator, Sequence

from engine.scenarios.messages import Mistake
from engine.scenarios.model import HalfNormal, PolicyVariant, Scenario, Simulation, Span
from engine.scenarios.yaml_lines import Where


def impossible(run: Simulation) -> Iterator[Mistake]:
    """What a run cannot do in any world: path below the run, and the sentence."""
    begin, testing = run.initial, run.measures.testing
    if begin.people and begin.from_cases:
        yield ("initial",), "give people or from_cases, not both"
    if begin.from_cases and isinstance(run.transmission.profile, HalfNormal):
        yield (
            ("transmission", "profile"),
            "the half-normal profile needs onsets after day 0: not with initial.from_cases",
        )
    if testing is not None and testing.on:
        if "random" in testing.of and testing.rate == 0:
            yield ("measures", "testing", "rate"), "random tests need a rate above 0"
        if testing.rate > 0 and "random" not in testing.of:
            yield ("measures", "testing", "of"), "a rate needs random among them"


def idle(run: Simulation) -> Iterator[Mistake]:
    """Measures that are never in force: they begin after the last day of the run."""
    for path, span in _spans(run):
        if span.start >= run.days and getattr(span, "on", True):
            yield (*path, "start"), f"day {span.start} is after the run: its last day is {run.days - 1}"


def _spans(run: Simulation) -> Iterator[tuple[Where, Span]]:
    for name in type(run.measures).model_fields:
        value = getattr(run.measures, name)
        if isinstance(value, Span):
            yield ("measures", name), value
        elif isinstance(value, tuple):
            yield from ((("measures", name, n), one) for n, one in enumerate(value) if isinstance(one, Span))


def useless(scenario: Scenario, runs: Sequence[Simulation | PolicyVariant]) -> Iterator[Mistake]:
    """Settings that do nothing in any run of the file: path from its root, and the sentence.

    ``runs``: all of them, those of the grids as well.
    """
    simulations = [run for run in runs if isinstance(run, Simulation)]
    if scenario.study is not None:
        deepest = max((run.depth for run in runs if isinstance(run, PolicyVariant)), default=3)
        for n, level in enumerate(scenario.study.levels):
            if level > deepest:
                yield ("study", "levels", n), f"level {level} is never looked at: no run has a depth above {deepest}"
    if not simulations:
        return
    does = [run.measures for run in simulations]
    if any(m.quarantine for m in does) and not any(m.tracing for m in does):
        text = "nobody is found for it: quarantine needs tracing (tracing: {})"
        yield given_at(scenario, ("measures", "quarantine")), text
    doses = [m.vaccination for m in does if m.vaccination is not None]
    if doses and not any(one.per_day or any(one.coverage.values()) for one in doses):
        yield given_at(scenario, ("measures", "vaccination")), "nobody is vaccinated: give coverage, per_day or both"
    for name in ("from_cases", "people"):
        at = given_at(scenario, ("initial", "infected"))
        if at and all(getattr(run.initial, name) for run in simulations):
            yield at, f"is never used: initial.{name} says who is infected; leave one of them out"


def given_at(scenario: Scenario, path: Where) -> Where:
    """Where the file gives the setting at a path below ``simulation``; empty: nowhere."""
    part: object = scenario.simulation
    for name in path:
        if name not in getattr(part, "model_fields_set", ()):
            break
        part = getattr(part, str(name))
        if part is None:
            break
    else:
        return ("simulation", *path)
    dotted = ".".join(map(str, path))
    for at, paths in _changes(scenario):
        for changed in paths:
            if f"{changed}.".startswith(f"{dotted}.") or dotted.startswith(f"{changed}."):
                return (*at, changed)
    return ()


def _changes(scenario: Scenario) -> Iterator[tuple[Where, Iterable[str]]]:
    for n, variant in enumerate(scenario.variants):
        yield ("variants", n, "set"), variant.set
    yield ("sweep",), scenario.sweep
    for name, grid in scenario.sensitivity.items():
        yield ("sensitivity", name, "sweep"), grid.sweep
