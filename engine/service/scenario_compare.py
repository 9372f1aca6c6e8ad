"""Runs of several result folders side by side, replicate by replicate where they drew the same random numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import BadInputError
from engine.scenarios import store
from engine.scenarios.differences import difference_rows
from engine.scenarios.store import Run


@dataclass(frozen=True)
class Comparison:
    """What the runs came to."""

    totals: pa.Table
    """The totals of every folder, with the column ``folder`` (its name) in front; of studies the table ``study``."""
    differences: pa.Table
    """Every other run minus the first folder's baseline; ``paired``: replicate by replicate, else the medians' gap."""
    baseline: tuple[str, str]
    """Folder and run that the others are compared with."""

    def pandas(self, name: str = "totals") -> Any:
        """``totals`` or ``differences`` as a pandas DataFrame (needs pandas)."""
        return getattr(self, name).to_pandas()


def compare(folders: Sequence[Path]) -> Comparison:
    """Runs of several folders side by side.

    Two runs are compared replicate by replicate when seed, days and people of both are the same and both kept their
    replicates: they drew the same numbers then, and most noise cancels. Else only their medians are.

    Raises:
        BadInputError: fewer than one folder, or simulations beside studies.
        RunFolderError: a folder without results.
    """
    if not folders:
        raise BadInputError("give the folders of results to compare")
    runs = [store.read_run(folder) for folder in folders]
    kinds = {run.manifest.get("kind") for run in runs}
    if len(kinds) > 1:
        raise BadInputError("simulations and policy studies have no numbers in common; compare one kind at a time")
    names = _names(folders)
    table = "study" if kinds == {"study"} else "totals"
    rows = pa.concat_tables([_with(run.tables[table], name) for run, name in zip(runs, names, strict=True)],
                            promote_options="default")  # fmt: skip
    first = _baseline(runs[0])
    found: list[dict[str, Any]] = []
    if table == "totals":
        for run, name in zip(runs, names, strict=True):
            for about in run.manifest["runs"]:
                if (name, about["name"]) != (names[0], first):
                    found += _gaps(runs[0], first, run, about["name"], name)
    return Comparison(rows, _table(found), (names[0], first))


def _names(folders: Sequence[Path]) -> list[str]:
    """What tells the folders apart: their names, or whole paths where these are the same."""
    short = [folder.resolve().name for folder in folders]
    return short if len(set(short)) == len(short) else [str(folder) for folder in folders]


def _with(table: pa.Table, name: str) -> pa.Table:
    return table.add_column(0, "folder", pa.array([name] * table.num_rows, pa.string()))


def _baseline(run: Run) -> str:
    named = run.manifest.get("baseline")
    runs = run.manifest["runs"]
    return str(next((r["name"] for r in runs if named in (r["name"], r.get("variant"))), runs[0]["name"]))


def _gaps(base_run: Run, base: str, run: Run, name: str, folder: str) -> list[dict[str, Any]]:
    same = all(base_run.manifest.get(key) == run.manifest.get(key) for key in ("seed", "days", "versions")) and _data(
        base_run, base
    ) == _data(run, name)
    here, there = (_values(run, name), _values(base_run, base)) if same else ({}, {})
    if here and there:
        rows = difference_rows(name, here, base, there)
        return [{"folder": folder, "paired": True, **row} for row in rows]
    medians = [{r["measure"]: r["median"] for r in one.tables["totals"].to_pylist() if r["variant"] == called}
               for one, called in ((run, name), (base_run, base))]  # fmt: skip
    return [
        {"folder": folder, "paired": False, "variant": name, "baseline": base, "measure": measure,
         "median": value - medians[1][measure]}
        for measure, value in medians[0].items()
        if value is not None and medians[1].get(measure) is not None
    ]  # fmt: skip


def _data(run: Run, name: str) -> object:
    return next((r.get("data") for r in run.manifest["runs"] if r["name"] == name), None)


def _values(run: Run, name: str) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    table = run.tables.get("replicates")
    if table is None:
        return {}
    rows = [n for n, variant in enumerate(table["variant"].to_pylist()) if variant == name]
    part = table.take(rows)
    return {
        column: np.asarray(part[column].to_numpy(), np.float64)
        for column in part.column_names
        if column not in ("variant", "replicate")
    }


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(key for row in rows for key in row))
    return pa.table({name: [row.get(name) for row in rows] for name in names or ["folder"]})
