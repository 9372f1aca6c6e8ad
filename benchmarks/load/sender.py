"""The generator: a process that posts prepared bodies at the moments of a plan, earlier ones back or not."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection as Pipe
from typing import Any

import orjson

from benchmarks.load.bodies import MEDIA, Form, Template, endless, templates
from benchmarks.load.wire import Connection

GRACE_S = 0.5


@dataclass
class Sent:
    """What became of the posts of one step."""

    due: int = 0
    """Events of the plan."""
    accepted: int = 0
    ack_s: list[float] = field(default_factory=list)
    """From the moment of the plan to the whole reply: waiting for a free connection counts."""
    probes: dict[int, float] = field(default_factory=dict)
    """Probe -> monotonic moment before its body was written, for bodies acknowledged."""
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu_s: float = 0.0


def run(pipe: Pipe, port: int, token: str, form: Form, rows: int, connections: int) -> None:
    """The process: prepares, says so, then runs a step for each (rate, seconds) it is told; None ends it."""
    asyncio.run(_serve(pipe, port, token, form, rows, connections))


async def _serve(pipe: Pipe, port: int, token: str, form: Form, rows: int, connections: int) -> None:
    plan = endless(templates(form, rows))
    probes = count(1)
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        idle.put_nowait(Connection(port, token))
    pipe.send("ready")
    while (told := await asyncio.to_thread(pipe.recv)) is not None:
        rate, seconds = told
        pipe.send(await _step(plan, probes, idle, rate, seconds))


async def _step(plan: Any, probes: Any, idle: "asyncio.Queue[Connection]", rate: float, seconds: float) -> Sent:
    out = Sent()
    under_way: set[asyncio.Task[None]] = set()
    cpu, began = time.process_time(), time.monotonic()
    due = began
    while due < began + seconds:
        template: Template = next(plan)
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        connection = await idle.get()
        if time.monotonic() - began > seconds + 5:
            idle.put_nowait(connection)
            out.errors["not sent: hopelessly late"] += 1
            break
        task = asyncio.create_task(_post(out, idle, connection, template, next(probes), due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        out.due += template.rows
        due += template.rows / rate
    if under_way:
        await asyncio.wait(under_way, timeout=60)
    # The last bodies were due a moment before the end: their replies may take GRACE_S of the time after it.
    out.seconds = max(seconds, time.monotonic() - began - GRACE_S)
    out.cpu_s = time.process_time() - cpu
    return out


async def _post(
    out: Sent, idle: "asyncio.Queue[Connection]", connection: Connection, template: Template, probe: int, due: float
) -> None:
    body = template.filled(int(time.time()), probe)
    began = time.monotonic()
    try:
        status, reply = await connection.ask("POST", f"/v1/events/{template.kind}", body, MEDIA[template.form])
    except (OSError, EOFError) as error:
        out.errors[f"post: {type(error).__name__}"] += 1
        return
    finally:
        idle.put_nowait(connection)
    out.ack_s.append(time.monotonic() - due)
    told = orjson.loads(reply)
    if status != 200:
        out.errors[f"post: {status} {told.get('code')}"] += 1
        return
    out.accepted += told["accepted"]
    if told["accepted"] != template.rows:
        out.errors["post: rows not accepted"] += template.rows - told["accepted"]
    if template.probes:
        out.probes[probe] = began
