"""The options that questions share, read and checked before the engine is asked."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.help import help_of
from engine.cli.session import Session
from engine.clock import from_rfc3339
from engine.errors import BadParameterError, UnknownCaseError, UnknownPersonError, UnknownPolicyError

if TYPE_CHECKING:
    from engine.service.engine import Engine

PICTURES = (".png", ".svg")
SEARCHED = 20_000
"""Most ids compared with a mistyped one; beyond, only another case of letters is found."""

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help=help_of("case.id"), show_default=False)]
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help=help_of("person.id"), show_default=False)]
DataOption = Annotated[Path | None, typer.Option("--data", help=help_of("data"), show_default=False)]
DatabaseOption = Annotated[str | None, typer.Option("--database", help=help_of("database"), show_default=False)]
FromOption = Annotated[Path | None, typer.Option("--from", help=help_of("from"), show_default=False)]
PolicyOption = Annotated[str | None, typer.Option("--policy", help=help_of("policy"), show_default="vn-2021-07")]
UntilOption = Annotated[str | None, typer.Option("--until", help=help_of("until"), show_default=False)]
LimitOption = Annotated[int, typer.Option("--limit", help=help_of("limit"), min=0)]
DepthOption = Annotated[int, typer.Option("--depth", help=help_of("depth"), min=1, max=6)]
ChanceOption = Annotated[float, typer.Option("--min-probability", help=help_of("min_probability"), min=0, max=1)]
ChannelsOption = Annotated[str | None, typer.Option("--channels", help=help_of("channels"), show_default=False)]
PngOption = Annotated[Path | None, typer.Option("--png", help=help_of("png"), show_default=False)]
SvgOption = Annotated[Path | None, typer.Option("--svg", help=help_of("svg"), show_default=False)]


def time_of(session: Session, text: str | None, option: str = "--until") -> int | None:
    """A moment given on the command line.

    Raises:
        BadParameterError: not a moment, or without time zone.
    """
    if text is None:
        return None
    try:
        return from_rfc3339(text)
    except BadParameterError:
        raise BadParameterError(session.say("error.bad_moment", option=option, text=text)) from None


def policy_of(session: Session, name: str | None) -> str | None:
    """The name of a policy there is.

    Raises:
        UnknownPolicyError: there is no such policy.
    """
    from engine.exposure.policies import PRESETS

    if name is not None and name not in PRESETS:
        raise UnknownPolicyError(session.say("error.no_policy", policy=name, names=", ".join(PRESETS)))
    return name


def channels_of(session: Session, text: str | None) -> frozenset[str] | None:
    """``bluetooth,check_in`` as a set; None for all.

    Raises:
        BadParameterError: no channel, or one there is not.
    """
    from engine.graph.eligibility import CHANNEL_NAMES

    if text is None:
        return None
    asked = frozenset(word.strip() for word in text.split(",") if word.strip())
    if not asked or not asked <= set(CHANNEL_NAMES):
        raise BadParameterError(session.say("error.bad_channels", text=text, names=", ".join(CHANNEL_NAMES)))
    return asked


def pictures_of(session: Session, *paths: Path | None) -> list[Path]:
    """The pictures asked for.

    Raises:
        BadParameterError: a name that ends neither in .png nor in .svg.
    """
    given = [path for path in paths if path is not None]
    for path in given:
        if path.suffix.lower() not in PICTURES:
            raise BadParameterError(session.say("error.bad_picture", path=path))
    return given


def check_case(session: Session, engine: "Engine", case: str) -> None:
    """Refuse an id that is no F0, with ids that look like it.

    Raises:
        UnknownCaseError: nobody has this id, or a person who is no F0.
    """
    known = [row.person for row in engine.cases()]
    if case in known:
        return
    try:
        engine.snapshot().person(case)
    except UnknownPersonError:
        words = [session.say("error.no_case", case=case), *_hint(session, case, known), session.say("error.list_cases")]
    else:
        words = [session.say("error.not_f0", person=case), session.say("error.list_cases")]
    raise UnknownCaseError(" ".join(words))


def check_person(session: Session, engine: "Engine", person: str) -> None:
    """Refuse an id that no event names, with ids that look like it.

    Raises:
        UnknownPersonError: no accepted event names this person.
    """
    state = engine.snapshot()
    try:
        state.person(person)
    except UnknownPersonError:
        keys = state.person_keys
        words = [session.say("error.no_person", person=person), *_hint(session, person, keys.keys(range(len(keys))))]
        raise UnknownPersonError(" ".join(words)) from None


def _hint(session: Session, name: str, known: Iterable[str]) -> list[str]:
    names = near(name, known)
    return [session.say("error.near", names=", ".join(names))] if names else []


def near(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Ids that look like ``name``, nearest first; capitals and spaces around do not count."""
    folded: dict[str, str] = {}
    for key in known:
        folded.setdefault(key.casefold(), key)
    wanted = name.strip().casefold()
    if wanted in folded:
        return [folded[wanted]]
    if len(folded) > SEARCHED:
        return []
    return [folded[key] for key in difflib.get_close_matches(wanted, folded, n=most, cutoff=0.6)]
