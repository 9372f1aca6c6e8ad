"""Run folders as the store writes them, with made-up epidemics: for looking at reports without running anything."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.scenarios import files

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
PEOPLE, DAYS, REPLICATES = 468, 69, 40


def simulation_folder(path: Path, text: str, strength: Mapping[str, float], replicates: int = REPLICATES) -> Path:
    """Results of a simulation; ``strength`` of the epidemic by variant (1: as with no measures)."""
    scenario = files.parse(text, "scenario.yml")
    runs = files.runs_of(scenario)
    parts: dict[str, list[pa.Table]] = {}
    sizes: dict[str, dict[str, np.ndarray]] = {}
    for number, run in enumerate(runs):
        force = strength[run.variant] * _swept(run.values)
        daily, trees = _epidemic(force, replicates, number)
        sizes[run.name] = values = _totals(daily)
        found = {
            "totals": _over([(m, None, v) for m, v in values.items()], ""),
            "daily": _over([(m, d, v[:, d]) for m, v in daily.items() for d in range(DAYS)], "day"),
            "weekly": _over(_weeks(daily), "week"),
            "r": _r(force),
            "replicates": pa.table({"replicate": np.arange(replicates), **values}),
            "chains": trees,
        }
        for name, table in found.items():
            named = table.append_column("variant", pa.array([run.name] * table.num_rows))
            parts.setdefault(name, []).append(named)
    base = runs[0].name
    gaps = []
    for run in runs[1:]:
        rows = [(m, None, v - sizes[base][m]) for m, v in sizes[run.name].items()]
        table = _over(rows, "")
        table = table.append_column("variant", pa.array([run.name] * table.num_rows))
        table = table.append_column("baseline", pa.array([base] * table.num_rows))
        gaps.append(table.append_column("better", pa.array([float((v < 0).mean()) for _, _, v in rows])))
    if gaps:
        parts["differences"] = gaps
    about = [{"name": r.name, "variant": r.variant, "values": dict(r.values), "hash": r.hash} for r in runs]
    told = {"kind": "simulation", "people": PEOPLE, "days": DAYS, "runs": about, "replicates": replicates}
    return _write(path, text, {n: pa.concat_tables(t) for n, t in parts.items()}, told)


def study_folder(path: Path, text: str) -> Path:
    """Results of a policy study: later rows find less."""
    runs = files.runs_of(files.parse(text, "scenario.yml"))
    rows, cases, curve = [], [], []
    for i, run in enumerate(runs):
        wide = 0.86**i
        f1, found = 5200 * wide, 610 * wide**0.5
        share = found / f1
        rows.append(
            {"variant": run.name, "cases": 60.0, "f1": f1, "f2": f1 * 21, "infected_f1": found, "infected_share": share,
             "infected_low": share * 0.9, "infected_high": share * 1.1, "infected_all": 800.0, "infected_found": found,
             "sensitivity": found / 800, "sensitivity_low": found / 800 - 0.03, "sensitivity_high": found / 800 + 0.03,
             "quarantined": f1 * 0.9, "person_days": f1 * 9, "false_person_days": f1 * 8, "delay_median_d": 3.4,
             "delay_q25_d": 2.0, "delay_q75_d": None, "truth": "transmissions", "policy": "vn-2021-07"}
        )  # fmt: skip
        cases += [{"variant": run.name, "case": c + 1, "f1": wide * 10 * (1 + c % 17), "f2": 1.0} for c in range(60)]
        shares = np.linspace(0, 1, 101)
        curve += [{"variant": run.name, "share": s, "persons": s * f1 * 0.9, "share_found": found / 800 * s**0.4}
                  for s in shares]  # fmt: skip
    gain = [
        {"variant": runs[0].name, "without": runs[-1].name, "channel": "bluetooth", "f1": 812.0, "infected_f1": 55.0,
         "sensitivity": 0.07, "quarantined": 700.0, "person_days": 6100.0}
    ]  # fmt: skip
    tables = {"study": rows, "study_cases": cases, "study_curve": curve, "study_gain": gain}
    about = [{"name": r.name, "variant": r.variant, "values": dict(r.values), "hash": r.hash} for r in runs]
    return _write(
        path, text, {name: pa.Table.from_pylist(t) for name, t in tables.items()}, {"kind": "study", "runs": about}
    )


def _write(path: Path, text: str, tables: Mapping[str, pa.Table], about: Mapping[str, object]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, path / f"{name}.parquet")
    (path / "scenario.yml").write_text(text, encoding="utf-8")
    manifest = {
        "name": "made-up", "hash": "ab" * 32, "data": "cd" * 32, "seed": 2020,
        "started_at": "2021-07-21T02:00:00Z", "finished_at": "2021-07-21T02:01:07Z",
        "versions": {"truyvet": "0.1.0", "python": "3.12.1", "numpy": "2.4.6"},
        "files": {f"{name}.parquet": "ef" * 32 for name in tables}, **about,
    }  # fmt: skip
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def _swept(values: Mapping[str, object]) -> float:
    numbers = [float(v) for v in values.values() if isinstance(v, int | float)]
    return float(np.prod([1 / (1 + 0.01 * n) for n in numbers]))


def _epidemic(force: float, replicates: int, number: int) -> tuple[dict[str, np.ndarray], pa.Table]:
    """Infections drawn along a logistic curve; each infection gets an earlier one as its infector."""
    draw = np.random.default_rng(7)
    days = np.arange(DAYS)
    names = ("infections", "infectious", "quarantined", "false_quarantined", "tests", "deaths", "onsets")
    daily = {name: np.zeros((replicates, DAYS)) for name in (*names, "cumulative_infections")}
    columns: dict[str, list[np.ndarray]] = {c: [] for c in ("replicate", "person", "infector", "day", "detected")}
    for r in range(replicates):
        size = np.clip(force * 0.75 + 0.05 * draw.standard_normal(), 0.01, 0.98) * PEOPLE
        middle, width = 34 / max(force, 0.3) ** 0.3 + draw.standard_normal(), 5.5
        rise = np.exp(-((days - middle) ** 2) / (2 * width**2))
        new = draw.poisson(size * rise / rise.sum())
        new[0] = 1
        daily["infections"][r] = daily["onsets"][r] = new
        daily["cumulative_infections"][r] = np.cumsum(new)
        daily["infectious"][r] = np.convolve(new, np.ones(8))[:DAYS]
        daily["quarantined"][r] = daily["infectious"][r] * 6 * (1 - force) if number else 0
        daily["false_quarantined"][r] = daily["quarantined"][r] * 0.8
        day = np.repeat(days, new)
        n = day.size
        columns["replicate"].append(np.full(n, r))
        columns["person"].append(draw.permutation(max(n, PEOPLE))[:n])
        earlier = np.searchsorted(day, day)
        by = np.where(earlier > 0, (draw.random(n) ** 0.5 * earlier).astype(int), -1)
        columns["infector"].append(np.where(by >= 0, columns["person"][-1][by], -1))
        columns["day"].append(day.astype(np.float32))
        columns["detected"].append(draw.random(n) < 0.5)
    return daily, pa.table({name: np.concatenate(parts) for name, parts in columns.items()})


def _totals(daily: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "attack_rate": daily["infections"].sum(1) / PEOPLE,
        "infections": daily["infections"].sum(1),
        "peak_infectious": daily["infectious"].max(1),
        "peak_day": daily["infectious"].argmax(1).astype(float),
        "person_days_quarantine": daily["quarantined"].sum(1),
        "false_person_days_quarantine": daily["false_quarantined"].sum(1),
        "tests": daily["tests"].sum(1),
        "deaths": daily["deaths"].sum(1),
    }


def _weeks(daily: Mapping[str, np.ndarray]) -> list[tuple[str, int, np.ndarray]]:
    weeks = range(DAYS // 7)
    so_far = np.cumsum(daily["onsets"], axis=1) / PEOPLE
    held = daily["quarantined"] / PEOPLE
    onsets = [("cumulative_onsets_share", w, so_far[:, 7 * w + 6]) for w in weeks]
    return onsets + [("quarantined_share", w, held[:, 7 * w : 7 * w + 7].mean(1)) for w in weeks]


def _over(rows: list[tuple[str, int | None, np.ndarray]], step: str) -> pa.Table:
    columns: dict[str, object] = {"measure": [m for m, _, _ in rows]}
    if step:
        columns[step] = [s for _, s, _ in rows]
    values = np.array([np.quantile(v, list(QUANTILES.values())) for _, _, v in rows])
    columns |= {name: values[:, i] for i, name in enumerate(QUANTILES)}
    return pa.table(columns)


def _r(force: float) -> pa.Table:
    days = np.arange(DAYS)
    middle = 0.4 + 2.4 * force * np.exp(-days / 30)
    return pa.concat_tables(
        [
            pa.table({"day": days, "kind": [kind] * DAYS, "median": middle, "q05": middle * 0.7, "q95": middle * 1.3,
                      "complete": days < DAYS - 14})
            for kind in ("day", "cohort")
        ]
    )  # fmt: skip
