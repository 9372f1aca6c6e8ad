"""A world on disk, for a process that has no engine: arrays, codes and numbers; no key of a person is in a world."""

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from engine.disk import sync
from engine.errors import RunFolderError
from engine.scenarios.records import told
from engine.scenarios.world import Contacts, PlaceColumns, World

FACTS = "world.json"
_PARTS: dict[str, type[Any]] = {"contacts": Contacts, "places": PlaceColumns}


def write_world(folder: Path, world: World) -> None:
    """Write a world into ``folder``, which is there, whole and durable, or is not there.

    Raises:
        StorageFullError: no room.
        RunFolderError: it cannot be written.
    """
    new = folder.with_name(folder.name + ".new")
    with told(folder):
        new.mkdir(parents=True, exist_ok=True)
        facts: dict[str, Any] = {}
        _each(world, lambda name, value: _put(new, facts, name, value))
        (new / FACTS).write_text(json.dumps(facts), "utf-8")
        for path in (*new.iterdir(), new):
            sync(path)
        new.rename(folder)
        sync(folder.parent)


def read_world(folder: Path) -> World:
    """The world of a folder; its arrays can only be read.

    Raises:
        RunFolderError: it is not there or damaged.
    """
    try:
        facts = json.loads((folder / FACTS).read_text("utf-8"))
        parts: dict[str, Any] = {name: _made(kind, f"{name}.", folder, facts) for name, kind in _PARTS.items()}
        return World(**_values(World, "", folder, facts, skip=frozenset(_PARTS)), **parts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{folder} is no world of a run ({type(error).__name__}); submit it again") from None


def _each(world: World, do: Callable[[str, Any], None]) -> None:
    for field in fields(World):
        value = getattr(world, field.name)
        if field.name in _PARTS:
            for inner in fields(_PARTS[field.name]):
                do(f"{field.name}.{inner.name}", getattr(value, inner.name))
        else:
            do(field.name, value)


def _put(folder: Path, facts: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        np.save(folder / f"{name}.npy", value, allow_pickle=False)
    else:
        facts[name] = value.isoformat() if isinstance(value, date) else value


def _made(kind: type[Any], prefix: str, folder: Path, facts: dict[str, Any]) -> Any:
    return kind(**_values(kind, prefix, folder, facts))


def _values(kind: type[Any], prefix: str, folder: Path, facts: dict[str, Any],
            skip: frozenset[str] = frozenset()) -> dict[str, Any]:  # fmt: skip
    out: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in skip:
            continue
        name = prefix + field.name
        path = folder / f"{name}.npy"
        if path.exists():
            array = np.load(path, allow_pickle=False)
            array.setflags(write=False)
            out[field.name] = array
        else:
            value = facts[name]
            if name == "contacts.start":
                value = None if value is None else date.fromisoformat(value)
            out[field.name] = _tuples(value)
    return out


def _tuples(value: Any) -> Any:
    return tuple(_tuples(inner) for inner in value) if isinstance(value, list) else value
