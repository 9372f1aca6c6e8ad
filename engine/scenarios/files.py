"""Scenario files: read, checked line by line, spread into runs, hashed; commented ones to begin with."""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import ValidationError

from engine.errors import BadParameterError, ScenarioError
from engine.scenarios import messages
from engine.scenarios.model import PolicyVariant, Scenario, Simulation
from engine.scenarios.model_parts import one_of
from engine.scenarios.origins import blame, number_of, origin, sources_of
from engine.scenarios.run_checks import idle, impossible, useless
from engine.scenarios.setting_paths import PathError, changed, check, root_of
from engine.scenarios.yaml_lines import MAX_BYTES, Document, Where, load

MAX_RUNS = 1_000
"""Variants times points of a grid."""
MAX_ALL_RUNS = 2_000
"""Over the sweep and all sensitivity grids of a file: each is checked before anything runs."""
KINDS = ("simulation", "table", "study")
Kind = Literal["simulation", "table", "study"]


@dataclass(frozen=True)
class RunPlan:
    """One run of a scenario: a variant at a point of the grid."""

    name: str
    """``variant``, or ``variant,path=value,...`` with the paths that have more than one value."""
    variant: str
    values: dict[str, object]
    """The point of the grid: path and value."""
    simulation: Simulation | None
    study: PolicyVariant | None
    hash: str
    """SHA-256 (hex) of everything in the file that determines the answer; not of the data."""


