"""Why a cell has its score, as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson

from engine.clock import to_rfc3339
from engine.service.risk_results import HexWhy

_CELLS = frozenset({"cell", "parent"})


def why_body(why: HexWhy) -> bytes:
    """The facts as they are called inside, but for ``h3``: the cell; cells as H3 strings, moments as text."""
    facts = _plain(asdict(why))
    return orjson.dumps({"h3": facts.pop("cell"), **facts})


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, name) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool):
        if name in _CELLS:
            return f"{value:x}"
        if name == "at" or name.endswith("_at") or name.startswith("t_"):
            return to_rfc3339(value)
    return value
