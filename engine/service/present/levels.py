"""Official levels in words: the level of an area, why it has it, and the same as CSV and JSON."""

from typing import TYPE_CHECKING

from engine.service.present.csv_text import csv_bytes
from engine.texts import Lang, say

if TYPE_CHECKING:
    from engine.risk.levels.findings import AreaLevel, Finding
    from engine.risk.levels.rules import RuleSet
    from engine.risk.levels.tree import Area
    from engine.service.levels import LevelsReport

CSV_COLUMNS = (
    "code", "name", "tier", "rules", "version", "day", "level", "at_least", "at_most", "met", "not_met", "undecided",
    "unverified",
)  # fmt: skip
PUBLIC_CSV_COLUMNS = (
    "code", "name", "tier", "rules", "version", "day", "level", "at_least", "at_most", "known", "because",
)  # fmt: skip


def told_level(rules: "RuleSet", found: "AreaLevel", lang: Lang) -> str:
    """The level of an area; "cannot be decided" with its bounds; * where it rests on unverified numbers."""
    if not found.known:
        return say("levels.no_data", lang)
    star = " *" if found.unverified else ""
    if found.level is not None:
        return rules.level_name(found.level).name.of(lang) + star
    least, most = (rules.level_name(n).name.of(lang) for n in (found.at_least, found.at_most))
    return say("levels.undecided", lang, least=least, most=most) + star


def reasons(rules: "RuleSet", found: "AreaLevel", lang: Lang) -> str:
    """The conditions that make the level with their values, then what could not be decided and why."""
    if rules.method == "matrix":
        lines = [_line(f, lang) for f in found.findings if f.met is not None]
    else:
        lines = [_line(f, lang) for f in found.because]
    if not lines and found.known:
        lines = [say("levels.baseline", lang)]
    still = found.open
    if len(still) == 1:
        lines.append(say("levels.open", lang, condition=still[0].say(lang), missing=still[0].say_missing(lang)))
    elif still:
        missing = dict.fromkeys(key for f in still for key in f.missing)
        lines.append(say("levels.all_open", lang, count=len(still), missing="; ".join(say(k, lang) for k in missing)))
    return "\n".join(lines)


def _line(finding: "Finding", lang: Lang) -> str:
    key = "levels.value" if finding.met else "levels.not_met"
    return say(key, lang, condition=finding.say(lang), value=finding.say_value(lang))


def csv_rows(report: "LevelsReport", lang: Lang, public: bool = False) -> bytes:
    """A row an area and version: code, name, level, bounds, conditions; UTF-8 with a mark, as spreadsheets expect.

    ``public``: of the conditions those alone that make the level, without values.
    """
    rows = []
    for reading in report.readings:
        for area, found in zip(report.areas, reading.levels, strict=True):
            row: dict[str, object] = {
                "code": area.code,
                "name": area.name(lang),
                "tier": area.tier,
                "rules": report.rules.id,
                "version": reading.variant,
                "day": report.day.isoformat(),
                "level": found.level,
                "at_least": found.at_least,
                "at_most": found.at_most,
            }
            if public:
                row["known"], row["because"] = found.known, "; ".join(because(report.rules, found, lang))
            else:
                row["met"] = "; ".join(_told(f, lang) for f in found.met)
                row["not_met"] = "; ".join(_told(f, lang) for f in found.not_met)
                row["undecided"] = "; ".join(f"{f.say(lang)} ({f.say_missing(lang)})" for f in found.undecided)
                row["unverified"] = " ".join(found.unverified)
            rows.append(row)
    return "\ufeff".encode() + csv_bytes(PUBLIC_CSV_COLUMNS if public else CSV_COLUMNS, rows)


def because(rules: "RuleSet", found: "AreaLevel", lang: Lang) -> list[str]:
    """The texts of the conditions that make the level, of a matrix that of its cell; nothing of the others.

    A condition that is met beside one that is not tells a number: one F0 or more, and not two.
    """
    return [f.say(lang) for f in found.because if rules.method != "matrix" or f.form == "level"]


def _told(finding: "Finding", lang: Lang) -> str:
    return say("levels.value", lang, condition=finding.say(lang), value=finding.say_value(lang))


def area_row(
    area: "Area", readings: "list[AreaLevel]", report: "LevelsReport", lang: Lang, public: bool
) -> dict[str, object]:
    """An area as it goes over the wire: its level under the first version, with conditions, and under the others.

    ``public``: of the conditions the texts of those alone that make the level.
    """
    first = readings[0]
    row: dict[str, object] = {"code": area.code, "name": area.name(lang), **_level(report.rules, first, lang)}
    if public:
        row["because"] = because(report.rules, first, lang)
    else:
        row["met"] = [_finding(f, lang) for f in first.met]
        row["not_met"] = [_finding(f, lang) for f in first.not_met]
        row["undecided"] = [_finding(f, lang) for f in first.undecided]
        row["unverified"] = list(first.unverified)
    if len(readings) > 1:
        others = zip(report.readings[1:], readings[1:], strict=True)
        row["versions"] = {r.variant: _level(report.rules, found, lang) for r, found in others}
    return row


def _level(rules: "RuleSet", found: "AreaLevel", lang: Lang) -> dict[str, object]:
    name = None if found.level is None else rules.level_name(found.level).name.of(lang)
    return {
        "level": found.level,
        "level_name": name,
        "at_least": found.at_least,
        "at_most": found.at_most,
        "known": found.known,
    }


def _finding(finding: "Finding", lang: Lang) -> dict[str, object]:
    row: dict[str, object] = {
        "id": finding.id,
        "level": finding.level,
        "text": finding.say(lang),
        "value": finding.say_value(lang),
        "verified": finding.verified,
    }
    if finding.missing:
        row["missing"] = finding.say_missing(lang)
    return row
