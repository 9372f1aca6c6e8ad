"""What is purged is gone to the last byte, and nothing that was dead comes back."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events.register import Register
from engine.events.schemas import kind_named
from engine.journal.blobs import encode
from engine.journal.entries import Purged
from engine.journal.journal import Journal
from tests.journal.batches import T0, cases, entry, fixes, people, reject, rows


@pytest.fixture
def journal(database: str) -> Iterator[Journal]:
    journal = Journal.open(None, database)
    yield journal
    journal.close()


def kept(*names: str):
    def keep(_: str, table: pa.Table) -> npt.NDArray[np.bool_]:
        return pc.is_in(table.column("person"), pa.array(names, pa.string())).to_numpy()

    return keep


def test_old_rows_go_and_those_held_on_to_stay(journal: Journal) -> None:
    journal.append([entry("a", "b", at=10), entry("c", at=20), entry("a", "d", at=30), entry("e", at=40)])
    assert journal.purge(40, kept("a", "e")) == Purged(3, 3, 0)
    assert people(journal) == [(1, ["a"]), (3, ["a"]), (4, ["e"])]
    assert journal.purged_before == 40
    assert journal.rewritten == 3
    assert journal.rows_after(0) == 3
    assert journal.append([entry("f", at=50)]) == [5]


def test_a_second_purge_takes_what_nothing_holds_any_more(journal: Journal) -> None:
    journal.append([entry("a", "b", at=10)])
    journal.purge(40, kept("a"))
    assert journal.purge(41, kept()) == Purged(1, 1, 0)
    assert people(journal) == []
    rewritten = journal.rewritten
    assert journal.purge(41, kept()) == Purged(0, 0, 0)
    assert journal.rewritten == rewritten
    journal.purge(5, kept())
    assert journal.purged_before == 41


def test_counting_alone_changes_nothing(journal: Journal) -> None:
    gone = rows("case", {"person": "a", "retract": True})
    journal.append([entry("a", "b", at=10, rejects=(reject(),)), encode("case", gone, 11)])
    assert journal.purge(40, kept("b"), dry=True) == Purged(2, 2, 1)
    assert people(journal) == [(1, ["a", "b"]), (2, ["a"])]
    assert journal.purged_before == 0


def test_rejects_go_and_the_audit_trail_stays(journal: Journal) -> None:
    journal.append([entry("a", at=10, rejects=(reject(1),)), entry("b", at=60, rejects=(reject(2),))])
    journal.audit("officer", "look", "case", "", 10)
    assert journal.purge(40, kept("a")) == Purged(0, 0, 1)
    assert [r.row for r in journal.rejects.list()] == [2]
    assert len(journal.audit_rows()) == 1


def test_a_retraction_goes_with_all_that_it_killed(journal: Journal) -> None:
    """Also with what came after it, younger than the cutoff: alone, that would come back to life."""
    retraction = rows("case", {"person": "a", "retract": True, "revision": 1})
    journal.append([entry("a", at=10), encode("case", retraction, 20), entry("a", "z", at=90)])
    again = rows("case", {"person": "a", "onset_at": T0, "revision": 2})
    journal.append([encode("case", again, 95)])
    assert journal.purge(50, kept()) == Purged(3, 3, 0)
    assert people(journal) == [(3, ["z"]), (4, ["a"])]


def test_a_younger_retraction_stays(journal: Journal) -> None:
    gone = rows("case", {"person": "a", "retract": True})
    journal.append([encode("case", gone, 20), encode("case", gone, 90), entry("a", at=91)])
    journal.purge(50, kept())
    assert [(s.seq, s.table.column("retract").to_pylist()) for s in journal.replay()] == [(2, [True])]


def test_an_old_value_does_not_come_back_for_a_newer_one(journal: Journal) -> None:
    newer = rows("case", {"person": "a", "onset_at": T0, "revision": 3})
    journal.append([encode("case", newer, 20), entry("a", at=90)])
    journal.purge(50, kept())
    assert people(journal) == []


EVENTS = st.tuples(
    st.sampled_from("ab"), st.integers(0, 2), st.booleans(), st.integers(0, 3), st.integers(1, 9)
)  # person, revision, retract, onset, received


@settings(max_examples=15, deadline=None)
@given(events=st.lists(EVENTS, max_size=8), cutoff=st.integers(0, 10), held=st.sampled_from([(), ("a",)]))
def test_nothing_dead_comes_back(
    tmp_path_factory: pytest.TempPathFactory, events: list, cutoff: int, held: tuple[str, ...]
) -> None:
    """After a purge the live events are some of those before it, with their values or with fewer parts of them."""
    journal = Journal.open(tmp_path_factory.mktemp("purge"))
    for person, revision, retract, onset, at in events:
        event = {"person": person, "revision": revision, "retract": retract}
        journal.append([encode("case", rows("case", event if retract else {**event, "onset_at": T0 + onset}), at)])
    before = live(journal)
    journal.purge(cutoff, kept(*held))
    after = live(journal)
    assert after.keys() <= before.keys()
    for person in after:
        assert after[person]["revision"] == before[person]["revision"]
    for person in held:
        assert after.get(person) == before.get(person)
    for stored in journal.replay():
        assert stored.received_at >= cutoff or set(stored.table.column("person").to_pylist()) <= set(held)
    journal.close()


def live(journal: Journal) -> dict[str, dict]:
    register = Register(kind_named("case"))
    for stored in journal.replay():
        register.apply(stored.table)
    return {row["person"]: row for row in register.table().to_pylist()}


def marked(folder: Path, mark: bytes) -> list[str]:
    """Files that hold the mark, as it is or in a batch."""
    found = [path.name for path in folder.rglob("*") if path.is_file() and mark in path.read_bytes()]
    journal = Journal.open(folder)
    found += [f"batch {s.seq}" for s in journal.replay() if mark.decode() in str(s.table.to_pylist())]
    journal.close()
    return found


def test_no_byte_of_a_purged_row_is_left(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    secret = "vetxoa-4711"
    plain = reject(1, f'{{"person": "{secret}"}}')
    # As it would lie there if a release stored batches without compressing them.
    raw = cases(*(f"{secret}-{i}" for i in range(400)))
    journal.append([encode("case", raw, 10, [plain]), encode("location", fixes(secret), 10), entry("b", at=90)])
    payloads = stored_payloads(tmp_path)
    assert {"truyvet.db-wal", "batch 1", "batch 2"} <= set(marked(tmp_path, secret.encode()))
    journal.purge(50, kept("b"))
    assert marked(tmp_path, secret.encode()) == []
    for payload in payloads[:2]:
        middle = payload[len(payload) // 2 :][:24]
        assert not [path for path in tmp_path.iterdir() if middle in path.read_bytes()]
    journal.close()
    assert marked(tmp_path, secret.encode()) == []


def stored_payloads(folder: Path) -> list[bytes]:
    with sqlite3.connect(folder / "truyvet.db") as database:
        found = [payload for (payload,) in database.execute("SELECT payload FROM batches ORDER BY seq")]
    database.close()
    return found


def test_the_copy_that_sqlite_makes_lies_beside_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    journal = Journal.open(folder)
    journal.append([entry("a", at=10)])
    journal.purge(40, kept())
    journal.close()
    (where,) = sqlite3.connect(":memory:").execute("PRAGMA temp_store_directory").fetchone()
    assert where == str(folder)


def test_the_tables_of_postgresql_hold_no_dead_rows(postgres) -> None:
    import psycopg

    url = postgres.create()
    journal = Journal.open(None, url)
    journal.append([entry(*(f"x{i}" for i in range(3_000)), at=10, rejects=tuple(reject(i) for i in range(900)))])
    with psycopg.connect(url) as connection:
        sizes = "SELECT pg_total_relation_size('batches'), pg_total_relation_size('rejects')"
        full = connection.execute(sizes).fetchone()
        connection.commit()
        journal.purge(50, kept())
        empty = connection.execute(sizes).fetchone()
    assert [small < large for small, large in zip(empty, full, strict=True)] == [True, True]
    journal.close()


PURGING = """
import sys, numpy as np
from pathlib import Path
from engine.journal.journal import Journal
journal = Journal.open(Path(sys.argv[1]))
print("go", flush=True)
journal.purge(50, lambda kind, table: np.zeros(table.num_rows, bool))
print("done", flush=True)
"""


def test_a_killed_purge_leaves_whole_batches_and_is_completed(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    gone = rows("case", *({"person": f"p{i}", "retract": True} for i in range(50)))
    old = [entry(*(f"p{i}-{n}" for n in range(40)), f"p{i}", at=10) for i in range(120)]
    journal.append([*old, encode("case", gone, 11), entry("p1", "young", at=90)])
    chance = random.Random(3)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", PURGING, str(tmp_path)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(chance.random() * 0.25)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        names = dict(people(journal))
        assert list(names)[-1] == 122
        if "p1" in names[122]:  # the retraction is there as long as what it kills is
            assert 121 in names
    journal.purge(50, kept())
    assert people(journal) == [(122, ["young"])]
    assert marked(tmp_path, b"p7-3") == []
    journal.close()
