"""``/metrics``: for everybody, but for what moves with every case."""

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import TOKENS

FAR = "203.0.113.7"
COUNTED = ("truyvet_board_persons{", 'truyvet_events_accepted_total{kind="case"}')


@pytest.fixture
def ask(app, call, engine):
    """Whether cases are counted in what a caller from an address gets; everything else must be there."""
    engine.metrics.board({0: 3})
    engine.metrics.accepted("case", 3)
    engine.metrics.accepted("location", 9)

    def asked(address, role=None, **headers):
        if role is not None:
            headers["Authorization"] = f"Bearer {TOKENS.get(role, role)}"
        reply = TestClient(app, client=(address, 5)).get("/metrics", headers=headers)
        assert reply.status_code == 200
        assert 'truyvet_events_accepted_total{kind="location"} 9.0' in reply.text
        assert "truyvet_queue_rows" in reply.text
        (seen,) = {words in reply.text for words in COUNTED}
        return seen

    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_cases_are_counted_for_callers_of_the_same_machine(ask, address):
    assert ask(address)


@pytest.mark.parametrize("address", [FAR, "10.0.0.2", "::ffff:10.0.0.2", "unix", ""])
def test_they_are_not_for_others(ask, address):
    assert not ask(address)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_they_are_not_through_a_proxy_of_the_same_machine(ask, header):
    assert not ask("127.0.0.1", **{header: "x"})


@pytest.mark.parametrize(
    ("role", "seen"),
    [("admin", True), ("officer", True), ("epidemiologist", False), ("map", False), ("feed", False), ("wrong", False)],
)
def test_a_token_opens_them_from_anywhere(ask, role, seen):
    assert ask(FAR, role) == seen
