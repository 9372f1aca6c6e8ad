"""Refused rows are kept with their reasons until somebody deals with them or their time is over."""

from collections.abc import Iterator

import numpy as np
import pytest

from engine.errors import BadInputError, NotFoundError
from engine.journal.journal import Journal
from tests.journal.batches import entry, reject


@pytest.fixture
def journal(database: str) -> Iterator[Journal]:
    journal = Journal.open(None, database)
    journal.append([entry("a", at=10, rejects=(reject(0, '{"a":1}'), reject(1, code="missing")))])
    journal.append([entry(at=20, rejects=(reject(2, kind="place"), reject(3, "ờ" * 5_000)))])
    yield journal
    journal.close()


def test_listing(journal: Journal) -> None:
    assert [r.id for r in journal.rejects.list()] == [1, 2, 3, 4]
    assert [r.id for r in journal.rejects.list(kind="place")] == [3]
    assert [r.id for r in journal.rejects.list(code="missing")] == [2]
    assert [r.id for r in journal.rejects.list(after_id=1, limit=2)] == [2, 3]
    assert journal.rejects.count() == 4


def test_one_row(journal: Journal) -> None:
    first = journal.rejects.get(1)
    assert (first.event, first.source, first.received_at, first.state) == ('{"a":1}', "http", 10, "open")
    for none in (99, 0, -1, 2**63 - 1, 2**63, 10**30, -(10**30)):
        with pytest.raises(NotFoundError):
            journal.rejects.get(none)


def test_long_rows_are_cut(journal: Journal) -> None:
    assert journal.rejects.get(4).event == "ờ" * 4_000


def test_a_row_of_any_characters_is_kept(journal: Journal) -> None:
    odd = reject(np.int64(7), '{"person": "a\0b\ud800c"}')
    assert journal.append([entry("b", rejects=(odd,))]) == [2]
    kept = journal.rejects.get(5)
    assert kept.row == 7
    assert kept.event == '{"person": "a\ufffdb?c"}'
    journal.audit("officer", "look", "a\0", "", 1)
    assert journal.audit_rows()[0].subject == "a\ufffd"


def test_dealt_with(journal: Journal) -> None:
    assert journal.rejects.mark([1, 3, 77], "sent") == 2
    assert journal.rejects.mark([], "sent") == 0
    assert journal.rejects.mark(range(10, 2_000), "dropped") == 0
    assert [r.id for r in journal.rejects.list()] == [2, 4]
    assert [r.id for r in journal.rejects.list(state="sent")] == [1, 3]
    assert len(journal.rejects.list(state=None)) == journal.rejects.count(None) == 4
    for wrong in (lambda: journal.rejects.mark([1], "lost"), lambda: journal.rejects.list(state="lost")):
        with pytest.raises(BadInputError, match="open, sent, dropped"):
            wrong()


def purged(journal: Journal, before: int) -> int:
    return journal.purge(before, lambda _, table: np.ones(table.num_rows, np.bool_)).rejects


def test_their_time_is_over(journal: Journal) -> None:
    assert purged(journal, 20) == 2
    assert [r.id for r in journal.rejects.list()] == [3, 4]
    assert purged(journal, 2**40) == 2
    journal.append([entry("b", rejects=(reject(),))])
    assert [r.id for r in journal.rejects.list()] == [5]  # numbers that people wrote down are not used again
