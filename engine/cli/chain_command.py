"""Command of the witness: why is this person an F1, F2, ...?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text
from rich.tree import Tree

from engine.cli.help import help_of
from engine.cli.questions import (
    DatabaseOption,
    DataOption,
    DepthOption,
    FromOption,
    LimitOption,
    PersonArgument,
    PngOption,
    PolicyOption,
    SvgOption,
    UntilOption,
    check_case,
    check_person,
    pictures_of,
    policy_of,
    time_of,
)
from engine.cli.session import Session, moment, open_engine, percent, writing
from engine.cli.tables import plain
from engine.cli.trace_commands import LEVEL_STYLES
from engine.cli.usage import declare

if TYPE_CHECKING:
    from engine.service.results import Chain, ContactRow

SHOWN_CONTACTS = 4
"""Contacts listed under each step; the rest is counted."""


def register(app: typer.Typer) -> None:
    """Declare the command."""
    declare(app, "chain", chain)


def chain(
    context: typer.Context,
    person: PersonArgument,
    case: Annotated[str | None, typer.Option("--case", help=help_of("case"), show_default=False)] = None,
    depth: DepthOption = 3,
    policy: PolicyOption = None,
    until: UntilOption = None,
    limit: LimitOption = 5,
    png: PngOption = None,
    svg: SvgOption = None,
    data: DataOption = None,
    folder: FromOption = None,
    database: DatabaseOption = None,
) -> None:
    """Witness chains of a person."""
    session: Session = context.obj
    pictures = pictures_of(session, png, svg)
    asked = (policy_of(session, policy), time_of(session, until))
    engine = open_engine(session, data, folder, database)
    if case is not None:
        check_case(session, engine, case)
    check_person(session, engine, person)
    found = engine.chains(person, case, *asked, depth)
    if not found:
        key = "note.no_chain" if case is None else "note.no_chain_from"
        session.out.print(session.say(key, person=plain(person), depth=depth, case=plain(case or "")))
        return
    shown = found if limit == 0 else found[:limit]
    # Files first: a reader of the table who leaves early (`| head`) must not cost a file that was asked for.
    for path in pictures:
        draw(session, shown, person, path)
    for one in shown:
        session.out.print(tree_of(session, one))
    if len(shown) < len(found):
        session.out.print(session.say("note.shown_chains", shown=len(shown), total=len(found)), style="dim")
    session.out.print(session.say("note.chain"), style="dim")


def tree_of(session: Session, one: "Chain") -> Tree:
    """A chain as a tree of people, each with the contacts behind the step."""
    title = session.say("title.chain", case=plain(one.case), person=plain(one.person))
    whole = session.say("word.whole_chain", p=percent(one.probability))
    tree = Tree(Text.assemble((f"F0 {plain(one.case)}", LEVEL_STYLES[0]), f"  {title} · {whole}"))
    branch = tree
    for link in one.links:
        facts = (
            moment(link.first_exposed_at),
            session.say("word.minutes", n=f"{link.minutes:.0f}"),
            percent(link.probability),
        )
        who = (f"F{link.level} {plain(link.person)}", LEVEL_STYLES[link.level])
        branch = branch.add(Text.assemble(who, f"  {' · '.join(facts)}"))
        for contact in link.contacts[:SHOWN_CONTACTS]:
            branch.add(Text(_contact(session, contact), style="dim"))
        more = len(link.contacts) - SHOWN_CONTACTS
        if more > 0:
            branch.add(Text(session.say("word.more_contacts", n=more), style="dim"))
    return tree


def _contact(session: Session, contact: "ContactRow") -> str:
    start, end = moment(contact.t_start), moment(contact.t_end)
    same_day = start[:10] == end[:10]
    words = [
        f"{session.say(f'channel.{contact.channel}')} {start} - {end[11:] if same_day else end}",
        session.say("word.minutes", n=f"{contact.seconds / 60:.0f}"),
    ]
    if contact.channel == "bluetooth" and contact.attenuation_db is not None:
        words.append(f"{contact.attenuation_db:.0f} dB")
    if contact.channel == "location" and contact.distance_m is not None:
        words.append(f"{contact.distance_m:.0f} m")
    if contact.place or contact.cell:
        words.append(plain(contact.place or contact.cell or ""))
    words.append(session.say("word.events", n=len(contact.evidence)))
    return " · ".join(words)


def draw(session: Session, found: "list[Chain]", person: str, path: Path) -> None:
    """The chains as a picture."""
    from engine.exposure.draw import Step, draw_chains

    steps = [
        [Step(k.source, k.person, k.level, k.first_exposed_at, k.minutes, k.probability) for k in one.links]
        for one in found
    ]
    with writing(session, path):
        draw_chains(steps, path, session.lang, session.say("title.chains", person=plain(person)))
