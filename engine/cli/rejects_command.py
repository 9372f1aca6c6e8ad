"""``truyvet rejects``: rows that were refused, to be listed, looked at, corrected and sent again."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of, startup_lang
from engine.cli.questions import DatabaseOption, DataOption, LimitOption, time_of
from engine.cli.session import Session, moment, must_exist, open_engine, stored_at, write_out
from engine.cli.tables import count, grid, plain, show
from engine.cli.usage import Group, declare
from engine.errors import BadInputError, BadParameterError
from engine.texts import TEXTS, say

if TYPE_CHECKING:
    from engine.cli.rejects_command_sending import Correction
    from engine.journal.entries import Reject
    from engine.journal.journal import Journal

FORMATS = ("table", "json", "csv")
ANY = "any"
PAGE = 1_000

KindOption = Annotated[str | None, typer.Option("--kind", help=help_of("rejects.kind"), show_default=False)]
CodeOption = Annotated[str | None, typer.Option("--code", help=help_of("rejects.code"), show_default=False)]
SinceOption = Annotated[str | None, typer.Option("--since", help=help_of("rejects.since"), show_default=False)]
StateOption = Annotated[str, typer.Option("--state", help=help_of("rejects.state"))]
OutOption = Annotated[Path | None, typer.Option("--out", help=help_of("rejects.out"), show_default=False)]
IdArgument = Annotated[int, typer.Argument(metavar="ID", help=help_of("rejects.id"), show_default=False)]


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    group = typer.Typer(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
    commands: dict[str, Callable[..., None]] = {
        "list": list_,
        "show": show_,
        "export": export,
        "resend": resend,
        "fix": fix,
        "drop": drop,
    }
    for name, function in commands.items():
        declare(group, name, function, f"rejects.{name}")
    app.add_typer(group, name="rejects", help=help_of("rejects"))


def list_(
    context: typer.Context,
    kind: KindOption = None,
    code: CodeOption = None,
    since: SinceOption = None,
    state: StateOption = "open",
    form: Annotated[str, typer.Option("--format", help=help_of("rejects.format"))] = "table",
    out: OutOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Refused rows."""
    session: Session = context.obj
    if form not in FORMATS:
        raise BadParameterError(session.say("error.bad_format", format=form, names=", ".join(FORMATS)))
    found = chosen(session, data, database, kind, code, since, state)
    if form == "table" and out is None:
        table_of(session, found, limit)
        return
    from engine.cli.rejects_command_forms import csv_of, line_of

    body = csv_of(found) if form == "csv" else b"".join(line_of(r) for r in found)
    if out is None:
        session.write(body)
    else:
        write_out(session, out, body)


def show_(context: typer.Context, ident: IdArgument, data: DataOption = None, database: DatabaseOption = None) -> None:
    """One refused row, whole."""
    session: Session = context.obj
    journal = opened(session, data, database)
    r = journal.rejects.get(ident)
    facts = (
        ("id", str(r.id)),
        ("kind", kind_name(session, r.kind)),
        ("state", session.say(f"reject_state.{r.state}")),
        ("received_at", moment(r.received_at)),
        ("source", plain(r.source)),
        ("row", str(r.row)),
        ("reason", f"{r.code}: {reason(session, r.code)}"),
        ("detail", plain(r.detail)),
    )
    for name, text in facts:
        session.out.print(f"{session.say(f'col.{name}')}: {text}", soft_wrap=True)
    try:
        text = json.dumps(json.loads(r.event), ensure_ascii=False, indent=2)
    except ValueError:
        text = r.event
    session.out.print(text if text.isascii() else "\n".join(plain(line) for line in text.splitlines()), soft_wrap=True)


