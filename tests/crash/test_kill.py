"""kill -9 at random instants while six writers write: acknowledged is there, once; the rest is whole or not at all."""

from tests.crash.harness import KillLoop


def test_six_kills_lose_nothing_and_double_nothing(tmp_path):
    found = KillLoop(tmp_path, seed=3, longest_s=0.8).run(6)
    assert found.good, found.told()
    assert found.acknowledged
