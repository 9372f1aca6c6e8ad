"""Tables of a policy study, in the order of the runs. No keys of persons unless they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.clock import DAY, FOREVER
from engine.exposure.policies import Policy
from engine.scenarios.model_study import PolicyVariant
from engine.scenarios.study_burden import SHARES, Curve, Yield, curve_of
from engine.scenarios.study_scores import auc, wilson
from engine.scenarios.study_world import Dated, Truth

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]
CASE_COLUMNS = ("f1", "f2", "f3", "infected_f1", "infected_all", "quarantined", "person_days", "delay_median_d")
GAINS = ("f1", "infected_f1", "sensitivity", "quarantined", "person_days")


@dataclass(frozen=True)
class StudyTables:
    """What a study gives. ``variant`` is the name of a run everywhere; days are of 24 hours."""

    study: pa.Table
    """A row a run; numbers are means over its ``seeds``."""
    study_seeds: pa.Table
    """The same, a row a run and seed."""
    study_cases: pa.Table
    """A row a run and traced case, numbered by tracing moment: what this case alone found and cost."""
    study_curve: pa.Table
    """Yield against burden: persons in quarantine by falling probability, 101 rows a run."""
    study_gain: pa.Table
    """A row for every two runs that differ in one channel: what it adds."""


@dataclass(frozen=True)
class Drawn:
    """One run under one seed."""

    row: Row
    cases: dict[str, Floats]
    """CASE_COLUMNS, each of shape (seeds of the trace,)."""
    curve: Curve


@dataclass(frozen=True)
class Answered:
    """One run under all its seeds."""

    name: str
    variant: PolicyVariant
    policy: Policy
    drawn: tuple[Drawn, ...]
    people: tuple[str, ...] | None
    """Keys of the traced cases, when asked for."""


def drawn_of(result: Yield, dated: Dated, truth: Truth) -> Drawn:
    """The numbers of one run under one seed."""
    f = result.found
    direct = f.level == 1
    people = result.quarantined
    hits = int((result.hit & direct).sum())
    delay = (result.found_at - f.first)[direct] / DAY
    row: Row = {
        "cases": len(dated.seeds) + dated.others,
        "traced_cases": len(dated.seeds),
        **{f"f{k}": int((f.level == k).sum()) for k in (1, 2, 3)},
        "infected_f1": hits,
        "infected_f2": int((result.hit & (f.level == 2)).sum()),
        **_share("infected", hits, int(direct.sum())),
        "infected_all": result.findable,
        "infected_found": result.reached,
        **_share("sensitivity", result.reached, result.findable),
        "quarantined": len(people.person),
        "infected_quarantined": int(people.right.sum()),
        "person_days": people.seconds.sum() / DAY,
        "false_person_days": people.seconds[~people.right].sum() / DAY,
        **{f"delay_{name}_d": _quantile(delay, q) for name, q in (("median", 0.5), ("q25", 0.25), ("q75", 0.75))},
        "delay_infection_median_d": _quantile(_since_infection(result, truth), 0.5),
        "auc": auc(people.probability, people.hit),
    }
    return Drawn(row, _by_case(result, len(dated.seeds)), curve_of(people))


def _share(name: str, k: int, n: int) -> Row:
    """A share with its 95 % interval; nothing when there is nothing to have a share of."""
    share = f"{name}_share" if name == "infected" else name
    if n == 0:
        return {share: None, f"{name}_low": None, f"{name}_high": None}
    low, high = wilson(k, n)
    return {share: k / n, f"{name}_low": low, f"{name}_high": high}


def _quantile(days: Floats, q: float) -> float | None:
    return float(np.quantile(days, q)) if len(days) else None


def _since_infection(result: Yield, truth: Truth) -> Floats:
    """Days from infection to being found, of the F1 who are hits and whose moment of infection is known."""
    if truth.kind == "later_cases":
        return np.empty(0)
    rows = np.flatnonzero(result.hit & (result.found.level == 1))
    at = truth.at[truth.row(result.found.person[rows])]
    known = at != FOREVER
    return np.asarray((result.found_at[rows] - at)[known] / DAY, np.float64)


def _by_case(result: Yield, cases: int) -> dict[str, Floats]:
    f, held = result.found, result.held

    def count(which: npt.NDArray[np.bool_], weights: Floats | None = None) -> Floats:
        chosen = None if weights is None else weights[which]
        return np.bincount(f.seed[which], chosen, cases).astype(np.float64)

    direct = f.level == 1
    delay = (result.found_at - f.first) / DAY
    order = np.flatnonzero(direct)
    parts = np.split(delay[order], np.searchsorted(f.seed[order], np.arange(1, cases)))
    medians = [float(np.median(part)) if len(part) else np.nan for part in parts[:cases]]
    columns = (
        count(direct),
        count(f.level == 2),
        count(f.level == 3),
        count(direct & result.hit),
        result.findable_of.astype(np.float64),
        count(held),
        count(held, (result.until - result.found_at) / DAY),
        np.array(medians, np.float64),
    )
    return dict(zip(CASE_COLUMNS, columns, strict=True))


def tables_of(runs: Sequence[Answered], truth: str) -> StudyTables:
    """The tables of all runs."""
    rows = [_mean_row(run, truth) for run in runs]
    by_seed = [
        {**_settings(run, truth), "seed": i + 1, **drawn.row} for run in runs for i, drawn in enumerate(run.drawn)
    ]
    return StudyTables(
        study=_table(rows),
        study_seeds=_table(by_seed),
        study_cases=_stack([_case_table(run) for run in runs]),
        study_curve=_stack([_curve_table(run, row) for run, row in zip(runs, rows, strict=True)]),
        study_gain=_gains(runs, rows),
    )


def _settings(run: Answered, truth: str) -> Row:
    v, policy = run.variant, run.policy
    return {
        "variant": run.name,
        "policy": policy.name,
        "min_minutes": float(policy.min_minutes),
        "max_distance_m": float(policy.max_distance_m),
        "max_attenuation_db": float(policy.max_attenuation_db),
        "days_before_onset": float(policy.days_before_onset),
        "channels": "+".join(sorted(set(v.channels))),
        "adoption": float(v.adoption),
        "shift_days": float(v.shift_days),
        "depth": v.depth,
        "min_probability": float(v.min_probability),
        "truth": truth,
    }


def _mean_row(run: Answered, truth: str) -> Row:
    """Means over the seeds, of those that have a number."""
    out: Row = {**_settings(run, truth), "seeds": len(run.drawn)}
    for name in run.drawn[0].row:
        values = [d.row[name] for d in run.drawn if d.row[name] is not None]
        out[name] = float(np.mean(values)) if values else None
    return out


def _table(rows: list[Row]) -> pa.Table:
    """A table whose columns without any number are still numbers."""
    texts = ("variant", "policy", "channels", "truth")
    whole = ("depth", "seeds", "seed")
    names = list(rows[0]) if rows else ["variant"]
    kinds = {name: pa.string() if name in texts else pa.int32() if name in whole else pa.float64() for name in names}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    return pa.table(columns)


def _stack(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables) if tables else pa.table({"variant": pa.array([], pa.string())})


def _case_table(run: Answered) -> pa.Table:
    cases = len(run.drawn[0].cases["f1"])
    columns: dict[str, pa.Array] = {
        "variant": pa.array([run.name] * cases, pa.string()),
        "case": pa.array(np.arange(1, cases + 1), pa.int32()),
    }
    if run.people is not None:
        columns["person"] = pa.array(run.people, pa.string())
    for name in CASE_COLUMNS:
        columns[name] = _numbers(_mean([d.cases[name] for d in run.drawn]))
    return pa.table(columns)


def _curve_table(run: Answered, row: Row) -> pa.Table:
    means = {f.name: _mean([getattr(d.curve, f.name) for d in run.drawn]) for f in fields(Curve)}
    findable = row["infected_all"]
    return pa.table(
        {
            "variant": pa.array([run.name] * len(SHARES), pa.string()),
            "share": pa.array(SHARES),
            "persons": pa.array(means["persons"]),
            "person_days": pa.array(means["person_days"]),
            "infected": pa.array(means["infected"]),
            "share_found": _numbers(means["infected"] / findable if findable else np.full(len(SHARES), np.nan)),
            "probability": _numbers(means["probability"]),
        }
    )


def _mean(columns: list[Floats]) -> Floats:
    """Means by row of what is not NaN; NaN where all are."""
    stacked = np.stack(columns)
    there = ~np.isnan(stacked)
    n = there.sum(0)
    total = np.where(there, stacked, 0.0).sum(0)
    return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0), np.float64)


def _numbers(column: Floats) -> pa.Array:
    return pa.array(column, pa.float64(), from_pandas=True)


def _gains(runs: Sequence[Answered], rows: list[Row]) -> pa.Table:
    out: list[tuple[str, str, str, Row]] = []
    for more, with_it in zip(runs, rows, strict=True):
        for less, without in zip(runs, rows, strict=True):
            added = set(more.variant.channels) - set(less.variant.channels)
            narrowed = less.variant.model_copy(update={"channels": more.variant.channels})
            if len(added) == 1 and set(less.variant.channels) < set(more.variant.channels) and narrowed == more.variant:
                gain = {name: _difference(with_it[name], without[name]) for name in GAINS}
                out.append((more.name, less.name, added.pop(), gain))
    names = ("variant", "without", "channel")
    told = {name: pa.array([row[i] for row in out], pa.string()) for i, name in enumerate(names)}
    return pa.table({**told, **{name: pa.array([row[3][name] for row in out], pa.float64()) for name in GAINS}})


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
