"""The state as a plain fold over raw events, in any order.

An event is a dict: the columns of its kind, moments as UTC seconds, plus optional ``retract`` and
``revision``. A missing column and None are the same. Written from the rules, not from the engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine import params

Event = dict[str, Any]
KEYS: dict[str, tuple[str, ...]] = {
    "bluetooth": ("person", "peer", "at"),
    "check_in": ("person", "place", "entered_at"),
    "location": ("person", "at"),
    "place": ("place",),
    "case": ("person",),
    "test_result": ("person", "sampled_at", "method"),
    "quarantine": ("person", "started_at"),
}
DEFAULTS: dict[str, Event] = {
    "bluetooth": {"duration_s": int(params.SCAN_PERIOD_S.value)},
    "location": {"accuracy_m": params.FIX_DEFAULT_ACCURACY_M.value},
}
GREATEST = {"duration_s", "left_at"}


@dataclass(frozen=True)
class State:
    """Live events by kind and natural key: ``state.events["case"][("an",)]`` is a payload."""

    events: dict[str, dict[tuple[Any, ...], Event]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Event]:
        """Live events of one kind, in the order of their natural keys."""
        rows = self.events.get(kind, {})
        return [rows[key] for key in sorted(rows, key=str)]


def key_of(kind: str, event: Event) -> tuple[Any, ...]:
    """The natural key of an event."""
    return tuple(event[name] for name in KEYS[kind])


def fold(events: Iterable[tuple[str, Event]]) -> State:
    """The state after these events, whatever their order."""
    groups: dict[str, dict[tuple[Any, ...], list[Event]]] = {}
    for kind, event in events:
        groups.setdefault(kind, {}).setdefault(key_of(kind, event), []).append(event)
    live: dict[str, dict[tuple[Any, ...], Event]] = {}
    for kind, by_key in groups.items():
        for key, versions in by_key.items():
            payload = _survivor(kind, versions)
            if payload is not None:
                live.setdefault(kind, {})[key] = payload
    return State(live)


def _survivor(kind: str, versions: list[Event]) -> Event | None:
    """What is left of one natural key: the highest revision above every retraction, merged."""
    tomb = max((e.get("revision") or 0 for e in versions if e.get("retract")), default=-1)
    alive = [e for e in versions if not e.get("retract") and (e.get("revision") or 0) > tomb]
    if not alive:
        return None
    top = max(e.get("revision") or 0 for e in alive)
    return _merge(kind, [_payload(kind, e) for e in alive if (e.get("revision") or 0) == top])


def _payload(kind: str, event: Event) -> Event:
    payload = {k: v for k, v in event.items() if k not in ("retract", "revision") and v is not None}
    for name, value in DEFAULTS.get(kind, {}).items():
        payload.setdefault(name, value)
    return payload


def _merge(kind: str, payloads: list[Event]) -> Event:
    """Field by field, by rules that do not see the order; for a location the best fix is kept whole."""
    if kind == "location":
        return min(payloads, key=lambda e: (e["accuracy_m"], e["lat"], e["lng"]))
    merged: Event = {}
    for name in sorted({name for e in payloads for name in e}):
        values = [e[name] for e in payloads if name in e]
        greatest = name in GREATEST or isinstance(values[0], bool)
        merged[name] = max(values) if greatest else min(values)
    return merged
