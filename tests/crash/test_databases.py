"""PostgreSQL stopped and started under load; kills with the batches in PostgreSQL."""

from tests.crash.clients import Ledger, Writer, wait_for
from tests.crash.harness import KillLoop
from tests.crash.server import Server
from tests.crash.stored import Audit
from tests.crash.world import World
from tests.waiting import until


def test_kills_with_postgresql_lose_nothing(tmp_path, postgres):
    found = KillLoop(tmp_path, postgres.create(), seed=8, longest_s=0.8).run(2)
    assert found.good, found.told()


def test_a_database_that_goes_away_and_comes_back(tmp_path, postgres):
    url, ledger, world = postgres.create(), Ledger(), World(31)
    with Server(tmp_path / "data", url) as server:
        server.start()
        token = server.token("feed")
        writers = [Writer(world, w, ledger, again=True).at(server.port, token) for w in range(4)]
        for writer in writers:
            writer.survives = True
            writer.start()
        wait_for(writers, 1.0)
        postgres.stop(at_once=True)
        try:
            until(lambda: ledger.statuses["503 journal"])
            wait_for(writers, 0.5)
            before = ledger.acknowledged.total()
            assert "cases" in server.get("/v1/cases"), "questions are answered without the database"
        finally:
            postgres.start()
        until(lambda: ledger.acknowledged.total() >= before + 20)
        for writer in writers:
            writer.stop()
            writer.join()
        assert set(ledger.statuses) == {"503 journal"}, ledger.statuses
        server.kill()
        verdict = Audit(server.data, url).check(ledger)
        assert verdict.good, verdict.told()
