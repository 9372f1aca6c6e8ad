"""What the columns of one event must be to each other, and values that follow from other columns."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.clock import DAY
from engine.events.rejections import Findings, Mask, shown
from engine.events.usual import surely_different
from engine.params import MAX_STAY_S

Columns = dict[str, pa.Array]


def check_key(kind: str, columns: Columns, findings: Findings) -> None:
    """Hold against rows what their natural keys alone show to be wrong; counts for retractions too."""
    if kind == "bluetooth" and not surely_different(columns["person"], columns["peer"]):
        same = pc.fill_null(pc.equal(columns["person"], columns["peer"]), False)
        findings.add(
            same.to_numpy(zero_copy_only=False),
            "self_contact",
            lambda i: f"person and peer are both {shown(columns['person'][i].as_py())}",
        )


def complete(kind: str, columns: Columns, findings: Findings) -> Columns:
    """``columns`` with derived values filled in; breaches of rules are held against their rows.

    ``columns`` has every field of the kind in canonical type, null where missing; the result likewise.
    """
    rule = _RULES.get(kind)
    return columns if rule is None else rule(columns, findings)


def _bluetooth(columns: Columns, findings: Findings) -> Columns:
    if not columns["attenuation_db"].null_count:  # in its bounds already, and told rather than derived
        return columns
    derived = pc.subtract(columns["tx_power_dbm"], columns["rssi_dbm"])
    attenuation = pc.coalesce(columns["attenuation_db"], derived)
    findings.add(
        _where(attenuation.is_null()),
        "missing_attenuation",
        lambda _: "give attenuation_db, or rssi_dbm with tx_power_dbm",
    )
    # The bounds of both powers keep their difference under 250, but not over -50.
    findings.add(
        _where(pc.fill_null(pc.less(attenuation, -50.0), False)),
        "out_of_bounds",
        lambda i: f"tx_power_dbm - rssi_dbm = {attenuation[i].as_py():.15g} is outside -50..250",
    )
    return {**columns, "attenuation_db": attenuation}


def _check_in(columns: Columns, findings: Findings) -> Columns:
    stay, known = _seconds_between(columns["entered_at"], columns["left_at"])
    _in_order("entered_at", "left_at", stay, known, findings)
    findings.add(
        known & (stay > MAX_STAY_S.value),
        "stay_too_long",
        lambda i: f"a stay of {stay[i] / DAY:.1f} days; at most {MAX_STAY_S.value / DAY:g}",
    )
    return columns


def _case(columns: Columns, findings: Findings) -> Columns:
    dated = pc.coalesce(columns["confirmed_at"], columns["onset_at"], columns["sampled_at"])
    findings.add(_where(dated.is_null()), "no_date", lambda _: "give confirmed_at, onset_at or sampled_at")
    return columns


def _quarantine(columns: Columns, findings: Findings) -> Columns:
    length, known = _seconds_between(columns["started_at"], columns["ended_at"])
    _in_order("started_at", "ended_at", length, known, findings)
    return columns


_RULES: dict[str, Callable[[Columns, Findings], Columns]] = {
    "bluetooth": _bluetooth,
    "check_in": _check_in,
    "case": _case,
    "quarantine": _quarantine,
}


def _where(mask: pa.BooleanArray) -> Mask:
    return np.asarray(mask.to_numpy(zero_copy_only=False))


def _seconds_between(start: pa.Array, end: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """(end - start in s, whether both are known)."""
    length = pc.subtract(end.cast(pa.int64()), start.cast(pa.int64()))
    known = _where(length.is_valid())
    return length.fill_null(0).to_numpy(zero_copy_only=False), known


def _in_order(start: str, end: str, length: npt.NDArray[np.int64], known: Mask, findings: Findings) -> None:
    findings.add(known & (length < 0), "ends_before_start", lambda i: f"{end} is {-length[i]} s before {start}")
