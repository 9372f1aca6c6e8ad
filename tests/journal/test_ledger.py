"""The audit trail, the leases of jobs, and the list of exports."""

from collections.abc import Iterator

import pytest

from engine.journal.journal import Journal


@pytest.fixture
def two(database: str) -> Iterator[tuple[Journal, Journal]]:
    journals = Journal.open(None, database), Journal.open(None, database)
    yield journals
    for journal in journals:
        journal.close()


def test_the_audit_trail_is_in_order(two: tuple[Journal, Journal]) -> None:
    for i, journal in enumerate([*two, *two]):
        journal.audit("officer", "look", f"case {i}", "", 100 - i)
    assert [(row.subject, row.at) for row in two[0].audit_rows(limit=2)] == [("case 0", 100), ("case 1", 99)]
    assert [row.subject for row in two[1].audit_rows(after_id=2)] == ["case 2", "case 3"]


def test_one_process_has_a_job(two: tuple[Journal, Journal]) -> None:
    one, other = two
    assert one.tasks.last("purge") is None
    assert one.tasks.claim("purge", 100, 60)
    assert not other.tasks.claim("purge", 159, 60)
    assert one.tasks.claim("purge", 150, 60)
    assert other.tasks.claim("export", 150, 60)
    one.tasks.done("purge", 170, "3 rows")
    last = other.tasks.last("purge")
    assert last is not None
    assert (last.started_at, last.finished_at, last.report) == (150, 170, "3 rows")
    assert other.tasks.claim("purge", 171, 60)


def test_a_process_that_died_loses_its_job(two: tuple[Journal, Journal]) -> None:
    one, other = two
    assert one.tasks.claim("purge", 100, 60)
    assert other.tasks.claim("purge", 160, 60)
    one.tasks.done("purge", 165, "late")
    last = one.tasks.last("purge")
    assert last is not None
    assert (last.lease_until, last.finished_at) == (220, None)


def test_exports_are_listed_once(two: tuple[Journal, Journal]) -> None:
    one, other = two
    one.exports.add("b", 1, 10)
    one.exports.add("a", 2, 11)
    other.exports.add("b", 3, 12)
    assert [(e.path, e.as_of, e.at) for e in one.exports.list()] == [("a", 2, 11), ("b", 3, 12)]
    one.exports.remove("a")
    one.exports.remove("a")
    assert [e.path for e in other.exports.list()] == ["b"]
