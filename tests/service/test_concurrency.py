"""Readers during ingest: no error, no torn state, and the same end as one after the other."""

from threading import Event, Thread
from typing import Any

from tests.graph.small import HOUR, T0, case, saw, stay
from tests.worlds import load, new_engine

BATCHES = 40


def world() -> list[list[tuple[str, dict[str, Any]]]]:
    """Batch i names person i for the first time: met by the case and by the one before."""
    return [
        [saw("s", f"p{i}", T0 + i * 60), saw(f"p{i}", f"p{i + 1}", T0 + i * 60 + 30)]
        if i % 2
        else [stay(f"p{i}", "p", T0 + i * 60, T0 + HOUR), stay("s", "p", T0, T0 + HOUR)]
        for i in range(BATCHES)
    ]


def test_readers_see_whole_states_while_others_write() -> None:
    engine = load([case("s", onset_at=T0)])
    failures: list[BaseException] = []
    done = Event()

    def read() -> None:
        seen = 0
        try:
            while not done.is_set():
                report = engine.exposures("s")
                assert report.as_of >= seen, "time went back"
                seen = report.as_of
                assert all(r.via for r in report.rows)
                engine.person("s")
                engine.contacts("s")
                engine.summary()
                engine.cases()
        except BaseException as error:
            failures.append(error)

    def write(part: int) -> None:
        try:
            for batch in world()[part::2]:
                load(batch, engine=engine)
        except BaseException as error:
            failures.append(error)

    readers = [Thread(target=read) for _ in range(3)]
    writers = [Thread(target=write, args=(part,)) for part in (0, 1)]
    for thread in [*readers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert failures == []
    alone = load([case("s", onset_at=T0), *(e for batch in world() for e in batch)], engine=new_engine())
    assert engine.exposures("s").rows == alone.exposures("s").rows
    assert engine.contacts("s") == alone.contacts("s")
