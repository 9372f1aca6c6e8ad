"""Figures of a step, and how they are told."""

import statistics
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from benchmarks.load.readers import MEASURED, Heard
from benchmarks.load.sender import Sent

FRESH_S, PACE = 1.0, 0.98
"""What must hold: p99 from event to alert, and the share of the rate that is acknowledged in time."""
MIB = 2**20


@dataclass
class Step:
    """One step of a run: a rate held for a time."""

    rate: float
    seconds: float
    sent: Sent
    heard: Heard
    rss: list[tuple[float, int]] = field(default_factory=list)
    """(s since the start of the step, bytes)."""
    server_cpu_s: float = 0.0

    @property
    def sustained(self) -> float:
        """Events acknowledged a second."""
        return self.sent.accepted / max(self.sent.seconds, 1e-9)

    @property
    def freshness(self) -> list[float]:
        """Seconds from before a probe was sent to each measured subscriber's alert of it."""
        return [at - self.sent.probes[probe] for probe, at in self.heard.arrivals if probe in self.sent.probes]

    @property
    def worst(self) -> list[float]:
        """The longest freshness in each tenth of the run: tells one stall from being too slow all along."""
        if not self.sent.probes:
            return []
        began, ended = min(self.sent.probes.values()), max(self.sent.probes.values())
        tenths = [0.0] * 10
        for probe, at in self.heard.arrivals:
            if (sent := self.sent.probes.get(probe)) is not None:
                tenth = min(9, int(10 * (sent - began) / max(ended - began, 1e-9)))
                tenths[tenth] = max(tenths[tenth], at - sent)
        return tenths

    @property
    def errors(self) -> Counter[str]:
        """What went wrong, by kind; alerts that never came among them."""
        found = self.sent.errors + self.heard.errors
        came = Counter(probe for probe, _ in self.heard.arrivals)
        measured = min(MEASURED, self.heard.subscribers)
        found["alert never came"] += sum(max(0, measured - came[probe]) for probe in self.sent.probes)
        return +found

    def failures(self) -> list[str]:
        """Why the step does not count as sustained."""
        out = [f"{n} x {what}" for what, n in sorted(self.errors.items())]
        if self.sustained < PACE * self.rate:
            out.append(f"rate {self.sustained:,.0f}/s is under {PACE:.0%} of {self.rate:,.0f}/s")
        if self.freshness and percentile(self.freshness, 99) > FRESH_S:
            out.append(f"freshness p99 {percentile(self.freshness, 99):.2f} s is over {FRESH_S:g} s")
        return out

    def slope(self) -> float:
        """Growth of the server's memory over the second half, MiB/min."""
        half = [(t, b) for t, b in self.rss if t >= self.seconds / 2]
        if len(half) < 3:
            return 0.0
        t, b = np.array(half).T
        return float(np.polyfit(t / 60, b / MIB, 1)[0])

    def told(self) -> str:
        """Every figure, a line each."""
        asked = [s for found in self.heard.ask_s.values() for s in found]
        series = " ".join(f"{b / MIB:.0f}" for _, b in self.rss[:: max(1, len(self.rss) // 12)])
        per_event = self.slope() * MIB / 60 / max(self.sustained, 1)
        lines = [
            f"rate        {self.sustained:,.0f} events/s of {self.rate:,.0f} for {self.seconds:.0f} s "
            f"({self.sent.accepted:,} accepted)",
            f"ack         {_line(self.sent.ack_s)}",
            f"queries     {_line(asked)}  ({len(asked) / self.seconds:.0f}/s)",
            *(f"  {name:<9} {_line(found)}" for name, found in sorted(self.heard.ask_s.items())),
            f"freshness   {_line(self.freshness)}  ({len(self.sent.probes)} probes, {self.heard.subscribers} "
            f"subscribers, {self.heard.alerts} alerts each)",
            "  worst     " + " ".join(f"{1e3 * s:.0f}" for s in self.worst) + " ms in each tenth of the run",
            f"memory      {series} MiB; slope {self.slope():+.1f} MiB/min ({per_event:.0f} bytes an event)",
            f"CPU         server {self.server_cpu_s / self.seconds:.2f}, generator "
            f"{self.sent.cpu_s / self.seconds:.2f}, readers {self.heard.cpu_s / self.seconds:.2f} cores",
            f"errors      {dict(self.errors) or 0}",
        ]
        return "\n".join(lines)


def percentile(values: list[float], p: float) -> float:
    """The ``p``-th percentile; 0 of nothing."""
    return float(np.percentile(values, p)) if values else 0.0


def _line(values: list[float]) -> str:
    if not values:
        return "none"
    p50, p99, top = statistics.median(values), percentile(values, 99), max(values)
    return f"p50 {1e3 * p50:.0f} ms, p99 {1e3 * p99:.0f} ms, max {1e3 * top:.0f} ms"
