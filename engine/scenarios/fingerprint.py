"""What a world is, in one number: the same data have the same fingerprint, on every machine."""

import hashlib
import json
from dataclasses import fields, is_dataclass

import numpy as np

from engine.scenarios.world import World

_FORMAT = b"truyvet world 1\n"


def fingerprint(world: World) -> str:
    """SHA-256 (hex) of every array, name and number of a world. Cost: about a second a gigabyte.

    Names of people are not in a world, so they are not in it either; which people ``initial.people`` names is.
    """
    total = hashlib.sha256(_FORMAT)
    _add(total, "world", world)
    return total.hexdigest()


def _add(total: "hashlib._Hash", name: str, value: object) -> None:
    if isinstance(value, np.ndarray):
        plain = np.ascontiguousarray(value)
        plain = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
        total.update(f"{name} {plain.dtype.str} {plain.shape}\n".encode())
        total.update(plain.reshape(-1).view(np.uint8).data)
    elif is_dataclass(value):
        for field in fields(value):
            _add(total, f"{name}.{field.name}", getattr(value, field.name))
    else:
        text = json.dumps(value, ensure_ascii=True, default=str, separators=(",", ":"))
        total.update(f"{name} {text}\n".encode())
