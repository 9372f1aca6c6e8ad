"""Who is an F0, when a person was set apart, and the windows that follow."""

from tests.oracles.contacts import PolicyLike, fixes, stays
from tests.oracles.intervals import Interval
from tests.oracles.state import Event, State

DAY = 86_400
NEVER = 2**62


def f0s(state: State) -> dict[str, Event]:
    """Dates of every F0: declared cases keep their own, the earliest positive PCR fills what they lack."""
    found: dict[str, Event] = {e["person"]: dict(e) for e in state.of("case")}
    tests = [e for e in state.of("test_result") if e["method"] == "pcr" and e["result"] == "positive"]
    for person in {e["person"] for e in tests}:
        earliest = min((e for e in tests if e["person"] == person), key=lambda e: e["sampled_at"])
        dates = found.setdefault(person, {"person": person})
        confirmed = dates.get("confirmed_at")
        later_control = confirmed is not None and earliest["sampled_at"] > confirmed
        for name, value in (
            ("sampled_at", None if later_control else earliest["sampled_at"]),
            ("confirmed_at", earliest.get("resulted_at")),
        ):
            if dates.get(name) is None:
                dates[name] = value
    return found


def isolation(state: State, person: str) -> int:
    """Earliest of the case's isolation and the start of any quarantine; NEVER if neither."""
    moments = [e["started_at"] for e in state.of("quarantine") if e["person"] == person]
    moments += [
        e["isolated_at"] for e in state.of("case") if e["person"] == person and e.get("isolated_at") is not None
    ]
    return min(moments, default=NEVER)


def data_time(state: State, clock: int) -> int:
    """Latest end of a credited interval, or moment of a case, test or order's start, never later than the clock."""
    ends = [e["at"] + e["duration_s"] for e in state.of("bluetooth")]
    ends += [p.end for p in stays(state)] + [p.end for p in fixes(state)]
    for kind in ("case", "test_result"):
        for e in state.of(kind):
            ends += [v for k, v in e.items() if k.endswith("_at")]
    ends += [e["started_at"] for e in state.of("quarantine")]
    return min(max(ends, default=0), clock)


def forward_window(state: State, person: str, policy: PolicyLike, until: int) -> Interval:
    """[open, close) of an F0."""
    dates = f0s(state)[person]
    close = min(isolation(state, person), until)
    if dates.get("onset_at") is not None:
        ref, before, after = dates["onset_at"], policy.days_before_onset, policy.max_days_after_onset
    else:
        ref, before, after = reference_moment(dates), policy.days_before_sample, policy.max_days_after_sample
    if after is not None:
        close = min(close, round(ref + after * DAY))
    return (round(ref - before * DAY), close)


def reference_moment(dates: Event) -> int:
    """Onset, else sample, else confirmation."""
    return int(next(dates[k] for k in ("onset_at", "sampled_at", "confirmed_at") if dates.get(k) is not None))
