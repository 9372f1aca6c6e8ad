"""Replicates over threads: the same for any number of them, stopped, cancelled, killed or resumed."""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadParameterError, CancelledError, RunFolderError
from engine.scenarios.chains import Chains, start
from engine.scenarios.ensemble import BATCH, Ensemble, Wish, run_replicates
from engine.scenarios.model import Precision
from engine.scenarios.outcome import Outcome
from engine.scenarios.quantiles import half_width
from engine.scenarios.records import Records, resumable, temporary
from tests.scenarios.ensembles import PEOPLE, outcome, uneven

DAYS = 12
ONE = partial(outcome, days=DAYS)
IDENTITY: dict[str, object] = {"run": "a"}


def rows(ensemble: Ensemble) -> bytes:
    return b"".join(block.tobytes() for _, block in ensemble.records.blocks(ensemble.count))


def run(replicates: int, workers: int = 2, records: Records | None = None, **more: object) -> Ensemble:
    wish = Wish(replicates, workers=workers, **more)  # type: ignore[arg-type]  # by name
    return run_replicates(uneven(ONE), PEOPLE, DAYS, wish, records)


def test_records_hold_what_the_replicates_gave() -> None:
    ensemble = run(40)
    for replicate in (0, 15, 16, 39):
        for name in ("daily", "late_onsets", "cohort_size", "cohort_offspring"):
            given_back = ensemble.records.read(name, 0, ensemble.records.type[name].shape[0])[replicate]
            assert np.array_equal(given_back, getattr(ONE(replicate), name))
    assert not ensemble.stopped_early
    assert ensemble.records.read("daily", 3, 7).shape == (40, 4, 13)


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_gives_the_same_bytes(workers: int) -> None:
    precision = Precision(half_width=0.05, at_least=20)
    two, other = run(200, 2, precision=precision), run(200, workers, precision=precision)
    assert two.stopped_early
    assert two.count == other.count
    assert rows(two) == rows(other)


def test_it_stops_at_the_first_end_of_a_batch_that_is_precise() -> None:
    everything = run(200).attack_rates()
    for wanted in (0.05, 0.03, 0.02):
        precise = [n for n in range(BATCH, 200, BATCH) if n >= 20 and half_width(everything[:n]) <= wanted]
        ensemble = run(200, precision=Precision(half_width=wanted, at_least=20))
        assert ensemble.count == (precise[0] if precise else 200)
        assert ensemble.stopped_early == bool(precise)
        assert ensemble.half_width == half_width(everything[: ensemble.count])


@pytest.mark.parametrize("stop_after", [1, 17, 40, 70])
def test_cancelled_and_resumed_is_the_same_as_never_cancelled(tmp_path: Path, stop_after: int) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > stop_after

    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        with pytest.raises(CancelledError):
            run(80, records=records, cancelled=cancelled)
        assert records.count % BATCH == 0
        kept = records.count
    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        assert records.count == kept
        ensemble = run(80, 3, records)
        assert ensemble.resumed == kept
        assert rows(ensemble) == rows(run(80, 1))


@given(lost=st.integers(0, 60_000), flip=st.booleans())
def test_whatever_a_killed_writer_left_the_rest_is_made_again(
    tmp_path_factory: pytest.TempPathFactory, lost: int, flip: bool
) -> None:
    path = tmp_path_factory.mktemp("killed") / "a"
    with resumable(path, DAYS, IDENTITY) as records:
        records.append([ONE(i) for i in range(32)])
        expected = rows(Ensemble(PEOPLE, DAYS, 32, records))
    data = bytearray(path.read_bytes())
    at = len(data) - 1 - lost % len(data)
    if flip:
        data[at] ^= 0xFF
    else:
        del data[at:]
    path.write_bytes(data)
    with resumable(path, DAYS, IDENTITY) as records:
        assert records.count < 32
        wish = Wish(32, workers=1)
        assert rows(run_replicates(ONE, PEOPLE, DAYS, wish, records)) == expected


def test_what_another_run_left_is_not_taken(tmp_path: Path) -> None:
    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        run(16, records=records)
    with resumable(tmp_path / "a", DAYS, {"run": "b"}) as records:
        assert records.count == 0
    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        assert records.count == 0


def test_more_replicates_go_on_from_fewer_and_fewer_take_the_first(tmp_path: Path) -> None:
    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        run(20, records=records)
        more = run(50, records=records)
        assert (more.resumed, more.count) == (20, 50)
        assert rows(more) == rows(run(50))
        fewer = run(10, records=records)
        assert (fewer.resumed, fewer.count) == (10, 10)
        assert rows(fewer) == rows(run(10))


def test_a_replicate_that_fails_ends_the_run_and_whole_batches_stay(tmp_path: Path) -> None:
    def breaks(replicate: int) -> Outcome:
        if replicate == 37:
            raise ZeroDivisionError
        return ONE(replicate)

    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        with pytest.raises(ZeroDivisionError):
            run_replicates(breaks, PEOPLE, DAYS, Wish(64), records)
        assert records.count == 32


def test_progress_counts_batches_and_begins_with_what_is_there(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        run(16, records=records)
        run(40, records=records, progress=lambda done, of: told.append((done, of)))
    assert told == [(16, 40), (32, 40), (40, 40)]


def test_chains_of_an_interrupted_run_are_those_of_a_whole_one(tmp_path: Path) -> None:
    one = partial(ONE, chains=True)

    def written(chains: Chains, count: int, name: str) -> bytes:
        with start(tmp_path / name) as writer:
            chains.write("base", count, writer)
        return (tmp_path / name).read_bytes()

    whole = run_replicates(one, PEOPLE, DAYS, Wish(48, chains=True))
    assert whole.chains is not None
    with resumable(tmp_path / "a", DAYS, IDENTITY) as records:
        chains = Chains(tmp_path / "parts")
        run_replicates(one, PEOPLE, DAYS, Wish(24, chains=True), records, chains)
        # Killed between the chains of a batch and its records; and a part that is torn.
        chains.append(24, [one(i) for i in range(24, 40)])
        torn = next(path for first, _, path in chains.parts() if first == 16)
        torn.write_bytes(torn.read_bytes()[:-9])
        again = run_replicates(one, PEOPLE, DAYS, Wish(48, chains=True), records, chains)
        assert again.resumed == 16
    assert written(chains, 48, "again.parquet") == written(whole.chains, 48, "whole.parquet")
    table = pq.read_table(tmp_path / "again.parquet")
    tree = one(30).infections
    assert tree is not None
    mine = [row for row in table.to_pylist() if row["replicate"] == 30]
    assert [row["infector"] for row in mine] == tree.infector.tolist()
    with start(tmp_path / "some.parquet") as writer:
        chains.write("base", 20, writer)
    assert set(pq.read_table(tmp_path / "some.parquet")["replicate"].to_pylist()) == set(range(20))


def test_no_workers_are_refused() -> None:
    with pytest.raises(BadParameterError, match="at least 1"):
        run(4, 0)


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="choose another folder"):
        resumable(tmp_path / "file" / "a", DAYS, IDENTITY)


def test_an_outcome_of_another_length_is_refused() -> None:
    with temporary(DAYS) as records, pytest.raises(ValueError, match="shape"):
        records.append([outcome(0, DAYS + 1)])
