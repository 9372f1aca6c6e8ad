"""What the command-line library says, in the reader's language: help pages and mistakes in options."""

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from engine.cli.help import help_of
from engine.texts import Lang, say

_OWN = {"help": "help", "install_completion": "completion.install", "show_completion": "completion.show"}
"""Options the library declares by itself, and our words for them."""


def _translated(params: list[Any]) -> list[Any]:
    for param in params:
        if param.name in _OWN:
            param.help = help_of(_OWN[param.name])
    return params


class Command(TyperCommand):
    """A command whose ``--help`` option speaks the reader's language."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Every parameter, the library's own with our words."""
        return _translated(super().get_params(ctx))


class Group(TyperGroup):
    """The root of the commands, as :class:`Command`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Every parameter, the library's own with our words."""
        return _translated(super().get_params(ctx))


def declare(app: typer.Typer, name: str, function: Callable[..., None], key: str | None = None) -> None:
    """Make ``function`` the command ``name``, explained by the help table under ``key`` (default: its name)."""
    app.command(name, help=help_of(key or name), cls=Command)(function)


def speak(lang: Lang) -> None:
    """Set the titles of the library's help pages. English is there already."""
    if lang == "en":
        return
    from typer import rich_utils

    rich_utils.OPTIONS_PANEL_TITLE = say("usage.options", lang)
    rich_utils.ARGUMENTS_PANEL_TITLE = say("usage.arguments", lang)
    rich_utils.COMMANDS_PANEL_TITLE = say("usage.commands", lang)
    rich_utils.DEFAULT_STRING = say("usage.default", lang)
    rich_utils.REQUIRED_LONG_STRING = say("usage.required", lang)


def lang_first(arguments: list[str]) -> list[str]:
    """``--lang`` moved to the front, so that it may stand anywhere before ``--``."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for i, word in enumerate(arguments[:end]):
        if word.startswith("--lang="):
            return [word, *arguments[:i], *arguments[i + 1 :]]
        if word == "--lang" and i + 1 < end:
            return [*arguments[i : i + 2], *arguments[:i], *arguments[i + 2 :]]
    return arguments


_RANGE = re.compile(r"(less|greater) than or equal to ([\d.]+)")
"""How the library tells the bound that a number is beyond."""


def is_usage_error(error: BaseException) -> bool:
    """Whether the library refused the command line (it is named in its public class ``BadParameter``)."""
    return isinstance(error, typer.BadParameter.__mro__[1])


def mistake(error: Any, lang: Lang) -> str:
    """What is wrong with the command line, and where to look.

    ``error`` is a usage error of the library; which one is told by what it carries, for its classes are private.
    """
    command = error.ctx.command_path if error.ctx is not None else "truyvet"
    return f"{_wrong(error, lang)} {say('usage.see', lang, command=command)}"


def _wrong(error: Any, lang: Lang) -> str:
    if hasattr(error, "possibilities"):
        near = f" {say('error.near', lang, names=', '.join(error.possibilities))}" if error.possibilities else ""
        return say("usage.no_option", lang, name=error.option_name) + near
    words = str(error.format_message())
    param = getattr(error, "param", None)
    if param is None:
        known = error.ctx is not None and error.ctx.parent is None and "'" in words
        key = "usage.no_command" if known else "usage.wrong"
        return say(key, lang, name=words.split("'")[1] if known else words)
    option = param.param_type_name == "option"
    name = param.opts[0] if option else str(param.metavar or param.name).strip("[]").upper()
    key = "usage.missing" if hasattr(error, "param_type") else "usage.bad_value"
    found = _RANGE.search(words)
    bounds = "" if found is None else f" ({'≤' if found[1] == 'less' else '≥'} {found[2]})"
    return f"{say(key, lang, name=name)} {getattr(param, 'help', None) or words}{bounds}"
