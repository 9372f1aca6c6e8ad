"""What became of event files, as tables: how many rows of each, and why rows were refused."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.session import Session
from engine.cli.tables import count, grid, plain
from engine.events.manifest import PART

if TYPE_CHECKING:
    from engine.service.results import FileReport

SHOWN_ROWS = 5
"""Row numbers listed for each reason."""


def report_of(session: Session, reports: "list[FileReport]") -> None:
    """What became of each file, and why rows were refused."""
    columns = ("file", "kind", "accepted", "duplicates", "rejected", "seconds")
    table = grid(session, columns, session.say("title.ingest"))
    for r in reports:
        counts = (count(n) for n in (r.accepted, r.duplicates, r.rejected_total))
        style = "yellow" if r.rejected_total else ""
        table.add_row(plain(name_of(r)), session.say(f"kind.{r.kind}"), *counts, f"{r.seconds:.1f}", style=style)
    session.out.print(table)
    refused = [r for r in reports if r.rejected_total]
    for r in refused:
        refused_rows(session, r)
    if refused:
        session.out.print(session.say("note.row_numbers"), style="dim")
    session.out.print(
        session.say(
            "note.totals",
            accepted=count(sum(r.accepted for r in reports)),
            duplicates=count(sum(r.duplicates for r in reports)),
            rejected=count(sum(r.rejected_total for r in reports)),
        )
    )


def name_of(report: "FileReport") -> str:
    """A file's name; files of an export all have the same, so theirs goes with the folders they are in."""
    path = report.path
    if path.name != PART:
        return path.name
    return str(Path(*path.parts[-3:] if "=" in path.parent.name else path.parts[-2:]))


def refused_rows(session: Session, report: "FileReport") -> None:
    """Refused rows of a file by reason, with the first row numbers and an example."""
    rows: dict[str, list[int]] = defaultdict(list)
    example: dict[str, str] = {}
    for r in report.rejected:
        rows[r.code].append(r.row)
        example.setdefault(r.code, r.detail)
    title = session.say("title.rejected", file=plain(name_of(report)))
    table = grid(session, ("code", "count", "first_rows", "reason", "example"), title)
    for code, n in Counter(r.code for r in report.rejected).most_common():
        first = ", ".join(str(row) for row in rows[code][:SHOWN_ROWS]) + (" ..." if n > SHOWN_ROWS else "")
        table.add_row(code, count(n), first, session.say(f"reject.{code}"), plain(example[code]))
    session.out.print(table)
    if report.rejected_total > len(report.rejected):
        shown, total = count(len(report.rejected)), count(report.rejected_total)
        session.out.print(session.say("note.rejected_shown", shown=shown, total=total), style="dim")
