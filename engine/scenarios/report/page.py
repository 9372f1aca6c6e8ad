"""The report of a run as one HTML page: everything in it, nothing loaded from anywhere, no script."""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from engine.scenarios.model import Quarantine, Scenario
from engine.scenarios.report import answers, studies
from engine.scenarios.report.answers import Cell, Table
from engine.scenarios.report.chains import chain_parts
from engine.scenarios.report.facts import commands, facts, notes, question
from engine.scenarios.report.folder import RunFolder, read_folder
from engine.scenarios.report.parameters import Row, base_rows, sweep_rows, variant_rows
from engine.scenarios.report.pictures import pictures
from engine.scenarios.report.style import Picture, svg_uri
from engine.scenarios.report.sweeps import sweep_pictures
from engine.scenarios.report.texts import TEXTS, text
from engine.texts import Lang

CHAIN_COLUMNS = ("mean", "none", "eighty", "most", "generations", "detected")


@dataclass(frozen=True)
class Shown:
    """A picture as the page holds it."""

    key: str
    title: str
    caption: str
    alt: str
    uri: str
    number: int


def write_report(folder: Path, lang: Lang) -> Path:
    """Write ``report.vi.html`` or ``report.en.html`` into a run folder and say where.

    The page holds all it shows (pictures as SVG inside it), asks nothing of any other address and needs no script. It
    names no person, not even those whom the scenario file names. The same folder gives the same bytes.

    Raises:
        BadInputError: the folder holds no finished run.

    Cost: a second or two, most of it the pictures; memory that of the tables, and at most some million infections.
    """
    html = page_of(read_folder(folder), lang)
    path = folder / f"report.{lang}.html"
    handle, name = tempfile.mkstemp(dir=folder, prefix=".report-", suffix=".html")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(html)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def page_of(run: RunFolder, lang: Lang) -> str:
    """The page of a run folder that has been read."""
    environment = Environment(
        loader=PackageLoader("engine.scenarios.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(_context(run, lang))


def _context(run: RunFolder, lang: Lang) -> dict[str, Any]:
    scenario = run.scenario
    study = "study" in run.tables
    counted = _Counter()
    if study:
        told, tables = studies.study_sentences(run, lang), [studies.study_table(run, lang)]
        main = counted.show(studies.study_pictures(run, lang))
        gain = studies.gain_table(run, lang)
    else:
        told, tables = answers.sentences(run, lang), answers.headlines(run, lang)
        main, gain = counted.show(pictures(run, lang)), None
    swept = counted.show(sweep_pictures(run, lang))
    offspring, rows = chain_parts(run, lang)
    estimated = run.manifest.get("estimated") or {}
    title = scenario.title
    return {
        "lang": lang,
        "t": lambda key, **values: text(key, lang, **values),
        "kind": "study" if study else "simulation",
        "title": (title.vi if lang == "vi" else title.en) if title else scenario.name,
        "question": question(run, lang),
        "note": (scenario.note.vi if lang == "vi" else scenario.note.en) if scenario.note else "",
        "sentences": told,
        "tables": tables,
        "pictures": main,
        "gain": gain,
        "weekly": None if study else answers.weekly(run, lang),
        "sweep": swept,
        "offspring": counted.show(offspring),
        "chains": _chain_table(rows, lang),
        "groups": _grouped(base_rows(scenario, lang, estimated)),
        "variants": _variants(run, lang),
        "swept": sweep_rows(scenario, lang),
        "marks": [(mark, text(f"mark.{mark}", lang)) for mark in "OPCNDMT"],
        "limits": _limits(scenario, lang),
        "facts": facts(run, lang),
        "notes": notes(run, lang),
        "commands": commands(run, lang),
        "source": "" if _names_people(run.written) else run.source,
        "hidden": _names_people(run.written),
        "files": sorted((run.manifest.get("files") or {}).items()),
    }


class _Counter:
    """Pictures get their numbers in the order of the page."""

    def __init__(self) -> None:
        self.count = 0

    def show(self, drawn: Iterable[Picture]) -> list[Shown]:
        """Pictures as the page holds them."""
        out = []
        for p in drawn:
            self.count += 1
            out.append(Shown(p.key, p.title, p.caption, p.alt, svg_uri(p.figure), self.count))
        return out


def _chain_table(rows: list[list[str]], lang: Lang) -> Table | None:
    if not rows:
        return None
    head = [text("col.variant", lang), *(text(f"chains.{c}", lang) for c in CHAIN_COLUMNS)]
    return Table(text("chains.title", lang), head, [[Cell(value) for value in row] for row in rows])


def _grouped(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(row.group, []).append(row)
    return list(out.items())


def _variants(run: RunFolder, lang: Lang) -> list[tuple[str, list[Row]]]:
    titles = {info.variant: info.variant_title[0 if lang == "vi" else 1] for info in run.runs}
    out = [
        (titles.get(name, name), [replace(row, name=_in_part(row, run)) for row in rows])
        for name, rows in variant_rows(run.scenario, lang)
    ]
    return out if len(out) > 1 or out[0][1] else []


def _in_part(row: Row, run: RunFolder) -> str:
    """The name of a setting with that of its part; a study has only one part."""
    if run.scenario.study is not None:
        return row.name
    name = row.name if row.name[1:2].isupper() else row.name[0].lower() + row.name[1:]
    return f"{row.group}: {name}"


def _limits(scenario: Scenario, lang: Lang) -> list[str]:
    if scenario.study is not None:
        keys = ["study_recorded", "contacts", "study_wilson", "study_delay"]
    else:
        keys = ["forecast", "interval", "paired", "contacts", "behaviour", "repeat"]
        if _leaky(scenario):
            keys.append("quarantine")
    return [text(f"limit.{key}", lang) for key in keys if f"limit.{key}" in TEXTS]


def _leaky(scenario: Scenario) -> bool:
    """Whether somewhere quarantined people still infect."""
    base = scenario.simulation
    given: list[object] = [] if base is None else [base.measures.quarantine]
    for variant in scenario.variants:
        given.append(variant.set.get("measures.quarantine"))
        given.append({"stops_onward": variant.set.get("measures.quarantine.stops_onward", True)})
    given += [{"stops_onward": value} for value in scenario.sweep.get("measures.quarantine.stops_onward", ())]
    return any(
        (isinstance(one, Quarantine) and not one.stops_onward)
        or (isinstance(one, dict) and one.get("stops_onward", True) is False)
        for one in given
    )


def _names_people(scenario: Scenario) -> bool:
    """Whether the scenario file names persons, who must not stand in a report."""
    paths = ("initial.people", "population.table.drop_people", "cases")
    spread = [path for variant in scenario.variants for path in variant.set] + list(scenario.sweep)
    spread += [path for grid in scenario.sensitivity.values() for path in grid.sweep]
    if any(path.startswith(named) or named.startswith(f"{path}.") for path in spread for named in paths):
        return True
    if scenario.study is not None:
        return bool(scenario.study.cases)
    base = scenario.simulation
    table = None if base is None else base.population.table
    return base is not None and (bool(base.initial.people) or (table is not None and bool(table.drop_people)))
