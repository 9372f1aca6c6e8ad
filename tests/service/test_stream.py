"""The hub: every event once and in order, or a word that some were missed; in bounded memory, encoded once."""

import json
import threading
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.service.stream import BLOCK_BYTES, Hub, Subscription
from tests.waiting import PATIENCE_S

RUN = "r1"


def alerts(*numbers: int, size: int = 0) -> list[tuple[str, dict[str, Any]]]:
    return [("alert", {"n": n, "text": "x" * size}) for n in numbers]


def frames(taken: bytes) -> list[tuple[str | None, str, dict[str, Any]]]:
    """(id, event, data) of each frame."""
    out = []
    assert taken == b"" or taken.endswith(b"\n\n")
    for part in taken.split(b"\n\n")[:-1]:
        lines = dict(line.decode().split(": ", 1) for line in part.split(b"\n"))
        out.append((lines.get("id"), lines["event"], json.loads(lines["data"])))
    return out


def numbers(taken: bytes) -> list[int]:
    return [data["n"] for _, event, data in frames(taken) if event == "alert"]


def drained(reader: Subscription) -> list[int]:
    """Numbers of everything there is to take."""
    out: list[int] = []
    while taken := reader.take():
        out += numbers(taken)
    return out


def test_a_subscriber_reads_what_is_published_after_it_came() -> None:
    hub = Hub(RUN)
    hub.publish(1, alerts(1))
    reader = hub.subscribe(None, lambda: None)
    assert reader.take() == b""
    hub.publish(2, alerts(2, 3))
    assert reader.take() == (
        b'id: r1-2\nevent: alert\ndata: {"n":2,"text":""}\n\nid: r1-3\nevent: alert\ndata: {"n":3,"text":""}\n\n'
    )
    assert reader.take() == b""


def test_a_reader_comes_back_behind_the_last_id_it_saw() -> None:
    hub = Hub(RUN)
    hub.publish(1, alerts(1, 2, 3))
    hub.publish(2, alerts(4))
    assert drained(hub.subscribe("r1-2", lambda: None)) == [3, 4]
    assert hub.subscribe("r1-4", lambda: None).take() == b""
    assert drained(hub.subscribe("r1-0", lambda: None)) == [1, 2, 3, 4]


def test_an_id_of_another_run_or_no_id_at_all_says_missed() -> None:
    hub = Hub(RUN)
    hub.publish(7, alerts(1, 2))
    for unknown in ("r0-1", "r1-3", "r1--1", "r1-x", "nonsense", "r1-", "r1-²", "-", "r1-" + "9" * 400):
        reader = hub.subscribe(unknown, lambda: None)
        assert frames(reader.take()) == [("r1-2", "missed", {"refetch": "/v1/board", "as_of": 7})]
        assert reader.take() == b""
        hub.publish(7, alerts(3))
        assert numbers(reader.take()) == [3]
        hub = Hub(RUN)
        hub.publish(7, alerts(1, 2))


def test_who_falls_off_the_ring_is_told_once_and_goes_on_from_the_newest() -> None:
    hub = Hub(RUN, limit_events=8)
    slow = hub.subscribe(None, lambda: None)
    for n in range(1, 30):
        hub.publish(n, alerts(n))
    assert frames(slow.take()) == [("r1-29", "missed", {"refetch": "/v1/board", "as_of": 29})]
    hub.publish(30, alerts(30))
    assert numbers(slow.take()) == [30]
    assert drained(hub.subscribe("r1-22", lambda: None)) == [*range(23, 31)]
    assert frames(hub.subscribe("r1-21", lambda: None).take())[0][1] == "missed"


def test_a_heartbeat_carries_the_last_id_taken_so_that_a_return_misses_nothing() -> None:
    hub = Hub(RUN)
    reader = hub.subscribe(None, lambda: None)
    assert frames(reader.heartbeat()) == [("r1-0", "heartbeat", {"as_of": 0})]
    hub.publish(5, alerts(1, 2))
    hub.publish(6, [])
    assert frames(reader.heartbeat()) == [("r1-0", "heartbeat", {"as_of": 6})]
    again = hub.subscribe(frames(reader.heartbeat())[0][0], lambda: None)
    assert drained(again) == [1, 2]
    assert frames(again.heartbeat())[0][0] == "r1-2"
    assert frames(hub.subscribe("old-1", lambda: None).heartbeat()) == [(None, "heartbeat", {"as_of": 6})]


def test_one_wake_for_each_publication_and_none_after_leaving() -> None:
    hub, woken = Hub(RUN), []
    reader = hub.subscribe(None, lambda: woken.append(1))
    hub.publish(1, alerts(*range(5_000)))
    hub.publish(2, [])
    assert (len(woken), hub.subscribers) == (1, 1)
    reader.close()
    reader.close()
    hub.publish(3, alerts(1))
    assert (len(woken), hub.subscribers) == (1, 0)