def read(path: Path) -> Scenario:
    """The scenario in a file. Paths of files in it are relative to the file's folder.

    Raises:
        ScenarioError: not readable, or wrong: a line for each mistake, with file, line, setting, and what to write.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ScenarioError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB: not a scenario")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return parse(text, str(path))


def parse(text: str, where: str) -> Scenario:
    """The scenario in a text; ``where`` is its name in messages. Every run of it is checked, those of grids too.

    Top-level keys that begin with ``x-`` are left out: room for YAML anchors.

    Raises:
        ScenarioError: as :func:`read`.
    """
    document = load(text, where)
    data = document.data
    data = {k: v for k, v in data.items() if not k.startswith("x-")} if isinstance(data, dict) else data
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        found = messages.mistakes(error, data, Scenario)
        raise ScenarioError(messages.lines(document.mistake(*mistake) for mistake in found)) from None
    counts = [_count(scenario), *(_count(with_sensitivity(scenario, grid)) for grid in scenario.sensitivity)]
    if max(counts) <= MAX_RUNS and sum(counts) > MAX_ALL_RUNS:
        text = f"the grids of this file make {sum(counts):,} runs together; at most {MAX_ALL_RUNS:,}"
        raise ScenarioError(document.mistake(("sensitivity",), text))
    wrong: list[str] = []
    runs: list[RunPlan] = []
    for grid in ("", *scenario.sensitivity):
        made, bad = _spread(with_sensitivity(scenario, grid) if grid else scenario, document, grid)
        runs, wrong = [*runs, *made], [*wrong, *bad]
    if not wrong:
        done = [run.simulation or run.study for run in runs]
        wrong = [document.mistake(*one) for one in useless(scenario, [run for run in done if run is not None])]
    if wrong:
        raise ScenarioError(messages.lines(wrong))
    return scenario


def runs_of(scenario: Scenario) -> tuple[RunPlan, ...]:
    """Every variant at every point of ``sweep``: variants outermost, then paths in the order of the file.

    Raises:
        ScenarioError: a path leads nowhere, or a combination cannot be (a scenario that was made by hand).
    """
    runs, wrong = _spread(scenario, Document(None, "scenario"), "")
    if wrong:
        raise ScenarioError(messages.lines(wrong))
    return runs


def with_sensitivity(scenario: Scenario, grid: str) -> Scenario:
    """The scenario with one of its named grids in place of ``sweep``; its name ends with the grid's.

    Only the variants that the grid names are left; without the baseline among them the first is compared with.

    Raises:
        BadParameterError: there is no such grid; the message lists those there are.
    """
    if grid not in scenario.sensitivity:
        if not scenario.sensitivity:
            raise BadParameterError(f"{scenario.name} has no sensitivity grids")
        raise BadParameterError(one_of("sensitivity grid", grid, scenario.sensitivity))
    asked = scenario.sensitivity[grid]
    kept = tuple(v for v in scenario.variants if v.name in asked.variants or not asked.variants)
    baseline = scenario.baseline if scenario.baseline in {v.name for v in kept} else None
    new = {"name": f"{scenario.name}-{grid}"[:80], "variants": kept, "baseline": baseline}
    return scenario.model_copy(update={**new, "sweep": asked.sweep, "sensitivity": {}})


def written(scenario: Scenario) -> str:
    """The scenario as a file: all that was given, also where it is the default, and nothing that was not."""
    plain = scenario.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return str(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False))


def scenario_hash(scenario: Scenario, runs: Sequence[RunPlan] | None = None) -> str:
    """SHA-256 (hex) of what the scenario asks for: its runs, replicates, precision, chains, baseline.

    Stable over order of keys, layout and comments; titles, notes and sources are not in it. ``runs``: those of
    :func:`runs_of`, where they are known already. Cost: half a millisecond a run that is not.
    """
    asked = scenario.model_dump(mode="json", include={"format", "name", "replicates", "precision", "chains"})
    asked["baseline"] = scenario.baseline or scenario.variants[0].name
    grids = {"": runs_of(scenario) if runs is None else runs}
    grids |= {name: runs_of(with_sensitivity(scenario, name)) for name in scenario.sensitivity}
    asked["runs"] = {name: sorted((run.variant, run.hash) for run in made) for name, made in grids.items()}
    return _hash(asked)


def files_named(scenario: Scenario, runs: Sequence[RunPlan] | None = None) -> tuple[str, ...]:
    """The files that any run reads, as written (relative to the folder of the scenario file), each once.

    ``runs``: as in :func:`scenario_hash`.
    """
    found: list[str | None] = []
    for run in runs_of(scenario) if runs is None else runs:
        if run.simulation is not None:
            who = run.simulation.population
            found += [who.table.file if who.table is not None else None, who.groups, who.households]
    found.append(scenario.study.truth if scenario.study is not None else None)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def template(kind: Kind, lang: str) -> str:
    """A commented scenario to begin with: over observed contacts, over a table, or a policy study; ``vi`` or ``en``.

    Raises:
        BadParameterError: no such kind.
    """
    if kind not in KINDS:
        raise BadParameterError(one_of("kind of scenario", kind, KINDS))
    name = f"{kind}.{'vi' if lang == 'vi' else 'en'}.yml"
    return resources.files("engine.scenarios").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(what: object) -> str:
    text = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _count(scenario: Scenario) -> int:
    return len(scenario.variants) * math.prod(len(values) for values in scenario.sweep.values())


def _spread(scenario: Scenario, document: Document, grid: str) -> tuple[tuple[RunPlan, ...], list[str]]:
    """All runs and what is wrong with them, each mistake at the line that caused it."""
    at: Where = ("sensitivity", grid, "sweep") if grid else ("sweep",)
    wrong = _bad_paths(scenario, document, at)
    for path, choices in scenario.sweep.items():
        if len({_short(value) for value in choices}) < len(choices):
            wrong.append(document.mistake((*at, path), "holds a value twice"))
    if (count := _count(scenario)) > MAX_RUNS:
        wrong.append(document.mistake(at, f"makes {count:,} runs; at most {MAX_RUNS:,}"))
    if wrong:
        return (), wrong
    runs = []
    paths = list(scenario.sweep)
    for place, variant in enumerate(scenario.variants):
        n = number_of(document, variant.name, place)
        for point in itertools.product(*(scenario.sweep[path] for path in paths)):
            values = dict(zip(paths, point, strict=True))
            name = ",".join(
                [variant.name, *(f"{p}={_short(v)}" for p, v in values.items() if len(scenario.sweep[p]) > 1)]
            )
            sources = sources_of(variant.set, values, n, grid)
            made = _made(scenario, variant.set, values, sources, n, variant.name, document)
            if isinstance(made, list):
                wrong += made
            else:
                if isinstance(made, Simulation):
                    found = [*impossible(made), *idle(made)]
                    wrong += [origin(document, *one, sources, ("simulation",), variant.name) for one in found]
                runs.append(_plan(scenario, name, variant.name, values, made))
    return tuple(runs), wrong


def _bad_paths(scenario: Scenario, document: Document, at: Where) -> list[str]:
    root = type(root_of(scenario))
    every: list[tuple[Where, str]] = [((*at, path), path) for path in scenario.sweep]
    for n, variant in enumerate(scenario.variants):
        every += [(("variants", n, "set", path), path) for path in variant.set]
    wrong = []
    for where, path in every:
        try:
            check(root, path)
        except PathError as error:
            wrong.append(document.mistake(where, str(error)))
    return wrong


def _made(
    scenario: Scenario,
    variant: Mapping[str, object],
    values: Mapping[str, object],
    sources: Mapping[str, Where],
    number: int,
    name: str,
    document: Document,
) -> Simulation | PolicyVariant | list[str]:
    """The base with a variant's and then a point's changes; or what is wrong with that."""
    base = root_of(scenario)
    start: Where = ("simulation",) if isinstance(base, Simulation) else ("study", "base")
    data: dict[str, object] = {}
    try:
        data = changed(base, variant, values)
        return type(base).model_validate(data)
    except PathError as error:
        return [document.mistake(sources.get(error.path, ("variants", number)), str(error))]
    except ValidationError as error:
        found = messages.mistakes(error, data, type(base))
        return [document.mistake(*blame(path, text, sources, start, number, name)) for path, text in found]


def _plan(
    scenario: Scenario, name: str, variant: str, values: dict[str, object], made: Simulation | PolicyVariant
) -> RunPlan:
    says: dict[str, object] = {"format": scenario.format, "estimate": sorted(scenario.estimate)}
    if isinstance(made, Simulation):
        says["simulation"] = made.model_dump(mode="json")
        return RunPlan(name, variant, values, made, None, _hash(says))
    study = scenario.study.model_dump(mode="json") if scenario.study is not None else {}
    says["study"] = study | {"base": made.model_dump(mode="json")}
    return RunPlan(name, variant, values, None, made, _hash(says))


def _short(value: object) -> str:
    """A value as part of a run's name: letters, digits and few signs, at most 40; else with a piece of its hash."""
    text = _words(value)
    plain = re.sub(r"[^\w.+-]", "-", text, flags=re.ASCII)
    return text if text == plain and len(text) <= 40 else f"{plain[:30]}-{_hash(text)[:8]}"


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return "+".join(f"{key}-{_words(inner)}" for key, inner in value.items()) or "default"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "+".join(_words(inner) for inner in value) or "none"
    if isinstance(value, bool) or value is None:
        return "none" if value is None else str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)
