"""What operators count: rates, latencies, depths, in the text format of Prometheus. No personal data is in it."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.process_collector import ProcessCollector

from engine.clock import Clock, system_clock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Edges of latencies: from a query out of memory to a trace that somebody waits for, s."""
_FRESH = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""Edges around the promise that everything accepted is visible within a second, s."""
_GROUP = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LEVELS = (0, 1, 2)
BOARD, ACCEPTED = "truyvet_board_persons", "truyvet_events_accepted"
OF_CASES = frozenset({"case", "test_result", "quarantine"})
"""Kinds of events whose number tells of cases as they become known."""


class Metrics:
    """The counters of one engine, in a registry of their own. Thread-safe; every method costs microseconds."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        ProcessCollector(registry=self.registry)
        self._intake()
        self._state()
        self._edge()

    def _intake(self) -> None:
        r = self.registry
        self._accepted = Counter(ACCEPTED, "Rows accepted", ["kind"], registry=r)
        self._rejected = Counter("truyvet_events_rejected", "Rows refused", ["kind"], registry=r)
        self._batch = Histogram(
            "truyvet_batch_seconds", "From a checked batch to its reply, waiting included", buckets=_FAST, registry=r
        )
        self._commits = Histogram("truyvet_commit_batches", "Batches of one transaction", buckets=_GROUP, registry=r)
        self._queue = Gauge("truyvet_queue_rows", "Rows that wait to be stored", registry=r)

    def _state(self) -> None:
        r = self.registry
        self._freshness = Histogram(
            "truyvet_freshness_seconds",
            "From the moment a batch is stored to the alerts it caused",
            buckets=_FRESH,
            registry=r,
        )
        self._board = Gauge(BOARD, "People on the board", ["level"], registry=r)
        self._alerts = Counter("truyvet_alerts", "Changes of the board told", registry=r)
        self._replay_share = Gauge("truyvet_replay_share", "Share of the journal replayed, 1 when ready", registry=r)
        self._replay_seconds = Gauge("truyvet_replay_seconds", "Time the replay took", registry=r)
        self._checkpoint_seq = Gauge("truyvet_checkpoint_seq", "Batch of the newest checkpoint", registry=r)
        self._checkpoint_seconds = Gauge("truyvet_checkpoint_seconds", "Time it took to write", registry=r)
        self._checkpoint_at = Gauge("truyvet_checkpoint_timestamp_seconds", "When it was written", registry=r)
        self._purged = Counter("truyvet_purged_rows", "Rows purged after their retention", registry=r)
        self._purged_at = Gauge("truyvet_purge_timestamp_seconds", "When the last purge ended", registry=r)
        self._scenarios = Gauge("truyvet_scenario_jobs", "Scenarios submitted, by state", ["state"], registry=r)

    def _edge(self) -> None:
        r = self.registry
        self._subscribers = Gauge("truyvet_stream_subscribers", "Open streams", registry=r)
        self._missed = Counter("truyvet_stream_missed", "Subscribers told to fetch the board again", registry=r)
        self._requests = Counter("truyvet_http_requests", "Requests answered", ["route", "status"], registry=r)
        self._latency = Histogram(
            "truyvet_http_request_seconds", "From request to answer", ["route"], buckets=_FAST, registry=r
        )
        self._counted: dict[tuple[str, int], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    # -- taking in ------------------------------------------------------------------------------------

    def accepted(self, kind: str, rows: int) -> None:
        """``rows`` of ``kind`` were accepted."""
        self._accepted.labels(kind).inc(rows)

    def rejected(self, kind: str, rows: int) -> None:
        """``rows`` of ``kind`` were refused."""
        self._rejected.labels(kind).inc(rows)

    def batch(self, seconds: float) -> None:
        """A batch was answered ``seconds`` after it came."""
        self._batch.observe(seconds)

    def committed(self, batches: int) -> None:
        """One transaction stored ``batches``."""
        self._commits.observe(batches)

    def queue(self, rows: int) -> None:
        """``rows`` wait now."""
        self._queue.set(rows)

    # -- what is known ----------------------------------------------------------------------------------

    def freshness(self, seconds: float) -> None:
        """What a batch changed was told ``seconds`` after the batch came."""
        self._freshness.observe(seconds)

    def board(self, sizes: dict[int, int]) -> None:
        """People on the board now, by level."""
        for level in {*LEVELS, *sizes}:
            self._board.labels(str(level)).set(sizes.get(level, 0))

    def alerts(self, number: int) -> None:
        """``number`` of changes were told."""
        self._alerts.inc(number)

    def replay(self, share: float, seconds: float) -> None:
        """``share`` of the journal is replayed, after ``seconds``."""
        self._replay_share.set(share)
        self._replay_seconds.set(seconds)

    def checkpoint(self, seq: int, seconds: float, at: int | None = None) -> None:
        """A checkpoint of ``seq`` was written in ``seconds``, now.

        ``at``: it was there already, and its last batch was received then (UTC s).
        """
        self._checkpoint_seq.set(seq)
        self._checkpoint_seconds.set(seconds)
        self._checkpoint_at.set(self._clock() if at is None else at)

    def purge(self, rows: int) -> None:
        """A purge dropped ``rows``."""
        self._purged.inc(rows)
        self._purged_at.set(self._clock())

    def scenarios(self, states: Mapping[str, int]) -> None:
        """So many scenarios are in each state now."""
        for state in ("queued", "running", "done", "failed", "cancelled"):
            self._scenarios.labels(state).set(states.get(state, 0))

    # -- the edge -----------------------------------------------------------------------------------------

    def subscribers(self, number: int) -> None:
        """``number`` of streams are open now."""
        self._subscribers.set(number)

    def missed(self, number: int = 1) -> None:
        """``number`` of subscribers fell behind and were told so."""
        self._missed.inc(number)

    def http(self, route: str, status: int, seconds: float | None) -> None:
        """A request to ``route`` (as declared, never a path) was answered; ``seconds`` None: not a latency."""
        counted = self._counted.get((route, status))
        if counted is None:
            counted = self._counted[route, status] = self._requests.labels(route, str(status))
        counted.inc()
        if seconds is not None:
            timed = self._timed.get(route)
            if timed is None:
                timed = self._timed[route] = self._latency.labels(route)
            timed.observe(seconds)

    def text(self, cases: bool = True) -> bytes:
        """Everything, as Prometheus reads it (``CONTENT_TYPE``); without ``cases`` nothing that counts them."""
        return generate_latest(self.registry if cases else _WithoutCases(self.registry))


class _WithoutCases:
    """A registry without what moves with every case."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """The families that anybody may see, with the samples that anybody may see."""
        for family in self._registry.collect():
            if family.name == BOARD:
                continue
            if family.name == ACCEPTED:
                family.samples = [s for s in family.samples if s.labels.get("kind") not in OF_CASES]
            yield family
