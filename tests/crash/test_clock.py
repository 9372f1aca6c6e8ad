"""The clock steps back an hour while events come in."""

from engine.clock import DAY, HOUR
from engine.errors import HistoryGoneError
from engine.service.engine import Engine, Settings
from tests.crash.world import T0, batch_of

START = T0 + 30 * DAY


def known_at(engine: Engine, moment: int) -> int:
    """The last batch known at a moment, 0 for none."""
    try:
        return engine.seq_at(moment)
    except HistoryGoneError:
        return 0


def test_the_clock_steps_back_an_hour(tmp_path):
    now = [START]
    engine = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: now[0])

    def send(name, at):
        event = {"person": name, "peer": "peer", "at": at, "attenuation_db": 50.0}
        reply = engine.ingest_json("bluetooth", batch_of(0, 0, "bluetooth", [event]).json())
        assert (reply.accepted, reply.rejected) == (1, ()), name
        return reply.as_of

    seqs = [send("before", START - 60)]
    now[0] = START - HOUR
    seqs += [send("back", now[0] - 60), send("back-again", now[0] - 30)]
    now[0] = START + 60
    seqs += [send("after", START)]
    assert seqs == [1, 2, 3, 4]
    found = [known_at(engine, START + step) for step in range(-2 * HOUR, 120, 60)]
    assert found == sorted(found), "a later moment never knows less"
    assert engine.seq_at(START + 60) == 4
    assert engine.at(engine.seq_at(START + 60)) is not None

    before = engine.summary()["bluetooth"]
    now[0] = START - HOUR
    engine.purge()
    assert engine.summary()["bluetooth"] == before == 4, "nothing is older for the clock having stepped"
    engine.close()
    reopened = Engine.open(Settings(data=tmp_path / "data"), clock=lambda: now[0])
    assert reopened.as_of == 4
    assert reopened.summary()["bluetooth"] == 4
    reopened.close()
