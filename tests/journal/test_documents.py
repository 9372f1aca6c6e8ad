"""Documents come back as they were kept, in both databases; a damaged one is not handed out."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from engine.errors import JournalError, NotFoundError
from engine.journal.database import Database
from engine.journal.journal import Journal


@pytest.fixture
def journal(database: str) -> Iterator[Journal]:
    opened = Journal.open(None, database)
    yield opened
    opened.close()


def test_it_comes_back_as_it_was(journal: Journal) -> None:
    ident = journal.documents.add("release", "08:00", 100, b"\x00map")
    found = journal.documents.read(ident)
    assert (found.kind, found.name, found.at, found.payload) == ("release", "08:00", 100, b"\x00map")


def test_the_newest_is_by_moment_and_not_by_order(journal: Journal) -> None:
    for at in (300, 100, 200):
        journal.documents.add("release", f"r{at}", at, b"")
    journal.documents.add("areas", "other", 900, b"")
    newest, earlier = journal.documents.newest("release"), journal.documents.newest("release", upto=250)
    assert newest is not None
    assert newest.name == "r300"
    assert earlier is not None
    assert earlier.name == "r200"
    assert journal.documents.newest("release", upto=99) is None
    assert [d.name for d in journal.documents.all("release")] == ["r100", "r200", "r300"]


def test_an_id_is_never_used_again(journal: Journal) -> None:
    first = journal.documents.add("areas", "a", 1, b"")
    journal.documents.remove([first, 12_345])
    assert journal.documents.add("areas", "b", 1, b"") > first
    with pytest.raises(NotFoundError, match=str(first)):
        journal.documents.read(first)


def test_a_damaged_one_is_named(journal: Journal, database: str) -> None:
    ident = journal.documents.add("areas", "a", 1, b"good")
    beside = Database.open(None, database)
    with beside.write() as connection:
        connection.execute(text("UPDATE documents SET payload = :p"), {"p": b"bad!"})
    beside.close()
    with pytest.raises(JournalError, match=f"document {ident} .*damaged"):
        journal.documents.read(ident)