def export(
    context: typer.Context,
    kind: KindOption = None,
    code: CodeOption = None,
    since: SinceOption = None,
    out: OutOption = None,
    force: Annotated[bool, typer.Option("--force", help=say("rejects.force", startup_lang()))] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Open refused rows as NDJSON, to be corrected in an editor."""
    session: Session = context.obj
    if out is not None and out.exists() and not force:
        # It may hold somebody's corrections.
        raise BadInputError(session.say("error.file_there", path=out))
    from engine.cli.rejects_command_forms import correctable

    body = b"".join(correctable(r) for r in chosen(session, data, database, kind, code, since, "open"))
    if out is None:
        session.write(body)
    else:
        write_out(session, out, body)
    if not body:
        session.note("note.rejects_none_open")
    elif out is not None:
        session.note("note.rejects_correct", path=out)


def resend(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=help_of("rejects.file"), show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Send corrected rows again."""
    from engine.cli.rejects_command_sending import corrections_of

    session: Session = context.obj
    must_exist(session, file)
    _sent(session, data, database, corrections_of(session, file))


def fix(
    context: typer.Context,
    ident: IdArgument,
    fields: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help=help_of("rejects.fields"), show_default=False)
    ],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Correct one refused row and send it again."""
    from engine.cli.rejects_command_sending import corrected

    session: Session = context.obj
    journal = opened(session, data, database)
    one = corrected(session, journal.rejects.get(ident), fields)
    journal.close()
    _sent(session, data, database, [one])


def drop(
    context: typer.Context,
    idents: Annotated[list[int], typer.Argument(metavar="ID...", help=help_of("rejects.ids"), show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Refused rows that nobody will send again; those sent or dropped before stay as they are."""
    session: Session = context.obj
    journal = opened(session, data, database)
    different = list(dict.fromkeys(idents))
    left = [ident for ident in different if journal.rejects.get(ident).state == "open"]
    journal.rejects.mark(left, "dropped")
    journal.close()
    skipped = count(len(different) - len(left))
    session.out.print(session.say("note.rejects_dropped", count=count(len(left)), skipped=skipped))


# -- what the commands share ---------------------------------------------------------------------------------


def opened(session: Session, data: Path | None, database: str | None) -> "Journal":
    """The journal alone: nothing is replayed for looking at refused rows.

    Raises:
        BadInputError: there is none.
    """
    from engine.journal.journal import Journal

    return Journal.open(*stored_at(session, data, database))


def chosen(
    session: Session,
    data: Path | None,
    database: str | None,
    kind: str | None,
    code: str | None,
    since: str | None,
    state: str,
) -> "list[Reject]":
    """The refused rows asked for, oldest first.

    Raises:
        BadParameterError: there is no such state; or no such kind or code, and no row has it either.
    """
    from engine.events.codes import CODES
    from engine.events.schemas import KINDS
    from engine.journal.entries import REJECT_STATES
    from engine.sources.nats import NOT_EVENTS

    start = time_of(session, since, "--since")
    _one_of(session, "--state", state, (*REJECT_STATES, ANY))
    journal = opened(session, data, database)
    # What came over NATS may be of any kind: what rows have may be asked for.
    if kind is not None and not journal.rejects.list(kind=kind, limit=1, state=None):
        _one_of(session, "--kind", kind, KINDS)
    if code is not None and not journal.rejects.list(code=code, limit=1, state=None):
        _one_of(session, "--code", code, (*CODES, NOT_EVENTS))
    found: list[Reject] = []
    last = 0
    while page := journal.rejects.list(kind, code, last, PAGE, None if state == ANY else state):
        found += [r for r in page if start is None or r.received_at >= start]
        last = page[-1].id
    journal.close()
    return found


def _one_of(session: Session, option: str, text: str, names: Collection[str]) -> None:
    if text not in names:
        raise BadParameterError(session.say("error.bad_option", option=option, text=text, names=", ".join(names)))


def table_of(session: Session, found: "list[Reject]", limit: int) -> None:
    """Refused rows as a table, and how many there are by reason."""
    columns = ("id", "kind", "code", "received_at", "source", "row", "detail")
    table = grid(session, columns, session.say("title.rejects"), whole=("id", "code"))
    shown = found if limit == 0 else found[:limit]
    for r in shown:
        kind, source = kind_name(session, r.kind), plain(r.source)
        table.add_row(str(r.id), kind, r.code, moment(r.received_at), source, str(r.row), plain(r.detail))
    show(session, table, len(shown), len(found), "note.no_rejects")


def kind_name(session: Session, kind: str) -> str:
    """A kind as people call it; what is none, as it was sent."""
    key = f"kind.{kind}"
    return session.say(key) if key in TEXTS else plain(kind)


def reason(session: Session, code: str) -> str:
    """What a code means."""
    key = f"reject.{code}"
    return session.say(key) if key in TEXTS else code


def _sent(session: Session, data: Path | None, database: str | None, corrections: "list[Correction]") -> None:
    from engine.cli.rejects_command_sending import send

    engine = open_engine(session, data, None, database)
    outcome = send(session, engine, corrections)
    engine.close()
    if outcome.refused:
        table = grid(session, ("id", "code", "detail"), session.say("title.rejects_again"), whole=("id", "code"))
        for ident, code, detail in outcome.refused:
            table.add_row(str(ident), code, plain(detail))
        session.out.print(table)
    counts = (outcome.sent, len(outcome.refused), outcome.skipped)
    sent, refused, skipped = (count(n) for n in counts)
    session.out.print(session.say("note.rejects_sent", sent=sent, refused=refused, skipped=skipped))
