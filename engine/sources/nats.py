"""NATS JetStream: events published as ``truyvet.events.<kind>``, read through one durable pull consumer.

Messages are acknowledged after the batch they are in is durable. Several server processes may share the durable
consumer: each message goes to one of them. Bodies are as in HTTP: ``Content-Type`` (JSON when absent) and
``Content-Encoding`` headers.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from engine.clock import DAY
from engine.errors import BadInputError, JournalError, TruyvetError
from engine.events.batches import RawBatch
from engine.params import RETENTION_D
from engine.sources.bodies import decode
from engine.sources.joining import joined
from engine.sources.source import Backoff, Sink

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

STREAM, SUBJECTS, DURABLE = "TRUYVET", "truyvet.events", "truyvet"
NOT_EVENTS = "malformed_body"
"""Code under which a message that is no events is kept."""
FETCHED = 500
"""Messages asked for at once."""
JOINED_ROWS = 50_000
"""Rows after which messages are handed on, rather than joined with more."""
IDLE_S = 0.5
"""How long one request for messages waits; also how soon ``stop`` is seen."""
CONNECT_S = 3
"""How long a server may take to answer while connecting."""
LOOK_S = 0.2
"""How often ``stop`` is looked at while connecting."""
_log = logging.getLogger("truyvet.sources.nats")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Part:
    """A message and its rows."""

    message: "Msg"
    batch: RawBatch
    number: int
    """Its sequence in the stream."""


class NatsSource:
    """Messages of the stream ``TRUYVET`` as events.

    Raises:
        BadInputError: the library for NATS is not installed; the message says what to install.
    """

    name = "nats"

    def __init__(
        self,
        url: str,
        fetched: int = FETCHED,
        joined_rows: int = JOINED_ROWS,
        ack_wait_s: float = 60.0,
        retry: tuple[float, float] = (0.5, 30.0),
        look_s: float = 10.0,
        keep_days: Callable[[], int] = lambda: int(RETENTION_D.value),
    ) -> None:
        try:
            import nats  # noqa: F401, PLC0415 - an extra: whoever reads no NATS need not have it
        except ImportError:
            raise BadInputError("reading from NATS needs the extra nats: pip install 'truyvet[nats]'") from None
        self._url = url
        self._fetched, self._joined_rows, self._ack_wait_s = fetched, joined_rows, ack_wait_s
        self._retry, self._keep_days = retry, keep_days
        self._look_s = look_s
        """While nothing comes, how often it is checked that the consumer is still there: it would not be told."""
        self._storing = Backoff(*retry)
        self._rest_s = 0.0
        """How long to ask for no more, because what was asked for could not be stored."""

    def run(self, sink: Sink, stop: threading.Event) -> None:
        """Take in what comes, until ``stop`` is set; connects again and again while the server is away."""
        asyncio.run(self._until(sink, stop))

    async def _until(self, sink: Sink, stop: threading.Event) -> None:
        backoff = Backoff(*self._retry)
        while not stop.is_set():
            try:
                await self._connected(sink, stop, backoff)
            except Exception as error:
                # The type alone: texts of the library may hold the address, and with it a password.
                _log.warning("NATS cannot be read (%s); trying again", type(error).__name__)
                await _pause(backoff.after_failure(), stop)

    async def _connected(self, sink: Sink, stop: threading.Event, backoff: Backoff) -> None:
        """One connection, until ``stop`` is set or something breaks."""
        from nats.aio.client import Client  # noqa: PLC0415 - an extra, as above

        client = Client()
        try:
            subscription = await _unless(stop, self._opened(client))
            if subscription is None:
                return
            backoff.succeeded()
            heard = monotonic()
            while not stop.is_set():
                try:
                    messages = await subscription.fetch(self._fetched, timeout=IDLE_S)
                except TimeoutError:
                    if client.is_closed:
                        raise
                    if monotonic() - heard > self._look_s:
                        await subscription.consumer_info()
                        heard = monotonic()
                    continue
                await self._taken(messages, sink)
                await client.flush()
                if self._rest_s:
                    rest, self._rest_s = self._rest_s, 0.0
                    await _pause(rest, stop)
                heard = monotonic()
        finally:
            await _closed(client)

    async def _opened(self, client: "Client") -> "JetStreamContext.PullSubscription":
        async def quiet(error: Exception) -> None:
            _log.info("NATS connection: %s", type(error).__name__)

        # Reconnecting is done here, where the consumer is looked after too: a server may come back without it. The
        # library would else try each address 60 times before it says that nobody is there (0 means without end).
        await client.connect(
            self._url,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_S,
            error_cb=quiet,
            name="truyvet",
            ping_interval=10,
        )
        return await self._subscription(client)

    async def _subscription(self, client: "Client") -> "JetStreamContext.PullSubscription":
        from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig  # noqa: PLC0415 - an extra
        from nats.js.errors import NotFoundError  # noqa: PLC0415 - an extra

        stream = client.jetstream()
        subjects = f"{SUBJECTS}.*"
        try:
            await stream.stream_info(STREAM)
        except NotFoundError:
            await stream.add_stream(
                StreamConfig(
                    name=STREAM, subjects=[subjects], storage=StorageType.FILE, max_age=self._keep_days() * DAY
                )
            )
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self._ack_wait_s,
            max_deliver=-1,
            max_ack_pending=8 * self._fetched,
        )
        return await stream.pull_subscribe(subjects, durable=DURABLE, stream=STREAM, config=config)

    # -- messages ------------------------------------------------------------------------------------------

    async def _taken(self, messages: "Sequence[Msg]", sink: Sink) -> None:
        """Hand messages on, those of one kind together, and answer each of them."""
        waiting: dict[str, list[_Part]] = {}
        for message in messages:
            kind = message.subject.rpartition(".")[2]
            number = message.metadata.sequence.stream
            headers = {name.lower(): value for name, value in (message.headers or {}).items()}
            try:
                batch = decode(kind, message.data, headers.get("content-type"), headers.get("content-encoding"))
            except BadInputError as error:
                await self._refused(message, number, kind, error, sink)
                continue
            parts = waiting.setdefault(kind, [])
            parts.append(_Part(message, batch, number))
            if sum(part.batch.rows for part in parts) >= self._joined_rows:
                await self._stored(kind, waiting.pop(kind), sink)
        for kind, parts in waiting.items():
            await self._stored(kind, parts, sink)

    async def _stored(self, kind: str, parts: list[_Part], sink: Sink) -> None:
        whole = joined([part.batch for part in parts])
        if whole is None:
            for part in parts:
                await self._stored(kind, [part], sink)
            return
        first, last = parts[0].number, parts[-1].number
        source = f"nats:{STREAM}/{first}" + (f"-{last}" if len(parts) > 1 else "")
        try:
            reply = await self._kept_alive(parts, asyncio.to_thread(sink.take, kind, whole.batch, source))
        except BadInputError as error:
            # One message can spoil the batch for the others: each is tried alone before any is refused.
            if len(parts) == 1:
                await self._refused(parts[0].message, first, kind, error, sink)
                return
            for part in parts:
                await self._stored(kind, [part], sink)
            return
        except Exception as error:
            await self._postponed([part.message for part in parts], error)
            return
        self._storing.succeeded()
        refused: dict[int, list[int]] = {}
        for rejection in reply.rejected:
            which, row = whole.origin(rejection.row)
            refused.setdefault(parts[which].number, []).append(row)
        for number, rows in refused.items():
            _log.info("message %d (%s): %d rows rejected, first row %d", number, kind, len(rows), rows[0])
        for part in parts:
            await part.message.ack()

    async def _kept_alive(self, parts: list[_Part], work: Coroutine[Any, Any, Any]) -> Any:
        """The result of ``work``; while it takes long, the server is told not to send the messages again."""
        task = asyncio.ensure_future(work)
        while True:
            done, _ = await asyncio.wait({task}, timeout=self._ack_wait_s / 3)
            if done:
                return task.result()
            for part in parts:
                await part.message.in_progress()

    async def _refused(self, message: "Msg", number: int, kind: str, error: TruyvetError, sink: Sink) -> None:
        """Keep what is no events as a refused row, and take it off the queue."""
        source = f"nats:{STREAM}/{number}"
        try:
            await asyncio.to_thread(sink.refuse, kind, NOT_EVENTS, str(error), message.data, source)
        except Exception as failure:
            await self._postponed([message], failure)
            return
        _log.warning("message %d is no events (%s); it was kept among the rejects", number, error.code)
        await message.term()

    async def _postponed(self, messages: "list[Msg]", error: Exception) -> None:
        """Have messages that could not be stored sent again later, and rest before asking for more."""
        wait = self._storing.after_failure()
        if isinstance(error, JournalError):  # else it is about these messages: others may be stored
            self._rest_s = wait
        code = error.code if isinstance(error, TruyvetError) else type(error).__name__
        _log.warning("%d messages could not be stored (%s); they come again in %.1f s", len(messages), code, wait)
        for message in messages:
            await message.nak(delay=wait)


async def _unless(stop: threading.Event, work: Awaitable[_Result]) -> _Result | None:
    """The result of ``work``; None, and it is cancelled, when ``stop`` is set before it is done."""
    task = asyncio.ensure_future(work)
    while not stop.is_set():
        done, _ = await asyncio.wait({task}, timeout=LOOK_S)
        if done:
            return task.result()
    task.cancel()
    # Its own end is of no interest any more, and must not keep anybody waiting.
    await asyncio.wait({task}, timeout=1)
    return None


async def _pause(seconds: float, stop: threading.Event) -> None:
    await asyncio.to_thread(stop.wait, seconds)


async def _closed(client: "Client") -> None:
    try:
        await asyncio.wait_for(client.close(), 2)
    except Exception as error:
        _log.info("NATS connection closed: %s", type(error).__name__)
