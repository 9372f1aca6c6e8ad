"""The kill loop: start, write from many sides, kill -9 at a random instant, start again, audit."""

import contextlib
import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from tests.crash.clients import Ledger, Writer, wait_for
from tests.crash.inside import Inside
from tests.crash.server import Server, command, truyvet
from tests.crash.stored import Audit, Verdict, keys_of
from tests.crash.world import NATURAL, Batch, Key, World, batch_of

UNTIL = "2021-07-10T00:00:00Z"
RUN_ON = ("as_of", "changed_as_of", "next")
"""Fields that tell about the road to a state, not about the state."""


@dataclass
class Kills:
    """What a kill loop saw."""

    kills: int = 0
    instants: dict[str, int] = field(default_factory=dict)
    recovery_s: list[float] = field(default_factory=list)
    acknowledged: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    differences: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice, no answer wrong."""
        return self.verdict.good and not self.differences and not self.statuses

    def told(self) -> str:
        """The figures in a few lines."""
        recovery = self.recovery_s or [0.0]
        lines = [
            f"kills {self.kills} ({', '.join(f'{n} {what}' for what, n in sorted(self.instants.items()))})",
            f"batches acknowledged {self.acknowledged}, lost {len(self.verdict.lost)}, "
            f"duplicated {len(self.verdict.doubled)}, half {len(self.verdict.half)}",
            f"recovery median {statistics.median(recovery):.2f} s, max {max(recovery):.2f} s",
            self.verdict.told(),
        ]
        lines += [f"replies other than an acknowledgement: {self.statuses}"] if self.statuses else []
        lines += [f"answers differ from a fresh engine's: {each}" for each in self.differences]
        return "\n".join(lines)


class KillLoop:
    """Kills of one server on one data folder. Half of the writers send again what was not acknowledged."""

    def __init__(
        self, folder: Path, database: str | None = None, seed: int = 1, writers: int = 6, longest_s: float = 2
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rng = random.Random(seed)
        self._folder, self._longest_s = folder, longest_s
        self._world, self._ledger = World(seed), Ledger()
        self._server = Server(folder / "data", database)
        self._audit = Audit(folder / "data", database)
        self._writers = [Writer(self._world, w, self._ledger, again=w % 2 == 0) for w in range(writers)]
        self.found = Kills()

    def run(self, kills: int, audit_every: int = 20, tell: Callable[[str], None] = lambda _: None) -> Kills:
        """The loop, an audit now and then, and the answers at the end."""
        with self._server as server:
            server.start()
            self._send_start()
            audits = 0
            while self.found.kills < kills:
                self._once()
                if self.found.kills // audit_every > audits:
                    audits = self.found.kills // audit_every
                    self._judge()
                    tell(f"{self.found.kills} kills: {self.found.verdict.told()}")
                    if not self.found.verdict.good:
                        return self.found
                if self._rng.random() < 0.25:
                    self._checkpoint()
                # The next start is what a recovery costs.
                began = time.monotonic()
                server.start(wait=False)
                if self.found.kills < kills and self._rng.random() < 0.15:
                    # Killed while it starts: modules are read, the database opened, the journal replayed.
                    time.sleep(self._rng.uniform(0.3, 2.5))
                    self._kill("while starting")
                    began = time.monotonic()
                    server.start(wait=False)
                server.wait_ready()
                self.found.recovery_s.append(time.monotonic() - began)
            self._judge()
            self.found.differences = self._differences(server)
        return self.found

    def _send_start(self) -> None:
        for batch in self._world.start():
            self._ledger.sends(batch)
            status, reply = self._server.post(batch.kind, batch.json())
            self._ledger.answered(batch, status, reply)

    def _once(self) -> None:
        """Write for a moment, kill."""
        token = self._server.token("feed")
        self._writers = [w.successor().at(self._server.port, token) for w in self._writers]
        for writer in self._writers:
            writer.start()
        wait_for(self._writers, self._rng.uniform(0.05, self._longest_s))
        if self._rng.random() < 0.2:
            # A server told to stop finishes its queue and writes a checkpoint: killed in the middle of that.
            self._server.begin_stop()
            time.sleep(self._rng.uniform(0, 0.6))
            self._kill("while stopping")
        else:
            self._kill("while writing")
        for writer in self._writers:
            writer.stop()
            writer.join()

    def _checkpoint(self) -> None:
        """``truyvet checkpoint`` on the folder of the dead server, killed in the middle or left to finish."""
        env = {**os.environ, **self._address()}
        words = [*command(), "checkpoint", "--data", str(self._server.data)]
        process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self._rng.uniform(0.5, 5))
        if process.poll() is None:
            process.kill()
            self.found.kills += 1
            when = "while a checkpoint was written"
            self.found.instants[when] = self.found.instants.get(when, 0) + 1
        elif process.returncode:
            self.found.statuses["truyvet checkpoint failed"] = process.returncode
        process.wait()

    def _address(self) -> dict[str, str]:
        """The variable that names the database."""
        return {} if self._server.database is None else {"TRUYVET_DATABASE": self._server.database}

    def _kill(self, when: str) -> None:
        self._server.kill()
        self.found.kills += 1
        self.found.instants[when] = self.found.instants.get(when, 0) + 1

    def _judge(self) -> None:
        self.found.verdict = self._audit.check(self._ledger)
        self.found.acknowledged = self._ledger.acknowledged.total()
        self.found.statuses |= {k: n for k, n in self._ledger.statuses.items() if "not_ready" not in k}

    def _differences(self, server: Server) -> list[str]:
        """Where the answers are not those of a fresh engine that was told the same set of events."""
        live = [b for b in self._ledger.batches.values() if any(key in self._audit.seen for key in b.keys)]
        self._rng.shuffle(live)
        with Inside() as fresh:
            for batch in merged(live):
                status, reply = fresh.post(batch.kind, batch.json())
                assert status == 200, reply
            found = differing(answers(server, self._world.cases), answers(fresh, self._world.cases))
        status = server.stop()
        found += [f"the server ended with {status} when told to stop"] if status else []
        return found + wrong_export(self._folder, server, self._audit)


def merged(batches: list[Batch], rows: int = 20_000) -> list[Batch]:
    """The same events in fewer, larger bodies."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for batch in batches:
        by_kind.setdefault(batch.kind, []).extend(batch.events)
    return [
        batch_of(-2, i, kind, events[i : i + rows])
        for kind, events in by_kind.items()
        for i in range(0, len(events), rows)
    ]


