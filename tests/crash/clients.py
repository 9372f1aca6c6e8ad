"""Writers that send batches and write down what the server said of each."""

import gzip
import http.client
import io
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from tests.crash.world import Batch, World
from tests.waiting import PATIENCE_S

JSON, NDJSON, ARROW = "application/json", "application/x-ndjson", "application/vnd.apache.arrow.stream"
Name = tuple[int, int]


@dataclass
class Ledger:
    """What was sent and what was said of it; shared by the writers."""

    tried: Counter[Name] = field(default_factory=Counter)
    acknowledged: Counter[Name] = field(default_factory=Counter)
    """Whole replies of status 200."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Other statuses, with their codes; and what a 200 had wrong."""
    batches: dict[Name, Batch] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def sends(self, batch: Batch) -> None:
        """``batch`` is about to be sent."""
        with self.lock:
            self.tried[batch.name] += 1
            self.batches[batch.name] = batch

    def answered(self, batch: Batch, status: int, reply: dict[str, object]) -> bool:
        """Note a whole reply; whether it acknowledges the batch."""
        with self.lock:
            if status != 200:
                self.statuses[f"{status} {reply.get('code')}"] += 1
                return False
            self.acknowledged[batch.name] += 1
            rejected = reply.get("rejected") or []
            told = int(reply["accepted"]) + int(reply["duplicates"]) + len(rejected)  # type: ignore[call-overload]  # JSON: objects
            if told != len(batch.events) or rejected:
                self.statuses[f"200 but {rejected or told}"] += 1
            return True


class Writer(threading.Thread):
    """Sends the batches of one writer one after the other until told to stop or the server goes away.

    ``again``: a batch without a whole reply is sent again when the server is back (at least once); otherwise it is
    left alone (at most once), and the writer goes on with the next.
    """

    def __init__(self, world: World, number: int, ledger: Ledger, again: bool, pause_s: float = 0.02) -> None:
        super().__init__(daemon=True)
        self.number, self.next = number, 0
        self.again = again
        self._world, self._ledger, self._pause_s = world, ledger, pause_s
        self._enough = threading.Event()
        self.port, self.token = 0, ""
        self.survives = False
        """Goes on after a lost connection (for faults other than the death of the server)."""

    def at(self, port: int, token: str) -> "Writer":
        """Where to send to."""
        self.port, self.token = port, token
        return self

    def successor(self) -> "Writer":
        """A thread that goes on where this one stopped."""
        writer = Writer(self._world, self.number, self._ledger, self.again, self._pause_s)
        writer.next, writer.survives = self.next, self.survives
        return writer.at(self.port, self.token)

    def stop(self) -> None:
        """Send no further batch."""
        self._enough.set()

    def run(self) -> None:
        """Until stopped or the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        while not self._enough.is_set():
            batch = self._world.batch(self.number, self.next)
            try:
                acknowledged = self._send(connection, batch)
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
                self.next += not self.again
                if not self.survives:
                    return
                self._enough.wait(0.1)
                continue
            self.next += acknowledged or not self.again
            self._enough.wait(self._pause_s if acknowledged else 0.2)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, batch: Batch) -> bool:
        media, body, encoding = bodied(batch)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media, **encoding}
        self._ledger.sends(batch)
        connection.request("POST", f"/v1/events/{batch.kind}", body, headers)
        reply = connection.getresponse()
        return self._ledger.answered(batch, reply.status, json.loads(reply.read()))


def bodied(batch: Batch) -> tuple[str, bytes, dict[str, str]]:
    """(media type, body, headers of its encoding): every form that senders use, by turns."""
    match (batch.writer + batch.number) % 4:
        case 0:
            return NDJSON, batch.ndjson(), {}
        case 1:
            return ARROW, arrow(batch), {}
        case 2:
            return JSON, gzip.compress(batch.json(), 1), {"Content-Encoding": "gzip"}
        case _:
            return JSON, batch.json(), {}


def arrow(batch: Batch) -> bytes:
    """The body as an Arrow IPC stream."""
    names = dict.fromkeys(name for e in batch.events for name in e)  # from_pylist looks at the first event alone
    table = pa.Table.from_pylist([{name: e.get(name) for name in names} for e in batch.events])
    for i, name in enumerate(table.schema.names):
        if name == "at" or name.endswith("_at"):
            table = table.set_column(i, name, table.column(i).cast(pa.timestamp("s", tz="UTC")))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def wait_for(writers: list[Writer], seconds: float) -> None:
    """Let them write for a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(w.is_alive() for w in writers):
        time.sleep(0.02)
