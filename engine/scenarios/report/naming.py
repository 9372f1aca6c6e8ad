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
    owner: type[Part] | None = PolicyVariant if scenario.study is not None else Simulation
    name, part = "", ""
    for step in path.split("."):
        if step.isdigit():
            continue
        if owner is None or owner is Distribution or step not in owner.model_fields:
            break
        key = key_of(owner, step)
        if key in SETTINGS:
            name = SETTINGS[key][1 if lang == "vi" else 2]
            name = f"{part}: {name[0].lower()}{name[1:]}" if step in _SHARED and part else name
        elif step in PARTS:
            part = PARTS[step][0 if lang == "vi" else 1]
        owner = part_type(owner, step)
    return name or path


@cache
def part_type(owner: type[Part], field: str) -> type[Part] | None:
    """The part that a field holds, alone, in a list or as one of several kinds."""
    return _first_part(owner.model_fields[field].annotation)


def _first_part(annotation: object) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((found for inner in typing.get_args(annotation) if (found := _first_part(inner))), None)
