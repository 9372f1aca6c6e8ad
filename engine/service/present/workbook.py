"""A trace as an Excel workbook for people: header in their language, real dates in the local zone, filters.

Text is written as text, so an id that begins with ``=`` stays an id.
"""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from engine.clock import in_viet_nam
from engine.service.present.csv_text import COLUMNS
from engine.service.present.rows import exposure_row, report_head
from engine.service.results import ExposureReport, ExposureRow
from engine.texts import Lang, say

ZONE = "UTC+07:00"
"""Excel's dates know no zone, so the header says it."""
MAX_CELL = 32_767
"""Most characters of a cell; the rest would be dropped by Excel without a word."""
FIRST_YEAR = 1900
"""Excel shows earlier dates as a row of #; they are written as text."""
_WIDTHS = {
    "person": 22,
    "via": 22,
    "places": 34,
    "channels": 22,
    "first_exposed_at": 30,
    "last_exposed_at": 30,
}


def exposures_xlsx(report: ExposureReport, rows: Sequence[ExposureRow], lang: Lang) -> bytes:
    """Sheet 1: one line for each row under a frozen header; sheet 2: what was asked. About 50 us a row."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        # The file's date is the data's: the same answer is the same file.
        book.set_properties({"created": in_viet_nam(report.until)})
        bold = book.add_format({"bold": True, "bottom": 1})
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(say(f"xlsx.{report.direction}", lang))
        for x, name in enumerate(COLUMNS):
            sheet.set_column(x, x, _WIDTHS.get(name, 12))
            sheet.write_string(0, x, _header(name, lang), bold)
        for y, row in enumerate(rows, start=1):
            shown = exposure_row(row)
            for x, name in enumerate(COLUMNS):
                if name.endswith("_at"):
                    moment = in_viet_nam(getattr(row, name))
                    if moment.year >= FIRST_YEAR:
                        sheet.write_datetime(y, x, moment, date)
                    else:
                        sheet.write_string(y, x, f"{moment}")
                else:
                    _put(sheet, y, x, shown[name], lang)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
        _about(book.add_worksheet(say("xlsx.about", lang)), report, bold, lang)
    return out.getvalue()


def _about(sheet: Any, report: ExposureReport, bold: Any, lang: Lang) -> None:
    head = report_head(report)
    names = ("infected_from", "infected_until") if report.direction == "backward" else ("start", "end")
    window = {names[0]: report.window.start, names[1]: report.window.end, "until": report.until}
    lines = {
        "case": head["case"],
        "policy": head["policy"],
        "depth": head["depth"],
        **{name: f"{in_viet_nam(t):%Y-%m-%d %H:%M:%S} ({ZONE})" for name, t in window.items()},
        "as_of": head["as_of"],
    }
    for y, (name, value) in enumerate(lines.items()):
        sheet.write_string(y, 0, say(f"xlsx.{name}", lang), bold)
        _put(sheet, y, 1, value, lang)
    sheet.write_string(len(lines) + 1, 0, say("note.times", lang))
    sheet.set_column(0, 1, 32)


def _header(name: str, lang: Lang) -> str:
    title = say(f"col.{name}", lang)
    return f"{title} ({ZONE})" if name.endswith("_at") else title


def _put(sheet: Any, y: int, x: int, value: object, lang: Lang) -> None:
    if isinstance(value, bool):
        sheet.write_string(y, x, say("word.yes" if value else "word.no", lang))
    elif isinstance(value, int | float):
        sheet.write_number(y, x, value)
    elif isinstance(value, list | tuple):
        sheet.write_string(y, x, _fit(", ".join(str(v) for v in value)))
    else:
        sheet.write_string(y, x, _fit(str(value)))


def _fit(text: str) -> str:
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