def test_a_wake_whose_loop_is_closed_leaves_the_hub() -> None:
    hub, woken = Hub(RUN), []

    def closed() -> None:
        raise RuntimeError("Event loop is closed")

    hub.subscribe(None, closed)
    hub.subscribe(None, lambda: woken.append(1))
    hub.publish(1, alerts(1))
    assert (len(woken), hub.subscribers) == (1, 1)


def test_readers_at_one_place_share_one_object() -> None:
    hub = Hub(RUN)
    readers = [hub.subscribe(None, lambda: None) for _ in range(200)]
    hub.publish(1, alerts(*range(300), size=100))
    hub.publish(2, alerts(*range(300), size=100))
    assert len({id(reader.take()) for reader in readers}) == 1
    hub.publish(3, alerts(1))
    assert len({id(reader.take()) for reader in readers}) == 1


def test_texts_of_any_kind_stay_on_one_line() -> None:
    hub = Hub(RUN)
    reader = hub.subscribe(None, lambda: None)
    text = "Nguyễn\n\nevent: x\r\n\u2028\x85"
    hub.publish(1, [("alert", {"person": text})])
    taken = reader.take()
    assert taken.count(b"\n") == 4
    assert frames(taken)[0][2] == {"person": text}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_event_once_in_order_or_missed_first(data: st.DataObject) -> None:
    """Publications and takes of fast and slow readers, interleaved anyhow; some leave and come back by id."""
    limit_events, limit_bytes = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 3_000))
    hub = Hub(RUN, limit_events, limit_bytes)
    readers = [hub.subscribe(None, lambda: None) for _ in range(3)]
    upto = [0, 0, 0]
    published = 0
    for _ in range(data.draw(st.integers(1, 60))):
        action = data.draw(st.integers(0, 5))
        if action == 0:
            count, size = data.draw(st.integers(0, 30)), data.draw(st.sampled_from((0, 90, 900)))
            hub.publish(published, alerts(*range(published + 1, published + count + 1), size=size))
            published += count
            continue
        who = 0 if action > 3 else data.draw(st.integers(0, 2))
        if action == 1:
            readers[who].close()
            readers[who] = hub.subscribe(f"{RUN}-{upto[who]}", lambda: None)
        taken = frames(readers[who].take(data.draw(st.sampled_from((1, 300, 4_000, 1 << 20)))))
        if taken and taken[0][1] == "missed":
            assert hub.subscribe(f"{RUN}-{upto[who]}", lambda: None)._cursor is None
            assert taken[0][0] == f"{RUN}-{published}"
            upto[who] = published
            taken = taken[1:]
        assert [n["n"] for _, _, n in taken] == list(range(upto[who] + 1, upto[who] + len(taken) + 1))
        assert [i for i, _, _ in taken] == [f"{RUN}-{n['n']}" for _, _, n in taken]
        upto[who] += len(taken)
        _assert_bounded(hub, limit_events, limit_bytes)
    for who in (0, 1, 2):
        while taken := frames(readers[who].take(500)):
            upto[who] = int(str(taken[-1][0]).split("-")[1])
        assert upto[who] == published


def _assert_bounded(hub: Hub, limit_events: int, limit_bytes: int) -> None:
    held = hub._blocks
    assert hub._bytes == sum(len(block.frames) for block in held)
    if len(held) > 1:
        assert hub._next - held[0].first <= limit_events
        assert hub._bytes <= limit_bytes


def test_blocks_are_small_enough_to_forget_one_by_one() -> None:
    hub = Hub(RUN)
    hub.publish(1, alerts(*range(3_000), size=100))
    assert max(len(block.frames) for block in hub._blocks) < BLOCK_BYTES + 1_000
    assert max(len(block.ends) for block in hub._blocks) <= 1_000


def test_publishers_and_readers_in_threads_lose_nothing() -> None:
    hub = Hub(RUN)
    seen: list[list[str | None]] = [[] for _ in range(4)]
    readers = [(hub.subscribe(None, event.set), event) for event in [threading.Event() for _ in seen]]

    def read(index: int) -> None:
        reader, event = readers[index]
        while len(seen[index]) < 400:
            event.wait(PATIENCE_S)
            event.clear()
            while taken := reader.take(500):
                seen[index] += [i for i, _, _ in frames(taken)]

    def write() -> None:
        for n in range(100):
            hub.publish(n, alerts(1, 2))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(4)]
    threads += [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert all(ids == [f"{RUN}-{n}" for n in range(1, 401)] for ids in seen)
