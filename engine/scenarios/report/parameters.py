"""Every setting of a scenario as rows to read: name, value, unit, and where the value is from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine import params
from engine.scenarios import files
from engine.scenarios.model import Distribution, Part, PolicyStudy, Scenario, Simulation
from engine.scenarios.report.naming import key_of, setting_key, setting_name
from engine.scenarios.report.numbers import percent, plain
from engine.scenarios.report.settings import DEFAULTS, MISSING, NAMED, PARTS, SETTINGS, UNITS, WORDS
from engine.scenarios.report.texts import text
from engine.texts import Lang

FOREVER = 1_000_000


@dataclass(frozen=True)
class Row:
    """A setting, ready to be read."""

    group: str
    path: str
    name: str
    value: str
    unit: str
    source: str
    mark: str
    """Mark of certainty (see ``engine.params``); empty when it is set in the file."""


def base_rows(scenario: Scenario, lang: Lang, estimated: Mapping[str, object]) -> list[Row]:
    """All settings of the base, in the order of the file; ``estimated`` are paths whose value came from data."""
    base = scenario.simulation or scenario.study
    return [] if base is None else list(_rows(base, scenario, lang, estimated))


def variant_rows(scenario: Scenario, lang: Lang) -> list[tuple[str, list[Row]]]:
    """For each variant: the settings in which it differs from the base, those that come with a new measure too."""

    def known(part: Simulation | PolicyStudy | None) -> dict[str, Row]:
        return {} if part is None else {row.path: row for row in _rows(part, scenario, lang, {})}

    base = known(scenario.simulation or scenario.study)
    out = []
    for plan in files.runs_of(scenario.model_copy(update={"sweep": {}})):
        if scenario.study is not None and plan.study is not None:
            own = known(scenario.study.model_copy(update={"base": plan.study}))
        else:
            own = known(plan.simulation)
        changed = [r for path, r in own.items() if path not in base or base[path].value != r.value]
        gone = [r for path, r in base.items() if path not in own]
        gone = [_replace(r, text("value.gone", lang)) for r in gone]
        out.append((plan.variant, changed + gone))
    return out


def sweep_rows(scenario: Scenario, lang: Lang) -> list[Row]:
    """The settings of the sweep with all their values."""
    out = []
    for path, values in scenario.sweep.items():
        share = _is_share(path, scenario)
        shown = "; ".join(value_text(value, lang, share) for value in values)
        out.append(Row("", path, setting_name(path, scenario, lang), shown, "", text("source.file", lang), ""))
    return out


def _is_share(path: str, scenario: Scenario) -> bool:
    key = setting_key(path, scenario)
    return key is not None and SETTINGS[key][0].startswith("share")


def _replace(row: Row, value: str) -> Row:
    return Row(row.group, row.path, row.name, value, "", row.source, row.mark)


def _rows(base: Part, scenario: Scenario, lang: Lang, estimated: Mapping[str, object]) -> Iterator[Row]:
    first = "simulation" if isinstance(base, Simulation) else "study"
    for path, group, owner, field in _leaves(base, "", (first, 0)):
        value = getattr(owner, field)
        key = key_of(type(owner), field)
        unit, *names = SETTINGS.get(key, ("", field, field))
        if unit == "1/weight" and isinstance(base, Simulation):
            unit = "1/weight" if base.population.observed is None else "1/hour"
            unit += " at peak" if base.transmission.profile == "he-2020" else ""
        source, mark = _source(owner, field, key, path, scenario, lang, estimated)
        shown = _value(key, unit, value, lang)
        says = value in (None, (), {}) or isinstance(value, str | bool) or shown == text("value.to_end", lang)
        title = PARTS[group[0]][0 if lang == "vi" else 1]
        yield Row(
            f"{title} {group[1]}" if group[1] else title,
            path,
            names[0 if lang == "vi" else 1],
            shown,
            "" if says else _unit(unit, shown, lang),
            source,
            mark,
        )


def _unit(unit: str, shown: str, lang: Lang) -> str:
    word = UNITS[unit][0 if lang == "vi" else 1]
    if shown != "1" or lang == "vi":
        return word
    for many, one in (("people", "person"), ("days", "day"), ("cases", "case"), ("tests", "test")):
        word = word.replace(many, one)
    return word


def _leaves(part: Part, path: str, group: tuple[str, int]) -> Iterator[tuple[str, tuple[str, int], Part, str]]:
    """Settings that hold no further part: path, group (name and number), the part they belong to, field."""
    later: list[tuple[str, Part, tuple[str, int]]] = []
    for field in type(part).model_fields:
        value = getattr(part, field)
        here = f"{path}{field}"
        own = (field, 0) if field in PARTS else group
        if isinstance(value, Part) and not isinstance(value, Distribution):
            later.append((f"{here}.", value, own))
        elif isinstance(value, tuple) and value and all(isinstance(v, Part) for v in value):
            for n, one in enumerate(value):
                numbered = (own[0], n + 1) if len(value) > 1 and field in PARTS else own
                later.append((f"{here}.{n}.", one, numbered))
        elif key_of(type(part), field) in SETTINGS:
            yield here, group, part, field
    for below, one, own in later:
        yield from _leaves(one, below, own)


def _source(
    owner: Part, field: str, key: str, path: str, scenario: Scenario, lang: Lang, estimated: Mapping[str, object]
) -> tuple[str, str]:
    if path in estimated:
        return text("source.estimated", lang), "D"
    if field in owner.model_fields_set:
        return text("source.file", lang), ""
    declared = DEFAULTS.get(key, ())
    if declared:
        ours = text("mark.T", lang)
        return "; ".join(f"{ours if p.source == 'our choice' else p.source} ({p.name})" for p in declared), min(
            (p.mark for p in declared), key="OPCNDMT".index
        )
    if not isinstance(getattr(owner, field), int | float | Distribution) or isinstance(getattr(owner, field), bool):
        return text("source.rule", lang), ""
    return text("source.default", lang), "T"


def _value(key: str, unit: str, value: object, lang: Lang) -> str:
    if value is None:
        return text(MISSING.get(key, "value.none"), lang)
    if key in NAMED and isinstance(value, tuple):
        empty = "value.all" if key == "PolicyStudy.cases" else "value.nobody"
        return text("value.named", lang, n=len(value)) if value else text(empty, lang)
    if key == "Span.end" and value == FOREVER:
        return text("value.to_end", lang)
    if key == "Outside.days" and isinstance(value, Mapping):
        parts = [text("value.on_day", lang, day=day, n=n) for day, n in sorted(value.items())]
        return "; ".join(parts) or text("value.nobody", lang)
    if key == "Simulation.seed":
        return str(value)
    if isinstance(value, tuple) and not value:
        return text("value.all" if key.rpartition(".")[2] in {"kinds", "channels"} else "value.nobody", lang)
    return value_text(value, lang, share=unit.startswith("share") or key == "Vaccination.coverage")


def value_text(value: object, lang: Lang, share: bool = False) -> str:
    """A value of a setting in people's words."""
    if value is None:
        return text("value.none", lang)
    if isinstance(value, bool):
        return text("value.yes" if value else "value.no", lang)
    if isinstance(value, int | float):
        return percent(value, lang, _digits(100 * value)) if share else plain(value, lang)
    if isinstance(value, Distribution):
        return _time(value, lang)
    if isinstance(value, Mapping):
        parts = [f"{value_text(k, lang)}: {value_text(v, lang, share)}" for k, v in value.items()]
        return "; ".join(parts) or text("value.nobody", lang)
    if isinstance(value, list | tuple):
        return "; ".join(value_text(v, lang, share) for v in value)
    word = str(value)
    if word in WORDS:
        return WORDS[word][0 if lang == "vi" else 1]
    return params.PLACE_KINDS[word].vi if lang == "vi" and word in params.PLACE_KINDS else word


def _digits(value: float) -> int:
    return len(f"{value:.4g}".partition(".")[2]) if "e" not in f"{value:.4g}" else 4


def _time(value: Distribution, lang: Lang) -> str:
    family = next(name for name in Distribution.model_fields if getattr(value, name) is not None)
    numbers = getattr(value, family)
    if family == "shares":
        return text("dist.shares", lang, a="; ".join(percent(x, lang, 0) for x in numbers))
    shown = [plain(round(x, 6), lang) for x in (numbers if isinstance(numbers, tuple) else (numbers,))]
    return text(f"dist.{family}", lang, **dict(zip("ab", shown, strict=False)))
