"""The pages of the command line name every command and every exit status."""

from pathlib import Path

import pytest

from engine.cli import data_commands, main

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = [command.name for command in main.app.registered_commands]
STATUSES = [0, main.CANNOT, main.WRONG_USAGE, data_commands.NOTHING_ACCEPTED, main.INTERRUPTED]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_place(command):
    assert f"\n## {command}\n" in (DOCS / "cli.md").read_text("utf-8")
    assert f"\n| `{command}` | " in (DOCS / "cli.vi.md").read_text("utf-8")


@pytest.mark.parametrize("page", ["cli.md", "cli.vi.md"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_exit_status_is_explained(page, status):
    assert f"\n| {status} | " in (DOCS / page).read_text("utf-8")
