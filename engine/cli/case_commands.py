"""Commands that list what there is: the F0s, the places that F0s shared."""

import typer

from engine.cli.questions import (
    DatabaseOption,
    DataOption,
    FromOption,
    LimitOption,
    PolicyOption,
    UntilOption,
    policy_of,
    time_of,
)
from engine.cli.session import Session, moment, open_engine
from engine.cli.tables import grid, plain, shortened, show
from engine.cli.usage import declare


def register(app: typer.Typer) -> None:
    """Declare the commands of this family."""
    declare(app, "cases", cases)
    declare(app, "clusters", clusters)


def cases(
    context: typer.Context,
    policy: PolicyOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """The F0s."""
    session: Session = context.obj
    asked = (policy_of(session, policy), time_of(session, until))
    found = open_engine(session, data, folder, database).cases(*asked)
    columns = ("person", "onset_at", "sampled_at", "confirmed_at", "isolated_at", "window", "f1", "sources")
    table = grid(session, columns, session.say("title.cases"))
    shown = found if limit == 0 else found[:limit]
    for c in shown:
        dates = (moment(t) for t in (c.onset_at, c.sampled_at, c.confirmed_at, c.isolated_at))
        window = f"{moment(c.window.start)} - {moment(c.window.end)}"
        declared = ", ".join(session.say(f"declared.{s}") for s in c.sources)
        table.add_row(plain(c.person), *dates, window, str(c.counts["F1"]), declared)
    show(session, table, len(shown), len(found), "note.no_cases")
    if found:
        session.out.print(session.say("note.times"), style="dim")


def clusters(
    context: typer.Context,
    policy: PolicyOption = None,
    until: UntilOption = None,
    limit: LimitOption = 25,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """Places that F0s shared."""
    from engine.params import PLACE_KINDS

    session: Session = context.obj
    chosen, end = policy_of(session, policy), time_of(session, until)
    found = open_engine(session, data, folder, database).clusters(end=end, policy=chosen)
    table = grid(session, ("place", "name", "kind", "from", "to", "cases", "hours"), session.say("title.clusters"))
    shown = found if limit == 0 else found[:limit]
    for c in shown:
        kind = PLACE_KINDS[c.kind].vi if session.lang == "vi" and c.kind in PLACE_KINDS else c.kind
        people = f"{len(c.cases)}: {shortened(c.cases, 4)}"
        table.add_row(
            plain(c.place),
            plain(c.name or "-"),
            kind or "-",
            moment(c.t_start),
            moment(c.t_end),
            people,
            f"{c.person_seconds / 3600:.1f}",
        )
    show(session, table, len(shown), len(found), "note.no_clusters")
    if found:
        session.out.print(session.say("note.times"), style="dim")
