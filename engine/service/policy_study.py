"""A policy study asked of an engine: the state it stands at, its moment, its cases, and what truly happened."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.clock import DAY, FOREVER, from_rfc3339
from engine.errors import BadParameterError, UnreadableFileError
from engine.ids import Keys
from engine.scenarios.model_study import PolicyStudy
from engine.scenarios.study_world import Known, Truth, infections, later_cases, transmissions
from engine.service.questions import Questions

TRUTH_FILE = "infections.parquet"


def known_for(
    questions: Questions, study: PolicyStudy, base: Path, history: Callable[[int], Questions] | None = None
) -> Known:
    """What the study looks at. ``base`` is the folder of the scenario file: ``truth`` may be relative to it.

    With ``as_of`` the evidence and the cases are those that ``history`` (``engine.at``) knows of that batch; without
    a truth of its own, who became a case later is looked up in the newest state of ``questions`` all the same.
    ``until`` as a date is the end of that day in Viet Nam; without it, the data time of the state. With either, only
    cases traced by that moment are known; with neither, the study looks back and every case counts.

    Raises:
        UnknownPersonError, UnknownCaseError: a named case is none, then.
        HistoryGoneError, NotReadyError: see :meth:`engine.service.history.History.at`.
        BadParameterError: no such moment, or ``as_of`` where no history is kept.
        UnreadableFileError: the truth cannot be read.
    Cost: a state of the past when ``as_of`` asks for one; else linear in the cases and the truth.
    """
    newest = questions.snapshot()
    if study.as_of is None:
        asked = questions
    elif history is None:
        raise BadParameterError("as_of needs an engine that keeps its journal")
    else:
        asked = history(study.as_of)
    state, _, data_time = asked._asked(None, None)
    cases = np.unique(np.array([state.case(key).person for key in study.cases], np.int32)) if study.cases else None
    if study.truth is None:
        truth = later_cases(state.person_keys, newest.people, newest.person_keys)
    else:
        truth = read_truth(base / study.truth, state.person_keys)
    until = data_time if study.until is None else moment_of(study.until)
    told_by = FOREVER if study.until is None and study.as_of is None else until
    return Known(state.graph, state.people, state.person_keys, until, truth, cases, told_by, state.place_keys)


def moment_of(text: str) -> int:
    """UTC seconds of an RFC 3339 moment, or of the end of a date in Viet Nam.

    Raises:
        BadParameterError: neither.
    """
    if len(text.strip()) > len("2021-07-11"):
        return from_rfc3339(text)
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise BadParameterError(f"until: {text!r} is no date (2021-07-11) and no moment with a time zone") from None
    return from_rfc3339(f"{day.isoformat()}T00:00:00+07:00") + DAY


def read_truth(path: Path, keys: Keys) -> Truth:
    """Who was infected: the truth folder of a sample city (or the city's folder), its Parquet file, or a CSV.

    A CSV has ``person,infected_at`` and, where it is known, ``infector``; moments in RFC 3339, or empty.

    Raises:
        UnreadableFileError: missing, torn, or without the columns; the message names file and line.
    """
    for folder in (path, path / "truth"):
        if (folder / TRUTH_FILE).exists():
            return _from_parquet(folder / TRUTH_FILE, keys)
    if path.is_dir():
        raise UnreadableFileError(f"{path} holds no {TRUTH_FILE}; give the truth folder of a sample city, or a CSV")
    return _from_parquet(path, keys) if path.suffix == ".parquet" else _from_csv(path, keys)


def _from_parquet(path: Path, keys: Keys) -> Truth:
    try:
        table = pq.read_table(path, columns=["infected", "infector", "at"])
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFileError(f"{path}: {error}") from None
    seconds = table["at"].cast(pa.timestamp("s", "UTC"), safe=False).cast(pa.int64()).fill_null(FOREVER)
    at = np.asarray(seconds.to_numpy(), np.int64)
    return transmissions(keys, table["infected"].to_pylist(), table["infector"].to_pylist(), at)


def _from_csv(path: Path, keys: Keys) -> Truth:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = rows.fieldnames or []
            if not {"person", "infected_at"} <= set(names):
                raise UnreadableFileError(f"{path} line 1: it needs the columns person,infected_at")
            told = [(line, row) for line, row in enumerate(rows, 2) if row["person"]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFileError(f"{path}: {error}") from None
    at = np.array([_moment(path, line, row["infected_at"]) for line, row in told], np.int64)
    people = [row["person"] for _, row in told]
    if "infector" not in names:
        return infections(keys, people, at)
    return transmissions(keys, people, [row["infector"] or None for _, row in told], at)


def _moment(path: Path, line: int, text: str | None) -> int:
    if not text:
        return FOREVER
    try:
        return from_rfc3339(text)
    except BadParameterError as error:
        raise UnreadableFileError(f"{path} line {line}: {error}") from None
