"""A policy study of a scenario file, run on an engine and written as a run folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic_core import to_jsonable_python

from engine.errors import BadInputError
from engine.scenarios import store
from engine.scenarios.files import written
from engine.scenarios.store import Run
from engine.scenarios.study import run_study
from engine.scenarios.study_fingerprint import study_fingerprint
from engine.service.policy_study import known_for
from engine.service.progress import Progress
from engine.service.scenario_given import Asked

if TYPE_CHECKING:
    from engine.service.engine import Engine


def run_policy_study(
    engine: "Engine",
    asked: Asked,
    folder: Path | None,
    workers: int,
    progress: Progress | None,
    force: bool,
    report: store.Fill | None,
    about: dict[str, Any],
) -> Run:
    """The study of every run of a scenario, written into ``folder`` (None: in memory only).

    Raises:
        RunFolderError: the folder holds something else.
        BadInputError: as :func:`engine.service.policy_study.known_for`.
    """
    study, plans = asked.scenario.study, asked.plans
    if study is None:
        raise BadInputError("there is nothing to run: the scenario needs simulation or study")
    if folder is not None:
        store.may_write(folder.absolute(), asked.hash, force)
    began = _now()
    known = known_for(engine, study, asked.base, engine.at)
    tell = None if progress is None else lambda done, total: progress("study", done / max(1, total))
    runs = [(plan.name, plan.study) for plan in plans if plan.study is not None]
    tables: dict[str, pa.Table] = dict(vars(run_study(known, study, runs, tell, None, workers)))
    as_of = engine.as_of if study.as_of is None else study.as_of
    manifest = {
        "name": asked.scenario.name,
        "kind": "study",
        "hash": asked.hash,
        "data": {"as_of": as_of, "until": known.until, "fingerprint": study_fingerprint(known)},
        "versions": store.versions(),
        "seed": 1,
        "replicates": study.seeds,
        "baseline": asked.scenario.baseline or asked.scenario.variants[0].name,
        "people": len(known.keys),
        "started_at": began,
        "finished_at": _now(),
        "workers": workers,
        "runs": [
            {"name": p.name, "variant": p.variant, "values": to_jsonable_python(p.values), "hash": p.hash}
            for p in plans
        ],
    } | about
    text = asked.text if asked.text is not None else written(asked.scenario)
    if folder is None:
        return Run(None, manifest, tables, text)
    return store.write_run(folder.absolute(), manifest, tables, text, force=force, report=report)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
