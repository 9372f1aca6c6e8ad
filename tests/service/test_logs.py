"""Logs: shape, and that no person gets into them."""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings

import pytest

from engine.service import logs
from tests.logged import logged

ID = "P-SECRET-77"


@pytest.fixture
def written():
    """What was logged since."""
    with logged() as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def fail():
    try:
        {}[ID]
    except KeyError as error:
        raise ValueError(f"no {ID}") from error


def test_a_record_is_one_object(written):
    logging.getLogger("truyvet.api").info("%s %s", "GET /v1/board", 200, extra={"fields": {"status": 200}})
    (record,) = written()
    assert record.pop("at").endswith("Z")
    assert record == {
        "level": "info",
        "logger": "truyvet.api",
        "message": "GET /v1/board 200",
        "fields": {"status": 200},
    }


@pytest.mark.parametrize("form", ["json", "text"])
def test_lines_told_together_are_the_same_lines(written, form):
    stream = io.StringIO()
    logs.configure(form, stream)
    log = logging.getLogger("truyvet.api")
    told = [(f"GET /v1/board {status} 0.1 ms", {"status": status}) for status in (200, 304)]
    for message, fields in told:
        log.info("%s", message, extra={"fields": fields})
    logs.told_together(log, told)
    lines = [line.replace(line[line.index("20") : line.index("Z") + 1], "") for line in stream.getvalue().splitlines()]
    assert lines[:2] == lines[2:]
    assert len(lines) == 4
    logging.getLogger().setLevel(logging.WARNING)
    logs.told_together(log, told)
    assert len(stream.getvalue().splitlines()) == 4


def test_lines_told_together_reach_other_handlers_one_by_one(caplog):
    with caplog.at_level(logging.INFO, "truyvet.api"):
        logs.told_together(logging.getLogger("truyvet.api"), [("a 200 0.1 ms", {"status": 200})])
    assert [(r.getMessage(), r.fields) for r in caplog.records] == [("a 200 0.1 ms", {"status": 200})]


def test_an_error_is_its_type_and_its_places(written):
    try:
        fail()
    except ValueError:
        logging.getLogger("truyvet.api").exception("it broke")
    (record,) = written()
    assert record["error"]["type"] == "ValueError"
    assert record["error"]["behind"] == ["KeyError"]
    assert record["error"]["stack"][-1].startswith("tests/service/test_logs.py:")
    assert record["error"]["stack"][-1].endswith(" fail")
    assert ID not in json.dumps(record)


def test_an_error_as_an_argument_is_its_type(written):
    logging.getLogger("truyvet.live").warning("gave up: %s", ValueError(ID))
    assert written()[0]["message"] == "gave up: ValueError"


def test_other_libraries_say_only_what_their_authors_wrote(written):
    other = logging.getLogger("sqlalchemy.engine")
    other.info("parameters %s", ID)
    other.warning("parameters %s", ID)
    other.error(f"parameters {ID}")
    assert [r["message"] for r in written()] == ["parameters %s", logs.WITHHELD]


def test_what_nobody_caught_comes_the_same_way(written):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    async def forgotten():
        task = asyncio.ensure_future(asyncio.to_thread(fail))
        await asyncio.wait([task])
        del task

    asyncio.run(forgotten())
    warnings.warn(f"about {ID}", UserWarning, stacklevel=1)
    found = written()
    assert len(found) >= 3
    assert ID not in json.dumps(found)


def test_text_is_for_people():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.TextLines())
    log = logging.Logger("truyvet.api")
    log.addHandler(handler)
    log.info("ready")
    log.info("checkpoint", extra={"fields": {"seq": 14, "seconds": 0.25}})
    log.info("GET %s", "/v1/cases", extra={"fields": {"route": "GET /v1/cases"}})
    try:
        fail()
    except ValueError:
        log.exception("it broke")
    first, fields, route, second, *places = stream.getvalue().splitlines()
    assert first.endswith("INFO    truyvet.api ready")
    assert fields.endswith("truyvet.api checkpoint seq=14 seconds=0.25")
    assert route.endswith("truyvet.api GET /v1/cases")
    assert second.endswith("ERROR   truyvet.api it broke: ValueError < KeyError")
    assert places[-1].startswith("    tests/service/test_logs.py:")
    assert ID not in stream.getvalue()
