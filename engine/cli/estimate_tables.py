"""Estimates as people read them: tables of R_t, of everything else, and of the coverage of intervals."""

from datetime import date
from math import isinf, isnan
from typing import TYPE_CHECKING

from engine.cli.session import Session
from engine.cli.tables import count, grid, plain, show

if TYPE_CHECKING:
    from engine.scenarios.estimates.coverage import Covered
    from engine.scenarios.estimates.tables import Estimates, Row

_FITS = ("mean", "sd")


def show_estimates(session: Session, found: "Estimates", window: int, limit: int) -> None:
    """R_t (the last ``limit`` windows of each area; 0: all), the other estimates, what scenarios can take, notes."""
    rt = [r for r in found.rows if r.estimate == "rt"]
    if rt:
        areas = list(dict.fromkeys(r.area for r in rt))
        each = max(1, limit // len(areas)) if limit else len(rt)
        chosen = [r for a in areas for r in [x for x in rt if x.area == a][-each:]]
        title = session.say("estimate.title.rt", days=window)
        table = grid(session, ("area", "last_day", "r_median", "low", "high", "local_cases", "remarks"), title)
        for r in chosen:
            table.add_row(plain(r.area) or session.say("estimate.draw.all"), _day(session, r.last), _number(r.value),
                          _number(r.low), _number(r.high), count(r.n or 0), _remarks(session, r))  # fmt: skip
        show(session, table, len(chosen), len(rt), "estimate.note.no_dates")
    _delays(session, [r for r in found.rows if r.estimate.startswith("delay.")])
    _others(session, [r for r in found.rows if r.estimate != "rt" and not r.estimate.startswith("delay.")])
    _settings(session, found)
    for note in found.notes:
        session.out.print(note.say(session.lang), style="dim", soft_wrap=True)


def _delays(session: Session, rows: "list[Row]") -> None:
    """One line a delay, area and period: quantiles, and the fit with the least AIC."""
    groups: dict[tuple[str, str, date | None], dict[str, Row]] = {}
    for r in rows:
        groups.setdefault((r.estimate, r.area, r.first), {})[r.measure] = r
    if not groups:
        return
    columns = ["estimate", "area", "from", "n", "median_95", "mean_95", "q25", "q75", "q90", "left_out", "fit",
               "remarks"]  # fmt: skip
    for name, at in (("area", 1), ("from", 2)):
        if not any(key[at] for key in groups):
            columns.remove(name)
    table = grid(session, columns, session.say("estimate.title.delays"))
    for (name, area, first), of in groups.items():
        cells = {
            "estimate": session.say(f"estimate.name.{name}"),
            "area": plain(area),
            "from": _day(session, first),
            "n": count(of["median"].n or 0),
            "median_95": _with_interval(of["median"]),
            "mean_95": _with_interval(of["mean"]),
            **{m: _number(of[m].value) for m in ("q25", "q75", "q90")},
            "left_out": count(round(of["before"].value)),
            "fit": _best(of),
            "remarks": _remarks(session, of["median"]),
        }
        table.add_row(*(cells[c] for c in columns))
    session.out.print(table)


def _with_interval(row: "Row") -> str:
    return f"{_number(row.value)} ({_number(row.low)} .. {_number(row.high)})"


def _best(of: "dict[str, Row]") -> str:
    """The fitted family with the least AIC, its mean and standard deviation."""
    fits = [(r.value, m.removesuffix("_aic")) for m, r in of.items() if m.endswith("_aic")]
    if not fits:
        return "-"
    family = min(fits)[1]
    return f"{family} {_number(of[f'{family}_mean'].value)} ± {_number(of[f'{family}_sd'].value)}"


def _others(session: Session, rows: "list[Row]") -> None:
    """Everything else, without the criteria of fits."""
    shown = [r for r in rows if not r.measure.endswith("_aic")]
    if not shown:
        return
    table = grid(session, ("estimate", "measure", "value", "low", "high", "n", "remarks"),
                 session.say("estimate.title.other"))  # fmt: skip
    for r in shown:
        numbers = (_number(r.value), _number(r.low), _number(r.high), "" if r.n is None else count(r.n))
        name = session.say(f"estimate.name.{r.estimate}")
        table.add_row(name, _measure(session, r.measure), *numbers, _remarks(session, r))
    session.out.print(table)


def _settings(session: Session, found: "Estimates") -> None:
    from engine.scenarios.estimates.tables import told_settings

    for path, told in told_settings(found, found.settings, session.lang).items():
        if told["value"] is None:
            text = session.say("estimate.note.left", path=path, reason=told["reason"])
        else:
            text = session.say("estimate.note.taken", path=path, value=_as_written(told["value"]), n=told["n"])
        session.out.print(text, style="dim", soft_wrap=True)


def _as_written(value: object) -> str:
    """As it stands in a scenario file: ``{gamma: [2.74, 4.01]}``."""
    if not isinstance(value, dict):
        return str(value)
    return "{" + ", ".join(f"{k}: {list(v) if isinstance(v, tuple) else v}" for k, v in value.items()) + "}"


def _measure(session: Session, name: str) -> str:
    family, _, kind = name.rpartition("_")
    if family in ("gamma", "weibull", "lognormal", "normal") and kind in _FITS:
        return session.say(f"estimate.measure.fit_{kind}", family=family)
    return session.say(f"estimate.measure.{name}")


def _remarks(session: Session, row: "Row") -> str:
    return ", ".join(session.say(f"estimate.remark.{code}") for code in row.remarks)


def _day(session: Session, day: date | None) -> str:
    if day is None:
        return ""
    return day.strftime("%d/%m/%Y") if session.lang == "vi" else day.isoformat()


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if isnan(value):
        return "-"
    return "∞" if isinf(value) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def show_coverage(session: Session, rows: "list[Covered]") -> None:
    """Coverage by true R, k and number of cases, with its Monte Carlo error."""
    title = session.say("estimate.title.check", count=rows[0].replicates)
    columns = ("true_r", "true_k", "n", "covered_r", "covered_k", "infector_mean", "infector_expected")
    table = grid(session, columns, title)
    for row in rows:
        shares = (f"{100 * s:.1f} % ± {100 * row.error(s):.1f}" for s in (row.r_share, row.k_share))
        means = (f"{row.infector_mean:.2f}", f"{row.infector_expected:.2f}")
        table.add_row(f"{row.r:g}", f"{row.k:g}", count(row.n), *shares, *means)
    session.out.print(table)
