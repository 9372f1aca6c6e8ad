"""The name that people read for a dotted path of a setting."""

import typing
from functools import cache

from engine.scenarios.model import Distribution, Part, PolicyVariant, Scenario, Simulation, Span
from engine.scenarios.report.settings import PARTS, SETTINGS
from engine.texts import Lang

_SHARED = frozenset({"on", "start", "end", "compliance", "factor", "delay", "days"})
"""Fields that several measures have: the measure is named with them."""


def key_of(owner: type[Part], field: str) -> str:
    """Key of a field in ``SETTINGS``; the spans of all measures share theirs."""
    own = f"{owner.__name__}.{field}"
    return f"Span.{field}" if own not in SETTINGS and issubclass(owner, Span) else own


def setting_name(path: str, scenario: Scenario, lang: Lang) -> str:
    """What a dotted path of a variant or a sweep means, in words; an unknown path stays as it is."""
    key, part = _walk(path, scenario)
    if key is None:
        return path
    name = SETTINGS[key][1 if lang == "vi" else 2]
    if part and key.rpartition(".")[2] in _SHARED:
        return f"{PARTS[part][0 if lang == 'vi' else 1]}: {name[0].lower()}{name[1:]}"
    return name


def setting_key(path: str, scenario: Scenario) -> str | None:
    """Key in ``SETTINGS`` of a dotted path; None for an unknown one."""
    return _walk(path, scenario)[0]


def _walk(path: str, scenario: Scenario) -> tuple[str | None, str]:
    """Key of the setting, and the part of the file that it is in."""
    owner: type[Part] | None = PolicyVariant if scenario.study is not None else Simulation
    key, part = None, ""
    for step in path.split("."):
        if step.isdigit():
            continue
        if owner is None or owner is Distribution or step not in owner.model_fields:
            break
        if key_of(owner, step) in SETTINGS:
            key = key_of(owner, step)
        elif step in PARTS:
            part = step
        owner = part_type(owner, step)
    return key, part


@cache
def part_type(owner: type[Part], field: str) -> type[Part] | None:
    """The part that a field holds, alone, in a list or as one of several kinds."""
    return _first_part(owner.model_fields[field].annotation)


def _first_part(annotation: object) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((found for inner in typing.get_args(annotation) if (found := _first_part(inner))), None)
