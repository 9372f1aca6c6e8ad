"""Tables as people read them: one way to lay them out, one way to write numbers and names."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table

from engine.cli.session import Session

NARROW = 110
"""A terminal with fewer columns gets tables without padding."""
_RIGHT = frozenset(
    [
        "accepted",
        "auc",
        "cells",
        "count",
        "duplicates",
        "f1",
        "f1_per_case",
        "found",
        "hours",
        "infected_rows",
        "infectious_h",
        "km2",
        "interval",
        "interval95",
        "minutes",
        "n",
        "pairs",
        "polygons",
        "population",
        "populations",
        "predicted",
        "probability",
        "realised",
        "recall",
        "rejected",
        "score",
        "seconds",
        "share",
        "units",
        "value",
    ]
)
_WHOLE = frozenset(
    ["level", "minutes", "probability", "score", "band", "accepted", "duplicates", "rejected", "seconds", "count"]
)
"""Columns that are never broken into lines."""
_DATES = 10
"""Width of a date: a moment breaks between date and time, not within."""


def grid(session: Session, columns: Sequence[str], title: str | None = None, whole: Sequence[str] = ()) -> Table:
    """An empty table with the headings ``col.*`` of ``columns`` in the reader's language.

    Columns of ``whole`` are never broken into lines.
    """
    width = cell_len(title) + 2 if title else 0
    table = Table(title=title, min_width=min(width, session.out.width) or None)
    if session.out.width < NARROW:
        table.padding, table.pad_edge = (0, 0), False
    for name in columns:
        table.add_column(
            session.say(f"col.{name}"),
            justify="right" if name in _RIGHT else "left",
            overflow="fold",
            no_wrap=name in _WHOLE or name in whole,
            min_width=_DATES if name.endswith("_at") or name in ("from", "to", "window") else None,
        )
    return table


def plain(text: str) -> str:
    """``text`` without characters that would steer a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def count(n: int) -> str:
    """A count, thousands apart by a space: a comma or a point would mean another thing in one of the languages."""
    return f"{n:,}".replace(",", "\N{NO-BREAK SPACE}")


def shortened(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more."""
    more = len(names) - most
    return ", ".join(plain(n) for n in names[:most]) + (f" +{more}" if more > 0 else "")


def show(session: Session, table: Table, shown: int, total: int, none: str) -> None:
    """The table, or the text ``none`` when there is nothing in it; and how much was left out."""
    session.out.print(table if total else session.say(none))
    if shown < total:
        session.out.print(session.say("note.shown", shown=count(shown), total=count(total)), style="dim")
