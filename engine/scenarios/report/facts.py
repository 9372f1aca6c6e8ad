"""What was asked, where the numbers are from, and the commands that make them again."""

import shlex
from collections.abc import Mapping
from itertools import pairwise

from engine.clock import to_rfc3339
from engine.scenarios.report.folder import RunFolder
from engine.scenarios.report.numbers import number
from engine.scenarios.report.texts import text
from engine.texts import Lang

_MANIFEST = ("name", "hash", "data", "people", "days", "replicates", "seed", "started_at", "finished_at", "versions")
FEW = 50
"""With fewer replicates the 5th and the 95th of a hundred are hardly told."""
_OF_STUDIES = ("data", "replicates")
"""What a study calls otherwise."""


def question(run: RunFolder, lang: Lang) -> str:
    """What was asked, in one sentence."""
    count, study = len(run.runs), run.scenario.study is not None
    what = "definition" if study else "variant"
    one, many = text(f"question.one_{what}", lang), text(f"question.{what}s", lang, n=number(count, lang))
    variants = one if count == 1 else many
    if study:
        return text("question.study", lang, variants=variants)
    people = run.manifest.get("people")
    whom = text("question.some_people", lang)
    if isinstance(people, int):
        whom = text("question.people", lang, n=number(people, lang))
    replicates = run.manifest.get("replicates", run.scenario.replicates)
    return text(
        "question.simulation", lang, days=number(run.days, lang), people=whom, variants=variants,
        replicates=number(replicates, lang),
    )  # fmt: skip


def facts(run: RunFolder, lang: Lang) -> list[tuple[str, str]]:
    """Names and values of what made the numbers."""
    out = []
    for key in _MANIFEST:
        value = run.manifest.get(key)
        if key == "seed" and value is None and run.scenario.simulation is not None:
            value = run.scenario.simulation.seed
        if value is not None and value != {}:
            counted = key in ("people", "days", "replicates")
            name = f"fact.study.{key}" if run.scenario.study is not None and key in _OF_STUDIES else f"fact.{key}"
            if key == "data" and isinstance(value, Mapping):
                value = {k: to_rfc3339(v) if k == "until" and isinstance(v, int) else v for k, v in value.items()}
            out.append((text(name, lang), number(value, lang) if counted and isinstance(value, int) else told(value)))
    if run.manifest.get("source_data"):
        out.append((text("fact.source_data", lang), told(run.manifest["source_data"])))
    if run.scenario.source:
        out.append((text("fact.source", lang), run.scenario.source))
    return out


def told(value: object) -> str:
    """An entry of the manifest on one line."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {told(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(told(one) for one in value)
    return str(value)


def notes(run: RunFolder, lang: Lang) -> list[str]:
    """What the reader has to know before the numbers: warnings of the run, runs that stopped early."""
    warnings = run.manifest.get("warnings") or ()
    out = [told(one.get(lang, one) if isinstance(one, Mapping) else one) for one in warnings]
    made = [r.get("replicates") for r in run.manifest.get("runs") or () if isinstance(r.get("replicates"), int)]
    if made and min(made) < FEW:
        out.append(text("few", lang, n=number(min(made), lang)))
    early = {str(r.get("name")): r for r in run.manifest.get("runs") or () if r.get("stopped_early")}
    if early:
        names = [
            f"{i.called(lang)} ({number(early[i.name].get('replicates'), lang)})" for i in run.runs if i.name in early
        ]
        out.append(text("stopped_early", lang, runs="; ".join(names)))
    return out


def commands(run: RunFolder, lang: Lang) -> list[str]:
    """The commands that make this again: those of the run where it was typed, else from the folder of the report.

    Paths in a scenario are from the folder of its file: a copy beside the results would look for them elsewhere.
    """
    given = run.manifest.get("command")
    if given:
        return _as_typed(str(given), run, lang)
    grid = f" --sensitivity {run.grid}" if run.grid else ""
    out = shlex.quote(f"../{run.path.absolute().name.removesuffix('.new')}-2")
    again = f"truyvet scenario run scenario.yml{grid} --out {out}"
    return [
        "truyvet scenario check scenario.yml",
        again,
        f"truyvet scenario report . --lang {lang}",
    ]


def _as_typed(given: str, run: RunFolder, lang: Lang) -> list[str]:
    where = run.manifest.get("cwd")
    try:
        words = shlex.split(given)
    except ValueError:
        words = []
    out = next((b for a, b in pairwise(words) if a == "--out"), str(run.path.absolute()).removesuffix(".new"))
    enter = [f"cd {shlex.quote(str(where))}"] if where else []
    return [*enter, given, f"truyvet scenario report {shlex.quote(out)} --lang {lang}"]
