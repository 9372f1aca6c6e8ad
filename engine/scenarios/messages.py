"""What pydantic found wrong, as one plain sentence a mistake, at the path where a person wrote it."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from engine.scenarios.model_parts import Part, suggest
from engine.scenarios.setting_paths import alternatives, below, is_list, model_of, type_at

Where = tuple[str | int, ...]
Mistake = tuple[Where, str]

_WANTED = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "string": "a text (in quotes)",
    "date": "a date such as 2021-07-11",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping of settings",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def mistakes(error: ValidationError, data: object, root: type[Part]) -> list[Mistake]:
    """Path (as in ``data``) and sentence of every mistake, in the order of the settings, each path and sentence once.

    Args:
        error: of ``root.model_validate(data)``.
        data: what was validated.
        root: the model.
    """
    plain: list[Mistake] = []
    unions: dict[Where, list[tuple[str, Where, Any]]] = {}
    for found in error.errors(include_url=False):
        path, tag, at = _real(found["loc"], data, found["type"])
        if tag is None:
            if not _follows(found):
                plain.append((path, _sentence(found, path, root, data)))
        else:
            unions.setdefault(at, []).append((tag, path, found))
    for at, tagged in unions.items():
        plain += _of_union(at, tagged, data, root)
    return list(dict.fromkeys(plain))


def _real(loc: tuple[str | int, ...], data: object, kind: str) -> tuple[Where, str | None, Where]:
    """The path without pydantic's names of alternatives; the first of these; and the path before it."""
    path: Where = ()
    tag: str | None = None
    at: Where = ()
    here: Any = data
    for n, part in enumerate(loc):
        if isinstance(here, dict) and str(part) in here:
            here = here[str(part)]
        elif isinstance(here, list | tuple) and isinstance(part, int):
            here = here[part] if part < len(here) else None
        elif part == "[key]":
            continue
        elif not (kind == "missing" and n == len(loc) - 1):
            if tag is None:
                tag, at = str(part), path
            continue
        path = (*path, part)
    return path, tag, at


def _follows(found: Any) -> bool:
    """Whether it only follows from another mistake: items that are wrong are not counted by pydantic."""
    given = found["input"]
    return bool(
        found["type"] == "too_short" and isinstance(given, list | tuple) and len(given) >= found["ctx"]["min_length"]
    )


def _of_union(at: Where, tagged: list[tuple[str, Where, Any]], data: object, root: type[Part]) -> list[Mistake]:
    """The mistakes of the alternative that was meant: by whether a mapping, a list or a single value was given."""
    given = _at(data, at)
    form = "dict" if isinstance(given, dict) else "list" if isinstance(given, list | tuple) else "one"
    meant = [(path, found) for tag, path, found in tagged if _form(tag) == form and not _follows(found)]
    if form != "one" and meant:
        return [(path, _sentence(found, path, root, data)) for path, found in meant]
    bounds = [found for _, found in meant if found["type"] in _BOUNDS]
    if bounds:
        return [(at, _sentence(bounds[0], at, root, data))]
    here = type_at(root, at)
    can = [_wanted(found) for _, found in meant] or [_wanted(f) for tag, _, f in tagged if _form(tag) == "one"]
    if is_list(here):
        can.append("a list of such")
    model = model_of(here)
    if model is not None:
        can.append(f"a mapping of {', '.join(model.model_fields)}")
    return [(at, f"must be {' or '.join(dict.fromkeys(can))}{_got(given)}{_near(given, tagged)}")]


def _form(tag: str) -> str:
    return "list" if tag.startswith("tuple[") else "dict" if tag.isidentifier() and tag[0].isupper() else "one"


def _near(given: object, tagged: list[tuple[str, Where, Any]]) -> str:
    names = [name for _, _, f in tagged if f["type"] == "literal_error" for name in _literals(f)]
    near = suggest(str(given), names)
    return f"; did you mean {near[0]}?" if near else ""


def _literals(found: Any) -> list[str]:
    return [name.strip(" '") for part in str(found["ctx"]["expected"]).split(" or ") for name in part.split(",")]


def _at(data: object, path: Where) -> object:
    here: Any = data
    for part in path:
        here = here[str(part) if isinstance(here, dict) else part]
    return here


def _got(given: object) -> str:
    if isinstance(given, dict | list | tuple):
        return f" (got a {'mapping' if isinstance(given, dict) else 'list'})"
    text = json.dumps(given, ensure_ascii=False, default=str)
    return f" (got {text if len(text) <= 60 else text[:57] + '...'})" if given is not None else " (got nothing)"


def _wanted(found: Any) -> str:
    if found["type"] == "literal_error":
        return ", ".join(_literals(found))
    return _WANTED.get(str(found["type"]).split("_")[0], "something else")


def _sentence(found: Any, path: Where, root: type[Part], data: object) -> str:
    kind, given = str(found["type"]), found["input"]
    ctx = found.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown(path, root)
    if kind == "missing":
        return _missing(path, root)
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        return f"must be {word} {ctx[key]:g}{_got(given)}"
    if kind == "value_error":
        return str(ctx["error"])
    if kind == "literal_error":
        near = suggest(str(given), _literals(found))
        return f"must be one of {_wanted(found)}{_got(given)}" + (f"; did you mean {near[0]}?" if near else "")
    if kind == "string_pattern_mismatch":
        if "set" in path or "sweep" in path or "sensitivity" in path:
            return "is not a path of a setting: names and numbers with points between, as measures.tracing.depth"
        return f"must be of small letters, digits, '-' and '_', as two-districts{_got(given)}"
    if kind == "string_too_long":
        return f"must have at most {ctx['max_length']} letters"
    if kind in ("too_short", "too_long"):
        return f"must have at {'least' if kind == 'too_short' else 'most'} {_size(ctx)}{_got(given)}"
    if kind == "int_from_float":
        return f"must be a whole number{_got(given)}"
    if kind == "finite_number":
        return f"must be a finite number{_got(given)}"
    for name in (kind.split("_", maxsplit=1)[0], "date" if kind.startswith("date") else ""):
        if name in _WANTED:
            hint = "; for none write []" if name == "tuple" and given is None else ""
            return f"must be {_WANTED[name]}{_got(given)}{hint}"
    return f"{found['msg']}{_got(given)}"


def _size(ctx: dict[str, Any]) -> str:
    count = int(ctx.get("min_length", ctx.get("max_length", 1)))
    return f"{count} item{'s' if count != 1 else ''}"


def _missing(path: Where, root: type[Part]) -> str:
    if path and isinstance(path[-1], int):
        return "needs one more number"
    model = model_of(type_at(root, path[:-1])) if len(path) > 1 else root
    doc = model.model_fields[str(path[-1])].description if model and path[-1] in model.model_fields else None
    return "is missing" + (f" ({doc.rstrip('.')})" if doc else "")


def unknown(path: Where, root: type[Part]) -> str:
    """The sentence for a name that is no setting: the nearest, where it belongs, or what there is."""
    above = [str(part) for part in path[:-1]]
    model = model_of(type_at(root, above)) if above else root
    if model is None or below(model, str(path[-1])) is not None:
        return "unknown setting"
    said = alternatives(root, model, above, [str(path[-1])])
    return f"unknown setting{said}"


def lines(found: Iterable[str], most: int = 30) -> str:
    """Mistakes one below the other; of very many the first."""
    every = list(dict.fromkeys(found))
    more = f"\n... and {len(every) - most} more" if len(every) > most else ""
    return "\n".join(every[:most]) + more
