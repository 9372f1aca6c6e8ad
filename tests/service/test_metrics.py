"""Numbers for operators."""

import re

from prometheus_client.parser import text_string_to_metric_families

from engine.service.metrics import Metrics


def values(metrics):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_everything_counted_is_told():
    m = Metrics(clock=lambda: 1_700_000_000)
    m.accepted("location", 10)
    m.accepted("location", 5)
    m.rejected("case", 2)
    m.batch(0.02)
    m.committed(3)
    m.queue(700)
    m.freshness(0.4)
    m.board({0: 3, 1: 20})
    m.alerts(4)
    m.replay(0.5, 12.0)
    m.checkpoint(99, 1.5)
    m.purge(1_000)
    m.subscribers(200)
    m.missed()
    m.http("GET /v1/cases/{person}", 200, 0.003)
    m.http("GET /v1/stream", 200, None)
    found = values(m)
    assert found["truyvet_events_accepted_total", "location"] == 15
    assert found["truyvet_events_rejected_total", "case"] == 2
    assert found["truyvet_batch_seconds_bucket", "0.025"] == 1
    assert found["truyvet_commit_batches_sum",] == 3
    assert found["truyvet_queue_rows",] == 700
    assert found["truyvet_freshness_seconds_bucket", "0.3"] == 0
    assert found["truyvet_freshness_seconds_bucket", "0.5"] == 1
    assert [found["truyvet_board_persons", level] for level in "012"] == [3, 20, 0]
    assert found["truyvet_alerts_total",] == 4
    assert (found["truyvet_replay_share",], found["truyvet_replay_seconds",]) == (0.5, 12)
    assert (found["truyvet_checkpoint_seq",], found["truyvet_checkpoint_seconds",]) == (99, 1.5)
    assert found["truyvet_checkpoint_timestamp_seconds",] == 1_700_000_000
    assert found["truyvet_purged_rows_total",] == 1_000
    assert found["truyvet_purge_timestamp_seconds",] == 1_700_000_000
    assert (found["truyvet_stream_subscribers",], found["truyvet_stream_missed_total",]) == (200, 1)
    assert found["truyvet_http_requests_total", "200", "GET /v1/cases/{person}"] == 1
    assert found["truyvet_http_requests_total", "200", "GET /v1/stream"] == 1
    assert ("truyvet_http_request_seconds_count", "GET /v1/stream") not in found


def test_cases_are_counted_for_those_who_may_know():
    m = Metrics()
    m.board({0: 3})
    for kind in ("case", "test_result", "quarantine", "location"):
        m.accepted(kind, 2)
        m.rejected(kind, 1)
    every, some = values(m), {line for line in m.text(cases=False).decode().splitlines() if line[0] != "#"}
    assert not any("board_persons" in line for line in some)
    told = {line.split("{")[1] for line in some if line.startswith("truyvet_events_accepted_total")}
    assert told == {'kind="location"} 2.0'}
    assert 'truyvet_events_rejected_total{kind="case"} 1.0' in some
    assert every["truyvet_events_accepted_total", "case"] == 2
    assert every["truyvet_board_persons", "0"] == 3


def test_two_engines_count_apart():
    one, two = Metrics(), Metrics()
    one.accepted("case", 1)
    assert "case" not in two.text().decode()


def test_every_name_is_ours_or_the_process_itself():
    names = re.findall(r"^# TYPE (\S+)", Metrics().text().decode(), re.M)
    assert all(name.startswith(("truyvet_", "process_")) for name in names)
