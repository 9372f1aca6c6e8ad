"""Jobs and their tables on the wire: JSON, CSV, Arrow, Parquet."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from api.present.wire import moment
from engine.service.scenario_job_files import Job
from engine.texts import Lang, say

FORMATS = ("json", "csv", "arrow", "parquet")
_TOLD = frozenset({"bad_input", "bad_parameter", "bad_scenario", "unknown_policy", "unknown_area", "history_gone"})
"""Failures whose message is about the scenario; that of others may name folders of the server."""


def job_row(job: Job, lang: Lang) -> dict[str, Any]:
    """What is told of a job."""
    problem = None
    if job.code is not None:
        sentence = say(f"error.{job.code}", lang)
        told = job.detail if lang == "en" else f"{sentence} ({job.detail})"
        detail = told if job.code in _TOLD else sentence
        problem = {"code": job.code, "detail": detail}
    return {
        "id": job.id,
        "hash": job.hash,
        "name": job.name,
        "kind": job.kind,
        "state": job.state,
        "submitted_at": moment(job.submitted_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "submitted_by": job.actor,
        "runs": list(job.runs),
        "people": job.people,
        "data_as_of": job.as_of,
        "progress": {
            "done": job.done,
            "total": job.total,
            "eta_s": None if job.eta_s is None else round(job.eta_s, 1),
        },
        "problem": problem,
    }


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """A table as rows; numbers that are not known are null."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def table_bytes(table: pa.Table, form: str) -> bytes:
    """A whole table as ``csv``, ``arrow`` (IPC stream) or ``parquet``."""
    out = io.BytesIO()
    if form == "csv":
        pc.write_csv(table, out)
    elif form == "arrow":
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    else:
        pq.write_table(table, out, compression="zstd")
    return out.getvalue()
