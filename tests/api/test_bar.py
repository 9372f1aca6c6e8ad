"""What a terminal shows while a server starts."""

from types import SimpleNamespace

import pytest

from api.__main__ import _Bar
from engine.texts import say
from tests.waiting import until


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_it_says_what_is_being_done_until_the_board_is_made(lang):
    engine = SimpleNamespace(share=0.25, rehearsed=0.5, ready=False, board_made=False, failure=None)
    bar = _Bar(engine, lang)
    assert bar._now() == (say("serve.loading", lang), 0.25)
    engine.share = 1.0
    assert bar._now() == (say("serve.preparing", lang), 0.5)
    engine.ready = True
    assert bar._now() == (say("serve.board", lang), None)
    with bar:
        assert bar._thread.is_alive()
        engine.board_made = True
        until(lambda: not bar._thread.is_alive())


def test_it_ends_when_loading_failed_or_the_server_stops():
    engine = SimpleNamespace(share=0.0, rehearsed=0.0, ready=False, board_made=False, failure=ValueError())
    with _Bar(engine, "en") as failed:
        until(lambda: not failed._thread.is_alive())
    engine.failure = None
    with _Bar(engine, "en") as stopped:
        assert stopped._thread.is_alive()
    assert not stopped._thread.is_alive()
