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


def csv_rows(report: "LevelsReport", lang: Lang, numbers: bool = True) -> bytes:
    """A row an area and version: code, name, level, bounds, conditions; UTF-8 with a mark, as spreadsheets expect.

    Without ``numbers`` conditions stand without their values.
    """
    rows = []
    for reading in report.readings:
        for area, found in zip(report.areas, reading.levels, strict=True):
            rows.append(
                {
                    "code": area.code,
                    "name": area.name(lang),
                    "tier": area.tier,
                    "rules": report.rules.id,
                    "version": reading.variant,
                    "day": report.day.isoformat(),
                    "level": found.level,
                    "at_least": found.at_least,
                    "at_most": found.at_most,
                    "met": "; ".join(_told(f, lang, numbers) for f in found.met),
                    "not_met": "; ".join(_told(f, lang, numbers) for f in found.not_met),
                    "undecided": "; ".join(f"{f.say(lang)} ({f.say_missing(lang)})" for f in found.undecided),
                    "unverified": " ".join(found.unverified),
                }
            )
    return "\ufeff".encode() + csv_bytes(CSV_COLUMNS, rows)


def _told(finding: "Finding", lang: Lang, numbers: bool) -> str:
    said = finding.say(lang)
    return say("levels.value", lang, condition=said, value=finding.say_value(lang)) if numbers else said


def area_row(
    area: "Area", readings: "list[AreaLevel]", report: "LevelsReport", lang: Lang, numbers: bool
) -> dict[str, object]:
    """An area as it goes over the wire: its level under the first version, with conditions, and under the others."""
    first = readings[0]
    row: dict[str, object] = {
        "code": area.code,
        "name": area.name(lang),
        **_level(report.rules, first, lang),
        "met": [_finding(f, lang, numbers) for f in first.met],
        "not_met": [_finding(f, lang, numbers) for f in first.not_met],
        "undecided": [_finding(f, lang, numbers) for f in first.undecided],
        "unverified": list(first.unverified),
    }
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


def _finding(finding: "Finding", lang: Lang, numbers: bool) -> dict[str, object]:
    row: dict[str, object] = {"id": finding.id, "level": finding.level, "text": finding.say(lang)}
    if numbers:
        row["value"] = finding.say_value(lang)
    row["verified"] = finding.verified
    if finding.missing:
        row["missing"] = finding.say_missing(lang)
    return row
