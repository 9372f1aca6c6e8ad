"""Row checks, slow and obvious: one JSON-like row at a time, plain Python, from the written rules.

Shares nothing with the engine but the declared columns. A row is a dict of str, int, float, bool, None, list.
"""

import math
import re
from datetime import UTC, datetime, timedelta, timezone

from engine.events.schemas import KINDS, RETRACT, REVISION, Field

TOLERANCE_S = 300
MAX_STAY_S = 30 * 86_400
DEFAULTS = {"duration_s": 300, "accuracy_m": 50.0}
MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))"
)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Refused(Exception):
    """The row is refused; ``args[0]`` is the code."""


def judge(kind: str, row: dict[str, object], now: int) -> dict[str, object] | str:
    """The canonical event (moments as UTC seconds), or the code of its refusal."""
    try:
        return _judge(kind, row, now)
    except Refused as refused:
        return str(refused.args[0])


def _judge(kind: str, row: dict[str, object], now: int) -> dict[str, object]:
    retract = bool(_value(RETRACT, row.get("retract"), now))
    revision = _value(REVISION, row.get("revision"), now) or 0
    event: dict[str, object] = {}
    for field in KINDS[kind].fields:
        if retract and not field.natural:
            event[field.name] = None
        else:
            event[field.name] = _value(field, row.get(field.name), now)
            if field.required and event[field.name] is None:
                raise Refused("missing_field")
    if kind == "bluetooth" and event["person"] == event["peer"]:
        raise Refused("self_contact")
    if not retract:
        _rules(kind, event)
        for name, value in DEFAULTS.items():
            if name in event and event[name] is None:
                event[name] = value
    event.pop("rssi_dbm", None)
    event.pop("tx_power_dbm", None)
    return {**event, "retract": retract, "revision": revision}


def _rules(kind: str, event: dict) -> None:
    if kind == "bluetooth" and event["attenuation_db"] is None:
        if event["rssi_dbm"] is None or event["tx_power_dbm"] is None:
            raise Refused("missing_attenuation")
        event["attenuation_db"] = event["tx_power_dbm"] - event["rssi_dbm"]
        if not -50 <= event["attenuation_db"] <= 250:
            raise Refused("out_of_bounds")
    if kind == "check_in" and event["left_at"] is not None:
        if event["left_at"] < event["entered_at"]:
            raise Refused("ends_before_start")
        if event["left_at"] - event["entered_at"] > MAX_STAY_S:
            raise Refused("stay_too_long")
    if kind == "quarantine" and event["ended_at"] is not None and event["ended_at"] < event["started_at"]:
        raise Refused("ends_before_start")
    if kind == "case" and all(event[n] is None for n in ("confirmed_at", "onset_at", "sampled_at")):
        raise Refused("no_date")


def _value(field: Field, value: object, now: int) -> object:
    """The value in its canonical type; None when missing."""
    if value is None:
        return None
    if field.type == "key":
        if not isinstance(value, str):
            raise Refused("bad_type")
        if not 1 <= len(value) <= 128:
            raise Refused("bad_id")
        return value
    if isinstance(value, str) and (value == "" or (field.type != "text" and not value.strip(" \t"))):
        return None
    return {"text": _text, "time": _time, "real": _real, "int": _int, "bool": _bool}[field.type](field, value, now)


def _text(field: Field, value: object, now: int) -> str:
    if not isinstance(value, str):
        raise Refused("bad_type")
    if field.choices and value not in field.choices:
        raise Refused("bad_choice")
    return value


def _time(field: Field, value: object, now: int) -> int:
    if not isinstance(value, str):
        raise Refused("bad_type")
    match = MOMENT.fullmatch(value.strip(" \t"))
    if match is None:
        raise Refused("bad_time")
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    leap_second = second == 60
    try:
        if match[7]:
            zone = UTC
        else:
            if int(match[9]) > 23 or int(match[10]) > 59:
                raise Refused("bad_time")
            east = timedelta(hours=int(match[9]), minutes=int(match[10]))
            zone = timezone(east if match[8] == "+" else -east)
        moment = datetime(year, month, day, hour, minute, 59 if leap_second else second, tzinfo=zone)
        seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) + leap_second
    except ValueError:
        raise Refused("bad_time") from None
    if leap_second and seconds % 86_400:
        raise Refused("bad_time")
    if not -62_135_596_800 <= seconds <= 253_402_300_799:
        raise Refused("bad_time")
    if not field.future and seconds > now + TOLERANCE_S:
        raise Refused("in_future")
    return seconds


def _real(field: Field, value: object, now: int) -> float:
    if isinstance(value, str):
        if not NUMBER.fullmatch(value.strip(" \t")):
            raise Refused("bad_type")
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused("bad_type")
    if field.type == "int" and value != math.floor(value):
        raise Refused("bad_type")
    if (field.low is not None and value < field.low) or (field.high is not None and value > field.high):
        raise Refused("out_of_bounds")
    return float(value)


def _int(field: Field, value: object, now: int) -> int:
    return int(_real(field, value, now))


def _bool(field: Field, value: object, now: int) -> bool:
    if isinstance(value, str):
        words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
        word = value.strip(" \t").lower()
        if word not in words:
            raise Refused("bad_type")
        return words[word]
    if not isinstance(value, bool | int | float) or value not in (0, 1):
        raise Refused("bad_type")
    return bool(value)