def answers(server: Server | Inside, cases: list[str]) -> dict[str, Any]:
    """What an officer can ask, as JSON without what only tells of the road."""
    paths = [f"/v1/cases?until={UNTIL}&limit=100000", f"/v1/risk/hexes?at={UNTIL}&resolution=9"]
    paths += [f"/v1/cases/{case}/exposures?depth=2&until={UNTIL}&limit=100000" for case in cases]
    paths += [f"/v1/cases/{cases[0]}/sources?until={UNTIL}&limit=100000", f"/v1/persons/{cases[-1]}"]
    paths += ["/v1/board?limit=100000"]
    return {path: state_of(server.get(path)) for path in paths}


def state_of(found: Any) -> Any:
    """An answer without what tells of the road."""
    if isinstance(found, dict):
        return {k: state_of(v) for k, v in found.items() if k not in RUN_ON}
    return [state_of(x) for x in found] if isinstance(found, list) else found


def differing(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """Questions whose answers differ, with where they begin to."""
    out = []
    for path, answer in left.items():
        a, b = json.dumps(answer, sort_keys=True), json.dumps(right[path], sort_keys=True)
        if a != b:
            i = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            out.append(f"{path}: ...{a[max(0, i - 60) : i + 60]} | ...{b[max(0, i - 60) : i + 60]}")
    return out


def wrong_export(folder: Path, server: Server, audit: Audit) -> list[str]:
    """Where ``truyvet export`` does not write each stored event once, those taken back left out."""
    to = folder / "export"
    env = {} if server.database is None else {"TRUYVET_DATABASE": server.database}

    done = truyvet("export", "--to", to, "--data", server.data, env={**os.environ, **env})
    if done.returncode:
        return [f"truyvet export ended with {done.returncode}: {done.stderr[-500:]}"]
    gone = {(kind, *rest) for kind, retract, *rest in audit.seen if retract}
    expected = {(kind, *rest) for kind, retract, *rest in audit.seen if not retract} - gone
    exported: list[Key] = []
    for kind in NATURAL:
        if (to / kind).is_dir():
            table = ds.dataset(to / kind, format="parquet").to_table()
            exported += [(k, *rest) for k, retract, *rest in keys_of(kind, table) if not retract]
    out = [] if len(exported) == len(set(exported)) else [f"{len(exported) - len(set(exported))} events exported twice"]
    if lacking := expected - set(exported):
        out.append(f"{len(lacking)} events are not in the export, as {next(iter(lacking))}")
    if strange := set(exported) - expected:
        out.append(f"{len(strange)} exported events were never stored or were taken back, as {next(iter(strange))}")
    return out
