"""The journal: what was accepted comes back, in order, in both databases."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from engine.errors import BadInputError, JournalError
from engine.journal.blobs import decode, encode
from engine.journal.journal import Journal
from tests.journal.batches import DAY_0, T0, cases, entry, fixes, people, reject, rows


@pytest.fixture
def journal(database: str) -> Iterator[Journal]:
    journal = Journal.open(None, database)
    yield journal
    journal.close()


def test_batches_come_back_in_order(journal: Journal) -> None:
    assert journal.append([entry("a"), entry("b", "c")]) == [1, 2]
    assert journal.append([entry("d")]) == [3]
    assert people(journal) == [(1, ["a"]), (2, ["b", "c"]), (3, ["d"])]
    first = next(journal.replay())
    assert first.table.equals(cases("a"))
    assert (first.kind, first.received_at) == ("case", 100)


def test_a_restart_goes_on(database: str) -> None:
    first = Journal.open(None, database)
    first.append([entry("a")])
    first.close()
    again = Journal.open(None, database)
    assert (again.seq, again.ident) == (1, first.ident)
    assert again.append([entry("b")]) == [2]
    again.close()


def test_an_entry_without_rows_keeps_its_rejects_alone(journal: Journal) -> None:
    empty = encode("case", cases(), 7, [reject(3)])
    assert journal.append([entry("a"), empty, entry("b")]) == [1, None, 2]
    assert journal.append([empty]) == [None]
    assert [(r.row, r.received_at) for r in journal.rejects.list()] == [(3, 7), (3, 7)]
    assert journal.seq == 2


def test_replay_of_a_part(journal: Journal) -> None:
    journal.append([entry(f"p{i}") for i in range(600)])
    assert [s.seq for s in journal.replay(after=590)] == list(range(591, 601))
    assert [s.seq for s in journal.replay(after=10, upto=12)] == [11, 12]
    assert [s.seq for s in journal.replay()] == list(range(1, 601))
    assert [s.seq for s in journal.replay(upto=9_999, after=598)] == [599, 600]
    assert list(journal.replay(after=600)) == []
    assert journal.rows_after(590) == 10


def test_a_replay_that_is_left_ends_its_thread(journal: Journal) -> None:
    journal.append([entry(f"p{i}") for i in range(50)])
    replay = journal.replay(prefetch=2)
    next(replay)
    replay.close()
    assert not [t for t in threading.enumerate() if t.name == "journal-replay"]


def test_moments(journal: Journal) -> None:
    journal.append([entry("a", at=100), entry("b", at=200), entry("c", at=150)])
    assert [journal.seq_at(t) for t in (99, 100, 150, 199, 200)] == [0, 1, 3, 3, 3]
    assert (journal.received(2), journal.received(4)) == (200, None)


def test_one_writer_sees_what_another_wrote(database: str) -> None:
    one, two = Journal.open(None, database), Journal.open(None, database)
    assert one.append([entry("a")]) == [1]
    assert two.append([entry("b")]) == [2]
    assert one.seq == 1
    assert one.last_seq() == 2
    assert people(one) == [(1, ["a"]), (2, ["b"])]
    one.close()
    two.close()


def test_threads_append_together(journal: Journal) -> None:
    got: list[int | None] = []
    threads = [threading.Thread(target=lambda: got.extend(journal.append([entry("x")]))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(s for s in got if s is not None) == list(range(1, 17))


def test_a_transaction_that_fails_stores_nothing(journal: Journal) -> None:
    bad = replace(entry("b"), received_at=2**70)
    with pytest.raises((JournalError, OverflowError)):
        journal.append([entry("a", rejects=(reject(),)), bad])
    assert journal.last_seq() == 0
    assert journal.rejects.count() == 0
    assert journal.append([entry("c")]) == [1]


def test_days_of_a_batch() -> None:
    batch = encode("location", pa.concat_tables([fixes("a", at=T0), fixes("a", at=T0 + 3 * 86_400 - 1)]), 0)
    assert (batch.first_day, batch.last_day) == (DAY_0, DAY_0 + 2)
    assert (entry("a").first_day, entry("a").last_day) == (0, 0)
    early = encode("location", fixes("a", at=-1), 0)
    assert early.first_day == -1


@pytest.mark.parametrize("kind", ["case", "location", "place", "check_in"])
def test_a_batch_survives_its_bytes(kind: str) -> None:
    table = rows(kind, *({"person": "Nguyễn", "place": "ồ", "at": T0, "entered_at": T0} for _ in range(3)))
    batch = encode(kind, table, 5)
    assert decode(batch.payload, batch.sha256, 1, kind).equals(table)


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "sqlite://", "::secret::", "postgresql://u:secret@h:nan/d"])
def test_a_url_of_another_kind_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Journal.open(None, url)
    assert "secret" not in str(caught.value)


def test_neither_folder_nor_url() -> None:
    with pytest.raises(BadInputError):
        Journal.open(None)
