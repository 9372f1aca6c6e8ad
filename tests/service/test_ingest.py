"""What an ingest answers."""

import json
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import UnknownKindError
from tests.graph.small import DAY, T0, saw, stay
from tests.worlds import NOW, body, load, new_engine, wire


def tell(engine: Any, *events: tuple[str, dict[str, Any]]) -> Any:
    return engine.ingest_json(events[0][0], body(e for _, e in events))


def test_every_row_is_counted_once() -> None:
    engine = new_engine()
    good, again = saw("a", "b", T0), saw("a", "b", T0)
    bad = saw("a", "a", T0)
    reply = tell(engine, good, bad, again)
    assert (reply.accepted, reply.duplicates, [(r.row, r.code) for r in reply.rejected]) == (
        1, 1, [(1, "self_contact")],
    )  # fmt: skip


def test_rejections_of_both_sorts_are_in_row_order() -> None:
    engine = new_engine()
    key = {"person": "a", "peer": "b", "at": T0, "retract": True}
    tell(engine, ("bluetooth", key))
    reply = tell(engine, saw("a", "b", T0), saw("x", "x", T0), saw("a", "b", T0))
    assert [(r.row, r.code) for r in reply.rejected] == [(0, "retracted"), (1, "self_contact"), (2, "retracted")]
    assert all(r.detail for r in reply.rejected)


def test_as_of_counts_batches_that_were_stored() -> None:
    engine = new_engine()
    assert [tell(engine, saw("a", "b", T0 + i)).as_of for i in range(2)] == [1, 2]
    assert tell(engine, saw("a", "a", T0)).as_of == 2
    assert engine.as_of == 2


def test_a_later_departure_completes_a_check_in() -> None:
    engine = load(
        [stay("a", "p", T0), stay("b", "p", T0 + 5 * 3600, T0 + 6 * 3600), ("case", {"person": "a", "onset_at": T0})]
    )
    assert engine.exposures("a").rows == ()
    assert tell(engine, stay("a", "p", T0, T0 + DAY)).accepted == 1
    assert [r.person for r in engine.exposures("a").rows] == ["b"]


def test_the_future_is_refused_but_for_a_clock_that_goes_wrong() -> None:
    reply = tell(new_engine(), saw("a", "b", NOW + 300), saw("a", "b", NOW + 301))
    assert [(r.row, r.code) for r in reply.rejected] == [(1, "in_future")]


@pytest.mark.parametrize("form", ["json", "ndjson", "arrow", "table"])
def test_every_form_says_the_same(form: str) -> None:
    events = [saw("a", "b", T0)[1], saw("b", "c", T0)[1]]
    engine = new_engine()
    rows = [wire(e) for e in events]
    table = pa.Table.from_pylist(rows)
    if form == "json":
        reply = engine.ingest_json("bluetooth", body(events))
    elif form == "ndjson":
        reply = engine.ingest_ndjson("bluetooth", b"\n".join(json.dumps(r).encode() for r in rows))
    elif form == "arrow":
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        reply = engine.ingest_arrow("bluetooth", sink.getvalue().to_pybytes())
    else:
        reply = engine.ingest("bluetooth", table)
    assert (reply.accepted, engine.summary()["bluetooth"]) == (2, 2)


def test_dictionary_columns_add_only_the_people_of_good_rows() -> None:
    engine = new_engine()
    table = pa.table({
        "person": pa.array(["a", "", "c"]).dictionary_encode(),
        "peer": pa.array(["b", "x", "y"]).dictionary_encode(),
        "at": pa.array([T0] * 3, pa.timestamp("s", tz="UTC")),
        "attenuation_db": [50.0] * 3,
    })  # fmt: skip
    assert engine.ingest("bluetooth", table.slice(0, 2)).accepted == 1
    assert engine.summary()["people"] == 2


def test_an_unknown_kind_is_refused_before_anything_is_read() -> None:
    with pytest.raises(UnknownKindError):
        new_engine().ingest_json("gossip", b"not json at all")


def test_an_empty_batch_changes_nothing() -> None:
    engine = new_engine()
    reply = engine.ingest_json("case", b'{"events": []}')
    assert (reply.accepted, reply.duplicates, reply.rejected, reply.as_of) == (0, 0, (), 0)


def test_retracted_people_are_not_counted() -> None:
    key = {"person": "a", "peer": "b", "at": T0, "retract": True}
    told = load([saw("a", "b", T0), ("bluetooth", key)])
    assert told.summary() == new_engine().summary()


def test_an_empty_engine_answers() -> None:
    engine = new_engine()
    assert (engine.cases(), engine.clusters(), engine.data_time, engine.as_of) == ([], [], 0, 0)
    assert len(engine.hexes().h3) == 0
    assert set(engine.summary().values()) == {0}
