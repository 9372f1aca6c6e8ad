"""What a province changed in a rule set: an override file laid over the packaged rules.

The file (TOML or JSON) names the rules it changes (``base``), the provinces (``units``), the ``instrument`` and then
only what differs: ``[[condition]]``, ``[[indicator]]``, ``[[capacity]]``, ``[[modifier]]`` and ``[[variant]]`` replace
the one with the same id or are added, ``drop`` leaves out those whose id matches a pattern (``commune.*``).
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

from engine.errors import BadParameterError, UnreadableFileError
from engine.risk.levels.rules import RULE_SETS, Override, RuleSet, rule_set

LISTS = ("condition", "indicator", "capacity", "modifier", "variant")


def with_override(rules: RuleSet, path: Path) -> RuleSet:
    """``rules``, with the changes of the file at ``path`` for the provinces it names.

    Raises:
        UnreadableFileError: missing, or neither TOML nor JSON.
        BadParameterError: it changes other rules, names no province, or is no rule file.
    """
    changes = _read(path)
    if str(changes.get("base")) != rules.id:
        raise BadParameterError(f"{path.name} changes the rules {changes.get('base')!r}, not {rules.id}: see `base`")
    units = changes.get("units")
    if not isinstance(units, list) or not units or not all(isinstance(u, str) for u in units):
        raise BadParameterError(f'{path.name}: `units` must list the codes of its provinces, like ["92"]')
    if not str(changes.get("instrument", "")).strip():
        raise BadParameterError(f"{path.name}: `instrument` must say which decision of the province this is")
    drop = changes.get("drop", [])
    if not isinstance(drop, list) or not all(isinstance(pattern, str) for pattern in drop):
        raise BadParameterError(f'{path.name}: `drop` must list patterns of ids, like ["commune.*"]')
    merged, changed = _merge(_packaged(rules.id), changes)
    own = rule_set(merged, path.name)
    override = Override(frozenset(units), str(changes["instrument"]), changed, own)
    return replace(rules, overrides=(*rules.overrides, override))


def _packaged(name: str) -> dict[str, Any]:
    if name not in RULE_SETS:
        raise BadParameterError(f"no rules {name!r}; there are: {', '.join(RULE_SETS)}")
    return tomllib.loads(resources.files("engine.risk.levels").joinpath("rules", f"{name}.toml").read_text("utf-8"))


def _merge(base: dict[str, Any], changes: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    patterns = changes.get("drop", [])
    changed: list[str] = []
    for kind in LISTS:
        mine = {str(x.get("id")): x for x in changes.get(kind, ())}
        kept = {str(x["id"]): x for x in base.get(kind, ()) if not any(fnmatchcase(str(x["id"]), p) for p in patterns)}
        base[kind] = list((kept | {i: {**kept.get(i, {}), **x} for i, x in mine.items()}).values())
        changed += mine
    return base, tuple(changed)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        found = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UnreadableFileError(f"{path}: neither TOML nor JSON: {error}") from None
    if not isinstance(found, dict):
        raise UnreadableFileError(f"{path}: an override is a table of what differs")
    return found
