"""Dotted paths of settings: which there are, where one leads, and a changed copy of a base.

``measures.tracing.methods.0.ascertainment``: names of settings, numbers of items of lists from 0, keys of mappings.
"""

import types
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from engine.scenarios.model import Distribution, Part, PolicyVariant, Scenario, Simulation
from engine.scenarios.model_parts import suggest

Values = Mapping[str, object]


class PathError(ValueError):
    """A path leads nowhere; the message says what to write instead."""

    def __init__(self, text: str, path: str) -> None:
        super().__init__(text)
        self.path = path


def shapes(annotation: Any) -> list[Any]:
    """The alternatives of a type, without ``None`` and constraints."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return shapes(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [shape for part in get_args(annotation) for shape in shapes(part)]
    return [] if annotation is type(None) else [annotation]


def model_of(annotation: Any) -> type[Part] | None:
    """The part among the alternatives of a type, if there is one."""
    found = [shape for shape in shapes(annotation) if isinstance(shape, type) and issubclass(shape, Part)]
    return found[0] if found else None


def is_list(annotation: Any) -> bool:
    """Whether a list is among the alternatives."""
    return any(get_origin(shape) is tuple for shape in shapes(annotation))


def below(annotation: Any, name: str) -> Any | None:
    """The type of what is called ``name`` in a value of this type; None: there is nothing of that name."""
    for shape in shapes(annotation):
        if isinstance(shape, type) and issubclass(shape, Part):
            if name in shape.model_fields:
                return whole(shape.model_fields[name])
        elif get_origin(shape) is tuple and name.isdecimal():
            items = [item for item in get_args(shape) if item is not Ellipsis]
            if Ellipsis in get_args(shape) or int(name) < len(items):
                return items[0] if Ellipsis in get_args(shape) else items[int(name)]
        elif get_origin(shape) is dict:
            return get_args(shape)[1]
    return None


def whole(field: FieldInfo) -> Any:
    """A field's type with the constraints that pydantic keeps apart from it."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def type_at(root: type[Part], path: Iterable[str | int]) -> Any | None:
    """The type at a path; None: it leads nowhere."""
    here: Any = root
    for part in path:
        here = below(here, str(part))
        if here is None:
            return None
    return here


@lru_cache(maxsize=8)
def all_paths(root: type[Part]) -> tuple[str, ...]:
    """Every path below a part, in order of declaration; items of lists of parts as ``0``."""
    return tuple(_paths(root, ""))


def _paths(model: type[Part], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        inner = model_of(field.annotation)
        if inner is not None:
            yield from _paths(inner, f"{prefix}{name}.")
        elif is_list(field.annotation):
            items = below(field.annotation, "0")
            if (item := model_of(items)) is not None:
                yield from _paths(item, f"{prefix}{name}.0.")


def check(root: type[Part], path: str) -> None:
    """Refuse a path that leads nowhere below ``root`` (``Simulation`` or ``PolicyVariant``).

    Raises:
        PathError: says where it fails and what is near.
    """
    parts = path.split(".")
    here: Any = root
    for n, part in enumerate(parts):
        inner = below(here, part)
        if inner is None:
            raise PathError(_nowhere(root, here, parts, n), path)
        here = inner


def _nowhere(root: type[Part], here: Any, parts: list[str], n: int) -> str:
    above, part = ".".join(parts[:n]), parts[n]
    for start in ("simulation.", "study.base."):
        if ".".join(parts).startswith(start):
            return f"leave out {start!r}: paths begin below it"
    if n == 0 and part in Scenario.model_fields and part not in root.model_fields:
        return f"{part} is a setting of the whole file: it cannot differ between runs"
    model = model_of(here)
    if model is None:
        if is_list(here):
            return f"{above} is a list: give the number of an item, from 0 ({above}.0)"
        return f"{above} is a single value: nothing lies below it"
    return f"leads nowhere: {above or 'the base'} has no {part}{alternatives(root, model, parts[:n], parts[n:])}"


def alternatives(root: type[Part], model: type[Part], above: list[str], rest: list[str]) -> str:
    """What to write instead of a name that ``model``, which lies at ``above``, does not have."""
    names = list(model.model_fields)
    start = "".join(f"{part}." for part in above)
    near = suggest(rest[0], names)
    if near:
        others = ", ".join(name for name in names if name != near[0])
        return f"; did you mean {start if len(rest) > 1 else ''}{near[0]}? (others: {others})"
    tail = "." + ".".join(rest)
    same = [path for path in all_paths(root) if f".{path}".endswith(tail)]
    same = same or [path for path in all_paths(root) if path.rsplit(".", 1)[-1] == rest[-1]]
    if same:
        return f"; did you mean {' or '.join(same[:3])}? ({start[:-1] or 'here'} has: {', '.join(names)})"
    return f"; there are: {', '.join(names)}"


def order(path: str) -> list[tuple[int, int, str]]:
    """Sort key: what holds something comes before it, item 2 before item 10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in path.split(".")]


def changed(base: Part, *layers: Values) -> dict[str, object]:
    """The settings of ``base`` as plain data, with the values set at their paths, one layer after the other.

    Within a layer the order does not matter: what holds something is set before it.

    A path through a part that is absent creates it with its defaults; an item just past the end of a list is added;
    a family of a time in days takes the place of the other families.

    Raises:
        PathError: a path leads nowhere.
    """
    data: dict[str, object] = base.model_dump(mode="json")
    for values in layers:
        for path in sorted(values, key=order):
            check(type(base), path)
            _set(data, type(base), path.split("."), _plain(values[path]), path)
    return data


def _plain(value: object) -> object:
    """A copy of its own, of plain mappings and lists."""
    if isinstance(value, Part):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _set(data: Any, here: Any, parts: list[str], value: object, path: str) -> None:
    """Walk down ``data`` and its type together, making what is absent, and put the value at the end."""
    for n, part in enumerate(parts):
        last = n == len(parts) - 1
        inner = below(here, part)
        if isinstance(data, list):
            if not part.isdecimal():
                above = ".".join(parts[:n])
                raise PathError(f"{above} was set to a list, which has no {part}", path)
            index = int(part)
            if index > len(data):
                above = ".".join(parts[:n])
                raise PathError(f"{above} ends before that: the next item is number {len(data)}", path)
            if index == len(data):
                data.append(_empty(inner))
            key: Any = index
        else:
            if model_of(here) is Distribution and data.get(part) is None:
                data.clear()
            key = part
        if last:
            data[key] = value
            return
        if not isinstance(data, list) and data.get(key) is None:
            data[key] = _empty(inner)
        if not isinstance(data[key], dict | list):
            above = ".".join(parts[: n + 1])
            raise PathError(f"{above} is {data[key]!r} in the base: set {above} itself instead of {path}", path)
        data, here = data[key], inner


def _empty(annotation: Any) -> object:
    return [] if model_of(annotation) is None and is_list(annotation) else {}


def root_of(scenario: Scenario) -> Simulation | PolicyVariant:
    """What variants and sweep change: the simulation, or the definition a study begins with."""
    if scenario.simulation is not None:
        return scenario.simulation
    return scenario.study.base if scenario.study is not None else PolicyVariant()
